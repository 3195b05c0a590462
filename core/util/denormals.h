// SPDX-License-Identifier: MIT
// The calling thread's floating-point mode, and flushing subnormal numbers for a while.
//
// Note [Denormals]
// ~~~~~~~~~~~~~~~~
// Many processors take a hundred times as long for subnormal numbers, which training makes plenty
// of once gradients vanish: so a step takes them for zero. Backward, an optimizer's step and the
// replay of what was recorded in them hold a FlushDenormalGuard, which gives the host program's
// mode back however they end; threads of the pool work in the mode of the thread whose work it is.
// A recorded call keeps the mode it was recorded in, so that a replay gives an eager step's bits.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "adjoint/export.h"

namespace adjoint {

/// Whether the program wants them flushed inside of steps (Context::setFlushDenormal).
ADJOINT_API bool wants_flushed_denormals() noexcept;

#if defined(__SSE2__)
/// The control bits of the mode: rounding, masked exceptions, flushing; not what has happened.
using FloatingPointMode = uint32_t;
inline constexpr FloatingPointMode kFlushDenormals = 0x8040;  // results, operands
inline constexpr bool kCanFlushDenormals = true;

inline FloatingPointMode floating_point_mode() noexcept { return _mm_getcsr() & ~0x3Fu; }
inline void set_floating_point_mode(FloatingPointMode mode) noexcept {
  const uint32_t now = _mm_getcsr();
  if ((now & ~0x3Fu) != mode) _mm_setcsr(mode | (now & 0x3Fu));
}
#elif defined(__aarch64__)
using FloatingPointMode = uint64_t;
inline constexpr FloatingPointMode kFlushDenormals = uint64_t{1} << 24;
inline constexpr bool kCanFlushDenormals = true;

inline FloatingPointMode floating_point_mode() noexcept {
  FloatingPointMode mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
inline void set_floating_point_mode(FloatingPointMode mode) noexcept {
  if (floating_point_mode() != mode) __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}
#else
using FloatingPointMode = uint32_t;
inline constexpr FloatingPointMode kFlushDenormals = 0;
inline constexpr bool kCanFlushDenormals = false;

inline FloatingPointMode floating_point_mode() noexcept { return 0; }
inline void set_floating_point_mode(FloatingPointMode) noexcept {}
#endif

inline bool flushes_denormals() noexcept { return (floating_point_mode() & kFlushDenormals) != 0; }
/// The other bits of the mode stay.
inline void set_flushes_denormals(bool on) noexcept {
  const FloatingPointMode mode = floating_point_mode();
  set_floating_point_mode(on ? mode | kFlushDenormals : mode & ~kFlushDenormals);
}

/// The thread's mode comes back at the end of the scope.
class FloatingPointModeGuard {
 public:
  FloatingPointModeGuard() noexcept : before_(floating_point_mode()) {}
  ~FloatingPointModeGuard() { set_floating_point_mode(before_); }
  FloatingPointModeGuard(const FloatingPointModeGuard&) = delete;
  FloatingPointModeGuard& operator=(const FloatingPointModeGuard&) = delete;

 private:
  FloatingPointMode before_;
};

/// Subnormal numbers are zero for this thread in the scope, unless the program wants them
/// (Context::setFlushDenormal).
class FlushDenormalGuard {
 public:
  FlushDenormalGuard() noexcept {
    if (wants_flushed_denormals()) set_flushes_denormals(true);
  }

 private:
  FloatingPointModeGuard mode_;
};

}  // namespace adjoint
