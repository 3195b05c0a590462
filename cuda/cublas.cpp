// SPDX-License-Identifier: MIT
#include "cuda/cublas.h"

#include <cublasLt.h>

#include <cstring>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "adjoint/context.h"
#include "adjoint/error.h"
#include "cuda/device.h"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  std::string message = detail::str("CUDA error: ", cublasLtGetStatusName(status), " in ", what);
  if (status == CUBLAS_STATUS_ALLOC_FAILED) throw OutOfMemoryError(std::move(message));
  throw CUDAError(std::move(message));
}

struct Types {
  cudaDataType_t data, scale;
  cublasComputeType_t compute;
};
Types types_of(ScalarType dtype, bool tf32) {
  switch (dtype) {
    case kDouble:
      return {CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F};
    case kHalf:
      return {CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F};
    case kBFloat16:
      return {CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F};
    default:
      return {CUDA_R_32F, CUDA_R_32F, tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F};
  }
}

/// All that the choice of an algorithm depends on; compared and hashed as bytes.
struct Key {
  int64_t m, n, k, batch, a_leading, b_leading, c_leading, a_step, b_step, c_step;
  uint32_t a_alignment, b_alignment, c_alignment, bias_alignment;
  uint32_t a_transposed, b_transposed, epilogue;
  uint16_t dtype, tf32;

  bool operator==(const Key& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(sizeof(Key) == 10 * sizeof(int64_t) + 7 * sizeof(uint32_t) + 2 * sizeof(uint16_t));

struct KeyHash {
  size_t operator()(const Key& key) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(&key), sizeof key});
  }
};

struct Choice {
  bool possible;
  cublasLtMatmulAlgo_t algorithm;
  size_t workspace_bytes;
};

/// Never destroyed: at the end of the process the driver may be gone before.
struct Library {
  std::mutex mutex;
  cublasLtHandle_t handle = nullptr;
  std::unordered_map<Key, Choice, KeyHash> choices;
};
Library& library(DeviceIndex index) {
  static Library* const libraries = new Library[kMaxDevices];
  return libraries[index];
}

uint32_t alignment_of(const void* p) {
  const auto address = reinterpret_cast<uintptr_t>(p);
  uint32_t alignment = 256;
  while (address % alignment != 0) alignment /= 2;
  return alignment;
}

/// The operands change places: our A is cuBLASLt's B, whose columns are our rows.
cublasLtEpilogue_t epilogue_of(const GemmArgs& g) {
  return g.row_sums ? CUBLASLT_EPILOGUE_BGRADB
         : g.bias   ? CUBLASLT_EPILOGUE_BIAS
                    : CUBLASLT_EPILOGUE_DEFAULT;
}

Key key_of(const GemmArgs& g, bool tf32) {
  Key key;
  std::memset(&key, 0, sizeof key);
  key.m = g.m;
  key.n = g.n;
  key.k = g.k;
  key.batch = g.batch;
  key.a_leading = g.a.leading;
  key.b_leading = g.b.leading;
  key.c_leading = g.c_leading;
  if (g.batch > 1) {
    key.a_step = g.a.step;
    key.b_step = g.b.step;
    key.c_step = g.c_step;
  }
  key.a_alignment = alignment_of(g.a.data);
  key.b_alignment = alignment_of(g.b.data);
  key.c_alignment = alignment_of(g.c);
  key.bias_alignment = alignment_of(g.row_sums ? g.row_sums : g.bias);
  key.a_transposed = g.a.transposed;
  key.b_transposed = g.b.transposed;
  key.epilogue = epilogue_of(g);
  key.dtype = uint16_t(g.dtype);
  key.tf32 = tf32;
  return key;
}

/// A product as cuBLASLt is told of it. The descriptors hold no memory of their own.
struct Problem {
  cublasLtMatmulDescOpaque_t product;
  cublasLtMatrixLayoutOpaque_t a, b, c;

  Problem(const GemmArgs& g, bool tf32) {
    const Types types = types_of(g.dtype, tf32);
    check(cublasLtMatmulDescInit(&product, types.compute, types.scale), "cublasLtMatmulDescInit");
    // The operands change places.
    set(CUBLASLT_MATMUL_DESC_TRANSA, operation(g.b));
    set(CUBLASLT_MATMUL_DESC_TRANSB, operation(g.a));
    if (const cublasLtEpilogue_t epilogue = epilogue_of(g); epilogue != CUBLASLT_EPILOGUE_DEFAULT) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, g.row_sums ? g.row_sums : g.bias);
    }
    lay_out(a, types.data, g, g.n, g.k, g.b.transposed, g.b.leading, g.b.step);
    lay_out(b, types.data, g, g.k, g.m, g.a.transposed, g.a.leading, g.a.step);
    lay_out(c, types.data, g, g.n, g.m, false, g.c_leading, g.c_step);
  }

 private:
  static cublasOperation_t operation(const GemmOperand& operand) {
    return operand.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  }
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, T value) {
    check(cublasLtMatmulDescSetAttribute(&product, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }
  static void lay_out(cublasLtMatrixLayoutOpaque_t& layout, cudaDataType_t type, const GemmArgs& g,
                      int64_t rows, int64_t columns, bool transposed, int64_t leading,
                      int64_t step) {
    check(cublasLtMatrixLayoutInit(&layout, type, uint64_t(transposed ? columns : rows),
                                   uint64_t(transposed ? rows : columns), leading),
          "cublasLtMatrixLayoutInit");
    if (g.batch == 1) return;
    const int32_t batch = int32_t(g.batch);
    check(cublasLtMatrixLayoutSetAttribute(&layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batch,
                                           sizeof batch),
          "cublasLtMatrixLayoutSetAttribute");
    check(cublasLtMatrixLayoutSetAttribute(&layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                           &step, sizeof step),
          "cublasLtMatrixLayoutSetAttribute");
  }
};

size_t most_workspace(DeviceIndex device) {
  return size_t{properties(device).major >= 9 ? 32u : 4u} << 20;
}

Choice choose(cublasLtHandle_t handle, DeviceIndex device, const Key& key, Problem& problem) {
  cublasLtMatmulPreferenceOpaque_t preference;
  check(cublasLtMatmulPreferenceInit(&preference), "cublasLtMatmulPreferenceInit");
  auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
    check(cublasLtMatmulPreferenceSetAttribute(&preference, attribute, &value, sizeof value),
          "cublasLtMatmulPreferenceSetAttribute");
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most_workspace(device));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, key.b_alignment);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, key.a_alignment);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, key.c_alignment);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, key.c_alignment);
  // Sums that are split meet again in the type that they are computed in.
  prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
         uint32_t(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
  cublasLtMatmulHeuristicResult_t result;
  std::memset(&result, 0, sizeof result);
  int found = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(handle, &problem.product, &problem.a, &problem.b, &problem.c,
                                     &problem.c, &preference, 1, &result, &found);
  if (status != CUBLAS_STATUS_NOT_SUPPORTED) check(status, "cublasLtMatmulAlgoGetHeuristic");
  const bool possible =
      status == CUBLAS_STATUS_SUCCESS && found > 0 && result.state == CUBLAS_STATUS_SUCCESS;
  return {possible, result.algo, result.workspaceSize};
}

}  // namespace

bool gemm(const Stream& stream, const GemmArgs& g) {
  constexpr size_t kMostChoices = 4096;
  const DeviceIndex device = stream.device().index();
  const cudaStream_t queue = raw(stream);
  const bool tf32 = g.dtype == kFloat && globalContext().allowTF32CuBLAS();
  const Key key = key_of(g, tf32);
  Problem problem(g, tf32);
  Library& cublas = library(device);
  Choice choice;
  {
    std::lock_guard lock(cublas.mutex);
    if (!cublas.handle) check(cublasLtCreate(&cublas.handle), "cublasLtCreate");
    auto known = cublas.choices.find(key);
    if (known == cublas.choices.end()) {
      if (cublas.choices.size() >= kMostChoices) cublas.choices.clear();
      choice = choose(cublas.handle, device, key, problem);
      known = cublas.choices.emplace(key, choice).first;
    }
    choice = known->second;
  }
  if (!choice.possible) return false;
  Scratch workspace(stream, choice.workspace_bytes);
  const float one = 1, beta = g.accumulate ? 1 : 0;
  const double one_double = 1, beta_double = beta;
  const bool is_double = g.dtype == kDouble;
  check(cublasLtMatmul(cublas.handle, &problem.product,
                       is_double ? static_cast<const void*>(&one_double) : &one, g.b.data,
                       &problem.a, g.a.data, &problem.b,
                       is_double ? static_cast<const void*>(&beta_double) : &beta, g.c, &problem.c,
                       g.c, &problem.c, &choice.algorithm, workspace.data(), choice.workspace_bytes,
                       queue),
        "cublasLtMatmul");
  return true;
}

}  // namespace adjoint::cuda
