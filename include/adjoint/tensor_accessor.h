// SPDX-License-Identifier: MIT
// Elements of a tensor by their indices, without a call of the library for each:
//
//   auto a = t.accessor<float, 2>();
//   for (int64_t i = 0; i < a.size(0); ++i) sum += a[i][0];
#pragma once

#include <cstddef>
#include <cstdint>

#include "adjoint/array_ref.h"

namespace adjoint {

/// N dimensions of elements of type T in host memory. It owns nothing, and checks no index.
template <class T, size_t N>
class TensorAccessor {
 public:
  TensorAccessor(T* data, const int64_t* sizes, const int64_t* strides)
      : data_(data), sizes_(sizes), strides_(strides) {}
  IntArrayRef sizes() const { return {sizes_, N}; }
  IntArrayRef strides() const { return {strides_, N}; }
  int64_t size(int64_t dim) const { return sizes_[dim]; }
  int64_t stride(int64_t dim) const { return strides_[dim]; }
  T* data() const { return data_; }
  TensorAccessor<T, N - 1> operator[](int64_t i) const {
    return {data_ + i * strides_[0], sizes_ + 1, strides_ + 1};
  }

 private:
  T* data_;
  const int64_t* sizes_;
  const int64_t* strides_;
};

template <class T>
class TensorAccessor<T, 1> {
 public:
  TensorAccessor(T* data, const int64_t* sizes, const int64_t* strides)
      : data_(data), sizes_(sizes), strides_(strides) {}
  IntArrayRef sizes() const { return {sizes_, 1}; }
  IntArrayRef strides() const { return {strides_, 1}; }
  int64_t size(int64_t dim) const { return sizes_[dim]; }
  int64_t stride(int64_t dim) const { return strides_[dim]; }
  T* data() const { return data_; }
  T& operator[](int64_t i) const { return data_[i * strides_[0]]; }

 private:
  T* data_;
  const int64_t* sizes_;
  const int64_t* strides_;
};

}  // namespace adjoint
