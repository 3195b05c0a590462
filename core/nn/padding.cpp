// SPDX-License-Identifier: MIT
#include "adjoint/nn/padding.h"

#include <ostream>

#include "core/nn/print.h"

namespace adjoint::nn {

void print_padding(std::ostream& out, const Module& module, IntArrayRef padding) {
  out << module.name() << "(" << (is_libtorch_style(out) ? "padding=" : "") << list(out, padding)
      << ")";
}

void print_constant_padding(std::ostream& out, const Module& module, IntArrayRef padding,
                            double value) {
  out << module.name() << "(padding=" << list(out, padding) << ", value=" << value << ")";
}

}  // namespace adjoint::nn
