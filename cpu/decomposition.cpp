// SPDX-License-Identifier: MIT
// Decompositions: a matrix for each task. Their loops are short and depend on each other, so they
// are compiled once, and not for every instruction set as cpu/kernels/ is.
#include "cpu/decomposition.h"

#include "core/math/decomposition.h"

#include <cstring>

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"

namespace adjoint::cpu {
namespace {

using math::Alone;

struct Shape {
  int64_t batch, m, n;
  int64_t numel() const { return m * n; }
};
Shape shape_of(const Tensor& t) {
  const IntArrayRef sizes = t.impl()->sizes();
  const int64_t m = sizes[sizes.size() - 2], n = sizes[sizes.size() - 1];
  return {m * n == 0 ? 0 : t.impl()->numel() / (m * n), m, n};
}
template <class T>
T* data_of(const Tensor& t) {
  return t.defined() ? static_cast<T*>(t.impl()->data()) : nullptr;
}

/// f(i) for each matrix of the batch, in tasks of some `work` operations for a matrix.
template <class F>
void for_each_matrix(int64_t batch, int64_t work, const F& f) {
  const int64_t grain = work >= kGrainSize ? 1 : kGrainSize / (work > 0 ? work : 1);
  parallel_for(0, batch, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}
template <class F>
void dispatch(const Tensor& t, const F& f) {
  if (t.impl()->dtype() == kFloat) return f.template operator()<float>();
  f.template operator()<double>();
}
/// Work memory of a matrix: the thread's, but for very large ones.
template <class T>
class Work {
 public:
  explicit Work(int64_t n)
      : own_(size_t(n) * sizeof(T) > kKept ? ::operator new(size_t(n) * sizeof(T)) : nullptr),
        data_(own_ ? own_ : scratch(Scratch::kDecomposition, size_t(n) * sizeof(T))) {}
  ~Work() { ::operator delete(own_); }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  T* data() const { return static_cast<T*>(data_); }

 private:
  static constexpr size_t kKept = size_t{1} << 22;
  void *own_, *data_;
};

void cholesky_kernel(const Stream&, const Tensor& out, const Tensor& info, const Tensor& self) {
  const Shape s = shape_of(self);
  dispatch(self, [&]<class T>() {
    T* const l = data_of<T>(out);
    const T* const a = data_of<T>(self);
    int32_t* const infos = data_of<int32_t>(info);
    for_each_matrix(s.batch, s.n * s.n * s.n / 3, [&](int64_t i) {
      std::memcpy(l + i * s.numel(), a + i * s.numel(), size_t(s.numel()) * sizeof(T));
      infos[i] = math::cholesky(Alone(), l + i * s.numel(), s.n);
    });
  });
}

void solve_triangular_kernel(const Stream&, const Tensor& out, const Tensor& a, const Tensor& b,
                             bool upper, bool unit) {
  const Shape s = shape_of(b);
  dispatch(a, [&]<class T>() {
    T* const x = data_of<T>(out);
    const T *const matrices = data_of<T>(a), *const right = data_of<T>(b);
    for_each_matrix(s.batch, s.m * s.m * s.n, [&](int64_t i) {
      std::memcpy(x + i * s.numel(), right + i * s.numel(), size_t(s.numel()) * sizeof(T));
      math::solve_triangular(Alone(), matrices + i * s.m * s.m, x + i * s.numel(), s.m, s.n, upper,
                             unit);
    });
  });
}

void lu_factor_kernel(const Stream&, const Tensor& out, const Tensor& pivots, const Tensor& info,
                      const Tensor& self) {
  const Shape s = shape_of(self);
  const int64_t k = s.m < s.n ? s.m : s.n;
  dispatch(self, [&]<class T>() {
    T* const lu = data_of<T>(out);
    const T* const a = data_of<T>(self);
    int32_t *const infos = data_of<int32_t>(info), *const places = data_of<int32_t>(pivots);
    for_each_matrix(s.batch, s.m * s.n * k, [&](int64_t i) {
      std::memcpy(lu + i * s.numel(), a + i * s.numel(), size_t(s.numel()) * sizeof(T));
      infos[i] = math::lu_factor(Alone(), lu + i * s.numel(), places + i * k, s.m, s.n);
    });
  });
}

void pivots_to_permutation_kernel(const Stream&, const Tensor& out, const Tensor& pivots) {
  const IntArrayRef sizes = out.impl()->sizes();
  const int64_t m = sizes[sizes.size() - 1];
  const int64_t k = pivots.impl()->sizes()[sizes.size() - 1];
  int64_t* const rows = data_of<int64_t>(out);
  const int32_t* const places = data_of<int32_t>(pivots);
  for_each_matrix(out.impl()->numel() / m, m,
                  [&](int64_t i) { math::permutation_of(places + i * k, rows + i * m, k, m); });
}

void qr_kernel(const Stream&, const Tensor& q, const Tensor& r, const Tensor& self) {
  const Shape s = shape_of(self);
  const int64_t kq = q.defined() ? shape_of(q).n : 0, kr = shape_of(r).m;
  dispatch(self, [&]<class T>() {
    T *const qs = data_of<T>(q), *const rs = data_of<T>(r);
    const T* const a = data_of<T>(self);
    for_each_matrix(s.batch, 2 * s.m * s.n * (s.n + kq), [&](int64_t i) {
      const Work<T> work(math::qr_work(s.m, s.n, kq));
      math::qr(Alone(), a + i * s.numel(), qs + i * s.m * kq, rs + i * kr * s.n, work.data(), s.m,
               s.n, kq, kr);
    });
  });
}

void eigh_kernel(const Stream&, const Tensor& values, const Tensor& vectors, const Tensor& self) {
  const Shape s = shape_of(self);
  dispatch(self, [&]<class T>() {
    T *const l = data_of<T>(values), *const v = data_of<T>(vectors);
    const T* const a = data_of<T>(self);
    for_each_matrix(s.batch, 50 * s.n * s.n * s.n, [&](int64_t i) {
      const Work<T> work(math::eigh_work(s.n));
      math::eigh(Alone(), a + i * s.numel(), l + i * s.n, v + i * s.numel(), work.data(), s.n);
    });
  });
}

void svd_kernel(const Stream&, const Tensor& u, const Tensor& values, const Tensor& v,
                const Tensor& info, const Tensor& self) {
  const Shape s = shape_of(self);
  dispatch(self, [&]<class T>() {
    T *const us = data_of<T>(u), *const l = data_of<T>(values), *const vs = data_of<T>(v);
    const T* const a = data_of<T>(self);
    int32_t* const infos = data_of<int32_t>(info);
    for_each_matrix(s.batch, 50 * s.m * s.n * s.n, [&](int64_t i) {
      const Work<T> work(math::svd_work(s.m, s.n));
      infos[i] = math::svd(Alone(), a + i * s.numel(), us + i * s.numel(), l + i * s.n,
                           vs + i * s.n * s.n, work.data(), s.m, s.n);
    });
  });
}

}  // namespace

void register_decomposition_kernels(OpRegistry& registry) {
  registry.set_kernel("cholesky", kCPU, cholesky_kernel);
  registry.set_kernel("solve_triangular", kCPU, solve_triangular_kernel);
  registry.set_kernel("lu_factor", kCPU, lu_factor_kernel);
  registry.set_kernel("pivots_to_permutation", kCPU, pivots_to_permutation_kernel);
  registry.set_kernel("qr", kCPU, qr_kernel);
  registry.set_kernel("eigh", kCPU, eigh_kernel);
  registry.set_kernel("svd", kCPU, svd_kernel);
}

}  // namespace adjoint::cpu
