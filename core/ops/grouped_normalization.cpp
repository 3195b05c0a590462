// SPDX-License-Identifier: MIT
// group_norm, instance_norm, normalize: normalizations by way of others.
#include "adjoint/autograd.h"
#include "adjoint/ops.h"

namespace adjoint {

Tensor group_norm(const Tensor& input, int64_t num_groups, const Tensor& weight, const Tensor& bias,
                  double eps) {
  ADJOINT_CHECK(input.dim() >= 2, "Expected at least 2 dimensions for input tensor but received ",
                input.dim());
  const int64_t channels = input.size(1);
  ADJOINT_CHECK(num_groups > 0, "Expected num groups to be greater than 0, got ", num_groups);
  ADJOINT_CHECK(channels % num_groups == 0,
                "Expected number of channels in input to be divisible by num_groups, but got input "
                "of shape ",
                input.sizes(), " and num_groups=", num_groups);
  for (const Tensor* t : {&weight, &bias}) {
    ADJOINT_CHECK(
        !t->defined() || (t->dim() == 1 && t->numel() == channels), "Expected ",
        t == &weight ? "weight" : "bias",
        " to be a vector of size equal to the number of channels in input, but got shape ",
        t->defined() ? t->sizes() : IntArrayRef(), " and input of shape ", input.sizes());
  }
  Tensor out = input;
  if (input.numel() != 0) {
    const int64_t length = input.numel() / (input.size(0) * num_groups);
    out = layer_norm(input.reshape({input.size(0) * num_groups, length}), length, {}, {}, eps)
              .reshape(input.sizes());
  }
  DimVector per_channel(size_t(input.dim()), 1);
  per_channel[1] = channels;
  if (weight.defined()) out = out * weight.reshape(per_channel);
  return bias.defined() ? out + bias.reshape(per_channel) : out;
}

Tensor instance_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                     const Tensor& running_mean, const Tensor& running_var, bool use_input_stats,
                     double momentum, double eps) {
  ADJOINT_CHECK(input.dim() >= 2, "instance_norm: expected an input [n, c, *], got ",
                input.sizes());
  ADJOINT_CHECK(
      use_input_stats || (running_mean.defined() && running_var.defined()),
      "Expected running_mean and running_var to be defined when use_input_stats is false");
  // Each image's channels are channels of one image.
  const int64_t n = input.size(0), c = input.size(1);
  DimVector sizes = input.sizes();
  sizes[0] = 1;
  sizes[1] = n * c;
  auto for_each_image = [&](const Tensor& t) { return t.defined() ? t.repeat({n}) : t; };
  Tensor mean = for_each_image(running_mean), var = for_each_image(running_var);
  Tensor out = batch_norm(input.reshape(sizes), for_each_image(weight), for_each_image(bias), mean,
                          var, use_input_stats, momentum, eps)
                   .reshape(input.sizes());
  if (use_input_stats) {
    NoGradGuard no_grad;
    if (running_mean.defined()) running_mean.copy_(mean.reshape({n, c}).mean(0));
    if (running_var.defined()) running_var.copy_(var.reshape({n, c}).mean(0));
  }
  return out;
}

Tensor normalize(const Tensor& input, double p, int64_t dim, double eps) {
  return input / input.norm(p, dim, /*keepdim=*/true).clamp_min(eps);
}

}  // namespace adjoint
