// SPDX-License-Identifier: MIT
// Sequential: layers one behind the other.
#pragma once

#include "adjoint/nn/layer.h"

namespace adjoint::nn {

template <class H>
concept LayerHolder = requires(H h) {
  std::shared_ptr<Layer>(h.ptr());
};

/// Layers, also other Sequentials, named "0", "1", ... in the order in which they were added.
class ADJOINT_API SequentialImpl : public Layer {
 public:
  SequentialImpl() = default;
  template <LayerHolder First, LayerHolder... Rest>
  explicit SequentialImpl(const First& first, const Rest&... rest) {
    push_back(first);
    (push_back(rest), ...);
  }
  void push_back(std::shared_ptr<Layer> layer) {
    push_back(std::to_string(layers_.size()), std::move(layer));
  }
  void push_back(std::string name, std::shared_ptr<Layer> layer);
  template <LayerHolder Holder>
  void push_back(const Holder& layer) {
    push_back(std::shared_ptr<Layer>(layer.ptr()));
  }
  Tensor forward(const Tensor& input) override;
  size_t size() const noexcept { return layers_.size(); }
  bool is_empty() const noexcept { return layers_.empty(); }
  /// Throws IndexError.
  const std::shared_ptr<Layer>& ptr(size_t index) const;
  std::shared_ptr<Layer> operator[](size_t index) const { return ptr(index); }
  /// The layer as its class. Throws TypeError where it is of another.
  template <class M>
  M& at(size_t index) const {
    M* layer = dynamic_cast<M*>(ptr(index).get());
    ADJOINT_CHECK_TYPE(layer, "Sequential::at: layer ", index, " is a ", ptr(index)->name());
    return *layer;
  }
  auto begin() const { return layers_.begin(); }
  auto end() const { return layers_.end(); }

 private:
  std::vector<std::shared_ptr<Layer>> layers_;
};
ADJOINT_MODULE(Sequential);

}  // namespace adjoint::nn
