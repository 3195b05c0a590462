// SPDX-License-Identifier: MIT
#include <torch/torch.h>
#include <torch/version.h>

namespace lib = torch;
#include "rows.h"

int main(int argc, char** argv) {
  return rows::run(argc, argv, std::string("LibTorch ") + TORCH_VERSION,
                   [] { torch::cuda::synchronize(); });
}
