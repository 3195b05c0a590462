// SPDX-License-Identifier: MIT
// max_pool2d: any window one output at a time, 2x2 windows side by side in registers. Threads
// divide the planes, so overlapping windows add their gradients in one order.
#include "core/ops/pooling.h"

#include "adjoint/tensor.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

constexpr int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
constexpr int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

struct Planes {
  int64_t count, input[2], output[2];
  Planes(const TensorImpl& in, const TensorImpl& out)
      : count(in.sizes()[0] * in.sizes()[1]),
        input{in.sizes()[2], in.sizes()[3]},
        output{out.sizes()[2], out.sizes()[3]} {}
  int64_t in_numel() const { return input[0] * input[1]; }
  int64_t out_numel() const { return output[0] * output[1]; }
  int64_t grain() const { return max(1, kGrainSize / max(1, in_numel())); }
};

template <class T, class S>
ADJOINT_ALWAYS_INLINE T read(const S* p) {
  if constexpr (__is_same(T, S)) return *p;
  return T(Vec<T>::load(p, 1).v[0]);
}

/// NaN is larger than any number.
template <class T>
bool is_larger(T a, T than) {
  return a > than || (a != a && than == than);
}
template <class T>
ADJOINT_ALWAYS_INLINE typename Vec<T>::mask_type is_larger(Vec<T> a, Vec<T> than) {
  return (a > than) | (isnan(a) & !isnan(than));
}

bool is_two_by_two(const Pool2dParams& p) {
  for (int d = 0; d < 2; ++d) {
    if (p.kernel[d] != 2 || p.stride[d] != 2 || p.padding[d] != 0 || p.dilation[d] != 1) {
      return false;
    }
  }
  return true;
}

template <class T, class S>
void pool_plane(const Planes& planes, const Pool2dParams& p, S* out, int32_t* indices,
                const S* in) {
  for (int64_t y = 0; y < planes.output[0]; ++y) {
    int64_t top = y * p.stride[0] - p.padding[0];
    int64_t bottom = min(planes.input[0], top + (p.kernel[0] - 1) * p.dilation[0] + 1);
    while (top < 0) top += p.dilation[0];
    for (int64_t x = 0; x < planes.output[1]; ++x) {
      int64_t left = x * p.stride[1] - p.padding[1];
      int64_t right = min(planes.input[1], left + (p.kernel[1] - 1) * p.dilation[1] + 1);
      while (left < 0) left += p.dilation[1];
      int64_t best = top * planes.input[1] + left;
      T largest = read<T>(in + best);
      for (int64_t i = top; i < bottom; i += p.dilation[0]) {
        for (int64_t j = left; j < right; j += p.dilation[1]) {
          int64_t at = i * planes.input[1] + j;
          T value = read<T>(in + at);
          if (is_larger(value, largest)) {
            largest = value;
            best = at;
          }
        }
      }
      *out++ = in[best];
      *indices++ = int32_t(best);
    }
  }
}

// Even and odd lanes of two neighbouring registers, and back.
template <int First, class T, int... I>
ADJOINT_ALWAYS_INLINE Vec<T> every_second(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
  return Vec<T>(__builtin_shufflevector(a.v, b.v, (2 * I + First)...));
}
template <int First, class T, int... I>
ADJOINT_ALWAYS_INLINE Vec<T> interleaved(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
  constexpr int n = Vec<T>::size;
  return Vec<T>(__builtin_shufflevector(a.v, b.v, (First + I / 2 + (I % 2) * n)...));
}

template <class T, class S>
ADJOINT_ALWAYS_INLINE Vec<T> load_part(const S* p, int64_t n) {
  constexpr int size = Vec<T>::size;
  return n >= size ? Vec<T>::load(p) : Vec<T>::load(p, int(max(0, n)));
}
template <class T, class S>
ADJOINT_ALWAYS_INLINE void store_part(Vec<T> x, S* p, int64_t n) {
  constexpr int size = Vec<T>::size;
  if (n >= size) {
    x.store(p);
  } else if (n > 0) {
    x.store(p, int(n));
  }
}

/// Windows of 2x2, with indices in the lanes of a register: T is float.
template <class S>
void pool_plane_2x2(const Planes& planes, S* out, int32_t* indices, const S* in) {
  using V = Vec<float>;
  using I = Vec<int32_t>;
  constexpr int n = V::size;
  constexpr std::make_integer_sequence<int, n> lanes;
  const int64_t width = planes.input[1], columns = planes.output[1];
  alignas(64) int32_t steps[n];
  for (int i = 0; i < n; ++i) steps[i] = 2 * i;
  for (int64_t y = 0; y < planes.output[0]; ++y) {
    for (int64_t x = 0; x < columns; x += n) {
      const int64_t at = 2 * y * width + 2 * x, left = 2 * (columns - x);
      const S* row = in + at;
      V a = load_part<float>(row, left), b = load_part<float>(row + n, left - n);
      V c = load_part<float>(row + width, left), d = load_part<float>(row + width + n, left - n);
      I index = I::load(steps) + I(int32_t(at));
      V best = every_second<0>(a, b, lanes);
      auto take = [&](V value, int32_t offset) {
        auto larger = is_larger(value, best);
        best = where(larger, value, best);
        I there = I::load(steps) + I(int32_t(at + offset));
        index = where(typename I::mask_type(larger.m), there, index);
      };
      take(every_second<1>(a, b, lanes), 1);
      take(every_second<0>(c, d, lanes), int32_t(width));
      take(every_second<1>(c, d, lanes), int32_t(width + 1));
      store_part(best, out + y * columns + x, columns - x);
      store_part(index, indices + y * columns + x, columns - x);
    }
  }
}

template <class T, class S>
void pool(const Tensor& out, const Tensor& indices, const Tensor& input, const Pool2dParams& p) {
  const Planes planes(*input.impl(), *out.impl());
  S* to = static_cast<S*>(out.impl()->data());
  int32_t* places = static_cast<int32_t*>(indices.impl()->data());
  const S* from = static_cast<const S*>(input.impl()->data());
  const bool two_by_two = __is_same(T, float) && is_two_by_two(p) &&
                          planes.output[0] * 2 <= planes.input[0] &&
                          planes.output[1] * 2 <= planes.input[1];
  parallel_for(0, planes.count, planes.grain(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      S* o = to + i * planes.out_numel();
      int32_t* k = places + i * planes.out_numel();
      const S* in = from + i * planes.in_numel();
      if constexpr (__is_same(T, float)) {
        if (two_by_two) {
          pool_plane_2x2(planes, o, k, in);
          continue;
        }
      }
      pool_plane<T>(planes, p, o, k, in);
    }
  });
}

/// A plane's gradient where windows do not overlap: each input is written once.
template <class S>
void unpool_plane_2x2(const Planes& planes, S* grad_input, const S* grad, const int32_t* indices) {
  using V = Vec<float>;
  using I = Vec<int32_t>;
  constexpr int n = V::size;
  constexpr std::make_integer_sequence<int, n> lanes;
  const int64_t width = planes.input[1], columns = planes.output[1];
  alignas(64) int32_t steps[n];
  for (int i = 0; i < n; ++i) steps[i] = 2 * i;
  for (int64_t y = 0; y < planes.output[0]; ++y) {
    for (int64_t x = 0; x < columns; x += n) {
      const int64_t at = 2 * y * width + 2 * x, left = 2 * (columns - x);
      V g = load_part<float>(grad + y * columns + x, columns - x);
      I index = load_part<int32_t>(indices + y * columns + x, columns - x) - I::load(steps);
      auto where_at = [&](int64_t place) {
        return where(typename V::mask_type((index == I(int32_t(place))).m), g, V(0.0f));
      };
      for (int64_t dy = 0; dy < 2; ++dy) {
        V even = where_at(at + dy * width), odd = where_at(at + dy * width + 1);
        S* to = grad_input + at + dy * width;
        store_part(interleaved<0>(even, odd, lanes), to, left);
        store_part(interleaved<n / 2>(even, odd, lanes), to + n, left - n);
      }
    }
    // What no window reads.
    for (int64_t x = 2 * columns; x < width; ++x) {
      __builtin_memset(grad_input + 2 * y * width + x, 0, sizeof(S));
      __builtin_memset(grad_input + (2 * y + 1) * width + x, 0, sizeof(S));
    }
  }
  const int64_t done = 2 * planes.output[0] * width;
  __builtin_memset(grad_input + done, 0, size_t(planes.in_numel() - done) * sizeof(S));
}

template <class T, class S>
void unpool(const Tensor& grad_input, const Tensor& grad, const Tensor& indices,
            const Pool2dParams& p, GradWrite write) {
  const Planes planes(*grad_input.impl(), *grad.impl());
  S* to = static_cast<S*>(grad_input.impl()->data());
  const S* from = static_cast<const S*>(grad.impl()->data());
  const int32_t* places = static_cast<const int32_t*>(indices.impl()->data());
  const bool add = write == GradWrite::Accumulate;
  const bool two_by_two = !add && __is_same(T, float) && is_two_by_two(p) &&
                          planes.output[0] * 2 <= planes.input[0] &&
                          planes.output[1] * 2 <= planes.input[1];
  const int64_t numel = planes.in_numel();
  parallel_for(0, planes.count, planes.grain(), [&](int64_t begin, int64_t end) {
    using V = Vec<T>;
    for (int64_t i = begin; i < end; ++i) {
      S* plane = to + i * numel;
      const S* g = from + i * planes.out_numel();
      const int32_t* k = places + i * planes.out_numel();
      if constexpr (__is_same(T, float)) {
        if (two_by_two) {
          unpool_plane_2x2(planes, plane, g, k);
          continue;
        }
      }
      // Sums in T, also where the gradient is stored in 16 bits.
      T* sums = static_cast<T*>(scratch(Scratch::kOperand, size_t(numel + V::size) * sizeof(T)));
      for (int64_t j = 0; j < numel; j += V::size) {
        V start = add ? load_part<T>(plane + j, numel - j) : V(T(0));
        start.store(sums + j);
      }
      for (int64_t q = 0; q < planes.out_numel(); ++q) sums[k[q]] += read<T>(g + q);
      for (int64_t j = 0; j < numel; j += V::size) {
        store_part(V::load(sums + j), plane + j, numel - j);
      }
    }
  });
}

void max_pool2d_kernel(const Stream&, const Tensor& out, const Tensor& indices, const Tensor& input,
                       const Pool2dParams& p) {
  switch (out.impl()->dtype()) {
    case kFloat:
      return pool<float, float>(out, indices, input, p);
    case kDouble:
      return pool<double, double>(out, indices, input, p);
    case kHalf:
      return pool<float, Half>(out, indices, input, p);
    case kBFloat16:
      return pool<float, BFloat16>(out, indices, input, p);
    default:
      return;
  }
}

void max_pool2d_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                                const Tensor& indices, const Pool2dParams& p, GradWrite write) {
  switch (grad.impl()->dtype()) {
    case kFloat:
      return unpool<float, float>(grad_input, grad, indices, p, write);
    case kDouble:
      return unpool<double, double>(grad_input, grad, indices, p, write);
    case kHalf:
      return unpool<float, Half>(grad_input, grad, indices, p, write);
    case kBFloat16:
      return unpool<float, BFloat16>(grad_input, grad, indices, p, write);
    default:
      return;
  }
}

}  // namespace

void register_pooling_kernels(OpRegistry& registry) {
  registry.set_kernel("max_pool2d", kCPU, max_pool2d_kernel);
  registry.set_kernel("max_pool2d_backward", kCPU, max_pool2d_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
