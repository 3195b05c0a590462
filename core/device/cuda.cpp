// SPDX-License-Identifier: MIT
// The names that programs use for CUDA; the work is the backend's.
#include "adjoint/cuda.h"

#include <utility>

#include "adjoint/backend.h"
#include "adjoint/error.h"

namespace adjoint::cuda {
namespace {

Backend& backend() { return get_backend(kCUDA); }
DeviceIndex index_or_current(DeviceIndex device) {
  return device < 0 ? backend().current_device() : device;
}
Device device_or_current(DeviceIndex device) { return {kCUDA, index_or_current(device)}; }

}  // namespace

bool is_available() noexcept { return has_backend(kCUDA); }
bool cudnn_is_available() { return is_available() && backend().has_library("cudnn"); }
DeviceIndex device_count() noexcept {
  return has_backend(kCUDA) ? DeviceIndex(backend().device_count()) : DeviceIndex(0);
}
DeviceIndex current_device() { return backend().current_device(); }
void set_device(DeviceIndex device) { backend().set_device(device); }
void synchronize(DeviceIndex device) { backend().synchronize_device(index_or_current(device)); }

CUDAStream getCurrentCUDAStream(DeviceIndex device) {
  return CUDAStream(backend().current_stream(index_or_current(device)));
}
CUDAStream getDefaultCUDAStream(DeviceIndex device) {
  return CUDAStream(backend().default_stream(index_or_current(device)));
}
CUDAStream getStreamFromPool(bool isHighPriority, DeviceIndex device) {
  return CUDAStream(backend().stream_from_pool(index_or_current(device), isHighPriority));
}
void setCurrentCUDAStream(const CUDAStream& stream) { backend().set_stream(stream); }

CUDAGuard::CUDAGuard(DeviceIndex device) : original_(current_device()) { set_device(device); }
CUDAGuard::CUDAGuard(Device device) : original_(current_device()) {
  ADJOINT_CHECK(device.is_cuda(), "Expected a CUDA device, but got ", device);
  set_device(index_or_current(device.index()));
}
CUDAGuard::~CUDAGuard() {
  try {
    set_device(original_);
  } catch (...) {
    // The device is lost: the next call will say so.
  }
}
void CUDAGuard::set_index(DeviceIndex device) { set_device(device); }

CUDAEvent::~CUDAEvent() {
  if (handle_) backend().destroy_event(handle_);
}
CUDAEvent::CUDAEvent(CUDAEvent&& other) noexcept
    : enable_timing_(other.enable_timing_),
      device_(other.device_),
      handle_(std::exchange(other.handle_, nullptr)) {}
CUDAEvent& CUDAEvent::operator=(CUDAEvent&& other) noexcept {
  std::swap(enable_timing_, other.enable_timing_);
  std::swap(device_, other.device_);
  std::swap(handle_, other.handle_);
  return *this;
}
void CUDAEvent::record() { record(getCurrentCUDAStream()); }
void CUDAEvent::record(const CUDAStream& stream) {
  ADJOINT_CHECK(!handle_ || device_ == stream.device_index(), "Event device ", int(device_),
                " does not match recording stream's device ", int(stream.device_index()), ".");
  device_ = stream.device_index();
  if (!handle_) handle_ = backend().create_event(device_, enable_timing_);
  backend().record_event(handle_, stream);
}
void CUDAEvent::recordOnce(const CUDAStream& stream) {
  if (!handle_) record(stream);
}
void CUDAEvent::block(const CUDAStream& stream) const {
  if (handle_) backend().wait_event(handle_, stream);
}
bool CUDAEvent::query() const { return !handle_ || backend().query_event(handle_); }
void CUDAEvent::synchronize() const {
  if (handle_) backend().synchronize_event(handle_);
}
float CUDAEvent::elapsed_time(const CUDAEvent& other) const {
  ADJOINT_CHECK(enable_timing_ && other.enable_timing_,
                "Both events must be created with argument 'enable_timing=True'.");
  ADJOINT_CHECK(handle_ && other.handle_,
                "Both events must be recorded before calculating elapsed time.");
  ADJOINT_CHECK(query() && other.query(),
                "Both events must be completed before calculating elapsed time.");
  return float(backend().elapsed_ms(handle_, other.handle_));
}

MemoryStats memory_stats(DeviceIndex device) {
  return adjoint::memory_stats(device_or_current(device));
}
void reset_peak_memory_stats(DeviceIndex device) {
  adjoint::reset_peak_memory_stats(device_or_current(device));
}
void empty_cache(DeviceIndex device) { adjoint::empty_cache(device_or_current(device)); }
void set_memory_limit(int64_t bytes, DeviceIndex device) {
  adjoint::set_memory_limit(bytes, device_or_current(device));
}
std::vector<SegmentInfo> memory_snapshot(DeviceIndex device) {
  return adjoint::memory_snapshot(device_or_current(device));
}

}  // namespace adjoint::cuda
