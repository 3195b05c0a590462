// SPDX-License-Identifier: MIT
// Decompositions into orthogonal matrices: QR, eigenvectors, singular vectors; the pseudo-inverse.
#include <algorithm>
#include <limits>

#include "core/ops/decomposition.h"

namespace adjoint {
namespace {

/// self [*, m, n] = q [*, m, kq] r [*, kr, n]; q may be undefined. All dense.
constinit Op<void(const Stream&, const Tensor& q, const Tensor& r, const Tensor& self)> qr_op{
    "qr", {.dtypes = kDecomposedDtypes}};
/// Rising eigenvalues [*, n] and eigenvectors, in columns, of the symmetric matrices whose lower
/// triangles self [*, n, n] has; NaN where an element is not finite. All dense.
constinit Op<void(const Stream&, const Tensor& values, const Tensor& vectors, const Tensor& self)>
    eigh_op{"eigh", {.dtypes = kDecomposedDtypes}};
/// self [*, m, n], m >= n, = u [*, m, n] diag(s [*, n]) v [*, n, n]^T, s falling; info [*] is 1,
/// and the rest NaN, where an element is not finite. All dense.
constinit Op<void(const Stream&, const Tensor& u, const Tensor& s, const Tensor& v,
                  const Tensor& info, const Tensor& self)>
    svd_op{"svd", {.dtypes = kDecomposedDtypes}};

Tensor diagonal_mask(int64_t n, const Tensor& like) { return eye(n, like.options().dtype(kBool)); }
/// The sum of what is there of a and b.
Tensor sum_of(const Tensor& a, const Tensor& b) {
  return !a.defined() ? b : !b.defined() ? a : a + b;
}

Tensor skew(const Tensor& x) { return x - x.mT(); }

// ---- QR

/// M. Seeger et al., "Auto-differentiating linear algebra", 2017, section 3: with
/// M = R gR^T - gQ^T Q, (gQ + Q copyltu(M)) R^-T, copyltu being the symmetric matrix of M's lower
/// triangle. Of a wide matrix [X Y] this is X's, Y being Q V with V behind R's square part.
struct LinalgQrBackward final : Node {
  enum class Mode { Reduced, Complete, R };
  Mode mode_ = Mode::Reduced;
  int64_t rows_ = 0, columns_ = 0;
  SavedTensor a_, q_, r_;

  const char* name() const override { return "LinalgQrBackward0"; }
  GradList apply(GradList&& grads) override {
    ADJOINT_CHECK(mode_ != Mode::R,
                  "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. "
                  "Please use linalg.qr(A, mode='reduced') if you are going to differentiate "
                  "through linalg.qr.");
    ADJOINT_CHECK(mode_ != Mode::Complete || rows_ <= columns_,
                  "The QR decomposition is not differentiable when mode='complete' and nrows > "
                  "ncols.");
    Tensor grad_q = grads[0], grad_r = grads[1];
    if (!grad_q.defined() && !grad_r.defined()) return GradList(1);
    const Tensor q = q_.unpack(*this), r = r_.unpack(*this);
    if (rows_ >= columns_) return {square(grad_q, grad_r, q, r)};
    const int64_t behind = columns_ - rows_;
    Tensor grad_v;
    if (grad_r.defined()) {
      grad_v = grad_r.narrow(-1, rows_, behind);
      grad_r = grad_r.narrow(-1, 0, rows_);
      const Tensor y = a_.unpack(*this).narrow(-1, rows_, behind);
      grad_q = sum_of(grad_q, matmul(y, grad_v.mT()));
    }
    const Tensor x = square(grad_q, grad_r, q, r.narrow(-1, 0, rows_));
    const Tensor y =
        grad_v.defined() ? matmul(q, grad_v) : zeros(batch_with(q, {rows_, behind}), q.options());
    return {cat({x, y}, -1)};
  }
  void release_variables() override {
    a_.release();
    q_.release();
    r_.release();
  }

 private:
  static Tensor square(const Tensor& grad_q, const Tensor& grad_r, const Tensor& q,
                       const Tensor& r) {
    Tensor m;
    if (grad_r.defined()) m = matmul(r, grad_r.mT());
    if (grad_q.defined()) m = sum_of(m, neg(matmul(grad_q.mT(), q)));
    const Tensor symmetric = tril(m) + tril(m, -1).mT();
    const Tensor change = sum_of(grad_q, matmul(q, symmetric));
    return linalg_solve_triangular(r.mT(), change, /*upper=*/false, /*left=*/false);
  }
};

std::tuple<Tensor, Tensor> run_qr(const Tensor& self, int64_t kq, int64_t kr) {
  NoGradGuard no_grad;
  const int64_t m = self.size(-2), n = self.size(-1);
  const Stream stream = stream_for(self);
  Tensor q = kq == 0 ? Tensor() : make_output(batch_with(self, {m, kq}), self.dtype(), stream);
  Tensor r = make_output(batch_with(self, {kr, n}), self.dtype(), stream);
  if (self.numel() != 0) {
    qr_op(stream, q, r, self.contiguous());
  } else if (q.defined()) {
    q.copy_(eye(m, kq, q.options()));
  }
  return {q.defined() ? q : make_output({0}, self.dtype(), stream), r};
}

// ---- Eigenvectors

/// M. Giles, 2008, section 3.1: V (diag(gL) + (V^T gV) / E) V^T, E_ij = L_j - L_i; the symmetric
/// part of it.
struct LinalgEighBackward final : Node {
  SavedTensor values_, vectors_;

  const char* name() const override { return "LinalgEighBackward0"; }
  GradList apply(GradList&& grads) override {
    const Tensor grad_values = grads[0], grad_vectors = grads[1];
    if (!grad_values.defined() && !grad_vectors.defined()) return GradList(1);
    const Tensor v = vectors_.unpack(*this);
    if (!grad_vectors.defined()) return {matmul(v * grad_values.unsqueeze(-2), v.mT())};
    const Tensor l = values_.unpack(*this), mask = diagonal_mask(l.size(-1), l);
    const Tensor gaps = masked_fill(l.unsqueeze(-2) - l.unsqueeze(-1), mask, 1);
    Tensor middle = skew(matmul(v.mT(), grad_vectors)) * 0.5 / gaps;
    if (grad_values.defined()) middle = middle + diag_embed(grad_values);
    return {matmul(matmul(v, middle), v.mT())};
  }
  void release_variables() override {
    values_.release();
    vectors_.release();
  }
};

std::tuple<Tensor, Tensor> eigh_of(const char* op, const Tensor& self, std::string_view uplo) {
  check_square(op, self);
  ADJOINT_CHECK(uplo == "L" || uplo == "l" || uplo == "U" || uplo == "u",
                "Expected UPLO argument to be 'L' or 'U', but got ", uplo);
  const bool upper = uplo == "U" || uplo == "u";
  const Stream stream = stream_for(self);
  Tensor values = make_output(batch_with(self, {self.size(-1)}), self.dtype(), stream);
  Tensor vectors = make_output(self.sizes(), self.dtype(), stream);
  if (self.numel() != 0) {
    NoGradGuard no_grad;
    eigh_op(stream, values, vectors, (upper ? self.mT() : self).contiguous());
  }
  if (needs_grad(self)) {
    auto node = make_node<LinalgEighBackward>(self);
    set_history(values, node);
    set_history(vectors, node);
    node->values_.save_output(values);
    node->vectors_.save_output(vectors);
  }
  return {values, vectors};
}

// ---- Singular vectors

/// J. Townsend, "Differentiating the singular value decomposition", 2016, equations 10 to 13:
/// U ((skew(U^T gU) / E) S + S (skew(V^T gV) / E) + diag(gS)) V^T, E_ij = S_j^2 - S_i^2, and what
/// lies beside the spaces of U and of V: (1 - U U^T) gU S^-1 V^T and U S^-1 gV^T (1 - V V^T).
struct LinalgSvdBackward final : Node {
  SavedTensor u_, s_, vh_;

  const char* name() const override { return "LinalgSvdBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor grad_u = grads[0], grad_s = grads[1], grad_vh = grads[2];
    if (!grad_u.defined() && !grad_s.defined() && !grad_vh.defined()) return GradList(1);
    Tensor u = u_.unpack(*this), s = s_.unpack(*this), vh = vh_.unpack(*this);
    const int64_t k = s.size(-1), m = u.size(-2), n = vh.size(-1);
    u = u.narrow(-1, 0, k);
    vh = vh.narrow(-2, 0, k);
    if (!grad_u.defined() && !grad_vh.defined()) {
      return {matmul(u * grad_s.unsqueeze(-2), vh)};
    }
    const Tensor mask = diagonal_mask(k, s), squares = s * s, row = s.unsqueeze(-2);
    const Tensor gaps = masked_fill(squares.unsqueeze(-2) - squares.unsqueeze(-1), mask, 1);
    Tensor middle, beside;
    if (grad_s.defined()) middle = diag_embed(grad_s);
    if (grad_u.defined()) {
      grad_u = grad_u.narrow(-1, 0, k);
      const Tensor product = matmul(u.mT(), grad_u);
      middle = sum_of(middle, skew(product) / gaps * row);
      if (m > k) beside = matmul((grad_u - matmul(u, product)) / row, vh);
    }
    if (grad_vh.defined()) {
      grad_vh = grad_vh.narrow(-2, 0, k);
      const Tensor product = matmul(vh, grad_vh.mT());
      middle = sum_of(middle, s.unsqueeze(-1) * (skew(product) / gaps));
      if (n > k) beside = sum_of(beside, matmul(u / row, grad_vh - matmul(product.mT(), vh)));
    }
    return {sum_of(matmul(matmul(u, middle), vh), beside)};
  }
  void release_variables() override {
    u_.release();
    s_.release();
    vh_.release();
  }
};

/// `q` with more columns, so that it is square and orthogonal.
Tensor completed(const Tensor& q) {
  const int64_t m = q.size(-2), k = q.size(-1);
  if (m == k) return q;
  const Tensor all = std::get<0>(run_qr(q, m, m));
  return cat({q, all.narrow(-1, k, m - k)}, -1);
}

struct Svd {
  Tensor u, s, vh;
};
Svd svd_of(const char* op, const Tensor& self, bool full) {
  check_matrices(op, self);
  const int64_t m = self.size(-2), n = self.size(-1), k = std::min(m, n), large = std::max(m, n);
  const Stream stream = stream_for(self);
  Svd out;
  Tensor info = make_output(batch_with(self, {}), kInt, stream);
  {
    NoGradGuard no_grad;
    Tensor u = make_output(batch_with(self, {large, k}), self.dtype(), stream);
    Tensor v = make_output(batch_with(self, {k, k}), self.dtype(), stream);
    out.s = make_output(batch_with(self, {k}), self.dtype(), stream);
    if (self.numel() != 0) {
      svd_op(stream, u, out.s, v, info, (m < n ? self.mT() : self).contiguous());
    } else {
      info.zero_();
    }
    if (full) u = completed(u);
    out.u = m < n ? v : u;
    out.vh = (m < n ? u : v).mT().contiguous();
  }
  if (const Failure failure = find_failure(op, info)) {
    detail::fail<LinAlgError>(op, ": ", failure.where,
                              "The algorithm failed to converge because the input matrix contained "
                              "non-finite values.");
  }
  if (needs_grad(self)) {
    auto node = make_node<LinalgSvdBackward>(self);
    set_history(out.u, node);
    set_history(out.s, node);
    set_history(out.vh, node);
    node->u_.save_output(out.u);
    node->s_.save_output(out.s);
    node->vh_.save_output(out.vh);
  }
  return out;
}

void check_driver(const std::optional<std::string_view>& driver) {
  ADJOINT_CHECK(!driver, "torch.linalg.svd: keyword argument `driver=` is not supported");
}

// ---- Ranks and the pseudo-inverse

/// Up to which magnitude a singular value counts as 0: [*, 1].
Tensor threshold_of(const Tensor& self, const Tensor& magnitudes, std::optional<double> atol,
                    std::optional<double> rtol) {
  const double epsilon = self.dtype() == kFloat ? double(std::numeric_limits<float>::epsilon())
                                                : std::numeric_limits<double>::epsilon();
  const double least = atol.value_or(0);
  const double relative = rtol        ? *rtol
                          : least > 0 ? 0
                                      : epsilon * double(std::max(self.size(-1), self.size(-2)));
  return (amax(magnitudes, {-1}, true) * relative).clamp_min(least);
}

/// G. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
/// problems whose variables separate", 1973, theorem 4.3, turned to gradients.
struct LinalgPinvBackward final : Node {
  SavedTensor self_, result_;

  const char* name() const override { return "LinalgPinvBackward0"; }
  GradList apply(GradList&& grads) override {
    if (!grads[0].defined()) return GradList(1);
    const Tensor a = self_.unpack(*this), p = result_.unpack(*this), pt = p.mT();
    const Tensor gt = grads[0].mT();
    const Tensor along = matmul(matmul(pt, grads[0]), pt);
    const Tensor left = matmul(matmul(gt, p), pt), right = matmul(matmul(pt, p), gt);
    return {left - matmul(a, matmul(p, left)) + right - matmul(matmul(right, p), a) - along};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }
};

}  // namespace

void register_orthogonal_ops(OpRegistry& registry) {
  registry.add(qr_op);
  registry.add(eigh_op);
  registry.add(svd_op);
}

std::tuple<Tensor, Tensor> linalg_qr(const Tensor& a, std::string_view mode) {
  using Mode = LinalgQrBackward::Mode;
  check_matrices("linalg.qr", a);
  ADJOINT_CHECK(mode == "reduced" || mode == "complete" || mode == "r",
                "qr received unrecognized mode '", mode,
                "' but expected one of 'reduced' (default), 'r', or 'complete'");
  const Mode which = mode == "reduced" ? Mode::Reduced : mode == "r" ? Mode::R : Mode::Complete;
  const int64_t m = a.size(-2), n = a.size(-1), k = std::min(m, n);
  const int64_t rank = which == Mode::Complete ? m : k;
  auto [q, r] = run_qr(a, which == Mode::R ? 0 : rank, rank);
  if (which != Mode::R && q.dim() == 1)
    q = make_output(batch_with(a, {m, rank}), a.dtype(), stream_for(a));
  if (needs_grad(a)) {
    auto node = make_node<LinalgQrBackward>(a);
    node->mode_ = which;
    node->rows_ = m;
    node->columns_ = n;
    if (n > m) node->a_.save(a);
    set_history(q, node);
    set_history(r, node);
    node->q_.save_output(q);
    node->r_.save_output(r);
  }
  return {q, r};
}

std::tuple<Tensor, Tensor> linalg_eigh(const Tensor& self, std::string_view uplo) {
  return eigh_of("linalg.eigh", self, uplo);
}
Tensor linalg_eigvalsh(const Tensor& self, std::string_view uplo) {
  return std::get<0>(eigh_of("linalg.eigh", self, uplo));
}

std::tuple<Tensor, Tensor, Tensor> linalg_svd(const Tensor& a, bool full_matrices,
                                              std::optional<std::string_view> driver) {
  check_driver(driver);
  Svd out = svd_of("linalg.svd", a, full_matrices);
  return {out.u, out.s, out.vh};
}
Tensor linalg_svdvals(const Tensor& a, std::optional<std::string_view> driver) {
  check_driver(driver);
  return svd_of("linalg.svd", a, false).s;
}

std::tuple<Tensor, Tensor, Tensor> svd(const Tensor& self, bool some, bool compute_uv) {
  Svd out = svd_of("linalg.svd", self, compute_uv && !some);
  if (compute_uv) return {out.u, out.s, out.vh.mT()};
  const int64_t m = self.size(-2), n = self.size(-1);
  return {zeros(batch_with(self, {m, m}), self.options()), out.s,
          zeros(batch_with(self, {n, n}), self.options())};
}

Tensor linalg_pinv(const Tensor& self, std::optional<double> atol, std::optional<double> rtol,
                   bool hermitian) {
  check_matrices("linalg.pinv", self);
  Tensor out;
  {
    NoGradGuard no_grad;
    if (self.numel() == 0) {
      out = zeros(batch_with(self, {self.size(-1), self.size(-2)}), self.options());
    } else if (hermitian) {
      auto [l, v] = linalg_eigh(self);
      const Tensor size = abs(l), none = le(size, threshold_of(self, size, atol, rtol));
      const Tensor inverse = masked_fill(1 / masked_fill(l, none, 1), none, 0);
      out = matmul(v * inverse.unsqueeze(-2), v.mT());
    } else {
      const Svd svd = svd_of("linalg.svd", self, false);
      const Tensor none = le(svd.s, threshold_of(self, svd.s, atol, rtol));
      const Tensor inverse = masked_fill(1 / masked_fill(svd.s, none, 1), none, 0);
      out = matmul(svd.vh.mT() * inverse.unsqueeze(-2), svd.u.mT());
    }
  }
  if (needs_grad(self)) {
    auto node = make_node<LinalgPinvBackward>(self);
    node->self_.save(self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}
Tensor linalg_pinv(const Tensor& self, double rcond, bool hermitian) {
  return linalg_pinv(self, 0.0, rcond, hermitian);
}

Tensor linalg_matrix_rank(const Tensor& self, std::optional<double> atol,
                          std::optional<double> rtol, bool hermitian) {
  NoGradGuard no_grad;
  check_matrices("linalg.matrix_rank", self);
  if (self.numel() == 0) return zeros(batch_with(self, {}), self.options().dtype(kLong));
  const Tensor s = hermitian ? abs(linalg_eigvalsh(self)) : linalg_svdvals(self);
  return gt(s, threshold_of(self, s, atol, rtol)).sum({-1});
}
Tensor linalg_matrix_rank(const Tensor& self, double tol, bool hermitian) {
  return linalg_matrix_rank(self, tol, 0.0, hermitian);
}

std::tuple<Tensor, Tensor, Tensor> Tensor::svd(bool some, bool compute_uv) const {
  return adjoint::svd(*this, some, compute_uv);
}
Tensor Tensor::pinverse(double rcond) const { return adjoint::pinverse(*this, rcond); }

}  // namespace adjoint
