// SPDX-License-Identifier: MIT
// add, sub, mul, div: values, gradients, in place.
//
// A backward formula gives gradients of the broadcast shape; the engine sums them to the shape of
// the operand that they belong to.
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constinit ScaledOp add_op{"add", {.dtypes = kAllDtypes}};
constinit ElementwiseOp mul_op{"mul", {.dtypes = kAllDtypes}};
constinit ElementwiseOp div_op{"div"};

bool is_one(const Scalar& s) { return s.toDouble() == 1; }

// ---- add and sub

// The digit is the overload's number in LibTorch: 1 where the other operand is a number.
struct AddBackward : Node {
  Scalar alpha_ = 1;

  const char* name() const override { return "AddBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    if (num_outputs() > 1 && task_should_compute_output(1))
      out[1] = is_one(alpha_) ? grads[0] : grads[0] * alpha_;
    if (task_should_compute_output(0)) out[0] = std::move(grads[0]);
    return out;
  }
};
struct AddScalarBackward final : AddBackward {
  const char* name() const override { return "AddBackward1"; }
};
/// self - alpha * other is self + (-alpha) * other.
struct SubBackward final : AddBackward {
  const char* name() const override { return "SubBackward0"; }
};
struct SubScalarBackward final : AddBackward {
  const char* name() const override { return "SubBackward1"; }
};
/// other - alpha * self
struct RsubBackward final : Node {
  Scalar alpha_ = 1;
  const char* name_ = "RsubBackward1";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override { return {grads[0] * -alpha_}; }
};

template <class Backward, class Other>
Tensor add_scaled(const Tensor& self, const Other& other, const Scalar& alpha) {
  ADJOINT_CHECK(!alpha.isFloatingPoint() || isFloatingType(result_type(self, other)),
                "For integral input tensors, argument alpha must not be a floating point number.");
  Tensor out = run_binary<const Scalar&>(add_op, self, other, false, false, alpha);
  if constexpr (std::is_same_v<Other, Tensor>) {
    if (needs_grad(self, other)) {
      auto node = make_node<Backward>(self, other);
      node->alpha_ = alpha;
      set_history(out, node);
    }
  } else if (needs_grad(self)) {
    set_history(out, make_node<Backward>(self));
  }
  return out;
}

template <class Backward, class Other>
void add_scaled_(const Tensor& self, const Other& other, const Scalar& alpha) {
  Stream stream = stream_for(self);
  if constexpr (std::is_same_v<Other, Tensor>) {
    Tensor operand = prepare_inplace(add_op, self, other);
    if (self.numel() != 0) add_op(stream, TensorIterator(self, self, operand), alpha);
    bump_version(self);
    if (needs_grad(self, other)) {
      auto node = make_node<Backward>(self, other);
      node->alpha_ = alpha;
      rebase_history(self, node);
    }
  } else {
    prepare_inplace(add_op, self, other);
    if (self.numel() != 0) add_op(stream, TensorIterator(self, self, other, self.dtype()), alpha);
    bump_version(self);
    if (needs_grad(self)) rebase_history(self, make_node<Backward>(self));
  }
}

void check_not_bool(bool is_bool) {
  ADJOINT_CHECK(!is_bool,
                "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
                "trying to invert a "
                "mask, use the `~` or `logical_not()` operator instead.");
}

void check_not_bool(const Tensor& self) { check_not_bool(self.dtype() == kBool); }
void check_not_bool(const Scalar& other) { check_not_bool(other.isBoolean()); }

// ---- mul

struct MulBackward final : Node {
  SavedTensor self_, other_;  // each only where the other's gradient is wanted

  const char* name() const override { return "MulBackward0"; }
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
struct MulScalarBackward final : Node {
  Scalar other_;
  const char* name() const override { return "MulBackward1"; }
  GradList apply(GradList&& grads) override { return {grads[0] * other_}; }
};

intrusive_ptr<Node> mul_node(const Tensor& self, const Tensor& other, const Tensor& saved_self) {
  auto node = make_node<MulBackward>(self, other);
  if (other.requires_grad()) node->self_.save(saved_self);
  if (self.requires_grad()) node->other_.save(other);
  return node;
}

// ---- div

struct DivBackward final : Node {
  SavedTensor self_, other_;

  const char* name() const override { return "DivBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    Tensor other = other_.unpack(*this);
    if (task_should_compute_output(0)) out[0] = grads[0] / other;
    if (task_should_compute_output(1)) out[1] = -grads[0] * ((self_.unpack(*this) / other) / other);
    return out;
  }
  void release_variables() override {
    self_.release();
    other_.release();
  }
};
struct DivScalarBackward final : Node {
  Scalar other_;
  const char* name() const override { return "DivBackward1"; }
  GradList apply(GradList&& grads) override { return {grads[0] / other_}; }
};
/// number / self
struct ReciprocalScaledBackward final : Node {
  Scalar numerator_;
  SavedTensor self_;
  const char* name() const override { return "DivBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this);
    return {-grads[0] * ((numerator_ / self) / self)};
  }
  void release_variables() override { self_.release(); }
};

intrusive_ptr<Node> div_node(const Tensor& self, const Tensor& other, const Tensor& saved_self) {
  auto node = make_node<DivBackward>(self, other);
  if (other.requires_grad()) node->self_.save(saved_self);
  node->other_.save(other);
  return node;
}

}  // namespace

void register_binary_ops(OpRegistry& registry) {
  registry.add(add_op);
  registry.add(mul_op);
  registry.add(div_op);
}

Tensor add(const Tensor& self, const Tensor& other, const Scalar& alpha) {
  return add_scaled<AddBackward>(self, other, alpha);
}
Tensor add(const Tensor& self, const Scalar& other, const Scalar& alpha) {
  return add_scaled<AddScalarBackward>(self, other, alpha);
}
Tensor sub(const Tensor& self, const Tensor& other, const Scalar& alpha) {
  check_not_bool(self);
  check_not_bool(other);
  return add_scaled<SubBackward>(self, other, -alpha);
}
Tensor sub(const Tensor& self, const Scalar& other, const Scalar& alpha) {
  check_not_bool(self);
  check_not_bool(other);
  return add_scaled<SubScalarBackward>(self, other, -alpha);
}

namespace {

Tensor rsub_named(const char* name, const Tensor& self, const Scalar& other, const Scalar& alpha) {
  check_not_bool(self);
  check_not_bool(other);
  Tensor out = run_binary<const Scalar&>(add_op, other, self, false, false, -alpha);
  if (needs_grad(self)) {
    auto node = make_node<RsubBackward>(self);
    node->alpha_ = alpha;
    node->name_ = name;
    set_history(out, node);
  }
  return out;
}

}  // namespace

Tensor rsub(const Tensor& self, const Scalar& other, const Scalar& alpha) {
  return rsub_named("RsubBackward1", self, other, alpha);
}
Tensor operator-(const Scalar& a, const Tensor& b) { return rsub_named("SubBackward0", b, a, 1); }

Tensor& Tensor::add_(const Tensor& other, const Scalar& alpha) const {
  add_scaled_<AddBackward>(*this, other, alpha);
  return const_cast<Tensor&>(*this);
}
Tensor& Tensor::add_(const Scalar& other, const Scalar& alpha) const {
  add_scaled_<AddScalarBackward>(*this, other, alpha);
  return const_cast<Tensor&>(*this);
}
Tensor& Tensor::sub_(const Tensor& other, const Scalar& alpha) const {
  check_not_bool(*this);
  add_scaled_<SubBackward>(*this, other, -alpha);
  return const_cast<Tensor&>(*this);
}
Tensor& Tensor::sub_(const Scalar& other, const Scalar& alpha) const {
  check_not_bool(*this);
  check_not_bool(other);
  add_scaled_<SubScalarBackward>(*this, other, -alpha);
  return const_cast<Tensor&>(*this);
}

Tensor mul(const Tensor& self, const Tensor& other) {
  Tensor out = run_binary(mul_op, self, other, false, false);
  if (needs_grad(self, other)) set_history(out, mul_node(self, other, self));
  return out;
}
Tensor mul(const Tensor& self, const Scalar& other) {
  Tensor out = run_binary(mul_op, self, other, false, false);
  if (needs_grad(self)) {
    auto node = make_node<MulScalarBackward>(self);
    node->other_ = other;
    set_history(out, node);
  }
  return out;
}
Tensor& Tensor::mul_(const Tensor& other) const {
  Tensor operand = prepare_inplace(mul_op, *this, other);
  Tensor kept = kept_operand(*this, other);
  Tensor before = needs_grad(other) ? clone() : *this;
  if (numel() != 0) mul_op(stream_for(*this), TensorIterator(*this, *this, operand));
  bump_version(*this);
  if (needs_grad(*this, other)) rebase_history(*this, mul_node(*this, kept, before));
  return const_cast<Tensor&>(*this);
}
Tensor& Tensor::mul_(const Scalar& other) const {
  prepare_inplace(mul_op, *this, other);
  if (numel() != 0) mul_op(stream_for(*this), TensorIterator(*this, *this, other, dtype()));
  bump_version(*this);
  if (needs_grad(*this)) {
    auto node = make_node<MulScalarBackward>(*this);
    node->other_ = other;
    rebase_history(*this, node);
  }
  return const_cast<Tensor&>(*this);
}

Tensor div(const Tensor& self, const Tensor& other) {
  Tensor out = run_binary(div_op, self, other, true, false);
  if (needs_grad(self, other)) set_history(out, div_node(self, other, self));
  return out;
}
Tensor div(const Tensor& self, const Scalar& other) {
  Tensor out = run_binary(div_op, self, other, true, false);
  if (needs_grad(self)) {
    auto node = make_node<DivScalarBackward>(self);
    node->other_ = other;
    set_history(out, node);
  }
  return out;
}
Tensor div(const Scalar& self, const Tensor& other) {
  Tensor out = run_binary(div_op, self, other, true, false);
  if (needs_grad(other)) {
    auto node = make_node<ReciprocalScaledBackward>(other);
    node->numerator_ = self;
    node->self_.save(other);
    set_history(out, node);
  }
  return out;
}
Tensor& Tensor::div_(const Tensor& other) const {
  Tensor operand = prepare_inplace(div_op, *this, other, true);
  Tensor kept = kept_operand(*this, other);
  Tensor before = needs_grad(other) ? clone() : *this;
  if (numel() != 0) div_op(stream_for(*this), TensorIterator(*this, *this, operand));
  bump_version(*this);
  if (needs_grad(*this, other)) rebase_history(*this, div_node(*this, kept, before));
  return const_cast<Tensor&>(*this);
}
Tensor& Tensor::div_(const Scalar& other) const {
  prepare_inplace(div_op, *this, other, true);
  if (numel() != 0) div_op(stream_for(*this), TensorIterator(*this, *this, other, dtype()));
  bump_version(*this);
  if (needs_grad(*this)) {
    auto node = make_node<DivScalarBackward>(*this);
    node->other_ = other;
    rebase_history(*this, node);
  }
  return const_cast<Tensor&>(*this);
}

}  // namespace adjoint
