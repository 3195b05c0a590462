// SPDX-License-Identifier: MIT
// Initial values that have the form of a matrix: eye_, dirac_, orthogonal_, sparse_.
#include <algorithm>
#include <cmath>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/nn/init.h"

namespace adjoint::nn::init {
namespace {

/// Turns `count` rows of `length` into vectors of length 1 at right angles, one after the other;
/// what is left of a row is cleaned twice, since the first time rounds.
void make_orthonormal(double* rows, int64_t count, int64_t length) {
  auto inner = [&](const double* a, const double* b) {
    double sum = 0;
    for (int64_t k = 0; k < length; ++k) sum += a[k] * b[k];
    return sum;
  };
  for (int64_t i = 0; i < count; ++i) {
    double* row = rows + i * length;
    for (int64_t pass = 0; pass < 2; ++pass) {
      for (int64_t j = 0; j < i; ++j) {
        const double share = inner(row, rows + j * length);
        for (int64_t k = 0; k < length; ++k) row[k] -= share * rows[j * length + k];
      }
    }
    const double size = std::sqrt(inner(row, row));
    for (int64_t k = 0; k < length; ++k) row[k] /= size;
  }
}

}  // namespace

Tensor eye_(Tensor matrix) {
  ADJOINT_CHECK(matrix.dim() == 2, "Only tensors with 2 dimensions are supported, got ",
                matrix.dim());
  NoGradGuard no_grad;
  return matrix.copy_(eye(matrix.size(0), matrix.size(1), matrix.options()));
}

Tensor dirac_(Tensor tensor) {
  const int64_t dims = tensor.dim();
  ADJOINT_CHECK(dims >= 3 && dims <= 5,
                "Only tensors with 3, 4, or 5 dimensions are supported, got ", dims);
  NoGradGuard no_grad;
  tensor.zero_();
  for (int64_t i = 0; i < std::min(tensor.size(0), tensor.size(1)); ++i) {
    Tensor middle = tensor.select(0, i).select(0, i);
    while (middle.dim() > 0) middle = middle.select(0, middle.size(0) / 2);
    middle.fill_(1);
  }
  return tensor;
}

Tensor orthogonal_(Tensor tensor, double gain) {
  ADJOINT_CHECK(tensor.dim() >= 2, "Only tensors with 2 or more dimensions are supported, got ",
                tensor.dim());
  if (tensor.numel() == 0) return tensor;
  NoGradGuard no_grad;
  const int64_t rows = tensor.size(0), columns = tensor.numel() / rows;
  const int64_t count = std::min(rows, columns), length = std::max(rows, columns);
  Tensor vectors = empty({count, length}, TensorOptions(kDouble).device(kCPU)).normal_();
  make_orthonormal(vectors.data_ptr<double>(), count, length);
  if (rows > columns) vectors = vectors.t();
  return tensor.copy_((vectors * gain).reshape(tensor.sizes()));
}

Tensor sparse_(Tensor tensor, double sparsity, double std) {
  ADJOINT_CHECK(tensor.dim() == 2, "Only tensors with 2 dimensions are supported, got ",
                tensor.dim());
  ADJOINT_CHECK(sparsity >= 0 && sparsity < 1, "sparse_: expected a sparsity in [0, 1), got ",
                sparsity);
  NoGradGuard no_grad;
  tensor.normal_(0, std);
  const int64_t rows = tensor.size(0), columns = tensor.size(1);
  const auto zeros = int64_t(std::ceil(sparsity * double(rows)));
  // Zero is what stands in the places of each column's smallest random numbers.
  Tensor order = argsort(rand({rows, columns}, tensor.options().dtype(kFloat)), 0);
  return tensor.masked_fill_(argsort(order, 0) < zeros, 0);
}

}  // namespace adjoint::nn::init
