// SPDX-License-Identifier: MIT
// Views as other families use them.
#pragma once

#include "core/tensor/geometry.h"

namespace adjoint {

/// `t`'s memory with another geometry; in-place changes are tracked, the gradient is the caller's.
Tensor alias(const Tensor& t, const Geometry& geometry, CreationMeta meta = CreationMeta::Default);

/// Zeros of `base_sizes`, laid out by `base_strides`, but for the elements of `view` (relative to
/// the first one), which are those of `grad`: the gradient of taking a strided view. Elements that
/// the view shows several times add up. Differentiable.
Tensor embed_strided(const Tensor& grad, IntArrayRef base_sizes, IntArrayRef base_strides,
                     const Geometry& view);

}  // namespace adjoint
