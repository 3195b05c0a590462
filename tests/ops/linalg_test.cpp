// SPDX-License-Identifier: MIT
// Decompositions of matrices: PyTorch's numbers, names of nodes and gradients; ranks, singular and
// empty matrices; what waits for a device, and what a step may capture.
#include <functional>
#include <map>

#include "adjoint/capture.h"
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

using nlohmann::json;
using Ops = std::map<std::string, std::function<variable_list(const variable_list&)>>;
using Tensors = const variable_list&;

variable_list squared(const std::tuple<Tensor, Tensor, Tensor>& usv) {
  const auto& [u, s, v] = usv;
  return {s, u * u, v * v};
}
variable_list squared(const std::tuple<Tensor, Tensor>& eigen) {
  const auto& [values, vectors] = eigen;
  return {values, vectors * vectors};
}
variable_list both(const std::tuple<Tensor, Tensor>& t) { return {std::get<0>(t), std::get<1>(t)}; }
variable_list all(const std::tuple<Tensor, Tensor, Tensor>& t) {
  return {std::get<0>(t), std::get<1>(t), std::get<2>(t)};
}
Tensor lu_solved(Tensors t, bool left, bool adjoint) {
  auto [lu, pivots] = linalg::lu_factor(t[0]);
  return linalg_lu_solve(lu, pivots, t[1], left, adjoint);
}

/// By their names in tests/reference/linalg.py.
const Ops& ops() {
  static const Ops table = {
      {"cholesky", [](Tensors t) -> variable_list { return {linalg::cholesky(t[0])}; }},
      {"cholesky_upper", [](Tensors t) -> variable_list { return {linalg::cholesky(t[0], true)}; }},
      {"cholesky_ex",
       [](Tensors t) -> variable_list { return {std::get<0>(linalg::cholesky_ex(t[0]))}; }},
      {"cholesky_solve",
       [](Tensors t) -> variable_list { return {cholesky_solve(t[0], t[1].tril())}; }},
      {"cholesky_solve_upper",
       [](Tensors t) -> variable_list { return {t[0].cholesky_solve(t[1].triu(), true)}; }},
      {"cholesky_inverse",
       [](Tensors t) -> variable_list { return {cholesky_inverse(t[0].tril())}; }},
      {"cholesky_inverse_upper",
       [](Tensors t) -> variable_list { return {t[0].triu().cholesky_inverse(true)}; }},
      {"solve_triangular",
       [](Tensors t) -> variable_list { return {linalg::solve_triangular(t[0], t[1], true)}; }},
      {"solve_triangular_lower_right",
       [](Tensors t) -> variable_list {
         return {linalg::solve_triangular(t[0], t[1], false, false)};
       }},
      {"solve_triangular_unit",
       [](Tensors t) -> variable_list {
         return {linalg::solve_triangular(t[0], t[1], false, true, true)};
       }},
      {"triangular_solve",
       [](Tensors t) -> variable_list {
         return {std::get<0>(t[0].triangular_solve(t[1], true, true))};
       }},
      {"solve", [](Tensors t) -> variable_list { return {linalg::solve(t[0], t[1])}; }},
      {"solve_right",
       [](Tensors t) -> variable_list { return {linalg::solve(t[0], t[1], false)}; }},
      {"inv", [](Tensors t) -> variable_list { return {t[0].inverse()}; }},
      {"det", [](Tensors t) -> variable_list { return {t[0].det()}; }},
      {"slogdet", [](Tensors t) { return both(t[0].slogdet()); }},
      {"logdet", [](Tensors t) -> variable_list { return {t[0].logdet()}; }},
      {"lu_factor",
       [](Tensors t) -> variable_list {
         auto [lu, pivots, info] = linalg_lu_factor_ex(t[0]);
         EXPECT_EQ(pivots.dtype(), kInt);
         return {lu, pivots.to(kDouble)};
       }},
      {"lu", [](Tensors t) { return all(linalg::lu(t[0])); }},
      {"lu_solve", [](Tensors t) -> variable_list { return {lu_solved(t, true, false)}; }},
      {"lu_solve_adjoint", [](Tensors t) -> variable_list { return {lu_solved(t, true, true)}; }},
      {"lu_solve_right", [](Tensors t) -> variable_list { return {lu_solved(t, false, false)}; }},
      {"matrix_power_0", [](Tensors t) -> variable_list { return {t[0].matrix_power(0)}; }},
      {"matrix_power_1", [](Tensors t) -> variable_list { return {t[0].matrix_power(1)}; }},
      {"matrix_power_5", [](Tensors t) -> variable_list { return {t[0].matrix_power(5)}; }},
      {"matrix_power_-2",
       [](Tensors t) -> variable_list { return {linalg::matrix_power(t[0], -2)}; }},
      {"qr", [](Tensors t) { return both(linalg::qr(t[0])); }},
      {"qr_complete", [](Tensors t) { return both(linalg::qr(t[0], "complete")); }},
      {"qr_r",
       [](Tensors t) -> variable_list {
         auto [q, r] = linalg::qr(t[0].detach(), "r");
         EXPECT_EQ(q.numel(), 0);
         return {r};
       }},
      {"eigh", [](Tensors t) { return squared(linalg::eigh(t[0])); }},
      {"eigh_upper", [](Tensors t) { return squared(linalg::eigh(t[0], "U")); }},
      {"eigvalsh", [](Tensors t) -> variable_list { return {linalg::eigvalsh(t[0])}; }},
      {"svd_reduced", [](Tensors t) { return squared(linalg::svd(t[0], false)); }},
      {"svd_full", [](Tensors t) { return squared(linalg::svd(t[0].detach())); }},
      {"torch_svd", [](Tensors t) { return squared(t[0].svd()); }},
      {"svdvals", [](Tensors t) -> variable_list { return {linalg::svdvals(t[0])}; }},
      {"pinv", [](Tensors t) -> variable_list { return {linalg::pinv(t[0])}; }},
      {"pinv_hermitian",
       [](Tensors t) -> variable_list {
         return {linalg::pinv(t[0], std::nullopt, std::nullopt, true)};
       }},
      {"pinv_rcond", [](Tensors t) -> variable_list { return {t[0].pinverse(0.25)}; }},
      {"matrix_rank",
       [](Tensors t) -> variable_list { return {linalg::matrix_rank(t[0]).to(kDouble)}; }},
      {"matrix_rank_tol",
       [](Tensors t) -> variable_list { return {linalg::matrix_rank(t[0], 1.0).to(kDouble)}; }},
      {"norm_2", [](Tensors t) -> variable_list { return {linalg::matrix_norm(t[0], 2)}; }},
      {"norm_-2",
       [](Tensors t) -> variable_list {
         return {linalg::matrix_norm(t[0], -2, {0, 1}, true)};
       }},
      {"norm_nuc", [](Tensors t) -> variable_list {
         return {linalg::matrix_norm(t[0], "nuc", {1, 0})};
       }}};
  return table;
}

/// Singular values of two programs differ by roundings of the largest one, and what is divided by
/// them or by their differences by as much more: the cases' condition numbers are below 64.
::testing::AssertionResult near(const Tensor& got, const Tensor& expected) {
  const double condition = 64;
  ::testing::AssertionResult sizes = close(got * 0, expected * 0);
  if (!sizes) return sizes;
  return close(got / condition, expected / condition);
}

TEST(Linalg, GivesTheNumbersNodesAndGradientsOfPyTorch) {
  for (const json& c : reference("linalg")["cases"]) {
    SCOPED_TRACE(c["name"].get<std::string>());
    variable_list inputs;
    for (const json& input : c["inputs"]) {
      inputs.push_back(to_tensor(input).to(test_device()).requires_grad_());
    }
    const variable_list outputs = ops().at(c["op"])(inputs);
    ASSERT_EQ(outputs.size(), c["outputs"].size());
    Tensor total;
    for (size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_TRUE(near(outputs[i], to_tensor(c["outputs"][i]))) << "output " << i;
      const json& weights = c["grad_outputs"][i];
      if (weights.is_null()) continue;
      const Tensor sum = (outputs[i] * to_tensor(weights).to(test_device())).sum();
      total = total.defined() ? total + sum : sum;
    }
    const std::string node = outputs[0].grad_fn() ? outputs[0].grad_fn()->name() : "";
    if (c["op"] != "matrix_power_0") {
      EXPECT_EQ(node, c["grad_fn"].get<std::string>());
    }
    if (c["grads"].empty()) continue;
    variable_list grads(inputs.size());
    if (total.requires_grad()) grads = autograd::grad({total}, inputs, {}, false, false, true);
    for (size_t i = 0; i < grads.size(); ++i) {
      EXPECT_TRUE(
          near(grads[i].defined() ? grads[i] : zeros_like(inputs[i]), to_tensor(c["grads"][i])))
          << "gradient " << i;
    }
  }
}

Tensor on_device(const Tensor& t) { return t.to(test_device()); }
Tensor largest_error(const Tensor& a, const Tensor& b) { return (a - b).abs().max(); }
/// Whether the columns are orthonormal.
void expect_orthonormal(const Tensor& q) {
  const Tensor product = matmul(q.mT(), q);
  EXPECT_TRUE(close(product, eye(q.size(-1), q.options()).expand(product.sizes()).contiguous()));
}

TEST(Linalg, FactorsOfLargerMatricesMultiplyToThem) {
  for (ScalarType dtype : {kFloat, kDouble}) {
    const double epsilon = dtype == kFloat ? 0x1p-23 : 0x1p-52;
    for (auto [m, n] : {std::pair<int64_t, int64_t>{70, 70}, {90, 40}, {33, 75}}) {
      SCOPED_TRACE(detail::str(long(m), " x ", long(n), " ", toString(dtype)));
      const Tensor a = on_device(noise({m, n}, dtype));
      const double size = std::sqrt(double(m * n)) * 8 * epsilon;
      auto [p, l, u] = linalg::lu(a);
      EXPECT_LT(largest_error(matmul(p, matmul(l, u)), a).item<double>(), size);
      auto [q, r] = linalg::qr(a, "complete");
      EXPECT_LT(largest_error(matmul(q, r), a).item<double>(), size);
      EXPECT_TRUE(identical(r, triu(r)));
      EXPECT_LT(largest_error(matmul(q.mT(), q), eye(m, q.options())).item<double>(), size);
      auto [left, s, right] = linalg::svd(a);
      const int64_t k = std::min(m, n);
      EXPECT_LT(
          largest_error(matmul(left.narrow(1, 0, k) * s, right.narrow(0, 0, k)), a).item<double>(),
          size);
      EXPECT_LT(largest_error(matmul(left.mT(), left), eye(m, q.options())).item<double>(), size);
      EXPECT_LT(largest_error(matmul(right, right.mT()), eye(n, q.options())).item<double>(), size);
      EXPECT_TRUE(s.narrow(0, 0, k - 1).ge(s.narrow(0, 1, k - 1)).all().item<bool>());
      const Tensor square = matmul(a, a.mT());
      auto [values, vectors] = linalg::eigh(square);
      const double scale = double(n) * size;
      EXPECT_LT(largest_error(matmul(vectors * values, vectors.mT()), square).item<double>(),
                scale);
      EXPECT_LT(largest_error(matmul(vectors.mT(), vectors), eye(m, q.options())).item<double>(),
                size);
      EXPECT_TRUE(values.narrow(0, 0, m - 1).le(values.narrow(0, 1, m - 1)).all().item<bool>());
    }
  }
}

TEST(Linalg, MatricesWithoutFullRankHaveOrthonormalSingularVectors) {
  for (const Tensor& a : {ones({4, 3}), zeros({3, 3}), ones({2, 5}) * 1e30, ones({3, 2}) * 1e-30}) {
    auto [u, s, vh] = linalg::svd(on_device(a));
    expect_orthonormal(u);
    expect_orthonormal(vh.mT());
    EXPECT_TRUE(close(s.narrow(0, 1, s.size(0) - 1) / (s[0].item<double>() + 1e-38),
                      zeros({s.size(0) - 1})));
  }
  EXPECT_EQ(linalg::matrix_rank(on_device(ones({4, 3}))).item<int64_t>(), 1);
  EXPECT_EQ(linalg::matrix_rank(on_device(zeros({4, 3}))).item<int64_t>(), 0);
  EXPECT_EQ(
      linalg::matrix_rank(on_device(diag(tensor({-3., 0., 1.}))), {}, {}, true).item<int64_t>(), 2);
}

TEST(Linalg, EmptyMatricesAndBatchesHaveResults) {
  const auto sizes = [](const Tensor& t) { return t.sizes().vec(); };
  using Sizes = std::vector<int64_t>;
  const Tensor none = on_device(zeros({0, 0}));
  EXPECT_EQ(linalg::det(none).item<float>(), 1);
  EXPECT_EQ(std::get<0>(linalg::slogdet(none)).item<float>(), 1);
  EXPECT_EQ(std::get<1>(linalg::slogdet(none)).item<float>(), 0);
  EXPECT_EQ(sizes(linalg::inv(none)), (Sizes{0, 0}));
  EXPECT_EQ(sizes(linalg::det(on_device(zeros({0, 3, 3})))), (Sizes{0}));
  auto [u, s, vh] = linalg::svd(on_device(zeros({0, 3})));
  EXPECT_EQ(sizes(u), (Sizes{0, 0}));
  EXPECT_EQ(sizes(s), (Sizes{0}));
  EXPECT_TRUE(close(vh, eye(3)));
  auto [q, r] = linalg::qr(on_device(zeros({3, 0})), "complete");
  EXPECT_TRUE(close(q, eye(3)));
  EXPECT_EQ(sizes(r), (Sizes{3, 0}));
  EXPECT_EQ(sizes(linalg::pinv(on_device(zeros({0, 3})))), (Sizes{3, 0}));
  EXPECT_EQ(sizes(linalg::solve(on_device(eye(3)), on_device(zeros({3, 0})))), (Sizes{3, 0}));
}

TEST(Linalg, ASingularMatrixsDeterminantHasItsCofactorsForGradient) {
  const Tensor a = on_device(tensor({{1., 2., 3.}, {4., 5., 6.}, {2., 4., 6.}}, kDouble));
  const Tensor x = a.clone().requires_grad_();
  linalg::det(x).backward();
  const Tensor cofactors = tensor({{6., -12., 6.}, {0., 0., 0.}, {-3., 6., -3.}}, kDouble);
  EXPECT_TRUE(near(x.grad(), cofactors));
}

TEST(Linalg, FormsThatDoNotThrowGiveInfo) {
  const Tensor a = on_device(
      stack({eye(2), tensor({{1., 2.}, {2., 1.}}), tensor({{1., 2.}, {2., 4.}}), zeros({2, 2})}));
  EXPECT_TRUE(identical(std::get<1>(linalg::cholesky_ex(a)).cpu(), tensor({0, 2, 2, 1}, kInt)));
  EXPECT_TRUE(identical(std::get<1>(linalg::inv_ex(a)).cpu(), tensor({0, 0, 2, 1}, kInt)));
  EXPECT_TRUE(
      identical(std::get<1>(linalg::solve_ex(a, ones_like(a))).cpu(), tensor({0, 0, 2, 1}, kInt)));
  EXPECT_TRUE(identical(std::get<2>(linalg_lu_factor_ex(a)).cpu(), tensor({0, 0, 2, 1}, kInt)));
  EXPECT_THROW(linalg::inv_ex(a, true), LinAlgError);
  EXPECT_THROW(linalg::cholesky_ex(a, false, true), LinAlgError);
  EXPECT_THROW(linalg::solve_ex(a, ones_like(a), true, true), LinAlgError);
}

TEST(Linalg, EigenvaluesOfWhatIsNotFiniteAreNaN) {
  Tensor a = eye(3);
  a[1][0] = INFINITY;
  auto [values, vectors] = linalg::eigh(on_device(a));
  EXPECT_TRUE(values.isnan().all().item<bool>());
  EXPECT_TRUE(vectors.isnan().all().item<bool>());
}

TEST(Linalg, StepsCaptureWhatDoesNotThrow) {
  const Tensor a = on_device(noise({3, 3}, kDouble)), unit = eye(3, a.options());
  Tensor out = zeros_like(a);
  auto step = capture([&](const Tensor& x) {
    out.copy_(std::get<0>(linalg::inv_ex(x + 4 * unit)) + std::get<1>(linalg::eigh(x + x.mT())));
  });
  for (int i = 0; i < 4; ++i) {
    const Tensor x = a * double(i + 1);
    step.replay(x);
    EXPECT_TRUE(identical(
        out, std::get<0>(linalg::inv_ex(x + 4 * unit)) + std::get<1>(linalg::eigh(x + x.mT()))))
        << i;
  }
  EXPECT_GT(step.stats().num_replays, 0) << step.str();
  auto refused = capture([&](const Tensor& x) { out.copy_(linalg::inv(x + 4 * unit)); });
  EXPECT_THROW(
      {
        for (int i = 0; i < 4; ++i) refused.replay(a);
      },
      Error);
}

}  // namespace
}  // namespace adjoint::testing
