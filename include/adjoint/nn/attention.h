// SPDX-License-Identifier: MIT
// MultiheadAttention, and the encoder of transformers made of it.
#pragma once

#include <tuple>

#include "adjoint/nn/dropout.h"
#include "adjoint/nn/init.h"
#include "adjoint/nn/linear.h"
#include "adjoint/nn/normalization.h"
#include "adjoint/nn/sequential.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API MultiheadAttentionOptions {
 public:
  MultiheadAttentionOptions(int64_t embed_dim, int64_t num_heads)
      : embed_dim_(embed_dim), num_heads_(num_heads), kdim_(embed_dim), vdim_(embed_dim) {}
  ADJOINT_OPTION(MultiheadAttentionOptions, int64_t, embed_dim, 0);
  ADJOINT_OPTION(MultiheadAttentionOptions, int64_t, num_heads, 1);
  /// Of the attention's weights.
  ADJOINT_OPTION(MultiheadAttentionOptions, double, dropout, 0.0);
  ADJOINT_OPTION(MultiheadAttentionOptions, bool, bias, true);
  /// A learnt key and value, and a key and value of zeros, behind those of the input.
  ADJOINT_OPTION(MultiheadAttentionOptions, bool, add_bias_kv, false);
  ADJOINT_OPTION(MultiheadAttentionOptions, bool, add_zero_attn, false);
  /// The sizes of keys and values; embed_dim until set.
  ADJOINT_OPTION(MultiheadAttentionOptions, int64_t, kdim, 0);
  ADJOINT_OPTION(MultiheadAttentionOptions, int64_t, vdim, 0);
};

/// query [l, n, embed_dim], key [s, n, kdim], value [s, n, vdim] give outputs [l, n, embed_dim]
/// and, if need_weights, the weights [n, l, s], the mean over the heads or [n, heads, l, s].
/// key_padding_mask [n, s] and attn_mask [l, s] or [n * heads, l, s] hold true for what is not
/// looked at, or numbers to be added. Parameters are named as PyTorch names them. Throws ValueError
/// for heads that do not divide embed_dim, Error for shapes that do not fit. A. Vaswani et al.,
/// Attention is all you need (2017).
class ADJOINT_API MultiheadAttentionImpl : public ClonedByOptions<MultiheadAttentionImpl, Module> {
 public:
  MultiheadAttentionImpl(int64_t embed_dim, int64_t num_heads)
      : MultiheadAttentionImpl(MultiheadAttentionOptions(embed_dim, num_heads)) {}
  explicit MultiheadAttentionImpl(const MultiheadAttentionOptions& options);
  void reset_parameters();
  std::tuple<Tensor, Tensor> forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                     const Tensor& key_padding_mask = {}, bool need_weights = true,
                                     const Tensor& attn_mask = {},
                                     bool average_attn_weights = true);

  MultiheadAttentionOptions options;
  /// in_proj_weight [3 * embed_dim, embed_dim], or, where key or value have another size, three.
  Tensor in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight, in_proj_bias;
  Linear out_proj{nullptr};
  Tensor bias_k, bias_v;
};
ADJOINT_MODULE(MultiheadAttention);

class ADJOINT_API TransformerEncoderLayerOptions {
 public:
  TransformerEncoderLayerOptions(int64_t d_model, int64_t nhead)
      : d_model_(d_model), nhead_(nhead) {}
  ADJOINT_OPTION(TransformerEncoderLayerOptions, int64_t, d_model, 0);
  ADJOINT_OPTION(TransformerEncoderLayerOptions, int64_t, nhead, 1);
  ADJOINT_OPTION(TransformerEncoderLayerOptions, int64_t, dim_feedforward, 2048);
  ADJOINT_OPTION(TransformerEncoderLayerOptions, double, dropout, 0.1);
  /// ReLU or GELU.
  ADJOINT_OPTION(TransformerEncoderLayerOptions, init::Nonlinearity, activation,
                 init::Nonlinearity::ReLU);
};

/// src [l, n, d_model]: attention to itself and a perceptron, each added to what went in
/// and normalized after.
class ADJOINT_API TransformerEncoderLayerImpl
    : public ClonedByOptions<TransformerEncoderLayerImpl, Module> {
 public:
  TransformerEncoderLayerImpl(int64_t d_model, int64_t nhead)
      : TransformerEncoderLayerImpl(TransformerEncoderLayerOptions(d_model, nhead)) {}
  explicit TransformerEncoderLayerImpl(const TransformerEncoderLayerOptions& options);
  Tensor forward(const Tensor& src, const Tensor& src_mask = {},
                 const Tensor& src_key_padding_mask = {});

  TransformerEncoderLayerOptions options;
  MultiheadAttention self_attn{nullptr};
  Linear linear1{nullptr};
  Dropout dropout{nullptr};
  Linear linear2{nullptr};
  LayerNorm norm1{nullptr}, norm2{nullptr};
  Dropout dropout1{nullptr}, dropout2{nullptr};
};
ADJOINT_MODULE(TransformerEncoderLayer);

class ADJOINT_API TransformerEncoderOptions {
 public:
  TransformerEncoderOptions(TransformerEncoderLayer encoder_layer, int64_t num_layers)
      : encoder_layer_(std::move(encoder_layer)), num_layers_(num_layers) {}
  ADJOINT_OPTION(TransformerEncoderOptions, TransformerEncoderLayer, encoder_layer, nullptr);
  ADJOINT_OPTION(TransformerEncoderOptions, int64_t, num_layers, 1);
  /// Behind the last layer; none where it is empty.
  ADJOINT_OPTION(TransformerEncoderOptions, LayerNorm, norm, nullptr);
};

/// Copies of a layer, one after the other.
class ADJOINT_API TransformerEncoderImpl : public ClonedByOptions<TransformerEncoderImpl, Module> {
 public:
  TransformerEncoderImpl(TransformerEncoderLayer encoder_layer, int64_t num_layers)
      : TransformerEncoderImpl(TransformerEncoderOptions(std::move(encoder_layer), num_layers)) {}
  explicit TransformerEncoderImpl(const TransformerEncoderOptions& options);
  Tensor forward(const Tensor& src, const Tensor& src_mask = {},
                 const Tensor& src_key_padding_mask = {});

  TransformerEncoderOptions options;
  ModuleList layers;
  LayerNorm norm{nullptr};
};
ADJOINT_MODULE(TransformerEncoder);

}  // namespace adjoint::nn
