// SPDX-License-Identifier: MIT
#include "memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <new>

#include "cudasim.h"
#include "fault.h"
#include "raw_memory.h"
#include "redzone.h"

namespace cudasim {
namespace {

// Addresses of a device: so many, or as many as there are (valgrind gives few).
constexpr size_t kMostSpan = size_t{32} << 30, kLeastSpan = size_t{1} << 30;
constexpr size_t kAlignment = 512, kGrowth = size_t{16} << 20, kQuarantine = size_t{64} << 20;

size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// Of an allocation, from its front redzone to the end of the one behind it.
size_t footprint(size_t bytes) { return round_up(kRedzone + bytes + kRedzone, kAlignment); }

// Addresses that the host sees, and the memory of one device behind them.
class Arena {
 public:
  void place(char* begin, size_t span, ptrdiff_t backing) {
    // The first redzone begins kAlignment - kRedzone in, so that what lies behind it is aligned.
    end_ = begin + kAlignment - kRedzone;
    mapped_ = begin;
    limit_ = begin + span;
    backing_ = backing;
  }
  size_t in_use() const { return in_use_; }
  char* mapped() const { return mapped_.load(std::memory_order_relaxed); }

  char* allocate(size_t bytes) {
    const size_t size = footprint(bytes);
    if (size < bytes || in_use_ + size > config().total_memory) return nullptr;
    char* place = take_free(size);
    if (place == nullptr) place = extend(size);
    if (place == nullptr) return nullptr;
    in_use_ += size;
    char* memory = place + backing_;
    make_redzone(memory, size);
    unpoison(memory + kRedzone, bytes);
    raw_fill(memory + kRedzone, kUninitialized, bytes);
    return place + kRedzone;
  }

  void free(char* pointer, size_t bytes) {
    char* place = pointer - kRedzone;
    const size_t size = footprint(bytes);
    in_use_ -= size;
    unpoison(place + backing_, size);
    raw_fill(place + backing_, kUninitialized, size);
    poison(place + backing_, size);
    if constexpr (kPoisons) {
      quarantine_.push_back({place, size});
      quarantined_ += size;
      while (quarantined_ > kQuarantine) {
        quarantined_ -= quarantine_.front().second;
        give_back(quarantine_.front().first, quarantine_.front().second);
        quarantine_.pop_front();
      }
    } else {
      give_back(place, size);
    }
  }

 private:
  char* take_free(size_t size) {
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      if (it->second < size) continue;
      auto [place, free_size] = *it;
      free_.erase(it);
      if (free_size > size) free_[place + size] = free_size - size;
      return place;
    }
    return nullptr;
  }

  char* extend(size_t size) {
    while (end_ + size > mapped()) {
      const size_t growth = round_up(size, kGrowth);
      if (growth > size_t(limit_ - mapped()) ||
          mprotect(mapped() + backing_, growth, PROT_READ | PROT_WRITE) != 0) {
        return nullptr;
      }
      poison(mapped() + backing_, growth);
      mapped_ += growth;
    }
    char* place = end_;
    end_ += size;
    return place;
  }

  void give_back(char* place, size_t size) {
    auto next = free_.lower_bound(place);
    if (next != free_.end() && place + size == next->first) {
      size += next->second;
      next = free_.erase(next);
    }
    if (next != free_.begin()) {
      auto previous = std::prev(next);
      if (previous->first + previous->second == place) {
        previous->second += size;
        return;
      }
    }
    free_[place] = size;
  }

  char *end_ = nullptr, *limit_ = nullptr;
  std::atomic<char*> mapped_ = nullptr;  // is asked for without the lock
  ptrdiff_t backing_ = 0;
  size_t in_use_ = 0, quarantined_ = 0;
  std::map<char*, size_t> free_;
  std::deque<std::pair<char*, size_t>> quarantine_;
};

using Ranges = std::map<char*, Allocation>;

bool find(const Ranges& ranges, const void* address, Allocation* found) {
  auto it = ranges.upper_bound(static_cast<char*>(const_cast<void*>(address)));
  if (it == ranges.begin() || !(--it)->second.contains(address)) return false;
  *found = it->second;
  return true;
}

struct Memory {
  std::mutex mutex;
  char* reserved;
  size_t span = kMostSpan;
  Arena arenas[kMaxDevices];
  Ranges device, pinned, registered;

  Memory() {
    const auto reserve = [&] {
      return mmap(nullptr, 2 * all_spans(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    };
    void* range = reserve();
    while (range == MAP_FAILED && span > kLeastSpan) {
      span /= 2;
      range = reserve();
    }
    if (range == MAP_FAILED) throw std::bad_alloc();
    reserved = static_cast<char*>(range);
    for (int i = 0; i < kMaxDevices; ++i) {
      arenas[i].place(reserved + i * span, span, static_cast<ptrdiff_t>(all_spans()));
    }
    report_faults();
  }

  size_t all_spans() const { return kMaxDevices * span; }
};

// Outlives everything: programs free memory in destructors of their statics.
Memory& memory() {
  static Memory& memory = *new Memory;
  return memory;
}

}  // namespace

bool is_reserved_address(const void* address) {
  return static_cast<uintptr_t>(static_cast<const char*>(address) - memory().reserved) <
         memory().all_spans();
}

bool is_device_address(const void* address) {
  return is_reserved_address(address) && address < memory().arenas[device_of(address)].mapped();
}

void* translate_address(const void* address) {
  char* place = static_cast<char*>(const_cast<void*>(address));
  return is_reserved_address(address) ? place + memory().all_spans() : place;
}

int device_of(const void* device_address) {
  return int((static_cast<const char*>(device_address) - memory().reserved) / memory().span);
}

bool is_backing_address(const void* address) {
  return is_reserved_address(static_cast<const char*>(address) - memory().all_spans());
}

cudaError_t device_malloc(int device, size_t bytes, void** pointer) {
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  std::lock_guard lock(memory().mutex);
  char* begin = memory().arenas[device].allocate(bytes);
  if (begin == nullptr) return cudaErrorMemoryAllocation;
  memory().device[begin] = {begin, bytes, device};
  *pointer = begin;
  return cudaSuccess;
}

cudaError_t device_free(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  check_redzones(pointer, "a kernel or a copy");
  std::lock_guard lock(memory().mutex);
  auto it = memory().device.find(static_cast<char*>(pointer));
  if (it == memory().device.end()) return cudaErrorInvalidValue;
  memory().arenas[it->second.device].free(it->second.begin, it->second.bytes);
  memory().device.erase(it);
  return cudaSuccess;
}

size_t device_bytes_in_use(int device) {
  std::lock_guard lock(memory().mutex);
  return memory().arenas[device].in_use();
}

cudaError_t host_malloc(int device, size_t bytes, void** pointer) {
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  void* begin = nullptr;
  if (posix_memalign(&begin, kAlignment, bytes) != 0) return cudaErrorMemoryAllocation;
  raw_fill(begin, kUninitialized, bytes);
  std::lock_guard lock(memory().mutex);
  memory().pinned[static_cast<char*>(begin)] = {static_cast<char*>(begin), bytes, device};
  *pointer = begin;
  return cudaSuccess;
}

cudaError_t host_free(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  std::lock_guard lock(memory().mutex);
  if (memory().pinned.erase(static_cast<char*>(pointer)) == 0) return cudaErrorInvalidValue;
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t host_register(int device, void* pointer, size_t bytes) {
  if (pointer == nullptr || bytes == 0 || is_reserved_address(pointer))
    return cudaErrorInvalidValue;
  char* begin = static_cast<char*>(pointer);
  Allocation overlapped;
  std::lock_guard lock(memory().mutex);
  for (const Ranges* ranges : {&memory().pinned, &memory().registered}) {
    if (find(*ranges, begin + bytes - 1, &overlapped) &&
        begin < overlapped.begin + overlapped.bytes)
      return cudaErrorHostMemoryAlreadyRegistered;
  }
  memory().registered[begin] = {begin, bytes, device};
  return cudaSuccess;
}

cudaError_t host_unregister(void* pointer) {
  std::lock_guard lock(memory().mutex);
  return memory().registered.erase(static_cast<char*>(pointer)) == 1
             ? cudaSuccess
             : cudaErrorHostMemoryNotRegistered;
}

bool find_allocation(const void* address, Allocation* found) {
  std::lock_guard lock(memory().mutex);
  return find(memory().device, address, found) || find(memory().pinned, address, found) ||
         find(memory().registered, address, found);
}

MemoryKind memory_kind(const void* address) {
  if (is_reserved_address(address)) return MemoryKind::device;
  // What begins where a pinned range ends is other memory.
  Allocation found;
  const bool pinned = find_allocation(address, &found) && address < found.begin + found.bytes;
  return pinned ? MemoryKind::pinned : MemoryKind::pageable;
}

void check_redzones(const void* address, const std::string& who) {
  Allocation found;
  if (!is_device_address(address) || !find_allocation(address, &found)) return;
  char* begin = translated(found.begin);
  auto report = [&](const char* where, size_t distance) {
    violation("out of bounds", who + " wrote " + std::to_string(distance) + " bytes " + where +
                                   " of an allocation of " + std::to_string(found.bytes) +
                                   " bytes of device memory");
  };
  size_t behind = footprint(found.bytes) - kRedzone - found.bytes;
  if (size_t at = find_written(begin + found.bytes, behind); at < behind) {
    report("behind the end", at);
    make_redzone(begin + found.bytes, behind);
  }
  if (size_t at = find_written(begin - kRedzone, kRedzone); at < kRedzone) {
    report("before the start", kRedzone - at);
    make_redzone(begin - kRedzone, kRedzone);
  }
}

}  // namespace cudasim
