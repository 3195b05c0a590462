// SPDX-License-Identifier: MIT
#include "adjoint/nn/pooling.h"

#include <ostream>

#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

// As PyTorch: one number where both directions agree.
std::string short_pair(const ExpandingArray<2>& a) {
  return a[0] == a[1] ? std::to_string(a[0]) : pair(a);
}

}  // namespace

void MaxPool2dImpl::pretty_print(std::ostream& out) const {
  const MaxPool2dOptions& o = options;
  out << "MaxPool2d(kernel_size=" << short_pair(o.kernel_size())
      << ", stride=" << short_pair(o.stride()) << ", padding=" << short_pair(o.padding())
      << ", dilation=" << short_pair(o.dilation()) << ", ceil_mode=" << yes_no(o.ceil_mode())
      << ")";
}

}  // namespace adjoint::nn
