// SPDX-License-Identifier: MIT
#include "adjoint/nn/dropout.h"

#include <ostream>

namespace adjoint::nn {

DropoutImpl::DropoutImpl(const DropoutOptions& o) : options(o) {
  ADJOINT_CHECK_VALUE(o.p() >= 0 && o.p() <= 1,
                      "dropout probability has to be between 0 and 1, but got ", o.p());
}

void DropoutImpl::pretty_print(std::ostream& out) const {
  out << "Dropout(p=" << options.p() << ", inplace=False)";
}

}  // namespace adjoint::nn
