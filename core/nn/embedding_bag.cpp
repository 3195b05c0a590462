// SPDX-License-Identifier: MIT
// EmbeddingBag: rows of a table, added up in groups.
#include <ostream>

#include "adjoint/autograd.h"
#include "adjoint/nn/embedding.h"
#include "adjoint/nn/init.h"
#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

EmbeddingBagMode mode_of(Reduction reduction) {
  ADJOINT_CHECK_VALUE(reduction != Reduction::None, "mode has to be one of sum, mean or max");
  return reduction == Reduction::Sum ? EmbeddingBagMode::Sum : EmbeddingBagMode::Mean;
}

std::optional<int64_t> counted_from_start(std::optional<int64_t> padding, int64_t rows) {
  if (!padding) return padding;
  ADJOINT_CHECK_VALUE(*padding >= -rows && *padding < rows,
                      "padding_idx must be within num_embeddings: expected one in [", -rows, ", ",
                      rows, "), got ", *padding);
  return *padding < 0 ? *padding + rows : *padding;
}

/// The bag (kLong) of each of n elements: how many offsets are not behind it, less one.
Tensor bags_of(int64_t n, const Tensor& offsets) {
  Tensor element = arange(n, offsets.options()).unsqueeze(1);
  return (element >= offsets).sum(1) - 1;
}

}  // namespace

EmbeddingBagOptions& EmbeddingBagOptions::mode(Reduction value) { return mode(mode_of(value)); }

namespace functional {

EmbeddingBagFuncOptions& EmbeddingBagFuncOptions::mode(Reduction value) {
  return mode(mode_of(value));
}

Tensor embedding_bag(const Tensor& input, const Tensor& weight,
                     const EmbeddingBagFuncOptions& options) {
  const Tensor& weights = options.per_sample_weights();
  ADJOINT_CHECK(!weights.defined() || options.mode() == EmbeddingBagMode::Sum,
                "embedding_bag: per_sample_weights was not null. per_sample_weights is only "
                "supported for mode='kSum'");
  ADJOINT_CHECK(
      !weights.defined() || weights.sizes() == input.sizes(),
      "embedding_bag: If per_sample_weights (", weights.defined() ? weights.sizes() : IntArrayRef(),
      ") is not null, then it must have the same shape as the input (", input.sizes(), ")");
  ADJOINT_CHECK(input.dim() == 1 || input.dim() == 2,
                "input has to be 1D or 2D Tensor, but got Tensor of dimension ", input.dim());
  ADJOINT_CHECK(input.dim() == 1 || !options.offsets().defined(),
                "If input is 2D, then offsets has to be null, as input is treated is a mini-batch "
                "of fixed length sequences.");
  ADJOINT_CHECK(input.dim() == 2 || (options.offsets().defined() && options.offsets().dim() == 1),
                "offsets has to be a 1D Tensor");
  ADJOINT_CHECK(input.dim() == 2 || options.mode() != EmbeddingBagMode::Max,
                "embedding_bag: expected an input of two dimensions for maxima");
  const std::optional<int64_t> padding = counted_from_start(options.padding_idx(), weight.size(0));
  Tensor rows = embedding(weight, input, padding.value_or(-1));
  Tensor counted = ones(input.sizes(), rows.options());
  if (padding) counted = counted.masked_fill(input == *padding, 0);
  if (input.dim() == 2 && options.mode() == EmbeddingBagMode::Max) {
    ADJOINT_CHECK(!padding, "embedding_bag: expected no padding_idx for maxima");
    return input.size(1) == 0 ? rows.sum(1) : std::get<0>(rows.max(1));
  }
  if (padding || weights.defined()) {
    rows = rows * (weights.defined() ? weights * counted : counted).unsqueeze(-1);
  }
  Tensor sums, counts;
  if (input.dim() == 2) {
    sums = rows.sum(1);
    counts = counted.sum(1);
  } else {
    Tensor offsets = options.offsets().to(kLong);
    int64_t bags = offsets.size(0);
    if (options.include_last_offset()) {
      ADJOINT_CHECK(bags >= 1, "include_last_offset: number of offset should be at least 1");
      offsets = offsets.narrow(0, 0, --bags);
    }
    const Tensor bag = bags_of(input.size(0), offsets);
    sums = zeros({bags, weight.size(1)}, rows.options()).index_add(0, bag, rows);
    counts = zeros({bags}, rows.options()).index_add(0, bag, counted);
  }
  if (options.mode() == EmbeddingBagMode::Sum) return sums;
  return sums / counts.clamp_min(1).unsqueeze(-1);
}

}  // namespace functional

EmbeddingBagImpl::EmbeddingBagImpl(const EmbeddingBagOptions& o) : options(o) {
  options.padding_idx(counted_from_start(o.padding_idx(), o.num_embeddings()));
  weight = register_parameter("weight", empty({o.num_embeddings(), o.embedding_dim()}));
  reset_parameters();
}

void EmbeddingBagImpl::reset_parameters() {
  init::normal_(weight);
  if (options.padding_idx()) init::zeros_(weight.detach()[*options.padding_idx()]);
}

Tensor EmbeddingBagImpl::forward(const Tensor& input, const Tensor& offsets,
                                 const Tensor& per_sample_weights) {
  return functional::embedding_bag(input, weight,
                                   functional::EmbeddingBagFuncOptions()
                                       .offsets(offsets)
                                       .per_sample_weights(per_sample_weights)
                                       .include_last_offset(options.include_last_offset())
                                       .padding_idx(options.padding_idx())
                                       .mode(options.mode()));
}

void EmbeddingBagImpl::pretty_print(std::ostream& out) const {
  const bool cpp = is_libtorch_style(out);
  out << "EmbeddingBag(" << (cpp ? "num_embeddings=" : "") << options.num_embeddings() << ", "
      << (cpp ? "embedding_dim=" : "") << options.embedding_dim();
  // LibTorch leaves out the mode that is the default.
  if (!cpp || options.mode() != EmbeddingBagMode::Mean) {
    out << ", mode=" << quoted(out, options.mode());
  }
  if (options.padding_idx()) out << ", padding_idx=" << *options.padding_idx();
  out << ")";
}

}  // namespace adjoint::nn
