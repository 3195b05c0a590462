// SPDX-License-Identifier: MIT
// The library's own operations.
#pragma once

namespace adjoint {

class OpRegistry;
/// Adds the operations of every family in core/ops.
void register_ops(OpRegistry& registry);

}  // namespace adjoint
