// SPDX-License-Identifier: MIT
#include "adjoint/nn/activation.h"

#include <ostream>

#include "adjoint/autograd.h"
#include "adjoint/nn/functional.h"
#include "adjoint/nn/init.h"
#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

const char* inplace_text(bool inplace) { return inplace ? ", inplace=True" : ""; }
const char* only_inplace(bool inplace) { return inplace ? "(inplace=True)" : "()"; }

}  // namespace

Tensor ReLUImpl::forward(const Tensor& input) { return functional::relu(input, options); }
void ReLUImpl::pretty_print(std::ostream& out) const {
  out << "ReLU" << only_inplace(options.inplace());
}
Tensor ReLU6Impl::forward(const Tensor& input) { return functional::relu6(input, options); }
void ReLU6Impl::pretty_print(std::ostream& out) const {
  out << "ReLU6" << only_inplace(options.inplace());
}
Tensor SELUImpl::forward(const Tensor& input) { return functional::selu(input, options); }
void SELUImpl::pretty_print(std::ostream& out) const {
  out << "SELU" << only_inplace(options.inplace());
}

Tensor LeakyReLUImpl::forward(const Tensor& input) {
  return functional::leaky_relu(input, options);
}
void LeakyReLUImpl::pretty_print(std::ostream& out) const {
  out << "LeakyReLU(negative_slope=" << decimal(options.negative_slope())
      << inplace_text(options.inplace()) << ")";
}
Tensor ELUImpl::forward(const Tensor& input) { return functional::elu(input, options); }
void ELUImpl::pretty_print(std::ostream& out) const {
  out << "ELU(alpha=" << decimal(options.alpha()) << inplace_text(options.inplace()) << ")";
}
Tensor CELUImpl::forward(const Tensor& input) { return functional::celu(input, options); }
void CELUImpl::pretty_print(std::ostream& out) const {
  out << "CELU(alpha=" << decimal(options.alpha()) << inplace_text(options.inplace()) << ")";
}
Tensor HardtanhImpl::forward(const Tensor& input) { return functional::hardtanh(input, options); }
void HardtanhImpl::pretty_print(std::ostream& out) const {
  out << "Hardtanh(min_val=" << decimal(options.min_val())
      << ", max_val=" << decimal(options.max_val()) << inplace_text(options.inplace()) << ")";
}
Tensor ThresholdImpl::forward(const Tensor& input) { return functional::threshold(input, options); }
void ThresholdImpl::pretty_print(std::ostream& out) const {
  out << "Threshold(threshold=" << options.threshold() << ", value=" << options.value()
      << inplace_text(options.inplace()) << ")";
}
Tensor SoftplusImpl::forward(const Tensor& input) { return functional::softplus(input, options); }
void SoftplusImpl::pretty_print(std::ostream& out) const {
  out << "Softplus(beta=" << decimal(options.beta())
      << ", threshold=" << decimal(options.threshold()) << ")";
}
Tensor HardshrinkImpl::forward(const Tensor& input) {
  return functional::hardshrink(input, options);
}
void HardshrinkImpl::pretty_print(std::ostream& out) const {
  out << "Hardshrink(" << options.lambda() << ")";
}
Tensor SoftshrinkImpl::forward(const Tensor& input) {
  return functional::softshrink(input, options);
}
void SoftshrinkImpl::pretty_print(std::ostream& out) const {
  out << "Softshrink(" << options.lambda() << ")";
}
Tensor GLUImpl::forward(const Tensor& input) { return functional::glu(input, options); }
void GLUImpl::pretty_print(std::ostream& out) const { out << "GLU(dim=" << options.dim() << ")"; }

PReLUImpl::PReLUImpl(const PReLUOptions& o) : options(o) {
  weight = register_parameter("weight", empty({o.num_parameters()}));
  reset_parameters();
}
void PReLUImpl::reset_parameters() { init::constant_(weight, options.init()); }
void PReLUImpl::pretty_print(std::ostream& out) const {
  out << "PReLU(num_parameters=" << options.num_parameters() << ")";
}

Tensor functional::gumbel_softmax(const Tensor& logits, const GumbelSoftmaxFuncOptions& o) {
  Tensor noise;
  {
    NoGradGuard no_grad;
    noise = -log(empty_like(logits).exponential_());
  }
  Tensor soft = softmax((logits + noise) / o.tau(), o.dim());
  if (!o.hard()) return soft;
  Tensor largest = std::get<1>(soft.max(o.dim(), /*keepdim=*/true));
  return zeros_like(logits).scatter_(o.dim(), largest, 1) - soft.detach() + soft;
}

Tensor RReLUImpl::forward(const Tensor& input) {
  return functional::rrelu(input, functional::RReLUFuncOptions()
                                      .lower(options.lower())
                                      .upper(options.upper())
                                      .training(is_training())
                                      .inplace(options.inplace()));
}
void RReLUImpl::pretty_print(std::ostream& out) const {
  out << "RReLU(lower=" << options.lower() << ", upper=";
  if (is_libtorch_style(out)) {
    out << options.upper();
  } else {
    out << decimal(options.upper());
  }
  out << inplace_text(options.inplace()) << ")";
}
Tensor Softmax2dImpl::forward(const Tensor& input) {
  ADJOINT_CHECK(input.dim() == 4 || input.dim() == 3,
                "Softmax2d requires a 3D or 4D tensor as input, got ", input.dim(), "D");
  return softmax(input, -3);
}

void GELUImpl::pretty_print(std::ostream& out) const {
  out << "GELU(approximate='" << options.approximate() << "')";
}
void SoftmaxImpl::pretty_print(std::ostream& out) const {
  out << "Softmax(dim=" << options.dim() << ")";
}
void SoftminImpl::pretty_print(std::ostream& out) const {
  out << "Softmin(dim=" << options.dim() << ")";
}
void LogSoftmaxImpl::pretty_print(std::ostream& out) const {
  out << "LogSoftmax(dim=" << options.dim() << ")";
}

}  // namespace adjoint::nn
