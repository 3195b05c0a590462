// SPDX-License-Identifier: MIT
// What a Function needs beyond record.h.
#pragma once

#include <cstddef>

#include "adjoint/node.h"

namespace adjoint {

/// As rebase_history, where edge `input` of the node is that of `self` before.
void rebase_history_of_input(const Tensor& self, intrusive_ptr<Node> node, size_t input);

}  // namespace adjoint
