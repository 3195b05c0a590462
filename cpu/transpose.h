// SPDX-License-Identifier: MIT
// Transposing a block of elements: each cache line is read once and whole.
#pragma once

#include <cstdint>
#include <cstring>

namespace adjoint::cpu {

namespace detail {

typedef float Four __attribute__((vector_size(16)));

inline Four load_four(const char* p) {
  Four v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store_four(char* p, Four v) { std::memcpy(p, &v, sizeof v); }

/// 4 rows of 4 elements of 4 bytes.
inline void transpose_four(const char* from, int64_t from_row, char* to, int64_t to_row) {
  const Four a = load_four(from), b = load_four(from + from_row),
             c = load_four(from + 2 * from_row), d = load_four(from + 3 * from_row);
  const Four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
             AB = __builtin_shufflevector(a, b, 2, 6, 3, 7),
             cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
             CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store_four(to, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
  store_four(to + to_row, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
  store_four(to + 2 * to_row, __builtin_shufflevector(AB, CD, 0, 1, 4, 5));
  store_four(to + 3 * to_row, __builtin_shufflevector(AB, CD, 2, 3, 6, 7));
}

template <int Bytes>
void transpose_elements(const char* from, int64_t from_row, int64_t rows, int64_t columns, char* to,
                        int64_t to_row) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      std::memcpy(to + j * to_row + i * Bytes, from + i * from_row + j * Bytes, Bytes);
    }
  }
}

}  // namespace detail

/// `rows` of `columns` neighbouring elements, `from_row` bytes from one to the next, become
/// `columns` rows, `to_row` bytes apart.
inline void transpose(const char* from, int64_t from_row, int64_t rows, int64_t columns, char* to,
                      int64_t to_row, int64_t bytes) {
  switch (bytes) {
    case 1:
      return detail::transpose_elements<1>(from, from_row, rows, columns, to, to_row);
    case 2:
      return detail::transpose_elements<2>(from, from_row, rows, columns, to, to_row);
    case 4: {
      const int64_t whole_rows = rows - rows % 4, whole = columns - columns % 4;
      for (int64_t i = 0; i < whole_rows; i += 4) {
        for (int64_t j = 0; j < whole; j += 4) {
          detail::transpose_four(from + i * from_row + j * 4, from_row, to + j * to_row + i * 4,
                                 to_row);
        }
      }
      detail::transpose_elements<4>(from + whole * 4, from_row, whole_rows, columns - whole,
                                    to + whole * to_row, to_row);
      return detail::transpose_elements<4>(from + whole_rows * from_row, from_row,
                                           rows - whole_rows, columns, to + whole_rows * 4, to_row);
    }
    default:
      return detail::transpose_elements<8>(from, from_row, rows, columns, to, to_row);
  }
}

}  // namespace adjoint::cpu
