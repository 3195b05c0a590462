// SPDX-License-Identifier: MIT
// Blocks of a caching allocator: what they are in use for, and stale use (blocks.h).
#include "blocks.h"

#include "cudasim_kernel.h"
#include "null_mode.h"
#include "raw_memory.h"

namespace cudasim {
namespace {

struct Block {
  uintptr_t end;
  bool captured;  // belongs to a graph, whose launches use it even when it is free
};

struct Blocks {
  std::map<uintptr_t, Block> live;  // by their first byte
  std::set<uintptr_t> freed;        // first bytes of blocks that were
  std::set<uintptr_t> allocations;  // first bytes of those that are handed out in blocks
};
Blocks& blocks() {
  static Blocks* const instance = new Blocks;
  return *instance;
}

uintptr_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// The end of a block belongs to it where nothing else lies there: empty tensors have such
// addresses.
const std::pair<const uintptr_t, Block>* block_of(uintptr_t at) {
  auto it = blocks().live.upper_bound(at);
  if (it == blocks().live.begin()) return nullptr;
  --it;
  const bool in = at < it->second.end || (at == it->second.end && !blocks().freed.contains(at));
  return in ? &*it : nullptr;
}

std::shared_ptr<CUstream_st> stream_of(cudaStream_t handle, const void* block) {
  if (handle == nullptr || handle == cudaStreamLegacy) {
    return engine().devices[static_cast<size_t>(device_of(block))].legacy;
  }
  return engine().stream_of(handle);
}

}  // namespace

bool range_of(const void* pointer, const std::string& who, RangeAccess* range) {
  Allocation allocation;
  if (memory_kind(pointer) != MemoryKind::device || !find_allocation(pointer, &allocation)) {
    return false;
  }
  const uintptr_t at = address(pointer);
  if (const auto* block = block_of(at)) {
    range->begin = block->first;
    range->end = block->second.end;
    return true;
  }
  if (blocks().allocations.contains(address(allocation.begin))) {
    violation("use after free", who + " is given a pointer into a block that is free");
    return false;
  }
  range->begin = address(allocation.begin);
  range->end = range->begin + allocation.bytes;
  return true;
}

void check_block(const void* pointer, size_t bytes, const std::string& who) {
  Allocation allocation;
  if (memory_kind(pointer) != MemoryKind::device || !find_allocation(pointer, &allocation)) return;
  if (!blocks().allocations.contains(address(allocation.begin))) return;
  const auto* block = block_of(address(pointer));
  if (!block) {
    violation("use after free", who + " accesses a block that is free");
  } else if (address(pointer) + bytes > block->second.end) {
    violation("out of bounds", who + " accesses " + std::to_string(bytes) +
                                   " bytes, past the end of a block of " +
                                   std::to_string(block->second.end - block->first));
  }
}

void forget_blocks(const Allocation& allocation) {
  const uintptr_t begin = address(allocation.begin), end = begin + allocation.bytes;
  Blocks& all = blocks();
  all.allocations.erase(begin);
  all.live.erase(all.live.lower_bound(begin), all.live.lower_bound(end));
  all.freed.erase(all.freed.lower_bound(begin), all.freed.lower_bound(end));
  engine().races.forget(begin, end);
}

void block_allocated(const void* pointer, size_t bytes, cudaStream_t handle) {
  if (bytes == 0 || in_null_mode() || this_thread().in_operation) return;
  const std::lock_guard lock(engine().mutex);
  Allocation allocation;
  if (!find_allocation(pointer, &allocation) || !allocation.contains(pointer, bytes)) {
    violation("allocator", "a block of memory that is not allocated is handed out");
    return;
  }
  const auto stream = stream_of(handle, pointer);
  const bool captured = stream && stream->capture;
  const uintptr_t begin = address(pointer);
  const auto next = blocks().live.lower_bound(begin);
  const bool overlaps_next = next != blocks().live.end() && next->first < begin + bytes;
  if (overlaps_next || (next != blocks().live.begin() && std::prev(next)->second.end > begin)) {
    violation("allocator", "a block is handed out while another that overlaps it is in use");
  }
  blocks().allocations.insert(address(allocation.begin));
  blocks().live.insert_or_assign(begin, Block{begin + bytes, captured});
  blocks().freed.erase(blocks().freed.lower_bound(begin),
                       blocks().freed.lower_bound(begin + bytes));
  if (!kPoisons) return;
  if (!stream || captured) {
    unpoison(translate_address(pointer), bytes);
    return;
  }
  Work work;
  work.run = [pointer, bytes](const Operation&) {
    unpoison(translate_address(pointer), bytes);
    return cudaSuccess;
  };
  engine().submit(*stream, std::move(work));
}

void block_freed(const void* pointer, size_t bytes, cudaStream_t handle) {
  if (bytes == 0 || in_null_mode() || this_thread().in_operation) return;
  const std::lock_guard lock(engine().mutex);
  const auto it = blocks().live.find(address(pointer));
  if (it == blocks().live.end() || it->second.end != address(pointer) + bytes) {
    violation("allocator", "a block is freed that was not handed out, or with another size");
    return;
  }
  const bool captured = it->second.captured;
  blocks().live.erase(it);
  blocks().freed.insert(address(pointer));
  const auto stream = stream_of(handle, pointer);
  if (!stream || stream->capture || captured) return;
  Work work;
  work.site.what = "the free of a block";
  work.site.stream = stream->number;
  work.site.frees = true;
  work.uses.push_back({{address(pointer), address(pointer) + bytes, true}, work.site});
  work.run = [pointer, bytes](const Operation&) {
    void* memory = translate_address(pointer);
    unpoison(memory, bytes);
    raw_fill(memory, 0xFF, bytes);
    if (config().poison_freed_blocks) poison(memory, bytes);
    return cudaSuccess;
  };
  engine().submit(*stream, std::move(work));
}

}  // namespace cudasim
