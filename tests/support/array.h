// SPDX-License-Identifier: MIT
// Plain arrays of doubles, and loops over them: what the tests compare tensors with. Nothing here
// calls an operation of the library.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "adjoint/tensor.h"

namespace adjoint::testing {

using Sizes = std::vector<int64_t>;

struct Array {
  Sizes sizes;
  std::vector<double> values;  // row-major

  Array() = default;
  explicit Array(Sizes s, double value = 0);
  Array(Sizes s, std::vector<double> v);
  int64_t dim() const { return int64_t(sizes.size()); }
  int64_t numel() const { return int64_t(values.size()); }
  /// `d` may be negative.
  int64_t size(int64_t d) const { return sizes[size_t(d < 0 ? d + dim() : d)]; }
  double& at(const Sizes& index);
  double at(const Sizes& index) const;
};

int64_t numel_of(const Sizes& sizes);
/// The index of element `flat` of a row-major array.
Sizes unravel(int64_t flat, const Sizes& sizes);
int64_t ravel(const Sizes& index, const Sizes& sizes);
/// Calls f(index) for every element, in row-major order.
void for_each_index(const Sizes& sizes, const std::function<void(const Sizes&)>& f);

Sizes broadcast(const Sizes& a, const Sizes& b);
Array broadcast_to(const Array& a, const Sizes& sizes);
Array map(const Array& a, const std::function<double(double)>& f);
Array map(const Array& a, const Array& b, const std::function<double(double, double)>& f);
Array map(const Array& a, const Array& b, const Array& c,
          const std::function<double(double, double, double)>& f);

/// The dimensions 0 .. n-1.
Sizes all_dims(const Array& a);
/// f(the values along `dims`, in row-major order), for each position of the other dimensions.
Array reduce(const Array& a, Sizes dims, bool keepdim,
             const std::function<double(const std::vector<double>&)>& f);
/// f turns the values along `dim` into as many others.
Array along(const Array& a, int64_t dim,
            const std::function<std::vector<double>(const std::vector<double>&)>& f);
/// dims[i] of the result is dims[order[i]] of `a`.
Array permuted(const Array& a, const Sizes& order);
/// [n, k] x [k, m]
Array matrix_product(const Array& a, const Array& b);
/// The part at position `i` of dimension 0.
Array row(const Array& a, int64_t i);

/// The values of a tensor of any dtype, layout and device.
Array to_array(const Tensor& t);
/// A tensor of the values, converted to `dtype`, on `device`.
Tensor to_tensor(const Array& a, ScalarType dtype, Device device);

std::string text_of(const Sizes& sizes);

}  // namespace adjoint::testing
