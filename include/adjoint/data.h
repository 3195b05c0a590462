// SPDX-License-Identifier: MIT
// Data to train on: datasets, the loader that makes batches of them, and readers of files.
//
//   data::datasets::MNIST digits("mnist");
//   auto loader = data::make_data_loader(digits, data::DataLoaderOptions(64).shuffle(true));
//   for (const data::Batch& batch : *loader) train(batch.data, batch.target);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "adjoint/generator.h"
#include "adjoint/tensor.h"

namespace adjoint::data {

/// One example, or many along a first dimension. The target may be undefined.
struct Example {
  Tensor data;
  Tensor target;
};
using Batch = Example;

namespace datasets {

/// A number of examples that can be had in any order.
class ADJOINT_API Dataset {
 public:
  virtual ~Dataset();
  virtual int64_t size() const = 0;
  /// The example at an index from 0 to size() - 1. Throws IndexError.
  virtual Example get(int64_t index) const = 0;
  /// The examples at `indices` (kLong, 1-d, on any device), stacked. Made of get() unless a dataset
  /// knows a faster way.
  virtual Batch get_batch(const Tensor& indices) const;
  /// Where get_batch had best find its indices: a loader copies an epoch's order there once, so
  /// that no batch waits for a copy.
  virtual Device index_device() const;
};

/// Rows of tensors: batches are gathered in one step for each.
class ADJOINT_API TensorDataset : public Dataset {
 public:
  /// `data` [n, *] and, unless undefined, `targets` [n, *]. Throws ValueError for different n.
  explicit TensorDataset(Tensor data, Tensor targets = {});
  int64_t size() const override { return data_.size(0); }
  Example get(int64_t index) const override;
  Batch get_batch(const Tensor& indices) const override;
  Device index_device() const override { return data_.device(); }
  const Tensor& data() const { return data_; }
  const Tensor& targets() const { return targets_; }

 private:
  Tensor data_, targets_;
};

/// Handwritten digits: images [n, 1, rows, columns] of kFloat in [0, 1], targets [n] of kLong.
/// Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits.
class ADJOINT_API MNIST : public TensorDataset {
 public:
  enum class Mode { kTrain, kTest };
  /// Reads train-images-idx3-ubyte and train-labels-idx1-ubyte (kTrain), or t10k-..., in the folder
  /// `root`; the names may end in ".gz" and have a point before "idx". Throws IOError where
  /// there is no such file and for files that are not as they should be.
  explicit MNIST(const std::string& root, Mode mode = Mode::kTrain);
  bool is_train() const { return mode_ == Mode::kTrain; }
  const Tensor& images() const { return data(); }

 private:
  Mode mode_;
};

}  // namespace datasets

using datasets::Dataset;
using datasets::MNIST;
using datasets::TensorDataset;

class DataLoaderOptions {
 public:
  DataLoaderOptions() = default;
  DataLoaderOptions(int64_t batch_size) : batch_size_(batch_size) {}
  /// Examples in a batch, at least 1; default 1.
  DataLoaderOptions& batch_size(int64_t value) {
    batch_size_ = value;
    return *this;
  }
  /// A new random order for each epoch; default: the dataset's order.
  DataLoaderOptions& shuffle(bool value) {
    shuffle_ = value;
    return *this;
  }
  /// Leaves out a last batch that is not full; default: it comes, smaller.
  DataLoaderOptions& drop_last(bool value) {
    drop_last_ = value;
    return *this;
  }
  /// Of the random orders, which depend on nothing else; default 0.
  DataLoaderOptions& seed(uint64_t value) {
    seed_ = value;
    return *this;
  }
  int64_t batch_size() const { return batch_size_; }
  bool shuffle() const { return shuffle_; }
  bool drop_last() const { return drop_last_; }
  uint64_t seed() const { return seed_; }

 private:
  int64_t batch_size_ = 1;
  bool shuffle_ = false;
  bool drop_last_ = false;
  uint64_t seed_ = 0;
};

/// Walks a dataset in batches: each begin() starts an epoch.
class ADJOINT_API DataLoader {
 public:
  /// Throws ValueError for a null dataset and a batch size below 1.
  explicit DataLoader(std::shared_ptr<const Dataset> dataset,
                      const DataLoaderOptions& options = {});

  /// The end of an epoch.
  struct Sentinel {};
  /// Makes a batch when it gets there. It must not outlive its loader.
  class ADJOINT_API Iterator {
   public:
    const Batch& operator*() const { return batch_; }
    const Batch* operator->() const { return &batch_; }
    Iterator& operator++();
    friend bool operator==(const Iterator& a, Sentinel) { return a.position_ >= a.stop_; }
    friend bool operator!=(const Iterator& a, Sentinel b) { return !(a == b); }

   private:
    friend class DataLoader;
    Iterator(const DataLoader& loader, Tensor order);
    void make_batch();
    const DataLoader* loader_;
    Tensor order_;  // of the epoch
    int64_t position_ = 0, stop_;
    Batch batch_;
  };
  Iterator begin();
  Sentinel end() const { return {}; }

  /// Batches of an epoch.
  int64_t size() const;
  const Dataset& dataset() const { return *dataset_; }
  const DataLoaderOptions& options() const { return options_; }
  /// Where the random orders stand: a loader given this state goes on with the same orders.
  Tensor state() const { return generator_.get_state(); }
  void set_state(const Tensor& state) { generator_.set_state(state); }

 private:
  std::shared_ptr<const Dataset> dataset_;
  DataLoaderOptions options_;
  Generator generator_;
};

/// A loader of a dataset, which is moved or copied into it, or of a shared pointer to one.
template <class D>
std::unique_ptr<DataLoader> make_data_loader(D dataset, const DataLoaderOptions& options = {}) {
  if constexpr (std::is_convertible_v<D, std::shared_ptr<const Dataset>>) {
    return std::make_unique<DataLoader>(std::move(dataset), options);
  } else {
    return std::make_unique<DataLoader>(std::make_shared<const D>(std::move(dataset)), options);
  }
}

/// A tensor from a file in MNIST's IDX format, plain or gzipped (its content tells): of kByte,
/// kInt, kFloat or kDouble, as the file says. Files are not trusted: throws IOError, which says
/// what was expected and what was found, for one that cannot be read, is of another format or
/// element type, is cut off or overlong.
ADJOINT_API Tensor read_idx(const std::string& path);

struct CsvOptions {
  /// The first line that is not blank has names, and is passed over.
  bool header = false;
  char delimiter = ',';
  /// Numbers must be representable: whole for integers, 0 or 1 for kBool. Default: the default
  /// dtype.
  ScalarType dtype = get_default_dtype();
};
/// The numbers of a text file, plain or gzipped (its content tells), a row for each line: [rows,
/// columns]. Blank lines are passed over, as are spaces around numbers; numbers are written as in
/// C, whatever the locale. Throws IOError, with line and column, for a file that cannot be read,
/// that has no rows, rows of different lengths, or anything that is no number.
ADJOINT_API Tensor read_csv(const std::string& path, const CsvOptions& options = {});

}  // namespace adjoint::data
