// SPDX-License-Identifier: MIT
#include "adjoint/nn/attention.h"

#include <cmath>
#include <limits>

#include "adjoint/nn/init.h"

namespace adjoint::nn {
namespace {

/// [steps, n, heads * size] -> [n * heads, steps, size]
Tensor apart(const Tensor& x, int64_t heads) {
  const int64_t steps = x.size(0), n = x.size(1);
  return x.reshape({steps, n * heads, x.size(2) / heads}).transpose(0, 1);
}

/// What a mask says, onto the scores.
Tensor masked(const Tensor& scores, const Tensor& mask) {
  if (mask.dtype() != kBool) return scores + mask;
  return scores.masked_fill(mask, -std::numeric_limits<double>::infinity());
}

Tensor activated(const Tensor& x, init::Nonlinearity activation) {
  ADJOINT_CHECK_VALUE(
      activation == init::Nonlinearity::ReLU || activation == init::Nonlinearity::GELU,
      "activation should be kRelu, kGELU, or a callable");
  return activation == init::Nonlinearity::ReLU ? relu(x) : gelu(x);
}

Tensor with_column(const Tensor& mask) { return constant_pad_nd(mask, {0, 1}); }

}  // namespace

MultiheadAttentionImpl::MultiheadAttentionImpl(const MultiheadAttentionOptions& o) : options(o) {
  const int64_t e = o.embed_dim();
  ADJOINT_CHECK_VALUE(o.num_heads() > 0 && e % o.num_heads() == 0,
                      "embed_dim must be divisible by num_heads, got ", e, " and ", o.num_heads());
  const bool is_one = o.kdim() == e && o.vdim() == e;
  auto weight = [&](bool wanted, int64_t rows, int64_t columns) {
    return wanted ? empty({rows, columns}) : Tensor();
  };
  q_proj_weight = register_parameter("q_proj_weight", weight(!is_one, e, e));
  k_proj_weight = register_parameter("k_proj_weight", weight(!is_one, e, o.kdim()));
  v_proj_weight = register_parameter("v_proj_weight", weight(!is_one, e, o.vdim()));
  in_proj_weight = register_parameter("in_proj_weight", weight(is_one, 3 * e, e));
  in_proj_bias = register_parameter("in_proj_bias", o.bias() ? empty({3 * e}) : Tensor());
  out_proj = register_module("out_proj", Linear(LinearOptions(e, e).bias(o.bias())));
  bias_k = register_parameter("bias_k", o.add_bias_kv() ? empty({1, 1, e}) : Tensor());
  bias_v = register_parameter("bias_v", o.add_bias_kv() ? empty({1, 1, e}) : Tensor());
  reset_parameters();
}

void MultiheadAttentionImpl::reset_parameters() {
  for (const Tensor* w : {&in_proj_weight, &q_proj_weight, &k_proj_weight, &v_proj_weight}) {
    if (w->defined()) init::xavier_uniform_(*w);
  }
  if (in_proj_bias.defined()) {
    init::zeros_(in_proj_bias);
    init::zeros_(out_proj->bias);
  }
  for (const Tensor* b : {&bias_k, &bias_v}) {
    if (b->defined()) init::xavier_normal_(*b);
  }
}

std::tuple<Tensor, Tensor> MultiheadAttentionImpl::forward(
    const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& key_padding_mask,
    bool need_weights, const Tensor& attn_mask, bool average_attn_weights) {
  const int64_t e = options.embed_dim(), heads = options.num_heads();
  ADJOINT_CHECK(query.dim() == 3 && key.dim() == 3 && value.dim() == 3,
                "MultiheadAttention: expected query, key and value of three dimensions, got ",
                query.sizes(), ", ", key.sizes(), " and ", value.sizes());
  ADJOINT_CHECK(query.size(2) == e, "was expecting embedding dimension of ", e, ", but got ",
                query.size(2));
  ADJOINT_CHECK(
      key.size(0) == value.size(0) && key.size(1) == value.size(1) && key.size(1) == query.size(1),
      "key's sequence and batch dims ", key.sizes(), " do not match value's ", value.sizes(),
      " or query's ", query.sizes());
  const int64_t steps = query.size(0), n = query.size(1);
  std::vector<Tensor> weight =
      in_proj_weight.defined() ? in_proj_weight.chunk(3)
                               : std::vector<Tensor>{q_proj_weight, k_proj_weight, v_proj_weight};
  std::vector<Tensor> bias =
      in_proj_bias.defined() ? in_proj_bias.chunk(3) : std::vector<Tensor>(3);
  Tensor q = linear(query, weight[0], bias[0]), k = linear(key, weight[1], bias[1]);
  Tensor v = linear(value, weight[2], bias[2]);

  Tensor mask = attn_mask, padding = key_padding_mask;
  if (mask.defined()) {
    const DimVector one{steps, key.size(0)}, each{n * heads, steps, key.size(0)};
    ADJOINT_CHECK(mask.sizes() == one || mask.sizes() == each, "The shape of the attn_mask is ",
                  mask.sizes(), ", but should be ", IntArrayRef(one), " or ", IntArrayRef(each));
  }
  ADJOINT_CHECK(!padding.defined() || padding.sizes() == IntArrayRef({n, key.size(0)}),
                "expecting key_padding_mask shape of (", n, ", ", key.size(0), "), but got ",
                padding.defined() ? padding.sizes() : IntArrayRef());
  if (bias_k.defined()) {
    k = cat({k, bias_k.expand({1, n, e})});
    v = cat({v, bias_v.expand({1, n, e})});
  }
  if (options.add_zero_attn()) {
    k = cat({k, zeros({1, n, e}, k.options())});
    v = cat({v, zeros({1, n, e}, v.options())});
  }
  for (int64_t added = key.size(0); added < k.size(0); ++added) {
    if (mask.defined()) mask = with_column(mask);
    if (padding.defined()) padding = with_column(padding);
  }

  Tensor scores =
      bmm(apart(q, heads) / std::sqrt(double(e / heads)), apart(k, heads).transpose(1, 2));
  if (mask.defined()) scores = masked(scores, mask);
  if (padding.defined()) {
    const int64_t columns = k.size(0);
    scores = masked(scores.reshape({n, heads, steps, columns}), padding.reshape({n, 1, 1, columns}))
                 .reshape({n * heads, steps, columns});
  }
  Tensor shares = adjoint::dropout(scores.softmax(-1), options.dropout(), is_training());
  Tensor joined = bmm(shares, apart(v, heads)).transpose(0, 1).reshape({steps, n, e});
  Tensor output = out_proj->forward(joined);
  if (!need_weights) return {output, Tensor()};
  shares = shares.reshape({n, heads, steps, k.size(0)});
  return {output, average_attn_weights ? shares.mean(1) : shares};
}

TransformerEncoderLayerImpl::TransformerEncoderLayerImpl(const TransformerEncoderLayerOptions& o)
    : options(o) {
  const int64_t d = o.d_model();
  self_attn = register_module(
      "self_attn",
      MultiheadAttention(MultiheadAttentionOptions(d, o.nhead()).dropout(o.dropout())));
  linear1 = register_module("linear1", Linear(d, o.dim_feedforward()));
  dropout = register_module("dropout", Dropout(o.dropout()));
  linear2 = register_module("linear2", Linear(o.dim_feedforward(), d));
  norm1 = register_module("norm1", LayerNorm(LayerNormOptions({d})));
  norm2 = register_module("norm2", LayerNorm(LayerNormOptions({d})));
  dropout1 = register_module("dropout1", Dropout(o.dropout()));
  dropout2 = register_module("dropout2", Dropout(o.dropout()));
}

Tensor TransformerEncoderLayerImpl::forward(const Tensor& src, const Tensor& src_mask,
                                            const Tensor& src_key_padding_mask) {
  Tensor seen = std::get<0>(self_attn(src, src, src, src_key_padding_mask, false, src_mask));
  Tensor x = norm1(src + dropout1(seen));
  return norm2(x + dropout2(linear2(dropout(activated(linear1(x), options.activation())))));
}

TransformerEncoderImpl::TransformerEncoderImpl(const TransformerEncoderOptions& o) : options(o) {
  for (int64_t i = 0; i < o.num_layers(); ++i) layers->push_back(o.encoder_layer()->clone());
  register_module("layers", layers);
  if (o.norm()) norm = register_module("norm", o.norm());
}

Tensor TransformerEncoderImpl::forward(const Tensor& src, const Tensor& src_mask,
                                       const Tensor& src_key_padding_mask) {
  Tensor x = src;
  for (const auto& layer : *layers) {
    x = layer->as<TransformerEncoderLayer>()->forward(x, src_mask, src_key_padding_mask);
  }
  return norm ? norm(x) : x;
}

}  // namespace adjoint::nn
