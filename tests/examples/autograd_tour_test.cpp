// SPDX-License-Identifier: MIT
// examples/autograd_tour prints what PyTorch printed for the same tour, character by character.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace adjoint {
namespace {

std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string out;
  char buffer[4096];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return out;
}

// Replaces all; there must be one at least.
void replace(std::string& text, const std::string& from, const std::string& to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  for (; at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

TEST(AutogradTour, PrintsWhatPyTorchPrints) {
  std::ifstream file(ADJOINT_TESTS_DIR "/reference/data/tour.txt");
  std::string expected(std::istreambuf_iterator<char>(file), {});
  // Where PyTorch speaks of itself or of Python, messages of a C++ library say it otherwise; one is
  // that of LibTorch, which differs from Python's.
  replace(expected, "[torch.", "[");
  replace(expected, "torch.Size([3])", "[3]");
  replace(expected, "torch.Size([2, 2])", "[2, 2]");
  replace(expected, "The differentiated Tensor at index 0 appears",
          "One of the differentiated Tensors appears");
  replace(expected, "if this is the desired behavior.\ntorch.ones(2",
          "if this is the desired behavior. It is element 0 of the inputs.\ntorch.ones(2");
  replace(expected, "dtype can require gradients", "dtype can require gradients, got Long");
  replace(expected,
          "Hint: enable anomaly detection to find the operation that failed to compute its "
          "gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).",
          "Hint: clone the tensor before it is changed, or change it out of place.");
  // Python wraps a number in a tensor; the C++ front end has an overload for it, with another node.
  replace(expected, "y.grad_fn: AddBackward0", "y.grad_fn: AddBackward1");
  replace(expected, "z.grad_fn: MulBackward0", "z.grad_fn: MulBackward1");
  EXPECT_EQ(output_of(ADJOINT_EXAMPLES_BIN_DIR "/autograd_tour"), expected);
}

}  // namespace
}  // namespace adjoint
