// SPDX-License-Identifier: MIT
// Tensor with all that its methods need: the class, the operations, and the methods that are
// operations too.
#pragma once

#include "adjoint/ops.h"
#include "adjoint/tensor_class.h"

namespace adjoint {

/// How tensors print; the defaults are PyTorch's.
struct PrintOptions {
  int precision = 4;
  int64_t threshold = 1000;
  int64_t edgeitems = 3;
  int linewidth = 80;
  std::optional<bool> sci_mode;
};
ADJOINT_API void set_printoptions(const PrintOptions& options);
ADJOINT_API PrintOptions get_printoptions();

}  // namespace adjoint
