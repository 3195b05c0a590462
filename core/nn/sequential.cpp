// SPDX-License-Identifier: MIT
#include "adjoint/nn/sequential.h"

namespace adjoint::nn {

void SequentialImpl::push_back(std::string name, std::shared_ptr<Layer> layer) {
  register_module(std::move(name), layer);
  layers_.push_back(std::move(layer));
}

Tensor SequentialImpl::forward(const Tensor& input) {
  ADJOINT_CHECK(!is_empty(), "Cannot call forward() on an empty Sequential");
  Tensor x = input;
  for (const auto& layer : layers_) x = (*layer)(x);
  return x;
}

const std::shared_ptr<Layer>& SequentialImpl::ptr(size_t index) const {
  ADJOINT_CHECK_INDEX(index < size(), "Sequential: index ", index, " is out of range for ", size(),
                      " layers");
  return layers_[index];
}

}  // namespace adjoint::nn
