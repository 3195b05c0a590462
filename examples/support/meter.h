// SPDX-License-Identifier: MIT
// Mean loss and accuracy of a classifier over many batches.
#pragma once

#include "adjoint/adjoint.h"

namespace support {

/// Adds up on the device, so that nobody waits for it until a number is asked for.
class Meter {
 public:
  explicit Meter(adjoint::Device device)
      : loss_(adjoint::zeros({}, adjoint::device(device).dtype(adjoint::kDouble))),
        hits_(adjoint::zeros({}, adjoint::device(device).dtype(adjoint::kLong))) {}

  /// A batch: logits [n, classes], labels [n] and the mean loss.
  void add(const adjoint::Tensor& logits, const adjoint::Tensor& labels,
           const adjoint::Tensor& loss) {
    adjoint::NoGradGuard no_grad;
    loss_.add_(loss, labels.size(0));
    hits_.add_((logits.argmax(1) == labels).sum());
    count_ += labels.size(0);
  }
  double loss() const { return loss_.item<double>() / double(count_); }
  double accuracy() const { return double(hits()) / double(count_); }
  int64_t hits() const { return hits_.item<int64_t>(); }
  int64_t count() const { return count_; }

 private:
  adjoint::Tensor loss_, hits_;
  int64_t count_ = 0;
};

}  // namespace support
