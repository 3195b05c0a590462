// SPDX-License-Identifier: MIT
// Choosing between values by a condition, and bounds.
#include <algorithm>
#include <limits>

#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// Operand 1 is the condition (bool), 2 and 3 have the output's dtype: 2 where it holds, else 3.
constinit ElementwiseOp where_op{"where", {.dtypes = kAllDtypes}};
/// Operand 1 has the output's dtype, operand 2 is the mask (bool): the number where it holds, else
/// operand 1.
constinit ScaledOp masked_fill_op{"masked_fill", {.dtypes = kAllDtypes}};
/// min(max(x, lower), upper); NaN where the element or a bound is. The bounds are within the
/// dtype's range, and its ends (infinities) where there is none.
constinit Op<void(const Stream&, const TensorIterator&, const Scalar& lower, const Scalar& upper)>
    clamp_op{"clamp", {.dtypes = kNumericDtypes}};

// ---- where and masked_fill

struct WhereBackward final : Node {
  SavedTensor condition_;

  const char* name() const override { return "WhereBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    Tensor condition = condition_.unpack(*this);
    if (task_should_compute_output(0)) out[0] = where(condition, grads[0], 0);
    if (task_should_compute_output(1)) out[1] = where(condition, 0, grads[0]);
    return out;
  }
  void release_variables() override { condition_.release(); }
};
struct MaskedFillBackward final : Node {
  SavedTensor mask_;

  const char* name() const override { return "MaskedFillBackward0"; }
  GradList apply(GradList&& grads) override {
    return {masked_fill(grads[0], mask_.unpack(*this), 0)};
  }
  void release_variables() override { mask_.release(); }
};

/// A 0-d tensor of the dtype that an operation on the number and `like` computes in.
Tensor as_tensor(const Scalar& value, const Tensor& like) {
  return full({}, value, TensorOptions(result_type(like, value)).device(like.device()));
}

/// As a number, a 0-d tensor on the CPU goes with tensors on any device.
Tensor on_device(const Tensor& t, Device device) {
  return t.dim() == 0 && t.is_cpu() && !(t.device() == device) ? t.to(device) : t;
}

void check_mask(const Tensor& self, const Tensor& mask, const Scalar& value) {
  ADJOINT_CHECK(mask.dtype() == kBool,
                "masked_fill_ only supports boolean masks, but got mask with dtype ", mask.dtype());
  check_same_device("masked_fill_", self, mask);
  double v = value.toDouble();
  bool fits = self.dtype() == kByte  ? v > -256 && v < 256
              : self.dtype() == kInt ? v >= std::numeric_limits<int32_t>::min() &&
                                           v <= std::numeric_limits<int32_t>::max()
                                     : true;
  ADJOINT_CHECK(fits, "value cannot be converted to type ",
                self.dtype() == kByte ? "uint8_t" : "int", " without overflow");
}

/// Writes self, with `value` where the mask holds, into `out`.
void fill_where(const Tensor& out, const Tensor& self, const Tensor& mask, const Scalar& value) {
  if (out.numel() == 0) return;
  masked_fill_op(stream_for(self), TensorIterator(out, self, mask), value);
}

// ---- clamp

using Bound = std::optional<Scalar>;

/// The gradient passes strictly between the bounds.
struct ClampBackward final : Node {
  Bound min_, max_;
  const char* name_ = "ClampBackward1";
  SavedTensor self_;

  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this);
    Tensor inside = min_ ? gt(self, *min_) : lt(self, *max_);
    if (min_ && max_) inside = logical_and(inside, lt(self, *max_));
    return {where(inside, grads[0], 0)};
  }
  void release_variables() override { self_.release(); }
};

template <class T>
Scalar saturated(const Bound& bound, T otherwise) {
  if (!bound) return otherwise;
  return std::clamp<int64_t>(bound->toLong(), std::numeric_limits<T>::min(),
                             std::numeric_limits<T>::max());
}
Scalar bound_in(ScalarType dtype, const Bound& bound, bool upper) {
  switch (dtype) {
    case kByte:
      return saturated<uint8_t>(bound, upper ? std::numeric_limits<uint8_t>::max() : 0);
    case kInt:
      return saturated<int32_t>(
          bound, upper ? std::numeric_limits<int32_t>::max() : std::numeric_limits<int32_t>::min());
    case kLong:
      return saturated<int64_t>(
          bound, upper ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min());
    default: {
      double end = std::numeric_limits<double>::infinity();
      return bound ? bound->toDouble() : upper ? end : -end;
    }
  }
}

void check_bounds(bool any) {
  ADJOINT_CHECK(any, "torch.clamp: At least one of 'min' or 'max' must not be None");
}

intrusive_ptr<ClampBackward> clamp_node(const Tensor& self, const Tensor& saved, const Bound& min,
                                        const Bound& max, const char* name) {
  auto node = make_node<ClampBackward>(self);
  node->min_ = min;
  node->max_ = max;
  node->name_ = name;
  node->self_.save(saved);
  return node;
}

Tensor clamped(const Tensor& self, const Bound& min, const Bound& max, const char* name) {
  ScalarType dtype = self.dtype();
  for (const Bound& bound : {min, max}) {
    if (bound) dtype = promoteTypes(dtype, result_type(self, *bound));
  }
  Tensor out = run_unary<const Scalar&, const Scalar&>(
      clamp_op, self, dtype, dtype, bound_in(dtype, min, false), bound_in(dtype, max, true));
  if (needs_grad(self)) set_history(out, clamp_node(self, self, min, max, name));
  return out;
}

// ---- clamp by tensors

using TensorBound = std::optional<Tensor>;

/// The gradient goes to the one that is the result; to self where that equals a bound.
struct ClampTensorsBackward final : Node {
  const char* name_ = "ClampBackward0";
  SavedTensor self_, min_, max_;
  bool has_min_ = false, has_max_ = false;

  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    Tensor self = self_.unpack(*this), min = has_min_ ? min_.unpack(*this) : Tensor(),
           max = has_max_ ? max_.unpack(*this) : Tensor();
    auto give = [&](size_t i, const Tensor& mask) { out[i] = where(mask, grads[0], 0); };
    if (task_should_compute_output(0)) {
      Tensor inside = has_min_ ? ge(self, min) : le(self, max);
      give(0, has_min_ && has_max_ ? logical_and(inside, le(self, max)) : inside);
    }
    if (has_min_ && task_should_compute_output(1)) {
      Tensor below = lt(self, min);
      give(1, has_max_ ? logical_and(below, lt(min, max)) : below);
    }
    size_t last = num_outputs() - 1;
    if (has_max_ && task_should_compute_output(last)) {
      Tensor over = gt(self, max);
      give(last, has_min_ ? logical_or(over, lt(max, min)) : over);
    }
    return out;
  }
  void release_variables() override {
    self_.release();
    min_.release();
    max_.release();
  }
};

Tensor clamped(const Tensor& self, const TensorBound& min, const TensorBound& max,
               const char* name) {
  Tensor out = self;
  {
    NoGradGuard no_grad;
    if (min) out = maximum(out, *min);
    if (max) out = minimum(out, *max);
  }
  if (!needs_grad(self) && !(min && needs_grad(*min)) && !(max && needs_grad(*max))) return out;
  auto node = make_node<ClampTensorsBackward>(self);
  node->name_ = name;
  node->self_.save(self);
  if (min) {
    node->add_next_edge(gradient_edge(*min));
    node->has_min_ = true;
    node->min_.save(*min);
  }
  if (max) {
    node->add_next_edge(gradient_edge(*max));
    node->has_max_ = true;
    node->max_.save(*max);
  }
  set_history(out, node);
  return out;
}

/// In place.
Tensor& clamp_named(const char* name, const Tensor& self, const Bound& min, const Bound& max) {
  if (min) prepare_inplace(clamp_op, self, *min);
  if (max) prepare_inplace(clamp_op, self, *max);
  Tensor before = needs_grad(self) ? self.clone() : self;
  if (self.numel() != 0) {
    clamp_op(stream_for(self), TensorIterator(self, self), bound_in(self.dtype(), min, false),
             bound_in(self.dtype(), max, true));
  }
  bump_version(self);
  if (needs_grad(self)) rebase_history(self, clamp_node(self, before, min, max, name));
  return const_cast<Tensor&>(self);
}

}  // namespace

void register_select_ops(OpRegistry& registry) {
  registry.add(where_op);
  registry.add(masked_fill_op);
  registry.add(clamp_op);
}

Tensor where(const Tensor& condition, const Tensor& self, const Tensor& other) {
  ADJOINT_CHECK(condition.dtype() == kBool,
                "where expected condition to be a boolean tensor, but got a tensor with dtype ",
                condition.dtype());
  Device device = (condition.dim() != 0 ? condition : self.dim() != 0 ? self : other).device();
  Tensor c = on_device(condition, device), a = on_device(self, device),
         b = on_device(other, device);
  check_same_device("where", c, a);
  check_same_device("where", c, b);
  ScalarType dtype = result_type(a, b);
  DimVector sizes = broadcast_shapes(broadcast_shapes(c.sizes(), a.sizes()), b.sizes());
  Stream stream = stream_for(c);
  Tensor out = a.sizes() == IntArrayRef(sizes) ? make_output_like(a, dtype, stream)
                                               : make_output(sizes, dtype, stream);
  if (out.numel() != 0) {
    where_op(stream, TensorIterator(out, c, cast_input(a, dtype), cast_input(b, dtype)));
  }
  if (needs_grad(self, other)) {
    auto node = make_node<WhereBackward>(self, other);
    node->condition_.save(c);
    set_history(out, node);
  }
  return out;
}
Tensor where(const Tensor& condition, const Tensor& self, const Scalar& other) {
  return where(condition, self, as_tensor(other, self));
}
Tensor where(const Tensor& condition, const Scalar& self, const Tensor& other) {
  return where(condition, as_tensor(self, other), other);
}
Tensor where(const Tensor& condition, const Scalar& self, const Scalar& other) {
  TensorOptions there = condition.device();
  return where(condition, full({}, self, there), full({}, other, there));
}

Tensor masked_fill(const Tensor& self, const Tensor& mask, const Scalar& value) {
  check_mask(self, mask, value);
  const Stream stream = stream_for(self);
  Tensor out =
      self.sizes() == mask.sizes()
          ? make_output_like(self, self.dtype(), stream)
          : make_output(broadcast_shapes(self.sizes(), mask.sizes()), self.dtype(), stream);
  fill_where(out, self, mask, value);
  if (needs_grad(self)) {
    auto node = make_node<MaskedFillBackward>(self);
    node->mask_.save(mask);
    set_history(out, node);
  }
  return out;
}

Tensor& Tensor::masked_fill_(const Tensor& mask, const Scalar& value) const {
  check_inplace(*this);
  check_mask(*this, mask, value);
  DimVector sizes = broadcast_shapes(this->sizes(), mask.sizes());
  ADJOINT_CHECK(this->sizes() == sizes, "output with shape ", this->sizes(),
                " doesn't match the broadcast shape ", IntArrayRef(sizes));
  // What is read must stay while it is overwritten.
  Tensor kept = mask.impl()->storage() == impl_->storage() ? mask.clone() : mask;
  fill_where(*this, *this, kept, value);
  bump_version(*this);
  if (needs_grad(*this)) {
    auto node = make_node<MaskedFillBackward>(*this);
    node->mask_.save(kept);
    rebase_history(*this, node);
  }
  return const_cast<Tensor&>(*this);
}

Tensor clamp(const Tensor& self, const Bound& min, const Bound& max) {
  check_bounds(min || max);
  return clamped(self, min, max, "ClampBackward1");
}
Tensor clamp_min(const Tensor& self, const Scalar& min) {
  return clamped(self, min, std::nullopt, "ClampMinBackward0");
}
Tensor clamp_max(const Tensor& self, const Scalar& max) {
  return clamped(self, std::nullopt, max, "ClampMaxBackward0");
}
Tensor clamp(const Tensor& self, const TensorBound& min, const TensorBound& max) {
  check_bounds(min.has_value() || max.has_value());
  return clamped(self, min, max, "ClampBackward0");
}
Tensor clamp_min(const Tensor& self, const Tensor& min) {
  return clamped(self, min, std::nullopt, "ClampMinBackward1");
}
Tensor clamp_max(const Tensor& self, const Tensor& max) {
  return clamped(self, std::nullopt, max, "ClampMaxBackward1");
}
Tensor& Tensor::clamp_(const Bound& min, const Bound& max) const {
  check_bounds(min.has_value() || max.has_value());
  return clamp_named("ClampBackward1", *this, min, max);
}
Tensor& Tensor::clamp_min_(const Scalar& min) const {
  return clamp_named("ClampMinBackward0", *this, min, std::nullopt);
}
Tensor& Tensor::clamp_max_(const Scalar& max) const {
  return clamp_named("ClampMaxBackward0", *this, std::nullopt, max);
}

}  // namespace adjoint
