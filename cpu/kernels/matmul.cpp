// SPDX-License-Identifier: MIT
// mm and bmm on the library's own matrix product (gemm.h).
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "core/dispatch/grad_write.h"
#include "cpu/kernels/gemm.h"
#include "cpu/kernels/matmul_half.h"
#include "cpu/kernels/matmul_integer.h"
#include "cpu/kernels/reduce.h"
#include "cpu/parallel.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class T>
void product(const GemmArgs<T>& args) {
  if constexpr (T(0.5) == T(0)) {
    integer_product(args);
  } else if constexpr (sizeof(T) == 2) {
    half_product(args);
  } else {
    parallel_for(0, gemm_tile_count(args), gemm_grain(args),
                 [&](int64_t begin, int64_t end) { gemm_tiles(args, begin, end); });
  }
}

template <class T>
GemmArgs<T> matrices(const Tensor& out, const Tensor& a, const Tensor& b, GradWrite write) {
  const TensorImpl &c = *out.impl(), &l = *a.impl(), &r = *b.impl();
  size_t d = size_t(c.dim()) - 2;
  GemmArgs<T> args{};
  args.m = c.sizes()[d];
  args.n = c.sizes()[d + 1];
  args.k = l.sizes()[d + 1];
  args.a = static_cast<const T*>(l.data());
  args.a_row = l.strides()[d];
  args.a_col = l.strides()[d + 1];
  args.b = static_cast<const T*>(r.data());
  args.b_row = r.strides()[d];
  args.b_col = r.strides()[d + 1];
  args.c = static_cast<T*>(c.data());
  args.c_row = c.strides()[d];
  args.accumulate = write == GradWrite::Accumulate;
  return args;
}

template <class T>
void mm_typed(const Tensor& out, const Tensor& a, const Tensor& b, const Tensor& bias,
              GradWrite write) {
  GemmArgs<T> args = matrices<T>(out, a, b, write);
  if (bias.defined()) args.bias = static_cast<const T*>(bias.impl()->data());
  product(args);
}

void mm_kernel(const Stream&, const Tensor& out, const Tensor& a, const Tensor& b,
               const Tensor& bias, GradWrite write) {
  switch (out.impl()->dtype()) {
    case kFloat:
      return mm_typed<float>(out, a, b, bias, write);
    case kDouble:
      return mm_typed<double>(out, a, b, bias, write);
    case kHalf:
      return mm_typed<Half>(out, a, b, bias, write);
    case kBFloat16:
      return mm_typed<BFloat16>(out, a, b, bias, write);
    case kLong:
      return mm_typed<int64_t>(out, a, b, bias, write);
    case kInt:
      return mm_typed<int32_t>(out, a, b, bias, write);
    case kByte:
      return mm_typed<uint8_t>(out, a, b, bias, write);
    default:
      return;
  }
}

void mm_with_row_sums_kernel(const Stream& stream, const Tensor& out, const Tensor&,
                             const TensorIterator& sums, const Tensor& a, const Tensor& b) {
  mm_kernel(stream, out, a, b, Tensor(), GradWrite::Overwrite);
  sum_kernel(stream, sums);
}

template <class T>
void bmm_typed(const Tensor& out, const Tensor& a, const Tensor& b, GradWrite write) {
  GemmArgs<T> first = matrices<T>(out, a, b, write);
  int64_t batch = out.impl()->sizes()[0];
  int64_t a_step = a.impl()->strides()[0], b_step = b.impl()->strides()[0],
          c_step = out.impl()->strides()[0];
  int64_t work = first.m * first.n * first.k;
  parallel_for(0, batch, work > kGrainSize ? 1 : kGrainSize / (work + 1) + 1,
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   GemmArgs<T> args = first;
                   args.a += i * a_step;
                   args.b += i * b_step;
                   args.c += i * c_step;
                   product(args);
                 }
               });
}

void bmm_kernel(const Stream&, const Tensor& out, const Tensor& a, const Tensor& b,
                GradWrite write) {
  switch (out.impl()->dtype()) {
    case kFloat:
      return bmm_typed<float>(out, a, b, write);
    case kDouble:
      return bmm_typed<double>(out, a, b, write);
    case kHalf:
      return bmm_typed<Half>(out, a, b, write);
    case kBFloat16:
      return bmm_typed<BFloat16>(out, a, b, write);
    case kLong:
      return bmm_typed<int64_t>(out, a, b, write);
    case kInt:
      return bmm_typed<int32_t>(out, a, b, write);
    case kByte:
      return bmm_typed<uint8_t>(out, a, b, write);
    default:
      return;
  }
}

}  // namespace

void register_matmul_kernels(OpRegistry& registry) {
  registry.set_kernel("mm", kCPU, mm_kernel);
  registry.set_kernel("mm_with_row_sums", kCPU, mm_with_row_sums_kernel);
  registry.set_kernel("bmm", kCPU, bmm_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
