// SPDX-License-Identifier: MIT
// The smallest program of LibTorch's.
#include <torch/torch.h>

int main() { std::cout << torch::ones({2}) + 1 << '\n'; }
