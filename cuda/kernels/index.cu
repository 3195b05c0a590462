// SPDX-License-Identifier: MIT
// Selecting by index.
#include <algorithm>

#include "adjoint/op_registry.h"
#include "cuda/kernels/index.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

using namespace index;

template <class F>
void with_size(size_t size, const F& f) {
  switch (size) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    case 8:
      return f.template operator()<uint64_t>();
    default:
      return f.template operator()<uint4>();
  }
}

// ---- index_select, embedding

/// out [outer, count, inner] = in [outer, size, inner] at the indices, `index_step` elements apart;
/// at `zero_row`, zeros. U are the units that rows are copied in, `inner` of them.
struct SliceCopy {
  static constexpr std::tuple<> kernel_pointers{};
  FastDivider inner, count;
  int64_t index_step, zero_row;
};

template <class U>
__global__ void __launch_bounds__(kThreads)
    copy_slices_kernel(U* out, const U* __restrict__ in, Indices indices, SliceCopy s,
                       unsigned first_row, unsigned numel) {
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= numel) return;
  const unsigned below = s.inner.divide(i), column = s.inner.modulo(i, below);
  const unsigned row = first_row + below;
  const unsigned outer = s.count.divide(row), at = s.count.modulo(row, outer);
  const int64_t index = indices(at * s.index_step);
  U value{};
  if (index >= 0 && index != s.zero_row) {
    value = in[(outer * indices.size + index) * s.inner.divisor + column];
  }
  out[size_t(row) * s.inner.divisor + column] = value;
}

void copy_slices(const Stream& stream, const TensorImpl& out, const TensorImpl& in, Slices s,
                 const Indices& indices, int64_t count, int64_t index_step, int64_t zero_row) {
  const int64_t nbytes = s.inner * int64_t(elementSize(out.dtype()));
  const uintptr_t places = reinterpret_cast<uintptr_t>(out.data()) |
                           reinterpret_cast<uintptr_t>(in.data()) | uintptr_t(nbytes);
  const size_t unit = places % 16 == 0 ? 16 : elementSize(out.dtype());
  const int64_t inner = nbytes / int64_t(unit), rows = s.outer * count;
  ADJOINT_CHECK(rows <= INT_MAX && inner <= INT_MAX / 2,
                "index_select: expected fewer than 2^31 slices of fewer than 2^30 elements, got ",
                out.sizes());
  const SliceCopy copy{FastDivider(unsigned(inner)), FastDivider(unsigned(count)), index_step,
                       zero_row};
  const int64_t at_once = INT_MAX / inner;
  with_size(unit, [&]<class U>() {
    for (int64_t row = 0; row < rows; row += at_once) {
      const int64_t numel = std::min(at_once, rows - row) * inner;
      launch<copy_slices_kernel<U>>({blocks_for(numel), kThreads, raw(stream)},
                                    static_cast<U*>(out.data()), static_cast<const U*>(in.data()),
                                    indices, copy, unsigned(row), unsigned(numel));
    }
  });
}

void index_select_kernel(const Stream& stream, const Tensor& out, const Tensor& self, int64_t dim,
                         const Tensor& index) {
  static const IndexOp name = name_index_op("index_select");
  const Slices s(*self.impl(), dim);
  const TensorImpl& i = *index.impl();
  copy_slices(stream, *out.impl(), *self.impl(), s, Indices(stream, i, name, dim, s.size),
              i.numel(), i.strides()[0], -1);
}

void embedding_kernel(const Stream& stream, const Tensor& out, const Tensor& weight,
                      const Tensor& indices, int64_t zero_row) {
  const Slices s(*weight.impl(), 0);
  copy_slices(stream, *out.impl(), *weight.impl(), s,
              Indices(stream, *indices.impl(), embedding_name(), 0, s.size),
              indices.impl()->numel(), 1, zero_row);
}

// ---- gather

/// `along`: the stride of `in` in the dimension that is indexed.
template <class U>
__global__ void __launch_bounds__(kThreads)
    gather_elements_kernel(U* out, const U* __restrict__ in, Indices indices, Elements elements,
                           int64_t along, unsigned numel) {
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= numel) return;
  int64_t at[3];
  elements.locate(i, at);
  const int64_t index = indices(at[0]);
  out[at[2]] = index < 0 ? U{} : in[at[1] + index * along];
}

void gather_kernel(const Stream& stream, const Tensor& out, const Tensor& self, int64_t dim,
                   const Tensor& index) {
  static const IndexOp name = name_index_op("gather");
  const TensorImpl &i = *index.impl(), &in = *self.impl(), &to = *out.impl();
  const unsigned numel = checked_numel("gather", i);
  const int64_t along = in.strides()[size_t(dim)];
  const Indices indices(stream, i, name, dim, in.sizes()[size_t(dim)]);
  Elements elements(i, in, to);
  elements.strides[1][i.dim() - 1 - dim] = 0;
  with_size(elementSize(in.dtype()), [&]<class U>() {
    launch<gather_elements_kernel<U>>({blocks_for(numel), kThreads, raw(stream)},
                                      static_cast<U*>(to.data()), static_cast<const U*>(in.data()),
                                      indices, elements, along, numel);
  });
}

}  // namespace

void register_index_kernels(OpRegistry& registry) {
  registry.set_kernel("index_select", kCUDA, index_select_kernel);
  registry.set_kernel("gather", kCUDA, gather_kernel);
  registry.set_kernel("embedding", kCUDA, embedding_kernel);
}

}  // namespace adjoint::cuda
