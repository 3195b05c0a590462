// SPDX-License-Identifier: MIT
// The operations on tensors, one header a family: include this one, or adjoint/tensor.h.
//
// Unless said otherwise: an operation has a gradient of any order; tensors of different shapes
// broadcast (sizes are aligned at the last dimension; sizes 1 and missing ones stretch) and those
// of different dtypes compute in promoteTypes of them, where a Scalar or a 0-d tensor only counts
// if it is of a higher kind (bool < integral < floating point); all tensors must be on one device;
// dimensions may be negative. Wrong shapes, dtypes and devices throw Error or TypeError,
// wrong dimensions and indices IndexError, impossible other values ValueError.
#pragma once

#include "adjoint/ops/activation.h"
#include "adjoint/ops/aliases.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/comparison.h"
#include "adjoint/ops/convolution.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/decomposition.h"
#include "adjoint/ops/distance.h"
#include "adjoint/ops/einsum.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/linalg.h"
#include "adjoint/ops/loss.h"
#include "adjoint/ops/matmul.h"
#include "adjoint/ops/normalization.h"
#include "adjoint/ops/order.h"
#include "adjoint/ops/padding.h"
#include "adjoint/ops/pooling.h"
#include "adjoint/ops/random.h"
#include "adjoint/ops/recurrent.h"
#include "adjoint/ops/reduce.h"
#include "adjoint/ops/scan.h"
#include "adjoint/ops/shape.h"
#include "adjoint/ops/special.h"
#include "adjoint/ops/unary.h"

namespace adjoint {

/// The shape that tensors of these shapes broadcast to. Throws Error.
ADJOINT_API DimVector broadcast_shapes(IntArrayRef a, IntArrayRef b);
/// The dtype that an operation on both computes in: 0-d tensors count only by a higher kind.
ADJOINT_API ScalarType result_type(const Tensor& a, const Tensor& b);
ADJOINT_API ScalarType result_type(const Tensor& a, const Scalar& b);

/// CPU threads that one operation may use; 1: all on the caller's. Throws ValueError below 1.
ADJOINT_API void set_num_threads(int n);
ADJOINT_API int get_num_threads();

}  // namespace adjoint

#include "adjoint/tensor_methods.h"
