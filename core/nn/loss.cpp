// SPDX-License-Identifier: MIT
#include "adjoint/nn/loss.h"

#include <ostream>

#include "core/nn/print.h"

namespace adjoint::nn {

NLLLossImpl::NLLLossImpl(const NLLLossOptions& o) : options(o) {
  weight = register_buffer("weight", o.weight());
}

CrossEntropyLossImpl::CrossEntropyLossImpl(const CrossEntropyLossOptions& o) : options(o) {
  weight = register_buffer("weight", o.weight());
}

BCELossImpl::BCELossImpl(const BCELossOptions& o) : options(o) {
  weight = register_buffer("weight", o.weight());
}

namespace functional {

Tensor kl_div(const Tensor& input, const Tensor& target, const KLDivFuncOptions& options) {
  if (!options.is_batch_mean()) {
    return adjoint::kl_div(input, target, options.reduction(), options.log_target());
  }
  Tensor sum = adjoint::kl_div(input, target, Reduction::Sum, options.log_target());
  return input.dim() == 0 ? sum : sum / double(input.size(0));
}

}  // namespace functional

// As LibTorch has them, with and without an empty list of settings.
void SmoothL1LossImpl::pretty_print(std::ostream& out) const {
  out << "SmoothL1Loss" << (is_libtorch_style(out) ? "" : "()");
}
void HuberLossImpl::pretty_print(std::ostream& out) const {
  out << "HuberLoss" << (is_libtorch_style(out) ? "" : "()");
}

BCEWithLogitsLossImpl::BCEWithLogitsLossImpl(const BCEWithLogitsLossOptions& o) : options(o) {
  weight = register_buffer("weight", o.weight());
  pos_weight = register_buffer("pos_weight", o.pos_weight());
}

}  // namespace adjoint::nn
