// SPDX-License-Identifier: MIT
// cuBLAS and cuBLASLt, as the sources of cuda/ and the tests may use them.
#pragma once

#include <cublasLt.h>
#include <cublas_v2.h>

#include "statements.h"

// ---- Functions
SIGNATURE(cublasCreate, cublasStatus_t (*)(cublasHandle_t*));
SIGNATURE(cublasDestroy, cublasStatus_t (*)(cublasHandle_t));
SIGNATURE(cublasGetVersion, cublasStatus_t (*)(cublasHandle_t, int*));
SIGNATURE(cublasSetWorkspace, cublasStatus_t (*)(cublasHandle_t, void*, size_t));
SIGNATURE(cublasSetStream, cublasStatus_t (*)(cublasHandle_t, cudaStream_t));
SIGNATURE(cublasGetStream, cublasStatus_t (*)(cublasHandle_t, cudaStream_t*));
SIGNATURE(cublasGetPointerMode, cublasStatus_t (*)(cublasHandle_t, cublasPointerMode_t*));
SIGNATURE(cublasSetPointerMode, cublasStatus_t (*)(cublasHandle_t, cublasPointerMode_t));
SIGNATURE(cublasGetAtomicsMode, cublasStatus_t (*)(cublasHandle_t, cublasAtomicsMode_t*));
SIGNATURE(cublasSetAtomicsMode, cublasStatus_t (*)(cublasHandle_t, cublasAtomicsMode_t));
SIGNATURE(cublasGetMathMode, cublasStatus_t (*)(cublasHandle_t, cublasMath_t*));
SIGNATURE(cublasSetMathMode, cublasStatus_t (*)(cublasHandle_t, cublasMath_t));
SIGNATURE(cublasGetStatusName, const char* (*)(cublasStatus_t));
SIGNATURE(cublasGetStatusString, const char* (*)(cublasStatus_t));
SIGNATURE(cublasSgemm, cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int,
                                          int, int, const float*, const float*, int, const float*,
                                          int, const float*, float*, int));
SIGNATURE(cublasDgemm, cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int,
                                          int, int, const double*, const double*, int,
                                          const double*, int, const double*, double*, int));
SIGNATURE(cublasSgemmStridedBatched,
          cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                             const float*, const float*, int, long long int, const float*, int,
                             long long int, const float*, float*, int, long long int, int));
SIGNATURE(cublasDgemmStridedBatched,
          cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                             const double*, const double*, int, long long int, const double*, int,
                             long long int, const double*, double*, int, long long int, int));
SIGNATURE(cublasGemmEx,
          cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                             const void*, const void*, cudaDataType, int, const void*, cudaDataType,
                             int, const void*, void*, cudaDataType, int, cublasComputeType_t,
                             cublasGemmAlgo_t));
SIGNATURE(cublasGemmStridedBatchedEx,
          cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                             const void*, const void*, cudaDataType, int, long long int,
                             const void*, cudaDataType, int, long long int, const void*, void*,
                             cudaDataType, int, long long int, int, cublasComputeType_t,
                             cublasGemmAlgo_t));
SIGNATURE(cublasLtCreate, cublasStatus_t (*)(cublasLtHandle_t*));
SIGNATURE(cublasLtDestroy, cublasStatus_t (*)(cublasLtHandle_t));
SIGNATURE(cublasLtGetVersion, size_t (*)());
SIGNATURE(cublasLtGetStatusName, const char* (*)(cublasStatus_t));
SIGNATURE(cublasLtGetStatusString, const char* (*)(cublasStatus_t));
SIGNATURE(cublasLtMatrixLayoutInit_internal,
          cublasStatus_t (*)(cublasLtMatrixLayout_t, size_t, cudaDataType, uint64_t, uint64_t,
                             int64_t));
SIGNATURE(cublasLtMatrixLayoutCreate,
          cublasStatus_t (*)(cublasLtMatrixLayout_t*, cudaDataType, uint64_t, uint64_t, int64_t));
SIGNATURE(cublasLtMatrixLayoutDestroy, cublasStatus_t (*)(cublasLtMatrixLayout_t));
SIGNATURE(cublasLtMatrixLayoutSetAttribute,
          cublasStatus_t (*)(cublasLtMatrixLayout_t, cublasLtMatrixLayoutAttribute_t, const void*,
                             size_t));
SIGNATURE(cublasLtMatmulDescInit_internal,
          cublasStatus_t (*)(cublasLtMatmulDesc_t, size_t, cublasComputeType_t, cudaDataType_t));
SIGNATURE(cublasLtMatmulDescCreate,
          cublasStatus_t (*)(cublasLtMatmulDesc_t*, cublasComputeType_t, cudaDataType_t));
SIGNATURE(cublasLtMatmulDescDestroy, cublasStatus_t (*)(cublasLtMatmulDesc_t));
SIGNATURE(cublasLtMatmulDescSetAttribute,
          cublasStatus_t (*)(cublasLtMatmulDesc_t, cublasLtMatmulDescAttributes_t, const void*,
                             size_t));
SIGNATURE(cublasLtMatmulPreferenceInit_internal,
          cublasStatus_t (*)(cublasLtMatmulPreference_t, size_t));
SIGNATURE(cublasLtMatmulPreferenceCreate, cublasStatus_t (*)(cublasLtMatmulPreference_t*));
SIGNATURE(cublasLtMatmulPreferenceDestroy, cublasStatus_t (*)(cublasLtMatmulPreference_t));
SIGNATURE(cublasLtMatmulPreferenceSetAttribute,
          cublasStatus_t (*)(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t,
                             const void*, size_t));
SIGNATURE(cublasLtMatmulAlgoGetHeuristic,
          cublasStatus_t (*)(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                             cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                             cublasLtMatmulPreference_t, int, cublasLtMatmulHeuristicResult_t*,
                             int*));
SIGNATURE(cublasLtMatmul,
          cublasStatus_t (*)(cublasLtHandle_t, cublasLtMatmulDesc_t, const void*, const void*,
                             cublasLtMatrixLayout_t, const void*, cublasLtMatrixLayout_t,
                             const void*, const void*, cublasLtMatrixLayout_t, void*,
                             cublasLtMatrixLayout_t, const cublasLtMatmulAlgo_t*, void*, size_t,
                             cudaStream_t));

// ---- Structures
FIELD(cublasLtMatmulHeuristicResult_t, algo, cublasLtMatmulAlgo_t);
FIELD(cublasLtMatmulHeuristicResult_t, workspaceSize, size_t);
FIELD(cublasLtMatmulHeuristicResult_t, state, cublasStatus_t);
FIELD(cublasLtMatmulHeuristicResult_t, wavesCount, float);
static_assert(sizeof(cublasLtMatmulAlgo_t) == 64);
static_assert(sizeof(cublasLtMatrixLayoutOpaque_t) == 64);
static_assert(sizeof(cublasLtMatmulDescOpaque_t) == 256);
static_assert(sizeof(cublasLtMatmulPreferenceOpaque_t) == 64);

// ---- Values
VALUE(CUDA_R_16F, 2);
VALUE(CUDA_R_16BF, 14);
VALUE(CUDA_R_32F, 0);
VALUE(CUDA_R_64F, 1);
VALUE(CUDA_R_8I, 3);
VALUE(CUDA_R_8U, 8);
VALUE(CUDA_R_32I, 10);
VALUE(CUDA_R_64I, 24);
VALUE(CUBLAS_STATUS_SUCCESS, 0);
VALUE(CUBLAS_STATUS_NOT_INITIALIZED, 1);
VALUE(CUBLAS_STATUS_ALLOC_FAILED, 3);
VALUE(CUBLAS_STATUS_INVALID_VALUE, 7);
VALUE(CUBLAS_STATUS_ARCH_MISMATCH, 8);
VALUE(CUBLAS_STATUS_MAPPING_ERROR, 11);
VALUE(CUBLAS_STATUS_EXECUTION_FAILED, 13);
VALUE(CUBLAS_STATUS_INTERNAL_ERROR, 14);
VALUE(CUBLAS_STATUS_NOT_SUPPORTED, 15);
VALUE(CUBLAS_STATUS_LICENSE_ERROR, 16);
VALUE(CUBLAS_OP_N, 0);
VALUE(CUBLAS_OP_T, 1);
VALUE(CUBLAS_OP_C, 2);
VALUE(CUBLAS_POINTER_MODE_HOST, 0);
VALUE(CUBLAS_POINTER_MODE_DEVICE, 1);
VALUE(CUBLAS_ATOMICS_NOT_ALLOWED, 0);
VALUE(CUBLAS_ATOMICS_ALLOWED, 1);
VALUE(CUBLAS_GEMM_DFALT, -1);
VALUE(CUBLAS_GEMM_DEFAULT, -1);
VALUE(CUBLAS_GEMM_DEFAULT_TENSOR_OP, 99);
VALUE(CUBLAS_DEFAULT_MATH, 0);
VALUE(CUBLAS_TENSOR_OP_MATH, 1);
VALUE(CUBLAS_PEDANTIC_MATH, 2);
VALUE(CUBLAS_TF32_TENSOR_OP_MATH, 3);
VALUE(CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION, 16);
VALUE(CUBLAS_COMPUTE_16F, 64);
VALUE(CUBLAS_COMPUTE_16F_PEDANTIC, 65);
VALUE(CUBLAS_COMPUTE_32F, 68);
VALUE(CUBLAS_COMPUTE_32F_PEDANTIC, 69);
VALUE(CUBLAS_COMPUTE_32F_FAST_16F, 74);
VALUE(CUBLAS_COMPUTE_32F_FAST_16BF, 75);
VALUE(CUBLAS_COMPUTE_32F_FAST_TF32, 77);
VALUE(CUBLAS_COMPUTE_64F, 70);
VALUE(CUBLAS_COMPUTE_64F_PEDANTIC, 71);
VALUE(CUBLAS_COMPUTE_32I, 72);
VALUE(CUBLAS_COMPUTE_32I_PEDANTIC, 73);
VALUE(CUBLASLT_POINTER_MODE_HOST, CUBLAS_POINTER_MODE_HOST);
VALUE(CUBLASLT_POINTER_MODE_DEVICE, CUBLAS_POINTER_MODE_DEVICE);
VALUE(CUBLASLT_ORDER_COL, 0);
VALUE(CUBLASLT_ORDER_ROW, 1);
VALUE(CUBLASLT_MATRIX_LAYOUT_TYPE, 0);
VALUE(CUBLASLT_MATRIX_LAYOUT_ORDER, 1);
VALUE(CUBLASLT_MATRIX_LAYOUT_ROWS, 2);
VALUE(CUBLASLT_MATRIX_LAYOUT_COLS, 3);
VALUE(CUBLASLT_MATRIX_LAYOUT_LD, 4);
VALUE(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, 5);
VALUE(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, 6);
VALUE(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, 0);
VALUE(CUBLASLT_MATMUL_DESC_SCALE_TYPE, 1);
VALUE(CUBLASLT_MATMUL_DESC_POINTER_MODE, 2);
VALUE(CUBLASLT_MATMUL_DESC_TRANSA, 3);
VALUE(CUBLASLT_MATMUL_DESC_TRANSB, 4);
VALUE(CUBLASLT_MATMUL_DESC_EPILOGUE, 7);
VALUE(CUBLASLT_MATMUL_DESC_BIAS_POINTER, 8);
VALUE(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, 10);
VALUE(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, 26);
VALUE(CUBLASLT_MATMUL_PREF_SEARCH_MODE, 0);
VALUE(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, 1);
VALUE(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, 3);
VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, 5);
VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, 6);
VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, 7);
VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, 8);
VALUE(CUBLASLT_REDUCTION_SCHEME_NONE, 0);
VALUE(CUBLASLT_REDUCTION_SCHEME_INPLACE, 1);
VALUE(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE, 2);
VALUE(CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE, 4);
VALUE(CUBLASLT_REDUCTION_SCHEME_MASK, 0x7);
VALUE(CUBLASLT_EPILOGUE_DEFAULT, 1);
VALUE(CUBLASLT_EPILOGUE_RELU, 2);
VALUE(CUBLASLT_EPILOGUE_BIAS, 4);
VALUE(CUBLASLT_EPILOGUE_RELU_BIAS, CUBLASLT_EPILOGUE_RELU | CUBLASLT_EPILOGUE_BIAS);
VALUE(CUBLASLT_EPILOGUE_GELU, 32);
VALUE(CUBLASLT_EPILOGUE_GELU_BIAS, CUBLASLT_EPILOGUE_GELU | CUBLASLT_EPILOGUE_BIAS);
VALUE(CUBLASLT_EPILOGUE_BGRADA, 256);
VALUE(CUBLASLT_EPILOGUE_BGRADB, 512);
