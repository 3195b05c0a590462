// SPDX-License-Identifier: MIT
// Cholesky's decomposition, and systems of equations with triangular matrices.
#include "core/capture/recorder.h"
#include "core/ops/composed.h"
#include "core/ops/decomposition.h"

namespace adjoint {
namespace {

/// The lower triangles l [*, n, n] with l l^T = self, of which the lower triangle is read; info [*]
/// is 0, or the order of the leading minor that is not positive. All dense.
constinit Op<void(const Stream&, const Tensor& l, const Tensor& info, const Tensor& self)>
    cholesky_op{"cholesky", {.dtypes = kDecomposedDtypes}};
/// x [*, n, m] with a x = b for triangular a [*, n, n]. All dense.
constinit Op<void(const Stream&, const Tensor& x, const Tensor& a, const Tensor& b, bool upper,
                  bool unitriangular)>
    solve_triangular_op{"solve_triangular", {.dtypes = kDecomposedDtypes}};

/// I. Murray, "Differentiation of the Cholesky decomposition", 2016, equation 10:
/// L^-T (P + P^T) / 2 L^-1, P being L^T gL's lower triangle with half of its diagonal.
struct LinalgCholeskyExBackward final : Node {
  bool upper_ = false;
  SavedTensor result_;

  const char* name() const override { return "LinalgCholeskyExBackward0"; }
  GradList apply(GradList&& grads) override {
    if (!grads[0].defined()) return GradList(1);
    Tensor l = result_.unpack(*this), grad = grads[0];
    if (upper_) {
      l = l.mT();
      grad = grad.mT();
    }
    const Tensor product = matmul(l.mT(), grad);
    const Tensor middle = (tril(product) + tril(product, -1).mT()) * 0.5;
    const Tensor half = linalg_solve_triangular(l.mT(), middle, /*upper=*/true);
    return {linalg_solve_triangular(l, half, /*upper=*/false, /*left=*/false)};
  }
  void release_variables() override { result_.release(); }
};

/// M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
/// differentiation", 2008, section 2.3.1, within the triangle.
struct LinalgSolveTriangularBackward final : Node {
  bool upper_ = false, left_ = true, unit_ = false;
  SavedTensor self_, result_;

  const char* name() const override { return "LinalgSolveTriangularBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    const Tensor a = self_.unpack(*this);
    const Tensor grad = linalg_solve_triangular(a.mT(), grads[0], !upper_, left_, unit_);
    if (task_should_compute_output(0)) {
      const Tensor x = result_.unpack(*this).mT();
      const Tensor product = neg(left_ ? matmul(grad, x) : matmul(x, grad));
      out[0] = upper_ ? triu(product, unit_ ? 1 : 0) : tril(product, unit_ ? -1 : 0);
    }
    if (task_should_compute_output(1)) out[1] = grad;
    return out;
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }
};

std::tuple<Tensor, Tensor> cholesky_of(const char* op, const Tensor& self, bool upper) {
  check_square(op, self);
  const Stream stream = stream_for(self);
  Tensor out, info;
  {
    NoGradGuard no_grad;
    const Tensor a = (upper ? self.mT() : self).contiguous();
    out = make_output(self.sizes(), self.dtype(), stream);
    info = make_output(batch_with(self, {}), kInt, stream);
    if (out.numel() != 0) {
      cholesky_op(stream, out, info, a);
    } else {
      info.zero_();
    }
    if (upper) out = out.mT().contiguous();
  }
  if (needs_grad(self)) {
    auto node = make_node<LinalgCholeskyExBackward>(self);
    node->upper_ = upper;
    set_history(out, node);
    node->result_.save_output(out);
  }
  return {out, info};
}

void check_positive(const char* op, const Tensor& info) {
  if (const Failure failure = find_failure(op, info)) {
    detail::fail<LinAlgError>(
        op, ": ", failure.where,
        "The factorization could not be completed because the input is not positive-definite (the "
        "leading minor of order ",
        failure.value, " is not positive-definite).");
  }
}

}  // namespace

void register_cholesky_ops(OpRegistry& registry) {
  registry.add(cholesky_op);
  registry.add(solve_triangular_op);
}

void check_matrices(const char* op, const Tensor& a) {
  ADJOINT_CHECK(a.dim() >= 2, op, ": The input tensor A must have at least 2 dimensions.");
  ADJOINT_CHECK_WITH(NotImplementedError, a.is_floating_point(), op,
                     ": Expected a floating point or complex tensor as input. Got ",
                     toString(a.dtype()));
  ADJOINT_CHECK_WITH(NotImplementedError, kDecomposedDtypes.contains(a.dtype()), op,
                     ": Low precision dtypes not supported. Got ", toString(a.dtype()));
}

void check_square(const char* op, const Tensor& a) {
  ADJOINT_CHECK(a.dim() >= 2, op, ": The input tensor A must have at least 2 dimensions.");
  ADJOINT_CHECK(a.size(-1) == a.size(-2), op,
                ": A must be batches of square matrices, but they are ", a.size(-2), " by ",
                a.size(-1), " matrices");
  check_matrices(op, a);
}

void check_right_side(const char* op, const Tensor& a, const Tensor& b, bool left) {
  ADJOINT_CHECK(b.dim() >= 2, op, ": The input tensor B must have at least 2 dimensions.");
  ADJOINT_CHECK(a.size(-1) == b.size(left ? -2 : -1), op,
                ": Incompatible shapes of A and B for the equation ", left ? "AX = B" : "XA = B",
                " (", a.size(-2), "x", a.size(-1), " and ", b.size(-2), "x", b.size(-1), ")");
  ADJOINT_CHECK(a.dtype() == b.dtype(), op,
                ": Expected A and B to have the same dtype, but found A of type ",
                toString(a.dtype()), " and B of type ", toString(b.dtype()), " instead");
  check_same_device(op, a, b);
}

DimVector batch_with(const Tensor& t, std::initializer_list<int64_t> last, size_t behind) {
  DimVector sizes = t.sizes().slice(0, size_t(t.dim()) - behind);
  for (int64_t n : last) sizes.push_back(n);
  return sizes;
}

Tensor identity_like(const Tensor& a) { return eye(a.size(-1), a.options()); }

Failure find_failure(const char* op, const Tensor& info) {
  refuse_capture(op, kHostRead);
  NoGradGuard no_grad;
  const Tensor host = info.cpu();
  const int32_t* const values = host.data_ptr<int32_t>();
  for (int64_t i = 0; i < host.numel(); ++i) {
    if (values[i] == 0) continue;
    return {i, values[i], info.dim() == 0 ? "" : detail::str("(Batch element ", long(i), "): ")};
  }
  return {};
}

Tensor run_solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left, bool unit) {
  NoGradGuard no_grad;
  if (!left) return run_solve_triangular(a.mT(), b.mT(), !upper, true, unit).mT().contiguous();
  const DimVector batch = broadcast_shapes(batch_with(a, {}), batch_with(b, {}));
  DimVector a_sizes = batch, b_sizes = batch;
  for (int64_t d : {-2, -1}) {
    a_sizes.push_back(a.size(d));
    b_sizes.push_back(b.size(d));
  }
  const Stream stream = stream_for(b);
  Tensor out = make_output(b_sizes, b.dtype(), stream);
  if (out.numel() != 0) {
    solve_triangular_op(stream, out, a.expand(a_sizes).contiguous(), b.expand(b_sizes).contiguous(),
                        upper, unit);
  }
  return out;
}

Tensor linalg_cholesky(const Tensor& self, bool upper) {
  auto [l, info] = cholesky_of("linalg.cholesky", self, upper);
  check_positive("linalg.cholesky", info);
  return l;
}

std::tuple<Tensor, Tensor> linalg_cholesky_ex(const Tensor& self, bool upper, bool check_errors) {
  auto result = cholesky_of("linalg.cholesky_ex", self, upper);
  if (check_errors) check_positive("linalg.cholesky_ex", std::get<1>(result));
  return result;
}

Tensor linalg_solve_triangular(const Tensor& self, const Tensor& b, bool upper, bool left,
                               bool unitriangular) {
  check_square("linalg.solve_triangular", self);
  check_right_side("linalg.solve_triangular", self, b, left);
  Tensor out = run_solve_triangular(self, b, upper, left, unitriangular);
  if (needs_grad(self, b)) {
    auto node = make_node<LinalgSolveTriangularBackward>(self, b);
    node->upper_ = upper;
    node->left_ = left;
    node->unit_ = unitriangular;
    node->self_.save(self);
    set_history(out, node);
    if (self.requires_grad()) node->result_.save_output(out);
  }
  return out;
}

std::tuple<Tensor, Tensor> triangular_solve(const Tensor& self, const Tensor& a, bool upper,
                                            bool transpose, bool unitriangular) {
  check_square("triangular_solve", a);
  check_right_side("triangular_solve", a, self, true);
  Tensor x = transpose ? linalg_solve_triangular(a.mT(), self, !upper, true, unitriangular)
                       : linalg_solve_triangular(a, self, upper, true, unitriangular);
  return {under_name("TriangularSolveBackward0", x), a.clone()};
}

Tensor cholesky_solve(const Tensor& self, const Tensor& factor, bool upper) {
  ADJOINT_CHECK(self.dim() >= 2, "b should have at least 2 dimensions, but has ", self.dim(),
                " dimensions instead");
  check_square("cholesky_solve", factor);
  ADJOINT_CHECK(factor.size(-1) == self.size(-2),
                "Incompatible matrix sizes for cholesky_solve: each A matrix is ", factor.size(-1),
                " by ", factor.size(-1), " but each b matrix is ", self.size(-2), " by ",
                self.size(-1));
  const Tensor l = upper ? factor.mT() : factor;
  const Tensor half = linalg_solve_triangular(l, self, /*upper=*/false);
  return under_name("CholeskySolveBackward0",
                    linalg_solve_triangular(l.mT(), half, /*upper=*/true));
}

Tensor cholesky_inverse(const Tensor& self, bool upper) {
  check_square("cholesky_inverse", self);
  return under_name("CholeskyInverseBackward0", cholesky_solve(identity_like(self), self, upper));
}

Tensor Tensor::cholesky_solve(const Tensor& factor, bool upper) const {
  return adjoint::cholesky_solve(*this, factor, upper);
}
Tensor Tensor::cholesky_inverse(bool upper) const {
  return adjoint::cholesky_inverse(*this, upper);
}
std::tuple<Tensor, Tensor> Tensor::triangular_solve(const Tensor& A, bool upper, bool transpose,
                                                    bool unitriangular) const {
  return adjoint::triangular_solve(*this, A, upper, transpose, unitriangular);
}

}  // namespace adjoint
