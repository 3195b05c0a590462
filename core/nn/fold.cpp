// SPDX-License-Identifier: MIT
#include "adjoint/nn/fold.h"

#include <ostream>

#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

template <class Options>
void print_rest(std::ostream& out, const Options& o) {
  out << "kernel_size=" << short_list(out, o.kernel_size())
      << ", dilation=" << short_list(out, o.dilation())
      << ", padding=" << short_list(out, o.padding()) << ", stride=" << short_list(out, o.stride())
      << ")";
}

}  // namespace

void UnfoldImpl::pretty_print(std::ostream& out) const {
  out << "Unfold(";
  print_rest(out, options);
}
void FoldImpl::pretty_print(std::ostream& out) const {
  out << "Fold(output_size=" << short_list(out, options.output_size()) << ", ";
  print_rest(out, options);
}

}  // namespace adjoint::nn
