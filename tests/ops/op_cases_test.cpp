// SPDX-License-Identifier: MIT
// Walks the op cases (tests/support/op_cases.h): one test per row and property.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "adjoint/gradcheck.h"
#include "adjoint/memory.h"
#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

/// Restores the number of threads.
class Threads {
 public:
  explicit Threads(int n) : previous_(get_num_threads()) { set_num_threads(n); }
  ~Threads() { set_num_threads(previous_); }

 private:
  int previous_;
};

Tolerance tolerance_of(const OpCase& row, ScalarType dtype) {
  bool is_half = dtype == kHalf || dtype == kBFloat16;
  return {is_half ? row.half_ulps : row.ulps, row.magnitude};
}

/// A formula's numbers as the dtype holds them: unsigned ones wrap around, truth is 1.
Array wrapped(const Array& a, ScalarType dtype) {
  if (dtype == kBool) return map(a, [](double v) { return double(v != 0); });
  if (dtype != kByte) return a;
  return map(a, [](double v) { return double(uint8_t(int64_t(v))); });
}

std::string describe(const Inputs& sample, ScalarType dtype) {
  std::string out = std::string(toString(dtype)) + " inputs of sizes";
  for (const Input& input : sample) out += " " + text_of(input.sizes);
  return out;
}

void expect_formula(const OpCase& row, const variable_list& inputs, ScalarType dtype) {
  variable_list results = row.call(inputs);
  std::vector<Array> expected = row.formula(to_arrays(inputs));
  ASSERT_EQ(results.size(), expected.size());
  for (size_t i = 0; i < results.size(); ++i) {
    ScalarType result = result_dtype(row.gives[std::min(i, row.gives.size() - 1)], dtype);
    EXPECT_EQ(results[i].dtype(), result) << "output " << i;
    EXPECT_TRUE(results[i].device().type() == test_device().type()) << "output " << i;
    ScalarType precision = isFloatingType(dtype) && isFloatingType(result) ? dtype : result;
    EXPECT_TRUE(is_close(to_array(results[i]), wrapped(expected[i], result), precision,
                         tolerance_of(row, precision)))
        << "output " << i;
  }
}

/// The outputs, and the gradients of the inputs that require them, for fixed weights.
variable_list outputs_and_gradients(const OpCase& row, const variable_list& inputs,
                                    bool create_graph = false) {
  variable_list outputs = row.call(inputs), recorded, weights, leaves;
  for (const Tensor& out : outputs) {
    if (!out.requires_grad()) continue;
    Array weight(out.sizes().vec());
    for (size_t i = 0; i < weight.values.size(); ++i) weight.values[i] = 0.25 + 0.5 * double(i % 3);
    recorded.push_back(out);
    weights.push_back(to_tensor(weight, out.dtype(), out.device()));
  }
  for (const Tensor& t : inputs) {
    if (t.requires_grad()) leaves.push_back(t);
  }
  if (recorded.empty() || leaves.empty()) return outputs;
  variable_list grads = autograd::grad(recorded, leaves, weights, true, create_graph, true);
  outputs.insert(outputs.end(), grads.begin(), grads.end());
  return outputs;
}

/// The same bits, but where the order of memory decides how sums round.
void expect_same(const OpCase& row, const variable_list& actual, const variable_list& expected,
                 const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (row.sums_in_memory_order && expected[i].defined()) {
      EXPECT_TRUE(is_close(actual[i], expected[i], tolerance_of(row, expected[i].dtype())))
          << what << ", result " << i;
    } else {
      EXPECT_TRUE(same_bits(actual[i], expected[i])) << what << ", result " << i;
    }
  }
}

void expect_same_bits(const variable_list& actual, const variable_list& expected,
                      const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_TRUE(same_bits(actual[i], expected[i])) << what << ", result " << i;
  }
}

class OpCaseTest : public ::testing::TestWithParam<const OpCase*> {
 protected:
  const OpCase& row = *GetParam();
};
class OpForward : public OpCaseTest {};
class OpNonFinite : public OpCaseTest {};
class OpLayout : public OpCaseTest {};
class OpInputs : public OpCaseTest {};
class OpManyThreads : public OpCaseTest {};
class OpMemory : public OpCaseTest {};
class OpErrors : public OpCaseTest {};
class OpGradient : public OpCaseTest {};
class OpThirdOrder : public OpCaseTest {};

// ---- Values

TEST_P(OpForward, EqualsTheFormulaInEveryDtype) {
  for (ScalarType dtype : row.dtypes) {
    for (const Inputs& sample : row.samples) {
      SCOPED_TRACE(describe(sample, dtype));
      expect_formula(row, make_inputs(row, sample, dtype), dtype);
    }
  }
}

TEST_P(OpNonFinite, NaNAndInfinityGoWhereTheFormulaSendsThem) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (double special : {std::nan(""), kInf, -kInf}) {
    for (const Inputs& sample : row.samples) {
      for (size_t input = 0; input < sample.size(); ++input) {
        if (sample[input].kind != Input::Kind::Values) continue;
        for (ScalarType dtype : {kFloat, kDouble}) {
          variable_list inputs = make_inputs(row, sample, dtype);
          if (inputs[input].numel() == 0) continue;
          Array values = to_array(inputs[input]);
          values.values[values.values.size() / 2] = special;
          inputs[input] = to_tensor(values, inputs[input].dtype(), test_device());
          SCOPED_TRACE(describe(sample, dtype) + ", " + std::to_string(special) + " in input " +
                       std::to_string(input));
          expect_formula(row, inputs, dtype);
        }
      }
    }
  }
}

// ---- Layouts

/// The values of `t` in memory that is laid out the other way round.
Tensor reversed_layout(const Tensor& t) {
  Sizes order;
  for (int64_t d = t.dim(); d-- > 0;) order.push_back(d);
  return t.permute(order).contiguous().permute(order);
}
/// Every second element along the last dimension, from the third on.
Tensor with_gaps(const Tensor& t) {
  if (t.dim() == 0) {
    Tensor element = zeros({3}, t.options()).select(0, 1);
    element.copy_(t);
    return element;
  }
  Sizes sizes = t.sizes().vec();
  sizes.back() = 2 * sizes.back() + 3;
  Tensor view = zeros(sizes, t.options()).slice(-1, 2, 2 + 2 * t.size(-1), 2);
  view.copy_(t);
  return view;
}

variable_list as_leaves(const variable_list& tensors, const Inputs& sample) {
  variable_list leaves;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Tensor t = tensors[i].detach();
    if (sample[i].has_gradient && isFloatingType(t.dtype())) t.requires_grad_();
    leaves.push_back(t);
  }
  return leaves;
}

template <class Relayout>
void expect_layout_free(const OpCase& row, const char* what, Relayout relayout) {
  for (ScalarType dtype : row.dtypes) {
    for (const Inputs& sample : row.samples) {
      variable_list plain = make_inputs(row, sample, dtype), moved;
      {
        NoGradGuard no_grad;
        for (const Tensor& t : plain) moved.push_back(relayout(t));
      }
      expect_same(row, outputs_and_gradients(row, as_leaves(moved, sample)),
                  outputs_and_gradients(row, as_leaves(plain, sample)),
                  std::string(what) + " " + describe(sample, dtype));
    }
  }
}

TEST_P(OpLayout, TransposedInputsGiveTheSameBits) {
  expect_layout_free(row, "transposed", reversed_layout);
}
TEST_P(OpLayout, InputsWithGapsGiveTheSameBits) { expect_layout_free(row, "strided", with_gaps); }
TEST_P(OpLayout, ExpandedInputsGiveTheSameBits) {
  for (ScalarType dtype : row.dtypes) {
    for (const Inputs& sample : row.samples) {
      NoGradGuard no_grad;
      variable_list plain, stretched;
      for (const Tensor& t : make_inputs(row, sample, dtype)) {
        bool can = t.dim() > 0 && t.size(0) > 0;
        stretched.push_back(can ? t.narrow(0, 0, 1).expand(t.sizes()) : t);
        plain.push_back(stretched.back().contiguous());
      }
      expect_same(row, row.call(stretched), row.call(plain), "expanded " + describe(sample, dtype));
    }
  }
}

// ---- What an operation must leave alone

TEST_P(OpInputs, AreNotChanged) {
  for (const Inputs& sample : row.samples) {
    variable_list inputs = make_inputs(row, sample, row.dtypes[0], true);
    std::vector<Array> before = to_arrays(inputs);
    std::vector<int64_t> versions;
    for (const Tensor& t : inputs) versions.push_back(t._version());
    outputs_and_gradients(row, inputs);
    for (size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_EQ(inputs[i]._version(), versions[i]) << "input " << i;
      EXPECT_TRUE(is_close(to_array(inputs[i]), before[i], kLong, {})) << "input " << i;
    }
  }
}

TEST_P(OpManyThreads, GiveTheSameBitsAsOne) {
  for (ScalarType dtype : {row.dtypes[0], row.dtypes.back()}) {
    variable_list inputs = make_inputs(row, row.large, dtype, true), one, several;
    {
      Threads threads(1);
      one = outputs_and_gradients(row, inputs);
    }
    {
      Threads threads(3);
      several = outputs_and_gradients(row, inputs);
    }
    expect_same_bits(several, one, describe(row.large, dtype));
  }
}

TEST_P(OpMemory, IsTakenFromTheSystemOnlyTheFirstTime) {
  variable_list inputs = make_inputs(row, row.samples.front(), row.dtypes[0], true);
  for (int i = 0; i < 2; ++i) outputs_and_gradients(row, inputs);
  int64_t before = memory_stats(test_device()).num_system_allocations;
  outputs_and_gradients(row, inputs);
  EXPECT_EQ(memory_stats(test_device()).num_system_allocations, before);
}

TEST_P(OpErrors, SayWhatWasExpected) {
  for (const ErrorCase& error : row.errors) EXPECT_TRUE(error.check()) << "case: " << error.phrase;
}

// ---- Gradients

int64_t num_elements(const Inputs& sample) {
  int64_t n = 0;
  for (const Input& input : sample) n += numel_of(input.sizes);
  return n;
}
/// Few enough elements for a difference quotient of each.
bool is_small(const Inputs& sample) { return num_elements(sample) <= 60; }

TEST_P(OpGradient, EqualsDifferencesOfTheFunction) {
  for (const Inputs& sample : row.samples) {
    if (!is_small(sample)) continue;
    auto result = autograd::gradcheck(row.call, make_inputs(row, sample, kDouble, true));
    EXPECT_TRUE(result) << describe(sample, kDouble) << ": " << result.text();
  }
}

TEST_P(OpGradient, OfTheGradientEqualsItsDifferences) {
  for (const Inputs& sample : row.samples) {
    if (!is_small(sample)) continue;
    auto result = autograd::gradgradcheck(row.call, make_inputs(row, sample, kDouble, true));
    EXPECT_TRUE(result) << describe(sample, kDouble) << ": " << result.text();
  }
}

TEST_P(OpGradient, IsTheSameByTheFusedAndByTheComposedRule) {
  for (ScalarType dtype : row.dtypes) {
    if (!isFloatingType(dtype)) continue;
    for (const Inputs& sample : row.samples) {
      variable_list inputs = make_inputs(row, sample, dtype, true);
      variable_list fused = outputs_and_gradients(row, inputs, false);
      variable_list composed = outputs_and_gradients(row, inputs, true);
      ASSERT_EQ(fused.size(), composed.size());
      for (size_t i = 0; i < fused.size(); ++i) {
        EXPECT_EQ(fused[i].defined(), composed[i].defined());
        if (!fused[i].defined()) continue;
        // Every step of the composed rule rounds to the dtype.
        Tolerance tolerance = tolerance_of(row, dtype);
        tolerance.ulps *= 4;
        EXPECT_TRUE(is_close(to_array(fused[i]), to_array(composed[i]), dtype, tolerance))
            << describe(sample, dtype) << ", result " << i;
      }
    }
  }
}

/// The gradient of a function of the gradient of a function of the outputs: gradients of third
/// order are its own. Outputs enter squared, so that linear operations have gradients of second
/// order.
variable_list gradient_of_gradient(const OpCase& row, const variable_list& inputs) {
  variable_list leaves;
  for (const Tensor& t : inputs) {
    if (t.requires_grad()) leaves.push_back(t);
  }
  Tensor total = zeros({}, TensorOptions(kDouble).device(test_device()));
  for (const Tensor& out : row.call(inputs)) {
    if (out.requires_grad()) total = total + (out * out).sum();
  }
  if (!total.requires_grad()) return {};
  Tensor sum = total * 0;
  for (const Tensor& g : autograd::grad({total}, leaves, {}, true, true, true)) {
    if (g.defined()) sum = sum + (g * g).sum();
  }
  variable_list second = autograd::grad({sum}, leaves, {}, true, true, true);
  std::erase_if(second, [](const Tensor& t) { return !t.defined(); });
  return second;
}

// On the simulated device, where each operation costs some hundred times as much, the rows marked
// third_order alone.
TEST_P(OpThirdOrder, GradientEqualsDifferencesOfTheSecond) {
  const Inputs* smallest = nullptr;
  for (const Inputs& sample : row.samples) {
    int64_t n = num_elements(sample);
    if (n == 0 || !is_small(sample)) continue;
    if (!smallest || n < num_elements(*smallest)) smallest = &sample;
  }
  ASSERT_TRUE(smallest) << "op_cases_" << row.file << ".cpp: no sample of this row is small enough";
  auto second = [&](const variable_list& inputs) { return gradient_of_gradient(row, inputs); };
  for (const Inputs& sample : row.samples) {
    int64_t n = num_elements(sample);
    if (n == 0 || (n > 24 && &sample != smallest)) continue;
    auto result = autograd::gradcheck(second, make_inputs(row, sample, kDouble, true));
    EXPECT_TRUE(result) << describe(sample, kDouble) << ": " << result.text();
  }
}

// ---- Which rows take part

std::string name_of(const ::testing::TestParamInfo<const OpCase*>& info) {
  std::string name = info.param->name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
}

auto rows_where(const std::function<bool(const OpCase&)>& predicate) {
  return ::testing::ValuesIn(op_cases_where(predicate));
}
const auto all_rows = [](const OpCase&) { return true; };
const auto non_finite_rows = [](const OpCase& row) {
  return row.finite_only == nullptr && isFloatingType(row.dtypes[0]);
};
const auto rows_with_errors = [](const OpCase& row) { return !row.errors.empty(); };
const auto differentiable_rows = [](const OpCase& row) { return row.differentiable; };
const auto third_order_rows = [](const OpCase& row) {
  return row.differentiable && (test_device().is_cpu() || row.third_order);
};

INSTANTIATE_TEST_SUITE_P(Ops, OpForward, rows_where(all_rows), name_of);
INSTANTIATE_TEST_SUITE_P(Ops, OpNonFinite, rows_where(non_finite_rows), name_of);
INSTANTIATE_TEST_SUITE_P(Ops, OpLayout, rows_where(all_rows), name_of);
INSTANTIATE_TEST_SUITE_P(Ops, OpInputs, rows_where(all_rows), name_of);
INSTANTIATE_TEST_SUITE_P(Ops, OpManyThreads, rows_where(all_rows), name_of);
INSTANTIATE_TEST_SUITE_P(Ops, OpMemory, rows_where(all_rows), name_of);
INSTANTIATE_TEST_SUITE_P(Ops, OpErrors, rows_where(rows_with_errors), name_of);
INSTANTIATE_TEST_SUITE_P(Ops, OpGradient, rows_where(differentiable_rows), name_of);
INSTANTIATE_TEST_SUITE_P(Ops, OpThirdOrder, rows_where(third_order_rows), name_of);

}  // namespace
}  // namespace adjoint::testing
