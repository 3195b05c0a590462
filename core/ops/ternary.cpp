// SPDX-License-Identifier: MIT
// Functions of three elements: interpolation, and sums with a product or a quotient.
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// self, end, weight
constinit ElementwiseOp lerp_op{"lerp"};
/// self, end; the number is the weight.
constinit ScaledOp lerp_by_op{"lerp_by"};
/// self, tensor1, tensor2; the number scales the product, the quotient.
constinit ScaledOp addcmul_op{"addcmul", {.dtypes = kNumericDtypes}};
constinit ScaledOp addcdiv_op{"addcdiv"};

template <class... Args>
using TernaryOp = Op<void(const Stream&, const TensorIterator&, Args...)>;

template <class... Args>
Tensor run_ternary(const TernaryOp<Args...>& op, const Tensor& a, const Tensor& b, const Tensor& c,
                   Args... args) {
  check_same_device(op.name(), a, b);
  check_same_device(op.name(), a, c);
  ScalarType dtype =
      promoteTypes(result_type(a, b), promoteTypes(result_type(a, c), result_type(b, c)));
  check_dtype(op, dtype);
  Stream stream = stream_for(a);
  const DimVector sizes = broadcast_shapes(broadcast_shapes(a.sizes(), b.sizes()), c.sizes());
  Tensor out =
      a.sizes() == sizes ? make_output_like(a, dtype, stream) : make_output(sizes, dtype, stream);
  if (out.numel() != 0) {
    op(stream,
       TensorIterator(out, cast_input(a, dtype), cast_input(b, dtype), cast_input(c, dtype)),
       args...);
  }
  return out;
}

// ---- lerp

void check_lerp(const Tensor& self, const Tensor& end) {
  ADJOINT_CHECK(self.dtype() == end.dtype(), "expected dtype ", self.dtype(),
                " for `end` but got dtype ", end.dtype());
}
void check_lerp(const Tensor& self, const Tensor& end, const Tensor& weight) {
  check_lerp(self, end);
  ADJOINT_CHECK(self.dtype() == weight.dtype() || weight.dim() == 0, "expected dtype ",
                self.dtype(), " for `weight` but got dtype ", weight.dtype());
}

struct LerpByBackward final : Node {
  Scalar weight_;
  const char* name() const override { return "LerpBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(0)) out[0] = grads[0] * (1 - weight_.toDouble());
    if (task_should_compute_output(1)) out[1] = grads[0] * weight_;
    return out;
  }
};
struct LerpBackward final : Node {
  SavedTensor self_, end_, weight_;  // the first two where the weight's gradient is wanted
  const char* name() const override { return "LerpBackward1"; }
  GradList apply(GradList&& grads) override {
    GradList out(3);
    Tensor weight = weight_.unpack(*this);
    if (task_should_compute_output(0)) out[0] = grads[0] * (1 - weight);
    if (task_should_compute_output(1)) out[1] = grads[0] * weight;
    if (task_should_compute_output(2)) {
      out[2] = grads[0] * (end_.unpack(*this) - self_.unpack(*this));
    }
    return out;
  }
  void release_variables() override {
    self_.release();
    end_.release();
    weight_.release();
  }
};

intrusive_ptr<Node> lerp_node(const Tensor& self, const Tensor& end, const Scalar& weight) {
  auto node = make_node<LerpByBackward>(self, end);
  node->weight_ = weight;
  return node;
}
intrusive_ptr<Node> lerp_node(const Tensor& self, const Tensor& end, const Tensor& weight,
                              const Tensor& saved_self) {
  auto node = make_node<LerpBackward>(self, end, weight);
  node->weight_.save(weight);
  if (weight.requires_grad()) {
    node->self_.save(saved_self);
    node->end_.save(end);
  }
  return node;
}

// ---- addcmul and addcdiv

struct AddcmulBackward final : Node {
  Scalar value_;
  SavedTensor tensor1_, tensor2_;
  const char* name() const override { return "AddcmulBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(3);
    if (task_should_compute_output(1)) out[1] = grads[0] * (tensor2_.unpack(*this) * value_);
    if (task_should_compute_output(2)) out[2] = grads[0] * (tensor1_.unpack(*this) * value_);
    if (task_should_compute_output(0)) out[0] = std::move(grads[0]);
    return out;
  }
  void release_variables() override {
    tensor1_.release();
    tensor2_.release();
  }
};
struct AddcdivBackward final : Node {
  Scalar value_;
  SavedTensor tensor1_, tensor2_;
  const char* name() const override { return "AddcdivBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(3);
    Tensor divisor = tensor2_.unpack(*this);
    if (task_should_compute_output(1)) out[1] = grads[0] * (value_ / divisor);
    if (task_should_compute_output(2)) {
      out[2] = -grads[0] * (tensor1_.unpack(*this) / divisor * (value_ / divisor));
    }
    if (task_should_compute_output(0)) out[0] = std::move(grads[0]);
    return out;
  }
  void release_variables() override {
    tensor1_.release();
    tensor2_.release();
  }
};

template <class Backward>
intrusive_ptr<Node> sum_node(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
                             const Scalar& value) {
  auto node = make_node<Backward>(self, tensor1, tensor2);
  node->value_ = value;
  node->tensor1_.save(tensor1);
  node->tensor2_.save(tensor2);
  return node;
}

template <class Backward>
Tensor add_to(const ScaledOp& op, const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
              const Scalar& value) {
  Tensor out = run_ternary<const Scalar&>(op, self, tensor1, tensor2, value);
  ADJOINT_CHECK(!value.isFloatingPoint() || isFloatingType(out.dtype()),
                "For integral input tensors, argument value must not be a floating point number.");
  if (needs_grad(self, tensor1, tensor2)) {
    set_history(out, sum_node<Backward>(self, tensor1, tensor2, value));
  }
  return out;
}
template <class Backward>
Tensor& add_to_(const ScaledOp& op, const Tensor& self, const Tensor& tensor1,
                const Tensor& tensor2, const Scalar& value) {
  Tensor operand1 = prepare_inplace(op, self, tensor1);
  Tensor operand2 = prepare_inplace(op, self, tensor2);
  ADJOINT_CHECK(!value.isFloatingPoint() || isFloatingType(self.dtype()),
                "For integral input tensors, argument value must not be a floating point number.");
  bool record = needs_grad(self, tensor1, tensor2);
  Tensor kept1 = record ? kept_operand(self, tensor1) : tensor1;
  Tensor kept2 = record ? kept_operand(self, tensor2) : tensor2;
  if (self.numel() != 0) {
    op(stream_for(self), TensorIterator(self, self, operand1, operand2), value);
  }
  bump_version(self);
  if (record) rebase_history(self, sum_node<Backward>(self, kept1, kept2, value));
  return const_cast<Tensor&>(self);
}

}  // namespace

void register_ternary_ops(OpRegistry& registry) {
  registry.add(lerp_op);
  registry.add(lerp_by_op);
  registry.add(addcmul_op);
  registry.add(addcdiv_op);
}

Tensor lerp(const Tensor& self, const Tensor& end, const Tensor& weight) {
  check_lerp(self, end, weight);
  Tensor out = run_ternary(lerp_op, self, end, weight);
  if (needs_grad(self, end, weight)) set_history(out, lerp_node(self, end, weight, self));
  return out;
}
Tensor lerp(const Tensor& self, const Tensor& end, const Scalar& weight) {
  check_lerp(self, end);
  Tensor out = run_binary<const Scalar&>(lerp_by_op, self, end, false, false, weight);
  if (needs_grad(self, end)) set_history(out, lerp_node(self, end, weight));
  return out;
}
Tensor& Tensor::lerp_(const Tensor& end, const Tensor& weight) const {
  check_lerp(*this, end, weight);
  Tensor operand = prepare_inplace(lerp_op, *this, end);
  Tensor weights = prepare_inplace(lerp_op, *this, weight);
  bool record = needs_grad(*this, end, weight);
  Tensor kept_end = record ? kept_operand(*this, end) : end;
  Tensor kept_weight = record ? kept_operand(*this, weight) : weight;
  Tensor before = needs_grad(weight) ? clone() : *this;
  if (numel() != 0) lerp_op(stream_for(*this), TensorIterator(*this, *this, operand, weights));
  bump_version(*this);
  if (record) rebase_history(*this, lerp_node(*this, kept_end, kept_weight, before));
  return const_cast<Tensor&>(*this);
}
Tensor& Tensor::lerp_(const Tensor& end, const Scalar& weight) const {
  check_lerp(*this, end);
  Tensor operand = prepare_inplace(lerp_by_op, *this, end);
  if (numel() != 0) lerp_by_op(stream_for(*this), TensorIterator(*this, *this, operand), weight);
  bump_version(*this);
  if (needs_grad(*this, end)) rebase_history(*this, lerp_node(*this, end, weight));
  return const_cast<Tensor&>(*this);
}

Tensor addcmul(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
               const Scalar& value) {
  return add_to<AddcmulBackward>(addcmul_op, self, tensor1, tensor2, value);
}
Tensor addcdiv(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
               const Scalar& value) {
  return add_to<AddcdivBackward>(addcdiv_op, self, tensor1, tensor2, value);
}
Tensor& Tensor::addcmul_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value) const {
  return add_to_<AddcmulBackward>(addcmul_op, *this, tensor1, tensor2, value);
}
Tensor& Tensor::addcdiv_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value) const {
  return add_to_<AddcdivBackward>(addcdiv_op, *this, tensor1, tensor2, value);
}

}  // namespace adjoint
