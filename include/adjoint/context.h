// SPDX-License-Identifier: MIT
// The switches by which a program chooses between exact and fast, and between libraries.
#pragma once

#include <cstdint>
#include <string_view>

#include "adjoint/atomic.h"
#include "adjoint/export.h"

namespace adjoint {

/// Of matrix products of float: HIGHEST multiplies float as it is; HIGH and MEDIUM let GPUs round
/// the factors to TF32, of 10 bits of mantissa, and sum in float.
enum class Float32MatmulPrecision : uint8_t { HIGHEST, HIGH, MEDIUM };

/// The process's switches, of all its threads and devices. They are read when an operation is
/// enqueued; one that is captured keeps what it was captured with. Without a CUDA device they
/// change nothing. Unlike LibTorch, nothing that rounds more than float or whose result may differ
/// from run to run is on at first.
class ADJOINT_API Context {
 public:
  /// HIGHEST at first.
  Float32MatmulPrecision float32MatmulPrecision() const noexcept {
    return Float32MatmulPrecision{precision_.relaxed()};
  }
  void setFloat32MatmulPrecision(Float32MatmulPrecision precision) noexcept {
    precision_.store_relaxed(uint8_t(precision));
  }
  /// By the names "highest", "high" and "medium"; throws Error for others.
  void setFloat32MatmulPrecision(std::string_view name);
  /// The same switch, as far as cuBLAS is concerned: true is HIGH, false HIGHEST.
  bool allowTF32CuBLAS() const noexcept {
    return float32MatmulPrecision() != Float32MatmulPrecision::HIGHEST;
  }
  void setAllowTF32CuBLAS(bool allow) noexcept {
    setFloat32MatmulPrecision(allow ? Float32MatmulPrecision::HIGH
                                    : Float32MatmulPrecision::HIGHEST);
  }

  /// Whether the CPU takes subnormal numbers for zero inside of a step: in backward, in
  /// optimizers' steps and in what was recorded there. True at first: many processors are very slow
  /// on subnormal numbers. Outside, and after any of these, the floating-point mode is the host
  /// program's own, which the library leaves alone.
  bool flushDenormal() const noexcept { return flush_denormal_.relaxed(); }
  /// Returns whether this processor can do so.
  bool setFlushDenormal(bool on) noexcept;

  /// Whether convolutions are left to cuDNN where it was found and is expected to be faster. True
  /// at first.
  bool userEnabledCuDNN() const noexcept { return enabled_cudnn_.relaxed(); }
  void setUserEnabledCuDNN(bool enabled) noexcept { enabled_cudnn_.store_relaxed(enabled); }
  /// Whether cuDNN is kept to algorithms that give the same bits every time. True at first.
  bool deterministicCuDNN() const noexcept { return deterministic_cudnn_.relaxed(); }
  void setDeterministicCuDNN(bool deterministic) noexcept {
    deterministic_cudnn_.store_relaxed(deterministic);
  }
  /// Whether cuDNN may round float to TF32. False at first.
  bool allowTF32CuDNN() const noexcept { return allow_tf32_cudnn_.relaxed(); }
  void setAllowTF32CuDNN(bool allow) noexcept { allow_tf32_cudnn_.store_relaxed(allow); }

 private:
  detail::Atomic<uint8_t> precision_;
  detail::Atomic<bool> flush_denormal_ = true;
  detail::Atomic<bool> enabled_cudnn_ = true, deterministic_cudnn_ = true, allow_tf32_cudnn_;
};

ADJOINT_API Context& globalContext() noexcept;

}  // namespace adjoint
