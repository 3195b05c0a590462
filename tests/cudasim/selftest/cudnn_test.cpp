// SPDX-License-Identifier: MIT
// The stand-in for cuDNN's graph API.
#include <cudasim.h>
#include <cudasim_library.h>
#include <cudnn.h>
#include <gtest/gtest.h>

#include <memory>

#include "device_array.h"

namespace {

class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type) {
    EXPECT_EQ(cudnnBackendCreateDescriptor(type, &raw_), CUDNN_STATUS_SUCCESS);
  }
  ~Descriptor() { cudnnBackendDestroyDescriptor(raw_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator cudnnBackendDescriptor_t() const { return raw_; }

  template <class T>
  cudnnStatus_t set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                    const std::vector<T>& values) {
    return cudnnBackendSetAttribute(raw_, name, type, int64_t(values.size()), values.data());
  }
  cudnnStatus_t set(cudnnBackendAttributeName_t name, std::vector<int64_t> values) {
    return set(name, CUDNN_TYPE_INT64, values);
  }
  cudnnStatus_t set(cudnnBackendAttributeName_t name, const Descriptor& part) {
    return cudnnBackendSetAttribute(raw_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &part.raw_);
  }
  cudnnStatus_t finalize() { return cudnnBackendFinalize(raw_); }

 private:
  cudnnBackendDescriptor_t raw_ = nullptr;
};
using Pointer = std::unique_ptr<Descriptor>;

Pointer tensor(int64_t id, std::vector<int64_t> sizes) {
  auto t = std::make_unique<Descriptor>(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  t->set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, std::vector{CUDNN_DATA_FLOAT});
  t->set(CUDNN_ATTR_TENSOR_DIMENSIONS, sizes);
  t->set(CUDNN_ATTR_TENSOR_STRIDES,
         {sizes[1] * sizes[2] * sizes[3], sizes[2] * sizes[3], sizes[3], 1});
  t->set(CUDNN_ATTR_TENSOR_UNIQUE_ID, {id});
  t->set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, {4});
  EXPECT_EQ(t->finalize(), CUDNN_STATUS_SUCCESS);
  return t;
}

/// One image of one row of three, by a kernel of two.
class CudnnGraph : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cudnnCreate(&handle_), CUDNN_STATUS_SUCCESS); }
  void TearDown() override { cudnnDestroy(handle_); }

  Pointer operation(std::vector<int64_t> output = {1, 1, 1, 2}) {
    Descriptor convolution(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    convolution.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {2});
    convolution.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE,
                    std::vector{CUDNN_DATA_FLOAT});
    convolution.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE,
                    std::vector{CUDNN_CROSS_CORRELATION});
    convolution.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, {0, 0});
    convolution.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, {0, 0});
    convolution.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, {1, 1});
    convolution.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, {1, 1});
    EXPECT_EQ(convolution.finalize(), CUDNN_STATUS_SUCCESS);
    auto op = std::make_unique<Descriptor>(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    op->set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution);
    op->set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, *tensor('x', {1, 1, 1, 3}));
    op->set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, *tensor('w', {1, 1, 1, 2}));
    op->set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, *tensor('y', output));
    op->set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, std::vector{1.f});
    op->set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, std::vector{0.f});
    return op;
  }
  /// By the engine that stands last among the proposals, the plain one.
  Pointer plan() {
    Pointer op = operation();
    EXPECT_EQ(op->finalize(), CUDNN_STATUS_SUCCESS);
    Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, std::vector{handle_});
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, *op);
    EXPECT_EQ(graph.finalize(), CUDNN_STATUS_SUCCESS);
    Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE,
                   std::vector{CUDNN_HEUR_MODE_FALLBACK});
    EXPECT_EQ(heuristics.finalize(), CUDNN_STATUS_SUCCESS);
    Descriptor config(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    cudnnBackendDescriptor_t raw = config;
    int64_t count = 0;
    EXPECT_EQ(cudnnBackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &raw),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(count, 1);
    auto plan = std::make_unique<Descriptor>(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    plan->set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, std::vector{handle_});
    plan->set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
    EXPECT_EQ(plan->finalize(), CUDNN_STATUS_SUCCESS);
    return plan;
  }
  cudnnStatus_t execute(const Descriptor& plan, void* x, void* w, void* y, void* workspace,
                        cudaStream_t stream) {
    Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, {'w', 'y', 'x'});
    pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, std::vector{w, y, x});
    pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, std::vector{workspace});
    EXPECT_EQ(pack.finalize(), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetStream(handle_, stream), CUDNN_STATUS_SUCCESS);
    return cudnnBackendExecute(handle_, plan, pack);
  }

  cudnnHandle_t handle_ = nullptr;
};

TEST_F(CudnnGraph, APlanOutlivesWhatItWasMadeOf) {
  const Pointer p = plan();
  const TestStream stream;
  const DeviceArray<float> x(std::vector<float>{1, 2, 3}), w(std::vector<float>{10, 1}), y(2);
  const DeviceArray<char> workspace(65536);
  ASSERT_EQ(execute(*p, x.get(), w.get(), y.get(), workspace.get(), stream), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(y.to_host(), (std::vector<float>{12, 23}));
}

TEST_F(CudnnGraph, WorkspaceOfTwoStreamsIsARace) {
  const Pointer p = plan();
  const TestStream first, second;
  const DeviceArray<float> x(std::vector<float>{1, 2, 3}), w(std::vector<float>{10, 1}), y(2), z(2);
  const DeviceArray<char> workspace(65536);
  ASSERT_EQ(execute(*p, x.get(), w.get(), y.get(), workspace.get(), first), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(execute(*p, x.get(), w.get(), z.get(), workspace.get(), second), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const auto violations = cudasim::take_violations();
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].kind, "race");
}

TEST_F(CudnnGraph, PointersMustBeThereAndAlignedAsTheyWereDescribed) {
  const Pointer p = plan();
  const TestStream stream;
  const DeviceArray<float> x(3), w(2), y(2);
  const DeviceArray<char> workspace(65536);
  char* const odd = reinterpret_cast<char*>(x.get()) + 1;
  EXPECT_EQ(execute(*p, odd, w.get(), y.get(), workspace.get(), stream),
            CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER);
  EXPECT_EQ(execute(*p, x.get(), w.get(), y.get(), nullptr, stream),
            CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  char text[64];
  cudnnGetLastErrorString(text, sizeof text);
  EXPECT_STREQ(text, "workspace != nullptr does not hold");
}

TEST_F(CudnnGraph, WhatIsDescribedWronglyIsRefused) {
  EXPECT_EQ(operation({1, 1, 1, 3})->finalize(), CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH);
  Descriptor t(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  EXPECT_EQ(t.finalize(), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(t.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_FLOAT, std::vector{1.f}),
            CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE);
  EXPECT_EQ(t.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, {2}), CUDNN_STATUS_BAD_PARAM);
  Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  EXPECT_EQ(graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, *operation()),
            CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
}

TEST_F(CudnnGraph, AHandleIsOfOneDeviceAndIsNotMadeDuringACapture) {
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  const auto other = std::make_unique<TestStream>();
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  EXPECT_EQ(cudnnSetStream(handle_, *other), CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH);

  const TestStream stream;
  cudaGraph_t graph = nullptr;
  cudnnHandle_t handle = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  EXPECT_EQ(cudnnCreate(&handle), CUDNN_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
  cudaGetLastError();
}

TEST(Libraries, AreOpenedByTheirUsualNames) {
  void* library = cudasim::open_library("libcudnn.so.9");
  ASSERT_NE(library, nullptr);
  EXPECT_EQ(cudasim::find_symbol(library, "cudnnCreate"), reinterpret_cast<void*>(&cudnnCreate));
  EXPECT_EQ(cudasim::find_symbol(library, "cudnnDestroyAll"), nullptr);
  EXPECT_EQ(cudasim::open_library("libcudnn.so.8"), nullptr);
}

}  // namespace
