// SPDX-License-Identifier: MIT
// Layers, losses and functions of several inputs and outputs against PyTorch's
// (tests/reference/layers.py): what they compute, and its gradients.
#include <gtest/gtest.h>

#include "adjoint/gradcheck.h"
#include "tests/support/layer_cases.h"

namespace adjoint {
namespace {

using nlohmann::json;
using testing::close;
using testing::MadeLayer;
using testing::make_layer;
using testing::reference;
using testing::to_tensor;
using Tensors = std::vector<Tensor>;

Tensors inputs_of(const json& c, ScalarType dtype) {
  Tensors inputs;
  for (const json& input : c["inputs"]) {
    Tensor t = to_tensor(input);
    inputs.push_back(t.is_floating_point() ? t.to(dtype).requires_grad_() : t);
  }
  return inputs;
}

void load(const json& c, nn::Module& module, ScalarType dtype) {
  module.to(dtype);
  module.train(c["mode"] == "train");
  TensorDict state;
  for (const char* kind : {"params", "buffers"})
    for (const auto& [name, array] : c[kind].items()) state.insert(name, to_tensor(array));
  const auto keys = module.load_state_dict(state, false);
  EXPECT_TRUE(keys.unexpected.empty());
  for (const std::string& name : keys.missing) EXPECT_TRUE(c["options"].contains(name)) << name;
}

void check_case(const json& c, ScalarType dtype) {
  SCOPED_TRACE(detail::str(c["name"].get<std::string>(), " of ", dtype));
  const MadeLayer made = make_layer(c, dtype);
  if (made.module) load(c, *made.module, dtype);
  // Attention multiplies matrices four times, and rounds more often than `close` allows for: what
  // it computes in double is compared as float.
  const std::string module_name = c["module"];
  const bool is_deep =
      module_name.starts_with("Transformer") || module_name == "MultiheadAttention";
  auto compared = [&](const Tensor& t) { return is_deep ? t.to(kFloat) : t; };
  const Tensors inputs = inputs_of(c, dtype);
  const Tensors outputs = made.call(inputs);
  ASSERT_EQ(outputs.size(), c["outputs"].size());
  Tensors grad_outputs;
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_EQ(outputs[i].dtype(), dtype);
    EXPECT_TRUE(close(compared(outputs[i]), to_tensor(c["outputs"][i]))) << "output " << i;
    grad_outputs.push_back(to_tensor(c["grad_outputs"][i]).to(dtype));
  }
  autograd::backward(outputs, grad_outputs);
  for (const auto& [name, array] : c["grads"].items()) {
    const bool is_input = std::isdigit(static_cast<unsigned char>(name[0])) != 0;
    const Tensor leaf = is_input ? inputs[std::stoul(name)] : made.module->named_parameters()[name];
    EXPECT_TRUE(close(compared(leaf.grad()), to_tensor(array))) << "gradient of " << name;
  }
  if (!made.module) return;
  const auto buffers = made.module->named_buffers();
  for (const auto& [name, array] : c["buffers_after"].items())
    EXPECT_TRUE(close(buffers[name], to_tensor(array))) << name;
}

TEST(LayerCases, ComputeWhatPyTorchComputes) {
  for (const json& c : reference("layers")["cases"]) {
    // A stack of layers rounds more often than `close` allows for: it is compared in double alone.
    if (!c["module"].get<std::string>().starts_with("Transformer")) check_case(c, kFloat);
    check_case(c, kDouble);
  }
}

// Losses of margins and distances have kinks, and those of zeros no second derivative.
bool is_smooth(const std::string& name) {
  for (const char* rough : {"Margin", "Hinge", "zeros", "Max", "max", "SmoothL1", "Huber", "p 1",
                            "BCELoss", "large eps", "relu", "ReLU", "Transformer", "Poisson"}) {
    if (name.find(rough) != std::string::npos) return false;
  }
  return true;
}

TEST(LayerCases, HaveGradientsOfGradients) {
  for (const json& c : reference("layers")["cases"]) {
    const std::string name = c["name"];
    if (!is_smooth(name) || (name.find("none") == std::string::npos && name.ends_with("mean")))
      continue;
    SCOPED_TRACE(name);
    const MadeLayer made = make_layer(c, kDouble);
    if (made.module) load(c, *made.module, kDouble);
    Tensors inputs = inputs_of(c, kDouble), leaves;
    size_t elements = 0;
    for (const Tensor& t : inputs) {
      if (t.requires_grad()) leaves.push_back(t);
    }
    for (const Tensor& t : leaves) elements += size_t(t.numel());
    if (leaves.empty() || elements > 40) continue;
    auto function = [&](const variable_list& values) {
      Tensors given = inputs;
      size_t next = 0;
      for (Tensor& t : given) {
        if (t.requires_grad()) t = values[next++];
      }
      return variable_list(made.call(given));
    };
    const auto result = autograd::gradgradcheck(function, leaves);
    EXPECT_TRUE(result) << result.text();
  }
}

}  // namespace
}  // namespace adjoint
