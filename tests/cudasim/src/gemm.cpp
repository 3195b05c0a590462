// SPDX-License-Identifier: MIT
#include "gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "launch.h"
#include "tf32.h"

namespace cudasim {
namespace {

// The panel of op(a) that is multiplied at a time has kRows<T> rows, that of op(b) kColumns
// columns; kBlock* are what is packed at a time.
constexpr int kVectorBytes = 32;
template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));
template <class T>
constexpr int kRows = 2 * kLanes<T>;
constexpr int kColumns = 6;
constexpr int64_t kBlockRows = 128, kBlockColumns = 384, kBlockDepth = 256;

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};

/// sums[j * row_count + i] += the sum over `depth` of a[., i] * b[., j], for a panel.
template <class T>
inline __attribute__((always_inline)) void multiply_panels(int64_t depth, const T* a, const T* b,
                                                           T* sums, int64_t row_count) {
  using Vector = typename VectorOf<T>::type;
  Vector sum[kColumns][2] = {};
  for (int64_t p = 0; p < depth; ++p) {
    Vector x0, x1;
    std::memcpy(&x0, a + p * kRows<T>, sizeof x0);
    std::memcpy(&x1, a + p * kRows<T> + kLanes<T>, sizeof x1);
#pragma GCC unroll 6
    for (int j = 0; j < kColumns; ++j) {
      const T y = b[p * kColumns + j];
      sum[j][0] += x0 * y;
      sum[j][1] += x1 * y;
    }
  }
#pragma GCC unroll 6
  for (int j = 0; j < kColumns; ++j) {
    T* to = sums + j * row_count;
    for (int i = 0; i < kLanes<T>; ++i) to[i] += sum[j][0][i];
    for (int i = 0; i < kLanes<T>; ++i) to[kLanes<T> + i] += sum[j][1][i];
  }
}

template <class T>
void multiply_panels_baseline(int64_t depth, const T* a, const T* b, T* sums, int64_t row_count) {
  multiply_panels(depth, a, b, sums, row_count);
}
#if defined(__x86_64__)
template <class T>
__attribute__((target("avx2,fma"))) void multiply_panels_avx2(int64_t depth, const T* a, const T* b,
                                                              T* sums, int64_t row_count) {
  multiply_panels(depth, a, b, sums, row_count);
}
#endif

template <class T>
auto best_multiply_panels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return &multiply_panels_avx2<T>;
  }
#endif
  return &multiply_panels_baseline<T>;
}

size_t size_of(cudaDataType type) { return type == CUDA_R_64F ? 8 : type == CUDA_R_32F ? 4 : 2; }
template <class T>
T* offset(T* base, cudaDataType type, int64_t elements) {
  using Byte = std::conditional_t<std::is_const_v<T>, const char, char>;
  return static_cast<Byte*>(base) + elements * int64_t(size_of(type));
}

/// f(typed pointer) for the type of what `data` points to.
template <class Void, class F>
auto with_type(cudaDataType type, Void* data, const F& f) {
  const auto as = [&]<class S>(S*) {
    return static_cast<std::conditional_t<std::is_const_v<Void>, const S, S>*>(data);
  };
  switch (type) {
    case CUDA_R_64F:
      return f(as(static_cast<double*>(nullptr)));
    case CUDA_R_16F:
      return f(as(static_cast<__half*>(nullptr)));
    case CUDA_R_16BF:
      return f(as(static_cast<__nv_bfloat16*>(nullptr)));
    default:
      return f(as(static_cast<float*>(nullptr)));
  }
}
template <class T>
T load(cudaDataType type, const void* data, int64_t at) {
  return with_type(type, data, [&](auto* typed) { return T(typed[at]); });
}
template <class S, class T>
S narrow(T value) {
  if constexpr (sizeof(S) == 2)
    return S(float(value));
  else
    return S(value);
}
template <class T>
void store(cudaDataType type, void* data, int64_t at, T value) {
  with_type(type, data, [&](auto* typed) {
    typed[at] = narrow<std::remove_pointer_t<decltype(typed)>>(value);
  });
}

/// Packs rows [row, row + rows) and columns [p, p + depth) of a matrix (of its transpose, if
/// `transposed`) into panels of `width` rows, padded with zeros.
template <class T>
void pack(const void* data, const GemmOperand& layout, bool transposed, bool tf32, int width,
          int64_t row, int64_t rows, int64_t p, int64_t depth, T* packed) {
  const int64_t row_stride = transposed ? layout.leading_dimension : 1;
  const int64_t column_stride = transposed ? 1 : layout.leading_dimension;
  with_type(layout.type, data, [&](auto* matrix) {
    for (int64_t i = 0; i < rows; i += width, packed += width * depth) {
      const int64_t count = std::min<int64_t>(width, rows - i);
      for (int64_t q = 0; q < depth; ++q) {
        T* to = packed + q * width;
        const auto* from = matrix + (row + i) * row_stride + (p + q) * column_stride;
        for (int64_t r = 0; r < count; ++r) to[r] = T(from[r * row_stride]);
        for (int64_t r = count; r < width; ++r) to[r] = 0;
      }
    }
  });
  if constexpr (sizeof(T) == 4) {
    if (tf32) {
      T* const begin = packed - (rows + width - 1) / width * width * depth;
      std::transform(begin, packed, begin, round_to_tf32);
    }
  }
}

int64_t round_up(int64_t x, int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

template <class T>
T activate(Activation activation, T x) {
  switch (activation) {
    case Activation::kRelu:
      return x < 0 ? T(0) : x;
    case Activation::kGelu: {
      const T inner = T(0.7978845608028654) * (x + T(0.044715) * x * x * x);
      return T(0.5) * x * (1 + std::tanh(inner));
    }
    default:
      return x;
  }
}

/// One batch's.
struct Matrices {
  const void *a, *b, *c;
  void* d;
  const void* bias;
  void *gradient_of_rows, *gradient_of_columns;
};

/// Turns a block of sums into what it contributes to d; they are overwritten.
template <class T>
void write_block(const GemmArguments& g, const Matrices& of, T alpha, T beta, int64_t row,
                 int64_t rows, int64_t column, int64_t columns, T* sums, int64_t row_count) {
  for (int64_t j = 0; j < columns; ++j, sums += row_count) {
    for (int64_t i = 0; i < rows; ++i) sums[i] *= alpha;
    if (of.c && beta != 0) {
      with_type(g.c_layout.type, of.c, [&](auto* c) {
        c += row + (column + j) * g.c_layout.leading_dimension;
        for (int64_t i = 0; i < rows; ++i) sums[i] += beta * T(c[i]);
      });
    }
    if (of.bias) {
      for (int64_t i = 0; i < rows; ++i) sums[i] += load<T>(g.bias_type, of.bias, row + i);
    }
    if (g.activation != Activation::kNone) {
      for (int64_t i = 0; i < rows; ++i) sums[i] = activate(g.activation, sums[i]);
    }
    with_type(g.d_layout.type, of.d, [&](auto* d) {
      d += row + (column + j) * g.d_layout.leading_dimension;
      for (int64_t i = 0; i < rows; ++i) d[i] = narrow<std::remove_pointer_t<decltype(d)>>(sums[i]);
    });
  }
}

/// The sums over k of op(matrix), which has `count` rows when k counts its columns.
template <class T>
void sum_over_k(const GemmArguments& g, const void* matrix, const GemmOperand& layout,
                bool transposed, int64_t count, void* sums) {
  for (int64_t i = 0; i < count; ++i) {
    T sum = 0;
    for (int64_t p = 0; p < g.k; ++p) {
      sum +=
          load<T>(layout.type, matrix,
                  transposed ? p + i * layout.leading_dimension : i + p * layout.leading_dimension);
    }
    store(g.bias_type, sums, i, sum);
  }
}

template <class T>
void multiply(const GemmArguments& g, const Matrices& of) {
  const auto scale = [&](const void* device, double host) {
    return device ? load<T>(g.scale_type, device, 0) : T(host);
  };
  const T alpha = scale(g.device_alpha, g.alpha), beta = scale(g.device_beta, g.beta);
  const int64_t block_rows = std::min(kBlockRows, round_up(g.m, kRows<T>));
  const int64_t block_columns = std::min(kBlockColumns, round_up(g.n, kColumns));
  const int64_t block_depth = std::min(kBlockDepth, g.k);
  // Not on the stack, which is a fiber's, and not kept: kernels of different streams must share
  // nothing.
  const std::unique_ptr<T[]> memory(
      new T[size_t(block_depth * (block_rows + block_columns) + block_rows * block_columns)]);
  T* const packed_a = memory.get();
  T* const packed_b = packed_a + block_depth * block_rows;
  T* const sums = packed_b + block_depth * block_columns;
  const auto multiply_panels = best_multiply_panels<T>();

  for (int64_t column = 0; column < g.n; column += block_columns) {
    const int64_t columns = std::min(block_columns, g.n - column);
    for (int64_t row = 0; row < g.m; row += block_rows) {
      const int64_t rows = std::min(block_rows, g.m - row);
      std::fill_n(sums, block_rows * block_columns, T(0));
      for (int64_t p = 0; p < g.k; p += block_depth) {
        const int64_t depth = std::min(block_depth, g.k - p);
        pack(of.a, g.a_layout, g.a_layout.transposed, g.tf32, kRows<T>, row, rows, p, depth,
             packed_a);
        pack(of.b, g.b_layout, !g.b_layout.transposed, g.tf32, kColumns, column, columns, p, depth,
             packed_b);
        for (int64_t j = 0; j < columns; j += kColumns) {
          for (int64_t i = 0; i < rows; i += kRows<T>) {
            multiply_panels(depth, packed_a + i * depth, packed_b + j * depth,
                            sums + j * block_rows + i, block_rows);
          }
        }
      }
      write_block(g, of, alpha, beta, row, rows, column, columns, sums, block_rows);
    }
  }
  if (of.gradient_of_rows) {
    sum_over_k<T>(g, of.a, g.a_layout, g.a_layout.transposed, g.m, of.gradient_of_rows);
  }
  if (of.gradient_of_columns) {
    sum_over_k<T>(g, of.b, g.b_layout, !g.b_layout.transposed, g.n, of.gradient_of_columns);
  }
}

__global__ void gemm_kernel(GemmArguments g) {
  if (g.workspace.data) g.workspace.use();
  for (int64_t batch = 0; batch < g.batch_count; ++batch) {
    const auto at = [&](auto* base, cudaDataType type, int64_t stride) {
      return base ? offset(base, type, batch * stride) : base;
    };
    const Matrices of{
        at(g.a, g.a_layout.type, g.a_layout.batch_stride),
        at(g.b, g.b_layout.type, g.b_layout.batch_stride),
        at(g.c, g.c_layout.type, g.c_layout.batch_stride),
        at(g.d, g.d_layout.type, g.d_layout.batch_stride),
        at(g.bias, g.bias_type, g.bias_batch_stride),
        at(g.gradient_of_rows, g.bias_type, g.bias_batch_stride),
        at(g.gradient_of_columns, g.bias_type, g.bias_batch_stride),
    };
    if (g.a_layout.type == CUDA_R_64F)
      multiply<double>(g, of);
    else
      multiply<float>(g, of);
  }
}

}  // namespace

void GemmArguments::set_scales(const void* alpha_pointer, const void* beta_pointer,
                               const void* c_pointer, bool on_device) {
  if (on_device) {
    device_alpha = alpha_pointer;
    device_beta = beta_pointer;
    c = c_pointer;
    return;
  }
  alpha = load<double>(scale_type, alpha_pointer, 0);
  beta = load<double>(scale_type, beta_pointer, 0);
  c = beta == 0 ? nullptr : c_pointer;
}

cublasStatus_t launch_gemm(const LibraryFunction& function, const GemmArguments& arguments,
                           cudaStream_t stream) {
  cudasim::name_workspace_of_next_launch(arguments.workspace.data);
  return to_cublas_status(launch_library_kernel(function, stream, gemm_kernel, arguments));
}

cublasStatus_t to_cublas_status(cudaError_t status) {
  switch (status) {
    case cudaSuccess:
      return CUBLAS_STATUS_SUCCESS;
    case cudaErrorMemoryAllocation:
      return CUBLAS_STATUS_ALLOC_FAILED;
    case cudaErrorInsufficientDriver:
    case cudaErrorNoDevice:
      return CUBLAS_STATUS_NOT_INITIALIZED;
    default:
      return CUBLAS_STATUS_EXECUTION_FAILED;
  }
}

}  // namespace cudasim
