// SPDX-License-Identifier: MIT
// Changes in place whose node is not made for them: a Function's, or that of an operation out of
// place.
#pragma once

#include <cstddef>

#include "adjoint/node.h"

namespace adjoint {

/// As rebase_history, where edge `input` of the node is that of `self` before.
void rebase_history_of_input(const Tensor& self, intrusive_ptr<Node> node, size_t input);

/// As rebase_history with the node of `result`, where that has one: an operation's out of place,
/// whose first input was `self` before and whose values `self` has now.
void take_history(const Tensor& self, const Tensor& result);

}  // namespace adjoint
