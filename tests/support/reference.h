// SPDX-License-Identifier: MIT
// What PyTorch computed (tests/reference), as tensors; and comparison by the dtype's own precision.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "adjoint/adjoint.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {

/// tests/reference/data/<name>.json; read once.
const nlohmann::json& reference(const std::string& name);

/// An ARRAY of those files: kDouble unless it says otherwise.
Tensor to_tensor(const nlohmann::json& array);
/// The numbers of an option: a number or a list of numbers.
std::vector<int64_t> to_ints(const nlohmann::json& value);

/// Same shape and dtype, NaN where NaN, and equal to some roundings of `got`'s dtype, relative to
/// the largest element. `expected` may have a wider dtype.
::testing::AssertionResult close(const Tensor& got, const Tensor& expected);
/// Numbers in [-1, 1), and integers in [0, n), that are the same in every run.
Tensor noise(IntArrayRef sizes, ScalarType dtype = kFloat, uint64_t seed = 1);
Tensor noise_below(int64_t n, IntArrayRef sizes, uint64_t seed = 1);

/// The same bits.
::testing::AssertionResult identical(const Tensor& a, const Tensor& b);

}  // namespace adjoint::testing
