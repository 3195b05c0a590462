// SPDX-License-Identifier: MIT
// The graph as text and as a picture.
#include <gtest/gtest.h>

#include <string>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

struct NetImpl : nn::Module {
  NetImpl() {
    fc1 = register_module("fc1", nn::Linear(4, 3));
    fc2 = register_module("fc2", nn::Linear(3, 2));
  }
  Tensor forward(const Tensor& x) { return fc2(relu(fc1(x))); }
  nn::Linear fc1{nullptr}, fc2{nullptr};
};
ADJOINT_MODULE(Net);

TEST(GraphText, ListsEachOperationBeforeThoseThatItUses) {
  Net net;
  EXPECT_EQ(graph_to_string(net(ones({5, 4})).mean(), net),
            "#0 MeanBackward0 [] <- #1\n"
            "#1 AddmmBackward0 [5, 2] <- #2, fc2.weight [2, 3], fc2.bias [2]\n"
            "#2 ReluBackward0 [5, 3] <- #3\n"
            "#3 AddmmBackward0 [5, 3] <- -, fc1.weight [3, 4], fc1.bias [3]\n");
}

TEST(GraphText, RefersToSharedOperationsByTheirNumber) {
  Tensor x = ones({2}, requires_grad());
  Tensor y = x.exp();
  EXPECT_EQ(graph_to_string(y * y + x),
            "#0 AddBackward0 [2] <- #1, leaf [2]\n"
            "#1 MulBackward0 [2] <- #2, #2\n"
            "#2 ExpBackward0 [2] <- leaf [2]\n");
}

struct Halves : autograd::Function<Halves> {
  static autograd::variable_list forward(autograd::AutogradContext*, Tensor x) {
    return {x.narrow(0, 0, 1).clone(), x.narrow(0, 1, 2).clone()};
  }
  static autograd::variable_list backward(autograd::AutogradContext*, autograd::variable_list g) {
    return {cat({g[0], g[1]}, 0)};
  }
};

TEST(GraphText, NamesTheOutputOfAnOperationWithSeveral) {
  Tensor x = ones({3}, requires_grad());
  const autograd::variable_list halves = Halves::apply(x);
  const Tensor y = halves[1] * halves[0];
  const std::string text = graph_to_string(y);
  EXPECT_EQ(text.substr(0, text.find('\n')), "#0 MulBackward0 [2] <- #1:1, #1:0");
  EXPECT_NE(text.find(" [1], [2] <- leaf [3]\n"), std::string::npos) << text;
  EXPECT_NE(to_dot(y).find("n1 -> n0 [label=\"1\"];"), std::string::npos) << to_dot(y);
}

TEST(GraphText, OfALeafIsTheLeaf) {
  EXPECT_EQ(graph_to_string(ones({2}, requires_grad())), "leaf [2]\n");
  Tensor x = ones({2}, requires_grad());
  OrderedDict<std::string, Tensor> names;
  names.insert("x", x);
  EXPECT_EQ(graph_to_string(x, names), "x [2]\n");
}

TEST(GraphText, RefusesATensorThatRequiresNoGrad) {
  EXPECT_TRUE(throws<Error>("graph_to_string: expected a tensor that requires grad",
                            [] { graph_to_string(ones({2})); }));
  EXPECT_TRUE(
      throws<Error>("to_dot: expected a tensor that requires grad", [] { to_dot(Tensor()); }));
}

TEST(GraphText, AGraphOfManyOperationsNeedsNoStack) {
  Tensor x = ones({1}, requires_grad()), y = x;
  const int n = 200000;
  for (int i = 0; i < n; ++i) y = y + x;
  const std::string text = graph_to_string(y);
  EXPECT_EQ(text.substr(0, text.find('\n')), "#0 AddBackward0 [1] <- #1, leaf [1]");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), n);
}

TEST(ToDot, DrawsLeavesAsBoxesAndArrowsFromInputsToResults) {
  Tensor a = ones({2, 3}, requires_grad()), b = ones({3}, requires_grad());
  OrderedDict<std::string, Tensor> names;
  names.insert("a", a);
  EXPECT_EQ(to_dot((a * b).sum(), names),
            "digraph {\n"
            "  node [fontname=\"monospace\"];\n"
            "  n0 [label=\"SumBackward0\\n[]\"];\n"
            "  n1 [label=\"MulBackward0\\n[2, 3]\"];\n"
            "  n2 [label=\"a\\n[2, 3]\", shape=box, style=filled, fillcolor=lightblue];\n"
            "  n3 [label=\"leaf\\n[3]\", shape=box, style=filled, fillcolor=lightblue];\n"
            "  n1 -> n0;\n"
            "  n2 -> n1;\n"
            "  n3 -> n1;\n"
            "}\n");
}

TEST(ToDot, EscapesNames) {
  Tensor a = ones({2}, requires_grad());
  OrderedDict<std::string, Tensor> names;
  names.insert("say \"a\\b\"", a);
  const std::string dot = to_dot(a * 2, names);
  EXPECT_NE(dot.find("[label=\"say \\\"a\\\\b\\\"\\n[2]\""), std::string::npos) << dot;
}

}  // namespace
}  // namespace adjoint::testing
