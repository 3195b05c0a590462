// SPDX-License-Identifier: MIT
// Copies between layouts and dtypes, filling, and ranges of numbers.
#include <type_traits>

#include "adjoint/op_registry.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

/// n elements that lie side by side.
using ConvertFunction = void(const void* in, void* out, int64_t n);

template <class Out, class In>
ADJOINT_ALWAYS_INLINE Out convert_one(In x) {
  if constexpr (__is_same(Out, bool)) return x != In(0);
  // From floating point by way of int32_t, so that negative numbers wrap.
  if constexpr (__is_same(Out, uint8_t) && In(0.5) != In(0)) return Out(int32_t(x));
  return Out(x);
}

/// Converted a register at a time: to and from Half and BFloat16 by way of float.
template <class In, class Out>
void convert_elements(const void* in, void* out, int64_t n) {
  constexpr bool half_in = !__is_same(opmath_t<In>, In), half_out = !__is_same(opmath_t<Out>, Out);
  using Wide = opmath_t<In>;
  using WideOut = opmath_t<Out>;
  constexpr int size = Vec<float>::size;
  const In* from = static_cast<const In*>(in);
  Out* to = static_cast<Out*>(out);
  if constexpr (__is_same(Wide, float) && __is_same(WideOut, float)) {
    int64_t i = 0;
    for (; i + size <= n; i += size) Vec<float>::load(from + i).store(to + i);
    if (i < n) Vec<float>::load(from + i, int(n - i)).store(to + i, int(n - i));
  } else if constexpr (half_in || half_out) {
    for (int64_t i = 0; i < n; i += size) {
      int lanes = n - i < size ? int(n - i) : size;
      alignas(64) Wide wide[size];
      alignas(64) WideOut wide_out[size];
      if constexpr (half_in) {
        Vec<float>::load(from + i, lanes).store(wide);
      } else {
        __builtin_memcpy(wide, from + i, size_t(lanes) * sizeof(In));
      }
      for (int k = 0; k < lanes; ++k) wide_out[k] = convert_one<WideOut>(wide[k]);
      if constexpr (half_out) {
        Vec<float>::load(wide_out, lanes).store(to + i, lanes);
      } else {
        __builtin_memcpy(to + i, wide_out, size_t(lanes) * sizeof(Out));
      }
    }
  } else if constexpr (__is_same(In, bool)) {
    const uint8_t* bytes = static_cast<const uint8_t*>(in);
    for (int64_t i = 0; i < n; ++i) to[i] = Out(bytes[i] != 0);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = convert_one<Out>(from[i]);
  }
}

struct Copy {
  int8_t bytes[2];           // of an element of the output and of the input
  ConvertFunction* convert;  // null where the dtypes are equal
};

void copy_dense(const void* context, char* const* data, const int64_t*, int64_t n) {
  const Copy& c = *static_cast<const Copy*>(context);
  if (c.convert) {
    c.convert(data[1], data[0], n);
  } else {
    __builtin_memmove(data[0], data[1], size_t(n * c.bytes[0]));
  }
}

void copy_row(const void* context, char* const* data, const int64_t* strides, int64_t n) {
  const Copy& c = *static_cast<const Copy*>(context);
  const bool dense_in = strides[1] == c.bytes[1], dense_out = strides[0] == c.bytes[0];
  if (dense_in && dense_out) return copy_dense(context, data, nullptr, n);
  if (strides[1] == 0) {
    // One element, converted once.
    alignas(8) char element[8];
    char* const one[] = {element, data[1]};
    copy_dense(context, one, nullptr, 1);
    if (dense_out) return gather(element, 0, data[0], n, c.bytes[0]);
    for (int64_t i = 0; i < n; ++i) scatter(element, data[0] + i * strides[0], 0, 1, c.bytes[0]);
    return;
  }
  // What is not converted moves once.
  if (!c.convert && dense_out) return gather(data[1], strides[1], data[0], n, c.bytes[0]);
  if (!c.convert && dense_in) return scatter(data[1], data[0], strides[0], n, c.bytes[0]);
  run_by_blocks(copy_dense, context, 2, c.bytes, data, strides, n);
}

void copy_kernel(const Stream&, const TensorIterator& iter) {
  ScalarType out = iter.dtypes[0], in = iter.dtypes[1];
  Copy copy = {{int8_t(elementSize(out)), int8_t(elementSize(in))}, nullptr};
  dispatch_all(in, [&]<class In>() {
    dispatch_all(out, [&]<class Out>() {
      if constexpr (!__is_same(In, Out)) copy.convert = convert_elements<In, Out>;
    });
  });
  for_each_row(iter, copy_row, &copy, kCheapGrain);
}

void fill_kernel(const Stream&, const TensorIterator& iter, const Scalar& value) {
  dispatch_all(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    C x = value.to<C>();
    elementwise<C, S()>(iter, [x] { return Vec<C>(x); });
  });
}

/// Integers exactly, floating point from doubles.
template <class S>
struct Range {
  using W = std::conditional_t<std::is_integral_v<S>, int64_t, double>;
  const S* begin;
  W start, step;

  static void row(const void* context, char* const* data, const int64_t*, int64_t n) {
    const Range& range = *static_cast<const Range*>(context);
    S* to = reinterpret_cast<S*>(data[0]);
    int64_t first = to - range.begin;
    constexpr int64_t block = 256;
    alignas(64) opmath_t<S> values[block];
    for (int64_t i = 0; i < n; i += block) {
      int64_t count = n - i < block ? n - i : block;
      for (int64_t k = 0; k < count; ++k) {
        values[k] = opmath_t<S>(range.start + W(first + i + k) * range.step);
      }
      if constexpr (__is_same(S, opmath_t<S>)) {
        __builtin_memcpy(to + i, values, size_t(count) * sizeof(S));
      } else {
        convert_elements<float, S>(values, to + i, count);
      }
    }
  }
};

void arange_kernel(const Stream&, const Tensor& out, const Scalar& start, const Scalar& step) {
  TensorIterator iter(out);
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    using W = typename Range<S>::W;
    Range<S> range = {static_cast<const S*>(iter.data(0)), start.to<W>(), step.to<W>()};
    for_each_row(iter, Range<S>::row, &range, kCheapGrain);
  });
}

}  // namespace

void register_copy_kernels(OpRegistry& registry) {
  registry.set_kernel("copy", kCPU, copy_kernel);
  registry.set_kernel("fill", kCPU, fill_kernel);
  registry.set_kernel("arange", kCPU, arange_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
