// SPDX-License-Identifier: MIT
// The decoder of transformers, and Transformer, which has both halves.
#pragma once

#include "adjoint/nn/attention.h"

namespace adjoint::nn {

class ADJOINT_API TransformerDecoderLayerOptions {
 public:
  TransformerDecoderLayerOptions(int64_t d_model, int64_t nhead)
      : d_model_(d_model), nhead_(nhead) {}
  ADJOINT_OPTION(TransformerDecoderLayerOptions, int64_t, d_model, 0);
  ADJOINT_OPTION(TransformerDecoderLayerOptions, int64_t, nhead, 1);
  ADJOINT_OPTION(TransformerDecoderLayerOptions, int64_t, dim_feedforward, 2048);
  ADJOINT_OPTION(TransformerDecoderLayerOptions, double, dropout, 0.1);
  /// ReLU or GELU.
  ADJOINT_OPTION(TransformerDecoderLayerOptions, init::Nonlinearity, activation,
                 init::Nonlinearity::ReLU);
};

/// tgt [l, n, d_model]: attention to itself, attention to memory [s, n, d_model] and a perceptron,
/// each added to what went in and normalized after. Masks as MultiheadAttention takes them.
class ADJOINT_API TransformerDecoderLayerImpl
    : public ClonedByOptions<TransformerDecoderLayerImpl, Module> {
 public:
  TransformerDecoderLayerImpl(int64_t d_model, int64_t nhead)
      : TransformerDecoderLayerImpl(TransformerDecoderLayerOptions(d_model, nhead)) {}
  explicit TransformerDecoderLayerImpl(const TransformerDecoderLayerOptions& options);
  Tensor forward(const Tensor& tgt, const Tensor& memory, const Tensor& tgt_mask = {},
                 const Tensor& memory_mask = {}, const Tensor& tgt_key_padding_mask = {},
                 const Tensor& memory_key_padding_mask = {});

  TransformerDecoderLayerOptions options;
  MultiheadAttention self_attn{nullptr}, multihead_attn{nullptr};
  Linear linear1{nullptr};
  Dropout dropout{nullptr};
  Linear linear2{nullptr};
  LayerNorm norm1{nullptr}, norm2{nullptr}, norm3{nullptr};
  Dropout dropout1{nullptr}, dropout2{nullptr}, dropout3{nullptr};
};
ADJOINT_MODULE(TransformerDecoderLayer);

class ADJOINT_API TransformerDecoderOptions {
 public:
  TransformerDecoderOptions(TransformerDecoderLayer decoder_layer, int64_t num_layers)
      : decoder_layer_(std::move(decoder_layer)), num_layers_(num_layers) {}
  ADJOINT_OPTION(TransformerDecoderOptions, TransformerDecoderLayer, decoder_layer, nullptr);
  ADJOINT_OPTION(TransformerDecoderOptions, int64_t, num_layers, 1);
  /// Behind the last layer; none where it is empty.
  ADJOINT_OPTION(TransformerDecoderOptions, LayerNorm, norm, nullptr);
};

/// Copies of a layer, one after the other.
class ADJOINT_API TransformerDecoderImpl : public ClonedByOptions<TransformerDecoderImpl, Module> {
 public:
  TransformerDecoderImpl(TransformerDecoderLayer decoder_layer, int64_t num_layers)
      : TransformerDecoderImpl(TransformerDecoderOptions(std::move(decoder_layer), num_layers)) {}
  explicit TransformerDecoderImpl(const TransformerDecoderOptions& options);
  Tensor forward(const Tensor& tgt, const Tensor& memory, const Tensor& tgt_mask = {},
                 const Tensor& memory_mask = {}, const Tensor& tgt_key_padding_mask = {},
                 const Tensor& memory_key_padding_mask = {});

  TransformerDecoderOptions options;
  ModuleList layers;
  LayerNorm norm{nullptr};
};
ADJOINT_MODULE(TransformerDecoder);

class ADJOINT_API TransformerOptions {
 public:
  TransformerOptions() = default;
  TransformerOptions(int64_t d_model, int64_t nhead) : d_model_(d_model), nhead_(nhead) {}
  TransformerOptions(int64_t d_model, int64_t nhead, int64_t num_encoder_layers,
                     int64_t num_decoder_layers)
      : d_model_(d_model),
        nhead_(nhead),
        num_encoder_layers_(num_encoder_layers),
        num_decoder_layers_(num_decoder_layers) {}
  ADJOINT_OPTION(TransformerOptions, int64_t, d_model, 512);
  ADJOINT_OPTION(TransformerOptions, int64_t, nhead, 8);
  ADJOINT_OPTION(TransformerOptions, int64_t, num_encoder_layers, 6);
  ADJOINT_OPTION(TransformerOptions, int64_t, num_decoder_layers, 6);
  ADJOINT_OPTION(TransformerOptions, int64_t, dim_feedforward, 2048);
  ADJOINT_OPTION(TransformerOptions, double, dropout, 0.1);
  ADJOINT_OPTION(TransformerOptions, init::Nonlinearity, activation, init::Nonlinearity::ReLU);
};

/// src [s, n, d_model] and tgt [l, n, d_model] give [l, n, d_model]: encoder and decoder, with a
/// LayerNorm behind each. Weights start by xavier_uniform_. A. Vaswani et al., Attention is all you
/// need (2017). Throws Error for other shapes.
class ADJOINT_API TransformerImpl : public ClonedByOptions<TransformerImpl, Module> {
 public:
  explicit TransformerImpl(const TransformerOptions& options = {});
  void reset_parameters();
  Tensor forward(const Tensor& src, const Tensor& tgt, const Tensor& src_mask = {},
                 const Tensor& tgt_mask = {}, const Tensor& memory_mask = {},
                 const Tensor& src_key_padding_mask = {}, const Tensor& tgt_key_padding_mask = {},
                 const Tensor& memory_key_padding_mask = {});
  /// [sz, sz]: minus infinity above the diagonal, so that nothing later is looked at; 0 elsewhere.
  static Tensor generate_square_subsequent_mask(int64_t sz);

  TransformerOptions options;
  TransformerEncoder encoder{nullptr};
  TransformerDecoder decoder{nullptr};
};
ADJOINT_MODULE(Transformer);

}  // namespace adjoint::nn
