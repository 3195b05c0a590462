// SPDX-License-Identifier: MIT
#include "tests/support/compare.h"

#include <cmath>
#include <cstring>
#include <sstream>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"

namespace adjoint::testing {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

double epsilon_of(ScalarType dtype) {
  switch (dtype) {
    case kHalf:
      return std::ldexp(1.0, -10);
    case kBFloat16:
      return std::ldexp(1.0, -7);
    case kFloat:
      return std::ldexp(1.0, -23);
    case kDouble:
      return std::ldexp(1.0, -52);
    default:
      return 0;
  }
}

Tolerance default_tolerance(ScalarType dtype) {
  return {dtype == kHalf || dtype == kBFloat16 ? 1.0 : 4.0, 1.0};
}

AssertionResult is_close(const Array& actual, const Array& expected, ScalarType dtype,
                         Tolerance tolerance) {
  if (actual.sizes != expected.sizes) {
    return AssertionFailure() << "has sizes " << text_of(actual.sizes) << ", expected "
                              << text_of(expected.sizes);
  }
  double unit = epsilon_of(dtype) * tolerance.ulps;
  int64_t wrong = 0;
  std::ostringstream first;
  first.precision(17);
  for (size_t i = 0; i < expected.values.size(); ++i) {
    double a = actual.values[i], e = expected.values[i];
    bool equal = a == e || (std::isnan(a) && std::isnan(e));
    bool near = std::isfinite(a) && std::isfinite(e) &&
                std::abs(a - e) <= unit * (std::abs(e) + tolerance.magnitude);
    if (equal || near) continue;
    if (++wrong <= 3) {
      first << "\n  at " << text_of(unravel(int64_t(i), expected.sizes)) << ": " << a
            << ", expected " << e << " (allowed difference "
            << unit * (std::abs(e) + tolerance.magnitude) << ")";
    }
  }
  if (wrong == 0) return AssertionSuccess();
  return AssertionFailure() << wrong << " of " << expected.numel() << " elements ("
                            << toString(dtype) << ") differ:" << first.str();
}

namespace {

AssertionResult same_kind(const Tensor& actual, const Tensor& expected) {
  if (actual.defined() != expected.defined()) {
    return AssertionFailure() << (actual.defined() ? "is defined" : "is undefined");
  }
  if (!actual.defined()) return AssertionSuccess();
  if (!(actual.sizes() == expected.sizes())) {
    return AssertionFailure() << "has sizes " << text_of(actual.sizes().vec()) << ", expected "
                              << text_of(expected.sizes().vec());
  }
  if (actual.dtype() != expected.dtype()) {
    return AssertionFailure() << "has dtype " << toString(actual.dtype()) << ", expected "
                              << toString(expected.dtype());
  }
  if (!(actual.device() == expected.device())) {
    return AssertionFailure() << "is on " << actual.device().str() << ", expected "
                              << expected.device().str();
  }
  return AssertionSuccess();
}

}  // namespace

AssertionResult is_close(const Tensor& actual, const Tensor& expected) {
  AssertionResult kind = same_kind(actual, expected);
  if (!kind || !actual.defined()) return kind;
  return is_close(actual, expected, default_tolerance(expected.dtype()));
}

AssertionResult is_close(const Tensor& actual, const Tensor& expected, Tolerance tolerance) {
  AssertionResult kind = same_kind(actual, expected);
  if (!kind || !actual.defined()) return kind;
  return is_close(to_array(actual), to_array(expected), expected.dtype(), tolerance);
}

AssertionResult same_bits(const Tensor& actual, const Tensor& expected) {
  AssertionResult kind = same_kind(actual, expected);
  if (!kind || !actual.defined()) return kind;
  NoGradGuard no_grad;
  Tensor a = actual.cpu().contiguous(), e = expected.cpu().contiguous();
  size_t n = a.element_size();
  const char* pa = static_cast<const char*>(a.data_ptr());
  const char* pe = static_cast<const char*>(e.data_ptr());
  for (size_t i = 0; i < size_t(a.numel()); ++i) {
    if (std::memcmp(pa + i * n, pe + i * n, n) == 0) continue;
    std::ostringstream text;
    text.precision(17);
    text << "differs at " << text_of(unravel(int64_t(i), e.sizes().vec())) << ": "
         << to_array(a).values[i] << ", expected exactly " << to_array(e).values[i];
    return AssertionFailure() << text.str();
  }
  return AssertionSuccess();
}

}  // namespace adjoint::testing
