// SPDX-License-Identifier: MIT
#include "adjoint/nn/convolution.h"

#include <cmath>
#include <ostream>

#include "adjoint/nn/init.h"
#include "core/nn/print.h"

namespace adjoint::nn {

Conv2dImpl::Conv2dImpl(const Conv2dOptions& o) : options(o) {
  ADJOINT_CHECK_VALUE(o.groups() > 0, "groups must be a positive integer");
  ADJOINT_CHECK_VALUE(o.in_channels() % o.groups() == 0, "in_channels must be divisible by groups");
  ADJOINT_CHECK_VALUE(o.out_channels() % o.groups() == 0,
                      "out_channels must be divisible by groups");
  weight = register_parameter("weight", empty({o.out_channels(), o.in_channels() / o.groups(),
                                               o.kernel_size()[0], o.kernel_size()[1]}));
  bias = register_parameter("bias", o.bias() ? empty({o.out_channels()}) : Tensor());
  reset_parameters();
}

void Conv2dImpl::reset_parameters() {
  if (weight.numel() == 0) return;
  init::kaiming_uniform_(weight, std::sqrt(5.0));
  if (!bias.defined()) return;
  double bound = 1 / std::sqrt(double(init::calculate_fan_in_and_fan_out(weight).in));
  init::uniform_(bias, -bound, bound);
}

void Conv2dImpl::pretty_print(std::ostream& out) const {
  const Conv2dOptions& o = options;
  out << "Conv2d(" << o.in_channels() << ", " << o.out_channels()
      << ", kernel_size=" << pair(o.kernel_size()) << ", stride=" << pair(o.stride());
  if (o.padding()[0] != 0 || o.padding()[1] != 0) out << ", padding=" << pair(o.padding());
  if (o.dilation()[0] != 1 || o.dilation()[1] != 1) out << ", dilation=" << pair(o.dilation());
  if (o.groups() != 1) out << ", groups=" << o.groups();
  if (!o.bias()) out << ", bias=False";
  out << ")";
}

}  // namespace adjoint::nn
