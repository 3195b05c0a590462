// SPDX-License-Identifier: MIT
// What the exchanges of a warp give, and the device functions that kernels call.
#include <chrono>

#include "block.h"
#include "cudasim_kernel.h"

namespace cudasim {
namespace {

// What a lane gets that asks for the value of one that does not take part.
constexpr uint64_t kNoValue = 0xdeaddeaddeaddeadu;

template <class F>
void for_each_lane(unsigned lanes, F f) {
  for (; lanes != 0; lanes &= lanes - 1) f(size_t(__builtin_ctz(lanes)));
}

template <Shuffle kind>
void complete_shuffle(const Exchange& exchange, uint64_t* results) {
  for_each_lane(exchange.lanes, [&](size_t lane) {
    const int self = int(lane), width = exchange.widths[lane], argument = exchange.arguments[lane];
    const int first = self & ~(width - 1), last = first + width - 1;
    int source = self;
    if (kind == Shuffle::index) source = first | (argument & (width - 1));
    if (kind == Shuffle::up && self - argument >= first) source = self - argument;
    if (kind == Shuffle::down && self + argument <= last) source = self + argument;
    if (kind == Shuffle::exclusive_or && (self ^ argument) <= last) source = self ^ argument;
    const bool there = source >= 0 && source < kWarpSize && (exchange.lanes >> source & 1);
    results[lane] = there ? exchange.values[size_t(source)] : kNoValue;
  });
}

unsigned ballot_of(const Exchange& exchange) {
  unsigned ballot = 0;
  for_each_lane(exchange.lanes,
                [&](size_t lane) { ballot |= unsigned(exchange.values[lane] != 0) << lane; });
  return ballot;
}

template <Vote kind>
void complete_vote(const Exchange& exchange, uint64_t* results) {
  uint64_t result = ballot_of(exchange);
  if (kind == Vote::all) result = result == exchange.lanes;
  if (kind == Vote::any) result = result != 0;
  for_each_lane(exchange.lanes, [&](size_t lane) { results[lane] = result; });
}

template <Reduce kind>
void complete_reduction(const Exchange& exchange, uint64_t* results) {
  bool first = true;
  int64_t result = 0;
  for_each_lane(exchange.lanes, [&](size_t lane) {
    const int64_t value = int64_t(exchange.values[lane]);
    if (first)
      result = value;
    else if (kind == Reduce::add)
      result += value;
    else if (kind == Reduce::min)
      result = value < result ? value : result;
    else if (kind == Reduce::max)
      result = value > result ? value : result;
    else if (kind == Reduce::conjunction)
      result &= value;
    else if (kind == Reduce::disjunction)
      result |= value;
    else
      result ^= value;
    first = false;
  });
  for_each_lane(exchange.lanes, [&](size_t lane) { results[lane] = uint64_t(result); });
}

void complete_match(const Exchange& exchange, uint64_t* results) {
  for_each_lane(exchange.lanes, [&](size_t lane) {
    results[lane] = 0;
    for_each_lane(exchange.lanes, [&](size_t other) {
      results[lane] |= uint64_t(exchange.values[lane] == exchange.values[other]) << other;
    });
  });
}

const WarpOperation kSyncWarp{"__syncwarp", true, [](const Exchange&, uint64_t*) {}};
const WarpOperation kMatch{"__match_sync", false, complete_match};
const WarpOperation kShuffles[] = {
    {"__shfl_sync", false, complete_shuffle<Shuffle::index>},
    {"__shfl_up_sync", false, complete_shuffle<Shuffle::up>},
    {"__shfl_down_sync", false, complete_shuffle<Shuffle::down>},
    {"__shfl_xor_sync", false, complete_shuffle<Shuffle::exclusive_or>}};
const WarpOperation kVotes[] = {{"__ballot_sync", false, complete_vote<Vote::ballot>},
                                {"__all_sync", false, complete_vote<Vote::all>},
                                {"__any_sync", false, complete_vote<Vote::any>}};
const WarpOperation kReductions[] = {
    {"__reduce_add_sync", false, complete_reduction<Reduce::add>},
    {"__reduce_min_sync", false, complete_reduction<Reduce::min>},
    {"__reduce_max_sync", false, complete_reduction<Reduce::max>},
    {"__reduce_and_sync", false, complete_reduction<Reduce::conjunction>},
    {"__reduce_or_sync", false, complete_reduction<Reduce::disjunction>},
    {"__reduce_xor_sync", false, complete_reduction<Reduce::exclusive_or>}};

}  // namespace

int sync_threads(Barrier barrier, int predicate, Place place) {
  return executor().sync_threads(barrier, predicate, place);
}

void sync_warp(unsigned mask, Place place) {
  executor().exchange(kSyncWarp, mask, 0, 0, kWarpSize, place);
}

uint64_t shuffle_bits(Shuffle kind, unsigned mask, uint64_t bits, int argument, int width,
                      Place place) {
  return executor().exchange(kShuffles[size_t(kind)], mask, bits, argument, width, place);
}

unsigned vote(Vote kind, unsigned mask, int predicate, Place place) {
  return unsigned(executor().exchange(kVotes[size_t(kind)], mask, uint64_t(predicate != 0), 0,
                                      kWarpSize, place));
}

int64_t reduce(Reduce kind, unsigned mask, int64_t value, Place place) {
  return int64_t(
      executor().exchange(kReductions[size_t(kind)], mask, uint64_t(value), 0, kWarpSize, place));
}

unsigned match(unsigned mask, uint64_t bits, int* all, Place place) {
  const unsigned same = unsigned(executor().exchange(kMatch, mask, bits, 0, kWarpSize, place));
  if (all == nullptr) return same;
  *all = same == mask;
  return *all ? mask : 0;
}

void trap() {
  executor().report("trap", "called __trap");
  executor().abandon();
}

long long clock_ticks() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

void* shared_memory(const void* tag, size_t bytes, size_t alignment) {
  return executor().shared().object(tag, bytes, alignment);
}

void* dynamic_shared_memory() { return executor().shared().dynamic(); }

}  // namespace cudasim
