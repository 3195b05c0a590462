// SPDX-License-Identifier: MIT
// The table of a module's parts.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

struct NetImpl : nn::Module {
  NetImpl() {
    body = register_module("body", nn::Sequential(nn::Linear(4, 300), nn::BatchNorm1d(300),
                                                  nn::ReLU(), nn::Dropout(0.5)));
    head = register_module("head", nn::Linear(nn::LinearOptions(300, 2).bias(false)));
    scale = register_parameter("scale", ones({2}));
  }
  Tensor forward(const Tensor& x) { return head(body(x)) * scale; }
  nn::Sequential body{nullptr};
  nn::Linear head{nullptr};
  Tensor scale;
};
ADJOINT_MODULE(Net);

TEST(Summary, ListsLayersTypesAndParameters) {
  Net net;
  net->head->weight.requires_grad_(false);
  std::ostringstream out;
  out << nn::summary(net);
  EXPECT_EQ(
      out.str(),
      "module  type         parameters  trainable  bytes\n"
      "(all)   Net                   2  yes            8\n"
      "  body  Sequential            0  -              0\n"
      "    0   Linear            1,500  yes        6,000\n"
      "    1   BatchNorm1d         600  yes        4,808\n"
      "    2   ReLU                  0  -              0\n"
      "    3   Dropout               0  -              0\n"
      "  head  Linear              600  no         2,400\n"
      "parameters: 2,702, trainable: 2,102, not trainable: 600, buffers: 601, bytes: 13,216\n");
}

TEST(Summary, WithAnInputHasTheShapesOfOutputs) {
  Net net;
  const nn::ModuleSummary summary = nn::summary(net, ones({7, 4}));
  EXPECT_EQ(summary.str(),
            "module  type         output    parameters  trainable  bytes\n"
            "(all)   Net          [7, 2]             2  yes            8\n"
            "  body  Sequential   [7, 300]           0  -              0\n"
            "    0   Linear       [7, 300]       1,500  yes        6,000\n"
            "    1   BatchNorm1d  [7, 300]         600  yes        4,808\n"
            "    2   ReLU         [7, 300]           0  -              0\n"
            "    3   Dropout      [7, 300]           0  -              0\n"
            "  head  Linear       [7, 2]           600  yes        2,400\n"
            "parameters: 2,702, trainable: 2,702, not trainable: 0, buffers: 601, bytes: 13,216\n");
  EXPECT_EQ(summary.rows[2].name, "body.0");
}

TEST(Summary, RunsAModuleWithoutAHandle) {
  NetImpl net;
  EXPECT_EQ(nn::summary(net, ones({1, 4})).rows[0].output_sizes, (std::vector<int64_t>{1, 2}));
}

TEST(Summary, TheRunLeavesNoTrace) {
  Net net;
  net->head->eval();
  const Tensor mean = net->body->at<nn::BatchNorm1dImpl>(1).named_buffers()["running_mean"];
  const Tensor before = mean.clone();
  manual_seed(3);
  const Tensor expected = rand({4});
  manual_seed(3);
  nn::summary(net, ones({7, 4}));
  EXPECT_TRUE(same_bits(mean, before));
  EXPECT_TRUE(same_bits(rand({4}), expected));
  EXPECT_TRUE(net->is_training());
  EXPECT_TRUE(net->body->ptr(3)->is_training());
  EXPECT_FALSE(net->head->is_training());
  EXPECT_TRUE(GradMode::is_enabled());
  EXPECT_EQ(detail::watch.relaxed(), 0u);
}

TEST(Summary, AFailedRunLeavesNoTraceEither) {
  Net net;
  EXPECT_THROW(nn::summary(net, ones({7, 5})), Error);
  EXPECT_TRUE(net->body->ptr(3)->is_training());
  EXPECT_TRUE(GradMode::is_enabled());
  EXPECT_EQ(detail::watch.relaxed(), 0u);
}

TEST(Summary, CountsSharedParametersOnceAndCallsEachTime) {
  struct Twice : nn::Module {
    Twice() {
      a = register_module("a", nn::Linear(nn::LinearOptions(3, 3).bias(false)));
      b = register_module("b", nn::Linear(nn::LinearOptions(3, 3).bias(false)));
      unused = register_module("unused", nn::Linear(nn::LinearOptions(3, 3).bias(false)));
      b->weight = a->weight;
      b->named_parameters();
      tied = register_parameter("tied", a->weight);
    }
    Tensor forward(const Tensor& x) { return a(a(x)); }
    nn::Linear a{nullptr}, b{nullptr}, unused{nullptr};
    Tensor tied;
  } twice;
  const nn::ModuleSummary summary = nn::summary(twice, ones({1, 3}));
  EXPECT_EQ(summary.parameters, 27);  // tied is a's weight
  EXPECT_EQ(summary.rows[0].parameters, 9);
  EXPECT_EQ(summary.rows[1].parameters, 0);
  EXPECT_EQ(summary.rows[1].num_calls, 2);
  EXPECT_EQ(summary.rows[3].num_calls, 0);
  EXPECT_FALSE(summary.rows[3].output_sizes.has_value());
}

}  // namespace
}  // namespace adjoint::testing
