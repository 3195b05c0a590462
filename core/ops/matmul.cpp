// SPDX-License-Identifier: MIT
// Matrix products: mm, bmm, addmm, linear, and matmul, which is made of them.
#include "core/autograd/flat_parameters.h"
#include "core/dispatch/grad_write.h"
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

/// out [n, m] (dense rows) = a [n, k] x b [k, m] + bias [m]; bias may be undefined; any strides.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& a, const Tensor& b,
                  const Tensor& bias, GradWrite)>
    mm_op{"mm", {.dtypes = kNumericDtypes}};
/// out [n, m] = a [n, k] x b [k, m], and the sums of a's rows: both gradients of a linear layer's
/// parameters. `sums` is TensorIterator::reduction(row_sums, a), row_sums being [n, 1].
constinit Op<void(const Stream&, const Tensor& out, const Tensor& row_sums,
                  const TensorIterator& sums, const Tensor& a, const Tensor& b)>
    mm_with_row_sums_op{"mm_with_row_sums", {.differentiable = false, .backward_of = "mm"}};
/// out [b, n, m] = a [b, n, k] x b [b, k, m]
constinit Op<void(const Stream&, const Tensor& out, const Tensor& a, const Tensor& b, GradWrite)>
    bmm_op{"bmm", {.dtypes = kNumericDtypes}};

void check_operands(const OpDef& op, const Tensor& a, const Tensor& b) {
  check_same_device(op.name(), a, b);
  ADJOINT_CHECK(a.dtype() == b.dtype(),
                "expected m1 and m2 to have the same dtype, but got: ", dtype_name(a.dtype()),
                " != ", dtype_name(b.dtype()));
  check_dtype(op, a.dtype());
}

void check_mm(const char* op, const Tensor& a, const Tensor& b) {
  ADJOINT_CHECK(a.dim() == 2, op, ": self must be a matrix, got ", a.dim(), "-D tensor");
  ADJOINT_CHECK(b.dim() == 2, op, ": mat2 must be a matrix, got ", b.dim(), "-D tensor");
  ADJOINT_CHECK(a.size(1) == b.size(0), op, ": mat1 and mat2 shapes cannot be multiplied (",
                a.size(0), "x", a.size(1), " and ", b.size(0), "x", b.size(1), ")");
  check_operands(mm_op, a, b);
}

/// Into `out`, where it is defined.
Tensor run_mm(const Tensor& a, const Tensor& b, const Tensor& bias, Tensor out = {}) {
  if (!out.defined()) out = make_output({a.sizes()[0], b.sizes()[1]}, a.dtype(), stream_for(a));
  if (out.numel() != 0) mm_op(stream_for(a), out, a, b, bias, GradWrite::Overwrite);
  return out;
}

struct MmBackward final : Node {
  SavedTensor self_, mat2_;
  const char* name() const override { return "MmBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(0)) out[0] = grads[0].mm(mat2_.unpack(*this).t());
    if (task_should_compute_output(1)) out[1] = self_.unpack(*this).t().mm(grads[0]);
    return out;
  }
  void release_variables() override {
    self_.release();
    mat2_.release();
  }
};

struct BmmBackward final : Node {
  SavedTensor self_, mat2_;
  const char* name() const override { return "BmmBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(0)) out[0] = grads[0].bmm(mat2_.unpack(*this).transpose(1, 2));
    if (task_should_compute_output(1)) out[1] = self_.unpack(*this).transpose(1, 2).bmm(grads[0]);
    return out;
  }
  void release_variables() override {
    self_.release();
    mat2_.release();
  }
};

/// beta * self + alpha * mat1 x mat2; the engine sums the gradient of a broadcast self.
struct AddmmBackward final : Node {
  SavedTensor mat1_, mat2_;
  Scalar beta_ = 1, alpha_ = 1;
  const char* name() const override { return "AddmmBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(3);
    Tensor scaled = alpha_.toDouble() == 1 ? grads[0] : grads[0] * alpha_;
    if (task_should_compute_output(1)) out[1] = scaled.mm(mat2_.unpack(*this).t());
    if (task_should_compute_output(2)) out[2] = mat1_.unpack(*this).t().mm(scaled);
    if (task_should_compute_output(0))
      out[0] = beta_.toDouble() == 1 ? std::move(grads[0]) : grads[0] * beta_;
    return out;
  }
  void release_variables() override {
    mat1_.release();
    mat2_.release();
  }
};

/// input [n, in] x weight [out, in]^T + bias: one node, with no transposed view between.
struct LinearBackward final : Node {
  SavedTensor input_, weight_;
  const char* name() const override { return num_outputs() > 2 ? "AddmmBackward0" : "MmBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    if (task_should_compute_output(0)) out[0] = grads[0].mm(weight_.unpack(*this));
    const bool weight = task_should_compute_output(1),
               bias = num_outputs() > 2 && task_should_compute_output(2);
    if (weight && bias && !GradMode::is_enabled() && grads[0].numel() != 0) {
      out[1] = detail::claim_gradient_place(*this, 1);
      out[2] = detail::claim_gradient_place(*this, 2);
      parameter_gradients(grads[0], input_.unpack(*this), out[1], out[2]);
      return out;
    }
    if (weight && !GradMode::is_enabled()) {
      out[1] = run_mm(grads[0].t(), input_.unpack(*this), Tensor(),
                      detail::claim_gradient_place(*this, 1));
    } else if (weight) {
      out[1] = grads[0].t().mm(input_.unpack(*this));
    }
    if (bias) out[2] = grads[0].sum({0});
    return out;
  }
  /// Into `weight` and `bias`, where they are defined.
  static void parameter_gradients(const Tensor& grad, const Tensor& input, Tensor& weight,
                                  Tensor& bias) {
    const Stream stream = stream_for(grad);
    const Tensor rows = grad.t();
    const int64_t n = rows.sizes()[0];
    if (!weight.defined()) weight = make_output({n, input.sizes()[1]}, grad.dtype(), stream);
    const bool has_place = bias.defined();
    const Tensor sums = has_place ? bias.view({n, 1}) : make_output({n, 1}, grad.dtype(), stream);
    mm_with_row_sums_op(stream, weight, sums, TensorIterator::reduction(sums, rows), rows, input);
    if (!has_place) bias = sums.view({n});
  }
  void release_variables() override {
    input_.release();
    weight_.release();
  }
};

/// [n, m] x [m]
struct MvBackward final : Node {
  SavedTensor self_, vec_;  // each only where the other's gradient is wanted
  const char* name() const override { return "MvBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(0)) out[0] = outer(grads[0], vec_.unpack(*this));
    if (task_should_compute_output(1)) out[1] = self_.unpack(*this).t().mv(grads[0]);
    return out;
  }
  void release_variables() override {
    self_.release();
    vec_.release();
  }
};

struct DotBackward final : Node {
  SavedTensor self_, other_;  // each only where the other's gradient is wanted
  const char* name() const override { return "DotBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(0)) out[0] = grads[0] * other_.unpack(*this);
    if (task_should_compute_output(1)) out[1] = grads[0] * self_.unpack(*this);
    return out;
  }
  void release_variables() override {
    self_.release();
    other_.release();
  }
};

}  // namespace

void register_matmul_ops(OpRegistry& registry) {
  registry.add(mm_op);
  registry.add(mm_with_row_sums_op);
  registry.add(bmm_op);
}

Tensor mm(const Tensor& self, const Tensor& mat2) {
  check_mm("mm", self, mat2);
  Tensor out = run_mm(self, mat2, Tensor());
  if (needs_grad(self, mat2)) {
    auto node = make_node<MmBackward>(self, mat2);
    if (mat2.requires_grad()) node->self_.save(self);
    if (self.requires_grad()) node->mat2_.save(mat2);
    set_history(out, node);
  }
  return out;
}

Tensor bmm(const Tensor& self, const Tensor& mat2) {
  ADJOINT_CHECK(self.dim() == 3, "bmm: batch1 must be a 3D tensor, got ", self.dim(), "D");
  ADJOINT_CHECK(mat2.dim() == 3, "bmm: batch2 must be a 3D tensor, got ", mat2.dim(), "D");
  ADJOINT_CHECK(self.size(0) == mat2.size(0) && self.size(2) == mat2.size(1),
                "Expected size for first two dimensions of batch2 tensor to be: [", self.size(0),
                ", ", self.size(2), "] but got: [", mat2.size(0), ", ", mat2.size(1), "].");
  check_operands(bmm_op, self, mat2);
  Tensor out =
      make_output({self.size(0), self.size(1), mat2.size(2)}, self.dtype(), stream_for(self));
  if (out.numel() != 0) bmm_op(stream_for(self), out, self, mat2, GradWrite::Overwrite);
  if (needs_grad(self, mat2)) {
    auto node = make_node<BmmBackward>(self, mat2);
    if (mat2.requires_grad()) node->self_.save(self);
    if (self.requires_grad()) node->mat2_.save(mat2);
    set_history(out, node);
  }
  return out;
}

Tensor addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
             const Scalar& alpha) {
  check_mm("addmm", mat1, mat2);
  check_operands(mm_op, self, mat1);
  DimVector sizes{mat1.size(0), mat2.size(1)};
  DimVector common = broadcast_shapes(self.sizes(), sizes);
  ADJOINT_CHECK(IntArrayRef(common) == IntArrayRef(sizes), "addmm: expected self to broadcast to ",
                IntArrayRef(sizes), ", got ", self.sizes());
  Tensor out;
  {
    NoGradGuard no_grad;
    bool plain = beta.toDouble() == 1 && alpha.toDouble() == 1;
    if (plain && self.dim() == 1 && self.size(0) == sizes[1] && self.is_contiguous()) {
      out = run_mm(mat1, mat2, self);
    } else {
      out = run_mm(mat1, mat2, Tensor());
      if (alpha.toDouble() != 1) out.mul_(alpha);
      if (beta.toDouble() != 0) out.add_(self, beta);
    }
  }
  if (needs_grad(self, mat1, mat2)) {
    auto node = make_node<AddmmBackward>(self, mat1, mat2);
    node->beta_ = beta;
    node->alpha_ = alpha;
    if (mat2.requires_grad()) node->mat1_.save(mat1);
    if (mat1.requires_grad()) node->mat2_.save(mat2);
    set_history(out, node);
  }
  return out;
}

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  ADJOINT_CHECK(weight.dim() == 2, "linear: expected weight to be a matrix [out, in], got ",
                weight.sizes());
  ADJOINT_CHECK(input.dim() >= 1 && input.size(-1) == weight.size(1),
                "linear: mat1 and mat2 shapes cannot be multiplied (input ", input.sizes(),
                " and weight ", weight.sizes(), "): expected input of ", weight.size(1),
                " features");
  if (input.dim() != 2) {
    DimVector sizes = input.sizes();
    sizes[sizes.size() - 1] = weight.size(0);
    return linear(input.reshape({-1, input.size(-1)}), weight, bias).reshape(sizes);
  }
  check_operands(mm_op, input, weight);
  if (bias.defined()) {
    check_operands(mm_op, input, bias);
    ADJOINT_CHECK(bias.dim() == 1 && bias.size(0) == weight.size(0),
                  "linear: expected bias of shape [", weight.size(0), "], got ", bias.sizes());
  }
  Tensor out;
  {
    NoGradGuard no_grad;
    out = run_mm(input, weight.t(), bias.defined() ? bias.contiguous() : bias);
  }
  if (needs_grad(input, weight, bias)) {
    auto node = bias.defined() ? make_node<LinearBackward>(input, weight, bias)
                               : make_node<LinearBackward>(input, weight);
    if (weight.requires_grad()) node->input_.save(input);
    if (input.requires_grad()) node->weight_.save(weight);
    set_history(out, node);
  }
  return out;
}

Tensor mv(const Tensor& self, const Tensor& vec) {
  ADJOINT_CHECK(self.dim() == 2 && vec.dim() == 1, "vector + matrix @ vector expected, got 1, ",
                self.dim(), ", ", vec.dim());
  ADJOINT_CHECK(self.size(1) == vec.size(0), "size mismatch, got input (", self.size(0), "), mat (",
                self.size(0), "x", self.size(1), "), vec (", vec.size(0), ")");
  Tensor out;
  {
    NoGradGuard no_grad;
    out = mm(self, vec.unsqueeze(1)).reshape({self.size(0)});
  }
  if (needs_grad(self, vec)) {
    auto node = make_node<MvBackward>(self, vec);
    if (vec.requires_grad()) node->self_.save(self);
    if (self.requires_grad()) node->vec_.save(vec);
    set_history(out, node);
  }
  return out;
}

Tensor dot(const Tensor& self, const Tensor& other) {
  ADJOINT_CHECK(self.dim() == 1 && other.dim() == 1, "1D tensors expected, but got ", self.dim(),
                "D and ", other.dim(), "D tensors");
  ADJOINT_CHECK(self.size(0) == other.size(0), "inconsistent tensor size, expected tensor ",
                self.sizes(), " and src ", other.sizes(),
                " to have the same number of elements, but got ", self.numel(), " and ",
                other.numel(), " elements respectively");
  Tensor out;
  {
    NoGradGuard no_grad;
    out = mm(self.unsqueeze(0), other.unsqueeze(1)).reshape({});
  }
  if (needs_grad(self, other)) {
    auto node = make_node<DotBackward>(self, other);
    if (other.requires_grad()) node->self_.save(self);
    if (self.requires_grad()) node->other_.save(other);
    set_history(out, node);
  }
  return out;
}

Tensor outer(const Tensor& self, const Tensor& other) {
  ADJOINT_CHECK(self.dim() == 1 && other.dim() == 1,
                "outer: Expected 1-D arguments self and vec2, but got ", self.dim(), "D and ",
                other.dim(), "D tensors");
  return self.unsqueeze(1) * other;
}

Tensor matmul(const Tensor& self, const Tensor& other) {
  ADJOINT_CHECK(self.dim() > 0 && other.dim() > 0,
                "both arguments to matmul need to be at least 1D, but they are ", self.dim(),
                "D and ", other.dim(), "D");
  if (self.dim() == 1 && other.dim() == 1) {
    return dot(self, other);
  }
  if (self.dim() == 1) return matmul(self.unsqueeze(0), other).squeeze(-2);
  if (other.dim() == 1 && self.dim() == 2) return mv(self, other);
  if (other.dim() == 1) return matmul(self, other.unsqueeze(1)).squeeze(-1);
  if (self.dim() == 2 && other.dim() == 2) return mm(self, other);
  if (other.dim() == 2) {
    DimVector sizes = self.sizes();
    sizes[sizes.size() - 1] = other.size(1);
    return self.reshape({-1, self.size(-1)}).mm(other).reshape(sizes);
  }
  DimVector batch = broadcast_shapes(self.sizes().slice(0, size_t(self.dim() - 2)),
                                     other.sizes().slice(0, size_t(other.dim() - 2)));
  auto batched = [&](const Tensor& t) {
    DimVector sizes = batch;
    sizes.push_back(t.size(-2));
    sizes.push_back(t.size(-1));
    return t.expand(sizes).reshape({numel_of(batch), t.size(-2), t.size(-1)});
  };
  DimVector sizes = batch;
  sizes.push_back(self.size(-2));
  sizes.push_back(other.size(-1));
  return batched(self).bmm(batched(other)).reshape(sizes);
}

}  // namespace adjoint
