// SPDX-License-Identifier: MIT
// The API's functions on events.
#include "api.h"
#include "counters.h"
#include "graph.h"

namespace cudasim {
namespace {

using Time = std::chrono::steady_clock;

// Nobody may look at an event that stands for nodes of a graph.
cudaError_t refuse_look(Engine& e, cudaEvent_t event) {
  if (!e.events().contains(event)) return cudaErrorInvalidResourceHandle;
  if (!event->capture) return cudaSuccess;
  if (!event->capture->ended) invalidate(*event->capture);
  return cudaErrorCapturedEvent;
}

cudaError_t sticky_of(Engine& e, const CUevent_st& event) {
  return e.devices[static_cast<size_t>(event.device)].sticky;
}

cudaError_t create(const char* name, cudaEvent_t* handle, unsigned flags) {
  return api(name, kPlain, [&](Engine& e) {
    constexpr unsigned kKnown =
        cudaEventBlockingSync | cudaEventDisableTiming | cudaEventInterprocess;
    if (!handle || (flags & ~kKnown) != 0) return cudaErrorInvalidValue;
    *handle = new CUevent_st;
    (*handle)->flags = flags;
    (*handle)->device = this_thread().device;
    e.events().insert(*handle);
    ++live_counters().events_created;
    return cudaSuccess;
  });
}

cudaError_t record(const char* name, cudaEvent_t event, cudaStream_t handle, unsigned flags) {
  return api(name, kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream || !e.events().contains(event)) return cudaErrorInvalidResourceHandle;
    if (stream->device != event->device) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {
      return flags == cudaEventRecordDefault ? record_in_capture(*event, *stream)
                                             : cudaErrorNotSupported;
    }
    Work mark;
    mark.site.what = name;
    auto time = std::make_shared<Time::time_point>();
    mark.run = [time](const Operation&) {
      *time = Time::now();
      return cudaSuccess;
    };
    const cudaError_t status = e.submit(*stream, std::move(mark));
    if (status != cudaSuccess) return status;
    ++live_counters().events_recorded;
    event->recorded = true;
    event->point = e.end_of(*stream);
    event->time = std::move(time);
    event->capture = nullptr;
    event->capture_tail.clear();
    return cudaSuccess;
  });
}

}  // namespace
}  // namespace cudasim

using namespace cudasim;

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return create("cudaEventCreate", event, cudaEventDefault);
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  return create("cudaEventCreateWithFlags", event, flags);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return api("cudaEventDestroy", kPlain, [&](Engine& e) {
    if (e.events().erase(event) == 0) return cudaErrorInvalidResourceHandle;
    delete event;
    ++live_counters().events_destroyed;
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return record("cudaEventRecord", event, stream, cudaEventRecordDefault);
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned int flags) {
  return record("cudaEventRecordWithFlags", event, stream, flags);
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return api("cudaEventQuery", kUnsafeInCapture, [&](Engine& e) {
    if (const cudaError_t status = refuse_look(e, event); status != cudaSuccess) return status;
    ++live_counters().queries;
    const bool reached = !event->recorded || e.poll(event->point);
    const cudaError_t sticky = sticky_of(e, *event);
    return sticky != cudaSuccess ? sticky : reached ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return api("cudaEventSynchronize", kUnsafeInCapture, [&](Engine& e) {
    if (const cudaError_t status = refuse_look(e, event); status != cudaSuccess) return status;
    ++live_counters().synchronizations;
    if (event->recorded) e.synchronize({event->point});
    return sticky_of(e, *event);
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return api("cudaEventElapsedTime", kUnsafeInCapture, [&](Engine& e) {
    for (const cudaEvent_t event : {start, end}) {
      if (const cudaError_t status = refuse_look(e, event); status != cudaSuccess) return status;
      if ((event->flags & cudaEventDisableTiming) || !event->recorded) {
        return cudaErrorInvalidResourceHandle;
      }
    }
    if (!e.poll(start->point) || !e.poll(end->point)) return cudaErrorNotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(*end->time - *start->time).count();
    return cudaSuccess;
  });
}
