// SPDX-License-Identifier: MIT
#include "core/capture/memory_plan.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace adjoint {
namespace {

constexpr size_t kAlignment = 64;

size_t rounded(size_t nbytes) { return (nbytes + kAlignment - 1) / kAlignment * kAlignment; }

size_t most_at_one_time(const std::vector<Lifetime>& buffers) {
  struct Event {
    int call;
    bool is_end;
    size_t nbytes;
  };
  std::vector<Event> events;
  for (const Lifetime& b : buffers) {
    events.push_back({b.first, false, rounded(b.nbytes)});
    events.push_back({b.last, true, rounded(b.nbytes)});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.call != b.call ? a.call < b.call : a.is_end < b.is_end;
  });
  size_t now = 0, most = 0;
  for (const Event& e : events) {
    now = e.is_end ? now - e.nbytes : now + e.nbytes;
    most = std::max(most, now);
  }
  return most;
}

/// Places the buffers one after the other, each in the smallest gap that it fits into between those
/// that live at the same time, or else behind them.
size_t place(const std::vector<Lifetime>& buffers, const std::vector<int>& order,
             std::vector<size_t>& offsets) {
  std::vector<int> placed;  // by offset
  size_t end = 0;
  for (int i : order) {
    const Lifetime& b = buffers[size_t(i)];
    const size_t nbytes = rounded(b.nbytes);
    size_t at = 0, best = 0, best_gap = SIZE_MAX;
    for (int j : placed) {
      const Lifetime& other = buffers[size_t(j)];
      if (other.last < b.first || b.last < other.first) continue;
      const size_t begins = offsets[size_t(j)];
      if (begins > at && begins - at >= nbytes && begins - at < best_gap) {
        best = at;
        best_gap = begins - at;
      }
      at = std::max(at, begins + rounded(other.nbytes));
    }
    offsets[size_t(i)] = best_gap == SIZE_MAX ? at : best;
    end = std::max(end, offsets[size_t(i)] + nbytes);
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), i,
                         [&](int a, int c) { return offsets[size_t(a)] < offsets[size_t(c)]; }),
        i);
  }
  return end;
}

}  // namespace

MemoryPlan plan_memory(const std::vector<Lifetime>& buffers) {
  MemoryPlan plan;
  plan.max_live = most_at_one_time(buffers);
  std::vector<int> order(buffers.size());
  const auto try_order = [&](auto&& goes_before) {
    if (!plan.offsets.empty() && plan.nbytes == plan.max_live) return;
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return goes_before(buffers[size_t(a)], buffers[size_t(b)]);
    });
    std::vector<size_t> offsets(buffers.size());
    const size_t nbytes = place(buffers, order, offsets);
    if (!plan.offsets.empty() && nbytes >= plan.nbytes) return;
    plan.offsets = std::move(offsets);
    plan.nbytes = nbytes;
  };
  const auto length = [](const Lifetime& b) { return b.last - b.first; };
  try_order([](const Lifetime& a, const Lifetime& b) { return a.nbytes > b.nbytes; });
  try_order([&](const Lifetime& a, const Lifetime& b) {
    return double(a.nbytes) * (length(a) + 1) > double(b.nbytes) * (length(b) + 1);
  });
  try_order([&](const Lifetime& a, const Lifetime& b) { return length(a) > length(b); });
  try_order([](const Lifetime& a, const Lifetime& b) { return a.first < b.first; });
  return plan;
}

}  // namespace adjoint
