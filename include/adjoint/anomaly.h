// SPDX-License-Identifier: MIT
// Anomaly mode: finding the operation behind a NaN or an error of a backward pass.
//
//   autograd::DetectAnomalyGuard detect_anomaly;
//   Tensor loss = net(x);  // each operation remembers where it was called
//   loss.backward();       // throws at the first backward function that returns NaN:
//
//   Function 'LogBackward0' returned nan values in its 0th output.
//     forward: model.cpp:42 in Net::forward, module Net.fc1
//
// Note [Source locations]
// While anomaly mode is enabled, an operation that is recorded for backward notes the return
// addresses on the stack: 0.1 microseconds where libunwind (libunwind.so.8) is installed, else 1.5.
// They become text only where text is asked for. What is named then is the innermost call outside
// of namespaces `adjoint` and `std`: of the line `relu(fc1(x))` in Net::forward, for both
// operations. Functions, files and lines need a program compiled with -g (optimised code may: -O2
// -g), and a library built where elfutils' libdw was found. Without, there is the function, where
// the program is not stripped, and an address for addr2line: "train+0x1234". A call that the
// compiler made a jump, being the last of a function, leaves no address: its caller is named.
#pragma once

#include <cstdint>

#include "adjoint/atomic.h"
#include "adjoint/export.h"

namespace adjoint {
namespace detail {

/// What is being watched, one word for the hot paths to test: 0 where nothing is.
struct Watch {
  static constexpr uint32_t kAnomaly = 1, kForwardNan = 2, kForwardInf = 4;
  static constexpr uint32_t kModuleCalls = 256;  ///< counts those who watch calls of modules
};
ADJOINT_API extern Atomic<uint32_t> watch;

}  // namespace detail

namespace autograd {

/// What the outputs of recorded forward operations are searched for.
enum class ForwardCheck : uint8_t { Off, Nan, NonFinite };

/// All of it holds for all threads.
class ADJOINT_API AnomalyMode {
 public:
  /// Whether operations note where they were called, and backward explains its errors.
  static bool is_enabled() noexcept {
    return (adjoint::detail::watch.relaxed() & adjoint::detail::Watch::kAnomaly) != 0;
  }
  /// Whether backward, where the mode is enabled, looks for NaN in what each of its functions
  /// returns. That waits for the device: a reduction and a read per gradient. On at start.
  static bool should_check_nan() noexcept;
  /// With `check_nan` off the mode costs what Note [Source locations] says, and can be left on.
  static void set_enabled(bool enabled, bool check_nan = true) noexcept;

  /// Also searches the outputs of forward operations that are recorded for backward, while the mode
  /// is enabled: the first that has NaN (or infinities too) throws Error with its name. As costly
  /// as check_nan. Off at start. Infinities may be meant, as in masks.
  static void set_check_forward(ForwardCheck check) noexcept;
  static ForwardCheck check_forward() noexcept;
};

/// Enables anomaly mode in its scope, for all threads; where scopes overlap, until the last ends.
class ADJOINT_API DetectAnomalyGuard {
 public:
  explicit DetectAnomalyGuard(bool check_nan = true);
  ~DetectAnomalyGuard();
  DetectAnomalyGuard(const DetectAnomalyGuard&) = delete;
  DetectAnomalyGuard& operator=(const DetectAnomalyGuard&) = delete;

 private:
  bool previous_check_nan_;
};

}  // namespace autograd
}  // namespace adjoint
