// SPDX-License-Identifier: MIT
// Atomic words for public headers. The standard's <atomic> costs every program that includes it
// 25,000 lines (waiting, clocks, threads); these are the few operations that are needed.
#pragma once

#include <cstdint>

namespace adjoint::detail {

template <class T>
class Atomic {
 public:
  constexpr Atomic() = default;
  constexpr Atomic(T value) : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T relaxed() const noexcept { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
  T acquire() const noexcept { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
  void store_relaxed(T v) noexcept { __atomic_store_n(&value_, v, __ATOMIC_RELAXED); }
  void store_release(T v) noexcept { __atomic_store_n(&value_, v, __ATOMIC_RELEASE); }
  T add_relaxed(T n) noexcept { return __atomic_fetch_add(&value_, n, __ATOMIC_RELAXED); }
  /// Acquire and release.
  T subtract(T n) noexcept { return __atomic_fetch_sub(&value_, n, __ATOMIC_ACQ_REL); }
  T exchange(T v) noexcept { return __atomic_exchange_n(&value_, v, __ATOMIC_ACQ_REL); }
  /// Acquire and release on success; `expected` becomes what was found.
  bool compare_exchange(T& expected, T desired) noexcept {
    return __atomic_compare_exchange_n(&value_, &expected, desired, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
  }

 private:
  T value_{};
};

/// For a few instructions at a time.
class SpinLock {
 public:
  void lock() noexcept {
    while (held_.exchange(1) != 0) {
      while (held_.relaxed() != 0) pause();
    }
  }
  void unlock() noexcept { held_.store_release(0); }

 private:
  static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
  Atomic<uint32_t> held_;
};

class SpinGuard {
 public:
  explicit SpinGuard(SpinLock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~SpinGuard() { lock_.unlock(); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  SpinLock& lock_;
};

}  // namespace adjoint::detail
