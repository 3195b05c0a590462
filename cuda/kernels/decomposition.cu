// SPDX-License-Identifier: MIT
// Decompositions of matrices: a block for each, of the algorithms that the CPU's threads run alone.
#include "core/math/decomposition.h"

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cuda/dispatch.h"
#include "cuda/portable.cuh"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

constexpr int kThreads = 256, kLanes = 32;

/// The threads of a block; in two dimensions, a warp along a row.
struct Block {
  __device__ int64_t rank() const { return threadIdx.x; }
  __device__ int64_t size() const { return blockDim.x; }
  __device__ int64_t row() const { return threadIdx.x / kLanes; }
  __device__ int64_t rows() const { return blockDim.x / kLanes; }
  __device__ int64_t column() const { return threadIdx.x % kLanes; }
  __device__ int64_t columns() const { return kLanes; }
  __device__ void sync() const { __syncthreads(); }
};

template <class T>
__device__ __forceinline__ void copy_matrix(T* to, const T* from, int64_t numel) {
  for (int64_t i = threadIdx.x; i < numel; i += blockDim.x) to[i] = from[i];
  __syncthreads();
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    cholesky_kernel(T* l, int32_t* info, const T* __restrict__ a, int64_t n) {
  const int64_t b = blockIdx.x;
  copy_matrix(l + b * n * n, a + b * n * n, n * n);
  const int found = math::cholesky(Block(), l + b * n * n, n);
  if (threadIdx.x == 0) info[b] = found;
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    solve_triangular_kernel(T* x, const T* __restrict__ a, const T* __restrict__ right, int64_t n,
                            int64_t m, bool upper, bool unit) {
  const int64_t b = blockIdx.x;
  copy_matrix(x + b * n * m, right + b * n * m, n * m);
  math::solve_triangular(Block(), a + b * n * n, x + b * n * m, n, m, upper, unit);
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    lu_factor_kernel(T* lu, int32_t* pivots, int32_t* info, const T* __restrict__ a, int64_t m,
                     int64_t n) {
  const int64_t b = blockIdx.x;
  copy_matrix(lu + b * m * n, a + b * m * n, m * n);
  const int found = math::lu_factor(Block(), lu + b * m * n, pivots + b * (m < n ? m : n), m, n);
  if (threadIdx.x == 0) info[b] = found;
}

__global__ void __launch_bounds__(kThreads, 1)
    permutation_kernel(int64_t* rows, const int32_t* __restrict__ pivots, int64_t batch, int64_t k,
                       int64_t m) {
  const int64_t b = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (b < batch) math::permutation_of(pivots + b * k, rows + b * m, k, m);
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    qr_kernel(T* q, T* r, T* work, const T* __restrict__ a, int64_t m, int64_t n, int64_t kq,
              int64_t kr) {
  const int64_t b = blockIdx.x;
  math::qr(Block(), a + b * m * n, q + b * m * kq, r + b * kr * n,
           work + b * math::qr_work(m, n, kq), m, n, kq, kr);
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    eigh_kernel(T* values, T* vectors, T* work, const T* __restrict__ a, int64_t n) {
  const int64_t b = blockIdx.x;
  math::eigh(Block(), a + b * n * n, values + b * n, vectors + b * n * n,
             work + b * math::eigh_work(n), n);
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    svd_kernel(T* u, T* s, T* v, int32_t* info, T* work, const T* __restrict__ a, int64_t m,
               int64_t n) {
  const int64_t b = blockIdx.x;
  const int found = math::svd(Block(), a + b * m * n, u + b * m * n, s + b * n, v + b * n * n,
                              work + b * math::svd_work(m, n), m, n);
  if (threadIdx.x == 0) info[b] = found;
}

struct Shape {
  int64_t batch, m, n;
};
Shape shape_of(const Tensor& t) {
  const TensorImpl& impl = *t.impl();
  const int64_t m = impl.sizes()[size_t(impl.dim() - 2)], n = impl.sizes()[size_t(impl.dim() - 1)];
  return {m * n == 0 ? 0 : impl.numel() / (m * n), m, n};
}
template <class T>
T* data_of(const Tensor& t) {
  return t.defined() ? static_cast<T*>(t.impl()->data()) : nullptr;
}

/// A block for each matrix, of whole warps and about as many threads as a side has elements.
LaunchConfig where(const Stream& stream, const Shape& s) {
  const int64_t side = s.m < s.n ? s.n : s.m;
  return {unsigned(s.batch),
          unsigned(side <= kLanes ? kLanes
                   : side <= 128  ? 128
                                  : kThreads),
          raw(stream)};
}
template <class F>
void dispatch_decomposed(const Tensor& t, const F& f) {
  dispatch<float, double>(t.impl()->dtype(), f);
}

void cholesky_launch(const Stream& stream, const Tensor& l, const Tensor& info,
                     const Tensor& self) {
  const Shape s = shape_of(self);
  dispatch_decomposed(self, [&]<class T>() {
    launch<cholesky_kernel<T>>(where(stream, s), data_of<T>(l), data_of<int32_t>(info),
                               static_cast<const T*>(data_of<T>(self)), s.n);
  });
}

void solve_triangular_launch(const Stream& stream, const Tensor& x, const Tensor& a,
                             const Tensor& b, bool upper, bool unit) {
  const Shape s = shape_of(b);
  dispatch_decomposed(a, [&]<class T>() {
    launch<solve_triangular_kernel<T>>(where(stream, s), data_of<T>(x),
                                       static_cast<const T*>(data_of<T>(a)),
                                       static_cast<const T*>(data_of<T>(b)), s.m, s.n, upper, unit);
  });
}

void lu_factor_launch(const Stream& stream, const Tensor& lu, const Tensor& pivots,
                      const Tensor& info, const Tensor& self) {
  const Shape s = shape_of(self);
  dispatch_decomposed(self, [&]<class T>() {
    launch<lu_factor_kernel<T>>(where(stream, s), data_of<T>(lu), data_of<int32_t>(pivots),
                                data_of<int32_t>(info), static_cast<const T*>(data_of<T>(self)),
                                s.m, s.n);
  });
}

void pivots_to_permutation_launch(const Stream& stream, const Tensor& rows, const Tensor& pivots) {
  const TensorImpl &r = *rows.impl(), &p = *pivots.impl();
  const int64_t m = r.sizes()[size_t(r.dim() - 1)], k = p.sizes()[size_t(p.dim() - 1)];
  const int64_t batch = r.numel() / m;
  launch<permutation_kernel>({unsigned((batch + kThreads - 1) / kThreads), kThreads, raw(stream)},
                             data_of<int64_t>(rows),
                             static_cast<const int32_t*>(data_of<int32_t>(pivots)), batch, k, m);
}

void qr_launch(const Stream& stream, const Tensor& q, const Tensor& r, const Tensor& self) {
  const Shape s = shape_of(self);
  const int64_t kq = q.defined() ? shape_of(q).n : 0, kr = shape_of(r).m;
  dispatch_decomposed(self, [&]<class T>() {
    Scratch work(stream, size_t(s.batch * math::qr_work(s.m, s.n, kq)) * sizeof(T));
    launch<qr_kernel<T>>(where(stream, s), data_of<T>(q), data_of<T>(r), work.as<T>(),
                         static_cast<const T*>(data_of<T>(self)), s.m, s.n, kq, kr);
  });
}

void eigh_launch(const Stream& stream, const Tensor& values, const Tensor& vectors,
                 const Tensor& self) {
  const Shape s = shape_of(self);
  dispatch_decomposed(self, [&]<class T>() {
    Scratch work(stream, size_t(s.batch * math::eigh_work(s.n)) * sizeof(T));
    launch<eigh_kernel<T>>(where(stream, s), data_of<T>(values), data_of<T>(vectors), work.as<T>(),
                           static_cast<const T*>(data_of<T>(self)), s.n);
  });
}

void svd_launch(const Stream& stream, const Tensor& u, const Tensor& values, const Tensor& v,
                const Tensor& info, const Tensor& self) {
  const Shape s = shape_of(self);
  dispatch_decomposed(self, [&]<class T>() {
    Scratch work(stream, size_t(s.batch * math::svd_work(s.m, s.n)) * sizeof(T));
    launch<svd_kernel<T>>(where(stream, s), data_of<T>(u), data_of<T>(values), data_of<T>(v),
                          data_of<int32_t>(info), work.as<T>(),
                          static_cast<const T*>(data_of<T>(self)), s.m, s.n);
  });
}

}  // namespace

void register_decomposition_kernels(OpRegistry& registry) {
  registry.set_kernel("cholesky", kCUDA, cholesky_launch);
  registry.set_kernel("solve_triangular", kCUDA, solve_triangular_launch);
  registry.set_kernel("lu_factor", kCUDA, lu_factor_launch);
  registry.set_kernel("pivots_to_permutation", kCUDA, pivots_to_permutation_launch);
  registry.set_kernel("qr", kCUDA, qr_launch);
  registry.set_kernel("eigh", kCUDA, eigh_launch);
  registry.set_kernel("svd", kCUDA, svd_launch);
}

}  // namespace adjoint::cuda
