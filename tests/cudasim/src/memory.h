// SPDX-License-Identifier: MIT
// Device memory and pinned host memory.
//
// Note [Two address ranges]
// What cudaMalloc returns lies in a reserved range of addresses with no memory behind it, so that a
// host that dereferences a device pointer faults, always. The memory itself is mapped at a fixed
// distance from there; kernels, copies and sets get translated addresses. Therefore device pointers
// that lie in device memory are not of use to kernels.
//
// On both sides of an allocation there are kRedzone bytes of a known value, which are looked at
// after every kernel that was given a pointer into the allocation; AddressSanitizer sees a stray
// access at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cudasim/launch.h"

namespace cudasim {

inline constexpr int kMaxDevices = 8;
inline constexpr size_t kRedzone = 256;  ///< on either side of an allocation

/// A range of device memory, or of pinned host memory, that the program holds.
struct Allocation {
  char* begin;
  size_t bytes;
  int device;  ///< of pinned memory: the one that was current
  bool contains(const void* p, size_t n = 0) const {
    auto first = reinterpret_cast<uintptr_t>(begin), at = reinterpret_cast<uintptr_t>(p);
    return at >= first && at - first <= bytes && n <= bytes - (at - first);
  }
};

/// Memory of fresh and of freed allocations is 0xFF: NaN to any floating-point type.
/// cudaErrorMemoryAllocation past config().total_memory; zero bytes give a null pointer.
cudaError_t device_malloc(int device, size_t bytes, void** pointer);
/// cudaErrorInvalidValue where `pointer` is not the start of a live allocation; null is fine.
cudaError_t device_free(void* pointer);
size_t device_bytes_in_use(int device);

/// Pinned host memory; kernels may use it by its host address.
cudaError_t host_malloc(int device, size_t bytes, void** pointer);
cudaError_t host_free(void* pointer);
cudaError_t host_register(int device, void* pointer, size_t bytes);
cudaError_t host_unregister(void* pointer);

enum class MemoryKind { pageable, pinned, device };
/// Which kind of memory an address belongs to; a freed device address is still `device`.
MemoryKind memory_kind(const void* address);

/// Finds the live allocation, or the pinned range, that holds `address`, its end included.
bool find_allocation(const void* address, Allocation* found);

/// An address of the range that is kept for device memory. is_device_address is true only of what
/// was ever allocated, so that the bytes of a structure, its padding among them, are hardly taken
/// for a pointer.
bool is_reserved_address(const void* address);
/// The index of the device that a device address belongs to.
int device_of(const void* device_address);

/// Reports a violation where something was written just before or behind the allocation of
/// `address`; `who` is what ran last, as "kernel f".
void check_redzones(const void* address, const std::string& who);

template <class T>
T* translated(T* pointer) {
  return static_cast<T*>(translate_address(pointer));
}

}  // namespace cudasim
