// SPDX-License-Identifier: MIT
#pragma once

#include "adjoint/tensor.h"

namespace adjoint {

/// Sets all elements of a new tensor: unlike fill_, this counts as no in-place change.
void fill_new(const Tensor& self, const Scalar& value);

}  // namespace adjoint
