// SPDX-License-Identifier: MIT
// Losses of training steps on their way to the host, for which nobody waits.
//
//   adjoint::LossRing losses(64, device);
//   auto step = adjoint::capture([&](const Tensor& x, const Tensor& y) {
//     ...
//     losses.push(loss);
//   });
//   for (auto& batch : *loader) {
//     step.replay(batch.data, batch.target);
//     for (double loss : losses.poll()) log(loss);
//   }
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "adjoint/tensor.h"

namespace adjoint {

/// The last `capacity` numbers that steps have left, in memory of the steps' device. One thread at
/// a time. Copies are of no use, for a captured step writes into the ring that it was recorded
/// with: it must outlive the step.
class ADJOINT_API LossRing {
 public:
  /// Throws ValueError for a capacity below 1.
  explicit LossRing(int64_t capacity = 64, Device device = get_default_device());
  ~LossRing();
  LossRing(const LossRing&) = delete;
  LossRing& operator=(const LossRing&) = delete;

  /// Adds the value of a tensor of one element, on the ring's device and of a floating-point dtype,
  /// in the order of the current stream: a kernel of the step, which is captured with it. Throws
  /// Error for other tensors.
  void push(const Tensor& loss);

  /// Numbers that have reached the host since the last call of poll() or read(), the oldest first.
  /// Never waits: on the CPU these are all; on another device a copy is begun that a later call
  /// finds. To be called on the stream of the steps.
  std::vector<double> poll();
  /// Waits for all steps so far, and returns what poll() has not returned.
  std::vector<double> read();

  int64_t capacity() const noexcept { return capacity_; }
  /// Numbers that poll() and read() never saw, because more than `capacity` came between two
  /// copies.
  uint64_t num_lost() const noexcept { return num_lost_; }

 private:
  struct Copy;
  std::vector<double> take();

  int64_t capacity_;
  uint64_t num_seen_ = 0, num_lost_ = 0;
  Tensor ring_;  // the count of all numbers, and `capacity` of them: number i in ring_[1 + i %
                 // capacity]
  std::unique_ptr<Copy> copy_;
};

}  // namespace adjoint
