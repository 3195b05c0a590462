// SPDX-License-Identifier: MIT
#include "adjoint/nn/loss.h"

namespace adjoint::nn {

NLLLossImpl::NLLLossImpl(const NLLLossOptions& o) : options(o) {
  weight = register_buffer("weight", o.weight());
}

CrossEntropyLossImpl::CrossEntropyLossImpl(const CrossEntropyLossOptions& o) : options(o) {
  weight = register_buffer("weight", o.weight());
}

BCEWithLogitsLossImpl::BCEWithLogitsLossImpl(const BCEWithLogitsLossOptions& o) : options(o) {
  weight = register_buffer("weight", o.weight());
  pos_weight = register_buffer("pos_weight", o.pos_weight());
}

}  // namespace adjoint::nn
