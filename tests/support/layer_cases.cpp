// SPDX-License-Identifier: MIT
#include "tests/support/layer_cases.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

namespace adjoint::testing {
namespace {

using nlohmann::json;
using Made = MadeLayer;
using Tensors = std::vector<Tensor>;

/// A case's options by name.
class Settings {
 public:
  explicit Settings(const json& values) : values_(values) {}
  bool has(const char* name) const { return values_.contains(name); }
  int64_t integer(const char* name) const { return values_.at(name).get<int64_t>(); }
  int64_t integer(const char* name, int64_t otherwise) const {
    return values_.value(name, otherwise);
  }
  double number(const char* name, double otherwise) const { return values_.value(name, otherwise); }
  bool flag(const char* name, bool otherwise) const { return values_.value(name, otherwise); }
  std::string text(const char* name, const char* otherwise = "") const {
    return has(name) && values_[name].is_string() ? values_[name].get<std::string>() : otherwise;
  }
  std::vector<int64_t> integers(const char* name, int64_t otherwise = 0) const {
    return to_ints(values_.value(name, json(otherwise)));
  }
  Tensor tensor(const char* name, ScalarType dtype) const {
    if (!has(name)) return {};
    Tensor t = to_tensor(values_[name]);
    return t.is_floating_point() ? t.to(dtype) : t;
  }
  Reduction reduction() const {
    const std::string name = text("reduction", "mean");
    return name == "none" ? Reduction::None : name == "sum" ? Reduction::Sum : Reduction::Mean;
  }
  const json& operator[](const char* name) const { return values_.at(name); }

 private:
  const json& values_;
};

template <class Holder>
Made of_one(Holder module) {
  return {module.ptr(), [module](const Tensors& x) { return Tensors{module->forward(x[0])}; }};
}
template <class Holder>
Made of_two(Holder module) {
  return {module.ptr(),
          [module](const Tensors& x) { return Tensors{module->forward(x[0], x[1])}; }};
}
template <class Holder>
Made of_three(Holder module) {
  return {module.ptr(),
          [module](const Tensors& x) { return Tensors{module->forward(x[0], x[1], x[2])}; }};
}

nn::PaddingMode padding_mode(const std::string& name) {
  return name == "reflect"     ? nn::PaddingMode::Reflect
         : name == "replicate" ? nn::PaddingMode::Replicate
         : name == "circular"  ? nn::PaddingMode::Circular
                               : nn::PaddingMode::Constant;
}

template <class Holder, template <size_t> class Options, size_t D>
Made conv(const Settings& s) {
  Options<D> o(s.integer("in_channels"), s.integer("out_channels"), s.integers("kernel_size"));
  o.stride(s.integers("stride", 1)).dilation(s.integers("dilation", 1));
  o.groups(s.integer("groups", 1)).bias(s.flag("bias", true));
  if constexpr (Options<D>::kTransposed) {
    o.padding(s.integers("padding")).output_padding(s.integers("output_padding"));
  } else {
    if (s.text("padding") == "same") {
      o.padding(nn::ConvPaddingMode::Same);
    } else if (s.text("padding") == "valid") {
      o.padding(nn::ConvPaddingMode::Valid);
    } else {
      o.padding(s.integers("padding"));
    }
    if (s.has("padding_mode")) o.padding_mode(padding_mode(s.text("padding_mode")));
  }
  return of_one(Holder(o));
}

template <class Holder, size_t D>
Made avg_pool(const Settings& s) {
  nn::AvgPoolOptions<D> o(s.integers("kernel_size"));
  if (s.has("stride")) o.stride(s.integers("stride"));
  o.padding(s.integers("padding")).ceil_mode(s.flag("ceil_mode", false));
  o.count_include_pad(s.flag("count_include_pad", true));
  if (s.has("divisor_override")) o.divisor_override(s.integer("divisor_override"));
  return of_one(Holder(o));
}

template <class Holder, size_t D>
Made max_pool(const Settings& s) {
  nn::MaxPoolOptions<D> o(s.integers("kernel_size"));
  if (s.has("stride")) o.stride(s.integers("stride"));
  o.padding(s.integers("padding")).dilation(s.integers("dilation", 1));
  return of_one(Holder(o.ceil_mode(s.flag("ceil_mode", false))));
}

template <class Holder, size_t D>
Made power_pool(const Settings& s) {
  nn::LPPoolOptions<D> o(s.number("norm_type", 2), s.integers("kernel_size"));
  if (s.has("stride")) o.stride(s.integers("stride"));
  return of_one(Holder(o.ceil_mode(s.flag("ceil_mode", false))));
}

Made unfold(const Settings& s) {
  return of_one(nn::Unfold(nn::UnfoldOptions(s.integers("kernel_size"))
                               .dilation(s.integers("dilation", 1))
                               .padding(s.integers("padding"))
                               .stride(s.integers("stride", 1))));
}
Made fold(const Settings& s) {
  return of_one(nn::Fold(nn::FoldOptions(s.integers("output_size"), s.integers("kernel_size"))
                             .padding(s.integers("padding"))
                             .stride(s.integers("stride", 1))));
}

/// Of log_softmax of its first input.
Made connectionist(const Settings& s) {
  nn::CTCLoss loss(nn::CTCLossOptions()
                       .blank(s.integer("blank", 0))
                       .reduction(s.reduction())
                       .zero_infinity(s.flag("zero_infinity", false)));
  return {loss.ptr(), [loss](const Tensors& x) {
            return Tensors{loss->forward(log_softmax(x[0], -1), x[1], x[2], x[3])};
          }};
}

template <class Holder, size_t D>
Made adaptive(const Settings& s) {
  const json& size = s["output_size"];
  auto one = [](const json& n) {
    return n.is_null() ? std::nullopt : std::optional<int64_t>(n.get<int64_t>());
  };
  if constexpr (D == 2) {
    if (size.is_array()) return of_one(Holder(nn::OptionalSizes<2>({one(size[0]), one(size[1])})));
  } else if constexpr (D == 3) {
    if (size.is_array()) {
      return of_one(Holder(nn::OptionalSizes<3>({one(size[0]), one(size[1]), one(size[2])})));
    }
  }
  return of_one(Holder(nn::OptionalSizes<D>(one(size))));
}

template <class Holder, size_t D>
Made border(const Settings& s) {
  return of_one(Holder(nn::PadOptions<D>(s.integers("padding"))));
}
template <class Holder, size_t D>
Made constant_border(const Settings& s) {
  return of_one(Holder(nn::ConstantPadOptions<D>(s.integers("padding"), s.number("value", 0))));
}

template <class Options>
Options resampling(const Settings& s) {
  Options o;
  if (s.has("size")) o.size(s.integers("size"));
  if (s.has("scale_factor")) {
    const json& factor = s["scale_factor"];
    o.scale_factor(factor.is_array() ? factor.get<std::vector<double>>()
                                     : std::vector<double>{factor.get<double>()});
  }
  const std::string mode = s.text("mode", "nearest");
  o.mode(mode == "nearest"     ? nn::InterpolateMode::Nearest
         : mode == "linear"    ? nn::InterpolateMode::Linear
         : mode == "bilinear"  ? nn::InterpolateMode::Bilinear
         : mode == "bicubic"   ? nn::InterpolateMode::Bicubic
         : mode == "trilinear" ? nn::InterpolateMode::Trilinear
                               : nn::InterpolateMode::Area);
  if (s.has("align_corners")) o.align_corners(s.flag("align_corners", false));
  return o;
}

template <class Holder>
Made instance_norm_layer(const Settings& s) {
  return of_one(Holder(nn::InstanceNormOptions(s.integer("num_features"))
                           .affine(s.flag("affine", false))
                           .momentum(s.number("momentum", 0.1))
                           .track_running_stats(s.flag("track_running_stats", false))));
}

template <class Options>
Options recurrent_options(const Settings& s) {
  Options o(s.integer("input_size"), s.integer("hidden_size"));
  if constexpr (requires { o.num_layers(1); }) {
    o.num_layers(s.integer("num_layers", 1)).batch_first(s.flag("batch_first", false));
    o.dropout(s.number("dropout", 0)).bidirectional(s.flag("bidirectional", false));
  }
  if constexpr (requires { o.proj_size(1); }) o.proj_size(s.integer("proj_size", 0));
  if constexpr (requires { o.nonlinearity(); }) {
    if (s.text("nonlinearity") == "relu") o.nonlinearity(nn::init::Nonlinearity::ReLU);
  }
  return o.bias(s.flag("bias", true));
}

/// With the state that follows the input, if any.
template <class Holder, class Options>
Made layers_of_one_state(const Settings& s) {
  Holder module{recurrent_options<Options>(s)};
  return {module.ptr(), [module](const Tensors& x) {
            auto [output, h] = module->forward(x[0], x.size() > 1 ? x[1] : Tensor());
            return Tensors{output, h};
          }};
}
template <class Holder, class Options>
Made cell_of_one_state(const Settings& s) {
  Holder module{recurrent_options<Options>(s)};
  return {module.ptr(), [module](const Tensors& x) {
            return Tensors{module->forward(x[0], x.size() > 1 ? x[1] : Tensor())};
          }};
}
Made lstm_layers(const Settings& s) {
  nn::LSTM module(recurrent_options<nn::LSTMOptions>(s));
  return {module.ptr(), [module](const Tensors& x) {
            std::optional<std::tuple<Tensor, Tensor>> start;
            if (x.size() > 1) start.emplace(x[1], x[2]);
            auto [output, state] = module->forward(x[0], start);
            return Tensors{output, std::get<0>(state), std::get<1>(state)};
          }};
}
Made lstm_one_cell(const Settings& s) {
  nn::LSTMCell module(recurrent_options<nn::LSTMCellOptions>(s));
  return {module.ptr(), [module](const Tensors& x) {
            std::optional<std::tuple<Tensor, Tensor>> start;
            if (x.size() > 1) start.emplace(x[1], x[2]);
            auto [h, c] = module->forward(x[0], start);
            return Tensors{h, c};
          }};
}

/// With an input that is packed before, and outputs that are padded after.
template <class Holder, class Options>
Made packed(const Settings& s, const Tensor& lengths) {
  namespace rnn = nn::utils::rnn;
  Holder module{recurrent_options<Options>(s)};
  const bool batch_first = s.flag("batch_first", false);
  return {module.ptr(), [=](const Tensors& x) {
            const rnn::PackedSequence input =
                rnn::pack_padded_sequence(x[0], lengths, batch_first, /*enforce_sorted=*/false);
            auto padded = [&](const rnn::PackedSequence& output) {
              return std::get<0>(rnn::pad_packed_sequence(output, batch_first, 0.5));
            };
            if constexpr (std::is_same_v<Holder, nn::LSTM>) {
              std::optional<std::tuple<Tensor, Tensor>> start;
              if (x.size() > 1) start.emplace(x[1], x[2]);
              auto [output, state] = module->forward_with_packed_input(input, start);
              return Tensors{padded(output), std::get<0>(state), std::get<1>(state)};
            } else {
              auto [output, h] =
                  module->forward_with_packed_input(input, x.size() > 1 ? x[1] : Tensor());
              return Tensors{padded(output), h};
            }
          }};
}

template <class Options>
Options layer_options(const Settings& s) {
  Options o(s.integer("d_model"), s.integer("nhead"));
  if (s.text("activation") == "gelu") o.activation(nn::init::Nonlinearity::GELU);
  return o.dim_feedforward(s.integer("dim_feedforward"));
}
Made transformer(const Settings& s, const Settings& call, ScalarType dtype) {
  nn::TransformerOptions o(s.integer("d_model"), s.integer("nhead"),
                           s.integer("num_encoder_layers"), s.integer("num_decoder_layers"));
  nn::Transformer module(o.dim_feedforward(s.integer("dim_feedforward")));
  const Tensor tgt_mask = call.tensor("tgt_mask", dtype);
  const Tensor src_padding = call.tensor("src_key_padding_mask", dtype);
  const Tensor memory_padding = call.tensor("memory_key_padding_mask", dtype);
  return {module.ptr(), [=](const Tensors& x) {
            return Tensors{
                module->forward(x[0], x[1], {}, tgt_mask, {}, src_padding, {}, memory_padding)};
          }};
}

Made multihead(const Settings& s, const Settings& call, ScalarType dtype) {
  nn::MultiheadAttentionOptions o(s.integer("embed_dim"), s.integer("num_heads"));
  o.bias(s.flag("bias", true)).add_bias_kv(s.flag("add_bias_kv", false));
  o.add_zero_attn(s.flag("add_zero_attn", false));
  if (s.has("kdim")) o.kdim(s.integer("kdim"));
  if (s.has("vdim")) o.vdim(s.integer("vdim"));
  nn::MultiheadAttention module(o);
  const Tensor padding = call.tensor("key_padding_mask", dtype);
  const Tensor mask = call.tensor("attn_mask", dtype);
  const bool need = call.flag("need_weights", true);
  const bool average = call.flag("average_attn_weights", true);
  return {module.ptr(), [=](const Tensors& x) {
            auto [out, weights] = module->forward(x[0], x[1], x[2], padding, need, mask, average);
            return need ? Tensors{out, weights} : Tensors{out};
          }};
}

Made bag(const Settings& s, const Settings& call, ScalarType dtype) {
  nn::EmbeddingBagOptions o(s.integer("num_embeddings"), s.integer("embedding_dim"));
  const std::string mode = s.text("mode", "mean");
  o.mode(mode == "sum"    ? nn::EmbeddingBagMode::Sum
         : mode == "mean" ? nn::EmbeddingBagMode::Mean
                          : nn::EmbeddingBagMode::Max);
  o.include_last_offset(s.flag("include_last_offset", false));
  if (s.has("padding_idx")) o.padding_idx(s.integer("padding_idx"));
  nn::EmbeddingBag module(o);
  const Tensor offsets = call.tensor("offsets", dtype);
  const Tensor weights = call.tensor("per_sample_weights", dtype);
  return {module.ptr(),
          [=](const Tensors& x) { return Tensors{module->forward(x[0], offsets, weights)}; }};
}

Made kl_div_loss(const Settings& s) {
  nn::KLDivLossOptions o;
  o.log_target(s.flag("log_target", false));
  if (s.text("reduction") == "batchmean") {
    o.reduction(nn::BatchMean());
  } else {
    o.reduction(s.reduction());
  }
  return of_two(nn::KLDivLoss(o));
}

#define LOSS(Name, of, ...)                        \
  {                                                \
#Name, [](const Settings& s, ScalarType dtype) { \
     (void)dtype;                                   \
     return of(nn::Name(nn::Name##Options().reduction(s.reduction()) __VA_ARGS__)); } \
  }
#define MAKE(Name, ...)                                                              \
  {                                                                                  \
    Name, []([[maybe_unused]] const Settings& s, ScalarType) { return __VA_ARGS__; } \
  }

using Maker = std::function<Made(const Settings&, ScalarType)>;

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> table = {
      LOSS(L1Loss, of_two),
      LOSS(SmoothL1Loss, of_two, .beta(s.number("beta", 1))),
      LOSS(HuberLoss, of_two, .delta(s.number("delta", 1))),
      LOSS(BCELoss, of_two, .weight(s.tensor("weight", dtype))),
      LOSS(SoftMarginLoss, of_two),
      LOSS(HingeEmbeddingLoss, of_two, .margin(s.number("margin", 1))),
      LOSS(MarginRankingLoss, of_three, .margin(s.number("margin", 0))),
      LOSS(CosineEmbeddingLoss, of_three, .margin(s.number("margin", 0))),
      LOSS(TripletMarginLoss, of_three,
           .margin(s.number("margin", 1)).p(s.number("p", 2)).swap(s.flag("swap", false))),
      LOSS(MultiMarginLoss, of_two,
           .p(s.integer("p", 1)).margin(s.number("margin", 1)).weight(s.tensor("weight", dtype))),
      LOSS(MultiLabelMarginLoss, of_two),
      LOSS(MultiLabelSoftMarginLoss, of_two, .weight(s.tensor("weight", dtype))),
      LOSS(PoissonNLLLoss, of_two,
           .log_input(s.flag("log_input", true)).full(s.flag("full", false))),
      MAKE("KLDivLoss", kl_div_loss(s)),
      MAKE("CosineSimilarity",
           of_two(nn::CosineSimilarity(
               nn::CosineSimilarityOptions().dim(s.integer("dim", 1)).eps(s.number("eps", 1e-8))))),
      MAKE("PairwiseDistance",
           of_two(nn::PairwiseDistance(nn::PairwiseDistanceOptions()
                                           .p(s.number("p", 2))
                                           .keepdim(s.flag("keepdim", false))))),
      MAKE("Bilinear", of_two(nn::Bilinear(nn::BilinearOptions(s.integer("in1_features"),
                                                               s.integer("in2_features"),
                                                               s.integer("out_features"))
                                               .bias(s.flag("bias", true))))),
      MAKE("Conv1d", conv<nn::Conv1d, nn::ConvOptions, 1>(s)),
      MAKE("Conv2d", conv<nn::Conv2d, nn::ConvOptions, 2>(s)),
      MAKE("Conv3d", conv<nn::Conv3d, nn::ConvOptions, 3>(s)),
      MAKE("ConvTranspose3d", conv<nn::ConvTranspose3d, nn::ConvTransposeOptions, 3>(s)),
      MAKE("ConvTranspose1d", conv<nn::ConvTranspose1d, nn::ConvTransposeOptions, 1>(s)),
      MAKE("ConvTranspose2d", conv<nn::ConvTranspose2d, nn::ConvTransposeOptions, 2>(s)),
      MAKE("AvgPool1d", avg_pool<nn::AvgPool1d, 1>(s)),
      MAKE("AvgPool2d", avg_pool<nn::AvgPool2d, 2>(s)),
      MAKE("AvgPool3d", avg_pool<nn::AvgPool3d, 3>(s)),
      MAKE("MaxPool1d", max_pool<nn::MaxPool1d, 1>(s)),
      MAKE("MaxPool3d", max_pool<nn::MaxPool3d, 3>(s)),
      MAKE("LPPool1d", power_pool<nn::LPPool1d, 1>(s)),
      MAKE("LPPool2d", power_pool<nn::LPPool2d, 2>(s)),
      MAKE("AdaptiveAvgPool3d", adaptive<nn::AdaptiveAvgPool3d, 3>(s)),
      MAKE("AdaptiveMaxPool3d", adaptive<nn::AdaptiveMaxPool3d, 3>(s)),
      MAKE("Unfold", unfold(s)),
      MAKE("Fold", fold(s)),
      MAKE("Softmax2d", of_one(nn::Softmax2d())),
      MAKE("RReLU",
           of_one(nn::RReLU(
               nn::RReLUOptions().lower(s.number("lower", 0)).upper(s.number("upper", 0))))),
      MAKE("LocalResponseNorm",
           of_one(nn::LocalResponseNorm(nn::LocalResponseNormOptions(s.integer("size"))
                                            .alpha(s.number("alpha", 1e-4))
                                            .beta(s.number("beta", 0.75))
                                            .k(s.number("k", 1))))),
      MAKE("CTCLoss", connectionist(s)),
      MAKE("AdaptiveAvgPool1d", adaptive<nn::AdaptiveAvgPool1d, 1>(s)),
      MAKE("AdaptiveAvgPool2d", adaptive<nn::AdaptiveAvgPool2d, 2>(s)),
      MAKE("AdaptiveMaxPool1d", adaptive<nn::AdaptiveMaxPool1d, 1>(s)),
      MAKE("AdaptiveMaxPool2d", adaptive<nn::AdaptiveMaxPool2d, 2>(s)),
      MAKE("ReflectionPad1d", border<nn::ReflectionPad1d, 1>(s)),
      MAKE("ReflectionPad2d", border<nn::ReflectionPad2d, 2>(s)),
      MAKE("ReplicationPad1d", border<nn::ReplicationPad1d, 1>(s)),
      MAKE("ReplicationPad2d", border<nn::ReplicationPad2d, 2>(s)),
      MAKE("ReplicationPad3d", border<nn::ReplicationPad3d, 3>(s)),
      MAKE("ZeroPad2d", border<nn::ZeroPad2d, 2>(s)),
      MAKE("ConstantPad1d", constant_border<nn::ConstantPad1d, 1>(s)),
      MAKE("ConstantPad2d", constant_border<nn::ConstantPad2d, 2>(s)),
      MAKE("ConstantPad3d", constant_border<nn::ConstantPad3d, 3>(s)),
      MAKE("Upsample", of_one(nn::Upsample(resampling<nn::UpsampleOptions>(s)))),
      MAKE("PixelShuffle", of_one(nn::PixelShuffle(s.integer("upscale_factor")))),
      MAKE("PixelUnshuffle", of_one(nn::PixelUnshuffle(s.integer("downscale_factor")))),
      MAKE("Unflatten", of_one(nn::Unflatten(s.integer("dim"), s.integers("unflattened_size")))),
      MAKE("GroupNorm", of_one(nn::GroupNorm(
                            nn::GroupNormOptions(s.integer("num_groups"), s.integer("num_channels"))
                                .eps(s.number("eps", 1e-5))
                                .affine(s.flag("affine", true))))),
      MAKE("InstanceNorm1d", instance_norm_layer<nn::InstanceNorm1d>(s)),
      MAKE("InstanceNorm2d", instance_norm_layer<nn::InstanceNorm2d>(s)),
      MAKE("InstanceNorm3d", instance_norm_layer<nn::InstanceNorm3d>(s)),
      MAKE("BatchNorm3d", of_one(nn::BatchNorm3d(s.integer("num_features")))),
      MAKE("RNN", layers_of_one_state<nn::RNN, nn::RNNOptions>(s)),
      MAKE("GRU", layers_of_one_state<nn::GRU, nn::GRUOptions>(s)),
      MAKE("LSTM", lstm_layers(s)),
      MAKE("RNNCell", cell_of_one_state<nn::RNNCell, nn::RNNCellOptions>(s)),
      MAKE("GRUCell", cell_of_one_state<nn::GRUCell, nn::GRUCellOptions>(s)),
      MAKE("LSTMCell", lstm_one_cell(s)),
      MAKE("TransformerEncoderLayer", of_one(nn::TransformerEncoderLayer(
                                          layer_options<nn::TransformerEncoderLayerOptions>(s)))),
      MAKE("TransformerDecoderLayer", of_two(nn::TransformerDecoderLayer(
                                          layer_options<nn::TransformerDecoderLayerOptions>(s)))),
  };
  return table;
}
#undef MAKE
#undef LOSS

Tensors call_function(const std::string& name, const Tensors& x, const Settings& s,
                      ScalarType dtype) {
  namespace F = nn::functional;
  if (name == "F.normalize") {
    return {
        F::normalize(x[0], F::NormalizeFuncOptions().p(s.number("p", 2)).dim(s.integer("dim", 1)))};
  }
  if (name == "F.pad") {
    return {F::pad(x[0], F::PadFuncOptions(s.integers("pad"))
                             .mode(padding_mode(s.text("mode", "constant")))
                             .value(s.number("value", 0)))};
  }
  if (name == "F.interpolate") {
    auto options = resampling<F::InterpolateFuncOptions>(s);
    if (s.flag("recompute_scale_factor", false)) options.recompute_scale_factor(true);
    return {F::interpolate(x[0], options)};
  }
  if (name == "F.grid_sample") {
    const std::string mode = s.text("mode", ""), beyond = s.text("padding_mode", "");
    return {F::grid_sample(x[0], x[1],
                           F::GridSampleFuncOptions()
                               .mode(mode == "bicubic"   ? nn::InterpolateMode::Bicubic
                                     : mode == "nearest" ? nn::InterpolateMode::Nearest
                                                         : nn::InterpolateMode::Bilinear)
                               .padding_mode(beyond == "border"       ? nn::PaddingMode::Replicate
                                             : beyond == "reflection" ? nn::PaddingMode::Reflect
                                                                      : nn::PaddingMode::Zeros)
                               .align_corners(s.flag("align_corners", false)))};
  }
  EXPECT_EQ(name, "F.scaled_dot_product_attention");
  std::optional<double> scale;
  if (s.has("scale")) scale = s.number("scale", 1);
  return {scaled_dot_product_attention(x[0], x[1], x[2], s.tensor("attn_mask", dtype), 0.0,
                                       s.flag("is_causal", false), scale)};
}

}  // namespace

MadeLayer make_layer(const json& c, ScalarType dtype) {
  const std::string name = c["module"];
  if (name.starts_with("F.")) {
    return {nullptr, [&c, name, dtype](const Tensors& x) {
              return call_function(name, x, Settings(c["options"]), dtype);
            }};
  }
  if (name == "MultiheadAttention")
    return multihead(Settings(c["options"]), Settings(c["call"]), dtype);
  if (name == "EmbeddingBag") return bag(Settings(c["options"]), Settings(c["call"]), dtype);
  if (name == "Transformer") return transformer(Settings(c["options"]), Settings(c["call"]), dtype);
  if (c["call"].contains("lengths")) {
    const Settings options(c["options"]);
    const Tensor lengths = to_tensor(c["call"]["lengths"]).cpu();
    if (name == "LSTM") return packed<nn::LSTM, nn::LSTMOptions>(options, lengths);
    if (name == "GRU") return packed<nn::GRU, nn::GRUOptions>(options, lengths);
    return packed<nn::RNN, nn::RNNOptions>(options, lengths);
  }
  return makers().at(name)(Settings(c["options"]), dtype);
}

}  // namespace adjoint::testing
