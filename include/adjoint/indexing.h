// SPDX-License-Identifier: MIT
// What stands between the brackets of `t.index({...})`.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "adjoint/array_ref.h"
#include "adjoint/tensor_impl.h"

namespace adjoint {
class Tensor;
}

namespace adjoint::indexing {

struct NoneType {};
struct EllipsisType {};
/// A new dimension of size 1; an open bound of a Slice.
inline constexpr NoneType None{};
/// All dimensions that the other indices leave.
inline constexpr EllipsisType Ellipsis{};

/// start:stop:step. Bounds may be negative (counted from the end) or None; the step is positive.
class Slice {
 public:
  /// A number or None.
  struct Bound {
    std::optional<int64_t> value;
    constexpr Bound(NoneType) {}
    template <std::integral T>
    constexpr Bound(T v) : value(int64_t(v)) {}
  };
  constexpr Slice(Bound start = None, Bound stop = None, Bound step = None)
      : start_(start.value), stop_(stop.value), step_(step.value.value_or(1)) {}
  constexpr std::optional<int64_t> start() const { return start_; }
  constexpr std::optional<int64_t> stop() const { return stop_; }
  constexpr int64_t step() const { return step_; }

 private:
  std::optional<int64_t> start_, stop_;
  int64_t step_;
};

/// One index: an integer, a Slice, None, Ellipsis ("..."), true or false, or a tensor: of integers
/// (kInt, kLong), which name elements, or of truth values (kBool, kByte), which choose them.
class TensorIndex {
 public:
  enum class Kind : uint8_t { None, Ellipsis, Integer, Boolean, Slice, Tensor };
  TensorIndex(NoneType) : kind_(Kind::None) {}
  TensorIndex(std::nullopt_t) : kind_(Kind::None) {}
  TensorIndex(EllipsisType) : kind_(Kind::Ellipsis) {}
  TensorIndex(const char (&)[4]) : kind_(Kind::Ellipsis) {}
  template <std::integral T>
  TensorIndex(T i)
      : kind_(std::same_as<T, bool> ? Kind::Boolean : Kind::Integer), integer_(int64_t(i)) {}
  TensorIndex(indexing::Slice s) : kind_(Kind::Slice), slice_(s) {}
  template <std::same_as<adjoint::Tensor> T>
  TensorIndex(const T& t) : kind_(Kind::Tensor), tensor_(t.impl_ptr()) {}

  Kind kind() const { return kind_; }
  int64_t integer() const { return integer_; }
  bool boolean() const { return integer_ != 0; }
  const indexing::Slice& slice() const { return slice_; }
  /// A Tensor's impl_ptr().
  const intrusive_ptr<TensorImpl>& tensor() const { return tensor_; }

 private:
  Kind kind_;
  int64_t integer_ = 0;
  indexing::Slice slice_;
  intrusive_ptr<TensorImpl> tensor_;
};

}  // namespace adjoint::indexing

namespace adjoint {
using indexing::TensorIndex;
}
