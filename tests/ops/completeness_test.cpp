// SPDX-License-Identifier: MIT
// Nothing in the op registry goes untested, and no row of the op cases says what it does not do.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "adjoint/op_registry.h"
#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Names = std::set<std::string>;

/// Operations without a formula to walk: their results are random, or they change a state in place.
struct TestedElsewhere {
  const char* op;
  const char* file;
};
constexpr TestedElsewhere kTestedElsewhere[] = {
    {"uniform", "tests/ops/random_test.cpp"},
    {"normal", "tests/ops/random_test.cpp"},
    {"random", "tests/ops/random_test.cpp"},
    {"bernoulli", "tests/ops/random_test.cpp"},
    {"grad_norm", "tests/nn/clip_grad_test.cpp"},
    {"clip_to_norm", "tests/nn/clip_grad_test.cpp"},
    {"push_to_ring", "tests/core/loss_ring_test.cpp"},
    {"write_values", "tests/core/replay_values_test.cpp"},
    {"adam_update", "tests/optim/optimizer_test.cpp"},
    {"sgd_update", "tests/optim/optimizer_test.cpp"},
    {"rmsprop_update", "tests/optim/optimizer_test.cpp"},
    {"adagrad_update", "tests/optim/optimizer_test.cpp"},
    {"unscale_grads", "tests/optim/grad_scaler_test.cpp"},
    {"update_scale", "tests/optim/grad_scaler_test.cpp"},
};
bool is_tested_elsewhere(const OpDef& op) {
  return std::any_of(std::begin(kTestedElsewhere), std::end(kTestedElsewhere),
                     [&](const TestedElsewhere& t) { return t.op == std::string_view(op.name()); });
}

class Recorder final : public DispatchObserver {
 public:
  Recorder() : previous_(set_dispatch_observer(this)) {}
  ~Recorder() override { set_dispatch_observer(previous_); }
  void before(const OpDef& op, const Stream&) override { seen_.insert(op.name()); }
  void after(const OpDef&, const Stream&) override {}
  const Names& seen() const { return seen_; }

 private:
  DispatchObserver* previous_;
  Names seen_;
};

/// The operations that rows are there for.
Names tested_ops() {
  Names names;
  for (const OpCase& row : op_cases()) {
    names.insert(row.op());
    names.insert(row.covers.begin(), row.covers.end());
  }
  return names;
}

TEST(Completeness, EveryOperationHasAKernelForTheTestDevice) {
  std::string folder = test_device().is_cpu() ? "cpu" : device_type_name(test_device().type());
  for (const OpDef* op : op_registry().ops()) {
    EXPECT_TRUE(op->has_kernel(test_device().type()))
        << "'" << op->name() << "' has no kernel for " << test_device().str() << ": add it to "
        << folder << "/kernels/<family>.cpp, in register_<family>_kernels";
  }
}

TEST(Completeness, EveryOperationHasARowOrBelongsToOneThatHas) {
  Names tested = tested_ops();
  for (const OpDef* op : op_registry().ops()) {
    const char* owner = op->traits().backward_of ? op->traits().backward_of : op->name();
    EXPECT_TRUE(tested.contains(owner) || is_tested_elsewhere(*op))
        << "'" << op->name() << "' is in the op registry and has no op case: add a row named '"
        << owner << "' to tests/support/op_cases_<family>.cpp";
    EXPECT_NE(op_registry().find(owner), nullptr)
        << "'" << op->name() << "' says that it belongs to '" << owner
        << "', which is no operation: edit its OpDef in core/ops";
  }
}

TEST(Completeness, EveryRowRunsTheOperationsThatItIsThereFor) {
  for (const OpCase& row : op_cases()) {
    Recorder recorder;
    for (const Inputs& sample : row.samples) row.call(make_inputs(row, sample, row.dtypes[0]));
    Names claimed(row.covers.begin(), row.covers.end());
    if (op_registry().find(row.op())) claimed.insert(row.op());
    for (const std::string& name : claimed) {
      EXPECT_TRUE(recorder.seen().contains(name))
          << "the row '" << row.name << "' in tests/support/op_cases_" << row.file
          << ".cpp never ran '" << name << "'";
    }
  }
}

TEST(Completeness, EveryBackwardKernelRunsInSomeGradient) {
  Recorder recorder;
  for (const OpCase& row : op_cases()) {
    if (!row.differentiable) continue;
    for (const Inputs& sample : row.samples) {
      for (const Tensor& out : row.call(make_inputs(row, sample, kFloat, true))) {
        if (out.requires_grad()) out.backward(ones_like(out), true);
      }
    }
  }
  for (const OpDef* op : op_registry().ops()) {
    if (!op->traits().backward_of) continue;
    EXPECT_TRUE(recorder.seen().contains(op->name()))
        << "no row's gradient ran '" << op->name() << "': add a row named '"
        << op->traits().backward_of << ".<form>' to tests/support/op_cases_<family>.cpp";
  }
}

TEST(Completeness, EveryDtypeThatAnOperationTakesIsTested) {
  for (const OpDef* op : op_registry().ops()) {
    if (op->traits().backward_of || is_tested_elsewhere(*op)) continue;
    DtypeSet tested;
    for (const OpCase& row : op_cases()) {
      bool covers = row.op() == op->name() ||
                    std::find(row.covers.begin(), row.covers.end(), op->name()) != row.covers.end();
      for (ScalarType t : row.dtypes) {
        if (covers) tested = tested | DtypeSet{t};
      }
    }
    for (int i = 0; i < kNumScalarTypes; ++i) {
      ScalarType dtype = ScalarType(i);
      if (!op->traits().dtypes.contains(dtype)) continue;
      EXPECT_TRUE(tested.contains(dtype))
          << "'" << op->name() << "' takes " << toString(dtype)
          << ", which no row for it tries: add it to `dtypes` of a row '" << op->name()
          << "' in tests/support/op_cases_<family>.cpp";
    }
  }
}

TEST(Completeness, EveryRowTriesAnEmptyInputOrSaysWhyNot) {
  auto is_empty = [](const Input& input) { return numel_of(input.sizes) == 0; };
  for (const OpCase& row : op_cases()) {
    bool tried = std::any_of(row.samples.begin(), row.samples.end(), [&](const Inputs& sample) {
      return std::any_of(sample.begin(), sample.end(), is_empty);
    });
    EXPECT_NE(tried, row.never_empty != nullptr)
        << "the row '" << row.name << "' in tests/support/op_cases_" << row.file
        << ".cpp has no sample with an empty input, or one and a reason why not (never_empty)";
  }
}

TEST(Completeness, WhatIsTestedElsewhereIsThere) {
  for (const TestedElsewhere& t : kTestedElsewhere) {
    EXPECT_NE(op_registry().find(t.op), nullptr) << t.op;
    EXPECT_TRUE(std::ifstream(std::string(ADJOINT_SOURCE_DIR) + "/" + t.file).good())
        << t.file << " is to test '" << t.op
        << "': see kTestedElsewhere in tests/ops/completeness_test.cpp";
  }
}

TEST(Completeness, NamesOfRowsAreUnique) {
  Names names;
  for (const OpCase& row : op_cases()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

}  // namespace
}  // namespace adjoint::testing
