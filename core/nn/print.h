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
inline const char* yes_no(bool value) { return value ? "True" : "False"; }

}  // namespace adjoint::nn
