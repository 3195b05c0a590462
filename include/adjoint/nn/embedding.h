// SPDX-License-Identifier: MIT
// Embedding, EmbeddingBag.
#pragma once

#include <optional>

#include "adjoint/nn/layer.h"
#include "adjoint/nn/mode.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API EmbeddingOptions {
 public:
  EmbeddingOptions(int64_t num_embeddings, int64_t embedding_dim)
      : num_embeddings_(num_embeddings), embedding_dim_(embedding_dim) {}
  ADJOINT_OPTION(EmbeddingOptions, int64_t, num_embeddings, 0);
  ADJOINT_OPTION(EmbeddingOptions, int64_t, embedding_dim, 0);
  /// A row that starts as zeros and gets no gradient; negative counts from the end.
  ADJOINT_OPTION(EmbeddingOptions, std::optional<int64_t>, padding_idx, std::nullopt);
};

/// Rows of weight [num_embeddings, embedding_dim] at integer indices [*] -> [*, embedding_dim]. The
/// weight starts standard normal.
class ADJOINT_API EmbeddingImpl : public ClonedByOptions<EmbeddingImpl, Layer> {
 public:
  EmbeddingImpl(int64_t num_embeddings, int64_t embedding_dim)
      : EmbeddingImpl(EmbeddingOptions(num_embeddings, embedding_dim)) {}
  explicit EmbeddingImpl(const EmbeddingOptions& options);
  /// With a weight [n, d] of the caller's, which is trained unless `freeze`.
  explicit EmbeddingImpl(Tensor weight, bool freeze = true);
  void reset_parameters();
  Tensor forward(const Tensor& indices) override {
    return embedding(weight, indices, options.padding_idx().value_or(-1));
  }
  void pretty_print(std::ostream& out) const override;

  EmbeddingOptions options;
  Tensor weight;
};
class Embedding : public ModuleHolder<EmbeddingImpl> {
 public:
  using ModuleHolder<EmbeddingImpl>::ModuleHolder;
  using Impl = EmbeddingImpl;
  ADJOINT_API static Embedding from_pretrained(Tensor weight, bool freeze = true);
};

class ADJOINT_API EmbeddingBagOptions {
 public:
  EmbeddingBagOptions(int64_t num_embeddings, int64_t embedding_dim)
      : num_embeddings_(num_embeddings), embedding_dim_(embedding_dim) {}
  ADJOINT_OPTION(EmbeddingBagOptions, int64_t, num_embeddings, 0);
  ADJOINT_OPTION(EmbeddingBagOptions, int64_t, embedding_dim, 0);
  ADJOINT_OPTION(EmbeddingBagOptions, bool, include_last_offset, false);
  /// A row that counts for nothing in its bag.
  ADJOINT_OPTION(EmbeddingBagOptions, std::optional<int64_t>, padding_idx, std::nullopt);

 public:
  EmbeddingBagOptions& mode(EmbeddingBagMode value) {
    mode_ = value;
    return *this;
  }
  /// Sum or Mean.
  EmbeddingBagOptions& mode(Reduction value);
  EmbeddingBagMode mode() const { return mode_; }

 private:
  EmbeddingBagMode mode_ = EmbeddingBagMode::Mean;
};

namespace functional {

class ADJOINT_API EmbeddingBagFuncOptions {
 public:
  ADJOINT_OPTION(EmbeddingBagFuncOptions, Tensor, offsets, {});
  ADJOINT_OPTION(EmbeddingBagFuncOptions, Tensor, per_sample_weights, {});
  ADJOINT_OPTION(EmbeddingBagFuncOptions, bool, include_last_offset, false);
  ADJOINT_OPTION(EmbeddingBagFuncOptions, std::optional<int64_t>, padding_idx, std::nullopt);

 public:
  EmbeddingBagFuncOptions& mode(EmbeddingBagMode value) {
    mode_ = value;
    return *this;
  }
  EmbeddingBagFuncOptions& mode(Reduction value);
  EmbeddingBagMode mode() const { return mode_; }

 private:
  EmbeddingBagMode mode_ = EmbeddingBagMode::Mean;
};
/// The sums, means or maxima of bags of rows of `weight` [n, d] -> [bags, d]: each row of input
/// [bags, length] is a bag, or bag i of a 1-d input begins at offsets[i] (kLong); with
/// include_last_offset the last offset is the input's length. per_sample_weights, of input's shape,
/// scale the rows of sums. An empty bag is zeros. Maxima are for input of two dimensions. Throws
/// Error for other combinations.
ADJOINT_API Tensor embedding_bag(const Tensor& input, const Tensor& weight,
                                 const EmbeddingBagFuncOptions& options = {});

}  // namespace functional

class ADJOINT_API EmbeddingBagImpl : public ClonedByOptions<EmbeddingBagImpl, Module> {
 public:
  EmbeddingBagImpl(int64_t num_embeddings, int64_t embedding_dim)
      : EmbeddingBagImpl(EmbeddingBagOptions(num_embeddings, embedding_dim)) {}
  explicit EmbeddingBagImpl(const EmbeddingBagOptions& options);
  void reset_parameters();
  Tensor forward(const Tensor& input, const Tensor& offsets = {},
                 const Tensor& per_sample_weights = {});
  void pretty_print(std::ostream& out) const override;

  EmbeddingBagOptions options;
  Tensor weight;
};
ADJOINT_MODULE(EmbeddingBag);

}  // namespace adjoint::nn
