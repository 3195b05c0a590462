// SPDX-License-Identifier: MIT
// Reductions. `dims`: the dimensions to reduce, all if empty; they are left out of the result, or
// kept with size 1 if `keepdim`. Integers and bools are summed in kLong; 16-bit floats accumulate
// in float.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <tuple>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/tensor_class.h"

namespace adjoint {

ADJOINT_API Tensor sum(const Tensor& self, std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor sum(const Tensor& self, IntArrayRef dims, bool keepdim = false,
                       std::optional<ScalarType> dtype = std::nullopt);
/// Throws TypeError for integers, unless `dtype` is a floating-point type.
ADJOINT_API Tensor mean(const Tensor& self, std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor mean(const Tensor& self, IntArrayRef dims, bool keepdim = false,
                        std::optional<ScalarType> dtype = std::nullopt);
/// The product; 1 of no elements. The gradient is right beside zeros too.
ADJOINT_API Tensor prod(const Tensor& self, std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor prod(const Tensor& self, int64_t dim, bool keepdim = false,
                        std::optional<ScalarType> dtype = std::nullopt);
/// The mean square of deviations from the mean, `unbiased` with a divisor less by 1, and its root,
/// whose gradient at 0 is 0. Throw Error for integers.
ADJOINT_API Tensor var(const Tensor& self, bool unbiased = true);
ADJOINT_API Tensor var(const Tensor& self, IntArrayRef dims, bool unbiased, bool keepdim = false);
ADJOINT_API Tensor std(const Tensor& self, bool unbiased = true);
ADJOINT_API Tensor std(const Tensor& self, IntArrayRef dims, bool unbiased, bool keepdim = false);
/// Both at once, the mean behind.
ADJOINT_API std::tuple<Tensor, Tensor> var_mean(const Tensor& self, bool unbiased = true);
ADJOINT_API std::tuple<Tensor, Tensor> var_mean(const Tensor& self, IntArrayRef dims,
                                                bool unbiased = true, bool keepdim = false);
ADJOINT_API std::tuple<Tensor, Tensor> std_mean(const Tensor& self, bool unbiased = true);
ADJOINT_API std::tuple<Tensor, Tensor> std_mean(const Tensor& self, IntArrayRef dims,
                                                bool unbiased = true, bool keepdim = false);
/// The sum of what is not NaN.
ADJOINT_API Tensor nansum(const Tensor& self, IntArrayRef dims = {}, bool keepdim = false);
/// The mean of what is not NaN; NaN where nothing is left.
ADJOINT_API Tensor nanmean(const Tensor& self, IntArrayRef dims = {}, bool keepdim = false);
/// NaN if any is. Ties share the gradient evenly. Throws Error for no elements.
ADJOINT_API Tensor max(const Tensor& self);
ADJOINT_API Tensor min(const Tensor& self);
/// Values and indices (kLong) along `dim`; of ties, the first, which gets the gradient.
ADJOINT_API std::tuple<Tensor, Tensor> max(const Tensor& self, int64_t dim, bool keepdim = false);
ADJOINT_API std::tuple<Tensor, Tensor> min(const Tensor& self, int64_t dim, bool keepdim = false);
/// The same along several dimensions (all without `dims`); ties share the gradient evenly.
ADJOINT_API Tensor amax(const Tensor& self, IntArrayRef dims = {}, bool keepdim = false);
ADJOINT_API Tensor amin(const Tensor& self, IntArrayRef dims = {}, bool keepdim = false);
/// amin and amax.
ADJOINT_API std::tuple<Tensor, Tensor> aminmax(const Tensor& self,
                                               std::optional<int64_t> dim = std::nullopt,
                                               bool keepdim = false);
inline Tensor max(const Tensor& self, const Tensor& other) { return maximum(self, other); }
inline Tensor min(const Tensor& self, const Tensor& other) { return minimum(self, other); }
/// The index (kLong) of the first largest; of the flattened tensor where `dim` is not given.
ADJOINT_API Tensor argmax(const Tensor& self, std::optional<int64_t> dim = std::nullopt,
                          bool keepdim = false);
ADJOINT_API Tensor argmin(const Tensor& self, std::optional<int64_t> dim = std::nullopt,
                          bool keepdim = false);
/// (sum |x|^p)^(1/p); p may be 0 (the count of non-zeros) and infinity. The gradient at 0 is 0.
ADJOINT_API Tensor norm(const Tensor& self, const Scalar& p = 2);
ADJOINT_API Tensor norm(const Tensor& self, const Scalar& p, IntArrayRef dims,
                        bool keepdim = false);
/// log(sum(exp(x))), safe from overflow.
ADJOINT_API Tensor logsumexp(const Tensor& self, IntArrayRef dims, bool keepdim = false);
/// Adds up what broadcasting had stretched: `sizes` must be broadcastable to self's.
ADJOINT_API Tensor sum_to_size(const Tensor& self, IntArrayRef sizes);

}  // namespace adjoint
