// SPDX-License-Identifier: MIT
#include "cuda/index_errors.h"

#include <cstring>
#include <mutex>

#include "adjoint/atomic.h"
#include "adjoint/error.h"
#include "cuda/check.h"
#include "cuda/event.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

struct Slot {
  IndexErrorSlot* host;
  IndexErrorSlot* device;  // the same memory, as kernels see it
};
constinit detail::Atomic<Slot*> slots[kMaxDevices]{};
constinit std::mutex mutex;

constexpr unsigned kMaxOps = 256;
constinit const char* names[kMaxOps]{};  // by IndexOp - 1

[[gnu::noinline, gnu::cold]] Slot* make_slot(DeviceIndex index) {
  std::lock_guard lock(mutex);
  if (Slot* slot = slots[index].acquire()) return slot;
  use_device(index);
  RelaxedCapture relaxed;
  void *host = nullptr, *device = nullptr;
  check(cudaHostAlloc(&host, sizeof(IndexErrorSlot), cudaHostAllocMapped | cudaHostAllocPortable),
        "cudaHostAlloc");
  std::memset(host, 0, sizeof(IndexErrorSlot));
  check(cudaHostGetDevicePointer(&device, host, 0), "cudaHostGetDevicePointer");
  auto* slot = new Slot{static_cast<IndexErrorSlot*>(host), static_cast<IndexErrorSlot*>(device)};
  slots[index].store_release(slot);
  return slot;
}

}  // namespace

IndexOp name_index_op(const char* name) {
  std::lock_guard lock(mutex);
  for (unsigned i = 0; i < kMaxOps; ++i) {
    if (!names[i]) names[i] = name;
    if (std::strcmp(names[i], name) == 0) return i + 1;
  }
  return kMaxOps;
}

IndexErrorSlot* index_error_slot(const Stream& stream) {
  DeviceIndex index = stream.device().index();
  Slot* slot = slots[index].acquire();
  if (!slot) [[unlikely]]
    slot = make_slot(index);
  return slot->device;
}

void throw_index_error(DeviceIndex index) {
  Slot* slot = slots[index].acquire();
  if (!slot || __atomic_load_n(&slot->host->op, __ATOMIC_ACQUIRE) == 0) [[likely]]
    return;
  // The kernel that wrote it may be one of a stream that nobody waited for, and still be writing.
  synchronize_device(index);
  IndexErrorSlot found;
  const char* name;
  {
    std::lock_guard lock(mutex);
    found = *slot->host;
    if (found.op == 0) return;  // another thread was faster
    std::memset(slot->host, 0, sizeof(IndexErrorSlot));
    name = names[found.op - 1];
  }
  ADJOINT_CHECK_INDEX(found.dim == kClassTarget, name, ": index ", found.index,
                      " is out of bounds for dimension ", found.dim, " with size ", found.size);
  detail::fail<IndexError>(name, ": Target ", found.index,
                           " is out of bounds. Expected a class in [0, ", found.size,
                           ") or ignore_index");
}

}  // namespace adjoint::cuda
