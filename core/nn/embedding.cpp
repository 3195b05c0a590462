// SPDX-License-Identifier: MIT
#include "adjoint/nn/embedding.h"

#include <ostream>

#include "adjoint/nn/init.h"
#include "core/nn/print.h"

namespace adjoint::nn {

EmbeddingImpl::EmbeddingImpl(const EmbeddingOptions& o) : options(o) {
  int64_t n = o.num_embeddings();
  if (std::optional<int64_t> padding = o.padding_idx()) {
    ADJOINT_CHECK_VALUE(*padding >= -n && *padding < n,
                        "Padding_idx must be within num_embeddings: expected one in [", -n, ", ", n,
                        "), got ", *padding);
    if (*padding < 0) options.padding_idx(*padding + n);
  }
  weight = register_parameter("weight", empty({n, o.embedding_dim()}));
  reset_parameters();
}

Embedding Embedding::from_pretrained(Tensor weight, bool freeze) {
  return Embedding(std::make_shared<EmbeddingImpl>(std::move(weight), freeze));
}

EmbeddingImpl::EmbeddingImpl(Tensor given, bool freeze) : options(0, 0) {
  ADJOINT_CHECK_VALUE(given.dim() == 2,
                      "Embeddings parameter is expected to be 2-dimensional, got ", given.sizes());
  options.num_embeddings(given.size(0)).embedding_dim(given.size(1));
  weight = register_parameter("weight", std::move(given), !freeze);
}

void EmbeddingImpl::reset_parameters() {
  init::normal_(weight);
  if (options.padding_idx()) init::zeros_(weight.detach()[*options.padding_idx()]);
}

void EmbeddingImpl::pretty_print(std::ostream& out) const {
  const bool cpp = is_libtorch_style(out);
  out << "Embedding(" << (cpp ? "num_embeddings=" : "") << options.num_embeddings() << ", "
      << (cpp ? "embedding_dim=" : "") << options.embedding_dim();
  if (options.padding_idx()) out << ", padding_idx=" << *options.padding_idx();
  out << ")";
}

}  // namespace adjoint::nn
