// SPDX-License-Identifier: MIT
// The GPUs as devices.
#include "adjoint/backend.h"

#include <cuda_runtime.h>

#include <cstring>

#include "adjoint/error.h"
#include "adjoint/op_registry.h"
#include "core/device/plugin.h"
#include "cuda/allocator.h"
#include "cuda/check.h"
#include "cuda/cudnn/cudnn.h"
#include "cuda/graph.h"
#include "cuda/index_errors.h"
#include "cuda/pinned.h"
#include "cuda/stream.h"

namespace adjoint::cuda {

// cuda/kernels/all.cpp
void register_kernels(OpRegistry& registry);

namespace {

cudaEvent_t raw_event(void* event) { return static_cast<PooledEvent*>(event)->event; }

struct ThreadStateOfCuda final : Backend::ThreadState {
  void take_over() const override {
    set_current_streams(streams);
    set_allocation_target(target);
    set_thread_device(device);
  }
  CurrentStreams streams = current_streams();
  AllocationTarget target = allocation_target();
  DeviceIndex device = thread_device();
};

class CudaBackend final : public Backend {
 public:
  DeviceType type() const override { return kCUDA; }
  int device_count() override { return cuda::num_devices(); }
  Allocator& allocator(DeviceIndex index) override { return device_allocator(index); }

  DeviceIndex current_device() override { return thread_device(); }
  void set_device(DeviceIndex index) override { set_thread_device(index); }
  Stream current_stream(DeviceIndex index) override { return cuda::current_stream(index); }
  void set_stream(const Stream& stream) override { set_current_stream(stream); }
  Stream default_stream(DeviceIndex index) override { return stream_of(index, 0); }
  Stream stream_from_pool(DeviceIndex index, bool high_priority) override {
    return cuda::stream_from_pool(index, high_priority);
  }
  std::unique_ptr<ThreadState> thread_state() override {
    return std::make_unique<ThreadStateOfCuda>();
  }
  void synchronize(const Stream& stream) override {
    check(cudaStreamSynchronize(raw(stream)), "cudaStreamSynchronize");
    throw_index_error(stream.device().index());
  }
  void synchronize_device(DeviceIndex index) override {
    cuda::synchronize_device(index);
    throw_index_error(index);
  }

  void* create_event(DeviceIndex index, bool timing) override { return take_event(index, timing); }
  void destroy_event(void* event) noexcept override {
    give_back_event(static_cast<PooledEvent*>(event));
  }
  void record_event(void* event, const Stream& stream) override {
    check(cudaEventRecord(raw_event(event), raw(stream)), "cudaEventRecord");
  }
  void wait_event(void* event, const Stream& stream) override {
    check(cudaStreamWaitEvent(raw(stream), raw_event(event), 0), "cudaStreamWaitEvent");
  }
  bool query_event(void* event) override {
    cudaError_t status = cudaEventQuery(raw_event(event));
    if (status == cudaErrorNotReady) {
      (void)cudaGetLastError();
      return false;
    }
    check(status, "cudaEventQuery");
    return true;
  }
  void synchronize_event(void* event) override {
    check(cudaEventSynchronize(raw_event(event)), "cudaEventSynchronize");
    throw_index_error(static_cast<PooledEvent*>(event)->device);
  }
  double elapsed_ms(void* start, void* end) override {
    float ms = 0;
    check(cudaEventElapsedTime(&ms, raw_event(start), raw_event(end)), "cudaEventElapsedTime");
    return ms;
  }

  void copy_on_device(void* dst, const void* src, size_t n, const Stream& stream) override {
    check(cudaMemcpyAsync(dst, src, n, cudaMemcpyDeviceToDevice, raw(stream)), "cudaMemcpyAsync");
  }
  // CUDA has read pageable memory before the call returns; pinned memory it reads later.
  void copy_from_host(void* dst, const void* src, size_t n, const Stream& stream,
                      bool non_blocking) override {
    check(cudaMemcpyAsync(dst, src, n, cudaMemcpyHostToDevice, raw(stream)), "cudaMemcpyAsync");
    if (non_blocking && cuda::pinned_allocator().note_use(src, stream)) return;
    if (is_pinned(src)) check(cudaStreamSynchronize(raw(stream)), "cudaStreamSynchronize");
  }
  // Of a copy to pageable memory CUDA waits for the end by itself.
  void copy_to_host(void* dst, const void* src, size_t n, const Stream& stream,
                    bool non_blocking) override {
    check(cudaMemcpyAsync(dst, src, n, cudaMemcpyDeviceToHost, raw(stream)), "cudaMemcpyAsync");
    if (is_pinned(dst)) {
      if (non_blocking) {
        (void)cuda::pinned_allocator().note_use(dst, stream);
        return;
      }
      check(cudaStreamSynchronize(raw(stream)), "cudaStreamSynchronize");
    }
    throw_index_error(stream.device().index());
  }
  void copy_peer(void* dst, DeviceIndex dst_device, const void* src, DeviceIndex src_device,
                 size_t n, const Stream& stream) override {
    check(cudaMemcpyPeerAsync(dst, dst_device, src, src_device, n, raw(stream)),
          "cudaMemcpyPeerAsync");
  }
  PinnedAllocator* pinned_allocator() override { return &cuda::pinned_allocator(); }
  bool is_pinned(const void* host_memory) override {
    if (cuda::pinned_allocator().contains(host_memory)) return true;
    cudaPointerAttributes attributes{};
    if (cudaPointerGetAttributes(&attributes, host_memory) != cudaSuccess) {
      (void)cudaGetLastError();
      return false;
    }
    return attributes.type == cudaMemoryTypeHost;
  }

  std::unique_ptr<Graph> make_graph(GraphWork& work, const Stream& stream) override {
    return cuda::make_graph(work, stream);
  }

  bool has_library(std::string_view name) override { return name == "cudnn" && has_cudnn(); }

  void register_kernels(OpRegistry& registry) override { cuda::register_kernels(registry); }
};

}  // namespace
}  // namespace adjoint::cuda

extern "C" __attribute__((visibility("default"))) adjoint::Backend* adjoint_cuda_backend(
    const adjoint::PluginHost& host, std::string& why_not) {
  using namespace adjoint;
  if (std::strcmp(host.version, ADJOINT_VERSION) != 0) {
    why_not = detail::str("its library is of version ", ADJOINT_VERSION, ", the program uses ",
                          host.version, ": install both from one build");
    return nullptr;
  }
  if (host.registry != &op_registry()) {
    why_not =
        "its library is bound to another copy of libadjoint than the program: link both as shared "
        "libraries, or "
        "both statically";
    return nullptr;
  }
  if (cuda::num_devices() == 0) {
    why_not = cuda::why_no_device();
    return nullptr;
  }
  static cuda::CudaBackend& backend = *new cuda::CudaBackend();
  return &backend;
}
