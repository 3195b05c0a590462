// SPDX-License-Identifier: MIT
// Random numbers of given distributions. (Of given shapes: adjoint/ops/creation.h.)
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include "adjoint/generator.h"
#include "adjoint/tensor_class.h"

namespace adjoint {

/// 1 with probability self[i], else 0; probabilities outside of [0, 1] count as the nearest in it.
/// The gradient is 0.
ADJOINT_API Tensor bernoulli(const Tensor& self, Generator* generator = nullptr);
/// `num_samples` indices (kLong) of each row of `self` ([n] or [m, n], floating point), with
/// probabilities in the ratio of the row's numbers; without `replacement` none twice. Waits for a
/// device, to check the numbers.
ADJOINT_API Tensor multinomial(const Tensor& self, int64_t num_samples, bool replacement = false,
                               Generator* generator = nullptr);
/// Normal, of the mean and standard deviation that stand at each element. They broadcast.
ADJOINT_API Tensor normal(const Tensor& mean, const Tensor& std, Generator* generator = nullptr);
ADJOINT_API Tensor normal(const Tensor& mean, double std = 1, Generator* generator = nullptr);
ADJOINT_API Tensor normal(double mean, const Tensor& std, Generator* generator = nullptr);
ADJOINT_API Tensor normal(double mean, double std, IntArrayRef sizes,
                          const TensorOptions& options = {}, Generator* generator = nullptr);
/// As randint, of self's shape.
ADJOINT_API Tensor randint_like(const Tensor& self, int64_t high,
                                const TensorOptions& options = {});
ADJOINT_API Tensor randint_like(const Tensor& self, int64_t low, int64_t high,
                                const TensorOptions& options = {});

}  // namespace adjoint
