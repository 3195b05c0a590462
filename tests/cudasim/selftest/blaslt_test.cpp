// SPDX-License-Identifier: MIT
// The stand-in for cuBLASLt.
#include <cublasLt.h>

#include <cmath>

#include "device_array.h"

namespace {

struct Matmul {
  cublasLtHandle_t handle = nullptr;
  cublasLtMatmulDesc_t desc = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, d = nullptr;
  cublasLtMatmulPreference_t preference = nullptr;
  int m, n, k;

  /// Of op(a), m x k and transposed in memory, and b, k x n.
  Matmul(int m, int n, int k, cudaDataType type = CUDA_R_32F) : m(m), n(n), k(k) {
    const int32_t transposed = CUBLAS_OP_T;
    EXPECT_EQ(cublasLtCreate(&handle), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F),
              CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(set(CUBLASLT_MATMUL_DESC_TRANSA, transposed), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatrixLayoutCreate(&a, type, uint64_t(k), uint64_t(m), k),
              CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatrixLayoutCreate(&b, type, uint64_t(k), uint64_t(n), k),
              CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatrixLayoutCreate(&d, type, uint64_t(m), uint64_t(n), m),
              CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatmulPreferenceCreate(&preference), CUBLAS_STATUS_SUCCESS);
  }
  ~Matmul() {
    cublasLtMatmulPreferenceDestroy(preference);
    for (cublasLtMatrixLayout_t layout : {a, b, d}) cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulDescDestroy(desc);
    cublasLtDestroy(handle);
  }
  Matmul(const Matmul&) = delete;
  Matmul& operator=(const Matmul&) = delete;

  template <class T>
  cublasStatus_t set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    return cublasLtMatmulDescSetAttribute(desc, attribute, &value, sizeof value);
  }
  cublasStatus_t set_epilogue(cublasLtEpilogue_t epilogue, void* bias) {
    const uint32_t value = epilogue;
    EXPECT_EQ(set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias), CUBLAS_STATUS_SUCCESS);
    return set(CUBLASLT_MATMUL_DESC_EPILOGUE, value);
  }
  cublasStatus_t choose(cublasLtMatmulHeuristicResult_t* result, int* count) {
    return cublasLtMatmulAlgoGetHeuristic(handle, desc, a, b, d, d, preference, 1, result, count);
  }
  cublasStatus_t run(const void* matrix_a, const void* matrix_b, void* matrix_d, float beta = 0,
                     const cublasLtMatmulAlgo_t* algo = nullptr, void* workspace = nullptr,
                     size_t workspace_bytes = 0) {
    const float alpha = 1;
    const TestStream stream;
    const cublasStatus_t status =
        cublasLtMatmul(handle, desc, &alpha, matrix_a, a, matrix_b, b, &beta, matrix_d, d, matrix_d,
                       d, algo, workspace, workspace_bytes, stream);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    return status;
  }
};

TEST(BlasLt, ProductsTakeABiasAndAnActivation) {
  // op(a) * b = [1*1+2*2, -3*1-4*2; ...]
  const DeviceArray<float> a(std::vector<float>{1, 2, -3, -4}), b(std::vector<float>{1, 2, 5, 6}),
      d(4);
  const DeviceArray<float> bias(std::vector<float>{0.5f, 10});
  const std::vector<float> product{5, -11, 17, -39};
  Matmul matmul(2, 2, 2);
  const auto with = [&](cublasLtEpilogue_t epilogue) {
    EXPECT_EQ(matmul.set_epilogue(epilogue, bias.get()), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_SUCCESS);
    return d.to_host();
  };
  EXPECT_EQ(with(CUBLASLT_EPILOGUE_DEFAULT), product);
  EXPECT_EQ(with(CUBLASLT_EPILOGUE_BIAS), (std::vector<float>{5.5, -1, 17.5, -29}));
  EXPECT_EQ(with(CUBLASLT_EPILOGUE_RELU), (std::vector<float>{5, 0, 17, 0}));
  EXPECT_EQ(with(CUBLASLT_EPILOGUE_RELU_BIAS), (std::vector<float>{5.5, 0, 17.5, 0}));
  EXPECT_NEAR(with(CUBLASLT_EPILOGUE_GELU_BIAS)[1], -0.158808f, 1e-6f);
  EXPECT_EQ(with(CUBLASLT_EPILOGUE_GELU)[2], 17);
}

TEST(BlasLt, ASumOverTheInnerDimensionComesWithAProduct) {
  const DeviceArray<float> a(std::vector<float>{1, 2, -3, -4}), b(std::vector<float>{1, 2, 5, 6}),
      d(4), sums(2);
  Matmul matmul(2, 2, 2);
  ASSERT_EQ(matmul.set_epilogue(CUBLASLT_EPILOGUE_BGRADA, sums.get()), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(sums.to_host(), (std::vector<float>{3, -7}));
  ASSERT_EQ(matmul.set_epilogue(CUBLASLT_EPILOGUE_BGRADB, sums.get()), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(sums.to_host(), (std::vector<float>{3, 11}));
  EXPECT_EQ(d.to_host(), (std::vector<float>{5, -11, 17, -39}));
}

TEST(BlasLt, WhereBetaIsZeroNothingIsAdded) {
  const DeviceArray<float> a(std::vector<float>{2}), b(std::vector<float>{3}),
      d(std::vector<float>{NAN});
  Matmul matmul(1, 1, 1);
  ASSERT_EQ(matmul.run(a.get(), b.get(), d.get(), 0), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(d.to_host()[0], 6);
  ASSERT_EQ(matmul.run(a.get(), b.get(), d.get(), 2), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(d.to_host()[0], 18);
}

TEST(BlasLt, BatchesLieAtStrides) {
  const DeviceArray<float> a(std::vector<float>{2, 3}), b(std::vector<float>{5, 7}), d(2);
  Matmul matmul(1, 1, 1);
  const int32_t count = 2;
  const int64_t stride = 1;
  for (cublasLtMatrixLayout_t layout : {matmul.a, matmul.b, matmul.d}) {
    ASSERT_EQ(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count,
                                               sizeof count),
              CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                               &stride, sizeof stride),
              CUBLAS_STATUS_SUCCESS);
  }
  ASSERT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(d.to_host(), (std::vector<float>{10, 21}));
  const DeviceArray<float> bias(std::vector<float>{100, 200});
  ASSERT_EQ(matmul.set_epilogue(CUBLASLT_EPILOGUE_BIAS, bias.get()), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(d.to_host(), (std::vector<float>{110, 121})) << "one bias for all";
  ASSERT_EQ(matmul.set(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, stride), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(d.to_host(), (std::vector<float>{110, 221}));
}

TEST(BlasLt, AnAlgorithmSaysWhatWorkspaceItNeeds) {
  const DeviceArray<float> a(std::vector<float>{2}), b(std::vector<float>{3}), d(1);
  Matmul matmul(1, 1, 1);
  cublasLtMatmulHeuristicResult_t result;
  int count = 0;
  ASSERT_EQ(matmul.choose(&result, &count), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(count, 1);
  EXPECT_EQ(result.workspaceSize, 0u);
  EXPECT_EQ(matmul.run(a.get(), b.get(), d.get(), 0, &result.algo), CUBLAS_STATUS_SUCCESS);

  const uint64_t limit = 1024;
  ASSERT_EQ(cublasLtMatmulPreferenceSetAttribute(
                matmul.preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &limit, sizeof limit),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(matmul.choose(&result, &count), CUBLAS_STATUS_SUCCESS);
  ASSERT_LE(result.workspaceSize, limit);
  ASSERT_GT(result.workspaceSize, 0u);
  const DeviceArray<unsigned char> workspace(limit);
  EXPECT_EQ(matmul.run(a.get(), b.get(), d.get(), 0, &result.algo, workspace.get(), 16),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(matmul.run(a.get(), b.get(), d.get(), 0, &result.algo, workspace.get(), limit),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(d.to_host()[0], 6);
}

TEST(BlasLt, AnAlgorithmIsOfOneComputeType) {
  const DeviceArray<float> a(std::vector<float>{2}), b(std::vector<float>{3}), d(1);
  Matmul matmul(1, 1, 1);
  cublasLtMatmulHeuristicResult_t result;
  int count = 0;
  ASSERT_EQ(matmul.choose(&result, &count), CUBLAS_STATUS_SUCCESS);
  const int32_t type = CUBLAS_COMPUTE_32F_FAST_TF32;
  ASSERT_EQ(matmul.set(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, type), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(matmul.run(a.get(), b.get(), d.get(), 0, &result.algo), CUBLAS_STATUS_INVALID_VALUE);
}

TEST(BlasLt, APointerMustBeAlignedAsTheAlgorithmWasTold) {
  const DeviceArray<float> a(std::vector<float>{0, 2}), b(std::vector<float>{3}), d(1);
  Matmul matmul(1, 1, 1);
  cublasLtMatmulHeuristicResult_t result;
  int count = 0;
  ASSERT_EQ(matmul.choose(&result, &count), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(matmul.run(a.get() + 1, b.get(), d.get(), 0, &result.algo),
            CUBLAS_STATUS_NOT_SUPPORTED);
  const uint32_t alignment = 4;
  ASSERT_EQ(cublasLtMatmulPreferenceSetAttribute(matmul.preference,
                                                 CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
                                                 &alignment, sizeof alignment),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(matmul.choose(&result, &count), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(matmul.run(a.get() + 1, b.get(), d.get(), 0, &result.algo), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(d.to_host()[0], 6);
}

TEST(BlasLt, WhatCannotBeMultipliedIsRefused) {
  const DeviceArray<float> a(16), b(16), d(16);
  Matmul matmul(2, 2, 2);
  const int64_t too_small = 1, right = 2;
  const int32_t wrong_type = CUDA_R_64F;
  const auto set_ld = [&](const int64_t& ld) {
    return cublasLtMatrixLayoutSetAttribute(matmul.a, CUBLASLT_MATRIX_LAYOUT_LD, &ld, sizeof ld);
  };
  cublasLtMatmulHeuristicResult_t result;
  int chosen = 1;
  ASSERT_EQ(set_ld(too_small), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(matmul.choose(&result, &chosen), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(chosen, 0);
  ASSERT_EQ(set_ld(right), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(matmul.run(a.get(), b.get(), d.get(), 1), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(matmul.set_epilogue(CUBLASLT_EPILOGUE_BIAS, nullptr), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(matmul.set_epilogue(CUBLASLT_EPILOGUE_DEFAULT, nullptr), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(
      cublasLtMatmulDescSetAttribute(matmul.desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &too_small, 8),
      CUBLAS_STATUS_INVALID_VALUE);
  ASSERT_EQ(cublasLtMatrixLayoutSetAttribute(matmul.b, CUBLASLT_MATRIX_LAYOUT_TYPE, &wrong_type, 4),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(matmul.run(a.get(), b.get(), d.get()), CUBLAS_STATUS_NOT_SUPPORTED);
}

}  // namespace
