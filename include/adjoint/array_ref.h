// SPDX-License-Identifier: MIT
// A view of consecutive values, as functions take lists of sizes and tensors; and a short list of
// sizes that needs no heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "adjoint/error.h"

namespace adjoint {

/// A pointer and a length. It owns nothing: do not keep one made from a braced list.
template <class T>
class ArrayRef {
 public:
  using value_type = T;
  constexpr ArrayRef() = default;
  constexpr ArrayRef(const T* data, size_t size) : data_(data), size_(size) {}
  constexpr ArrayRef(const T& one) : data_(&one), size_(1) {}
#pragma GCC diagnostic push
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Winit-list-lifetime"
#endif
  constexpr ArrayRef(std::initializer_list<T> list)
      : data_(list.size() ? list.begin() : nullptr), size_(list.size()) {}
#pragma GCC diagnostic pop
  ArrayRef(const std::vector<T>& v) : data_(v.data()), size_(v.size()) {}
  template <size_t N>
  constexpr ArrayRef(const T (&array)[N]) : data_(array), size_(N) {}

  constexpr const T* data() const { return data_; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const T* begin() const { return data_; }
  constexpr const T* end() const { return data_ + size_; }
  constexpr const T& operator[](size_t i) const { return data_[i]; }
  constexpr const T& front() const { return data_[0]; }
  constexpr const T& back() const { return data_[size_ - 1]; }
  constexpr ArrayRef slice(size_t from, size_t n) const { return {data_ + from, n}; }
  std::vector<T> vec() const { return std::vector<T>(begin(), end()); }

  constexpr bool equals(ArrayRef other) const {
    if (size_ != other.size_) return false;
    for (size_t i = 0; i < size_; ++i)
      if (!(data_[i] == other.data_[i])) return false;
    return true;
  }

 private:
  const T* data_ = nullptr;
  size_t size_ = 0;
};

using IntArrayRef = ArrayRef<int64_t>;

/// A list, or none: of dimensions, "all". `{}` is none.
class OptionalIntArrayRef {
 public:
  constexpr OptionalIntArrayRef() = default;
  constexpr OptionalIntArrayRef(std::nullopt_t) {}
  constexpr OptionalIntArrayRef(IntArrayRef list) : list_(list), has_value_(true) {}
  constexpr OptionalIntArrayRef(const std::optional<IntArrayRef>& list)
      : list_(list.value_or(IntArrayRef())), has_value_(list.has_value()) {}
  constexpr OptionalIntArrayRef(const int64_t& one) : list_(one), has_value_(true) {}
  constexpr OptionalIntArrayRef(std::initializer_list<int64_t> list)
      : list_(list), has_value_(true) {}
  OptionalIntArrayRef(const std::vector<int64_t>& list) : list_(list), has_value_(true) {}
  constexpr bool has_value() const { return has_value_; }
  constexpr explicit operator bool() const { return has_value_; }
  constexpr IntArrayRef operator*() const { return list_; }
  constexpr IntArrayRef value() const { return list_; }
  constexpr IntArrayRef value_or(IntArrayRef otherwise) const {
    return has_value_ ? list_ : otherwise;
  }

 private:
  IntArrayRef list_;
  bool has_value_ = false;
};
inline bool operator==(IntArrayRef a, IntArrayRef b) { return a.equals(b); }

/// The most dimensions that a tensor can have.
inline constexpr int kMaxDims = 8;

/// Sizes or strides: up to kMaxDims of them, held in place.
class DimVector {
 public:
  DimVector() = default;
  DimVector(size_t n, int64_t value) {
    for (size_t i = 0; i < n; ++i) push_back(value);
  }
  DimVector(std::initializer_list<int64_t> list)
      : DimVector(IntArrayRef(list.begin(), list.size())) {}
  DimVector(IntArrayRef values) {
    for (int64_t v : values) push_back(v);
  }
  operator IntArrayRef() const { return {values_, size_}; }
  /// Throws ValueError past kMaxDims.
  void push_back(int64_t v) {
    ADJOINT_CHECK_VALUE(size_ < size_t(kMaxDims), "a tensor can have at most ", kMaxDims,
                        " dimensions");
    values_[size_++] = v;
  }
  void insert(size_t at, int64_t v) {
    push_back(v);
    for (size_t i = size_ - 1; i > at; --i) values_[i] = values_[i - 1];
    values_[at] = v;
  }
  void erase(size_t at) {
    for (size_t i = at + 1; i < size_; ++i) values_[i - 1] = values_[i];
    --size_;
  }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t* data() { return values_; }
  const int64_t* data() const { return values_; }
  int64_t* begin() { return values_; }
  int64_t* end() { return values_ + size_; }
  const int64_t* begin() const { return values_; }
  const int64_t* end() const { return values_ + size_; }
  int64_t& operator[](size_t i) { return values_[i]; }
  int64_t operator[](size_t i) const { return values_[i]; }
  int64_t back() const { return values_[size_ - 1]; }

 private:
  int64_t values_[kMaxDims];
  size_t size_ = 0;
};

/// The product of the sizes.
inline int64_t numel_of(IntArrayRef sizes) {
  int64_t n = 1;
  for (int64_t s : sizes) n *= s;
  return n;
}

/// In messages: "[2, 3]".
ADJOINT_API void append(std::string& out, IntArrayRef sizes);

}  // namespace adjoint
