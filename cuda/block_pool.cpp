// SPDX-License-Identifier: MIT
#include "cuda/block_pool.h"

#include <bit>

namespace adjoint::cuda {

Block* BlockObjects::make() {
  constexpr size_t kSlab = 64;
  if (unused_ == nullptr) {
    slabs_.push_back(std::make_unique<Block[]>(kSlab));
    for (size_t i = 0; i < kSlab; ++i) give_back(&slabs_.back()[i]);
  }
  Block* block = unused_;
  unused_ = block->bin_next;
  *block = Block();
  return block;
}

// Sizes below 8 units of 512 bytes have a bin each; then eight bins for every doubling.
int FreeBlocks::bin_of(size_t size) noexcept {
  size_t units = size >> 9;
  if (units < 8) return int(units);
  int log2 = int(std::bit_width(units)) - 1;
  int bin = 8 * (log2 - 2) + int(units >> (log2 - 3) & 7);
  return bin < kNumBins ? bin : kNumBins - 1;
}

void FreeBlocks::insert(Block* block) noexcept {
  int bin = bin_of(block->size);
  block->bin_previous = nullptr;
  block->bin_next = bins_[bin];
  if (block->bin_next) block->bin_next->bin_previous = block;
  bins_[bin] = block;
  filled_[bin / 64] |= uint64_t(1) << (bin % 64);
}

void FreeBlocks::remove(Block* block) noexcept {
  if (block->bin_next) block->bin_next->bin_previous = block->bin_previous;
  if (block->bin_previous) {
    block->bin_previous->bin_next = block->bin_next;
    return;
  }
  int bin = bin_of(block->size);
  bins_[bin] = block->bin_next;
  if (!block->bin_next) filled_[bin / 64] &= ~(uint64_t(1) << (bin % 64));
}

Block* FreeBlocks::find(size_t size) const noexcept {
  constexpr int kLookAt = 32;
  int bin = bin_of(size);
  Block* best = nullptr;
  int looked_at = 0;
  for (Block* b = bins_[bin]; b && looked_at < kLookAt; b = b->bin_next, ++looked_at) {
    if (b->size == size) return b;
    if (b->size > size && (!best || b->size < best->size)) best = b;
  }
  if (best) return best;
  // Every block of a higher bin is large enough.
  int word = (bin + 1) / 64;
  uint64_t bits = bin + 1 < kNumBins ? filled_[word] & ~uint64_t(0) << ((bin + 1) % 64) : 0;
  while (bits == 0) {
    if (++word >= kNumBins / 64) break;
    bits = filled_[word];
  }
  if (bits != 0) return bins_[word * 64 + std::countr_zero(bits)];
  // The rest of its own bin, which is only looked through where the system would be asked instead.
  for (Block* b = bins_[bin]; b; b = b->bin_next) {
    if (b->size >= size) return b;
  }
  return nullptr;
}

void BlockMap::insert(Block* block) {
  if (2 * (count_ + 1) > slots_.size()) grow();
  size_t mask = slots_.size() - 1;
  size_t slot = slot_of(block->data);
  while (slots_[slot]) slot = (slot + 1) & mask;
  slots_[slot] = block;
  ++count_;
}

Block* BlockMap::find(const void* data) const noexcept {
  if (slots_.empty()) return nullptr;
  size_t mask = slots_.size() - 1;
  for (size_t slot = slot_of(data); slots_[slot]; slot = (slot + 1) & mask) {
    if (slots_[slot]->data == data) return slots_[slot];
  }
  return nullptr;
}

void BlockMap::remove(const Block* block) noexcept {
  size_t mask = slots_.size() - 1;
  size_t hole = slot_of(block->data);
  while (slots_[hole] != block) hole = (hole + 1) & mask;
  // What stands behind the hole moves into it where its own slot allows that.
  for (size_t slot = (hole + 1) & mask; slots_[slot]; slot = (slot + 1) & mask) {
    size_t wanted = slot_of(slots_[slot]->data);
    if (((slot - wanted) & mask) >= ((slot - hole) & mask)) {
      slots_[hole] = slots_[slot];
      hole = slot;
    }
  }
  slots_[hole] = nullptr;
  --count_;
}

void BlockMap::grow() {
  std::vector<Block*> old = std::move(slots_);
  size_t n = old.empty() ? 256 : 2 * old.size();
  slots_.assign(n, nullptr);
  shift_ = 64 - std::countr_zero(n);
  count_ = 0;
  for (Block* block : old) {
    if (block) insert(block);
  }
}

}  // namespace adjoint::cuda
