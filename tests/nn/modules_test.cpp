// SPDX-License-Identifier: MIT
// Layers and losses against PyTorch's (tests/reference/modules.py): how they start, what they
// compute, and its gradients.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "tests/support/reference.h"

namespace adjoint {
namespace {

using nlohmann::json;
using testing::close;
using testing::reference;
using testing::to_ints;
using testing::to_tensor;

ExpandingArray<2> pair_of(const json& options, const char* name, int64_t otherwise) {
  return ExpandingArray<2>(to_ints(options.value(name, json(otherwise))));
}

nn::BatchNormOptions batch_norm_options(const json& o) {
  nn::BatchNormOptions options(o["num_features"].get<int64_t>());
  options.eps(o.value("eps", 1e-5)).affine(o.value("affine", true));
  options.track_running_stats(o.value("track_running_stats", true));
  if (!o.contains("momentum")) return options;
  if (o["momentum"].is_null()) return options.momentum(std::nullopt);
  return options.momentum(o["momentum"].get<double>());
}

Reduction reduction(const json& o) {
  const std::string name = o.value("reduction", "mean");
  return name == "none" ? Reduction::None : name == "sum" ? Reduction::Sum : Reduction::Mean;
}

Tensor optional_tensor(const json& o, const char* name) {
  return o.contains(name) ? to_tensor(o[name]) : Tensor();
}

std::shared_ptr<nn::Module> make_loss(const std::string& name, const json& o) {
  if (name == "MSELoss") return nn::MSELoss(nn::MSELossOptions().reduction(reduction(o))).ptr();
  if (name == "L1Loss") return nn::L1Loss(reduction(o)).ptr();
  if (name == "SmoothL1Loss") return nn::SmoothL1Loss(reduction(o)).ptr();
  if (name == "HuberLoss") return nn::HuberLoss(reduction(o)).ptr();
  if (name == "NLLLoss") {
    return nn::NLLLoss(nn::NLLLossOptions()
                           .weight(optional_tensor(o, "weight"))
                           .ignore_index(o.value("ignore_index", -100))
                           .reduction(reduction(o)))
        .ptr();
  }
  if (name == "CrossEntropyLoss") {
    return nn::CrossEntropyLoss(nn::CrossEntropyLossOptions()
                                    .weight(optional_tensor(o, "weight"))
                                    .ignore_index(o.value("ignore_index", -100))
                                    .reduction(reduction(o))
                                    .label_smoothing(o.value("label_smoothing", 0.0)))
        .ptr();
  }
  if (name == "BCEWithLogitsLoss") {
    return nn::BCEWithLogitsLoss(nn::BCEWithLogitsLossOptions()
                                     .weight(optional_tensor(o, "weight"))
                                     .pos_weight(optional_tensor(o, "pos_weight"))
                                     .reduction(reduction(o)))
        .ptr();
  }
  return nullptr;
}

// Null for what is not there.
std::shared_ptr<nn::Module> make(const std::string& name, const json& o) {
  auto integer = [&](const char* option) { return o.at(option).get<int64_t>(); };
  if (name == "Linear") {
    return nn::Linear(nn::LinearOptions(integer("in_features"), integer("out_features"))
                          .bias(o.value("bias", true)))
        .ptr();
  }
  if (name == "Conv2d") {
    const bool is_same = o.value("padding", json(0)) == "same";
    return nn::Conv2d(nn::Conv2dOptions(integer("in_channels"), integer("out_channels"),
                                        pair_of(o, "kernel_size", 1))
                          .stride(pair_of(o, "stride", 1))
                          .padding(is_same ? nn::ConvPadding<2>(nn::ConvPaddingMode::Same)
                                           : nn::ConvPadding<2>(pair_of(o, "padding", 0)))
                          .dilation(pair_of(o, "dilation", 1))
                          .groups(o.value("groups", 1))
                          .bias(o.value("bias", true)))
        .ptr();
  }
  if (name == "MaxPool2d") {
    nn::MaxPool2dOptions options(pair_of(o, "kernel_size", 1));
    if (o.contains("stride")) options.stride(pair_of(o, "stride", 1));
    options.padding(pair_of(o, "padding", 0)).dilation(pair_of(o, "dilation", 1));
    return nn::MaxPool2d(options.ceil_mode(o.value("ceil_mode", false))).ptr();
  }
  if (name == "BatchNorm1d") return nn::BatchNorm1d(batch_norm_options(o)).ptr();
  if (name == "BatchNorm2d") return nn::BatchNorm2d(batch_norm_options(o)).ptr();
  if (name == "LayerNorm" && !o.contains("bias")) {
    return nn::LayerNorm(nn::LayerNormOptions(to_ints(o["normalized_shape"]))
                             .eps(o.value("eps", 1e-5))
                             .elementwise_affine(o.value("elementwise_affine", true)))
        .ptr();
  }
  if (name == "Embedding") {
    nn::EmbeddingOptions options(integer("num_embeddings"), integer("embedding_dim"));
    if (o.contains("padding_idx")) options.padding_idx(integer("padding_idx"));
    return nn::Embedding(options).ptr();
  }
  if (name == "ReLU") return nn::ReLU().ptr();
  if (name == "SiLU") return nn::SiLU().ptr();
  if (name == "ELU") return nn::ELU(nn::ELUOptions().alpha(o.value("alpha", 1.0))).ptr();
  if (name == "LeakyReLU") {
    const double slope = o.value("negative_slope", 0.01);
    return nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(slope)).ptr();
  }
  if (name == "Softplus") {
    nn::SoftplusOptions options;
    return nn::Softplus(options.beta(o.value("beta", 1.0)).threshold(o.value("threshold", 20.0)))
        .ptr();
  }
  if (name == "Sigmoid") return nn::Sigmoid().ptr();
  if (name == "Tanh") return nn::Tanh().ptr();
  if (name == "GELU") return nn::GELU(nn::GELUOptions().approximate(o["approximate"])).ptr();
  if (name == "Softmax") return nn::Softmax(nn::SoftmaxOptions(integer("dim"))).ptr();
  if (name == "LogSoftmax") return nn::LogSoftmax(nn::LogSoftmaxOptions(integer("dim"))).ptr();
  if (name == "Dropout") return nn::Dropout(nn::DropoutOptions(o["p"].get<double>())).ptr();
  if (name == "Flatten") {
    nn::FlattenOptions options;
    options.start_dim(o.value("start_dim", 1)).end_dim(o.value("end_dim", -1));
    return nn::Flatten(options).ptr();
  }
  return make_loss(name, o);
}

Tensor call(nn::Module& module, const Tensor& input, const Tensor& target) {
  if (auto* layer = module.as<nn::Layer>()) return layer->forward(input);
  if (auto* loss = module.as<nn::MSELossImpl>()) return loss->forward(input, target);
  if (auto* loss = module.as<nn::L1LossImpl>()) return loss->forward(input, target);
  if (auto* loss = module.as<nn::SmoothL1LossImpl>()) return loss->forward(input, target);
  if (auto* loss = module.as<nn::HuberLossImpl>()) return loss->forward(input, target);
  if (auto* loss = module.as<nn::NLLLossImpl>()) return loss->forward(input, target);
  if (auto* loss = module.as<nn::CrossEntropyLossImpl>()) return loss->forward(input, target);
  return module.as<nn::BCEWithLogitsLossImpl>()->forward(input, target);
}

void check_case(const json& c, nn::Module& module, ScalarType dtype) {
  SCOPED_TRACE(detail::str(c["name"].get<std::string>(), " of ", dtype));
  module.to(dtype);
  module.train(c["mode"] == "train");
  TensorDict state;
  for (const char* kind : {"params", "buffers"})
    for (const auto& [name, array] : c[kind].items()) state.insert(name, to_tensor(array));
  // A loss's weights are its buffers here; in the case they are among the options.
  const auto keys = module.load_state_dict(state, false);
  EXPECT_TRUE(keys.unexpected.empty());
  for (const std::string& name : keys.missing) EXPECT_TRUE(c["options"].contains(name)) << name;

  std::map<std::string, Tensor> inputs;
  for (const auto& [name, array] : c["inputs"].items()) {
    const Tensor t = to_tensor(array);
    inputs[name] = t.is_floating_point() ? t.to(dtype) : t;
    if (c["grads"].contains(name)) inputs[name].requires_grad_();
  }
  const Tensor out = call(module, inputs["input"], inputs["target"]);
  EXPECT_TRUE(close(out, to_tensor(c["output"])));
  EXPECT_EQ(out.dtype(), dtype);
  if (!c["grads"].empty()) {
    ASSERT_TRUE(out.requires_grad());
    out.backward(to_tensor(c["grad_output"]).to(dtype));
  }
  const auto parameters = module.named_parameters();
  for (const auto& [name, array] : c["grads"].items()) {
    const Tensor& leaf = inputs.count(name) ? inputs[name] : parameters[name];
    EXPECT_TRUE(close(leaf.grad(), to_tensor(array))) << "gradient of " << name;
  }
  const auto buffers = module.named_buffers();
  for (const auto& [name, array] : c["buffers_after"].items())
    EXPECT_TRUE(close(buffers[name], to_tensor(array))) << name;
}

TEST(ModuleCases, ComputeWhatPyTorchComputes) {
  std::set<std::string> not_covered;
  int covered = 0;
  for (const json& c : reference("modules")["cases"]) {
    const std::string name = c["module"];
    if (!make(name, c["options"])) {
      not_covered.insert(name == "LayerNorm" ? c["name"] : c["module"]);
      continue;
    }
    ++covered;
    for (ScalarType dtype : {kFloat, kDouble}) check_case(c, *make(name, c["options"]), dtype);
  }
  EXPECT_EQ(not_covered, (std::set<std::string>{"LayerNorm without bias"}));
  EXPECT_GT(covered, 100);
}

TEST(ModuleInit, StartsAsPyTorchsModulesDo) {
  manual_seed(1);
  for (const json& init : reference("modules")["inits"]) {
    SCOPED_TRACE(init.dump());
    const auto module = make(init["module"], init["options"]);
    ASSERT_TRUE(module);
    Tensor t = module->state_dict()[init["tensor"].get<std::string>()];
    if (init.contains("zero_row")) {
      const int64_t zero = init["zero_row"];
      EXPECT_TRUE(equal(t[zero], zeros_like(t[zero])));
      t = cat({t.slice(0, 0, zero), t.slice(0, zero + 1)});
    }
    const double n = double(t.numel());
    if (init["distribution"] == "constant") {
      EXPECT_TRUE(equal(t, full_like(t, init["value"].get<double>())));
    } else if (init["distribution"] == "uniform") {
      // Of n numbers the largest is below (1 - 15 / n) times the bound once in 3 million times; and
      // five deviations of their mean.
      const double bound = init["bound"], largest = t.abs().max().item<double>();
      EXPECT_LE(largest, bound * (1 + 1e-7));
      EXPECT_GE(largest, bound * (1 - 15 / n));
      EXPECT_NEAR(t.mean().item<double>(), 0, 5 * bound / std::sqrt(3 * n));
    } else {
      const double std = init["std"];
      EXPECT_NEAR(t.mean().item<double>(), 0, 5 * std / std::sqrt(n));
      EXPECT_NEAR(t.std().item<double>(), std, 5 * std / std::sqrt(2 * n));
    }
  }
}

}  // namespace
}  // namespace adjoint
