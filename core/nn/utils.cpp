// SPDX-License-Identifier: MIT
#include "adjoint/nn/utils.h"

#include "adjoint/autograd.h"

namespace adjoint::nn::utils {
namespace {

std::vector<Tensor> gradients(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> out;
  for (const Tensor& p : parameters) {
    if (p.grad().defined()) out.push_back(p.grad());
  }
  return out;
}

}  // namespace

Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm, double norm_type) {
  NoGradGuard no_grad;
  std::vector<Tensor> grads = gradients(parameters), norms;
  if (grads.empty()) return zeros({});
  for (const Tensor& g : grads) norms.push_back(g.norm(norm_type));
  Tensor total = stack(norms).norm(norm_type);
  Tensor factor = (max_norm / (total + 1e-6)).clamp_max(1);
  for (const Tensor& g : grads) g.mul_(factor);
  return total;
}

void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value) {
  ADJOINT_CHECK_VALUE(clip_value >= 0, "clip_grad_value_: expected a clip_value >= 0, got ",
                      clip_value);
  NoGradGuard no_grad;
  for (const Tensor& g : gradients(parameters)) g.clamp_(-clip_value, clip_value);
}

Tensor parameters_to_vector(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> parts;
  for (const Tensor& p : parameters) parts.push_back(p.reshape({-1}));
  return cat(parts);
}

void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& parameters) {
  NoGradGuard no_grad;
  int64_t needed = 0, at = 0;
  for (const Tensor& p : parameters) needed += p.numel();
  ADJOINT_CHECK(vector.dim() == 1 && vector.numel() == needed,
                "vector_to_parameters: expected a vector of ", needed, " elements, got sizes ",
                vector.sizes());
  for (const Tensor& p : parameters) {
    p.copy_(vector.narrow(0, at, p.numel()).view(p.sizes()));
    at += p.numel();
  }
}

}  // namespace adjoint::nn::utils
