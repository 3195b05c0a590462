// SPDX-License-Identifier: MIT
// How layers write their settings.
#pragma once

#include <string>

#include "adjoint/expanding_array.h"

namespace adjoint::nn {

/// "(3, 3)"
inline std::string pair(const ExpandingArray<2>& a) {
  return detail::str("(", a[0], ", ", a[1], ")");
}
/// As Python writes it: "1.0", "0.01".
inline std::string decimal(double value) {
  std::string text = detail::str(value);
  return text.find_first_not_of("-0123456789") == text.npos ? text + ".0" : text;
}
inline const char* yes_no(bool value) { return value ? "True" : "False"; }

}  // namespace adjoint::nn
