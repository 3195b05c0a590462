// SPDX-License-Identifier: MIT
#include "adjoint/loss_ring.h"

#include <algorithm>

#include "adjoint/autograd.h"
#include "adjoint/backend.h"
#include "core/capture/loss_ring.h"
#include "core/capture/recorder.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constinit PushToRingOp push_to_ring_op{"push_to_ring", {.differentiable = false}};

}  // namespace

void register_loss_ring_ops(OpRegistry& registry) { registry.add(push_to_ring_op); }

/// The ring as it was when `done` was recorded, in memory of the host.
struct LossRing::Copy {
  Tensor host;
  Event done;
  bool is_under_way = false;
};

LossRing::LossRing(int64_t capacity, Device device)
    : capacity_(capacity), copy_(std::make_unique<Copy>()) {
  ADJOINT_CHECK_VALUE(capacity >= 1, "LossRing: expected a capacity of at least 1, got ", capacity);
  ring_ = zeros({capacity + 1}, dtype(kDouble).device(device));
  Backend& backend = get_backend(ring_.device().type());
  copy_->host = ring_.is_cpu()               ? ring_
                : backend.pinned_allocator() ? make_pinned(ring_.sizes(), kDouble, kCPU)
                                             : empty(ring_.sizes(), dtype(kDouble).device(kCPU));
}

LossRing::~LossRing() = default;

void LossRing::push(const Tensor& loss) {
  ADJOINT_CHECK(loss.numel() == 1 && loss.is_floating_point(),
                "LossRing::push: expected a floating-point tensor of one element, got sizes ",
                loss.sizes(), " of dtype ", loss.dtype());
  check_same_device("LossRing::push", ring_, loss);
  push_to_ring_op(stream_for(ring_), ring_, loss);
}

std::vector<double> LossRing::poll() {
  refuse_capture("LossRing::poll", kHostRead);
  if (ring_.is_same(copy_->host)) return take();
  std::vector<double> out;
  if (copy_->is_under_way) {
    if (!copy_->done.query()) return out;
    out = take();
  }
  const Stream stream = stream_for(ring_);
  get_backend(ring_.device().type())
      .copy_to_host(copy_->host.data_ptr(), ring_.data_ptr(), ring_.nbytes(), stream, true);
  copy_->done.record(stream);
  copy_->is_under_way = true;
  return out;
}

std::vector<double> LossRing::read() {
  refuse_capture("LossRing::read", kHostRead);
  if (!ring_.is_same(copy_->host)) {
    if (copy_->is_under_way) copy_->done.synchronize();
    copy_->is_under_way = false;
    get_backend(ring_.device().type())
        .copy_to_host(copy_->host.data_ptr(), ring_.data_ptr(), ring_.nbytes(), stream_for(ring_));
    stream_for(ring_).synchronize();
  }
  return take();
}

std::vector<double> LossRing::take() {
  const double* host = static_cast<const double*>(copy_->host.data_ptr());
  const uint64_t count = uint64_t(host[0]);
  const uint64_t kept = std::min(count, uint64_t(capacity_));
  if (count - kept > num_seen_) {
    num_lost_ += count - kept - num_seen_;
    num_seen_ = count - kept;
  }
  std::vector<double> out;
  for (; num_seen_ < count; ++num_seen_) {
    out.push_back(host[1 + num_seen_ % uint64_t(capacity_)]);
  }
  return out;
}

}  // namespace adjoint
