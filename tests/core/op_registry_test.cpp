// SPDX-License-Identifier: MIT
// The registry as a user of it sees it: an operation of one's own, and what goes wrong.
#include "adjoint/op_registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using Cube = void(const Stream&, const Tensor& out, const Tensor& x);
constinit Op<Cube> cube_op{"test_cube", {.dtypes = {kDouble}}};

void cube_kernel(const Stream&, const Tensor& out, const Tensor& x) {
  for (int64_t i = 0; i < x.numel(); ++i) {
    double v = x.data_ptr<double>()[i];
    out.data_ptr<double>()[i] = v * v * v;
  }
}
void other_kernel(const Stream&, const Tensor&) {}

void register_cube() {
  static const bool once = [] {
    op_registry().add(cube_op);
    return true;
  }();
  (void)once;
}

TEST(OpRegistry, AnOperationOfTheUsersIsRegisteredAndRun) {
  register_cube();
  const OpDef* found = op_registry().find("test_cube");
  ASSERT_EQ(found, &cube_op);
  DefaultDevice cpu(kCPU);
  Tensor x = tensor({1., 2., 3.}, kDouble), out = empty_like(x);
  if (!cube_op.has_kernel(kCPU)) {
    EXPECT_TRUE(
        throws<NotImplementedError>("[test_cube] no kernel for device 'cpu'; no device has one",
                                    [&] { cube_op(Stream(), out, x); }));
    op_registry().set_kernel("test_cube", kCPU, cube_kernel);
  }
  EXPECT_TRUE(cube_op.has_kernel(kCPU));
  cube_op(Stream(), out, x);
  EXPECT_TRUE(is_close(out, tensor({1., 8., 27.}, kDouble)));
  EXPECT_TRUE(throws<Error>("[test_cube] a kernel for cpu is registered already",
                            [] { op_registry().set_kernel("test_cube", kCPU, cube_kernel); }));
}

TEST(OpRegistry, RefusesWhatDoesNotFit) {
  register_cube();
  EXPECT_TRUE(throws<Error>("an operation named 'test_cube' is registered already",
                            [] { op_registry().add(cube_op); }));
  EXPECT_TRUE(throws<Error>("no operation is named 'no_such_op'",
                            [] { op_registry().set_kernel("no_such_op", kCPU, cube_kernel); }));
  EXPECT_TRUE(throws<Error>("the cuda kernel has another signature than the operation",
                            [] { op_registry().set_kernel("test_cube", kCUDA, other_kernel); }));
  EXPECT_FALSE(cube_op.has_kernel(kCUDA));
  EXPECT_EQ(op_registry().find("no_such_op"), nullptr);
}

TEST(OpRegistry, ListsTheLibrarysOperations) {
  std::vector<std::string> names;
  for (const OpDef* op : op_registry().ops()) names.push_back(op->name());
  for (const char* name : {"add", "mul", "mm", "sum", "copy"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

class Log final : public DispatchObserver {
 public:
  void before(const OpDef& op, const Stream&) override {
    lines.push_back(std::string("> ") + op.name());
  }
  void after(const OpDef& op, const Stream&) override {
    lines.push_back(std::string("< ") + op.name());
  }
  std::vector<std::string> lines;
};

TEST(DispatchObserver, SeesEveryKernelOfItsThread) {
  Tensor x = ones({2});
  Log log, inner;
  EXPECT_EQ(set_dispatch_observer(&log), nullptr);
  Tensor y = x + x;
  EXPECT_EQ(set_dispatch_observer(&inner), &log);
  y = x * x;
  EXPECT_EQ(set_dispatch_observer(&log), &inner);
  std::thread([&] { Tensor z = x - x; }).join();
  EXPECT_EQ(set_dispatch_observer(nullptr), &log);
  y = x / x;
  EXPECT_EQ(log.lines, (std::vector<std::string>{"> add", "< add"}));
  EXPECT_EQ(inner.lines, (std::vector<std::string>{"> mul", "< mul"}));
}

TEST(DispatchObserver, SeesTheKernelsOfBackward) {
  Tensor x = tensor({1., 2.}, requires_grad()), y = (x * x).sum();
  Log log;
  set_dispatch_observer(&log);
  y.backward();
  set_dispatch_observer(nullptr);
  EXPECT_NE(std::find(log.lines.begin(), log.lines.end(), "> mul"), log.lines.end());
}

TEST(DispatchObserver, ASmallOperationRunsOneKernel) {
  Tensor x = ones({4, 4}), w = ones({4, 4});
  auto kernels = [](auto f) {
    Log log;
    set_dispatch_observer(&log);
    f();
    set_dispatch_observer(nullptr);
    return log.lines.size() / 2;
  };
  EXPECT_EQ(kernels([&] { x + w; }), 1u);
  EXPECT_EQ(kernels([&] { x.mm(w); }), 1u);
  EXPECT_EQ(kernels([&] { linear(x, w, w[0]); }), 1u);
  EXPECT_EQ(kernels([&] { x.t().view({4, 4, 1}).expand({4, 4, 3}); }), 0u);
  EXPECT_EQ(kernels([&] { zeros({0}) + zeros({0}); }), 0u) << "nothing to do";
}

}  // namespace
}  // namespace adjoint::testing
