// SPDX-License-Identifier: MIT
// Comparisons of tensors that fail on shape, dtype, device and NaN, and say where.
//
//   EXPECT_TRUE(is_close(actual, expected));
#pragma once

#include <gtest/gtest.h>

#include "tests/support/array.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {

/// The distance from 1 to the next number of the dtype; 0 for integers and bool.
double epsilon_of(ScalarType dtype);

/// Note [Tolerances]
/// Two results of one formula in dtype t may differ by
///     ulps * epsilon_of(t) * (|expected| + magnitude)
/// where `magnitude` is that of the numbers that were added up on the way (cancellation makes a
/// small result of large numbers, with their error). Kernels compute 16-bit floats in float and
/// round once, so 1 ulp is what a single operation of these needs; float and double round at each
/// step of the formula. Integers and bools must be equal.
struct Tolerance {
  double ulps = 4;
  double magnitude = 1;
};
/// 1 ulp for the 16-bit floats, 4 for float and double: what a formula of a few steps needs.
Tolerance default_tolerance(ScalarType dtype);

/// Same sizes, and values within the tolerance for `dtype`; NaN equals NaN and infinities
/// themselves.
::testing::AssertionResult is_close(const Array& actual, const Array& expected, ScalarType dtype,
                                    Tolerance tolerance);
/// As above, for tensors of one dtype and device.
::testing::AssertionResult is_close(const Tensor& actual, const Tensor& expected);
::testing::AssertionResult is_close(const Tensor& actual, const Tensor& expected,
                                    Tolerance tolerance);
/// Sizes, dtype, device and the bits of every element.
::testing::AssertionResult same_bits(const Tensor& actual, const Tensor& expected);

/// Runs `f`, which must throw an E whose message has the phrase: in the call, or once its work on
/// the device is done.
template <class E, class F>
::testing::AssertionResult throws(const std::string& phrase, F f) {
  try {
    f();
    settle_test_device();
  } catch (const E& e) {
    if (std::string(e.what()).find(phrase) != std::string::npos)
      return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure()
           << "expected an error that says\n  " << phrase << "\ngot\n  " << e.what();
  } catch (const std::exception& e) {
    return ::testing::AssertionFailure() << "threw an error of another type: " << e.what();
  }
  return ::testing::AssertionFailure()
         << "threw nothing; expected an error that says\n  " << phrase;
}

}  // namespace adjoint::testing
