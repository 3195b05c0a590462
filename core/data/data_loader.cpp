// SPDX-License-Identifier: MIT
#include "adjoint/data.h"
#include "adjoint/ops.h"

namespace adjoint::data {

DataLoader::DataLoader(std::shared_ptr<const Dataset> dataset, const DataLoaderOptions& options)
    : dataset_(std::move(dataset)), options_(options), generator_(options.seed()) {
  ADJOINT_CHECK_VALUE(dataset_, "DataLoader: expected a dataset, got a null pointer");
  ADJOINT_CHECK_VALUE(options.batch_size() >= 1,
                      "DataLoader: expected a batch size of at least 1, got ",
                      options.batch_size());
}

int64_t DataLoader::size() const {
  const int64_t n = dataset_->size(), batch = options_.batch_size();
  return n / batch + (!options_.drop_last() && n % batch != 0);
}

DataLoader::Iterator DataLoader::begin() {
  const int64_t n = dataset_->size();
  const TensorOptions options = dtype(kLong).device(dataset_->index_device());
  return Iterator(*this,
                  options_.shuffle() ? randperm(n, options, &generator_) : arange(n, options));
}

DataLoader::Iterator::Iterator(const DataLoader& loader, Tensor order)
    : loader_(&loader), order_(std::move(order)) {
  const int64_t n = order_.size(0), batch = loader.options().batch_size();
  stop_ = loader.options().drop_last() ? n / batch * batch : n;
  make_batch();
}

DataLoader::Iterator& DataLoader::Iterator::operator++() {
  const int64_t batch = loader_->options().batch_size();
  position_ = stop_ - position_ > batch ? position_ + batch : stop_;
  make_batch();
  return *this;
}

void DataLoader::Iterator::make_batch() {
  const int64_t batch = loader_->options().batch_size(), left = stop_ - position_;
  if (left <= 0) {
    batch_ = {};
    return;
  }
  batch_ = loader_->dataset().get_batch(order_.narrow(0, position_, left < batch ? left : batch));
}

}  // namespace adjoint::data
