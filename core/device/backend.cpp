// SPDX-License-Identifier: MIT
#include "adjoint/backend.h"

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include "adjoint/device_guard.h"
#include "adjoint/error.h"
#include "adjoint/op_registry.h"
#include "core/device/builtin_backends.h"
#include "core/device/plugin.h"

namespace adjoint {
namespace {

constinit detail::Atomic<Backend*> backends[kNumDeviceTypes]{};

// What came of looking for a type's backend, once.
struct Search {
  std::once_flag once;
  std::string why_not;
};
Search& search_for(DeviceType type) {
  static Search* const searches = new Search[kNumDeviceTypes];
  return searches[size_t(type)];
}

void load(DeviceType type) {
  if (type == kCPU) {
    backends[size_t(type)].store_release(&cpu_backend());
  } else if (Backend* backend = load_backend(type, search_for(type).why_not)) {
    register_backend(*backend);
  }
}

[[gnu::noinline, gnu::cold]] Backend* search(DeviceType type) {
  std::call_once(search_for(type).once, load, type);
  return backends[size_t(type)].acquire();
}

Backend* find(DeviceType type) {
  Backend* backend = backends[size_t(type)].acquire();
  return backend ? backend : search(type);
}

}  // namespace

Backend::~Backend() = default;
Backend::ThreadState::~ThreadState() = default;
Allocator::~Allocator() = default;
GraphWork::~GraphWork() = default;
Graph::~Graph() = default;

void register_backend(Backend& backend) {
  size_t type = size_t(backend.type());
  bool is_free = backend.type() != kCPU && backends[type].acquire() == nullptr;
  if (is_free) {
    // Nobody finds the backend before its kernels are there.
    backend.register_kernels(op_registry());
    Backend* none = nullptr;
    is_free = backends[type].compare_exchange(none, &backend);
  }
  ADJOINT_CHECK(is_free, "register_backend: device type '", device_type_name(backend.type()),
                "' has a backend already");
}

Backend& get_backend(DeviceType type) {
  Backend* backend = find(type);
  if (backend == nullptr) [[unlikely]] {
    detail::fail<Error>("Could not use device '", device_type_name(type),
                        "': ", search_for(type).why_not, ". The CPU is always there: Device(kCPU)");
  }
  return *backend;
}

Backend* backend_in_use(DeviceType type) noexcept { return backends[size_t(type)].acquire(); }

bool has_backend(DeviceType type) noexcept {
  try {
    Backend* backend = find(type);
    return backend != nullptr && backend->device_count() > 0;
  } catch (...) {
    return false;
  }
}

Allocator& pinned_allocator() {
  Allocator* allocator = get_backend(kCUDA).pinned_allocator();
  ADJOINT_CHECK(allocator, "pinned memory: the device in use has none");
  return *allocator;
}
bool is_pinned(const void* host_memory) {
  for (detail::Atomic<Backend*>& slot : backends) {
    Backend* backend = slot.acquire();
    if (backend && backend->is_pinned(host_memory)) return true;
  }
  return false;
}

namespace {

struct CurrentStream final : Backend::ThreadState {
  CurrentStream(Backend& b, DeviceIndex device) : backend(b), stream(b.current_stream(device)) {}
  void take_over() const override {
    backend.set_device(stream.device().index());
    backend.set_stream(stream);
  }
  Backend& backend;
  Stream stream;
};

}  // namespace

std::unique_ptr<Backend::ThreadState> Backend::thread_state() {
  if (single_stream_) return nullptr;
  return std::make_unique<CurrentStream>(*this, current_device());
}

// ---- What devices of one stream, without graphs, do not do

void Backend::synchronize_device(DeviceIndex index) { synchronize(current_stream(index)); }
Stream Backend::default_stream(DeviceIndex index) { return current_stream(index); }
Stream Backend::stream_from_pool(DeviceIndex index, bool) { return current_stream(index); }
double Backend::elapsed_ms(void*, void*) {
  detail::fail<NotImplementedError>("events of device '", device_type_name(type()),
                                    "' measure no time");
}
void Backend::copy_peer(void*, DeviceIndex, const void*, DeviceIndex, size_t, const Stream&) {
  detail::fail<NotImplementedError>("copies between devices of type '", device_type_name(type()),
                                    "' are not implemented");
}
bool Backend::is_pinned(const void*) { return false; }
bool Backend::has_library(std::string_view) { return false; }
std::unique_ptr<Graph> Backend::make_graph(GraphWork&, const Stream&) { return nullptr; }
void Backend::for_ranges(int64_t n, int64_t, void (*f)(void*, int64_t, int64_t), void* context) {
  if (n > 0) f(context, 0, n);
}

void Allocator::record_stream(void*, const Stream&) {}
std::vector<SegmentInfo> Allocator::snapshot() const { return {}; }
namespace {
[[noreturn]] void fail_pools() {
  detail::fail<NotImplementedError>("private memory pools are not implemented for this device");
}
}  // namespace
uint64_t Allocator::create_pool() { fail_pools(); }
void Allocator::begin_allocate_to_pool(uint64_t) { fail_pools(); }
void Allocator::end_allocate_to_pool(uint64_t) { fail_pools(); }
void Allocator::release_pool(uint64_t) { fail_pools(); }

namespace {

constinit std::atomic<Device> default_device{Device(kCPU)};

}  // namespace

Device get_default_device() { return default_device.load(std::memory_order_relaxed); }

void set_default_device(Device device) {
  int count = get_backend(device.type()).device_count();
  ADJOINT_CHECK(device.index() < count, "set_default_device: expected a device that is there, got ",
                device, " of ", count);
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
std::vector<SegmentInfo> memory_snapshot(Device device) { return allocator_of(device).snapshot(); }
void set_memory_limit(int64_t bytes, Device device) {
  ADJOINT_CHECK_VALUE(bytes >= 0, "set_memory_limit: expected a number of bytes >= 0, got ", bytes);
  allocator_of(device).set_limit(bytes);
}

Stream current_stream(Device device) {
  if (get_backend(device.type()).single_stream()) return Stream();
  return get_backend(device.type()).current_stream(index_or_current(device));
}

void Stream::synchronize() const { get_backend(device_.type()).synchronize(*this); }

StreamGuard::StreamGuard(Stream stream) {
  Backend& backend = get_backend(stream.device().type());
  previous_device_ = backend.current_device();
  previous_ = backend.current_stream(stream.device().index());
  backend.set_device(stream.device().index());
  backend.set_stream(stream);
}
StreamGuard::~StreamGuard() {
  try {
    Backend& backend = get_backend(previous_.device().type());
    backend.set_stream(previous_);
    backend.set_device(previous_device_);
  } catch (...) {
    // The device is lost: the next call will say so.
  }
}

DeviceGuard::DeviceGuard(Device device)
    : original_(device.type(), get_backend(device.type()).current_device()), current_(original_) {
  if (device.has_index()) set_index(device.index());
}
DeviceGuard::~DeviceGuard() {
  try {
    if (!(current_ == original_)) get_backend(original_.type()).set_device(original_.index());
  } catch (...) {
    // The device is lost: the next call will say so.
  }
}
void DeviceGuard::set_index(DeviceIndex index) {
  get_backend(original_.type()).set_device(index);
  current_ = Device(original_.type(), index);
}

Event::~Event() { release(); }
Event::Event(Event&& other) noexcept
    : device_(other.device_), handle_(std::exchange(other.handle_, nullptr)) {}
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
