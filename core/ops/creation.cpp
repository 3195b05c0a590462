// SPDX-License-Identifier: MIT
// New tensors of given values. (Random ones: random.cpp.)
#include <cmath>
#include <cstring>

#include "adjoint/backend.h"
#include "core/capture/recorder.h"
#include "core/ops/elementwise.h"
#include "core/ops/fill.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

/// out[i] = start + i * step, computed wider than the dtype; out is dense.
constinit Op<void(const Stream&, const Tensor& out, const Scalar& start, const Scalar& step)>
    arange_op{"arange", {.dtypes = kNumericDtypes, .differentiable = false}};

void check_sizes(IntArrayRef sizes) {
  for (int64_t s : sizes) {
    ADJOINT_CHECK(s >= 0, "Trying to create tensor with negative dimension ", s, ": ", sizes);
  }
}

Tensor finish(Tensor t, const TensorOptions& options) {
  if (options.pinned_memory()) t = t.pin_memory();
  if (options.requires_grad()) t.requires_grad_(true);
  return t;
}

TensorOptions like(const Tensor& self, const TensorOptions& options) {
  return TensorOptions(options.dtype_opt().value_or(self.dtype()))
      .device(options.device_opt().value_or(self.device()))
      .requires_grad(options.requires_grad())
      .pinned_memory(options.pinned_memory());
}

TensorOptions with_default(const TensorOptions& options, ScalarType dtype) {
  return options.dtype_opt() ? options : options.dtype(dtype);
}

Tensor filled(IntArrayRef sizes, const Scalar& value, const TensorOptions& options) {
  const Tensor out = empty(sizes, options.requires_grad(false));
  fill_new(out, value);
  return finish(out, options);
}

}  // namespace

void register_creation_ops(OpRegistry& registry) { registry.add(arange_op); }

Tensor empty(IntArrayRef sizes, const TensorOptions& options) {
  check_sizes(sizes);
  if (options.pinned_memory())
    return finish(make_pinned(sizes, options.dtype(), options.device()), options);
  return finish(make_output(sizes, options.dtype(), current_stream(options.device())), options);
}
Tensor empty_like(const Tensor& self, const TensorOptions& options) {
  const TensorOptions o = like(self, options);
  if (o.pinned_memory()) return empty(self.sizes(), o);
  return finish(make_output_like(self, o.dtype(), current_stream(o.device())), o);
}

Tensor empty_strided(IntArrayRef sizes, IntArrayRef strides, const TensorOptions& options) {
  check_sizes(sizes);
  ADJOINT_CHECK(sizes.size() == strides.size(), "empty_strided: dimensionality of sizes (",
                sizes.size(), ") must match dimensionality of strides (", strides.size(), ")");
  for (int64_t s : strides)
    ADJOINT_CHECK(s >= 0, "empty_strided: strides must not be negative, got ", strides);
  ScalarType dtype = options.dtype();
  auto storage = Storage::allocate(size_t(span_of(sizes, strides)) * elementSize(dtype),
                                   current_stream(options.device()));
  return finish(Tensor(intrusive_ptr<TensorImpl>::adopt(
                    new TensorImpl(std::move(storage), dtype, sizes, strides, 0))),
                options);
}

Tensor Tensor::new_empty(IntArrayRef sizes, const TensorOptions& options) const {
  return empty(sizes, like(*this, options));
}
Tensor Tensor::new_zeros(IntArrayRef sizes, const TensorOptions& options) const {
  return zeros(sizes, like(*this, options));
}
Tensor Tensor::new_ones(IntArrayRef sizes, const TensorOptions& options) const {
  return ones(sizes, like(*this, options));
}
Tensor Tensor::new_full(IntArrayRef sizes, const Scalar& value,
                        const TensorOptions& options) const {
  return full(sizes, value, like(*this, options));
}

namespace {

Tensor filled_like(const Tensor& self, const Scalar& value, const TensorOptions& options) {
  const Tensor out = empty_like(self, TensorOptions(options).requires_grad(false));
  fill_new(out, value);
  return finish(out, options);
}

}  // namespace

Tensor zeros(IntArrayRef sizes, const TensorOptions& options) { return filled(sizes, 0, options); }
Tensor zeros_like(const Tensor& self, const TensorOptions& options) {
  return filled_like(self, 0, options);
}
Tensor ones(IntArrayRef sizes, const TensorOptions& options) { return filled(sizes, 1, options); }
Tensor ones_like(const Tensor& self, const TensorOptions& options) {
  return filled_like(self, 1, options);
}
Tensor full(IntArrayRef sizes, const Scalar& value, const TensorOptions& options) {
  ScalarType natural = value.isFloatingPoint() ? get_default_dtype() : value.type();
  return filled(sizes, value, with_default(options, natural));
}
Tensor full_like(const Tensor& self, const Scalar& value, const TensorOptions& options) {
  return filled_like(self, value, options);
}

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step,
              const TensorOptions& options) {
  bool integral = start.isIntegral(true) && end.isIntegral(true) && step.isIntegral(true);
  double from = start.toDouble(), to = end.toDouble(), by = step.toDouble();
  ADJOINT_CHECK_VALUE(by != 0, "step must be nonzero");
  ADJOINT_CHECK_VALUE(std::isfinite(from) && std::isfinite(to), "unsupported range: ", from, " -> ",
                      to);
  ADJOINT_CHECK_VALUE((by > 0) == (to >= from) || to == from,
                      "upper bound and lower bound inconsistent with step sign");
  int64_t n = 0;
  if (integral) {
    int64_t a = start.toLong(), b = end.toLong(), s = step.toLong();
    n = s > 0 ? (b - a + s - 1) / s : (a - b - s - 1) / -s;
  } else {
    n = int64_t(std::ceil((to - from) / by));
  }
  TensorOptions o = with_default(options, integral ? kLong : get_default_dtype());
  Tensor out = empty({n}, o.requires_grad(false));
  check_dtype(arange_op, out.dtype());
  if (n != 0) arange_op(stream_for(out), out, start, step);
  return finish(out, o);
}
Tensor arange(const Scalar& start, const Scalar& end, const TensorOptions& options) {
  return arange(start, end, 1, options);
}
Tensor arange(const Scalar& end, const TensorOptions& options) {
  return arange(0, end, 1, options);
}

Tensor linspace(const Scalar& start, const Scalar& end, int64_t steps,
                const TensorOptions& options) {
  ADJOINT_CHECK(steps >= 0, "number of steps must be non-negative, got ", steps);
  TensorOptions o = with_default(options, get_default_dtype());
  Tensor out = empty({steps}, o.requires_grad(false));
  check_dtype(arange_op, out.dtype());
  double from = start.toDouble(), to = end.toDouble();
  double step = steps > 1 ? (to - from) / double(steps - 1) : 0;
  if (steps != 0) arange_op(stream_for(out), out, from, step);
  // The last value is `end` itself, whatever the rounding of the step.
  if (steps > 1) fill_new(out.select(0, steps - 1), end);
  return finish(out, o);
}

Tensor logspace(const Scalar& start, const Scalar& end, int64_t steps, double base,
                const TensorOptions& options) {
  TensorOptions o = with_default(options, get_default_dtype());
  NoGradGuard no_grad;
  TensorOptions exact = TensorOptions(kDouble).device(o.device());
  Tensor exponents = linspace(start, end, steps, exact);
  Tensor powers = pow(full({}, base, exact), exponents).to(o.dtype());
  return finish(powers, o);
}

Tensor scalar_tensor(const Scalar& value, const TensorOptions& options) {
  return full({}, value, with_default(options, get_default_dtype()));
}

Tensor eye(int64_t n, int64_t m, const TensorOptions& options) {
  ADJOINT_CHECK(n >= 0 && m >= 0, "eye: n and m must be greater or equal to 0, got ", n, " and ",
                m);
  Tensor out = zeros({n, m}, options.requires_grad(false));
  fill_new(out.as_strided({n < m ? n : m}, {m + 1}), 1);
  return finish(out, options);
}
Tensor eye(int64_t n, const TensorOptions& options) { return eye(n, n, options); }

namespace detail {

TensorData::TensorData(std::initializer_list<TensorData> list)
    : is_scalar_(false), dtype_(kBool), children_(list) {
  if (children_.empty()) {
    sizes_ = {0};
    dtype_ = get_default_dtype();
    return;
  }
  sizes_ = children_[0].sizes();
  dtype_ = children_[0].dtype();
  for (const TensorData& child : children_) {
    ADJOINT_CHECK_VALUE(IntArrayRef(child.sizes()) == IntArrayRef(sizes_),
                        "Expected all sub-lists to have sizes: ", IntArrayRef(sizes_),
                        ", but got sub-list with sizes: ", IntArrayRef(child.sizes()));
    dtype_ = promoteTypes(dtype_, child.dtype());
  }
  sizes_.insert(0, int64_t(children_.size()));
}

namespace {

template <class T>
void write_values(const TensorData& data, T*& to) {
  if (data.is_scalar()) {
    *to++ = data.scalar().to<T>();
    return;
  }
  for (const TensorData& child : data.children()) write_values(child, to);
}

/// Calls f with a value of the dtype's C++ type.
template <class F>
void with_type(ScalarType dtype, F f) {
  switch (dtype) {
    case kBool:
      return f(bool());
    case kByte:
      return f(uint8_t());
    case kInt:
      return f(int32_t());
    case kLong:
      return f(int64_t());
    case kHalf:
      return f(Half());
    case kBFloat16:
      return f(BFloat16());
    case kFloat:
      return f(float());
    case kDouble:
      return f(double());
    case ScalarType::Undefined:
      break;
  }
}

}  // namespace

Tensor tensor_from(const TensorData& data, const TensorOptions& options) {
  TensorOptions o = with_default(options, data.dtype());
  Tensor host = empty(data.sizes(), TensorOptions(o.dtype()).device(kCPU));
  with_type(o.dtype(), [&]<class T>(T) {
    T* to = static_cast<T*>(host.data_ptr());
    write_values(data, to);
  });
  note_constant(host);
  return finish(host.to(o.device()), o);
}

Tensor tensor_from(const void* data, ScalarType dtype, size_t n, const TensorOptions& options) {
  Tensor host = empty({int64_t(n)}, TensorOptions(dtype).device(kCPU));
  if (n != 0) std::memcpy(host.data_ptr(), data, host.nbytes());
  note_constant(host);
  TensorOptions o = with_default(options, dtype);
  return finish(host.to(o.device(), o.dtype()), o);
}

Tensor wrap_blob(void* data, IntArrayRef sizes, IntArrayRef strides,
                 void (*deleter)(void*, void*) noexcept, void* context,
                 const TensorOptions& options) {
  check_sizes(sizes);
  ADJOINT_CHECK(sizes.size() == strides.size(), "from_blob: got sizes ", sizes, " but strides ",
                strides);
  for (int64_t s : strides)
    ADJOINT_CHECK(s >= 0, "from_blob: strides must not be negative, got ", strides);
  ScalarType dtype = options.dtype();
  size_t nbytes = size_t(span_of(sizes, strides)) * elementSize(dtype);
  auto storage = Storage::wrap(data, nbytes, current_stream(options.device_opt().value_or(kCPU)),
                               deleter, context);
  return finish(Tensor(intrusive_ptr<TensorImpl>::adopt(
                    new TensorImpl(std::move(storage), dtype, sizes, strides, 0))),
                options);
}

}  // namespace detail

Tensor from_blob(void* data, IntArrayRef sizes, const TensorOptions& options) {
  return detail::wrap_blob(data, sizes, contiguous_geometry(sizes).strides, nullptr, nullptr,
                           options);
}

}  // namespace adjoint
