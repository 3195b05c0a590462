// SPDX-License-Identifier: MIT
// cuBLASLt: descriptions of a product, the choice of an algorithm (there is one), the product.
#include "cublasLt.h"

#include <algorithm>
#include <cstring>

#include "cudasim.h"
#include "gemm.h"

struct cublasLtContext {
  int device = 0;
};

namespace {

using cudasim::Activation;
using cudasim::GemmArguments;

// What lies in the opaque descriptors.
struct Layout {
  uint32_t type;
  int32_t order;
  uint64_t rows, columns;
  int64_t leading_dimension;
  int64_t batch_stride;
  int32_t batch_count;
};
struct Desc {
  int32_t compute_type, scale_type, pointer_mode;
  int32_t transa, transb;
  uint32_t epilogue;
  void* bias;
  int64_t bias_batch_stride;
  int32_t bias_type;  // -1: that of d
};
struct Preference {
  uint64_t workspace_bytes;
  uint32_t alignments[4];  // of a, b, c, d
};
struct Algorithm {
  uint64_t workspace_bytes;
  uint32_t alignments[4];
  uint32_t is_chosen;
  int32_t compute_type;  // it is of no other's use
};

template <class T, class Opaque>
T read(const Opaque* opaque) {
  static_assert(sizeof(T) <= sizeof(Opaque));
  T value;
  std::memcpy(&value, opaque, sizeof value);
  return value;
}
template <class T, class Opaque>
void write(Opaque* opaque, const T& value) {
  static_assert(sizeof(T) <= sizeof(Opaque));
  std::memcpy(opaque, &value, sizeof value);
}

template <class Opaque, class Init>
cublasStatus_t create(Opaque** opaque, const Init& init) {
  if (opaque == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *opaque = new Opaque{};
  return init(*opaque);
}
template <class Opaque>
cublasStatus_t destroy(Opaque* opaque) {
  delete opaque;
  return CUBLAS_STATUS_SUCCESS;
}

/// Sets a member from what the program's pointer leads to, which has to be of that size.
struct Setter {
  const void* value;
  size_t bytes;
  template <class T>
  cublasStatus_t operator()(T& member) const {
    if (value == nullptr || bytes != sizeof member) return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(&member, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
  }
};

bool is_supported(const Desc& desc, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  if (a != b || c != d) return false;
  switch (desc.compute_type) {
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
      return desc.scale_type == CUDA_R_64F && a == CUDA_R_64F && d == CUDA_R_64F;
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      return desc.scale_type == CUDA_R_32F &&
             (a == CUDA_R_32F || a == CUDA_R_16F || a == CUDA_R_16BF) &&
             (d == a || d == CUDA_R_32F);
    case CUBLAS_COMPUTE_32F_FAST_TF32:
      return desc.scale_type == CUDA_R_32F && a == CUDA_R_32F && d == CUDA_R_32F;
    default:
      return false;
  }
}

bool is_supported(uint32_t epilogue) {
  switch (epilogue) {
    case CUBLASLT_EPILOGUE_DEFAULT:
    case CUBLASLT_EPILOGUE_RELU:
    case CUBLASLT_EPILOGUE_BIAS:
    case CUBLASLT_EPILOGUE_RELU_BIAS:
    case CUBLASLT_EPILOGUE_GELU:
    case CUBLASLT_EPILOGUE_GELU_BIAS:
    case CUBLASLT_EPILOGUE_BGRADA:
    case CUBLASLT_EPILOGUE_BGRADB:
      return true;
    default:
      return false;
  }
}

struct Product {
  Desc desc;
  Layout a, b, c, d;
  uint64_t m() const { return d.rows; }
  uint64_t n() const { return d.columns; }
  uint64_t k() const { return desc.transa == CUBLAS_OP_N ? a.columns : a.rows; }
};

cublasStatus_t check(const Product& p) {
  const bool transa = p.desc.transa != CUBLAS_OP_N, transb = p.desc.transb != CUBLAS_OP_N;
  if ((transa ? p.a.columns : p.a.rows) != p.m() || (transb ? p.b.rows : p.b.columns) != p.n() ||
      (transb ? p.b.columns : p.b.rows) != p.k() || p.c.rows != p.m() || p.c.columns != p.n()) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  for (const Layout* layout : {&p.a, &p.b, &p.c, &p.d}) {
    if (layout->leading_dimension < int64_t(layout->rows)) return CUBLAS_STATUS_INVALID_VALUE;
    if (layout->batch_count != p.d.batch_count) return CUBLAS_STATUS_INVALID_VALUE;
    if (layout->order != CUBLASLT_ORDER_COL) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  return is_supported(p.desc, p.a.type, p.b.type, p.c.type, p.d.type) &&
                 is_supported(p.desc.epilogue)
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_NOT_SUPPORTED;
}

// What an algorithm at most gets: enough for races on it to show.
constexpr uint64_t kWorkspaceBytes = 65536;

}  // namespace

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  const cudasim::LibraryCall call("cublasLtCreate");
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (const cudaError_t fault = cudasim::api_fault("cublasLtCreate"); fault != cudaSuccess) {
    return cudasim::to_cublas_status(fault);
  }
  int device = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = new cublasLtContext{device};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
size_t cublasLtGetVersion(void) { return 130000; }
const char* cublasLtGetStatusName(cublasStatus_t status) { return cublasGetStatusName(status); }
const char* cublasLtGetStatusString(cublasStatus_t status) { return cublasGetStatusString(status); }

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t,
                                                 cudaDataType type, uint64_t rows, uint64_t cols,
                                                 int64_t ld) {
  write(layout, Layout{uint32_t(type), CUBLASLT_ORDER_COL, rows, cols, ld, 0, 1});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type,
                                          uint64_t rows, uint64_t cols, int64_t ld) {
  return create(layout,
                [&](auto* it) { return cublasLtMatrixLayoutInit(it, type, rows, cols, ld); });
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy(layout);
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                const void* value, size_t bytes) {
  Layout of = read<Layout>(layout);
  const Setter set{value, bytes};
  cublasStatus_t status = CUBLAS_STATUS_INVALID_VALUE;
  switch (attribute) {
    case CUBLASLT_MATRIX_LAYOUT_TYPE:
      status = set(of.type);
      break;
    case CUBLASLT_MATRIX_LAYOUT_ORDER:
      status = set(of.order);
      break;
    case CUBLASLT_MATRIX_LAYOUT_ROWS:
      status = set(of.rows);
      break;
    case CUBLASLT_MATRIX_LAYOUT_COLS:
      status = set(of.columns);
      break;
    case CUBLASLT_MATRIX_LAYOUT_LD:
      status = set(of.leading_dimension);
      break;
    case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT:
      status = set(of.batch_count);
      break;
    case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET:
      status = set(of.batch_stride);
      break;
  }
  write(layout, of);
  return status;
}

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t desc, size_t,
                                               cublasComputeType_t compute_type,
                                               cudaDataType_t scale_type) {
  Desc of{};
  of.compute_type = compute_type;
  of.scale_type = scale_type;
  of.epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  of.bias_type = -1;
  write(desc, of);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* desc,
                                        cublasComputeType_t compute_type,
                                        cudaDataType_t scale_type) {
  return create(desc,
                [&](auto* it) { return cublasLtMatmulDescInit(it, compute_type, scale_type); });
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) { return destroy(desc); }
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, size_t bytes) {
  Desc of = read<Desc>(desc);
  const Setter set{value, bytes};
  cublasStatus_t status = CUBLAS_STATUS_INVALID_VALUE;
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE:
      status = set(of.compute_type);
      break;
    case CUBLASLT_MATMUL_DESC_SCALE_TYPE:
      status = set(of.scale_type);
      break;
    case CUBLASLT_MATMUL_DESC_POINTER_MODE:
      status = set(of.pointer_mode);
      break;
    case CUBLASLT_MATMUL_DESC_TRANSA:
      status = set(of.transa);
      break;
    case CUBLASLT_MATMUL_DESC_TRANSB:
      status = set(of.transb);
      break;
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      status = set(of.epilogue);
      break;
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      status = set(of.bias);
      break;
    case CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE:
      status = set(of.bias_batch_stride);
      break;
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
      status = set(of.bias_type);
      break;
  }
  write(desc, of);
  return status;
}

cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t preference,
                                                     size_t) {
  write(preference, Preference{0, {256, 256, 256, 256}});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return create(preference, [&](auto* it) { return cublasLtMatmulPreferenceInit(it); });
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy(preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, size_t bytes) {
  Preference of = read<Preference>(preference);
  const Setter set{value, bytes};
  cublasStatus_t status = CUBLAS_STATUS_INVALID_VALUE;
  uint32_t no_matter = 0;
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      status = set(of.workspace_bytes);
      break;
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
      status = set(of.alignments[0]);
      break;
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
      status = set(of.alignments[1]);
      break;
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
      status = set(of.alignments[2]);
      break;
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      status = set(of.alignments[3]);
      break;
    case CUBLASLT_MATMUL_PREF_SEARCH_MODE:
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      status = set(no_matter);
      break;
  }
  write(preference, of);
  return status;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference,
                                              int requested_count,
                                              cublasLtMatmulHeuristicResult_t results[],
                                              int* returned_count) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!desc || !a || !b || !c || !d || !preference || !results || !returned_count ||
      requested_count < 1) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  *returned_count = 0;
  const Product product{read<Desc>(desc), read<Layout>(a), read<Layout>(b), read<Layout>(c),
                        read<Layout>(d)};
  if (const cublasStatus_t status = check(product); status != CUBLAS_STATUS_SUCCESS) return status;
  const auto wanted = read<Preference>(preference);
  Algorithm algorithm{
      std::min(wanted.workspace_bytes, kWorkspaceBytes), {}, 1, product.desc.compute_type};
  std::copy_n(wanted.alignments, 4, algorithm.alignments);
  results[0] = {};
  write(&results[0].algo, algorithm);
  results[0].workspaceSize = algorithm.workspace_bytes;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  results[0].wavesCount = 1;
  *returned_count = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void* alpha,
                              const void* A, cublasLtMatrixLayout_t a, const void* B,
                              cublasLtMatrixLayout_t b, const void* beta, const void* C,
                              cublasLtMatrixLayout_t c, void* D, cublasLtMatrixLayout_t d,
                              const cublasLtMatmulAlgo_t* algo, void* workspace,
                              size_t workspace_bytes, cudaStream_t stream) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!desc || !alpha || !beta || !a || !b || !c || !d || !A || !B || !D) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const Product product{read<Desc>(desc), read<Layout>(a), read<Layout>(b), read<Layout>(c),
                        read<Layout>(d)};
  if (const cublasStatus_t status = check(product); status != CUBLAS_STATUS_SUCCESS) return status;
  Algorithm algorithm{std::min<uint64_t>(workspace_bytes, kWorkspaceBytes),
                      {16, 16, 16, 16},
                      1,
                      product.desc.compute_type};
  if (algo) algorithm = read<Algorithm>(algo);
  if (!algorithm.is_chosen || algorithm.compute_type != product.desc.compute_type ||
      algorithm.workspace_bytes > workspace_bytes ||
      (algorithm.workspace_bytes > 0 && workspace == nullptr)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const void* const matrices[] = {A, B, C, D};
  for (int i = 0; i < 4; ++i) {
    // The algorithm loads 16 bytes at a time where it was told that it can.
    if (reinterpret_cast<uintptr_t>(matrices[i]) % std::min(algorithm.alignments[i], 16u) != 0) {
      return CUBLAS_STATUS_NOT_SUPPORTED;
    }
  }
  if (product.m() == 0 || product.n() == 0) return CUBLAS_STATUS_SUCCESS;

  const auto operand = [](const Layout& layout, int32_t operation) {
    return cudasim::GemmOperand{cudaDataType(layout.type), operation != CUBLAS_OP_N,
                                layout.leading_dimension, layout.batch_stride};
  };
  const Desc& of = product.desc;
  GemmArguments arguments;
  arguments.a = A;
  arguments.b = B;
  arguments.d = D;
  arguments.m = int64_t(product.m());
  arguments.n = int64_t(product.n());
  arguments.k = int64_t(product.k());
  arguments.batch_count = product.d.batch_count;
  arguments.a_layout = operand(product.a, of.transa);
  arguments.b_layout = operand(product.b, of.transb);
  arguments.c_layout = operand(product.c, CUBLAS_OP_N);
  arguments.d_layout = operand(product.d, CUBLAS_OP_N);
  arguments.scale_type = cudaDataType(of.scale_type);
  arguments.set_scales(alpha, beta, C, of.pointer_mode == CUBLASLT_POINTER_MODE_DEVICE);
  arguments.bias_type = of.bias_type < 0 ? arguments.d_layout.type : cudaDataType(of.bias_type);
  arguments.bias_batch_stride = of.bias_batch_stride;
  if (algorithm.workspace_bytes) arguments.workspace = {workspace, algorithm.workspace_bytes};
  arguments.tf32 = of.compute_type == CUBLAS_COMPUTE_32F_FAST_TF32;
  if (of.epilogue & CUBLASLT_EPILOGUE_RELU) arguments.activation = Activation::kRelu;
  if (of.epilogue & CUBLASLT_EPILOGUE_GELU) arguments.activation = Activation::kGelu;
  if (of.epilogue & CUBLASLT_EPILOGUE_BIAS) arguments.bias = of.bias;
  if (of.epilogue == CUBLASLT_EPILOGUE_BGRADA) arguments.gradient_of_rows = of.bias;
  if (of.epilogue == CUBLASLT_EPILOGUE_BGRADB) arguments.gradient_of_columns = of.bias;
  if (of.epilogue &
          (CUBLASLT_EPILOGUE_BIAS | CUBLASLT_EPILOGUE_BGRADA | CUBLASLT_EPILOGUE_BGRADB) &&
      of.bias == nullptr) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  return cudasim::launch_gemm(CUDASIM_LIBRARY_FUNCTION("cublasLtMatmul"), arguments, stream);
}

}  // extern "C"
