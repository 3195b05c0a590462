// SPDX-License-Identifier: MIT
// cuBLAS: handles, and the checks before a product is launched.
#include "cublas_v2.h"

#include <algorithm>

#include "cudasim.h"
#include "gemm.h"

struct cublasContext {
  int device = 0;
  void* own_workspace = nullptr;
  cudaStream_t stream = nullptr;
  cublasMath_t math_mode = CUBLAS_DEFAULT_MATH;
  cublasPointerMode_t pointer_mode = CUBLAS_POINTER_MODE_HOST;
  cublasAtomicsMode_t atomics_mode = CUBLAS_ATOMICS_NOT_ALLOWED;
  void* workspace = nullptr;  // the program's
  size_t workspace_bytes = 0;
};

namespace {

using cudasim::GemmArguments;

struct Gemm {
  cublasOperation_t transa, transb;
  int64_t m, n, k;
  const void* alpha;
  const void* a;
  cudaDataType a_type;
  int64_t lda, stride_a;
  const void* b;
  cudaDataType b_type;
  int64_t ldb, stride_b;
  const void* beta;
  void* c;
  cudaDataType c_type;
  int64_t ldc, stride_c;
  int64_t batch_count;
  cublasComputeType_t compute_type;
};

bool is_supported(const Gemm& g) {
  if (g.a_type != g.b_type) return false;
  switch (g.compute_type) {
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
      return g.a_type == CUDA_R_64F && g.c_type == CUDA_R_64F;
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      return (g.a_type == CUDA_R_32F || g.a_type == CUDA_R_16F || g.a_type == CUDA_R_16BF) &&
             (g.c_type == g.a_type || g.c_type == CUDA_R_32F);
    case CUBLAS_COMPUTE_32F_FAST_16F:
    case CUBLAS_COMPUTE_32F_FAST_16BF:
    case CUBLAS_COMPUTE_32F_FAST_TF32:
      return g.a_type == CUDA_R_32F && g.c_type == CUDA_R_32F;
    default:
      return false;
  }
}

bool is_operation(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
}

cublasStatus_t gemm(const cudasim::LibraryFunction& function, cublasHandle_t handle,
                    const Gemm& g) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const auto at_least = [](int64_t rows) { return std::max<int64_t>(1, rows); };
  if (!is_operation(g.transa) || !is_operation(g.transb) || g.m < 0 || g.n < 0 || g.k < 0 ||
      g.batch_count < 0 || g.lda < at_least(g.transa == CUBLAS_OP_N ? g.m : g.k) ||
      g.ldb < at_least(g.transb == CUBLAS_OP_N ? g.k : g.n) || g.ldc < at_least(g.m) ||
      g.alpha == nullptr || g.beta == nullptr) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (!is_supported(g)) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (g.m == 0 || g.n == 0 || g.batch_count == 0) return CUBLAS_STATUS_SUCCESS;
  if (g.c == nullptr || (g.k > 0 && (g.a == nullptr || g.b == nullptr))) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  int device = -1;
  if (const cudaError_t status = cudaGetDevice(&device); status != cudaSuccess) {
    return cudasim::to_cublas_status(status);
  }
  if (device != handle->device) {
    cudasim::violation("cuBLAS", std::string(function.name) + ": the handle belongs to device " +
                                     std::to_string(handle->device) + ", the current one is " +
                                     std::to_string(device));
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }

  GemmArguments arguments;
  arguments.a = g.a;
  arguments.b = g.b;
  arguments.d = g.c;
  arguments.m = g.m;
  arguments.n = g.n;
  arguments.k = g.k;
  arguments.batch_count = g.batch_count;
  arguments.a_layout = {g.a_type, g.transa != CUBLAS_OP_N, g.lda, g.stride_a};
  arguments.b_layout = {g.b_type, g.transb != CUBLAS_OP_N, g.ldb, g.stride_b};
  arguments.c_layout = arguments.d_layout = {g.c_type, false, g.ldc, g.stride_c};
  arguments.scale_type = g.a_type == CUDA_R_64F ? CUDA_R_64F : CUDA_R_32F;
  arguments.set_scales(g.alpha, g.beta, g.c, handle->pointer_mode == CUBLAS_POINTER_MODE_DEVICE);
  arguments.workspace = {handle->workspace, handle->workspace_bytes};
  arguments.tf32 =
      g.a_type == CUDA_R_32F &&
      (g.compute_type == CUBLAS_COMPUTE_32F_FAST_TF32 ||
       (g.compute_type == CUBLAS_COMPUTE_32F && handle->math_mode == CUBLAS_TF32_TENSOR_OP_MATH));
  return cudasim::launch_gemm(function, arguments, handle->stream);
}

/// What sets or tells a member of the handle.
template <class F>
cublasStatus_t with(cublasHandle_t handle, const F& f) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  f();
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

extern "C" {

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  const cudasim::LibraryCall call("cublasCreate");
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (const cudaError_t fault = cudasim::api_fault("cublasCreate"); fault != cudaSuccess) {
    return cudasim::to_cublas_status(fault);
  }
  cublasContext context;
  if (cudaGetDevice(&context.device) != cudaSuccess) return CUBLAS_STATUS_NOT_INITIALIZED;
  // As the library does it: it may find no memory, and cannot be had during a capture.
  const cudaError_t status = cudaMalloc(&context.own_workspace, 65536);
  if (status == cudaSuccess) *handle = new cublasContext(context);
  return cudasim::to_cublas_status(status);
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  const cudasim::LibraryCall call("cublasDestroy");
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  cudaFree(handle->own_workspace);
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetVersion(cublasHandle_t handle, int* version) {
  return with(handle, [&] { *version = 130000; });
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, size_t bytes) {
  if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0) return CUBLAS_STATUS_INVALID_VALUE;
  return with(handle, [&] {
    handle->workspace = workspace;
    handle->workspace_bytes = bytes;
  });
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  return with(handle, [&] {
    handle->stream = stream;
    handle->workspace = nullptr;
    handle->workspace_bytes = 0;
  });
}
cublasStatus_t cublasGetStream(cublasHandle_t handle, cudaStream_t* stream) {
  return with(handle, [&] { *stream = handle->stream; });
}

cublasStatus_t cublasSetPointerMode(cublasHandle_t handle, cublasPointerMode_t mode) {
  return with(handle, [&] { handle->pointer_mode = mode; });
}
cublasStatus_t cublasGetPointerMode(cublasHandle_t handle, cublasPointerMode_t* mode) {
  return with(handle, [&] { *mode = handle->pointer_mode; });
}
cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t mode) {
  return with(handle, [&] { handle->atomics_mode = mode; });
}
cublasStatus_t cublasGetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t* mode) {
  return with(handle, [&] { *mode = handle->atomics_mode; });
}
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  return with(handle, [&] { handle->math_mode = mode; });
}
cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode) {
  return with(handle, [&] { *mode = handle->math_mode; });
}

const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_ARCH_MISMATCH:
      return "CUBLAS_STATUS_ARCH_MISMATCH";
    case CUBLAS_STATUS_MAPPING_ERROR:
      return "CUBLAS_STATUS_MAPPING_ERROR";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_INTERNAL_ERROR:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    case CUBLAS_STATUS_LICENSE_ERROR:
      return "CUBLAS_STATUS_LICENSE_ERROR";
  }
  return "unknown cublasStatus_t";
}
const char* cublasGetStatusString(cublasStatus_t status) { return cublasGetStatusName(status); }

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t transa,
                           cublasOperation_t transb, int m, int n, int k, const float* alpha,
                           const float* A, int lda, const float* B, int ldb, const float* beta,
                           float* C, int ldc) {
  return gemm(
      CUDASIM_LIBRARY_FUNCTION("cublasSgemm"), handle,
      {transa, transb, m, n,          k,   alpha, A, CUDA_R_32F,        lda, 0, B, CUDA_R_32F, ldb,
       0,      beta,   C, CUDA_R_32F, ldc, 0,     1, CUBLAS_COMPUTE_32F});
}

cublasStatus_t cublasDgemm(cublasHandle_t handle, cublasOperation_t transa,
                           cublasOperation_t transb, int m, int n, int k, const double* alpha,
                           const double* A, int lda, const double* B, int ldb, const double* beta,
                           double* C, int ldc) {
  return gemm(
      CUDASIM_LIBRARY_FUNCTION("cublasDgemm"), handle,
      {transa, transb, m, n,          k,   alpha, A, CUDA_R_64F,        lda, 0, B, CUDA_R_64F, ldb,
       0,      beta,   C, CUDA_R_64F, ldc, 0,     1, CUBLAS_COMPUTE_64F});
}

cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t handle, cublasOperation_t transa,
                                         cublasOperation_t transb, int m, int n, int k,
                                         const float* alpha, const float* A, int lda,
                                         long long int strideA, const float* B, int ldb,
                                         long long int strideB, const float* beta, float* C,
                                         int ldc, long long int strideC, int batchCount) {
  return gemm(CUDASIM_LIBRARY_FUNCTION("cublasSgemmStridedBatched"), handle,
              {transa,     transb, m,          n,   k,          alpha,      A,
               CUDA_R_32F, lda,    strideA,    B,   CUDA_R_32F, ldb,        strideB,
               beta,       C,      CUDA_R_32F, ldc, strideC,    batchCount, CUBLAS_COMPUTE_32F});
}

cublasStatus_t cublasDgemmStridedBatched(cublasHandle_t handle, cublasOperation_t transa,
                                         cublasOperation_t transb, int m, int n, int k,
                                         const double* alpha, const double* A, int lda,
                                         long long int strideA, const double* B, int ldb,
                                         long long int strideB, const double* beta, double* C,
                                         int ldc, long long int strideC, int batchCount) {
  return gemm(CUDASIM_LIBRARY_FUNCTION("cublasDgemmStridedBatched"), handle,
              {transa,     transb, m,          n,   k,          alpha,      A,
               CUDA_R_64F, lda,    strideA,    B,   CUDA_R_64F, ldb,        strideB,
               beta,       C,      CUDA_R_64F, ldc, strideC,    batchCount, CUBLAS_COMPUTE_64F});
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int m, int n, int k, const void* alpha,
                            const void* A, cudaDataType Atype, int lda, const void* B,
                            cudaDataType Btype, int ldb, const void* beta, void* C,
                            cudaDataType Ctype, int ldc, cublasComputeType_t computeType,
                            cublasGemmAlgo_t) {
  return gemm(CUDASIM_LIBRARY_FUNCTION("cublasGemmEx"), handle,
              {transa, transb, m, n,    k, alpha, A,   Atype, lda, 0,          B,
               Btype,  ldb,    0, beta, C, Ctype, ldc, 0,     1,   computeType});
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t transa,
                                          cublasOperation_t transb, int m, int n, int k,
                                          const void* alpha, const void* A, cudaDataType Atype,
                                          int lda, long long int strideA, const void* B,
                                          cudaDataType Btype, int ldb, long long int strideB,
                                          const void* beta, void* C, cudaDataType Ctype, int ldc,
                                          long long int strideC, int batchCount,
                                          cublasComputeType_t computeType, cublasGemmAlgo_t) {
  return gemm(CUDASIM_LIBRARY_FUNCTION("cublasGemmStridedBatchedEx"), handle,
              {transa, transb, m,       n,    k, alpha, A,   Atype,   lda,        strideA,    B,
               Btype,  ldb,    strideB, beta, C, Ctype, ldc, strideC, batchCount, computeType});
}

}  // extern "C"
