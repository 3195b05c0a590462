// SPDX-License-Identifier: MIT
// mm and bmm by cuBLASLt (cuda/cublas.h), and what it does not do.
#include <optional>

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "core/dispatch/grad_write.h"
#include "cuda/cublas.h"
#include "cuda/dispatch.h"
#include "cuda/elements.h"
#include "cuda/fast_divider.cuh"
#include "cuda/kernels/matmul_integer.cuh"
#include "cuda/kernels/reduce.h"
#include "cuda/portable.cuh"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

constexpr int kMatrixThreads = 256;

/// A dense [batch, rows, columns] of matrices with any strides.
template <class T>
__global__ void __launch_bounds__(kMatrixThreads)
    copy_matrices(const T* from, T* to, int64_t numel, FastDivider64 rows, FastDivider64 columns,
                  int64_t step, int64_t row_stride, int64_t column_stride) {
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < numel;
       i += int64_t(gridDim.x) * blockDim.x) {
    const uint64_t line = columns.divide(uint64_t(i)), matrix = rows.divide(line);
    const int64_t row = int64_t(rows.modulo(line, matrix)),
                  column = int64_t(columns.modulo(uint64_t(i), line));
    to[i] = from[int64_t(matrix) * step + row * row_stride + column * column_stride];
  }
}

/// Every row, `leading` elements apart, = (add ? itself : 0) + (bias ? bias : 0).
template <class S>
__global__ void __launch_bounds__(kMatrixThreads)
    write_rows(const S* bias, S* c, int64_t numel, FastDivider64 columns, int64_t leading,
               bool add) {
  using C = std::conditional_t<sizeof(S) == 8, double, float>;
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < numel;
       i += int64_t(gridDim.x) * blockDim.x) {
    const uint64_t row = columns.divide(uint64_t(i)), column = columns.modulo(uint64_t(i), row);
    S* at = c + int64_t(row) * leading + int64_t(column);
    C value = bias ? compute_from<C>(bias[column]) : C(0);
    if (add) value += compute_from<C>(*at);
    *at = stored_from<S>(value);
  }
}

LaunchConfig elements_config(int64_t numel, const Stream& stream) {
  const int64_t blocks = (numel + kMatrixThreads - 1) / kMatrixThreads;
  return {unsigned(blocks < 1 << 14 ? blocks : 1 << 14), kMatrixThreads, raw(stream)};
}

/// Matrices for cuBLASLt, and their memory where they had to be copied.
struct Operand {
  GemmOperand operand;
  std::optional<Scratch> copy;
};

void make_operand(Operand& out, const Stream& stream, const TensorImpl& t) {
  const size_t d = size_t(t.dim()) - 2;
  const int64_t rows = t.sizes()[d], columns = t.sizes()[d + 1];
  int64_t batch = d == 0 ? 1 : t.sizes()[0];
  const int64_t step = d == 0 ? 0 : t.strides()[0];
  // The stride of a dimension of size 1 says nothing.
  const int64_t row_stride = rows == 1 ? columns : t.strides()[d],
                column_stride = columns == 1 ? 1 : t.strides()[d + 1];
  if (column_stride == 1 && row_stride >= columns) {
    out.operand = {t.data(), false, row_stride, step};
    return;
  }
  const int64_t other_stride = columns == 1 ? rows : t.strides()[d + 1];
  if ((rows == 1 || row_stride == 1) && other_stride >= rows) {
    out.operand = {t.data(), true, other_stride, step};
    return;
  }
  if (step == 0) batch = 1;
  const int64_t numel = batch * rows * columns;
  const size_t element = elementSize(t.dtype());
  out.copy.emplace(stream, size_t(numel) * element);
  auto copy = [&]<class T>(T) {
    launch<copy_matrices<T>>(elements_config(numel, stream), static_cast<const T*>(t.data()),
                             out.copy->template as<T>(), numel, FastDivider64(uint64_t(rows)),
                             FastDivider64(uint64_t(columns)), step, t.strides()[d],
                             t.strides()[d + 1]);
  };
  element == 2 ? copy(uint16_t()) : element == 4 ? copy(uint32_t()) : copy(uint64_t());
  out.operand = {out.copy->data(), false, columns, step == 0 ? 0 : rows * columns};
}

/// How far the rows of an output are apart. They are dense, and so are matrices of a batch.
int64_t leading_of(const TensorImpl& c) {
  const size_t d = size_t(c.dim()) - 2;
  return c.sizes()[d] == 1 ? c.sizes()[d + 1] : c.strides()[d];
}

void write_bias(const Stream& stream, const Tensor& out, const Tensor& bias, bool add) {
  const TensorImpl& c = *out.impl();
  const FastDivider64 columns(uint64_t(c.sizes()[size_t(c.dim()) - 1]));
  dispatch_floating(c.dtype(), [&]<class S>() {
    launch<write_rows<S>>(elements_config(c.numel(), stream), elements<S>(bias), outputs<S>(out),
                          c.numel(), columns, leading_of(c), add);
  });
}

/// Of matrices or of batches of them; `out` is not empty. False, and nothing is done, where
/// cuBLASLt cannot compute `row_sums` (undefined: they are not wanted) beside the product.
bool multiply(const Stream& stream, const Tensor& out, const Tensor& row_sums, const Tensor& a,
              const Tensor& b, const Tensor& bias, GradWrite write) {
  const TensorImpl& c = *out.impl();
  const size_t d = size_t(c.dim()) - 2;
  bool add = write == GradWrite::Accumulate;
  if (!isFloatingType(c.dtype())) {
    dispatch<int64_t, int32_t, uint8_t>(
        c.dtype(), [&]<class T>() { integer_product<T>(stream, out, a, b, bias, add); });
    return true;
  }
  const int64_t k = a.impl()->sizes()[d + 1];
  if (k == 0) {
    if (row_sums.defined()) return false;
    if (bias.defined() || !add) write_bias(stream, out, bias, add);
    return true;
  }
  Operand left, right;
  make_operand(left, stream, *a.impl());
  make_operand(right, stream, *b.impl());
  GemmArgs args{};
  args.dtype = c.dtype();
  args.m = c.sizes()[d];
  args.n = c.sizes()[d + 1];
  args.k = k;
  args.batch = d == 0 ? 1 : c.sizes()[0];
  args.a = left.operand;
  args.b = right.operand;
  args.c = c.data();
  args.c_leading = leading_of(c);
  args.c_step = d == 0 ? 0 : c.strides()[0];
  args.bias = elements<void>(bias);
  args.row_sums = outputs<void>(row_sums);
  args.accumulate = add;
  if (gemm(stream, args)) return true;
  if (row_sums.defined()) return false;
  if (bias.defined()) {
    write_bias(stream, out, bias, add);
    args.bias = nullptr;
    args.accumulate = true;
    if (gemm(stream, args)) return true;
  }
  ADJOINT_CHECK_WITH(NotImplementedError, false, d == 0 ? "mm" : "bmm",
                     ": cuBLASLt has no algorithm for ", a.sizes(), " x ", b.sizes(), " of ",
                     c.dtype());
  return true;
}

void mm_kernel(const Stream& stream, const Tensor& out, const Tensor& a, const Tensor& b,
               const Tensor& bias, GradWrite write) {
  multiply(stream, out, Tensor(), a, b, bias, write);
}
void mm_with_row_sums_kernel(const Stream& stream, const Tensor& out, const Tensor& row_sums,
                             const TensorIterator& sums, const Tensor& a, const Tensor& b) {
  if (multiply(stream, out, row_sums, a, b, Tensor(), GradWrite::Overwrite)) return;
  multiply(stream, out, Tensor(), a, b, Tensor(), GradWrite::Overwrite);
  sum_kernel(stream, sums);
}
void bmm_kernel(const Stream& stream, const Tensor& out, const Tensor& a, const Tensor& b,
                GradWrite write) {
  multiply(stream, out, Tensor(), a, b, Tensor(), write);
}

}  // namespace

void register_matmul_kernels(OpRegistry& registry) {
  registry.set_kernel("mm", kCUDA, mm_kernel);
  registry.set_kernel("mm_with_row_sums", kCUDA, mm_with_row_sums_kernel);
  registry.set_kernel("bmm", kCUDA, bmm_kernel);
}

}  // namespace adjoint::cuda
