// SPDX-License-Identifier: MIT
#include <vector>

#include "adjoint/data.h"
#include "adjoint/ops.h"

namespace adjoint::data::datasets {

Dataset::~Dataset() = default;

Device Dataset::index_device() const { return kCPU; }

Batch Dataset::get_batch(const Tensor& indices) const {
  const Tensor dense = indices.cpu().contiguous();
  const int64_t* index = dense.const_data_ptr<int64_t>();
  std::vector<Tensor> data, targets;
  for (int64_t i = 0; i < dense.numel(); ++i) {
    Example example = get(index[i]);
    data.push_back(std::move(example.data));
    if (example.target.defined()) targets.push_back(std::move(example.target));
  }
  ADJOINT_CHECK(targets.empty() || targets.size() == data.size(),
                "get_batch: expected all examples with or without a target, got ", targets.size(),
                " targets for ", data.size(), " examples");
  return {stack(data), targets.empty() ? Tensor() : stack(targets)};
}

TensorDataset::TensorDataset(Tensor data, Tensor targets)
    : data_(std::move(data)), targets_(std::move(targets)) {
  ADJOINT_CHECK_VALUE(data_.defined() && data_.dim() > 0,
                      "TensorDataset: expected data of at least one dimension, got ",
                      data_.defined() ? "a number" : "an undefined tensor");
  if (!targets_.defined()) return;
  ADJOINT_CHECK_VALUE(targets_.dim() > 0 && targets_.size(0) == data_.size(0),
                      "TensorDataset: expected as many targets as data, got data of ",
                      data_.sizes(), " and targets of ", targets_.sizes());
}

Example TensorDataset::get(int64_t index) const {
  ADJOINT_CHECK_INDEX(index >= 0 && index < size(), "TensorDataset: index ", index,
                      " is out of range for ", size(), " examples");
  return {data_.select(0, index), targets_.defined() ? targets_.select(0, index) : Tensor()};
}

Batch TensorDataset::get_batch(const Tensor& indices) const {
  auto rows_of = [&](const Tensor& t) { return t.index_select(0, indices.to(t.device())); };
  return {rows_of(data_), targets_.defined() ? rows_of(targets_) : Tensor()};
}

}  // namespace adjoint::data::datasets
