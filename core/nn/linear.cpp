// SPDX-License-Identifier: MIT
#include "adjoint/nn/linear.h"

#include <cmath>
#include <ostream>

#include "adjoint/nn/init.h"

namespace adjoint::nn {

Layer::~Layer() = default;

LinearImpl::LinearImpl(const LinearOptions& o) : options(o) {
  ADJOINT_CHECK_VALUE(o.in_features() >= 0 && o.out_features() >= 0,
                      "Linear: expected numbers of features >= 0, got ", o.in_features(), " and ",
                      o.out_features());
  weight = register_parameter("weight", empty({o.out_features(), o.in_features()}));
  bias = register_parameter("bias", o.bias() ? empty({o.out_features()}) : Tensor());
  reset_parameters();
}

void LinearImpl::reset_parameters() {
  if (weight.numel() == 0) return;
  init::kaiming_uniform_(weight, std::sqrt(5.0));
  if (!bias.defined()) return;
  double bound = 1 / std::sqrt(double(options.in_features()));
  init::uniform_(bias, -bound, bound);
}

void LinearImpl::pretty_print(std::ostream& out) const {
  out << "Linear(in_features=" << options.in_features()
      << ", out_features=" << options.out_features()
      << ", bias=" << (options.bias() ? "True" : "False") << ")";
}

void FlattenImpl::pretty_print(std::ostream& out) const {
  out << "Flatten(start_dim=" << options.start_dim() << ", end_dim=" << options.end_dim() << ")";
}

}  // namespace adjoint::nn
