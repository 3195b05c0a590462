// SPDX-License-Identifier: MIT
// Gradients are scaled to a norm as PyTorch scales them, whatever their sizes, dtypes and places.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

std::vector<Tensor> with_gradients(const std::vector<std::vector<int64_t>>& sizes,
                                   ScalarType dtype = kFloat) {
  manual_seed(2);
  std::vector<Tensor> out;
  for (const auto& s : sizes) {
    out.push_back(zeros(s, TensorOptions(dtype)).requires_grad_());
    out.back().mutable_grad() = randn(s).to(dtype);
  }
  return out;
}
Tensor all_of(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> parts;
  for (const Tensor& p : parameters) parts.push_back(p.grad().to(kDouble).flatten());
  return cat(parts);
}
double eps_of(ScalarType dtype) {
  return dtype == kDouble ? 0x1p-52 : dtype == kFloat ? 0x1p-23 : dtype == kHalf ? 0x1p-10 : 0x1p-7;
}

// More tensors than a launch takes, and some of them of several blocks.
std::vector<std::vector<int64_t>> many_sizes() {
  std::vector<std::vector<int64_t>> sizes{{}, {1}, {17}, {31, 7}, {40000}, {0}, {3, 5, 2, 2}};
  for (int64_t i = 1; i <= 140; ++i) sizes.push_back({i});
  return sizes;
}

TEST(ClipGradNorm, ThatIsNoNumberIsAnErrorWhereAskedForAndChangesNothing) {
  for (double p : {2.0, 3.0}) {  // by the kernels, and by operations
    for (double value : {double(INFINITY), std::nan("")}) {
      const auto parameters = with_gradients({{2}, {3}});
      parameters[1].grad().fill_(value);
      const Tensor kept = parameters[0].grad().clone();
      EXPECT_TRUE(throws<Error>("is non-finite, so it cannot be clipped", [&] {
        nn::utils::clip_grad_norm_(parameters, 1, p, /*error_if_nonfinite=*/true);
      }));
      EXPECT_TRUE(same_bits(parameters[0].grad(), kept));
      nn::utils::clip_grad_norm_(parameters, 1, p);
      EXPECT_FALSE(same_bits(parameters[0].grad(), kept));
    }
  }
  const auto finite = with_gradients({{2}, {3}});
  nn::utils::clip_grad_norm_(finite, 0.5, 2, /*error_if_nonfinite=*/true);
  EXPECT_NEAR(all_of(finite).norm().item<double>(), 0.5, 1e-5);
}

TEST(ClipGradNorm, IsThatOfAllElementsForEveryNormAndDtype) {
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    for (double p : {1.0, 2.0, 3.0, double(INFINITY)}) {
      if (p == 3 && dtype != kDouble && dtype != kFloat) continue;
      const auto parameters = with_gradients(many_sizes(), dtype);
      const Tensor before = all_of(parameters), expected = before.norm(p);
      const double max_norm = expected.item<double>() / 8;
      const Tensor total = nn::utils::clip_grad_norm_(parameters, max_norm, p);
      EXPECT_EQ(total.dtype(), dtype);
      EXPECT_EQ(total.dim(), 0);
      // A sum of n rounded squares is off by no more than log2(n) roundings in pairs, and a chain
      // of 128 within a register.
      const double bound = 256 * eps_of(dtype == kDouble ? kDouble : kFloat) + eps_of(dtype);
      EXPECT_NEAR(total.item<double>(), expected.item<double>(), bound * expected.item<double>())
          << dtype_name(dtype) << ", " << p;
      const Tensor scaled = before * (max_norm / (expected.item<double>() + 1e-6));
      const Tensor error = (all_of(parameters) - scaled).abs();
      const double smallest = dtype == kHalf ? 0x1p-24 : 0;
      EXPECT_TRUE(
          (error <= scaled.abs() * (bound + 4 * eps_of(dtype)) + smallest).all().item<bool>())
          << dtype_name(dtype) << ", " << p;
    }
  }
}

TEST(ClipGradNorm, LeavesSmallerGradientsAsTheyAre) {
  const auto parameters = with_gradients({{5}, {4, 4}});
  const Tensor before = all_of(parameters);
  nn::utils::clip_grad_norm_(parameters, 1e6);
  EXPECT_TRUE(same_bits(all_of(parameters), before));
}

TEST(ClipGradNorm, NaNAndInfinityReachTheNormAndTheGradients) {
  const float inf = std::numeric_limits<float>::infinity();
  for (double p : {1.0, 2.0, double(INFINITY)}) {
    auto parameters = with_gradients({{100}, {3}});
    parameters[0].grad()[37].fill_(NAN);
    EXPECT_TRUE(std::isnan(nn::utils::clip_grad_norm_(parameters, 1, p).item<float>())) << p;
    EXPECT_TRUE(parameters[1].grad().isnan().all().item<bool>()) << p;
    parameters = with_gradients({{100}, {3}});
    parameters[0].grad()[37].fill_(-inf);
    EXPECT_EQ(nn::utils::clip_grad_norm_(parameters, 1, p).item<float>(), inf) << p;
    EXPECT_TRUE((parameters[1].grad() == 0).all().item<bool>()) << p;
  }
}

TEST(ClipGradNorm, TakesGradientsOfSeveralDtypesAndStrides) {
  auto parameters = with_gradients({{6}, {4, 3}});
  parameters.push_back(zeros({5}, TensorOptions(kDouble)).requires_grad_());
  parameters.back().mutable_grad() = full({5}, 2.0, TensorOptions(kDouble));
  parameters[1].mutable_grad() = parameters[1].grad().t().contiguous().t();
  const Tensor before = all_of(parameters);
  const double norm = before.norm().item<double>();
  const Tensor total = nn::utils::clip_grad_norm_(parameters, norm / 2);
  EXPECT_NEAR(total.item<double>(), norm, 1e-5 * norm);
  EXPECT_TRUE(allclose(all_of(parameters) * 2, before, 1e-5, 1e-6));
}

TEST(ClipGradNorm, OfNoGradientsIsZero) {
  EXPECT_EQ(nn::utils::clip_grad_norm_({ones({2}).requires_grad_()}, 1).item<float>(), 0);
}

TEST(ClipGradNorm, CountsAsAChangeInPlace) {
  const auto parameters = with_gradients({{4}});
  const Tensor w = ones({4}).requires_grad_();
  const Tensor loss = (w * parameters[0].grad()).sum();
  nn::utils::clip_grad_norm_(parameters, 0.1);
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { loss.backward(); }));
}

}  // namespace
}  // namespace adjoint::testing
