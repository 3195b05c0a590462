// SPDX-License-Identifier: MIT
#include "adjoint/nn/activation.h"

#include <ostream>

namespace adjoint::nn {

void GELUImpl::pretty_print(std::ostream& out) const {
  out << "GELU(approximate='" << options.approximate() << "')";
}
void SoftmaxImpl::pretty_print(std::ostream& out) const {
  out << "Softmax(dim=" << options.dim() << ")";
}
void LogSoftmaxImpl::pretty_print(std::ostream& out) const {
  out << "LogSoftmax(dim=" << options.dim() << ")";
}

}  // namespace adjoint::nn
