// SPDX-License-Identifier: MIT
#include "adjoint/backend.h"

#include <atomic>
#include <utility>

#include "adjoint/error.h"
#include "adjoint/op_registry.h"
#include "core/device/builtin_backends.h"

namespace adjoint {
namespace {

constinit detail::Atomic<Backend*> backends[kNumDeviceTypes]{};

Backend* find_or_install(DeviceType type) {
  Backend* backend = backends[size_t(type)].acquire();
  if (backend == nullptr && type == kCPU) {
    backend = &cpu_backend();
    backends[size_t(type)].store_release(backend);
  }
  return backend;
}

[[noreturn, gnu::cold]] void fail_missing(DeviceType type) {
  const char* name = device_type_name(type);
  detail::fail<Error>("Could not use device '", name, "': no backend for it is registered in this program. ",
                      "Only the CPU's is built in; use Device(kCPU), or hand a backend for '", name,
                      "' to register_backend() first");
}

}  // namespace

Backend::~Backend() = default;
Allocator::~Allocator() = default;

void register_backend(Backend& backend) {
  Backend* none = nullptr;
  bool was_free = find_or_install(backend.type()) == nullptr &&
                  backends[size_t(backend.type())].compare_exchange(none, &backend);
  ADJOINT_CHECK(was_free, "register_backend: device type '", device_type_name(backend.type()),
                "' has a backend already");
  backend.register_kernels(op_registry());
}

Backend& get_backend(DeviceType type) {
  Backend* backend = backends[size_t(type)].acquire();
  if (backend == nullptr) [[unlikely]] {
    backend = find_or_install(type);
    if (backend == nullptr) fail_missing(type);
  }
  return *backend;
}

bool has_backend(DeviceType type) noexcept {
  Backend* backend = find_or_install(type);
  return backend != nullptr && backend->device_count() > 0;
}

namespace {

constinit std::atomic<Device> default_device{Device(kCPU)};

}  // namespace

Device get_default_device() { return default_device.load(std::memory_order_relaxed); }

void set_default_device(Device device) {
  int count = get_backend(device.type()).device_count();
  ADJOINT_CHECK(device.index() < count, "set_default_device: expected a device that is there, got ", device,
                " of ", count);
  default_device.store(device, std::memory_order_relaxed);
}

namespace {

DeviceIndex index_or_current(Device device) {
  return device.has_index() ? device.index() : get_backend(device.type()).current_device();
}
Allocator& allocator_of(Device device) {
  return get_backend(device.type()).allocator(index_or_current(device));
}

}  // namespace

MemoryStats memory_stats(Device device) { return allocator_of(device).stats(); }
void reset_peak_memory_stats(Device device) { allocator_of(device).reset_peak(); }
void empty_cache(Device device) { allocator_of(device).empty_cache(); }
void set_memory_limit(int64_t bytes, Device device) {
  ADJOINT_CHECK_VALUE(bytes >= 0, "set_memory_limit: expected a number of bytes >= 0, got ", bytes);
  allocator_of(device).set_limit(bytes);
}

Stream current_stream(Device device) {
  if (get_backend(device.type()).single_stream()) return Stream();
  return get_backend(device.type()).current_stream(index_or_current(device));
}

void Stream::synchronize() const { get_backend(device_.type()).synchronize(*this); }

StreamGuard::StreamGuard(Stream stream) : previous_(current_stream(stream.device())) {
  get_backend(stream.device().type()).set_stream(stream);
}
StreamGuard::~StreamGuard() { get_backend(previous_.device().type()).set_stream(previous_); }

Event::~Event() { release(); }
Event::Event(Event&& other) noexcept : device_(other.device_), handle_(std::exchange(other.handle_, nullptr)) {}
Event& Event::operator=(Event&& other) noexcept {
  release();
  device_ = other.device_;
  handle_ = std::exchange(other.handle_, nullptr);
  return *this;
}
void Event::release() noexcept {
  if (handle_) get_backend(device_.type()).destroy_event(handle_);
  handle_ = nullptr;
}
void Event::record(const Stream& stream) {
  Backend& backend = get_backend(stream.device().type());
  if (handle_ && !(device_ == stream.device())) release();
  device_ = stream.device();
  if (!handle_) handle_ = backend.create_event(stream.device().index());
  backend.record_event(handle_, stream);
}
void Event::wait(const Stream& stream) const {
  if (!handle_) return;
  if (stream.device().type() == device_.type()) {
    get_backend(device_.type()).wait_event(handle_, stream);
  } else {
    synchronize();  // an event means nothing to another kind of device
  }
}
bool Event::query() const { return !handle_ || get_backend(device_.type()).query_event(handle_); }
void Event::synchronize() const {
  if (handle_) get_backend(device_.type()).synchronize_event(handle_);
}

}  // namespace adjoint
