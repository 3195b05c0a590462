// SPDX-License-Identifier: MIT
// LibTorch's datasets, transforms, samplers and loaders, which are templates; torch::data in
// adjoint/torch.h. Batches are made by the thread that asks for them, whatever `workers` says.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/data.h"
#include "adjoint/ops.h"
#include "adjoint/options.h"

namespace adjoint::libtorch_data {

namespace example {
struct NoTarget {};
}  // namespace example

template <class Data = Tensor, class Target = Tensor>
struct Example {
  using DataType = Data;
  using TargetType = Target;
  Example() = default;
  Example(Data d, Target t) : data(std::move(d)), target(std::move(t)) {}
  Data data;
  Target target;
};
template <class Data>
struct Example<Data, example::NoTarget> {
  using DataType = Data;
  using TargetType = example::NoTarget;
  Example() = default;
  Example(Data d) : data(std::move(d)) {}
  operator Data&() { return data; }
  operator const Data&() const { return data; }
  Data data;
};
using TensorExample = Example<Tensor, example::NoTarget>;

namespace datasets {

template <class Source, class Transform>
class MapDataset;

/// What can give a batch for a list of indices.
template <class Self, class Batch = std::vector<Example<>>, class Request = ArrayRef<size_t>>
class BatchDataset {
 public:
  using SelfType = Self;
  using BatchType = Batch;
  using BatchRequestType = Request;
  static constexpr bool is_stateful = false;
  virtual ~BatchDataset() = default;
  virtual Batch get_batch(Request request) = 0;
  virtual std::optional<size_t> size() const = 0;
  /// This dataset with a transform on all its batches.
  template <class Transform>
  MapDataset<Self, Transform> map(Transform transform) & {
    return {static_cast<Self&>(*this), std::move(transform)};
  }
  template <class Transform>
  MapDataset<Self, Transform> map(Transform transform) && {
    return {std::move(static_cast<Self&>(*this)), std::move(transform)};
  }
};

/// What can give an example for an index.
template <class Self, class SingleExample = Example<>>
class Dataset : public BatchDataset<Self, std::vector<SingleExample>> {
 public:
  using ExampleType = SingleExample;
  virtual ExampleType get(size_t index) = 0;
  std::vector<ExampleType> get_batch(ArrayRef<size_t> indices) override {
    std::vector<ExampleType> batch;
    batch.reserve(indices.size());
    for (size_t i : indices) batch.push_back(get(i));
    return batch;
  }
};

template <class Source, class Transform>
class MapDataset
    : public BatchDataset<MapDataset<Source, Transform>, typename Transform::OutputBatchType,
                          typename Source::BatchRequestType> {
 public:
  using DatasetType = Source;
  using TransformType = Transform;
  using OutputBatchType = typename Transform::OutputBatchType;
  MapDataset(Source dataset, Transform transform)
      : dataset_(std::move(dataset)), transform_(std::move(transform)) {}
  OutputBatchType get_batch(typename Source::BatchRequestType request) override {
    return transform_.apply_batch(dataset_.get_batch(std::move(request)));
  }
  std::optional<size_t> size() const override { return dataset_.size(); }
  const Source& dataset() const { return dataset_; }
  const Transform& transform() const { return transform_; }

 private:
  Source dataset_;
  Transform transform_;
};

/// The rows of a tensor, or a list of tensors.
class TensorDataset : public Dataset<TensorDataset, TensorExample> {
 public:
  explicit TensorDataset(const Tensor& rows) : tensors(rows.unbind(0)) {}
  explicit TensorDataset(std::vector<Tensor> list) : tensors(std::move(list)) {}
  TensorExample get(size_t index) override { return tensors.at(index); }
  std::optional<size_t> size() const override { return tensors.size(); }
  std::vector<Tensor> tensors;
};

/// See data::datasets::MNIST.
class MNIST : public Dataset<MNIST> {
 public:
  using Mode = adjoint::data::datasets::MNIST::Mode;
  explicit MNIST(const std::string& root, Mode mode = Mode::kTrain)
      : rows_(std::make_shared<adjoint::data::datasets::MNIST>(root, mode)) {}
  Example<> get(size_t index) override {
    adjoint::data::Example e = rows_->get(int64_t(index));
    return {std::move(e.data), std::move(e.target)};
  }
  std::optional<size_t> size() const override { return size_t(rows_->size()); }
  bool is_train() const noexcept { return rows_->is_train(); }
  const Tensor& images() const { return rows_->images(); }
  const Tensor& targets() const { return rows_->targets(); }

 private:
  std::shared_ptr<adjoint::data::datasets::MNIST> rows_;
};

}  // namespace datasets

using datasets::BatchDataset;
using datasets::Dataset;

namespace transforms {

template <class InputBatch, class OutputBatch>
class BatchTransform {
 public:
  using InputBatchType = InputBatch;
  using OutputBatchType = OutputBatch;
  virtual ~BatchTransform() = default;
  virtual OutputBatch apply_batch(InputBatch batch) = 0;
};

/// Example by example.
template <class Input, class Output>
class Transform : public BatchTransform<std::vector<Input>, std::vector<Output>> {
 public:
  using InputType = Input;
  using OutputType = Output;
  virtual Output apply(Input input) = 0;
  std::vector<Output> apply_batch(std::vector<Input> batch) override {
    std::vector<Output> out;
    out.reserve(batch.size());
    for (Input& input : batch) out.push_back(apply(std::move(input)));
    return out;
  }
};

/// Of the example's data alone.
template <class Target = Tensor>
class TensorTransform : public Transform<Example<Tensor, Target>, Example<Tensor, Target>> {
 public:
  virtual Tensor operator()(Tensor input) = 0;
  Example<Tensor, Target> apply(Example<Tensor, Target> input) override {
    input.data = (*this)(std::move(input.data));
    return input;
  }
};

/// (x - mean) / stddev, a value for each channel or one for all.
template <class Target = Tensor>
class Normalize : public TensorTransform<Target> {
 public:
  Normalize(ArrayRef<double> mean, ArrayRef<double> stddev)
      : mean(per_channel(mean)), stddev(per_channel(stddev)) {}
  Tensor operator()(Tensor input) override { return input.sub(mean).div(stddev); }
  Tensor mean, stddev;

 private:
  static Tensor per_channel(ArrayRef<double> values) {
    return tensor(values.vec(), kFloat).unsqueeze(1).unsqueeze(2);
  }
};

template <class Input, class Output = Input>
class BatchLambda : public BatchTransform<Input, Output> {
 public:
  using FunctionType = std::function<Output(Input)>;
  explicit BatchLambda(FunctionType function) : function_(std::move(function)) {}
  Output apply_batch(Input batch) override { return function_(std::move(batch)); }

 private:
  FunctionType function_;
};

template <class Input, class Output = Input>
class Lambda : public Transform<Input, Output> {
 public:
  using FunctionType = std::function<Output(Input)>;
  explicit Lambda(FunctionType function) : function_(std::move(function)) {}
  Output apply(Input input) override { return function_(std::move(input)); }

 private:
  FunctionType function_;
};

template <class Target = Tensor>
class TensorLambda : public TensorTransform<Target> {
 public:
  using FunctionType = std::function<Tensor(Tensor)>;
  explicit TensorLambda(FunctionType function) : function_(std::move(function)) {}
  Tensor operator()(Tensor input) override { return function_(std::move(input)); }

 private:
  FunctionType function_;
};

template <class T, class BatchType = std::vector<T>>
using Collation = BatchTransform<BatchType, T>;
template <class T, class BatchType = std::vector<T>>
using Collate = BatchLambda<BatchType, T>;

/// Many examples become one, along a new first dimension.
template <class T = Example<>>
class Stack;
template <>
class Stack<Example<>> : public Collation<Example<>> {
 public:
  Example<> apply_batch(std::vector<Example<>> examples) override {
    std::vector<Tensor> data, targets;
    for (Example<>& e : examples) {
      data.push_back(std::move(e.data));
      targets.push_back(std::move(e.target));
    }
    return {stack(data), stack(targets)};
  }
};
template <>
class Stack<TensorExample> : public Collation<TensorExample> {
 public:
  TensorExample apply_batch(std::vector<TensorExample> examples) override {
    std::vector<Tensor> data;
    for (TensorExample& e : examples) data.push_back(std::move(e.data));
    return stack(data);
  }
};

}  // namespace transforms

namespace samplers {

/// Hands out indices until an epoch's are used up.
template <class Request = std::vector<size_t>>
class Sampler {
 public:
  using BatchRequestType = Request;
  virtual ~Sampler() = default;
  virtual void reset(std::optional<size_t> new_size = std::nullopt) = 0;
  virtual std::optional<Request> next(size_t batch_size) = 0;
};

class SequentialSampler : public Sampler<> {
 public:
  explicit SequentialSampler(size_t size) : size_(size) {}
  void reset(std::optional<size_t> new_size = std::nullopt) override {
    size_ = new_size.value_or(size_);
    index_ = 0;
  }
  std::optional<std::vector<size_t>> next(size_t batch_size) override {
    const size_t stop = index_ + batch_size < size_ ? index_ + batch_size : size_;
    if (index_ == stop) return std::nullopt;
    std::vector<size_t> batch;
    while (index_ < stop) batch.push_back(at(index_++));
    return batch;
  }
  size_t index() const noexcept { return index_; }

 protected:
  virtual size_t at(size_t position) const { return position; }
  size_t size_, index_ = 0;
};

/// A new order for each epoch, of default_generator().
class RandomSampler : public SequentialSampler {
 public:
  explicit RandomSampler(int64_t size) : SequentialSampler(size_t(size)) { draw(); }
  void reset(std::optional<size_t> new_size = std::nullopt) override {
    SequentialSampler::reset(new_size);
    draw();
  }

 private:
  void draw() {
    order_ = randperm(int64_t(size_), TensorOptions(kLong).device(kCPU));
    begin_ = order_.const_data_ptr<int64_t>();
  }
  size_t at(size_t position) const override { return size_t(begin_[position]); }
  Tensor order_;
  const int64_t* begin_ = nullptr;
};

}  // namespace samplers

class DataLoaderOptions {
 public:
  DataLoaderOptions() = default;
  DataLoaderOptions(size_t batch_size) : batch_size_(batch_size) {}
  ADJOINT_OPTION(DataLoaderOptions, size_t, batch_size, 1);
  ADJOINT_OPTION(DataLoaderOptions, size_t, workers, 0);
  ADJOINT_OPTION(DataLoaderOptions, std::optional<size_t>, max_jobs, std::nullopt);
  ADJOINT_OPTION(DataLoaderOptions, bool, enforce_ordering, true);
  ADJOINT_OPTION(DataLoaderOptions, bool, drop_last, false);
};

/// Batches of a dataset in a sampler's order; each begin() starts an epoch.
template <class Dataset, class Sampler>
class StatelessDataLoader {
 public:
  using Batch = typename Dataset::BatchType;
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    using pointer = Batch*;
    using reference = Batch&;
    explicit Iterator(StatelessDataLoader* loader) : loader_(loader) { ++*this; }
    Batch& operator*() { return *batch_; }
    Batch* operator->() { return &*batch_; }
    Iterator& operator++() {
      batch_ = loader_ ? loader_->next() : std::nullopt;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.batch_.has_value() == b.batch_.has_value();
    }
    friend bool operator!=(const Iterator& a, const Iterator& b) { return !(a == b); }

   private:
    StatelessDataLoader* loader_;
    std::optional<Batch> batch_;
  };

  StatelessDataLoader(Dataset dataset, Sampler sampler, DataLoaderOptions options)
      : dataset_(std::move(dataset)), sampler_(std::move(sampler)), options_(options) {}
  Iterator begin() {
    sampler_.reset();
    return Iterator(this);
  }
  Iterator end() { return Iterator(nullptr); }
  void join() {}
  const DataLoaderOptions& options() const noexcept { return options_; }

 private:
  std::optional<Batch> next() {
    std::optional<std::vector<size_t>> indices = sampler_.next(options_.batch_size());
    if (!indices || (options_.drop_last() && indices->size() < options_.batch_size())) {
      return std::nullopt;
    }
    return dataset_.get_batch(*indices);
  }

  Dataset dataset_;
  Sampler sampler_;
  DataLoaderOptions options_;
};

/// A loader with a sampler of one's own, or one made for the dataset's size: RandomSampler unless
/// named. Throws Error for a dataset that does not know its size.
template <class Dataset, class Sampler>
requires std::is_base_of_v<samplers::Sampler<>, Sampler>
auto make_data_loader(Dataset dataset, Sampler sampler, DataLoaderOptions options = {}) {
  return std::make_unique<StatelessDataLoader<Dataset, Sampler>>(std::move(dataset),
                                                                 std::move(sampler), options);
}
template <class Sampler = samplers::RandomSampler, class Dataset>
auto make_data_loader(Dataset dataset, DataLoaderOptions options = {}) {
  const std::optional<size_t> size = dataset.size();
  ADJOINT_CHECK(size.has_value(),
                "Expected the dataset to be sized in order to construct the Sampler");
  return make_data_loader(std::move(dataset), Sampler(*size), options);
}

}  // namespace adjoint::libtorch_data

namespace torch {
namespace data = adjoint::libtorch_data;
}
