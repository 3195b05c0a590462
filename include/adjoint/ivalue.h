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
  IValue(const IValue& other);
  IValue(IValue&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  IValue& operator=(IValue other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~IValue();
  IValue(Tensor value);
  IValue(std::same_as<bool> auto value) : IValue(Exactly{}, bool(value)) {}
  IValue(std::floating_point auto value) : IValue(Exactly{}, double(value)) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) IValue(T value) : IValue(Exactly{}, int64_t(value)) {}
  IValue(std::string value);
  IValue(const char* value) : IValue(std::string(value)) {}
  IValue(Device value);
  /// An int, as toScalarType() reads it.
  IValue(ScalarType value) : IValue(int64_t(value)) {}
  /// A double, an int or a bool.
  IValue(const Scalar& value);
  IValue(std::vector<int64_t> value);
  IValue(IntArrayRef value) : IValue(value.vec()) {}
  IValue(std::vector<double> value);
  IValue(std::vector<bool> value);
  IValue(std::vector<Tensor> value);
  IValue(TensorList value) : IValue(value.vec()) {}
  /// None for an empty optional.
  template <class T>
  IValue(std::optional<T> value) {
    if (value) *this = IValue(*std::move(value));
  }

  bool isNone() const { return value_ == nullptr; }
  /// An undefined tensor is one too.
  bool isTensor() const { return kind() == Kind::Tensor; }
  bool isDouble() const { return kind() == Kind::Double; }
  bool isInt() const { return kind() == Kind::Int; }
  bool isBool() const { return kind() == Kind::Bool; }
  bool isString() const { return kind() == Kind::String; }
  bool isDevice() const { return kind() == Kind::Device; }
  /// A double, an int or a bool.
  bool isScalar() const { return isDouble() || isInt() || isBool(); }
  bool isIntList() const { return kind() == Kind::IntList; }
  bool isDoubleList() const { return kind() == Kind::DoubleList; }
  bool isBoolList() const { return kind() == Kind::BoolList; }
  bool isTensorList() const { return kind() == Kind::TensorList; }
  bool isList() const { return kind() >= Kind::IntList; }

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
  std::string tagKind() const;

 private:
  enum class Kind : uint8_t {
    None,
    Tensor,
    Double,
    Int,
    Bool,
    String,
    Device,
    IntList,
    DoubleList,
    BoolList,
    TensorList
  };
  struct Exactly {};
  struct Value;

  IValue(Exactly, bool value);
  IValue(Exactly, double value);
  IValue(Exactly, int64_t value);
  Kind kind() const noexcept;
  template <class T>
  const T& get() const {
    return get(std::type_identity<T>());
  }
  const Tensor& get(std::type_identity<Tensor>) const;
  const double& get(std::type_identity<double>) const;
  const int64_t& get(std::type_identity<int64_t>) const;
  const bool& get(std::type_identity<bool>) const;
  const std::string& get(std::type_identity<std::string>) const;
  const Device& get(std::type_identity<Device>) const;
  const std::vector<int64_t>& get(std::type_identity<std::vector<int64_t>>) const;
  const std::vector<double>& get(std::type_identity<std::vector<double>>) const;
  const std::vector<bool>& get(std::type_identity<std::vector<bool>>) const;
  const std::vector<Tensor>& get(std::type_identity<std::vector<Tensor>>) const;

  Value* value_ =
      nullptr;  // out of line: a variant here would cost every program a tenth of a second
};

}  // namespace adjoint
