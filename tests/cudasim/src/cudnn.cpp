// SPDX-License-Identifier: MIT
// cuDNN's graph API, for graphs of one convolution: five engines, and execution.
#include "cudnn.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "api.h"
#include "cudasim.h"
#include "cudnn_convolution.h"
#include "cudnn_descriptor.h"

struct cudnnContext {
  int device = 0;
  cudaStream_t stream = nullptr;
};

using namespace cudasim::cudnn;
using cudasim::ConvolutionArguments;
using cudasim::ConvolutionPass;

namespace {

// What each engine is called among the library's calls, and its numerical notes.
constexpr int kEngines = 5;
constexpr int64_t kWorkspaceBytes = 65536;  // enough for races on it to show
const cudasim::LibraryFunction kEngineNames[kEngines] = {
    CUDASIM_LIBRARY_FUNCTION("cudnn, by atomics on tensor cores"),
    CUDASIM_LIBRARY_FUNCTION("cudnn, on tensor cores"),
    CUDASIM_LIBRARY_FUNCTION("cudnn, by Winograd's transform"),
    CUDASIM_LIBRARY_FUNCTION("cudnn, by atomics"),
    CUDASIM_LIBRARY_FUNCTION("cudnn"),
};
const std::vector<cudnnBackendNumericalNote_t> kNotes[kEngines] = {
    {CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC},
    {CUDNN_NUMERICAL_NOTE_TENSOR_CORE},
    {CUDNN_NUMERICAL_NOTE_WINOGRAD},
    {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC},
    {},
};
// Attributes of states that the program does not set.
constexpr int kEngine = -1;

/// The engine's configurations, for attributes that the program reads.
Shared configuration(const Shared& graph, int engine) {
  auto engine_state = std::make_shared<State>();
  engine_state->type = CUDNN_BACKEND_ENGINE_DESCRIPTOR;
  engine_state->finalized = true;
  engine_state->values[CUDNN_ATTR_ENGINE_NUMERICAL_NOTE] =
      value_of(CUDNN_TYPE_NUMERICAL_NOTE, kNotes[engine]);
  auto config = std::make_shared<State>();
  config->type = CUDNN_BACKEND_ENGINECFG_DESCRIPTOR;
  config->finalized = true;
  config->values[kEngine] = value_of(CUDNN_TYPE_INT64, std::vector<int64_t>{engine});
  config->values[CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH] = {
      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, {}, {graph}};
  config->values[CUDNN_ATTR_ENGINECFG_ENGINE] = {
      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, {}, {engine_state}};
  return config;
}

/// What finalizing adds, or finds wrong.
cudnnStatus_t complete(State& state) {
  switch (state.type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR: {
      const ConvolutionArguments::Image image = image_of(state);
      for (int d = 0; d < 4; ++d) {
        REQUIRE(image.sizes[d] > 0, BAD_PARAM);
        REQUIRE(image.strides[d] > 0, BAD_PARAM);
      }
      break;
    }
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR: {
      ConvolutionArguments arguments;
      return describe(state, arguments);
    }
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR: {
      const Shared graph = state.values.at(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH).parts.at(0);
      const cudnnStatus_t status = check_support(graph->part(CUDNN_ATTR_OPERATIONGRAPH_OPS));
      if (status != CUDNN_STATUS_SUCCESS) return status;
      REQUIRE(cudasim::api_fault("cudnnBackendFinalize") == cudaSuccess, NOT_SUPPORTED);
      Value results{CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, {}, {}};
      const bool is_fallback =
          state.get<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE) == CUDNN_HEUR_MODE_FALLBACK;
      for (int engine = is_fallback ? kEngines - 1 : 0; engine < kEngines; ++engine) {
        results.parts.push_back(configuration(graph, engine));
      }
      results.count = int64_t(results.parts.size());
      state.values[CUDNN_ATTR_ENGINEHEUR_RESULTS] = results;
      break;
    }
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
      state.values[CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE] =
          value_of(CUDNN_TYPE_INT64, std::vector<int64_t>{kWorkspaceBytes});
      break;
    default:
      break;
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t to_status(cudaError_t error) {
  if (error == cudaSuccess) return CUDNN_STATUS_SUCCESS;
  const char* why = cudaGetErrorString(error);
  if (error == cudaErrorMemoryAllocation) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, why);
  }
  return fail(CUDNN_STATUS_EXECUTION_FAILED, why);
}

}  // namespace

extern "C" {

size_t cudnnGetVersion(void) { return CUDNN_VERSION; }

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status / 1000) {
    case 0:
      return "CUDNN_STATUS_SUCCESS";
    case 1:
      return "CUDNN_STATUS_NOT_INITIALIZED";
    case 2:
      return "CUDNN_STATUS_BAD_PARAM";
    case 3:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case 4:
      return "CUDNN_STATUS_INTERNAL_ERROR";
    default:
      return "CUDNN_STATUS_EXECUTION_FAILED";
  }
}

void cudnnGetLastErrorString(char* message, size_t max_size) {
  if (message == nullptr || max_size == 0) return;
  const size_t length = std::min(last_error().size(), max_size - 1);
  std::memcpy(message, last_error().data(), length);
  message[length] = 0;
  last_error().clear();
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  const cudasim::LibraryCall call("cudnnCreate");
  REQUIRE(handle != nullptr, BAD_PARAM_NULL_POINTER);
  int device = 0;
  // Memory is allocated.
  const cudaError_t error =
      cudasim::api("cudnnCreate", cudasim::kUnsafeInCapture, [&](cudasim::Engine&) {
        device = cudasim::this_thread().device;
        return cudaSuccess;
      });
  if (error != cudaSuccess) return to_status(error);
  *handle = new cudnnContext{device, nullptr};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  REQUIRE(handle != nullptr, BAD_PARAM_NULL_POINTER);
  int device = 0;
  if (const cudaError_t error = cudaStreamGetDevice(stream, &device); error != cudaSuccess) {
    return to_status(error);
  }
  REQUIRE(device == handle->device, BAD_PARAM_STREAM_MISMATCH);
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t* descriptor) {
  REQUIRE(descriptor != nullptr, BAD_PARAM_NULL_POINTER);
  REQUIRE(requirements_of(type) != nullptr, NOT_SUPPORTED);
  auto* made = new Descriptor;
  made->state->type = type;
  *descriptor = made;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  delete of(descriptor);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count,
                                       const void* values) {
  REQUIRE(descriptor != nullptr, BAD_PARAM_NULL_POINTER);
  REQUIRE(values != nullptr, BAD_PARAM_NULL_POINTER);
  State& state = *of(descriptor)->state;
  REQUIRE(!state.finalized, BAD_PARAM);
  const std::vector<Attribute>& known = requirements_of(state.type)->attributes;
  const auto attribute =
      std::find_if(known.begin(), known.end(), [&](const Attribute& a) { return a.name == name; });
  REQUIRE(attribute != known.end(), BAD_PARAM);
  REQUIRE(attribute->type == type, BAD_PARAM_ATTRIBUTE_TYPE);
  REQUIRE(attribute->count == count, BAD_PARAM_SIZE_INSUFFICIENT);
  Value value{type, count, {}, {}};
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    cudnnBackendDescriptor_t part;
    std::memcpy(&part, values, sizeof part);
    REQUIRE(part != nullptr, BAD_PARAM_NULL_POINTER);
    REQUIRE(of(part)->state->finalized, BAD_PARAM_NOT_FINALIZED);
    value.parts.push_back(of(part)->state);
  } else {
    const char* bytes = static_cast<const char*>(values);
    value.bytes.assign(bytes, bytes + size_t(count) * size_of(type));
  }
  state.values[name] = std::move(value);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t most,
                                       int64_t* count, void* values) {
  REQUIRE(descriptor != nullptr, BAD_PARAM_NULL_POINTER);
  const State& state = *of(descriptor)->state;
  REQUIRE(state.finalized, BAD_PARAM_NOT_FINALIZED);
  REQUIRE(state.has(name), BAD_PARAM);
  const Value& value = state.values.at(name);
  REQUIRE(value.type == type, BAD_PARAM_ATTRIBUTE_TYPE);
  if (count) *count = value.count;
  const size_t written = size_t(std::min(most, value.count));
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    for (size_t i = 0; i < written; ++i) {
      Descriptor* to = of(static_cast<cudnnBackendDescriptor_t*>(values)[i]);
      REQUIRE(to->state->type == value.parts[i]->type, BAD_PARAM_DESCRIPTOR_TYPE);
      *to->state = *value.parts[i];
    }
  } else if (written > 0) {
    std::memcpy(values, value.bytes.data(), written * size_of(type));
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  REQUIRE(descriptor != nullptr, BAD_PARAM_NULL_POINTER);
  State& state = *of(descriptor)->state;
  for (const Attribute& attribute : requirements_of(state.type)->attributes) {
    REQUIRE(state.has(attribute.name), BAD_PARAM);
  }
  const cudnnStatus_t status = complete(state);
  state.finalized = status == CUDNN_STATUS_SUCCESS;
  return status;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t pack) {
  REQUIRE(handle != nullptr && plan != nullptr && pack != nullptr, BAD_PARAM_NULL_POINTER);
  const State &of_plan = *of(plan)->state, &of_pack = *of(pack)->state;
  REQUIRE(of_plan.finalized && of_pack.finalized, BAD_PARAM_NOT_FINALIZED);
  if (const cudaError_t fault = cudasim::api_fault("cudnnBackendExecute"); fault != cudaSuccess) {
    return to_status(fault);
  }
  const State& config = of_plan.part(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
  const State& operation =
      config.part(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH).part(CUDNN_ATTR_OPERATIONGRAPH_OPS);
  const Operation names = operation_of(operation);
  ConvolutionArguments c;
  if (const cudnnStatus_t status = describe(operation, c); status != CUDNN_STATUS_SUCCESS) {
    return status;
  }
  int64_t ids[3];
  void *pointers[3], *workspace;
  of_pack.read(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids, 3);
  of_pack.read(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, pointers, 3);
  of_pack.read(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, &workspace);
  REQUIRE(workspace != nullptr, BAD_PARAM_NULL_POINTER);
  void* data[3] = {};
  for (int i = 0; i < 3; ++i) {
    const State& tensor = operation.part(i == 0 ? names.x : i == 1 ? names.w : names.y);
    const auto id = tensor.get<int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID);
    data[i] = pointers[std::find(ids, ids + 2, id) - ids];
    REQUIRE(data[i] != nullptr, BAD_PARAM_NULL_POINTER);
    const auto alignment = tensor.get<int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
    REQUIRE(reinterpret_cast<uintptr_t>(data[i]) % uintptr_t(alignment) == 0,
            BAD_PARAM_MISALIGNED_POINTER);
  }
  const bool to_data = c.pass == ConvolutionPass::kBackwardData;
  const bool to_filter = c.pass == ConvolutionPass::kBackwardFilter;
  c.first = to_data ? data[2] : data[0];
  c.second = to_filter ? data[2] : data[1];
  c.out = to_data ? data[0] : to_filter ? data[1] : data[2];
  c.workspace = {workspace, size_t(kWorkspaceBytes)};
  const auto engine = size_t(config.get<int64_t>(kEngine));
  c.tf32 = c.type == CUDA_R_32F && engine < 2;  // those on tensor cores
  return to_status(cudasim::launch_convolution(kEngineNames[engine], c, handle->stream));
}

}  // extern "C"
