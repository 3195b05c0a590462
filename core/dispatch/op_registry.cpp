// SPDX-License-Identifier: MIT
#include "adjoint/op_registry.h"

#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "adjoint/backend.h"
#include "adjoint/error.h"
#include "core/device/builtin_backends.h"
#include "core/dispatch/op_families.h"

namespace adjoint {
namespace {

struct Table {
  std::mutex mutex;
  std::vector<OpDef*> in_order;
  std::unordered_map<std::string_view, OpDef*> by_name;
};

Table& table() {
  // Never destroyed: operations are run by destructors of statics too.
  static Table& instance = *new Table();
  return instance;
}

constinit thread_local DispatchObserver* observer = nullptr;
constinit thread_local detail::CallRecorder* recorder = nullptr;

template <class T>
T* install(T*& place, T* next) noexcept {
  if (next && !place) detail::num_dispatch_observers.add_relaxed(1);
  if (!next && place) detail::num_dispatch_observers.subtract(1);
  return std::exchange(place, next);
}

}  // namespace

DispatchObserver::~DispatchObserver() = default;

namespace detail {
constinit Atomic<uint32_t> num_dispatch_observers{};
DispatchObserver* dispatch_observer() noexcept { return observer; }
CallRecorder::~CallRecorder() = default;
CallRecorder* call_recorder() noexcept { return recorder; }
CallRecorder* set_call_recorder(CallRecorder* next) noexcept { return install(recorder, next); }
}  // namespace detail

DispatchObserver* set_dispatch_observer(DispatchObserver* next) noexcept {
  return install(observer, next);
}

OpRegistry& op_registry() {
  static OpRegistry& registry = *[] {
    auto* r = new OpRegistry();
    register_ops(*r);
    cpu_backend().register_kernels(*r);
    return r;
  }();
  return registry;
}

void OpRegistry::add(OpDef& op) {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  bool added = t.by_name.emplace(op.name(), &op).second;
  ADJOINT_CHECK(added, "op registry: an operation named '", op.name(), "' is registered already");
  t.in_order.push_back(&op);
}

const OpDef* OpRegistry::find(std::string_view name) const {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  auto found = t.by_name.find(name);
  return found == t.by_name.end() ? nullptr : found->second;
}

std::vector<const OpDef*> OpRegistry::ops() const {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  return {t.in_order.begin(), t.in_order.end()};
}

void OpRegistry::set_any(std::string_view name, DeviceType device, void (*kernel)(),
                         const char* signature) {
  const OpDef* op = find(name);
  ADJOINT_CHECK(op, "op registry: no operation is named '", name, "'");
  ADJOINT_CHECK(std::strcmp(op->signature_, signature) == 0, "[", name, "] the ",
                device_type_name(device),
                " kernel has another signature than the operation: expected ", op->signature_,
                ", got ", signature);
  OpDef::AnyKernel none = nullptr;
  bool was_free = op->kernels_[size_t(device)].compare_exchange(none, kernel);
  ADJOINT_CHECK(was_free, "[", name, "] a kernel for ", device_type_name(device),
                " is registered already");
}

OpDef::AnyKernel OpDef::resolve(DeviceType device) const {
  op_registry();  // installs the built-in kernels
  if (AnyKernel kernel = kernels_[size_t(device)].acquire()) return kernel;
  std::string others;
  for (int d = 0; d < kNumDeviceTypes; ++d) {
    if (has_kernel(DeviceType(d)))
      others += std::string(others.empty() ? "" : ", ") + device_type_name(DeviceType(d));
  }
  detail::fail<NotImplementedError>(
      "[", name_, "] no kernel for device '", device_type_name(device), "'; ",
      others.empty() ? "no device has one" : "available on: ", others);
}

}  // namespace adjoint
