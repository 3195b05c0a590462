// SPDX-License-Identifier: MIT
#include "adjoint/nn/utils.h"

#include "adjoint/autograd.h"

namespace adjoint::nn::utils {

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
