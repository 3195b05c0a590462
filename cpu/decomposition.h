// SPDX-License-Identifier: MIT
// Kernels of matrix decompositions, for every processor alike.
#pragma once

namespace adjoint {
class OpRegistry;
namespace cpu {

void register_decomposition_kernels(OpRegistry& registry);

}  // namespace cpu
}  // namespace adjoint
