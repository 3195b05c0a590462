// SPDX-License-Identifier: MIT
#include "adjoint/ivalue.h"

#include <variant>

namespace adjoint {

/// None has no Value; the other kinds stand in Kind's order.
struct IValue::Value {
  std::variant<Tensor, double, int64_t, bool, std::string, Device, std::vector<int64_t>,
               std::vector<double>, std::vector<bool>, std::vector<Tensor>>
      value;

  template <class T>
  static Value* of(T value) {
    return new Value{std::move(value)};
  }

  template <class T>
  static const T& get(const IValue& from, Kind expected) {
    if (from.value_) {
      if (const T* value = std::get_if<T>(&from.value_->value)) return *value;
    }
    detail::fail<TypeError>("IValue: Expected ", kind_name(expected), " but got ",
                            kind_name(from.kind()));
  }

  static Kind kind_of(const Value* value) { return Kind(value ? value->value.index() + 1 : 0); }
  static const char* kind_name(Kind kind) {
    static constexpr const char* kNames[] = {"None",       "Tensor",   "Double",    "Int",
                                             "Bool",       "String",   "Device",    "IntList",
                                             "DoubleList", "BoolList", "TensorList"};
    static_assert(std::size(kNames) == 1 + std::variant_size_v<decltype(Value::value)>);
    return kNames[size_t(kind)];
  }
};

IValue::IValue(const IValue& other) : value_(other.value_ ? new Value(*other.value_) : nullptr) {}
IValue::~IValue() { delete value_; }
IValue::IValue(Tensor value) : value_(Value::of(std::move(value))) {}
IValue::IValue(std::string value) : value_(Value::of(std::move(value))) {}
IValue::IValue(Device value) : value_(Value::of(value)) {}
IValue::IValue(std::vector<int64_t> value) : value_(Value::of(std::move(value))) {}
IValue::IValue(std::vector<double> value) : value_(Value::of(std::move(value))) {}
IValue::IValue(std::vector<bool> value) : value_(Value::of(std::move(value))) {}
IValue::IValue(std::vector<Tensor> value) : value_(Value::of(std::move(value))) {}
IValue::IValue(Exactly, bool value) : value_(Value::of(value)) {}
IValue::IValue(Exactly, double value) : value_(Value::of(value)) {}
IValue::IValue(Exactly, int64_t value) : value_(Value::of(value)) {}
IValue::IValue(const Scalar& value)
    : value_(value.isFloatingPoint() ? Value::of(value.toDouble())
             : value.isBoolean()     ? Value::of(value.toBool())
                                     : Value::of(value.toLong())) {}

IValue::Kind IValue::kind() const noexcept { return Value::kind_of(value_); }
std::string IValue::tagKind() const { return Value::kind_name(kind()); }

Scalar IValue::toScalar() const {
  if (isDouble()) return toDouble();
  if (isBool()) return toBool();
  ADJOINT_CHECK_TYPE(isInt(), "IValue is not a Scalar: expected Double, Int or Bool but got ",
                     tagKind());
  return toInt();
}

const Tensor& IValue::get(std::type_identity<Tensor>) const {
  return Value::get<Tensor>(*this, Kind::Tensor);
}
const double& IValue::get(std::type_identity<double>) const {
  return Value::get<double>(*this, Kind::Double);
}
const int64_t& IValue::get(std::type_identity<int64_t>) const {
  return Value::get<int64_t>(*this, Kind::Int);
}
const bool& IValue::get(std::type_identity<bool>) const {
  return Value::get<bool>(*this, Kind::Bool);
}
const std::string& IValue::get(std::type_identity<std::string>) const {
  return Value::get<std::string>(*this, Kind::String);
}
const Device& IValue::get(std::type_identity<Device>) const {
  return Value::get<Device>(*this, Kind::Device);
}
const std::vector<int64_t>& IValue::get(std::type_identity<std::vector<int64_t>>) const {
  return Value::get<std::vector<int64_t>>(*this, Kind::IntList);
}
const std::vector<double>& IValue::get(std::type_identity<std::vector<double>>) const {
  return Value::get<std::vector<double>>(*this, Kind::DoubleList);
}
const std::vector<bool>& IValue::get(std::type_identity<std::vector<bool>>) const {
  return Value::get<std::vector<bool>>(*this, Kind::BoolList);
}
const std::vector<Tensor>& IValue::get(std::type_identity<std::vector<Tensor>>) const {
  return Value::get<std::vector<Tensor>>(*this, Kind::TensorList);
}

}  // namespace adjoint
