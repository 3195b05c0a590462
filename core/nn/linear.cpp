// SPDX-License-Identifier: MIT
#include "adjoint/nn/linear.h"

#include <cmath>
#include <ostream>

#include "adjoint/nn/init.h"
#include "core/nn/print.h"

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

Tensor UnflattenImpl::forward(const Tensor& input) {
  const int64_t dim = options.dim() < 0 ? options.dim() + input.dim() : options.dim();
  ADJOINT_CHECK_INDEX(dim >= 0 && dim < input.dim(), "unflatten: expected a dimension of ",
                      input.sizes(), ", got ", options.dim());
  DimVector sizes = input.sizes().slice(0, size_t(dim));
  int64_t known = 1, open = 0;
  for (int64_t n : options.sizes()) {
    known *= n == -1 ? 1 : n;
    open += n == -1;
  }
  const int64_t size = input.size(dim);
  const bool fits = open == 0 ? known == size : open == 1 && known > 0 && size % known == 0;
  ADJOINT_CHECK(fits, "unflatten: Provided sizes ", IntArrayRef(options.sizes()),
                " don't multiply up to the size of dim ", dim, " (", size, ") in the input tensor");
  for (int64_t n : options.sizes()) sizes.push_back(n == -1 ? size / known : n);
  for (int64_t d = dim + 1; d < input.dim(); ++d) sizes.push_back(input.size(d));
  return input.view(sizes);
}

void UnflattenImpl::pretty_print(std::ostream& out) const {
  const char* brackets = is_libtorch_style(out) ? "{}" : "()";
  out << "Unflatten(dim=" << options.dim() << ", unflattened_size=" << brackets[0];
  const std::vector<int64_t>& sizes = options.sizes();
  for (size_t i = 0; i < sizes.size(); ++i) out << (i > 0 ? ", " : "") << sizes[i];
  out << brackets[1] << ")";
}

BilinearImpl::BilinearImpl(const BilinearOptions& o) : options(o) {
  weight =
      register_parameter("weight", empty({o.out_features(), o.in1_features(), o.in2_features()}));
  bias = register_parameter("bias", o.bias() ? empty({o.out_features()}) : Tensor());
  reset_parameters();
}

void BilinearImpl::reset_parameters() {
  if (weight.numel() == 0) return;
  const double bound = 1 / std::sqrt(double(options.in1_features()));
  init::uniform_(weight, -bound, bound);
  if (bias.defined()) init::uniform_(bias, -bound, bound);
}

void BilinearImpl::pretty_print(std::ostream& out) const {
  out << "Bilinear(in1_features=" << options.in1_features()
      << ", in2_features=" << options.in2_features() << ", out_features=" << options.out_features()
      << ", bias=" << yes_no(options.bias()) << ")";
}

}  // namespace adjoint::nn
