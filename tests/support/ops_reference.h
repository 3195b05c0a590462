// SPDX-License-Identifier: MIT
// Exact comparison with the operations' dtypes and edge values in tests/reference/data/ops.json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "adjoint/adjoint.h"

namespace adjoint::testing {

/// "f32" and so on; throws for unknown names.
ScalarType dtype_of(const std::string& short_name);
std::string short_name(ScalarType dtype);
/// A number as JSON has it: also "inf", "-inf", "nan", true and false.
Scalar read_number(const nlohmann::json& value);

enum class Zeros { Signed, Unsigned };
/// Empty if `got` has the reference's dtype, shape and values: equal, or within four roundings of
/// floating-point numbers; zeros in their sign too, if Signed. Else what differs.
std::string difference(const Tensor& got, const nlohmann::json& reference,
                       Zeros zeros = Zeros::Signed);

}  // namespace adjoint::testing
