// SPDX-License-Identifier: MIT
// The stand-in for cuBLAS, against plain loops.
#include <cublasLt.h>
#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "cudasim.h"
#include "device_array.h"

namespace {

template <class T>
constexpr cudaDataType kType = CUDA_R_32F;
template <>
constexpr cudaDataType kType<double> = CUDA_R_64F;
template <>
constexpr cudaDataType kType<__half> = CUDA_R_16F;
template <>
constexpr cudaDataType kType<__nv_bfloat16> = CUDA_R_16BF;

template <class T>
double epsilon() {
  switch (kType<T>) {
    case CUDA_R_64F:
      return 0x1p-53;
    case CUDA_R_16F:
      return 0x1p-11;
    case CUDA_R_16BF:
      return 0x1p-8;
    default:
      return 0x1p-24;
  }
}

template <class T>
std::vector<T> random_numbers(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> values(count);
  for (T& value : values) value = T(float(random() % 2001) / 1000 - 1);
  return values;
}

class Handle {
 public:
  Handle() { EXPECT_EQ(cublasCreate(&handle_), CUBLAS_STATUS_SUCCESS); }
  ~Handle() { EXPECT_EQ(cublasDestroy(handle_), CUBLAS_STATUS_SUCCESS); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator cublasHandle_t() const { return handle_; }

 private:
  cublasHandle_t handle_ = nullptr;
};

struct Problem {
  bool transa, transb;
  int m, n, k;
  double alpha, beta;
  int batch_count = 1;
  int padding = 0;  // of leading dimensions
};

/// The product and its bound of error by plain loops.
template <class T, class Out>
void expect_product(const Problem& p, const std::vector<T>& a, int lda, size_t stride_a,
                    const std::vector<T>& b, int ldb, size_t stride_b, const std::vector<Out>& c,
                    int ldc, size_t stride_c, const std::vector<Out>& result) {
  using Sum = std::conditional_t<sizeof(T) == 8, double, float>;
  for (int batch = 0; batch < p.batch_count; ++batch) {
    for (int j = 0; j < p.n; ++j) {
      for (int i = 0; i < ldc; ++i) {
        const size_t at = size_t(batch) * stride_c + size_t(j * ldc + i);
        const double got = double(result[at]);
        if (i >= p.m) {  // padding stays
          ASSERT_EQ(std::isnan(got), std::isnan(double(c[at])));
          continue;
        }
        double expected = 0, magnitude = 0;
        for (int q = 0; q < p.k; ++q) {
          const double x =
              double(a[size_t(batch) * stride_a + size_t(p.transa ? q + i * lda : i + q * lda)]);
          const double y =
              double(b[size_t(batch) * stride_b + size_t(p.transb ? j + q * ldb : q + j * ldb)]);
          expected += x * y;
          magnitude += std::abs(x * y);
        }
        expected *= p.alpha;
        magnitude *= std::abs(p.alpha);
        if (p.beta != 0) {
          expected += p.beta * double(c[at]);
          magnitude += std::abs(p.beta * double(c[at]));
        }
        const double bound =
            (p.k + 3) * epsilon<Sum>() * magnitude + epsilon<Out>() * std::abs(expected);
        ASSERT_NEAR(got, expected, bound) << "at " << i << ", " << j << " of batch " << batch;
      }
    }
  }
}

template <class T, class Out = T>
void check_gemm(const Problem& p) {
  SCOPED_TRACE(testing::Message() << p.transa << p.transb << " " << p.m << "x" << p.n << "x"
                                  << p.k);
  const int lda = std::max(1, p.transa ? p.k : p.m) + p.padding,
            ldb = std::max(1, p.transb ? p.n : p.k) + p.padding, ldc = p.m + p.padding;
  const size_t stride_a = size_t(lda * (p.transa ? p.m : p.k)) + 1,
               stride_b = size_t(ldb * (p.transb ? p.k : p.n)) + 2,
               stride_c = size_t(ldc * p.n) + 3;
  const size_t batches = size_t(p.batch_count);
  const auto a = random_numbers<T>(stride_a * batches, 1),
             b = random_numbers<T>(stride_b * batches, 2);
  auto c = random_numbers<Out>(stride_c * batches, 3);
  if (p.beta == 0) c.assign(c.size(), Out(NAN));
  const DeviceArray<T> device_a(a), device_b(b);
  const DeviceArray<Out> device_c(c);
  const TestStream stream;
  const Handle handle;
  ASSERT_EQ(cublasSetStream(handle, stream), CUBLAS_STATUS_SUCCESS);
  const float alpha = float(p.alpha), beta = float(p.beta);
  const bool is_double = sizeof(T) == 8;
  const void* const alphas[] = {&alpha, &p.alpha};
  const void* const betas[] = {&beta, &p.beta};
  ASSERT_EQ(
      cublasGemmStridedBatchedEx(
          handle, p.transa ? CUBLAS_OP_T : CUBLAS_OP_N, p.transb ? CUBLAS_OP_T : CUBLAS_OP_N, p.m,
          p.n, p.k, alphas[is_double], device_a.get(), kType<T>, lda, (long long)(stride_a),
          device_b.get(), kType<T>, ldb, (long long)(stride_b), betas[is_double], device_c.get(),
          kType<Out>, ldc, (long long)(stride_c), p.batch_count,
          is_double ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
      CUBLAS_STATUS_SUCCESS);
  expect_product(p, a, lda, stride_a, b, ldb, stride_b, c, ldc, stride_c, device_c.to_host());
}

template <class T, class Out = T>
void check_gemms() {
  for (bool transa : {false, true}) {
    for (bool transb : {false, true}) {
      check_gemm<T, Out>({transa, transb, 1, 1, 1, 1, 0});
      check_gemm<T, Out>({transa, transb, 17, 7, 5, 1, 0, 1, 3});
      check_gemm<T, Out>({transa, transb, 5, 13, 20, -0.5, 2, 3, 1});
      check_gemm<T, Out>({transa, transb, 4, 3, 0, 1, 0.5});
    }
  }
  check_gemm<T, Out>({false, true, 200, 30, 300, 1, 1});
  check_gemm<T, Out>({true, false, 3, 400, 270, 1, 0});
}

TEST(Blas, ProductsOfFloatsAreRight) { check_gemms<float>(); }
TEST(Blas, ProductsOfDoublesAreRight) { check_gemms<double>(); }
TEST(Blas, ProductsOfHalvesAreRight) { check_gemms<__half>(); }
TEST(Blas, ProductsOfBFloat16AreRight) { check_gemms<__nv_bfloat16>(); }
TEST(Blas, ProductsOfHalvesMayBeFloats) { check_gemms<__half, float>(); }

TEST(Blas, SgemmAndDgemmAreThoseProducts) {
  const TestStream stream;
  const Handle handle;
  ASSERT_EQ(cublasSetStream(handle, stream), CUBLAS_STATUS_SUCCESS);
  // [1 3; 2 4] * [5 7; 6 8]
  const DeviceArray<float> a(std::vector<float>{1, 2, 3, 4}), b(std::vector<float>{5, 6, 7, 8}),
      c(4);
  const float one = 1, zero = 0;
  ASSERT_EQ(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a.get(), 2, b.get(), 2,
                        &zero, c.get(), 2),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.to_host(), (std::vector<float>{23, 34, 31, 46}));
  const DeviceArray<double> x(std::vector<double>{1, 2, 3, 4}), y(std::vector<double>{5, 6, 7, 8}),
      z(4);
  const double done = 1, dzero = 0;
  ASSERT_EQ(cublasDgemm(handle, CUBLAS_OP_N, CUBLAS_OP_T, 2, 2, 2, &done, x.get(), 2, y.get(), 2,
                        &dzero, z.get(), 2),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(z.to_host(), (std::vector<double>{26, 38, 30, 44}));
}

TEST(Blas, ScalesMayLieOnTheDevice) {
  const TestStream stream;
  const Handle handle;
  ASSERT_EQ(cublasSetStream(handle, stream), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasSetPointerMode(handle, CUBLAS_POINTER_MODE_DEVICE), CUBLAS_STATUS_SUCCESS);
  const DeviceArray<float> a(std::vector<float>{3}), b(std::vector<float>{5}),
      c(std::vector<float>{7});
  const DeviceArray<float> scales(std::vector<float>{2, 10});
  ASSERT_EQ(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, scales.get(), a.get(), 1,
                        b.get(), 1, scales.get() + 1, c.get(), 1),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.to_host(), std::vector<float>{100});
}

TEST(Blas, HalvesAreSummedInFloat) {
  // In half, 2048 + 1 is 2048.
  std::vector<__half> ones(4096, __half(1.0f));
  const DeviceArray<__half> a(ones), b(ones), c(1);
  const Handle handle;
  const float one = 1, zero = 0;
  ASSERT_EQ(cublasGemmEx(handle, CUBLAS_OP_T, CUBLAS_OP_N, 1, 1, 4096, &one, a.get(), CUDA_R_16F,
                         4096, b.get(), CUDA_R_16F, 4096, &zero, c.get(), CUDA_R_16F, 1,
                         CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(float(c.to_host()[0]), 4096.0f);
}

TEST(Blas, FactorsAreRoundedInTf32ModeOnly) {
  const float x = 1 + 0x1p-20f, above_half = 1 + 0x1.8p-11f;
  const DeviceArray<float> a(std::vector<float>{x, above_half}), b(std::vector<float>{1}), c(1);
  const Handle handle;
  const float one = 1, zero = 0;
  const auto product = [&](cublasComputeType_t compute_type, int place = 0) {
    EXPECT_EQ(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a.get() + place,
                           CUDA_R_32F, 1, b.get(), CUDA_R_32F, 1, &zero, c.get(), CUDA_R_32F, 1,
                           compute_type, CUBLAS_GEMM_DEFAULT),
              CUBLAS_STATUS_SUCCESS);
    return c.to_host()[0];
  };
  EXPECT_EQ(product(CUBLAS_COMPUTE_32F), x);
  EXPECT_EQ(product(CUBLAS_COMPUTE_32F_FAST_TF32), 1);
  EXPECT_EQ(product(CUBLAS_COMPUTE_32F_FAST_TF32, 1), 1 + 0x1p-10f) << "to the nearest";
  ASSERT_EQ(cublasSetMathMode(handle, CUBLAS_TF32_TENSOR_OP_MATH), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(product(CUBLAS_COMPUTE_32F), 1);
  EXPECT_EQ(product(CUBLAS_COMPUTE_32F_PEDANTIC), x);
}

TEST(Blas, WhatCannotBeMultipliedIsRefused) {
  const Handle handle;
  const DeviceArray<float> a(64), b(64), c(64);
  const float one = 1;
  const auto sgemm = [&](cublasHandle_t h, int m, int n, int k, int lda, int ldb, int ldc) {
    return cublasSgemm(h, CUBLAS_OP_N, CUBLAS_OP_T, m, n, k, &one, a.get(), lda, b.get(), ldb, &one,
                       c.get(), ldc);
  };
  EXPECT_EQ(sgemm(nullptr, 2, 3, 4, 2, 3, 2), CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(sgemm(handle, 2, 3, 4, 1, 3, 2), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(sgemm(handle, 2, 3, 4, 2, 2, 2), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(sgemm(handle, 2, 3, 4, 2, 3, 1), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(sgemm(handle, -1, 3, 4, 2, 3, 2), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(sgemm(handle, 0, 3, 4, 0, 3, 0), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(sgemm(handle, 0, 3, 4, 1, 3, 1), CUBLAS_STATUS_SUCCESS);
  const auto gemm_ex = [&](cudaDataType type_a, cudaDataType type_c,
                           cublasComputeType_t compute_type) {
    return cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a.get(), type_a, 1,
                        b.get(), CUDA_R_32F, 1, &one, c.get(), type_c, 1, compute_type,
                        CUBLAS_GEMM_DEFAULT);
  };
  EXPECT_EQ(gemm_ex(CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(gemm_ex(CUDA_R_32F, CUDA_R_16F, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(gemm_ex(CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_64F), CUBLAS_STATUS_NOT_SUPPORTED);
}

TEST(Blas, AnOwnWorkspaceIsUsedUntilTheStreamIsSet) {
  const TestStream stream;
  const Handle handle;
  const DeviceArray<float> a(std::vector<float>{3}), b(std::vector<float>{5}), c(1);
  const DeviceArray<unsigned char> workspace(std::vector<unsigned char>(512, 1));
  const float one = 1, zero = 0;
  const auto sgemm = [&] {
    return cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a.get(), 1, b.get(), 1,
                       &zero, c.get(), 1);
  };
  EXPECT_EQ(cublasSetWorkspace(handle, workspace.get() + 16, 256), CUBLAS_STATUS_INVALID_VALUE);
  ASSERT_EQ(cublasSetWorkspace(handle, workspace.get(), 512), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasSetStream(handle, stream), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(sgemm(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(workspace.to_host()[0], 1);
  ASSERT_EQ(cublasSetWorkspace(handle, workspace.get(), 512), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(sgemm(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(workspace.to_host()[0], 0xff);
}

cublasStatus_t multiply_one(cublasHandle_t handle, const DeviceArray<float>& a,
                            const DeviceArray<float>& b, const DeviceArray<float>& c) {
  const float one = 1, zero = 0;
  return cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a.get(), 1, b.get(), 1, &zero,
                     c.get(), 1);
}

TEST(Blas, CallsAreCountedApartFromLaunches) {
  const Handle handle;
  const DeviceArray<float> a(std::vector<float>{3}), b(std::vector<float>{5}), c(1);
  cudasim::reset_counters();
  ASSERT_EQ(multiply_one(handle, a, b, c), CUBLAS_STATUS_SUCCESS);
  cudasim::settle();
  const cudasim::Counters counters = cudasim::counters();
  EXPECT_EQ(counters.launches, 0u);
  EXPECT_EQ(counters.library_kernels, 1u);
  EXPECT_EQ(counters.library_calls_by_name.at("cublasSgemm"), 1u);
}

TEST(Blas, CallsFailOnDemandAndWithoutMemoryOrDriver) {
  cublasHandle_t none = nullptr;
  cudasim::config().driver = false;
  EXPECT_EQ(cublasCreate(&none), CUBLAS_STATUS_NOT_INITIALIZED);
  cublasLtHandle_t no_lt = nullptr;
  EXPECT_EQ(cublasLtCreate(&no_lt), CUBLAS_STATUS_NOT_INITIALIZED);
  cudasim::config().driver = true;
  cudasim::fail_call("cudaMalloc", 1, cudaErrorMemoryAllocation);
  EXPECT_EQ(cublasCreate(&none), CUBLAS_STATUS_ALLOC_FAILED);
  EXPECT_EQ(none, nullptr);

  const Handle handle;
  const DeviceArray<float> a(std::vector<float>{3}), b(std::vector<float>{5}), c(1);
  cudasim::fail_call("cublasSgemm", 1, cudaErrorInvalidConfiguration);
  EXPECT_EQ(multiply_one(handle, a, b, c), CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(multiply_one(handle, a, b, c), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.to_host()[0], 15);
  cudasim::reset();
}

TEST(Blas, ProductsAreCaptured) {
  const TestStream stream;
  const Handle handle;
  ASSERT_EQ(cublasSetStream(handle, stream), CUBLAS_STATUS_SUCCESS);
  const DeviceArray<float> a(std::vector<float>{3}), b(std::vector<float>{5}),
      c(std::vector<float>{0});
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  ASSERT_EQ(multiply_one(handle, a, b, c), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(c.to_host()[0], 0);
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(exec, stream), cudaSuccess);
  EXPECT_EQ(c.to_host()[0], 15);
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

TEST(Blas, AHandleWorksOnItsDeviceOnly) {
  const Handle handle;
  const DeviceArray<float> a(std::vector<float>{3}), b(std::vector<float>{5}), c(1);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(multiply_one(handle, a, b, c), CUBLAS_STATUS_EXECUTION_FAILED);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  const auto violations = cudasim::take_violations();
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].kind, "cuBLAS");
}

TEST(Blas, APointerToPageableMemoryIsRefused) {
  const Handle handle;
  const DeviceArray<float> a(std::vector<float>{3}), b(std::vector<float>{5});
  const float one = 1, zero = 0;
  float c;
  EXPECT_EQ(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a.get(), 1, b.get(), 1,
                        &zero, &c, 1),
            CUBLAS_STATUS_EXECUTION_FAILED);
  const auto violations = cudasim::take_violations();
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].kind, "bad pointer");
  EXPECT_NE(violations[0].text.find("cublasSgemm"), std::string::npos) << violations[0].text;
}

TEST(Blas, AWorkspaceThatTwoStreamsUseIsARace) {
  const TestStream first, second;
  const Handle handle;
  const DeviceArray<float> a(std::vector<float>{3}), b(std::vector<float>{5}), c(1), d(1);
  const DeviceArray<unsigned char> workspace(256);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const auto multiply_on = [&](cudaStream_t stream, bool in_workspace,
                               const DeviceArray<float>& to) {
    EXPECT_EQ(cublasSetStream(handle, stream), CUBLAS_STATUS_SUCCESS);
    if (in_workspace) {
      EXPECT_EQ(cublasSetWorkspace(handle, workspace.get(), 256), CUBLAS_STATUS_SUCCESS);
    }
    EXPECT_EQ(multiply_one(handle, a, b, to), CUBLAS_STATUS_SUCCESS);
  };
  multiply_on(first, true, c);
  multiply_on(second, false, d);
  cudasim::settle();
  EXPECT_TRUE(cudasim::take_violations().empty()) << "the handle's own workspace is no race";
  multiply_on(first, true, c);
  multiply_on(second, true, d);
  cudasim::settle();
  const auto violations = cudasim::take_violations();
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].kind, "race");
  EXPECT_NE(violations[0].text.find("cublasSgemm"), std::string::npos) << violations[0].text;
}

}  // namespace
