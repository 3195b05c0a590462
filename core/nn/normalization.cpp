// SPDX-License-Identifier: MIT
#include "adjoint/nn/normalization.h"

#include <ostream>

#include "adjoint/nn/init.h"
#include "core/nn/print.h"

namespace adjoint::nn {

template <class Options>
NormWithStatistics<Options>::NormWithStatistics(const Options& o) : options(o) {
  auto parameter = [&](bool wanted) { return wanted ? empty({o.num_features()}) : Tensor(); };
  weight = register_parameter("weight", parameter(o.affine()));
  bias = register_parameter("bias", parameter(o.affine()));
  running_mean = register_buffer("running_mean", parameter(o.track_running_stats()));
  running_var = register_buffer("running_var", parameter(o.track_running_stats()));
  num_batches_tracked =
      register_buffer("num_batches_tracked", o.track_running_stats() ? zeros({}, kLong) : Tensor());
  reset_running_stats();
  reset_parameters();
}

template <class Options>
void NormWithStatistics<Options>::reset_running_stats() {
  if (!options.track_running_stats()) return;
  running_mean.zero_();
  running_var.fill_(1);
  num_batches_tracked.zero_();
}

template <class Options>
void NormWithStatistics<Options>::reset_parameters() {
  if (!options.affine()) return;
  init::ones_(weight);
  init::zeros_(bias);
}

template class NormWithStatistics<BatchNormOptions>;
template class NormWithStatistics<InstanceNormOptions>;

Tensor BatchNormImplBase::forward(const Tensor& input) {
  check_input_dim(input);
  double momentum = options.momentum().value_or(0);
  if (is_training() && options.track_running_stats()) {
    num_batches_tracked.add_(1);
    if (!options.momentum()) momentum = 1 / num_batches_tracked.item<double>();
  }
  bool from_batch = is_training() || !options.track_running_stats();
  bool use_running = !is_training() || options.track_running_stats();
  return batch_norm(input, weight, bias, use_running ? running_mean : Tensor(),
                    use_running ? running_var : Tensor(), from_batch, momentum, options.eps());
}

void BatchNormImplBase::pretty_print(std::ostream& out) const {
  out << name() << "(" << options.num_features() << ", eps=" << options.eps() << ", momentum=";
  if (options.momentum()) {
    out << *options.momentum();
  } else {
    out << "None";
  }
  out << ", affine=" << yes_no(options.affine())
      << ", track_running_stats=" << yes_no(options.track_running_stats()) << ")";
}

void BatchNorm1dImpl::check_input_dim(const Tensor& input) const {
  ADJOINT_CHECK_VALUE(input.dim() == 2 || input.dim() == 3, "expected 2D or 3D input (got ",
                      input.dim(), "D input)");
}
void BatchNorm2dImpl::check_input_dim(const Tensor& input) const {
  ADJOINT_CHECK_VALUE(input.dim() == 4, "expected 4D input (got ", input.dim(), "D input)");
}

void BatchNorm3dImpl::check_input_dim(const Tensor& input) const {
  ADJOINT_CHECK_VALUE(input.dim() == 5, "expected 5D input (got ", input.dim(), "D input)");
}

Tensor InstanceNormImplBase::forward(const Tensor& input) {
  const int64_t batched = batched_dim();
  ADJOINT_CHECK_VALUE(input.dim() == batched || input.dim() == batched - 1, "expected ",
                      batched - 1, "D or ", batched, "D input (got ", input.dim(), "D input)");
  if (input.dim() == batched - 1) return forward(input.unsqueeze(0)).squeeze(0);
  return instance_norm(input, weight, bias, running_mean, running_var,
                       is_training() || !options.track_running_stats(), options.momentum(),
                       options.eps());
}

void InstanceNormImplBase::pretty_print(std::ostream& out) const {
  out << name() << "(" << options.num_features() << ", eps=" << options.eps()
      << ", momentum=" << options.momentum() << ", affine=" << yes_no(options.affine())
      << ", track_running_stats=" << yes_no(options.track_running_stats()) << ")";
}

GroupNormImpl::GroupNormImpl(const GroupNormOptions& o) : options(o) {
  ADJOINT_CHECK_VALUE(o.num_groups() > 0 && o.num_channels() % o.num_groups() == 0,
                      "num_channels must be divisible by num_groups, got ", o.num_channels(),
                      " and ", o.num_groups());
  auto parameter = [&] { return o.affine() ? empty({o.num_channels()}) : Tensor(); };
  weight = register_parameter("weight", parameter());
  bias = register_parameter("bias", parameter());
  reset_parameters();
}

void GroupNormImpl::reset_parameters() {
  if (!options.affine()) return;
  init::ones_(weight);
  init::zeros_(bias);
}

void GroupNormImpl::pretty_print(std::ostream& out) const {
  out << "GroupNorm(" << options.num_groups() << ", " << options.num_channels()
      << ", eps=" << options.eps() << ", affine=" << yes_no(options.affine()) << ")";
}

LayerNormImpl::LayerNormImpl(const LayerNormOptions& o) : options(o) {
  auto parameter = [&] {
    return o.elementwise_affine() ? adjoint::empty(o.normalized_shape()) : Tensor();
  };
  weight = register_parameter("weight", parameter());
  bias = register_parameter("bias", parameter());
  reset_parameters();
}

void LayerNormImpl::reset_parameters() {
  if (!options.elementwise_affine()) return;
  init::ones_(weight);
  init::zeros_(bias);
}

void LayerNormImpl::pretty_print(std::ostream& out) const {
  out << "LayerNorm((";
  const auto& shape = options.normalized_shape();
  for (size_t i = 0; i < shape.size(); ++i) out << (i ? ", " : "") << shape[i];
  out << (shape.size() == 1 ? ",)" : ")") << ", eps=" << options.eps()
      << ", elementwise_affine=" << yes_no(options.elementwise_affine()) << ")";
}

Tensor functional::local_response_norm(const Tensor& input, const LocalResponseNormOptions& o) {
  ADJOINT_CHECK(input.dim() >= 3, "Expected 3D or higher dimensionality input (got ", input.dim(),
                " dimensions)");
  ADJOINT_CHECK(o.size() > 0, "local_response_norm: expected a size > 0, got ", o.size());
  if (input.numel() == 0) return input;
  const int64_t before = o.size() / 2, behind = (o.size() - 1) / 2;
  Tensor squares = input.square().flatten(2).unsqueeze(1);  // [n, 1, c, *]
  Tensor means = avg_pool2d(constant_pad_nd(squares, {0, 0, before, behind}), {o.size(), 1}, 1);
  return input / (means.reshape(input.sizes()) * o.alpha() + o.k()).pow(o.beta());
}

void LocalResponseNormImpl::pretty_print(std::ostream& out) const {
  auto number = [&](double value) {
    return is_libtorch_style(out) ? detail::str(value) : decimal(value);
  };
  out << "LocalResponseNorm(" << options.size() << ", alpha=" << options.alpha()
      << ", beta=" << options.beta() << ", k=" << number(options.k()) << ")";
}

}  // namespace adjoint::nn
