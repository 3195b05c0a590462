// SPDX-License-Identifier: MIT
#include "adjoint/nn/dropout.h"

#include <ostream>

#include "core/nn/print.h"

namespace adjoint::nn {

DropoutImplBase::DropoutImplBase(const DropoutOptions& o) : options(o) {
  ADJOINT_CHECK_VALUE(o.p() >= 0 && o.p() <= 1,
                      "dropout probability has to be between 0 and 1, but got ", o.p());
}

Tensor DropoutImplBase::forward(const Tensor& input) {
  Tensor output = drop(input);
  return options.inplace() && !output.is_same(input) ? input.copy_(output) : output;
}

void DropoutImplBase::pretty_print(std::ostream& out) const {
  out << name() << "(p=" << options.p() << ", inplace=" << yes_no(options.inplace()) << ")";
}

}  // namespace adjoint::nn
