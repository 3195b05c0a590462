// SPDX-License-Identifier: MIT
// Convolutions as cuDNN is told of them, and what it chose for a shape: Note [cuDNN].
#include <algorithm>
#include <climits>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/context.h"
#include "adjoint/error.h"
#include "adjoint/tensor.h"
#include "core/ops/convolution.h"
#include "cuda/cudnn/cudnn.h"
#include "cuda/cudnn/descriptor.h"
#include "cuda/device.h"
#include "cuda/portable.cuh"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

/// Products of so many pairs of numbers take a large GPU about as long as a launch. The simulated
/// device, whose cases are small, is to go all ways.
constexpr int64_t kLeastProducts = kIsSimulated ? 1 : 1 << 24;
constexpr size_t kMostWorkspace = size_t{256} << 20;
constexpr size_t kMostPlans = 1024;

void check(cudnnStatus_t status, const char* what) {
  if (status == CUDNN_STATUS_SUCCESS) [[likely]]
    return;
  char details[512] = "";
  cudnn_functions()->cudnnGetLastErrorString(details, sizeof details);
  (void)cudaGetLastError();
  std::string message = detail::str("CUDA error: ", cudnn_functions()->cudnnGetErrorString(status),
                                    " in ", what, *details ? ": " : "", std::string_view(details));
  if (status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED) {
    throw OutOfMemoryError(std::move(message));
  }
  throw CUDAError(std::move(message));
}

/// All that a plan depends on; compared and hashed as bytes.
struct Key {
  int64_t image[4], weight[4], output[4], stride[2], padding[2], dilation[2];
  uint8_t pass, dtype, tf32, deterministic, unused[4];

  bool operator==(const Key& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(sizeof(Key) == 19 * sizeof(int64_t));

struct KeyHash {
  size_t operator()(const Key& key) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(&key), sizeof key});
  }
};

struct Plan {
  CudnnDescriptor config, plan;
  size_t workspace_bytes;
};

/// Never destroyed: at the end of the process the driver may be gone before.
struct Instance {
  std::mutex mutex;
  cudnnHandle_t handle = nullptr;
  cudaStream_t stream = nullptr;                                        // the handle's
  std::unordered_map<Key, std::unique_ptr<const Plan>, KeyHash> plans;  // null: there is no way
};
Instance& instance(DeviceIndex index) {
  static Instance* const instances = new Instance[kMaxDevices];
  return instances[index];
}

// ---- From tensors to a key

/// By sizes, dtype and switches alone, so that results do not depend on where tensors lie. False
/// where it is not for cuDNN.
bool describe(ConvolutionPass pass, const TensorImpl& image, const TensorImpl& weight,
              const TensorImpl& output, const Conv2dParams& params, Key& key) {
  const ScalarType dtype = image.dtype();
  if (dtype != kFloat && dtype != kHalf && dtype != kBFloat16) return false;
  std::memset(static_cast<void*>(&key), 0, sizeof key);
  int64_t products = output.numel();
  for (size_t d = 0; d < 4; ++d) {
    key.image[d] = image.sizes()[d];
    key.weight[d] = weight.sizes()[d];
    key.output[d] = output.sizes()[d];
    if (d > 0) products *= key.weight[d];
  }
  if (products < kLeastProducts || image.numel() == 0 ||
      std::max({image.numel(), weight.numel(), output.numel()}) > INT_MAX) {
    return false;
  }
  for (int d = 0; d < 2; ++d) {
    key.stride[d] = params.stride[d];
    key.padding[d] = params.padding[d];
    key.dilation[d] = params.dilation[d];
  }
  const Context& context = globalContext();
  key.pass = uint8_t(pass);
  key.dtype = uint8_t(dtype);
  key.tf32 = dtype == kFloat && context.allowTF32CuDNN();
  key.deterministic = context.deterministicCuDNN();
  return true;
}

constexpr int64_t kAlignment = 16;
/// Where engines may load it: a dense tensor.
bool is_loadable(const Tensor& t) {
  return t.is_contiguous() && reinterpret_cast<uintptr_t>(t.impl()->data()) % kAlignment == 0;
}
/// The tensor, or a copy for work that is enqueued while it lives.
Tensor loadable(const Tensor& t) {
  if (is_loadable(t)) return t;
  return t.is_contiguous() ? t.clone() : t.contiguous();
}

// ---- From a key to a plan

enum Role : int64_t { kImage = 1, kWeight, kOutput };

cudnnDataType_t type_of(const Key& key) {
  return key.dtype == uint8_t(kHalf)       ? CUDNN_DATA_HALF
         : key.dtype == uint8_t(kBFloat16) ? CUDNN_DATA_BFLOAT16
                                           : CUDNN_DATA_FLOAT;
}

CudnnDescriptor tensor(Role role, cudnnDataType_t type, const int64_t (&sizes)[4]) {
  const int64_t plane = sizes[2] * sizes[3];
  CudnnDescriptor t(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  t.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, &type);
  t.set(CUDNN_ATTR_TENSOR_DIMENSIONS, sizes);
  t.set(CUDNN_ATTR_TENSOR_STRIDES, {sizes[1] * plane, plane, sizes[3], 1});
  t.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, {role});
  t.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, {kAlignment});
  t.finalize();
  return t;
}

/// What the operation's attributes are called.
struct Operation {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t convolution, image, weight, output, alpha, beta;
};
Operation operation_of(ConvolutionPass pass) {
  switch (pass) {
    case ConvolutionPass::Forward:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case ConvolutionPass::BackwardInput:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    default:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }
}

CudnnDescriptor convolution(const Key& key) {
  const cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  CudnnDescriptor c(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  c.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {2});
  c.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, &compute);
  c.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, &mode);
  c.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, key.padding);
  c.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, key.padding);
  c.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, key.dilation);
  c.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, key.stride);
  c.finalize();
  return c;
}

/// A graph of one operation; the number of groups follows from the channels.
CudnnDescriptor graph(cudnnHandle_t handle, const Key& key) {
  const Operation names = operation_of(ConvolutionPass(key.pass));
  const cudnnDataType_t type = type_of(key);
  const float alpha = 1, beta = 0;
  CudnnDescriptor operation(names.type);
  operation.set(names.convolution, convolution(key));
  operation.set(names.image, tensor(kImage, type, key.image));
  operation.set(names.weight, tensor(kWeight, type, key.weight));
  operation.set(names.output, tensor(kOutput, type, key.output));
  operation.set(names.alpha, CUDNN_TYPE_FLOAT, &alpha);
  operation.set(names.beta, CUDNN_TYPE_FLOAT, &beta);
  operation.finalize();
  CudnnDescriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, &handle);
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation);
  graph.finalize();
  return graph;
}

/// Whether the engine keeps what Note [cuDNN] promises.
bool is_allowed(const CudnnDescriptor& config, const Key& key) {
  CudnnDescriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  cudnnBackendDescriptor_t raw = engine.raw();
  if (config.get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, &raw) == 0) {
    return false;
  }
  constexpr size_t kMostNotes = 32;
  cudnnBackendNumericalNote_t notes[kMostNotes];
  const size_t count =
      engine.get(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, notes, kMostNotes);
  for (size_t i = 0; i < count && i < kMostNotes; ++i) {
    switch (notes[i]) {
      case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:  // which multiply float as TF32
        if (key.dtype == uint8_t(kFloat) && !key.tf32) return false;
        break;
      case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
        if (key.deterministic) return false;
        break;
      case CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP:
        break;
      default:
        return false;
    }
  }
  return true;
}

/// Null where cuDNN has no way to compute it.
std::unique_ptr<const Plan> make_plan(cudnnHandle_t handle, const Key& key) {
  const CudnnDescriptor operations = graph(handle, key);
  for (cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    CudnnDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, operations);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, &mode);
    if (heuristics.finalize() != CUDNN_STATUS_SUCCESS) continue;
    const size_t count = heuristics.get<cudnnBackendDescriptor_t>(
        CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, nullptr, 0);
    std::vector<CudnnDescriptor> configs;
    std::vector<cudnnBackendDescriptor_t> raw;
    for (size_t i = 0; i < count; ++i) {
      raw.push_back(configs.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR).raw());
    }
    const size_t found = heuristics.get(CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                        CUDNN_TYPE_BACKEND_DESCRIPTOR, raw.data(), count);
    for (size_t i = 0; i < found && i < count; ++i) {
      if (!is_allowed(configs[i], key)) continue;
      CudnnDescriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, &handle);
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configs[i]);
      int64_t bytes = 0;
      if (plan.finalize() != CUDNN_STATUS_SUCCESS ||
          plan.get(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, &bytes) == 0 ||
          size_t(bytes) > kMostWorkspace) {
        continue;
      }
      return std::make_unique<const Plan>(
          Plan{std::move(configs[i]), std::move(plan), size_t(bytes)});
    }
  }
  return nullptr;
}

/// The plan, known or made; null where there is none, or none can be made now.
const Plan* find_plan(Instance& cudnn, const Key& key, cudaStream_t queue) {
  if (const auto known = cudnn.plans.find(key); known != cudnn.plans.end()) {
    return known->second.get();
  }
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  cuda::check(cudaStreamIsCapturing(queue, &capture), "cudaStreamIsCapturing");
  if (capture != cudaStreamCaptureStatusNone) return nullptr;
  if (!cudnn.handle && cudnn_functions()->cudnnCreate(&cudnn.handle) != CUDNN_STATUS_SUCCESS) {
    cudnn.handle = nullptr;
  }
  std::unique_ptr<const Plan> plan;
  if (cudnn.handle) plan = make_plan(cudnn.handle, key);
  if (!plan) (void)cudaGetLastError();
  if (cudnn.plans.size() >= kMostPlans) cudnn.plans.clear();
  return cudnn.plans.emplace(key, std::move(plan)).first->second.get();
}

}  // namespace

bool cudnn_convolution(const Stream& stream, ConvolutionPass pass, const Tensor& image,
                       const Tensor& weight, const Tensor& output, const Conv2dParams& params) {
  Key key;
  if (!globalContext().userEnabledCuDNN() || !has_cudnn() ||
      !describe(pass, *image.impl(), *weight.impl(), *output.impl(), params, key)) {
    return false;
  }
  const bool forward = pass == ConvolutionPass::Forward;
  const bool to_image = pass == ConvolutionPass::BackwardInput;
  if (!is_loadable(forward ? output : to_image ? image : weight)) return false;
  const cudaStream_t queue = raw(stream);
  Instance& cudnn = instance(stream.device().index());
  const std::lock_guard lock(cudnn.mutex);
  const Plan* plan = find_plan(cudnn, key, queue);
  if (!plan) return false;
  const NoGradGuard no_grad;
  const Tensor operands[] = {loadable(image), loadable(weight), loadable(output)};
  const Scratch workspace(stream, plan->workspace_bytes);
  if (cudnn.stream != queue) {
    check(cudnn_functions()->cudnnSetStream(cudnn.handle, queue), "cudnnSetStream");
    cudnn.stream = queue;
  }
  void* const pointers[] = {operands[0].impl()->data(), operands[1].impl()->data(),
                            operands[2].impl()->data()};
  void* const work = workspace.data();
  CudnnDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, {kImage, kWeight, kOutput});
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, pointers, 3);
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, &work);
  check(pack.finalize(), "cudnnBackendFinalize");
  check(cudnn_functions()->cudnnBackendExecute(cudnn.handle, plan->plan.raw(), pack.raw()),
        "cudnnBackendExecute");
  return true;
}

}  // namespace adjoint::cuda
