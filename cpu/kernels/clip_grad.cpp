// SPDX-License-Identifier: MIT
// The norm of many tensors, and their scaling to a bounded one.
#include "core/nn/clip_grad.h"

#include "cpu/loops.h"
#include "cpu/parallel.h"
#include "cpu/reduce_ops.h"
#include "cpu/scratch.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

/// A sum of so many elements is made by one thread, in registers.
constexpr int64_t kPart = 8192;

struct Absolute {
  template <class V>
  ADJOINT_ALWAYS_INLINE V operator()(V x) const {
    return abs(x);
  }
};
struct Square {
  template <class V>
  ADJOINT_ALWAYS_INLINE V operator()(V x) const {
    return x * x;
  }
};

template <class C, class S, class Map, class Combine>
double reduce_part(const S* p, int64_t n, const Map& map, const Combine& op) {
  using V = Vec<C>;
  constexpr int64_t size = V::size;
  V sums[4] = {V(C(0)), V(C(0)), V(C(0)), V(C(0))};
  int64_t i = 0;
  for (; i + 4 * size <= n; i += 4 * size) {
    for (int k = 0; k < 4; ++k) sums[k] = op.combine(sums[k], map(V::load(p + i + k * size)));
  }
  for (; i < n; i += size) {
    const int lanes = int(n - i < size ? n - i : size);
    sums[0] = op.combine(sums[0], map(V::load(p + i, lanes)));
  }
  const V total = op.combine(op.combine(sums[0], sums[1]), op.combine(sums[2], sums[3]));
  return double(reduce_lanes(total, [&](V a, V b) { return op.combine(a, b); }));
}

/// f(part, begin, end) for the parts of n elements, by several threads.
template <class F>
void for_each_part(int64_t n, const F& f) {
  parallel_for(0, (n + kPart - 1) / kPart, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; ++part) {
      f(part, part * kPart, n < (part + 1) * kPart ? n : (part + 1) * kPart);
    }
  });
}

template <class S, class Map, template <class> class Combine>
double reduce_all(ArrayRef<Tensor> grads, const Map& map, const Combine<double>& add) {
  using C = opmath_t<S>;
  double total = 0;
  for (const Tensor& g : grads) {
    const S* p = static_cast<const S*>(g.impl()->data());
    const int64_t n = g.impl()->numel();
    if (n <= kPart) {
      total = add.scalar(total, reduce_part<C>(p, n, map, Combine<C>{}));
      continue;
    }
    auto* parts =
        static_cast<double*>(scratch(Scratch::kReduce, size_t((n + kPart - 1) / kPart) * 8));
    for_each_part(n, [&](int64_t part, int64_t begin, int64_t end) {
      parts[part] = reduce_part<C>(p + begin, end - begin, map, Combine<C>{});
    });
    for (int64_t part = 0; part * kPart < n; ++part) total = add.scalar(total, parts[part]);
  }
  return total;
}

template <class T>
struct Added : Sum<T> {
  static T scalar(T a, T b) { return a + b; }
};
template <class T>
struct Larger : Max<T> {
  static T scalar(T a, T b) { return a < b || b != b ? b : a; }
};

void grad_norm_kernel(const Stream&, const Tensor& total, ArrayRef<Tensor> grads, GradNorm norm) {
  dispatch_floating(total.impl()->dtype(), [&]<class S>() {
    double result = 0;
    switch (norm) {
      case GradNorm::Sum:
        result = reduce_all<S>(grads, Absolute{}, Added<double>{});
        break;
      case GradNorm::Euclidean:
        result = __builtin_sqrt(reduce_all<S>(grads, Square{}, Added<double>{}));
        break;
      case GradNorm::Largest:
        result = reduce_all<S>(grads, Absolute{}, Larger<double>{});
        break;
    }
    *static_cast<S*>(total.impl()->data()) = S(opmath_t<S>(result));
  });
}

template <class S>
void scale(S* p, int64_t n, opmath_t<S> factor) {
  using V = Vec<opmath_t<S>>;
  constexpr int64_t size = V::size;
  const V by{factor};
  int64_t i = 0;
  for (; i + size <= n; i += size) (V::load(p + i) * by).store(p + i);
  if (i < n) (V::load(p + i, int(n - i)) * by).store(p + i, int(n - i));
}

void clip_to_norm_kernel(const Stream&, ArrayRef<Tensor> grads, const Tensor& total,
                         double max_norm) {
  dispatch_floating(total.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    const C norm = C(*static_cast<const S*>(total.impl()->data()));
    const C factor = C(max_norm) / (norm + C(1e-6));
    if (factor >= C(1)) return;
    for (const Tensor& g : grads) {
      S* p = static_cast<S*>(g.impl()->data());
      for_each_part(g.impl()->numel(), [&](int64_t, int64_t begin, int64_t end) {
        scale(p + begin, end - begin, factor);
      });
    }
  });
}

}  // namespace

void register_clip_grad_kernels(OpRegistry& registry) {
  registry.set_kernel("grad_norm", kCPU, grad_norm_kernel);
  registry.set_kernel("clip_to_norm", kCPU, clip_to_norm_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
