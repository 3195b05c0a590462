// SPDX-License-Identifier: MIT
// Copies and sets.
//
// Note [When a copy is done]
//   from            to               the call returns
//   pageable        device           when the source has been read (staged); the copy itself is in
//   the stream device          pageable         when the copy is done: it synchronises pinned,
//   device  pinned, device   at once: pinned memory is read and written when the stream gets there
// The functions without Async wait for the copy, except from device to device.
#include "api.h"
#include "blocks.h"
#include "counters.h"
#include "graph.h"
#include "raw_memory.h"

namespace cudasim {
namespace {

struct Shape {
  size_t width = 0, height = 1;  // bytes, rows
  size_t to_pitch = 0, from_pitch = 0;
  size_t bytes() const { return width * height; }
  size_t to_extent() const { return (height - 1) * to_pitch + width; }
  size_t from_extent() const { return (height - 1) * from_pitch + width; }
};

struct CopyCall {
  const char* name;
  const void* caller;
  void* to;
  const void* from;
  Shape shape;
  cudaMemcpyKind kind;
  cudaStream_t stream;
  bool waits;  // not Async
};

// An end of a copy.
struct End {
  MemoryKind memory;
  bool valid;  // the bytes lie in one allocation
};

End end_at(const void* pointer, size_t extent) {
  const MemoryKind memory = memory_kind(pointer);
  if (memory == MemoryKind::pageable) return {memory, pointer != nullptr};
  Allocation allocation;
  return {memory, find_allocation(pointer, &allocation) && allocation.contains(pointer, extent)};
}

bool is_direction(cudaMemcpyKind kind, bool from_device, bool to_device) {
  switch (kind) {
    case cudaMemcpyHostToHost:
      return !from_device && !to_device;
    case cudaMemcpyHostToDevice:
      return !from_device && to_device;
    case cudaMemcpyDeviceToHost:
      return from_device && !to_device;
    case cudaMemcpyDeviceToDevice:
      return from_device && to_device;
    case cudaMemcpyDefault:
      return true;
  }
  return false;
}

void copy_rows(void* to, const void* from, const Shape& shape) {
  for (size_t row = 0; row < shape.height; ++row) {
    raw_copy(static_cast<char*>(to) + row * shape.to_pitch,
             static_cast<const char*>(from) + row * shape.from_pitch, shape.width);
  }
}

CopyTraffic traffic_of(const CopyCall& call, const End& from, const End& to) {
  CopyTraffic traffic;
  traffic.bytes = call.shape.bytes();
  const bool from_device = from.memory == MemoryKind::device;
  const bool to_device = to.memory == MemoryKind::device;
  if (from_device && to_device) {
    traffic.direction = device_of(call.from) == device_of(call.to) ? Direction::device_to_device
                                                                   : Direction::peer_to_peer;
    return traffic;
  }
  traffic.direction = from_device ? Direction::device_to_host
                      : to_device ? Direction::host_to_device
                                  : Direction::host_to_host;
  traffic.host = from.memory == MemoryKind::pageable || to.memory == MemoryKind::pageable
                     ? HostMemory::pageable
                     : HostMemory::pinned;
  return traffic;
}

uintptr_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

uint64_t checksum(const void* data, size_t bytes) {
  uint64_t sum = bytes;
  for (size_t i = 0; i < bytes; ++i) {
    sum = (sum ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001B3u;
  }
  return sum;
}

// How pinned memory behaves while a copy of it waits, where nothing else in the streams uses it: a
// source that changes was written by the host too early, and a destination holds nothing of use
// (0xFF).
std::function<void()> watch_pinned(Engine& e, const CopyCall& call, const End& from, const End& to,
                                   const Site& site) {
  if (config().mode == Mode::eager || e.host_functions || call.shape.height != 1) return {};
  const size_t bytes = call.shape.width;
  if (to.memory == MemoryKind::pinned &&
      e.races.settled({address(call.to), address(call.to) + bytes, true}, e.host)) {
    raw_fill(call.to, 0xFF, bytes);
  }
  if (from.memory != MemoryKind::pinned ||
      !e.races.settled({address(call.from), address(call.from) + bytes, false}, e.host)) {
    return {};
  }
  return [source = call.from, bytes, site, sum = checksum(call.from, bytes)] {
    if (checksum(source, bytes) != sum) {
      violation("host race",
                "the host wrote the pinned source of " + describe(site) + " before that had run");
    }
  };
}

cudaError_t copy(Engine& e, const CopyCall& call) {
  const auto stream = e.stream_of(call.stream);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (call.shape.bytes() == 0) return cudaSuccess;
  const End from = end_at(call.from, call.shape.from_extent());
  const End to = end_at(call.to, call.shape.to_extent());
  if (!from.valid || !to.valid) return cudaErrorInvalidValue;
  const bool from_device = from.memory == MemoryKind::device;
  const bool to_device = to.memory == MemoryKind::device;
  if (!is_direction(call.kind, from_device, to_device)) return cudaErrorInvalidMemcpyDirection;
  const CopyTraffic traffic = traffic_of(call, from, to);
  const bool pageable = traffic.host == HostMemory::pageable;
  if (pageable && stream->capture) {
    invalidate(*stream->capture);
    return cudaErrorStreamCaptureUnsupported;
  }

  Work work;
  work.type = Work::Type::copy;
  work.site = site_of(call.name, call.caller, *stream);
  work.traffic = traffic;
  check_block(call.from, call.shape.from_extent(), call.name);
  check_block(call.to, call.shape.to_extent(), call.name);
  const auto use = [&](const void* pointer, size_t extent, bool write, const End& end) {
    if (end.memory == MemoryKind::pageable) return;
    work.uses.push_back({{address(pointer), address(pointer) + extent, write}, work.site});
  };
  use(call.from, call.shape.from_extent(), false, from);
  use(call.to, call.shape.to_extent(), true, to);

  if (pageable && to_device) {
    auto staged = std::make_shared<std::vector<char>>(call.shape.bytes());
    Shape packed = call.shape;
    packed.to_pitch = packed.width;
    copy_rows(staged->data(), call.from, packed);
    packed.from_pitch = packed.width;
    packed.to_pitch = call.shape.to_pitch;
    work.run = [staged, packed, destination = call.to](const Operation&) {
      copy_rows(translated(destination), staged->data(), packed);
      return cudaSuccess;
    };
  } else {
    std::function<void()> check_source;
    if (!stream->capture) check_source = watch_pinned(e, call, from, to, work.site);
    work.run = [call, check_source = std::move(check_source)](const Operation&) {
      if (check_source) check_source();
      copy_rows(translated(call.to), translated(call.from), call.shape);
      return cudaSuccess;
    };
  }
  const cudaError_t status = e.submit(*stream, std::move(work));
  const bool waits = (pageable && !to_device) || (call.waits && !(from_device && to_device));
  if (status != cudaSuccess || !waits) return status;
  ++live_counters().synchronizations;
  e.synchronize({e.end_of(*stream)});
  return e.devices[static_cast<size_t>(stream->device)].sticky;
}

cudaError_t copy_call(const CopyCall& call) {
  return api(call.name, call.waits ? kUnsafeInCapture : kPlain,
             [&](Engine& e) { return copy(e, call); });
}

cudaError_t set(const char* name, const void* caller, void* pointer, int value, size_t bytes,
                cudaStream_t handle, unsigned rules) {
  return api(name, rules, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (bytes == 0) return cudaSuccess;
    const End end = end_at(pointer, bytes);
    if (!end.valid || end.memory == MemoryKind::pageable) return cudaErrorInvalidValue;
    check_block(pointer, bytes, name);
    Work work;
    work.type = Work::Type::set;
    work.site = site_of(name, caller, *stream);
    work.uses.push_back({{address(pointer), address(pointer) + bytes, true}, work.site});
    work.run = [=](const Operation&) {
      raw_fill(translated(pointer), value, bytes);
      return cudaSuccess;
    };
    return e.submit(*stream, std::move(work));
  });
}

Shape row_of(size_t bytes) { return {bytes, 1, bytes, bytes}; }

bool is_device(int device) {
  return device >= 0 && static_cast<size_t>(device) < engine().devices.size();
}

cudaError_t peer_copy(const CopyCall& call, int to_device, int from_device) {
  return api(call.name, call.waits ? kUnsafeInCapture : kPlain, [&](Engine& e) {
    if (!is_device(to_device) || !is_device(from_device)) return cudaErrorInvalidDevice;
    for (const auto& [pointer, device] : {std::pair{static_cast<const void*>(call.to), to_device},
                                          std::pair{call.from, from_device}}) {
      if (call.shape.width > 0 &&
          (memory_kind(pointer) != MemoryKind::device || device_of(pointer) != device)) {
        return cudaErrorInvalidValue;
      }
    }
    return copy(e, call);
  });
}

}  // namespace
}  // namespace cudasim

using namespace cudasim;

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return copy_call(
      {"cudaMemcpy", __builtin_return_address(0), to, from, row_of(bytes), kind, nullptr, true});
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return copy_call({"cudaMemcpyAsync", __builtin_return_address(0), to, from, row_of(bytes), kind,
                    stream, false});
}

cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                         size_t width, size_t height, cudaMemcpyKind kind) {
  if (width > to_pitch || width > from_pitch) return cudaErrorInvalidPitchValue;
  return copy_call({"cudaMemcpy2D",
                    __builtin_return_address(0),
                    to,
                    from,
                    {width, height, to_pitch, from_pitch},
                    kind,
                    nullptr,
                    true});
}
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                              size_t width, size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  if (width > to_pitch || width > from_pitch) return cudaErrorInvalidPitchValue;
  return copy_call({"cudaMemcpy2DAsync",
                    __builtin_return_address(0),
                    to,
                    from,
                    {width, height, to_pitch, from_pitch},
                    kind,
                    stream,
                    false});
}

cudaError_t cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device,
                           size_t bytes) {
  return peer_copy({"cudaMemcpyPeer", __builtin_return_address(0), to, from, row_of(bytes),
                    cudaMemcpyDeviceToDevice, nullptr, true},
                   to_device, from_device);
}
cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device,
                                size_t bytes, cudaStream_t stream) {
  return peer_copy({"cudaMemcpyPeerAsync", __builtin_return_address(0), to, from, row_of(bytes),
                    cudaMemcpyDeviceToDevice, stream, false},
                   to_device, from_device);
}

cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  return set("cudaMemset", __builtin_return_address(0), pointer, value, bytes, nullptr,
             kUnsafeInCapture);
}
cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t stream) {
  return set("cudaMemsetAsync", __builtin_return_address(0), pointer, value, bytes, stream, kPlain);
}
