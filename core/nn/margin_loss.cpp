// SPDX-License-Identifier: MIT
#include "adjoint/nn/margin_loss.h"

#include <ostream>

#include "core/nn/print.h"
#include "core/ops/loss_support.h"

namespace adjoint::nn {

void HingeEmbeddingLossImpl::pretty_print(std::ostream& out) const {
  out << "HingeEmbeddingLoss(margin=" << options.margin() << ")";
}

void CosineEmbeddingLossImpl::pretty_print(std::ostream& out) const {
  out << "CosineEmbeddingLoss(margin=" << options.margin() << ")";
}

void TripletMarginLossImpl::pretty_print(std::ostream& out) const {
  out << "TripletMarginLoss(margin=" << options.margin() << ", p=" << options.p()
      << ", eps=" << options.eps() << ", swap=" << yes_no(options.swap()) << ")";
}

void TripletMarginWithDistanceLossImpl::pretty_print(std::ostream& out) const {
  out << "TripletMarginWithDistanceLoss(margin=" << options.margin()
      << ", swap=" << yes_no(options.swap()) << ")";
}

Tensor functional::triplet_margin_with_distance_loss(
    const Tensor& anchor, const Tensor& positive, const Tensor& negative,
    const TripletMarginWithDistanceLossFuncOptions& options) {
  ADJOINT_CHECK(options.margin() >= 0,
                "triplet_margin_with_distance_loss: expected margin >= 0, got ", options.margin());
  auto distance = [&](const Tensor& x, const Tensor& y) {
    return options.distance_function() ? (*options.distance_function())(x, y)
                                       : pairwise_distance(x, y);
  };
  Tensor near = distance(anchor, positive), far = distance(anchor, negative);
  if (options.swap()) far = minimum(far, distance(positive, negative));
  return reduced((near - far + options.margin()).clamp_min(0), options.reduction());
}

MultiMarginLossImpl::MultiMarginLossImpl(const MultiMarginLossOptions& o) : options(o) {
  ADJOINT_CHECK_VALUE(o.p() == 1 || o.p() == 2, "only p == 1 and p == 2 supported, got ", o.p());
  ADJOINT_CHECK_VALUE(!o.weight().defined() || o.weight().dim() == 1,
                      "MultiMarginLoss: expected a weight of one dimension, got ",
                      o.weight().defined() ? o.weight().dim() : 0);
  weight = register_buffer("weight", o.weight());
}

void MultiMarginLossImpl::pretty_print(std::ostream& out) const {
  out << "MultiMarginLoss(p=" << options.p() << ", margin=" << options.margin() << ")";
}

MultiLabelSoftMarginLossImpl::MultiLabelSoftMarginLossImpl(const MultiLabelSoftMarginLossOptions& o)
    : options(o) {
  weight = register_buffer("weight", o.weight());
}

}  // namespace adjoint::nn
