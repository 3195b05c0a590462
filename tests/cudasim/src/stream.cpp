// SPDX-License-Identifier: MIT
// The API's functions on streams, and functions of the host in them.
#include <algorithm>

#include "api.h"
#include "counters.h"
#include "graph.h"

namespace cudasim {
namespace {

constexpr int kLeastPriority = 0, kGreatestPriority = -5;

cudaError_t sticky_of(Engine& e, int device) {
  return e.devices[static_cast<size_t>(device)].sticky;
}

cudaError_t create(const char* name, cudaStream_t* handle, unsigned flags, int priority) {
  return api(name, kPlain, [&](Engine& e) {
    if (!handle || (flags & ~unsigned{cudaStreamNonBlocking}) != 0) return cudaErrorInvalidValue;
    priority = std::min(std::max(priority, kGreatestPriority), kLeastPriority);
    *handle = e.create_stream(this_thread().device, flags, priority).get();
    ++live_counters().streams_created;
    return cudaSuccess;
  });
}

// What reads one property of a stream.
template <class Read>
cudaError_t with_stream(const char* name, cudaStream_t handle, Read&& read) {
  return api(name, kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    read(*stream);
    return cudaSuccess;
  });
}

// Whether the stream, or a capture that its synchronisation would disturb, forbids to look at it.
cudaError_t refuse_look(const CUstream_st& stream) {
  if (stream.capture) {
    invalidate(*stream.capture);
    return cudaErrorStreamCaptureUnsupported;
  }
  return stream.legacy && invalidate_captures_of_blocking_streams(stream.device)
             ? cudaErrorStreamCaptureImplicit
             : cudaSuccess;
}

// The legacy stream's end is that of the blocking streams, too.
Point whole_end(Engine& e, CUstream_st& stream) {
  Point end = e.end_of(stream);
  if (!stream.legacy) return end;
  Work marker;
  e.submit(stream, std::move(marker));
  return e.end_of(stream);
}

cudaError_t submit_host_function(Engine& e, cudaStream_t handle, const char* name,
                                 const void* caller, std::function<void(CUstream_st&)> function) {
  const auto stream = e.stream_of(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  Work work;
  work.type = Work::Type::host;
  e.host_functions = true;
  work.site = site_of(name, caller, *stream);
  work.run = [raw = stream.get(), function = std::move(function)](const Operation&) {
    function(*raw);
    return cudaSuccess;
  };
  return e.submit(*stream, std::move(work));
}

}  // namespace
}  // namespace cudasim

using namespace cudasim;

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return create("cudaStreamCreate", stream, cudaStreamDefault, 0);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  return create("cudaStreamCreateWithFlags", stream, flags, 0);
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority) {
  return create("cudaStreamCreateWithPriority", stream, flags, priority);
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return api("cudaDeviceGetStreamPriorityRange", kPlain, [&](Engine&) {
    if (least) *least = kLeastPriority;
    if (greatest) *greatest = kGreatestPriority;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return api("cudaStreamDestroy", kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream || stream.get() != handle) return cudaErrorInvalidResourceHandle;
    if (stream->capture) invalidate(*stream->capture);
    e.destroy_stream(handle);
    ++live_counters().streams_destroyed;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return api("cudaStreamSynchronize", kUnsafeInCapture, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (const cudaError_t status = refuse_look(*stream); status != cudaSuccess) return status;
    ++live_counters().synchronizations;
    e.synchronize({whole_end(e, *stream)});
    return sticky_of(e, stream->device);
  });
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return api("cudaStreamQuery", kUnsafeInCapture, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (const cudaError_t status = refuse_look(*stream); status != cudaSuccess) return status;
    ++live_counters().queries;
    const bool reached = e.poll(e.end_of(*stream));
    const cudaError_t sticky = sticky_of(e, stream->device);
    return sticky != cudaSuccess ? sticky : reached ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned int flags) {
  return api("cudaStreamWaitEvent", kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream || !e.events().contains(event)) return cudaErrorInvalidResourceHandle;
    if (stream->capture || event->capture) {
      if (flags != cudaEventWaitDefault) return cudaErrorNotSupported;
      return wait_in_capture(*stream, *event);
    }
    ++live_counters().events_waited;
    if (!event->recorded) return cudaSuccess;
    Work wait;
    wait.after.push_back(event->point);
    return e.submit(*stream, std::move(wait));
  });
}

cudaError_t cudaStreamGetFlags(cudaStream_t handle, unsigned int* flags) {
  return with_stream("cudaStreamGetFlags", handle, [&](CUstream_st& s) { *flags = s.flags; });
}
cudaError_t cudaStreamGetPriority(cudaStream_t handle, int* priority) {
  return with_stream("cudaStreamGetPriority", handle,
                     [&](CUstream_st& s) { *priority = s.priority; });
}
cudaError_t cudaStreamGetDevice(cudaStream_t handle, int* device) {
  return with_stream("cudaStreamGetDevice", handle, [&](CUstream_st& s) { *device = s.device; });
}
cudaError_t cudaStreamGetId(cudaStream_t handle, unsigned long long* id) {
  return with_stream("cudaStreamGetId", handle, [&](CUstream_st& s) { *id = s.number; });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* user_data) {
  const void* caller = __builtin_return_address(0);
  return api("cudaLaunchHostFunc", kPlain, [&](Engine& e) {
    return submit_host_function(e, stream, "cudaLaunchHostFunc", caller,
                                [=](CUstream_st&) { function(user_data); });
  });
}

cudaError_t cudaStreamAddCallback(cudaStream_t handle, cudaStreamCallback_t callback,
                                  void* user_data, unsigned int) {
  const void* caller = __builtin_return_address(0);
  return api("cudaStreamAddCallback", kUnsafeInCapture, [&](Engine& e) {
    return submit_host_function(e, handle, "cudaStreamAddCallback", caller, [=](CUstream_st& s) {
      callback(&s, sticky_of(engine(), s.device), user_data);
    });
  });
}

cudaError_t cudaDeviceSynchronize() {
  return api("cudaDeviceSynchronize", kUnsafeInCapture, [&](Engine& e) {
    const int device = this_thread().device;
    if (invalidate_captures_on(device)) return cudaErrorStreamCaptureUnsupported;
    ++live_counters().synchronizations;
    e.synchronize_device(device);
    return sticky_of(e, device);
  });
}
