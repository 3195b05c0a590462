// SPDX-License-Identifier: MIT
// Rows of any strides for functions that take dense rows: operands that are not dense pass through
// buffers in the nearest cache, a block at a time.
//
// So a kernel is compiled for dense rows alone, and all kernels share what picks up and spreads out
// elements, which depends on their size only. An operand that does not move along the row is a
// register in memory, which the kernel reads again and again.
#pragma once

#include "core/tensor/tensor_iterator.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// n elements of each operand, one behind the other from `data`. Where `moves` is 0 and not -1 (all
/// bits), there is one register of equal elements instead.
using DenseRowFunction = void(const void* context, char* const* data, const int64_t* moves,
                              int64_t n);
inline constexpr int64_t kAllMove[TensorIterator::kMaxOperands] = {-1, -1, -1, -1};

namespace detail {

/// n elements `stride` bytes apart come to lie side by side.
template <class U>
ADJOINT_ALWAYS_INLINE void gather_elements(const char* from, int64_t stride, char* to, int64_t n) {
  constexpr int size = kVectorBytes / int(sizeof(U));
  int64_t i = 0;
  if (stride == 2 * int64_t(sizeof(U))) {
    for (; i + size <= n; i += size) {
      auto picked = every_second<U, size>(reinterpret_cast<const U*>(from + i * stride),
                                          std::make_integer_sequence<int, size>());
      store_lanes<U, size>(reinterpret_cast<U*>(to) + i, picked);
    }
  }
  for (; i < n; ++i) __builtin_memcpy(to + i * int64_t(sizeof(U)), from + i * stride, sizeof(U));
}
template <class U>
ADJOINT_ALWAYS_INLINE void scatter_elements(const char* from, char* to, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    __builtin_memcpy(to + i * stride, from + i * int64_t(sizeof(U)), sizeof(U));
  }
}
/// The element at `from` n times.
template <class U>
ADJOINT_ALWAYS_INLINE void repeat_element(const char* from, char* to, int64_t n) {
  U element;
  __builtin_memcpy(&element, from, sizeof element);
  const Vec<U> all(element);
  U* out = reinterpret_cast<U*>(to);
  int64_t i = 0;
  for (; i + Vec<U>::size <= n; i += Vec<U>::size) all.store(out + i);
  if (i < n) all.store(out + i, int(n - i));
}

/// f.operator()<U>() with an unsigned type of so many bytes.
template <class F>
ADJOINT_ALWAYS_INLINE void with_element(int bytes, const F& f) {
  switch (bytes) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    default:
      return f.template operator()<uint64_t>();
  }
}

}  // namespace detail

/// From any stride, also 0: the same element again and again.
__attribute__((noinline)) inline void gather(const char* from, int64_t stride, char* to, int64_t n,
                                             int bytes) {
  detail::with_element(
      bytes, [&]<class U>() __attribute__((always_inline)) {
        stride == 0 ? detail::repeat_element<U>(from, to, n)
                    : detail::gather_elements<U>(from, stride, to, n);
      });
}
__attribute__((noinline)) inline void scatter(const char* from, char* to, int64_t stride, int64_t n,
                                              int bytes) {
  detail::with_element(
      bytes, [&]<class U>() __attribute__((always_inline)) {
        detail::scatter_elements<U>(from, to, stride, n);
      });
}

/// One row of operands, the output first, whose neighbours are `strides` bytes apart and whose
/// elements have `bytes`.
__attribute__((noinline)) inline void run_by_blocks(DenseRowFunction* dense, const void* context,
                                                    int operands, const int8_t* bytes,
                                                    char* const* data, const int64_t* strides,
                                                    int64_t n) {
  constexpr int64_t kBlock = 512;
  constexpr int kMax = TensorIterator::kMaxOperands;
  alignas(64) char buffers[kMax][kBlock * 8];
  char* now[kMax];
  int64_t moves[kMax];
  for (int op = 0; op < operands; ++op) {
    now[op] = buffers[op];
    moves[op] = op != 0 && strides[op] == 0 ? 0 : -1;
    if (moves[op] == 0) gather(data[op], 0, buffers[op], kVectorBytes / bytes[op], bytes[op]);
  }
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t count = n - i < kBlock ? n - i : kBlock;
    for (int op = 0; op < operands; ++op) {
      if (strides[op] == bytes[op]) {
        now[op] = data[op] + i * bytes[op];
      } else if (op != 0 && moves[op] != 0) {
        gather(data[op] + i * strides[op], strides[op], buffers[op], count, bytes[op]);
      }
    }
    dense(context, now, moves, count);
    if (now[0] == buffers[0]) {
      scatter(buffers[0], data[0] + i * strides[0], strides[0], count, bytes[0]);
    }
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
