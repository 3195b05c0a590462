// SPDX-License-Identifier: MIT
// Normalization.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include "adjoint/tensor_class.h"

namespace adjoint {

/// (x - mean) / sqrt(var + eps) * weight + bias over the last normalized_shape.size() dimensions,
/// with the biased variance. weight and bias, of normalized_shape, may be undefined.
/// J. L. Ba, J. R. Kiros, G. E. Hinton, Layer normalization (2016).
ADJOINT_API Tensor layer_norm(const Tensor& input, IntArrayRef normalized_shape,
                              const Tensor& weight = {}, const Tensor& bias = {},
                              double eps = 1e-5);
/// Per channel (dimension 1) of [n, c, *]. When training, with the batch's mean and biased
/// variance, and running_mean and running_var (if defined) move towards the batch's, the variance
/// unbiased, by `momentum`; otherwise with the running ones. S. Ioffe, C. Szegedy, Batch
/// normalization (2015).
ADJOINT_API Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                              const Tensor& running_mean, const Tensor& running_var, bool training,
                              double momentum = 0.1, double eps = 1e-5);
/// layer_norm over groups of channels: each of num_groups of [n, c, *] has a mean and a variance.
/// weight and bias [c] may be undefined. Y. Wu, K. He, Group normalization (2018).
ADJOINT_API Tensor group_norm(const Tensor& input, int64_t num_groups, const Tensor& weight = {},
                              const Tensor& bias = {}, double eps = 1e-5);
/// As batch_norm, for each image and channel of [n, c, *] alone; running statistics move by the
/// mean over the images. D. Ulyanov, A. Vedaldi, V. Lempitsky, Instance normalization (2016).
ADJOINT_API Tensor instance_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                                 const Tensor& running_mean, const Tensor& running_var,
                                 bool use_input_stats, double momentum = 0.1, double eps = 1e-5);
/// x / max(norm(x, p), eps) along `dim`.
ADJOINT_API Tensor normalize(const Tensor& input, double p = 2, int64_t dim = 1,
                             double eps = 1e-12);

}  // namespace adjoint
