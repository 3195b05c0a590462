// SPDX-License-Identifier: MIT
#pragma once

namespace adjoint {

/// What a kernel does with what its output holds: nothing reads it, or the result is added to it.
/// So a gradient is accumulated where it stays, with no temporary and no second kernel.
enum class GradWrite : unsigned char { Overwrite, Accumulate };

}  // namespace adjoint
