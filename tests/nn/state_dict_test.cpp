// SPDX-License-Identifier: MIT
// The names, shapes and order of networks' states are PyTorch's (tests/reference/modules.py), and
// loading one is all or nothing.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "tests/support/reference.h"

namespace adjoint {
namespace {

using nlohmann::json;
using testing::identical;

// Registers in an order that mixes modules, parameters and buffers.
struct BlockImpl : nn::Module {
  BlockImpl() {
    register_buffer("steps", zeros({3}, kLong));
    register_module("fc", nn::Linear(3, 2));
    register_parameter("scale", ones({2}));
    register_module("norm", nn::LayerNorm(std::vector<int64_t>{2}));
    register_buffer("mask", ones({2, 2}, kBool));
    register_parameter("shift", zeros({1}));
  }
};

struct NetImpl : nn::Module {
  NetImpl() {
    const auto no_bias = nn::LinearOptions(4, 2).bias(false);
    register_module("block", std::make_shared<BlockImpl>());
    register_module("layers", nn::Sequential(nn::Linear(2, 4), nn::ReLU(), nn::Linear(no_bias)));
    register_module("table", nn::Embedding(5, 3));
    register_parameter("gain", ones({}));
  }
};

std::map<std::string, std::shared_ptr<nn::Module>> networks() {
  return {
      {"nn.Linear(3, 2)", nn::Linear(3, 2).ptr()},
      {"nn.Linear(3, 2, bias=False)", nn::Linear(nn::LinearOptions(3, 2).bias(false)).ptr()},
      {"nn.Conv2d(2, 4, 3)", nn::Conv2d(2, 4, 3).ptr()},
      {"nn.Conv2d(4, 6, (3, 5), groups=2, bias=False)",
       nn::Conv2d(nn::Conv2dOptions(4, 6, {3, 5}).groups(2).bias(false)).ptr()},
      {"nn.BatchNorm1d(3)", nn::BatchNorm1d(3).ptr()},
      {"nn.BatchNorm1d(3, affine=False)",
       nn::BatchNorm1d(nn::BatchNormOptions(3).affine(false)).ptr()},
      {"nn.BatchNorm2d(4)", nn::BatchNorm2d(4).ptr()},
      {"nn.BatchNorm2d(4, track_running_stats=False)",
       nn::BatchNorm2d(nn::BatchNormOptions(4).track_running_stats(false)).ptr()},
      {"nn.LayerNorm(5)", nn::LayerNorm(std::vector<int64_t>{5}).ptr()},
      {"nn.LayerNorm((2, 3))", nn::LayerNorm(std::vector<int64_t>{2, 3}).ptr()},
      {"nn.LayerNorm(5, elementwise_affine=False)",
       nn::LayerNorm(nn::LayerNormOptions({5}).elementwise_affine(false)).ptr()},
      {"nn.Embedding(7, 3)", nn::Embedding(7, 3).ptr()},
      {"nn.Dropout(0.5)", nn::Dropout(0.5).ptr()},
      {"nn.ReLU()", nn::ReLU().ptr()},
      {"nn.Flatten()", nn::Flatten().ptr()},
      {"nn.MaxPool2d(2)", nn::MaxPool2d(2).ptr()},
      {"nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))",
       nn::Sequential(nn::Conv2d(1, 2, 3), nn::ReLU(), nn::Flatten(), nn::Linear(72, 10)).ptr()},
      {"nested Sequential", nn::Sequential(nn::Linear(4, 3), nn::ReLU(),
                                           nn::Sequential(nn::Conv2d(1, 2, 3), nn::BatchNorm2d(2)))
                                .ptr()},
      {"Block", std::make_shared<BlockImpl>()},
      {"Net", std::make_shared<NetImpl>()},
  };
}

TEST(StateDict, HasPyTorchsNamesShapesAndOrder) {
  const std::map<std::string, ScalarType> dtypes{{"f32", kFloat}, {"i64", kLong}, {"bool", kBool}};
  const auto all = networks();
  std::set<std::string> not_covered;
  for (const json& expected : testing::reference("modules")["state_dicts"]) {
    const std::string name = expected["name"];
    SCOPED_TRACE(name);
    const auto found = all.find(name);
    if (found == all.end()) {
      not_covered.insert(name);
      continue;
    }
    const nn::Module& module = *found->second;
    const TensorDict state = module.state_dict();
    ASSERT_EQ(state.size(), expected["entries"].size());
    for (size_t i = 0; i < state.size(); ++i) {
      const json& entry = expected["entries"][i];
      EXPECT_EQ(state[i].key(), entry[0].get<std::string>());
      EXPECT_EQ(state[i]->sizes().vec(), entry[1].get<std::vector<int64_t>>());
      EXPECT_EQ(state[i]->dtype(), dtypes.at(entry[2]));
      EXPECT_FALSE(state[i]->requires_grad());
    }
    EXPECT_EQ(json(module.named_parameters().keys()), expected["parameters"]);
    // There are no buffers here that a state leaves out.
    json buffers = json::array();
    for (const json& buffer : expected["buffers"])
      if (state.contains(buffer.get<std::string>())) buffers.push_back(buffer);
    EXPECT_EQ(json(module.named_buffers().keys()), buffers);
  }
  EXPECT_EQ(not_covered, (std::set<std::string>{"nn.LayerNorm(5, bias=False)"}));
}

TEST(StateDict, SharesMemoryWithTheModule) {
  nn::Linear linear(2, 3);
  linear->state_dict()["weight"].fill_(4);
  EXPECT_TRUE(equal(linear->weight, full({3, 2}, 4.0)));
}

TEST(StateDict, LoadedGivesTheSameNetwork) {
  nn::Sequential a(nn::Linear(2, 3), nn::BatchNorm1d(3)), b(nn::Linear(2, 3), nn::BatchNorm1d(3));
  a(testing::noise({5, 2}));
  b->load_state_dict(a->state_dict());
  for (const auto& item : a->state_dict())
    EXPECT_TRUE(identical(item.value(), b->state_dict()[item.key()])) << item.key();
  a->eval();
  b->eval();
  const Tensor x = testing::noise({4, 2}, kFloat, 2);
  EXPECT_TRUE(identical(a(x).detach(), b(x).detach()));
}

std::string message_of(nn::Module& module, const TensorDict& state, bool strict = true) {
  try {
    module.load_state_dict(state, strict);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(StateDict, ThatDoesNotFitIsRefusedWithAListAndChangesNothing) {
  nn::Linear linear(2, 3);
  const Tensor before = linear->weight.detach().clone();
  const TensorDict state{{"weight", ones({3, 2})}, {"bias", ones({4})}, {"scale", ones({1})}};
  const std::string message = message_of(*linear, state);
  EXPECT_NE(message.find("Error(s) in loading state_dict for Linear:"), std::string::npos)
      << message;
  EXPECT_NE(message.find("size mismatch for bias: copying a param with shape [4] from checkpoint, "
                         "the shape in current model is [3]."),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("Unexpected key(s) in state_dict: \"scale\"."), std::string::npos);
  EXPECT_TRUE(identical(linear->weight.detach(), before));

  EXPECT_NE(message_of(*linear, {{"weight", ones({3, 2})}})
                .find("Missing key(s) in state_dict: \"bias\"."),
            std::string::npos);
  EXPECT_TRUE(identical(linear->weight.detach(), before));
  // A wrong shape is an error however lenient the caller is.
  EXPECT_NE(message_of(*linear, state, false).find("size mismatch"), std::string::npos);
  EXPECT_TRUE(identical(linear->weight.detach(), before));
  EXPECT_NE(message_of(*linear, {{"weight", Tensor()}, {"bias", ones({3})}}), "no error");
}

TEST(StateDict, IsLoadedInPartUnlessStrict) {
  nn::Linear linear(2, 3);
  const Tensor bias = linear->bias.detach().clone();
  const auto keys =
      linear->load_state_dict({{"weight", ones({3, 2})}, {"other", ones({1})}}, false);
  EXPECT_EQ(keys.missing, std::vector<std::string>{"bias"});
  EXPECT_EQ(keys.unexpected, std::vector<std::string>{"other"});
  EXPECT_TRUE(equal(linear->weight, ones({3, 2})));
  EXPECT_TRUE(identical(linear->bias.detach(), bias));
}

TEST(StateDict, TakesTheModulesDtype) {
  nn::Linear linear(2, 3);
  linear->load_state_dict({{"weight", ones({3, 2}, kDouble)}, {"bias", ones({3}, kLong)}});
  EXPECT_EQ(linear->weight.dtype(), kFloat);
  EXPECT_TRUE(equal(linear->bias, ones({3})));
  EXPECT_TRUE(linear->weight.requires_grad() && linear->weight.is_leaf());
}

}  // namespace
}  // namespace adjoint
