// SPDX-License-Identifier: MIT
// Embedding.
#pragma once

#include <optional>

#include "adjoint/nn/layer.h"
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
  static Embedding from_pretrained(Tensor weight, bool freeze = true) {
    return Embedding(std::make_shared<EmbeddingImpl>(std::move(weight), freeze));
  }
};

}  // namespace adjoint::nn
