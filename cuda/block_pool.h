// SPDX-License-Identifier: MIT
// What the caching allocator keeps its blocks in: free ones by size, used ones by address. No CUDA.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "adjoint/small_vector.h"
#include "adjoint/stream.h"

namespace adjoint::cuda {

struct Segment;

/// A part of a segment. Sizes are multiples of 512 bytes.
struct Block {
  char* data = nullptr;
  size_t size = 0;
  size_t requested = 0;     ///< what was asked for, while it is handed out
  bool free = false;        ///< in FreeBlocks
  bool recent = false;      ///< in RecentBlocks
  uint32_t num_events = 0;  ///< that must pass before it is free
  Segment* segment = nullptr;
  Block* previous = nullptr;  ///< the neighbours in the segment
  Block* next = nullptr;
  Block* bin_previous = nullptr;  ///< those of the same bin; unused objects are chained by bin_next
  Block* bin_next = nullptr;
  SmallVector<Stream, 2> uses;  ///< streams other than its own that it was used on
};

/// Makes Block objects, and keeps those that are given back.
class BlockObjects {
 public:
  Block* make();
  void give_back(Block* block) noexcept {
    block->bin_next = unused_;
    unused_ = block;
  }

 private:
  std::vector<std::unique_ptr<Block[]>> slabs_;
  Block* unused_ = nullptr;
};

/// Free blocks, in bins of eight sizes per power of two. Nothing here allocates.
class FreeBlocks {
 public:
  void insert(Block* block) noexcept;
  void remove(Block* block) noexcept;
  /// A block of at least `size` bytes, the smallest of the few that are looked at; null if none has
  /// so many.
  Block* find(size_t size) const noexcept;

 private:
  static constexpr int kNumBins = 8 * 48;
  static int bin_of(size_t size) noexcept;
  Block* bins_[kNumBins] = {};
  uint64_t filled_[kNumBins / 64] = {};
};

/// Small blocks that were given back and not yet joined with their neighbours: who asks for as many
/// bytes next takes one as it is. The last one first, whose lines are warm.
class RecentBlocks {
 public:
  static bool holds(size_t size) noexcept { return size <= kMaxSize; }
  void push(Block* block) noexcept {
    Block*& first = of_size_[block->size >> 9];
    block->recent = true;
    block->bin_next = first;
    first = block;
    any_ = true;
  }
  /// Null where there is none of just `size` bytes, which it must hold.
  Block* pop(size_t size) noexcept {
    Block*& first = of_size_[size >> 9];
    Block* block = first;
    if (block) {
      first = block->bin_next;
      block->recent = false;
    }
    return block;
  }
  /// Takes all out, to `visit(block)`.
  template <class Visit>
  void drain(const Visit& visit) noexcept {
    if (!any_) return;
    any_ = false;
    for (size_t size = 0; size <= kMaxSize; size += 512) {
      while (Block* block = pop(size)) visit(block);
    }
  }

 private:
  static constexpr size_t kMaxSize = size_t{64} << 10;
  Block* of_size_[kMaxSize / 512 + 1] = {};
  bool any_ = false;
};

/// Blocks that are handed out, or recent, by address: open addressing, a power of two of slots,
/// half of them empty.
class BlockMap {
 public:
  void insert(Block* block);
  /// Null where there is none.
  Block* find(const void* data) const noexcept;
  void remove(const Block* block) noexcept;

 private:
  size_t slot_of(const void* data) const noexcept {
    return (uintptr_t(data) >> 9) * 0x9e3779b97f4a7c15u >> shift_;
  }
  void grow();
  std::vector<Block*> slots_;
  size_t count_ = 0;
  int shift_ = 64;
};

}  // namespace adjoint::cuda
