// SPDX-License-Identifier: MIT
// The parameters of layers and the text that they print as are PyTorch's
// (tests/reference/layers.py); so are those of their clones.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <sstream>

#include "tests/support/reference.h"

namespace adjoint {
namespace {

using nlohmann::json;
using testing::reference;

std::shared_ptr<nn::Module> module_of(const std::string& code) {
  using namespace nn;
  static const std::map<std::string, std::function<std::shared_ptr<Module>()>> table = {
      {"nn.Conv1d(2, 4, 3, stride=2, padding=1, bias=False)",
       [] { return Conv1d(Conv1dOptions(2, 4, 3).stride(2).padding(1).bias(false)).ptr(); }},
      {"nn.Conv2d(2, 4, 3, padding='same', padding_mode='reflect')",
       [] {
         return Conv2d(Conv2dOptions(2, 4, 3)
                           .padding(ConvPaddingMode::Same)
                           .padding_mode(PaddingMode::Reflect))
             .ptr();
       }},
      {"nn.ConvTranspose1d(2, 3, 3, stride=2, output_padding=1, dilation=2)",
       [] {
         return ConvTranspose1d(
                    ConvTranspose1dOptions(2, 3, 3).stride(2).output_padding(1).dilation(2))
             .ptr();
       }},
      {"nn.ConvTranspose2d(4, 6, (3, 2), stride=2, padding=1, groups=2)",
       [] {
         return ConvTranspose2d(ConvTranspose2dOptions(4, 6, {3, 2}).stride(2).padding(1).groups(2))
             .ptr();
       }},
      {"nn.AvgPool1d(3)", [] { return AvgPool1d(3).ptr(); }},
      {"nn.AvgPool2d((2, 3))",
       [] {
         return AvgPool2d(AvgPool2dOptions({2, 3})).ptr();
       }},
      {"nn.MaxPool1d(2)", [] { return MaxPool1d(2).ptr(); }},
      {"nn.AdaptiveAvgPool2d((3, None))",
       [] {
         return AdaptiveAvgPool2d(AdaptiveAvgPool2dOptions({3, std::nullopt})).ptr();
       }},
      {"nn.AdaptiveMaxPool1d(2)", [] { return AdaptiveMaxPool1d(2).ptr(); }},
      {"nn.ReflectionPad2d((1, 2, 3, 4))",
       [] {
         return ReflectionPad2d(ReflectionPad2dOptions({1, 2, 3, 4})).ptr();
       }},
      {"nn.ConstantPad1d(1, 2)", [] { return ConstantPad1d(1, 2).ptr(); }},
      {"nn.ZeroPad2d(2)", [] { return ZeroPad2d(2).ptr(); }},
      {"nn.Dropout2d(0.25)", [] { return Dropout2d(0.25).ptr(); }},
      {"nn.AlphaDropout(0.2)", [] { return AlphaDropout(0.2).ptr(); }},
      {"nn.Upsample(size=(4, 5), mode='bilinear')",
       [] {
         return Upsample(UpsampleOptions()
                             .size(std::vector<int64_t>{4, 5})
                             .mode(InterpolateMode::Bilinear))
             .ptr();
       }},
      {"nn.Unflatten(1, (2, 3))",
       [] {
         return Unflatten(UnflattenOptions(1, {2, 3})).ptr();
       }},
      {"nn.Bilinear(2, 3, 4, bias=False)",
       [] { return Bilinear(BilinearOptions(2, 3, 4).bias(false)).ptr(); }},
      {"nn.EmbeddingBag(5, 3)", [] { return EmbeddingBag(5, 3).ptr(); }},
      {"nn.PixelShuffle(2)", [] { return PixelShuffle(2).ptr(); }},
      {"nn.SmoothL1Loss()", [] { return SmoothL1Loss().ptr(); }},
      {"nn.BatchNorm3d(2)", [] { return BatchNorm3d(2).ptr(); }},
      {"nn.InstanceNorm2d(3, affine=True, track_running_stats=True)",
       [] {
         return InstanceNorm2d(InstanceNorm2dOptions(3).affine(true).track_running_stats(true))
             .ptr();
       }},
      {"nn.GroupNorm(2, 4)", [] { return GroupNorm(2, 4).ptr(); }},
      {"nn.RNN(4, 3, 2, nonlinearity='relu', bias=False, batch_first=True, dropout=0.5, "
       "bidirectional=True)",
       [] {
         return RNN(RNNOptions(4, 3)
                        .num_layers(2)
                        .nonlinearity(init::Nonlinearity::ReLU)
                        .bias(false)
                        .batch_first(true)
                        .dropout(0.5)
                        .bidirectional(true))
             .ptr();
       }},
      {"nn.LSTM(4, 3, proj_size=2)", [] { return LSTM(LSTMOptions(4, 3).proj_size(2)).ptr(); }},
      {"nn.GRU(4, 3)", [] { return GRU(4, 3).ptr(); }},
      {"nn.RNNCell(4, 3, nonlinearity='relu', bias=False)",
       [] {
         return RNNCell(RNNCellOptions(4, 3).nonlinearity(init::Nonlinearity::ReLU).bias(false))
             .ptr();
       }},
      {"nn.LSTMCell(3, 2)", [] { return LSTMCell(3, 2).ptr(); }},
      {"nn.MultiheadAttention(4, 2)", [] { return MultiheadAttention(4, 2).ptr(); }},
      {"nn.MultiheadAttention(4, 2, kdim=3, add_bias_kv=True)",
       [] {
         return MultiheadAttention(MultiheadAttentionOptions(4, 2).kdim(3).add_bias_kv(true)).ptr();
       }},
      {"nn.TransformerEncoderLayer(4, 2, 8)",
       [] {
         return TransformerEncoderLayer(TransformerEncoderLayerOptions(4, 2).dim_feedforward(8))
             .ptr();
       }},
      {"nn.Conv3d(2, 4, 3, padding=(1, 0, 1))",
       [] {
         return Conv3d(Conv3dOptions(2, 4, 3).padding({1, 0, 1})).ptr();
       }},
      {"nn.ConvTranspose3d(4, 6, (3, 2, 1), stride=2, groups=2)",
       [] {
         return ConvTranspose3d(ConvTranspose3dOptions(4, 6, {3, 2, 1}).stride(2).groups(2)).ptr();
       }},
      {"nn.MaxPool3d((1, 2, 2))",
       [] {
         return MaxPool3d(MaxPool3dOptions({1, 2, 2})).ptr();
       }},
      {"nn.AvgPool3d(2)", [] { return AvgPool3d(2).ptr(); }},
      {"nn.AdaptiveMaxPool3d((1, None, 2))",
       [] {
         return AdaptiveMaxPool3d(AdaptiveMaxPool3dOptions({1, std::nullopt, 2})).ptr();
       }},
      {"nn.AdaptiveAvgPool3d(2)", [] { return AdaptiveAvgPool3d(2).ptr(); }},
      {"nn.InstanceNorm3d(2)", [] { return InstanceNorm3d(2).ptr(); }},
      {"nn.MaxUnpool1d(2)", [] { return MaxUnpool1d(2).ptr(); }},
      {"nn.MaxUnpool2d((2, 3), padding=1)",
       [] {
         return MaxUnpool2d(MaxUnpool2dOptions({2, 3}).padding(1)).ptr();
       }},
      {"nn.LPPool1d(2, 3)", [] { return LPPool1d(2, 3).ptr(); }},
      {"nn.LPPool2d(1.5, (3, 2), stride=(2, 1))",
       [] {
         return LPPool2d(LPPool2dOptions(1.5, {3, 2}).stride({2, 1})).ptr();
       }},
      {"nn.RReLU()", [] { return RReLU().ptr(); }},
      {"nn.RReLU(0.1, 0.3, True)",
       [] { return RReLU(RReLUOptions().lower(0.1).upper(0.3).inplace(true)).ptr(); }},
      {"nn.Softmax2d()", [] { return Softmax2d().ptr(); }},
      {"nn.Unfold((2, 3))",
       [] {
         return Unfold(UnfoldOptions({2, 3})).ptr();
       }},
      {"nn.Fold((4, 5), (2, 3), padding=(1, 0))",
       [] {
         return Fold(FoldOptions({4, 5}, {2, 3}).padding({1, 0})).ptr();
       }},
      {"nn.LocalResponseNorm(2)", [] { return LocalResponseNorm(2).ptr(); }},
      {"nn.CTCLoss()", [] { return CTCLoss().ptr(); }},
      {"nn.MultiLabelMarginLoss()", [] { return MultiLabelMarginLoss().ptr(); }},
      {"nn.Transformer(4, 2, 1, 1, 8)",
       [] { return Transformer(TransformerOptions(4, 2, 1, 1).dim_feedforward(8)).ptr(); }},
      {"nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 1)",
       [] {
         TransformerEncoderLayer layer(TransformerEncoderLayerOptions(4, 2).dim_feedforward(8));
         return TransformerEncoder(layer, 1).ptr();
       }},
  };
  return table.at(code)();
}

/// What this library has no option or word for.
std::string in_our_words(std::string text) {
  for (const auto& [theirs, ours] : std::map<std::string, std::string>{
           {"NonDynamicallyQuantizableLinear", "Linear"},
           {"elementwise_affine=True, bias=True", "elementwise_affine=True"},
           {"affine=True, bias=True", "affine=True"},
           {"affine=False, bias=False", "affine=False"}}) {
    for (size_t at; (at = text.find(theirs)) != std::string::npos;)
      text.replace(at, theirs.size(), ours);
  }
  return text;
}

TEST(LayerNames, OfParametersAndTextAreThoseOfPyTorch) {
  for (const json& row : reference("layers")["state_dicts"]) {
    const std::string code = row["code"];
    SCOPED_TRACE(code);
    const auto module = module_of(code);
    json entries = json::array();
    for (const auto& item : module->state_dict())
      entries.push_back({item.key(), item.value().sizes().vec()});
    EXPECT_EQ(entries, row["entries"]);
    std::ostringstream text;
    text << *module;
    EXPECT_EQ(text.str(), in_our_words(row["text"]));
    const auto copy = module->clone();
    EXPECT_EQ(copy->state_dict().keys(), module->state_dict().keys());
  }
}

}  // namespace
}  // namespace adjoint
