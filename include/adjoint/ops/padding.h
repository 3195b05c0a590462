// SPDX-License-Identifier: MIT
// Borders around tensors. `pad` has two numbers for each of the last dimensions, the last one
// first: how many elements come before and how many behind. The rules for shapes, dtypes and errors
// that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <string_view>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// Numbers below 0 cut elements off. Throws Error where nothing would be left.
ADJOINT_API Tensor constant_pad_nd(const Tensor& self, IntArrayRef pad, const Scalar& value = 0);
/// `mode`: "constant"; "reflect", which mirrors at the outermost elements; "replicate", which
/// repeats them; "circular", which goes on at the other end. The latter three leave the first one
/// or two dimensions (batch, channels) alone, and reflect and circular are limited by the size.
/// Throws Error for other modes, and for a `value` where the mode is not "constant".
ADJOINT_API Tensor pad(const Tensor& self, IntArrayRef pad, std::string_view mode = "constant",
                       std::optional<double> value = std::nullopt);

/// Tensors [l, *] of different lengths side by side: [longest, n, *], or [n, longest, *] with
/// batch_first, with `padding_value` behind the shorter ones. Throws Error for an empty list.
ADJOINT_API Tensor pad_sequence(TensorList sequences, bool batch_first = false,
                                double padding_value = 0);

}  // namespace adjoint
