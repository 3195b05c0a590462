// SPDX-License-Identifier: MIT
// The LU decomposition, and what it gives: solutions of equations, inverses, determinants, powers.
#include <cmath>
#include <limits>

#include "core/ops/composed.h"
#include "core/ops/decomposition.h"

namespace adjoint {
namespace {

/// self [*, m, n] = P L U, packed in lu [*, m, n]: L below the diagonal, U above and on it. pivots
/// [*, min(m, n)] say, from 1, which row each was swapped with in turn; info [*] is 0, or where U's
/// first zero is on the diagonal, from 1. All dense.
constinit Op<void(const Stream&, const Tensor& lu, const Tensor& pivots, const Tensor& info,
                  const Tensor& self)>
    lu_factor_op{"lu_factor", {.dtypes = kDecomposedDtypes}};
/// Where the rows of P^T A come from: rows [*, m] of pivots [*, k].
constinit Op<void(const Stream&, const Tensor& rows, const Tensor& pivots)>
    pivots_to_permutation_op{"pivots_to_permutation", {.dtypes = {}, .differentiable = false}};

struct Factors {
  Tensor lu, pivots, info;
};

Factors factor(const Tensor& self) {
  NoGradGuard no_grad;
  const Stream stream = stream_for(self);
  const int64_t m = self.size(-2), n = self.size(-1);
  Factors f{make_output(self.sizes(), self.dtype(), stream),
            make_output(batch_with(self, {m < n ? m : n}), kInt, stream),
            make_output(batch_with(self, {}), kInt, stream)};
  if (f.lu.numel() != 0) {
    lu_factor_op(stream, f.lu, f.pivots, f.info, self.contiguous());
  } else {
    f.info.zero_();
  }
  return f;
}

/// Row i of P^T A is row [*, i] of A.
Tensor permutation_of(const Tensor& pivots, int64_t m) {
  NoGradGuard no_grad;
  const Stream stream = stream_for(pivots);
  Tensor rows = make_output(batch_with(pivots, {m}, 1), kLong, stream);
  if (rows.numel() != 0) pivots_to_permutation_op(stream, rows, pivots.contiguous());
  return rows;
}
/// P^T x.
Tensor take_rows(const Tensor& x, const Tensor& rows) {
  DimVector batch = broadcast_shapes(batch_with(x, {}), batch_with(rows, {}, 1));
  DimVector sizes = batch;
  sizes.push_back(x.size(-2));
  sizes.push_back(x.size(-1));
  return x.expand(sizes).gather(-2, rows.unsqueeze(-1).expand(sizes));
}
/// P x.
Tensor put_rows(const Tensor& x, const Tensor& rows) { return take_rows(x, argsort(rows, -1)); }

/// Not recorded. x with A x = b, or A^T x = b.
Tensor solve_factored(const Tensor& lu, const Tensor& rows, const Tensor& b, bool transposed) {
  NoGradGuard no_grad;
  if (transposed) {
    const Tensor half = run_solve_triangular(lu.mT(), b, false, true, false);
    return put_rows(run_solve_triangular(lu.mT(), half, true, true, true), rows);
  }
  const Tensor half = run_solve_triangular(lu, take_rows(b, rows), false, true, true);
  return run_solve_triangular(lu, half, true, true, false);
}
Tensor solve_factored(const Tensor& lu, const Tensor& rows, const Tensor& b, bool transposed,
                      bool left) {
  if (left) return solve_factored(lu, rows, b, transposed);
  NoGradGuard no_grad;
  return solve_factored(lu, rows, b.mT(), !transposed).mT().contiguous();
}

// ---- The factors themselves

/// From P^T dA = dL U + L dU: with M = L1^-1 (P^T dA)1 U1^-1, of the square part, L1's change is
/// L1 times M's lower triangle, U1's is M's upper one times U1.
struct LinalgLuFactorExBackward final : Node {
  SavedTensor result_, rows_;

  const char* name() const override { return "LinalgLuFactorExBackward0"; }
  GradList apply(GradList&& grads) override {
    if (!grads[0].defined()) return GradList(1);
    const Tensor lu = result_.unpack(*this), rows = rows_.unpack(*this), grad = grads[0];
    const int64_t m = lu.size(-2), n = lu.size(-1), k = m < n ? m : n;
    const Tensor square = lu.narrow(-2, 0, k).narrow(-1, 0, k);
    const Tensor l = tril(square, -1) + identity_like(square), u = triu(square);
    const Tensor grad_square = grad.narrow(-2, 0, k).narrow(-1, 0, k);
    Tensor lower = matmul(l.mT(), tril(grad_square, -1));
    Tensor upper = matmul(triu(grad_square), u.mT());
    if (n > k) {
      lower = lower - matmul(grad.narrow(-1, k, n - k), lu.narrow(-1, k, n - k).mT());
    } else if (m > k) {
      upper = upper - matmul(lu.narrow(-2, k, m - k).mT(), grad.narrow(-2, k, m - k));
    }
    const Tensor middle = tril(lower, -1) + triu(upper);
    Tensor out = linalg_solve_triangular(
        u.mT(), linalg_solve_triangular(l.mT(), middle, true, true, true), false, false);
    if (n > k) {
      const Tensor right =
          linalg_solve_triangular(l.mT(), grad.narrow(-1, k, n - k), true, true, true);
      out = cat({out, right}, -1);
    } else if (m > k) {
      out =
          cat({out, linalg_solve_triangular(u.mT(), grad.narrow(-2, k, m - k), false, false)}, -2);
    }
    return {put_rows(out, rows)};
  }
  void release_variables() override {
    result_.release();
    rows_.release();
  }
};

Factors factor_recorded(const Tensor& self) {
  Factors f = factor(self);
  if (needs_grad(self)) {
    auto node = make_node<LinalgLuFactorExBackward>(self);
    node->rows_.save(permutation_of(f.pivots, self.size(-2)));
    set_history(f.lu, node);
    node->result_.save_output(f.lu);
  }
  return f;
}

void check_pivot(const char* op, bool pivot) {
  ADJOINT_CHECK(pivot, op, ": LU without pivoting is not implemented");
}
/// lu_factor has its own words for what all check.
void check_factored(const Tensor& self) {
  ADJOINT_CHECK(self.dim() >= 2,
                "torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: ",
                self.sizes(), " instead");
  check_matrices("linalg.lu_factor", self);
}

// ---- Solutions

Tensor solve_recorded(const Tensor& a, const Tensor& b, bool left, bool vector, Tensor* info);

/// M. Giles, 2008, section 2.3.1.
struct LinalgSolveExBackward final : Node {
  bool left_ = true, vector_ = false;
  SavedTensor a_, result_, lu_, rows_;

  const char* name() const override { return "LinalgSolveExBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (!grads[0].defined()) return out;
    Tensor x = result_.unpack(*this), grad = grads[0];
    if (vector_) {
      x = x.unsqueeze(-1);
      grad = grad.unsqueeze(-1);
    }
    const Tensor solved =
        GradMode::is_enabled()
            ? solve_recorded(a_.unpack(*this).mT(), grad, left_, false, nullptr)
            : solve_factored(lu_.unpack(*this), rows_.unpack(*this), grad, true, left_);
    if (task_should_compute_output(0)) {
      out[0] = neg(left_ ? matmul(solved, x.mT()) : matmul(x.mT(), solved));
    }
    if (task_should_compute_output(1)) out[1] = vector_ ? solved.squeeze(-1) : solved;
    return out;
  }
  void release_variables() override {
    a_.release();
    result_.release();
    lu_.release();
    rows_.release();
  }
};

Tensor solve_recorded(const Tensor& a, const Tensor& b, bool left, bool vector, Tensor* info) {
  const Factors f = factor(a);
  const Tensor rows = permutation_of(f.pivots, a.size(-1));
  Tensor out;
  {
    NoGradGuard no_grad;
    out = solve_factored(f.lu, rows, vector ? b.unsqueeze(-1) : b, false, left);
    if (vector) out = out.squeeze(-1).contiguous();
  }
  if (needs_grad(a, b)) {
    auto node = make_node<LinalgSolveExBackward>(a, b);
    node->left_ = left;
    node->vector_ = vector;
    node->a_.save(a);
    node->lu_.save(f.lu);
    node->rows_.save(rows);
    set_history(out, node);
    node->result_.save_output(out);
  }
  if (info != nullptr) *info = f.info;
  return out;
}

Tensor checked_solve(const char* op, const Tensor& a, const Tensor& b, bool left, Tensor* info) {
  const bool vector =
      b.dim() == 1 || (a.dim() == b.dim() + 1 && a.sizes().slice(0, size_t(b.dim())) == b.sizes());
  check_square(op, a);
  ADJOINT_CHECK(left || !vector, op,
                ": Vector broadcasting of the left hand side is not supported for left=False. In "
                "this case linalg.solve is equivalent to B / A.squeeze(-1)");
  check_right_side(op, a, vector ? b.unsqueeze(-1) : b, left);
  return solve_recorded(a, b, left, vector, info);
}

void check_solved(const char* op, const Tensor& info) {
  if (const Failure failure = find_failure(op, info)) {
    detail::fail<LinAlgError>("torch.", op, ": ", failure.where,
                              "The solver failed because the input matrix is singular.");
  }
}

// ---- Inverses

/// M. Giles, 2008, section 2.2.3.
struct LinalgInvExBackward final : Node {
  SavedTensor result_;

  const char* name() const override { return "LinalgInvExBackward0"; }
  GradList apply(GradList&& grads) override {
    if (!grads[0].defined()) return GradList(1);
    const Tensor inverse = result_.unpack(*this).mT();
    return {neg(matmul(matmul(inverse, grads[0]), inverse))};
  }
  void release_variables() override { result_.release(); }
};

std::tuple<Tensor, Tensor> inverse_of(const char* op, const Tensor& self) {
  check_square(op, self);
  const Factors f = factor(self);
  Tensor out;
  {
    NoGradGuard no_grad;
    out = solve_factored(f.lu, permutation_of(f.pivots, self.size(-1)),
                         identity_like(self).expand(self.sizes()), false);
  }
  if (needs_grad(self)) {
    auto node = make_node<LinalgInvExBackward>(self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return {out, f.info};
}

void check_inverted(const char* op, const Tensor& info) {
  if (const Failure failure = find_failure(op, info)) {
    detail::fail<LinAlgError>(op, ": ", failure.where, "The diagonal element ", failure.value,
                              " is zero, the inversion could not be completed because the input "
                              "matrix is singular.");
  }
}

// ---- Determinants

/// 1, or -1 where the rows were swapped an odd number of times.
Tensor parity_of(const Factors& f) {
  const int64_t n = f.pivots.size(-1);
  const Tensor in_place = arange(1, n + 1, f.pivots.options());
  return 1 - 2 * remainder(ne(f.pivots, in_place).sum({-1}), 2).to(f.lu.dtype());
}
/// [*, n, n] with [*] on the diagonals.
Tensor scaled_identity(const Tensor& scale, const Tensor& like) {
  return scale.unsqueeze(-1).unsqueeze(-1) * identity_like(like);
}

/// M. Giles, 2008, section 2.2.4: det A^-T. The matrix of cofactors that this is exists for
/// singular matrices too: it is found beside them, at elements of U's diagonal a rounding from 0.
struct LinalgDetBackward final : Node {
  SavedTensor a_, result_, lu_, rows_, parity_;

  const char* name() const override { return "LinalgDetBackward0"; }
  GradList apply(GradList&& grads) override {
    if (GradMode::is_enabled()) {
      const Tensor a = a_.unpack(*this);
      const Tensor right = scaled_identity(grads[0] * result_.unpack(*this), a);
      return {solve_recorded(a.mT(), right, true, false, nullptr)};
    }
    Tensor lu = lu_.unpack(*this);
    const Tensor diagonal = lu.diagonal(0, -2, -1), none = eq(diagonal, 0);
    const double least = lu.dtype() == kFloat ? double(std::numeric_limits<float>::epsilon())
                                              : std::numeric_limits<double>::epsilon();
    const Tensor moved = masked_fill(diagonal, none, least);
    lu = lu + diag_embed(moved - diagonal);
    const Tensor scale = grads[0] * parity_.unpack(*this) * prod(moved, -1);
    return {solve_factored(lu, rows_.unpack(*this), scaled_identity(scale, lu), true)};
  }
  void release_variables() override {
    a_.release();
    result_.release();
    lu_.release();
    rows_.release();
    parity_.release();
  }
};

/// M. Giles, 2008, section 2.2.4: of the logarithm A^-T; the sign has no gradient.
struct LinalgSlogdetBackward final : Node {
  SavedTensor a_, lu_, rows_;

  const char* name() const override { return "LinalgSlogdetBackward0"; }
  GradList apply(GradList&& grads) override {
    if (!grads[1].defined()) return GradList(1);
    const Tensor a = a_.unpack(*this), right = scaled_identity(grads[1], a);
    if (GradMode::is_enabled()) return {solve_recorded(a.mT(), right, true, false, nullptr)};
    return {solve_factored(lu_.unpack(*this), rows_.unpack(*this), right, true)};
  }
  void release_variables() override {
    a_.release();
    lu_.release();
    rows_.release();
  }
};

std::tuple<Tensor, Tensor> slogdet_of(const char* op, const Tensor& self) {
  check_square(op, self);
  const Factors f = factor(self);
  Tensor sign, logarithm;
  {
    NoGradGuard no_grad;
    const Tensor diagonal = f.lu.diagonal(0, -2, -1);
    sign = parity_of(f) * prod(adjoint::sign(diagonal), -1);
    logarithm = log(abs(diagonal)).sum({-1});
  }
  if (needs_grad(self)) {
    auto node = make_node<LinalgSlogdetBackward>(self);
    node->a_.save(self);
    node->lu_.save(f.lu);
    node->rows_.save(permutation_of(f.pivots, self.size(-1)));
    set_history(sign, node);
    set_history(logarithm, node);
  }
  return {sign, logarithm};
}

}  // namespace

void register_lu_ops(OpRegistry& registry) {
  registry.add(lu_factor_op);
  registry.add(pivots_to_permutation_op);
}

std::tuple<Tensor, Tensor, Tensor> linalg_lu_factor_ex(const Tensor& self, bool pivot,
                                                       bool check_errors) {
  check_factored(self);
  check_pivot("linalg.lu_factor", pivot);
  Factors f = factor_recorded(self);
  if (check_errors) {
    if (const Failure failure = find_failure("linalg.lu_factor", f.info)) {
      detail::fail<LinAlgError>(
          "torch.linalg.lu_factor: ", failure.where, "U[", failure.value, ",", failure.value,
          "] is zero and using it on lu_solve would result in a division by zero. If you still "
          "want to perform the factorization, consider calling linalg.lu(A, pivot) or "
          "linalg.lu_factor_ex(A, pivot)");
    }
  }
  return {f.lu, f.pivots, f.info};
}

std::tuple<Tensor, Tensor> linalg_lu_factor(const Tensor& self, bool pivot) {
  auto [lu, pivots, info] = linalg_lu_factor_ex(self, pivot, /*check_errors=*/true);
  return {lu, pivots};
}

std::tuple<Tensor, Tensor, Tensor> linalg_lu(const Tensor& self, bool pivot) {
  check_matrices("linalg.lu", self);
  check_pivot("linalg.lu", pivot);
  const Factors f = factor_recorded(self);
  const int64_t m = self.size(-2), n = self.size(-1), k = m < n ? m : n;
  Tensor p;
  {
    NoGradGuard no_grad;
    const Tensor rows = permutation_of(f.pivots, m);
    const Tensor places = arange(m, rows.options()).unsqueeze(-1);
    p = eq(places, rows.unsqueeze(-2)).to(self.dtype());
  }
  const Tensor l = tril(f.lu.narrow(-1, 0, k), -1) + eye(m, k, self.options());
  return {p, under_name("LinalgLuBackward0", l),
          under_name("LinalgLuBackward0", triu(f.lu.narrow(-2, 0, k)))};
}

Tensor linalg_lu_solve(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left,
                       bool adjoint) {
  check_square("linalg.lu_solve", lu);
  ADJOINT_CHECK(pivots.dtype() == kInt,
                "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32");
  ADJOINT_CHECK(pivots.dim() >= 1 && pivots.size(-1) == lu.size(-1),
                "linalg.lu_solve: Number of pivots per batch should be same as the dimension of "
                "the matrix");
  check_right_side("linalg.lu_solve", lu, b, left);
  if (!left) {
    return under_name("LinalgLuSolveBackward0",
                      linalg_lu_solve(lu, pivots, b.mT(), true, !adjoint).mT());
  }
  const Tensor rows = permutation_of(pivots, lu.size(-1));
  Tensor x;
  if (adjoint) {
    x = linalg_solve_triangular(lu.mT(), b, false);
    x = put_rows(linalg_solve_triangular(lu.mT(), x, true, true, true), rows);
  } else {
    x = linalg_solve_triangular(lu, take_rows(b, rows), false, true, true);
    x = linalg_solve_triangular(lu, x, true);
  }
  return under_name("LinalgLuSolveBackward0", x);
}

Tensor linalg_solve(const Tensor& a, const Tensor& b, bool left) {
  Tensor info, x = checked_solve("linalg.solve", a, b, left, &info);
  check_solved("linalg.solve", info);
  return x;
}

std::tuple<Tensor, Tensor> linalg_solve_ex(const Tensor& a, const Tensor& b, bool left,
                                           bool check_errors) {
  Tensor info, x = checked_solve("linalg.solve_ex", a, b, left, &info);
  if (check_errors) check_solved("linalg.solve_ex", info);
  return {x, info};
}

Tensor linalg_inv(const Tensor& a) {
  auto [inverse, info] = inverse_of("linalg.inv", a);
  check_inverted("linalg.inv", info);
  return inverse;
}

std::tuple<Tensor, Tensor> linalg_inv_ex(const Tensor& a, bool check_errors) {
  auto result = inverse_of("linalg.inv_ex", a);
  if (check_errors) check_inverted("linalg.inv_ex", std::get<1>(result));
  return result;
}

Tensor linalg_det(const Tensor& a) {
  check_square("linalg.det", a);
  const Factors f = factor(a);
  Tensor out, parity;
  {
    NoGradGuard no_grad;
    parity = parity_of(f);
    out = parity * prod(f.lu.diagonal(0, -2, -1), -1);
  }
  if (needs_grad(a)) {
    auto node = make_node<LinalgDetBackward>(a);
    node->a_.save(a);
    node->lu_.save(f.lu);
    node->rows_.save(permutation_of(f.pivots, a.size(-1)));
    node->parity_.save(parity);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

std::tuple<Tensor, Tensor> linalg_slogdet(const Tensor& a) {
  return slogdet_of("linalg.slogdet", a);
}

Tensor logdet(const Tensor& self) {
  auto [sign, logarithm] = slogdet_of("logdet", self);
  return where(eq(sign, -1), std::numeric_limits<double>::quiet_NaN(), logarithm);
}

Tensor linalg_matrix_power(const Tensor& self, int64_t n) {
  check_square("linalg.matrix_power", self);
  if (n == 0) return identity_like(self).expand(self.sizes()).clone();
  if (n == 1) return self.clone();
  Tensor base = n < 0 ? linalg_inv(self) : self, out;
  for (uint64_t left = n < 0 ? 0 - uint64_t(n) : uint64_t(n);;) {
    if (left & 1u) out = out.defined() ? matmul(out, base) : base;
    left /= 2;
    if (left == 0) return out;
    base = matmul(base, base);
  }
}

Tensor Tensor::inverse() const { return linalg_inv(*this); }
Tensor Tensor::det() const { return linalg_det(*this); }
std::tuple<Tensor, Tensor> Tensor::slogdet() const { return linalg_slogdet(*this); }
Tensor Tensor::logdet() const { return adjoint::logdet(*this); }
Tensor Tensor::matrix_power(int64_t n) const { return linalg_matrix_power(*this, n); }

}  // namespace adjoint
