// SPDX-License-Identifier: MIT
// What the templates of the stand-ins for CUB need not each have of their own.
#include <array>
#include <numeric>

#include "cudasim/sort.h"

namespace cudasim {

std::vector<int64_t> stable_order(std::vector<uint64_t> keys) {
  std::vector<int64_t> order(keys.size()), next_order(keys.size());
  std::vector<uint64_t> next_keys(keys.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  const uint64_t used = std::accumulate(keys.begin(), keys.end(), uint64_t{0},
                                        [](uint64_t a, uint64_t b) { return a | b; });
  for (int shift = 0; shift < 64 && used >> shift != 0; shift += 8) {
    std::array<size_t, 257> begin{};
    for (uint64_t key : keys) ++begin[(key >> shift & 0xff) + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    for (size_t i = 0; i < keys.size(); ++i) {
      const size_t to = begin[keys[i] >> shift & 0xff]++;
      next_keys[to] = keys[i];
      next_order[to] = order[i];
    }
    keys.swap(next_keys);
    order.swap(next_order);
  }
  return order;
}

}  // namespace cudasim
