// SPDX-License-Identifier: MIT
// CUDA's atomic functions. They are relaxed, as on a GPU, but for those that programs build tickets
// and locks from: these order memory too, in place of the fences around them, so that a race
// detector understands them.
#pragma once

#include <cstring>

namespace cudasim {

template <class T, class F>
T atomic_update(T* address, F f) {
  T old;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  for (;;) {
    T desired = f(old);
    if (__atomic_compare_exchange(address, &old, &desired, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_RELAXED)) {
      return old;
    }
  }
}

}  // namespace cudasim

#define CUDASIM_ATOMIC(T, name, f)                                                            \
  inline T name(T* address, T value) {                                                        \
    return cudasim::atomic_update(address,                                                    \
                                  [=]([[maybe_unused]] T old) { return static_cast<T>(f); }); \
  }                                                                                           \
  inline T name##_system(T* address, T value) { return name(address, value); }                \
  inline T name##_block(T* address, T value) { return name(address, value); }
#define CUDASIM_ATOMICS_FETCH(T)                                                       \
  inline T atomicAdd(T* address, T value) {                                            \
    return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);                       \
  }                                                                                    \
  inline T atomicAdd_system(T* address, T value) { return atomicAdd(address, value); } \
  inline T atomicAdd_block(T* address, T value) { return atomicAdd(address, value); }
#define CUDASIM_ATOMICS_ORDERED(T)                        \
  CUDASIM_ATOMIC(T, atomicMin, value < old ? value : old) \
  CUDASIM_ATOMIC(T, atomicMax, value > old ? value : old) \
  CUDASIM_ATOMIC(T, atomicAnd, old bitand value)          \
  CUDASIM_ATOMIC(T, atomicOr, old | value)                \
  CUDASIM_ATOMIC(T, atomicXor, old ^ value)
#define CUDASIM_ATOMICS_CAS(T)                                                        \
  inline T atomicCAS(T* address, T expected, T desired) {                             \
    __atomic_compare_exchange_n(address, &expected, desired, false, __ATOMIC_ACQ_REL, \
                                __ATOMIC_ACQUIRE);                                    \
    return expected;                                                                  \
  }                                                                                   \
  inline T atomicCAS_system(T* address, T expected, T desired) {                      \
    return atomicCAS(address, expected, desired);                                     \
  }                                                                                   \
  inline T atomicCAS_block(T* address, T expected, T desired) {                       \
    return atomicCAS(address, expected, desired);                                     \
  }
CUDASIM_ATOMICS_FETCH(int)
CUDASIM_ATOMICS_FETCH(unsigned)
CUDASIM_ATOMICS_FETCH(unsigned long long)
CUDASIM_ATOMIC(float, atomicAdd, old + value)
CUDASIM_ATOMIC(double, atomicAdd, old + value)
CUDASIM_ATOMIC(int, atomicSub, unsigned(old) - unsigned(value))
CUDASIM_ATOMIC(unsigned, atomicSub, old - value)
CUDASIM_ATOMIC(int, atomicExch, value)
CUDASIM_ATOMIC(unsigned, atomicExch, value)
CUDASIM_ATOMIC(unsigned long long, atomicExch, value)
CUDASIM_ATOMIC(float, atomicExch, value)
CUDASIM_ATOMIC(unsigned, atomicInc, old >= value ? 0 : old + 1)
CUDASIM_ATOMIC(unsigned, atomicDec, old == 0 || old > value ? value : old - 1)
CUDASIM_ATOMICS_ORDERED(int)
CUDASIM_ATOMICS_ORDERED(unsigned)
CUDASIM_ATOMICS_ORDERED(long long)
CUDASIM_ATOMICS_ORDERED(unsigned long long)
CUDASIM_ATOMICS_CAS(int)
CUDASIM_ATOMICS_CAS(unsigned)
CUDASIM_ATOMICS_CAS(unsigned long long)
CUDASIM_ATOMICS_CAS(unsigned short)
#undef CUDASIM_ATOMIC
#undef CUDASIM_ATOMICS_FETCH
#undef CUDASIM_ATOMICS_ORDERED
#undef CUDASIM_ATOMICS_CAS
