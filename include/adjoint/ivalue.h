// SPDX-License-Identifier: MIT
// A value of one of several kinds, as AutogradContext::saved_data keeps them under names.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "adjoint/device.h"
#include "adjoint/error.h"
#include "adjoint/scalar.h"
#include "adjoint/scalar_type.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// None, a tensor, a number, a bool, a string, a device, or a list of ints, doubles, bools or
/// tensors. Whoever asks for another kind than is there gets a TypeError: an int is no double, a
/// bool no int.
class ADJOINT_API IValue {
 public:
  /// None.
  IValue() = default;
  IValue(std::nullopt_t) {}
  IValue(Tensor value) : value_(std::move(value)) {}
  IValue(std::same_as<bool> auto value) : value_(value) {}
  IValue(std::floating_point auto value) : value_(double(value)) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) IValue(T value) : value_(int64_t(value)) {}
  IValue(std::string value) : value_(std::move(value)) {}
  IValue(const char* value) : value_(std::string(value)) {}
  IValue(Device value) : value_(value) {}
  /// An int, as toScalarType() reads it.
  IValue(ScalarType value) : value_(int64_t(value)) {}
  /// A double, an int or a bool.
  IValue(const Scalar& value);
  IValue(std::vector<int64_t> value) : value_(std::move(value)) {}
  IValue(IntArrayRef value) : value_(value.vec()) {}
  IValue(std::vector<double> value) : value_(std::move(value)) {}
  IValue(std::vector<bool> value) : value_(std::move(value)) {}
  IValue(std::vector<Tensor> value) : value_(std::move(value)) {}
  IValue(TensorList value) : value_(value.vec()) {}
  /// None for an empty optional.
  template <class T>
  IValue(std::optional<T> value) {
    if (value) *this = IValue(*std::move(value));
  }

  bool isNone() const { return is<std::monostate>(); }
  /// An undefined tensor is one too.
  bool isTensor() const { return is<Tensor>(); }
  bool isDouble() const { return is<double>(); }
  bool isInt() const { return is<int64_t>(); }
  bool isBool() const { return is<bool>(); }
  bool isString() const { return is<std::string>(); }
  bool isDevice() const { return is<Device>(); }
  /// A double, an int or a bool.
  bool isScalar() const { return isDouble() || isInt() || isBool(); }
  bool isIntList() const { return is<std::vector<int64_t>>(); }
  bool isDoubleList() const { return is<std::vector<double>>(); }
  bool isBoolList() const { return is<std::vector<bool>>(); }
  bool isTensorList() const { return is<std::vector<Tensor>>(); }
  bool isList() const { return value_.index() >= kFirstList; }

  // The value. All throw TypeError where it is of another kind.
  const Tensor& toTensor() const& { return get<Tensor>(); }
  Tensor toTensor() && { return std::move(const_cast<Tensor&>(get<Tensor>())); }
  double toDouble() const { return get<double>(); }
  int64_t toInt() const { return get<int64_t>(); }
  bool toBool() const { return get<bool>(); }
  const std::string& toStringRef() const { return get<std::string>(); }
  std::string_view toStringView() const { return get<std::string>(); }
  Device toDevice() const { return get<Device>(); }
  ScalarType toScalarType() const { return ScalarType(get<int64_t>()); }
  Scalar toScalar() const;
  std::vector<int64_t> toIntVector() const { return get<std::vector<int64_t>>(); }
  std::vector<double> toDoubleVector() const { return get<std::vector<double>>(); }
  std::vector<Tensor> toTensorVector() const { return get<std::vector<Tensor>>(); }
  /// Of the type that a C++ program has it in: to<int64_t>(), to<float>(), to<std::vector<bool>>().
  template <class T>
  T to() const {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string> ||
                  std::is_same_v<T, Device> || std::is_same_v<T, Tensor>) {
      return get<T>();
    } else if constexpr (std::is_same_v<T, ScalarType>) {
      return toScalarType();
    } else if constexpr (std::is_same_v<T, Scalar>) {
      return toScalar();
    } else if constexpr (std::is_integral_v<T>) {
      return T(toInt());
    } else if constexpr (std::is_floating_point_v<T>) {
      return T(toDouble());
    } else {
      return get<T>();
    }
  }
  /// Nothing for None.
  template <class T>
  std::optional<T> toOptional() const {
    if (isNone()) return std::nullopt;
    return to<T>();
  }

  /// "None", "Tensor", "Double", "Int", "Bool", "String", "Device", "IntList", ...
  std::string tagKind() const { return kind_name(value_.index()); }

 private:
  using Value = std::variant<std::monostate, Tensor, double, int64_t, bool, std::string, Device,
                             std::vector<int64_t>, std::vector<double>, std::vector<bool>,
                             std::vector<Tensor>>;
  static constexpr size_t kFirstList = 7;

  template <class T>
  bool is() const {
    return std::holds_alternative<T>(value_);
  }
  template <class T>
  const T& get() const {
    const T* value = std::get_if<T>(&value_);
    if (!value) [[unlikely]]
      fail_kind(index_of<T>(static_cast<Value*>(nullptr)));
    return *value;
  }
  template <class T, class... Kinds>
  static constexpr size_t index_of(const std::variant<Kinds...>*) {
    size_t index = 0;
    (void)((std::is_same_v<T, Kinds> || (++index, false)) || ...);
    return index;
  }
  static const char* kind_name(size_t index);
  [[noreturn]] void fail_kind(size_t expected) const;

  Value value_;
};

}  // namespace adjoint
