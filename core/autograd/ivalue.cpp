// SPDX-License-Identifier: MIT
#include "adjoint/ivalue.h"

namespace adjoint {

IValue::IValue(const Scalar& value) {
  if (value.isFloatingPoint()) {
    value_ = value.toDouble();
  } else if (value.isBoolean()) {
    value_ = value.toBool();
  } else {
    value_ = value.toLong();
  }
}

Scalar IValue::toScalar() const {
  if (isDouble()) return toDouble();
  if (isBool()) return toBool();
  ADJOINT_CHECK_TYPE(isInt(), "IValue is not a Scalar: expected Double, Int or Bool but got ",
                     tagKind());
  return toInt();
}

const char* IValue::kind_name(size_t index) {
  static constexpr const char* kNames[] = {"None",       "Tensor",   "Double",    "Int",
                                           "Bool",       "String",   "Device",    "IntList",
                                           "DoubleList", "BoolList", "TensorList"};
  static_assert(std::size(kNames) == std::variant_size_v<Value>);
  return kNames[index];
}

void IValue::fail_kind(size_t expected) const {
  detail::fail<TypeError>("IValue: Expected ", kind_name(expected), " but got ", tagKind());
}

}  // namespace adjoint
