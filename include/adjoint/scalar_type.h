// SPDX-License-Identifier: MIT
// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "adjoint/export.h"
#include "adjoint/half.h"

namespace adjoint {

enum class ScalarType : int8_t { Bool, Byte, Int, Long, Half, BFloat16, Float, Double, Undefined };
inline constexpr int kNumScalarTypes = 8;

inline constexpr ScalarType kBool = ScalarType::Bool;
inline constexpr ScalarType kByte = ScalarType::Byte, kUInt8 = ScalarType::Byte;
inline constexpr ScalarType kInt = ScalarType::Int, kInt32 = ScalarType::Int;
inline constexpr ScalarType kLong = ScalarType::Long, kInt64 = ScalarType::Long;
inline constexpr ScalarType kHalf = ScalarType::Half, kFloat16 = ScalarType::Half;
inline constexpr ScalarType kBFloat16 = ScalarType::BFloat16;
inline constexpr ScalarType kFloat = ScalarType::Float, kFloat32 = ScalarType::Float;
inline constexpr ScalarType kDouble = ScalarType::Double, kFloat64 = ScalarType::Double;

/// Bytes of one element.
constexpr size_t elementSize(ScalarType t) {
  constexpr size_t sizes[] = {1, 1, 4, 8, 2, 2, 4, 8, 0};
  return sizes[size_t(t)];
}
constexpr bool isFloatingType(ScalarType t) {
  return t >= ScalarType::Half && t <= ScalarType::Double;
}
constexpr bool isIntegralType(ScalarType t, bool include_bool) {
  return (t >= ScalarType::Byte && t <= ScalarType::Long) || (include_bool && t == kBool);
}

/// "Float", "Long", ... as LibTorch's error messages name them.
ADJOINT_API const char* toString(ScalarType t);
/// "float32", "int64", ... as PyTorch prints them behind `torch.`.
ADJOINT_API const char* dtype_name(ScalarType t);
/// The dtype that a binary operation on two tensors with dimensions computes in.
ADJOINT_API ScalarType promoteTypes(ScalarType a, ScalarType b);
/// The dtype of floating-point results of operations on integers and of factories: kFloat at start.
ADJOINT_API ScalarType get_default_dtype();
/// Throws TypeError unless `t` is a floating-point type.
ADJOINT_API void set_default_dtype(ScalarType t);

inline void append(std::string& out, ScalarType t) { out += toString(t); }

namespace detail {

template <class T>
struct ScalarTypeOf;
template <>
struct ScalarTypeOf<bool> {
  static constexpr ScalarType value = kBool;
};
template <>
struct ScalarTypeOf<uint8_t> {
  static constexpr ScalarType value = kByte;
};
template <>
struct ScalarTypeOf<int32_t> {
  static constexpr ScalarType value = kInt;
};
template <>
struct ScalarTypeOf<long> {
  static constexpr ScalarType value = kLong;
};
template <>
struct ScalarTypeOf<long long> {
  static constexpr ScalarType value = kLong;
};
template <>
struct ScalarTypeOf<Half> {
  static constexpr ScalarType value = kHalf;
};
template <>
struct ScalarTypeOf<BFloat16> {
  static constexpr ScalarType value = kBFloat16;
};
template <>
struct ScalarTypeOf<float> {
  static constexpr ScalarType value = kFloat;
};
template <>
struct ScalarTypeOf<double> {
  static constexpr ScalarType value = kDouble;
};
}  // namespace detail

/// The ScalarType whose elements are stored as the C++ type T.
template <class T>
inline constexpr ScalarType scalar_type_of = detail::ScalarTypeOf<T>::value;

}  // namespace adjoint
