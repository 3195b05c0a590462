// SPDX-License-Identifier: MIT
// Rounded quotients and what they leave.
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

// On the CPU an integer divisor of 0 throws Error, on others the result is 0.
constinit ElementwiseOp fmod_op{"fmod", {.dtypes = kNumericDtypes}};
constinit ElementwiseOp remainder_op{"remainder", {.dtypes = kNumericDtypes}};
constinit ElementwiseOp div_trunc_op{"div_trunc",
                                     {.dtypes = kNumericDtypes, .differentiable = false}};
constinit ElementwiseOp div_floor_op{"div_floor",
                                     {.dtypes = kNumericDtypes, .differentiable = false}};

/// self - other * quotient, whose quotient is constant but for its jumps.
template <bool kFloors>
struct RestBackward : Node {
  SavedTensor self_, other_;  // where the other's gradient is wanted
  const char* name_ = "";

  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    if (num_outputs() > 1 && task_should_compute_output(1)) {
      out[1] =
          -grads[0] * div(self_.unpack(*this), other_.unpack(*this), kFloors ? "floor" : "trunc");
    }
    if (task_should_compute_output(0)) out[0] = std::move(grads[0]);
    return out;
  }
  void release_variables() override {
    self_.release();
    other_.release();
  }
};
using RemainderBackward = RestBackward<true>;
using FmodBackward = RestBackward<false>;

struct RoundedDivBackward final : Node {
  // By a tensor, by a number.
  const char* name() const override { return num_outputs() > 1 ? "DivBackward2" : "DivBackward3"; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    for (size_t i = 0; i < num_outputs(); ++i) {
      if (task_should_compute_output(i)) out[i] = zeros_like(grads[0]);
    }
    return out;
  }
};
struct FloorDivideBackward final : Node {
  const char* name() const override { return "NotImplemented"; }
  GradList apply(GradList&&) override {
    ADJOINT_CHECK_WITH(NotImplementedError, false,
                       "derivative for aten::floor_divide is not implemented");
    return {};
  }
};

void check_divisor(const Tensor& self, const Scalar& other) {
  ADJOINT_CHECK(isFloatingType(result_type(self, other)) || other.toLong() != 0,
                "ZeroDivisionError: integer division by the number 0");
}
void check_divisor(const Tensor&, const Tensor&) {}

template <class Backward, class Other>
intrusive_ptr<Node> rest_node(const char* const (&names)[2], const Tensor& self, const Other& other,
                              const Tensor& saved_self) {
  if constexpr (std::is_same_v<Other, Tensor>) {
    auto node = make_node<Backward>(self, other);
    node->name_ = names[1];
    if (other.requires_grad()) {
      node->self_.save(saved_self);
      node->other_.save(other);
    }
    return node;
  } else {
    auto node = make_node<Backward>(self);
    node->name_ = names[0];
    return node;
  }
}

bool wants_gradient(const Tensor& self, const Tensor& other) { return needs_grad(self, other); }
bool wants_gradient(const Tensor& self, const Scalar&) { return needs_grad(self); }

// The names where `other` is a number and where it is a tensor.
constexpr const char* kRemainder[2] = {"RemainderBackward0", "RemainderBackward1"};
constexpr const char* kFmod[2] = {"FmodBackward0", "FmodBackward1"};

template <class Backward, class Other>
Tensor rest(const ElementwiseOp& op, const char* const (&names)[2], const Tensor& self,
            const Other& other) {
  check_divisor(self, other);
  Tensor out = run_binary(op, self, other, false, false);
  if (wants_gradient(self, other)) {
    set_history(out, rest_node<Backward>(names, self, other, self));
  }
  return out;
}

/// Writes the quotient or what it leaves into `self`; what `other` was is returned.
Tensor divide_in_place(const ElementwiseOp& op, const Tensor& self, const Tensor& other) {
  Tensor operand = prepare_inplace(op, self, other);
  Tensor kept = kept_operand(self, other);
  if (self.numel() != 0) op(stream_for(self), TensorIterator(self, self, operand));
  bump_version(self);
  return kept;
}
Scalar divide_in_place(const ElementwiseOp& op, const Tensor& self, const Scalar& other) {
  prepare_inplace(op, self, other);
  check_divisor(self, other);
  if (self.numel() != 0) op(stream_for(self), TensorIterator(self, self, other, self.dtype()));
  bump_version(self);
  return other;
}

template <class Backward, class Other>
Tensor& rest_(const ElementwiseOp& op, const char* const (&names)[2], const Tensor& self,
              const Other& other) {
  bool record = wants_gradient(self, other);
  Tensor before = self;
  if constexpr (std::is_same_v<Other, Tensor>) {
    if (needs_grad(other)) before = self.clone();
  }
  const Other kept = divide_in_place(op, self, other);
  if (record) rebase_history(self, rest_node<Backward>(names, self, kept, before));
  return const_cast<Tensor&>(self);
}

const ElementwiseOp& rounding_op(std::string_view mode) {
  ADJOINT_CHECK(mode == "floor" || mode == "trunc",
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '",
                mode, "'");
  return mode == "floor" ? div_floor_op : div_trunc_op;
}

template <class Node, class Other>
intrusive_ptr<Node> quotient_node(const Tensor& self, const Other& other) {
  if constexpr (std::is_same_v<Other, Tensor>) {
    return make_node<Node>(self, other);
  } else {
    return make_node<Node>(self);
  }
}

template <class Backward, class Other>
Tensor quotient(const ElementwiseOp& op, const Tensor& self, const Other& other) {
  check_divisor(self, other);
  Tensor out = run_binary(op, self, other, false, false);
  if (wants_gradient(self, other)) set_history(out, quotient_node<Backward>(self, other));
  return out;
}
template <class Backward, class Other>
Tensor& quotient_(const ElementwiseOp& op, const Tensor& self, const Other& other) {
  bool record = wants_gradient(self, other);
  divide_in_place(op, self, other);
  if (record) rebase_history(self, quotient_node<Backward>(self, other));
  return const_cast<Tensor&>(self);
}

/// A 0-d tensor of the dtype that an operation on the number and `like` computes in.
Tensor as_tensor(const Scalar& value, const Tensor& like) {
  return full({}, value, TensorOptions(result_type(like, value)).device(like.device()));
}

}  // namespace

void register_division_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&fmod_op, &remainder_op, &div_trunc_op, &div_floor_op}) {
    registry.add(*op);
  }
}

Tensor remainder(const Tensor& self, const Tensor& other) {
  return rest<RemainderBackward>(remainder_op, kRemainder, self, other);
}
Tensor remainder(const Tensor& self, const Scalar& other) {
  return rest<RemainderBackward>(remainder_op, kRemainder, self, other);
}
Tensor remainder(const Scalar& self, const Tensor& other) {
  return remainder(as_tensor(self, other), other);
}
Tensor fmod(const Tensor& self, const Tensor& other) {
  return rest<FmodBackward>(fmod_op, kFmod, self, other);
}
Tensor fmod(const Tensor& self, const Scalar& other) {
  return rest<FmodBackward>(fmod_op, kFmod, self, other);
}
Tensor& Tensor::remainder_(const Tensor& other) const {
  return rest_<RemainderBackward>(remainder_op, kRemainder, *this, other);
}
Tensor& Tensor::remainder_(const Scalar& other) const {
  return rest_<RemainderBackward>(remainder_op, kRemainder, *this, other);
}
Tensor& Tensor::fmod_(const Tensor& other) const {
  return rest_<FmodBackward>(fmod_op, kFmod, *this, other);
}
Tensor& Tensor::fmod_(const Scalar& other) const {
  return rest_<FmodBackward>(fmod_op, kFmod, *this, other);
}

Tensor div(const Tensor& self, const Tensor& other, std::optional<std::string_view> mode) {
  return mode ? quotient<RoundedDivBackward>(rounding_op(*mode), self, other) : div(self, other);
}
Tensor div(const Tensor& self, const Scalar& other, std::optional<std::string_view> mode) {
  return mode ? quotient<RoundedDivBackward>(rounding_op(*mode), self, other) : div(self, other);
}
Tensor& Tensor::div_(const Tensor& other, std::optional<std::string_view> mode) const {
  return mode ? quotient_<RoundedDivBackward>(rounding_op(*mode), *this, other) : div_(other);
}
Tensor& Tensor::div_(const Scalar& other, std::optional<std::string_view> mode) const {
  return mode ? quotient_<RoundedDivBackward>(rounding_op(*mode), *this, other) : div_(other);
}
Tensor floor_divide(const Tensor& self, const Tensor& other) {
  return quotient<FloorDivideBackward>(div_floor_op, self, other);
}
Tensor floor_divide(const Tensor& self, const Scalar& other) {
  return quotient<FloorDivideBackward>(div_floor_op, self, other);
}
Tensor floor_divide(const Scalar& self, const Tensor& other) {
  return floor_divide(as_tensor(self, other), other);
}
Tensor& Tensor::floor_divide_(const Tensor& other) const {
  return quotient_<FloorDivideBackward>(div_floor_op, *this, other);
}
Tensor& Tensor::floor_divide_(const Scalar& other) const {
  return quotient_<FloorDivideBackward>(div_floor_op, *this, other);
}

}  // namespace adjoint
