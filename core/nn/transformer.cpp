// SPDX-License-Identifier: MIT
#include "adjoint/nn/transformer.h"

#include <limits>

#include "adjoint/nn/init.h"

namespace adjoint::nn {

TransformerDecoderLayerImpl::TransformerDecoderLayerImpl(const TransformerDecoderLayerOptions& o)
    : options(o) {
  ADJOINT_CHECK_VALUE(
      o.activation() == init::Nonlinearity::ReLU || o.activation() == init::Nonlinearity::GELU,
      "activation should be kRelu or kGELU");
  const int64_t d = o.d_model();
  auto attention = [&](const char* name) {
    return register_module(
        name, MultiheadAttention(MultiheadAttentionOptions(d, o.nhead()).dropout(o.dropout())));
  };
  auto norm = [&](const char* name) {
    return register_module(name, LayerNorm(LayerNormOptions({d})));
  };
  auto drop = [&](const char* name) { return register_module(name, Dropout(o.dropout())); };
  self_attn = attention("self_attn");
  multihead_attn = attention("multihead_attn");
  linear1 = register_module("linear1", Linear(d, o.dim_feedforward()));
  dropout = drop("dropout");
  linear2 = register_module("linear2", Linear(o.dim_feedforward(), d));
  norm1 = norm("norm1");
  norm2 = norm("norm2");
  norm3 = norm("norm3");
  dropout1 = drop("dropout1");
  dropout2 = drop("dropout2");
  dropout3 = drop("dropout3");
}

Tensor TransformerDecoderLayerImpl::forward(const Tensor& tgt, const Tensor& memory,
                                            const Tensor& tgt_mask, const Tensor& memory_mask,
                                            const Tensor& tgt_key_padding_mask,
                                            const Tensor& memory_key_padding_mask) {
  Tensor seen = std::get<0>(self_attn(tgt, tgt, tgt, tgt_key_padding_mask, false, tgt_mask));
  Tensor x = norm1(tgt + dropout1(seen));
  seen =
      std::get<0>(multihead_attn(x, memory, memory, memory_key_padding_mask, false, memory_mask));
  x = norm2(x + dropout2(seen));
  Tensor hidden = linear1(x);
  hidden = options.activation() == init::Nonlinearity::ReLU ? relu(hidden) : gelu(hidden);
  return norm3(x + dropout3(linear2(dropout(hidden))));
}

TransformerDecoderImpl::TransformerDecoderImpl(const TransformerDecoderOptions& o) : options(o) {
  for (int64_t i = 0; i < o.num_layers(); ++i) layers->push_back(o.decoder_layer()->clone());
  register_module("layers", layers);
  if (o.norm()) norm = register_module("norm", o.norm());
}

Tensor TransformerDecoderImpl::forward(const Tensor& tgt, const Tensor& memory,
                                       const Tensor& tgt_mask, const Tensor& memory_mask,
                                       const Tensor& tgt_key_padding_mask,
                                       const Tensor& memory_key_padding_mask) {
  Tensor x = tgt;
  for (const auto& layer : *layers) {
    x = layer->as<TransformerDecoderLayer>()->forward(
        x, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask);
  }
  return norm ? norm(x) : x;
}

TransformerImpl::TransformerImpl(const TransformerOptions& o) : options(o) {
  const int64_t d = o.d_model();
  TransformerEncoderLayer encoder_layer(TransformerEncoderLayerOptions(d, o.nhead())
                                            .dim_feedforward(o.dim_feedforward())
                                            .dropout(o.dropout())
                                            .activation(o.activation()));
  TransformerDecoderLayer decoder_layer(TransformerDecoderLayerOptions(d, o.nhead())
                                            .dim_feedforward(o.dim_feedforward())
                                            .dropout(o.dropout())
                                            .activation(o.activation()));
  encoder = register_module(
      "encoder", TransformerEncoder(TransformerEncoderOptions(encoder_layer, o.num_encoder_layers())
                                        .norm(LayerNorm(LayerNormOptions({d})))));
  decoder = register_module(
      "decoder", TransformerDecoder(TransformerDecoderOptions(decoder_layer, o.num_decoder_layers())
                                        .norm(LayerNorm(LayerNormOptions({d})))));
  reset_parameters();
}

void TransformerImpl::reset_parameters() {
  for (const Tensor& p : parameters()) {
    if (p.dim() > 1) init::xavier_uniform_(p);
  }
}

Tensor TransformerImpl::forward(const Tensor& src, const Tensor& tgt, const Tensor& src_mask,
                                const Tensor& tgt_mask, const Tensor& memory_mask,
                                const Tensor& src_key_padding_mask,
                                const Tensor& tgt_key_padding_mask,
                                const Tensor& memory_key_padding_mask) {
  ADJOINT_CHECK(src.dim() == 3 && tgt.dim() == 3, "src and tgt should have 3 dimensions, but got ",
                src.dim(), " and ", tgt.dim());
  ADJOINT_CHECK(src.size(1) == tgt.size(1), "src and tgt should have equal batch size (at dim 1), ",
                "but got ", src.size(1), " and ", tgt.size(1));
  ADJOINT_CHECK(src.size(2) == options.d_model() && tgt.size(2) == options.d_model(),
                "src and tgt should have same feature size as d_model (at dim 2), but got ",
                src.size(2), " and ", tgt.size(2), " while d_model is ", options.d_model());
  Tensor memory = encoder(src, src_mask, src_key_padding_mask);
  return decoder(tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask);
}

Tensor TransformerImpl::generate_square_subsequent_mask(int64_t sz) {
  ADJOINT_CHECK(sz >= 0, "Input size must be non-negative to generate a valid square subsequent ",
                "mask, but got ", sz);
  return full({sz, sz}, -std::numeric_limits<double>::infinity()).triu(1);
}

}  // namespace adjoint::nn
