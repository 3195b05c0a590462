// SPDX-License-Identifier: MIT
// Chains of element-wise calls: which they are, and how they are done (fusion.h).
#include "core/capture/fusion.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>

#include "adjoint/backend.h"
#include "core/capture/memory_plan.h"
#include "core/tensor/tensor_iterator.h"

namespace adjoint {
namespace {

/// Of an operand in a tile: a few of them and the rest of a kernel's work fit into an L1 cache.
constexpr int64_t kTileBytes = 8 * 1024;
/// Operands that are smaller stay in an L2 cache between calls anyway.
constexpr int64_t kMinOperandBytes = 64 * 1024;

/// What an operand of a call touches. Addresses in a buffer without a place count from its begin.
struct Access {
  int buffer;
  bool has_place, is_write, is_linear;
  intptr_t begin, first, end;
  int64_t element;

  bool meets(const Access& other) const {
    if (has_place != other.has_place || (!has_place && buffer != other.buffer)) return false;
    return begin < other.end && other.begin < end;
  }
  bool is_same_range(const Access& other) const {
    return is_linear && other.is_linear && first == other.first && element == other.element;
  }
  /// Whether the two may be done tile by tile.
  bool allows(const Access& other) const {
    return !(is_write || other.is_write) || !meets(other) || is_same_range(other);
  }
};

using Accesses = std::vector<Access>;

Accesses accesses_of(const ChainCall& call, const std::vector<ChainBuffer>& buffers) {
  const TensorIterator& iter = *call.call->iterator;
  Accesses all;
  for (int op = 0; op < iter.num_operands; ++op) {
    if (iter.is_scalar_operand(op)) continue;
    const OperandPlace& place = call.operands[op];
    const char* data = buffers[size_t(place.buffer)].data;
    const intptr_t first = reinterpret_cast<intptr_t>(data) + intptr_t(place.offset);
    const int64_t element = int64_t(elementSize(iter.dtypes[op]));
    Access a{place.buffer, data != nullptr, op == 0,         iter.is_linear(op),
             first,        first,           first + element, element};
    for (int d = 0; d < iter.ndim; ++d) {
      const int64_t span = (iter.shape[d] - 1) * iter.strides[op][d];
      (span < 0 ? a.begin : a.end) += span;
    }
    all.push_back(a);
  }
  return all;
}

/// The elements of one step of the outermost loop: a tile has a multiple of them.
int64_t unit_of(const TensorIterator& iter) {
  int64_t unit = 1;
  for (int d = 0; d + 1 < iter.ndim; ++d) unit *= iter.shape[d];
  return unit;
}

int64_t tiles_of(const Chain& chain, int64_t numel) {
  return (numel + chain.tile - 1) / chain.tile;
}

/// A chain in the making.
class Growing {
 public:
  Growing(const std::vector<ChainCall>& calls, const std::vector<ChainBuffer>& buffers,
          size_t begin)
      : calls_(calls), buffers_(buffers), begin_(begin), end_(begin) {}

  size_t end() const { return end_; }

  /// Takes one call more; false where it does not fit.
  bool take_next() {
    const ChainCall& next = calls_[end_];
    if (!next.call->run_over || end_ - begin_ == FusedChain::kMaxCalls) return false;
    if (next.flushes_denormals != calls_[begin_].flushes_denormals) return false;
    const TensorIterator& iter = *next.call->iterator;
    if (iter.is_reduction || !iter.is_linear(0) || (end_ != begin_ && iter.numel != numel_))
      return false;
    for (int op = 0; op < iter.num_operands; ++op) {
      if (!iter.is_scalar_operand(op) && next.operands[op].buffer < 0) return false;
    }
    const int64_t unit = std::lcm(unit_, unit_of(iter));
    int64_t element = element_;
    for (int op = 0; op < iter.num_operands; ++op)
      element = std::max(element, int64_t(elementSize(iter.dtypes[op])));
    if (unit * element > 4 * kTileBytes) return false;
    const Accesses added = accesses_of(next, buffers_);
    const auto fits = [&](const Access& a) {
      return std::all_of(accesses_.begin(), accesses_.end(),
                         [&](const Access& b) { return a.allows(b); });
    };
    const bool is_sound = std::all_of(added.begin() + 1, added.end(),
                                      [&](const Access& a) { return a.allows(added[0]); });
    if (!is_sound || !std::all_of(added.begin(), added.end(), fits)) return false;
    accesses_.insert(accesses_.end(), added.begin(), added.end());
    numel_ = iter.numel;
    unit_ = unit;
    element_ = element;
    ++end_;
    return true;
  }

  /// Whether it is worth it; fills in `chain`.
  bool finish(Chain& chain) const {
    if (end_ - begin_ < 2 || numel_ * element_ < kMinOperandBytes) return false;
    chain.begin = begin_;
    chain.end = end_;
    chain.tile = std::max<int64_t>(kTileBytes / element_ / unit_, 1) * unit_;
    place_local(chain);

    int64_t separately = 0, together = 0;  // bytes of an element's operands
    std::vector<const Access*> seen;
    for (const Access& a : accesses_) {
      if (!a.is_linear) continue;
      separately += a.element;
      const bool is_known =
          std::find(chain.local.begin(), chain.local.end(), a.buffer) != chain.local.end() ||
          std::any_of(seen.begin(), seen.end(), [&](const Access* b) {
            return a.meets(*b) && a.is_same_range(*b) && (b->is_write || !a.is_write);
          });
      if (is_known) continue;
      together += a.element;
      seen.push_back(&a);
    }
    return together * 4 <= separately * 3;
  }

 private:
  /// Finds the buffers that nobody else uses.
  void place_local(Chain& chain) const {
    std::vector<Lifetime> lifetimes;
    for (const Access& a : accesses_) {
      const ChainBuffer& buffer = buffers_[size_t(a.buffer)];
      if (a.has_place || !a.is_write || buffer.first_use < int(begin_) ||
          buffer.last_use >= int(end_) ||
          std::find(chain.local.begin(), chain.local.end(), a.buffer) != chain.local.end()) {
        continue;
      }
      const bool is_one_range =
          std::all_of(accesses_.begin(), accesses_.end(),
                      [&](const Access& b) { return b.buffer != a.buffer || a.is_same_range(b); });
      if (!is_one_range) continue;
      chain.local.push_back(a.buffer);
      lifetimes.push_back({size_t(chain.tile * a.element), buffer.first_use, buffer.last_use});
    }
    MemoryPlan plan = plan_memory(lifetimes);
    chain.local_offsets = std::move(plan.offsets);
    chain.scratch_bytes = plan.nbytes;
  }

  const std::vector<ChainCall>& calls_;
  const std::vector<ChainBuffer>& buffers_;
  size_t begin_, end_;
  Accesses accesses_;
  int64_t numel_ = 0, unit_ = 1, element_ = 1;
};

}  // namespace

std::vector<Chain> find_chains(const std::vector<ChainCall>& calls,
                               const std::vector<ChainBuffer>& buffers, int num_threads) {
  std::vector<Chain> chains;
  for (size_t at = 0; at < calls.size();) {
    Growing growing(calls, buffers, at);
    while (growing.end() < calls.size() && growing.take_next()) {
    }
    Chain chain{};
    if (growing.finish(chain)) {
      const int64_t tiles = tiles_of(chain, calls[at].call->iterator->numel);
      chain.num_ranges = int(std::min<int64_t>(num_threads, tiles));
      chains.push_back(std::move(chain));
    }
    at = std::max(growing.end(), at + 1);
  }
  return chains;
}

FusedChain::FusedChain(const Chain& chain, const ChainCall* calls, Backend& backend, char* scratch)
    : RecordedCall{run_chain, destroy_chain, calls[0].call->op, calls[0].call->stream},
      backend_(backend),
      numel_(calls[0].call->iterator->numel),
      tile_(chain.tile),
      tiles_(tiles_of(chain, numel_)),
      grain_((tiles_ + chain.num_ranges - 1) / chain.num_ranges),
      scratch_(scratch),
      scratch_bytes_(chain.scratch_bytes) {
  for (size_t i = 0; i < chain.end - chain.begin; ++i) {
    detail::RecordedCall& call = *calls[i].call;
    TensorIterator& iter = *call.iterator;
    const int64_t unit = unit_of(iter);
    calls_.push_back(&call);
    units_.push_back(unit);
    for (int op = 0; op < iter.num_operands; ++op) {
      if (iter.is_scalar_operand(op)) continue;
      const auto found =
          std::find(chain.local.begin(), chain.local.end(), calls[i].operands[op].buffer);
      if (found != chain.local.end()) {
        local_.push_back({int(i), op, chain.local_offsets[size_t(found - chain.local.begin())]});
      } else if (const int64_t step = tile_ / unit * iter.strides[op][iter.ndim - 1]; step != 0) {
        moving_.push_back({int(i), op, static_cast<char*>(iter.pointer(op)), step});
      }
    }
  }
}

void FusedChain::run_chain(const RecordedCall& self) {
  const auto& chain = static_cast<const FusedChain&>(self);
  chain.backend_.for_ranges(
      chain.tiles_, chain.grain_,
      [](void* context, int64_t begin, int64_t end) {
        static_cast<const FusedChain*>(context)->run_tiles(begin, end);
      },
      const_cast<FusedChain*>(&chain));
}

void FusedChain::destroy_chain(RecordedCall& self) noexcept {
  auto& chain = static_cast<FusedChain&>(self);
  for (RecordedCall* call : chain.calls_) call->destroy(*call);
  chain.~FusedChain();
}

void FusedChain::run_tiles(int64_t begin, int64_t end) const {
  static_assert(std::is_trivially_copyable_v<TensorIterator>);
  // Copied as bytes, of which some may never have been written.
  alignas(TensorIterator) std::byte memory[kMaxCalls * sizeof(TensorIterator)];
  auto* iterators = reinterpret_cast<TensorIterator*>(memory);
  for (size_t i = 0; i < calls_.size(); ++i)
    std::memcpy(static_cast<void*>(iterators + i), calls_[i]->iterator, sizeof(TensorIterator));
  char* scratch = scratch_ + size_t(begin / grain_) * scratch_bytes_;
  for (const Local& l : local_) iterators[l.call].pointer(l.operand) = scratch + l.offset;

  int64_t size = 0;
  for (int64_t t = begin; t < end; ++t) {
    const int64_t n = std::min(tile_, numel_ - t * tile_);
    for (const Moving& m : moving_) iterators[m.call].pointer(m.operand) = m.first + t * m.step;
    for (size_t i = 0; size != n && i < calls_.size(); ++i) {
      iterators[i].numel = n;
      iterators[i].shape[iterators[i].ndim - 1] = n / units_[i];
    }
    size = n;
    for (size_t i = 0; i < calls_.size(); ++i) calls_[i]->run_over(*calls_[i], iterators[i]);
  }
}

}  // namespace adjoint
