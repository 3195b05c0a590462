// SPDX-License-Identifier: MIT
#include "adjoint/scalar_type.h"

#include <atomic>

#include "adjoint/error.h"

namespace adjoint {
namespace {

constinit std::atomic<ScalarType> default_dtype{kFloat};

}  // namespace

const char* toString(ScalarType t) {
  static constexpr const char* names[] = {"Bool",     "Byte",  "Int",    "Long",     "Half",
                                          "BFloat16", "Float", "Double", "Undefined"};
  return names[size_t(t)];
}

const char* dtype_name(ScalarType t) {
  static constexpr const char* names[] = {"bool",     "uint8",   "int32",   "int64",    "float16",
                                          "bfloat16", "float32", "float64", "undefined"};
  return names[size_t(t)];
}

ScalarType promoteTypes(ScalarType a, ScalarType b) {
  if (a == b) return a;
  if (a > b) return promoteTypes(b, a);
  // The order of the enumeration is the order of promotion, but for the two 16-bit floats, neither
  // of which holds the other.
  if (a == kHalf && b == kBFloat16) return kFloat;
  return b;
}

ScalarType get_default_dtype() { return default_dtype.load(std::memory_order_relaxed); }

void set_default_dtype(ScalarType t) {
  ADJOINT_CHECK_TYPE(
      isFloatingType(t),
      "set_default_dtype: only floating-point types are supported as the default type, got ", t);
  default_dtype.store(t, std::memory_order_relaxed);
}

}  // namespace adjoint
