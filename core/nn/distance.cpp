// SPDX-License-Identifier: MIT
#include "adjoint/nn/distance.h"

#include <ostream>

#include "core/nn/print.h"

namespace adjoint::nn {

void CosineSimilarityImpl::pretty_print(std::ostream& out) const {
  out << "CosineSimilarity(dim=" << options.dim() << ", eps=" << options.eps() << ")";
}
void PairwiseDistanceImpl::pretty_print(std::ostream& out) const {
  out << "PairwiseDistance(p=" << options.p() << ", eps=" << options.eps()
      << ", keepdim=" << yes_no(options.keepdim()) << ")";
}

}  // namespace adjoint::nn
