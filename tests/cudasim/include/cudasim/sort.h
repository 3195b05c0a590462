// SPDX-License-Identifier: MIT
// The order in which CUB sorts numbers.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "cudasim/library.h"

namespace cudasim {

/// The places of the keys in ascending order; equal ones stay in theirs.
std::vector<int64_t> stable_order(std::vector<uint64_t> keys);

/// A number whose order as an unsigned one is the key's: negative floats, NaNs with a sign among
/// them, come first, other NaNs last; -0 equals 0.
template <class Key>
uint64_t ordered_bits(Key key) {
  constexpr int bit_count = 8 * sizeof(Key);
  constexpr uint64_t sign = uint64_t{1} << (bit_count - 1), all = sign | (sign - 1);
  uint64_t bits = 0;
  std::memcpy(&bits, &key, sizeof key);
  if constexpr (std::is_unsigned_v<Key>)
    return bits;
  else if constexpr (std::is_integral_v<Key>)
    return bits ^ sign;
  else if (bits == sign)
    return sign;
  else
    return bits & sign ? ~bits & all : bits | sign;
}

struct SortOrder {
  bool descending = false;
  int begin_bit = 0, end_bit = 64;

  template <class Key>
  uint64_t operator()(Key key) const {
    const uint64_t bits = descending ? ~ordered_bits(key) : ordered_bits(key);
    const int width = end_bit - begin_bit;
    return bits >> begin_bit & (width < 64 ? (uint64_t{1} << width) - 1 : ~uint64_t{0});
  }
};

/// Sorts [begin, end). What is read is read before anything is written.
template <class Key, class Value>
void sort_range(const Key* keys, Key* sorted_keys, const Value* values, Value* sorted_values,
                int64_t begin, int64_t end, const SortOrder& order) {
  std::vector<uint64_t> bits;
  for (int64_t i = begin; i < end; ++i) bits.push_back(order(keys[i]));
  const std::vector<int64_t> from = stable_order(std::move(bits));
  const std::vector<Key> old_keys(keys + begin, keys + end);
  for (size_t i = 0; i < from.size(); ++i)
    sorted_keys[begin + int64_t(i)] = old_keys[size_t(from[i])];
  if (values == nullptr) return;
  const std::vector<Value> old_values(values + begin, values + end);
  for (size_t i = 0; i < from.size(); ++i) {
    sorted_values[begin + int64_t(i)] = old_values[size_t(from[i])];
  }
}

/// What a sort that does not keep its input does to that. It has no more than its size.
template <class T>
void spoil(T* data, int64_t count) {
  if (data != nullptr) std::memset(static_cast<void*>(data), 0xff, size_t(count) * sizeof(T));
}

}  // namespace cudasim
