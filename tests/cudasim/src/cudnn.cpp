// SPDX-License-Identifier: MIT
// cuDNN's graph API, for graphs of one convolution: descriptors, five engines, execution.
#include "cudnn.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api.h"
#include "convolution.h"
#include "cudasim.h"

struct cudnnContext {
  int device = 0;
  cudaStream_t stream = nullptr;
};

namespace {

using cudasim::ConvolutionArguments;
using cudasim::ConvolutionPass;

struct State;
using Shared = std::shared_ptr<const State>;

struct Value {
  cudnnBackendAttributeType_t type;
  int64_t count;
  std::vector<char> bytes;
  std::vector<Shared> parts;
};

/// What a descriptor refers to, and what it was made part of keeps.
struct State {
  cudnnBackendDescriptorType_t type{};
  bool finalized = false;
  std::map<int, Value> values;

  bool has(int name) const { return values.count(name) != 0; }
  template <class T>
  void read(int name, T* to, size_t count = 1) const {
    std::memcpy(to, values.at(name).bytes.data(), count * sizeof(T));
  }
  template <class T>
  T get(int name) const {
    T value;
    read(name, &value);
    return value;
  }
  const State& part(int name) const { return *values.at(name).parts.at(0); }
};
struct Descriptor {
  std::shared_ptr<State> state = std::make_shared<State>();
};
Descriptor* of(cudnnBackendDescriptor_t raw) { return static_cast<Descriptor*>(raw); }

thread_local std::string last_error;
cudnnStatus_t fail(cudnnStatus_t status, const char* why) {
  last_error = why;
  return status;
}
#define REQUIRE(condition, status) \
  if (!(condition)) return fail(CUDNN_STATUS_##status, #condition " does not hold")

// ---- Engines: what each is called among the library's calls, and its numerical notes
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

template <class T>
Value value_of(cudnnBackendAttributeType_t type, const std::vector<T>& values) {
  Value value{type, int64_t(values.size()), {}, {}};
  value.bytes.resize(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(value.bytes.data(), values.data(), value.bytes.size());
  return value;
}

// ---- What a descriptor needs
struct Attribute {
  int name;
  cudnnBackendAttributeType_t type;
  int64_t count;
};
struct Requirements {
  cudnnBackendDescriptorType_t type;
  std::vector<Attribute> attributes;
};
const std::vector<Requirements>& requirements() {
  static const std::vector<Requirements> list{
      {CUDNN_BACKEND_TENSOR_DESCRIPTOR,
       {{CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1},
        {CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4},
        {CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4},
        {CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1},
        {CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1}}},
      {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR,
       {{CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1},
        {CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1},
        {CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1},
        {CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2},
        {CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2},
        {CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2},
        {CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2}}},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1}}},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_FLOAT, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_FLOAT, 1}}},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_TYPE_FLOAT, 1},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, CUDNN_TYPE_FLOAT, 1}}},
      {CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1},
        {CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1}}},
      {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR,
       {{CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1},
        {CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1}}},
      {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
       {{CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1},
        {CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1}}},
      {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR,
       {{CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 3},
        {CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 3},
        {CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1}}},
      {CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, {}},
      {CUDNN_BACKEND_ENGINE_DESCRIPTOR, {}},
  };
  return list;
}
const Requirements* requirements_of(cudnnBackendDescriptorType_t type) {
  for (const Requirements& r : requirements()) {
    if (r.type == type) return &r;
  }
  return nullptr;
}

size_t size_of(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_DATA_TYPE:
    case CUDNN_TYPE_FLOAT:
    case CUDNN_TYPE_CONVOLUTION_MODE:
    case CUDNN_TYPE_HEUR_MODE:
    case CUDNN_TYPE_NUMERICAL_NOTE:
      return 4;
    default:
      return 8;
  }
}

// ---- Convolutions
struct Operation {
  ConvolutionPass pass;
  int convolution, x, w, y, alpha, beta;
};
Operation operation_of(const State& operation) {
  switch (operation.type) {
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
      return {ConvolutionPass::kForward,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
      return {ConvolutionPass::kBackwardData,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    default:
      return {ConvolutionPass::kBackwardFilter,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }
}

ConvolutionArguments::Image image_of(const State& tensor) {
  ConvolutionArguments::Image image;
  tensor.read(CUDNN_ATTR_TENSOR_DIMENSIONS, image.sizes, 4);
  tensor.read(CUDNN_ATTR_TENSOR_STRIDES, image.strides, 4);
  return image;
}

cudnnStatus_t describe(const State& operation, ConvolutionArguments& c) {
  const Operation names = operation_of(operation);
  const State& convolution = operation.part(names.convolution);
  const State& x = operation.part(names.x);
  c.pass = names.pass;
  c.x = image_of(x);
  c.w = image_of(operation.part(names.w));
  c.y = image_of(operation.part(names.y));
  int64_t after[2];
  convolution.read(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, c.padding, 2);
  convolution.read(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, after, 2);
  convolution.read(CUDNN_ATTR_CONVOLUTION_DILATIONS, c.dilation, 2);
  convolution.read(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, c.stride, 2);
  const auto type = x.get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE);
  c.type = type == CUDNN_DATA_HALF       ? CUDA_R_16F
           : type == CUDNN_DATA_BFLOAT16 ? CUDA_R_16BF
                                         : CUDA_R_32F;
  for (int d = 0; d < 2; ++d) {
    const int64_t padded = c.x.sizes[2 + d] + c.padding[d] + after[d];
    const int64_t kernel = c.dilation[d] * (c.w.sizes[2 + d] - 1) + 1;
    REQUIRE(c.y.sizes[2 + d] == (padded - kernel) / c.stride[d] + 1, BAD_PARAM_SHAPE_MISMATCH);
  }
  REQUIRE(c.y.sizes[0] == c.x.sizes[0], BAD_PARAM_SHAPE_MISMATCH);
  REQUIRE(c.y.sizes[1] == c.w.sizes[0], BAD_PARAM_SHAPE_MISMATCH);
  REQUIRE(c.x.sizes[1] % c.w.sizes[1] == 0, BAD_PARAM_SHAPE_MISMATCH);
  REQUIRE(c.w.sizes[0] % (c.x.sizes[1] / c.w.sizes[1]) == 0, BAD_PARAM_SHAPE_MISMATCH);
  return CUDNN_STATUS_SUCCESS;
}

bool has_channels_last(const ConvolutionArguments::Image& image) {
  return image.sizes[1] > 1 && image.strides[1] == 1 && image.sizes[2] * image.sizes[3] > 1;
}

/// What engines can do, and what the program may ask of them.
cudnnStatus_t check_support(const State& operation) {
  const Operation names = operation_of(operation);
  const State& convolution = operation.part(names.convolution);
  const auto type = operation.part(names.x).get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE);
  for (int tensor : {names.w, names.y}) {
    REQUIRE(operation.part(tensor).get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE) == type,
            NOT_SUPPORTED_DATA_TYPE);
  }
  REQUIRE(type != CUDNN_DATA_DOUBLE, NOT_SUPPORTED_DATA_TYPE);
  REQUIRE(convolution.get<cudnnDataType_t>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE) == CUDNN_DATA_FLOAT,
          NOT_SUPPORTED_DATA_TYPE);
  REQUIRE(convolution.get<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE) ==
              CUDNN_CROSS_CORRELATION,
          NOT_SUPPORTED);
  REQUIRE(operation.get<float>(names.alpha) == 1, NOT_SUPPORTED);
  REQUIRE(operation.get<float>(names.beta) == 0, NOT_SUPPORTED);
  REQUIRE(has_channels_last(image_of(operation.part(names.x))) ==
              has_channels_last(image_of(operation.part(names.y))),
          NOT_SUPPORTED_LAYOUT);
  return CUDNN_STATUS_SUCCESS;
}

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
  const size_t length = std::min(last_error.size(), max_size - 1);
  std::memcpy(message, last_error.data(), length);
  message[length] = 0;
  last_error.clear();
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
