// SPDX-License-Identifier: MIT
#include "tests/support/ops_reference.h"

#include <cmath>
#include <limits>
#include <map>

namespace adjoint::testing {
namespace {

const std::map<std::string, ScalarType>& dtypes() {
  static const std::map<std::string, ScalarType> table = {
      {"f32", kFloat}, {"f64", kDouble}, {"f16", kHalf}, {"bf16", kBFloat16},
      {"i64", kLong},  {"i32", kInt},    {"u8", kByte},  {"bool", kBool}};
  return table;
}

double epsilon(ScalarType dtype) {
  switch (dtype) {
    case kHalf:
      return std::ldexp(1.0, -10);
    case kBFloat16:
      return std::ldexp(1.0, -7);
    case kFloat:
      return std::numeric_limits<float>::epsilon();
    case kDouble:
      return std::numeric_limits<double>::epsilon();
    default:
      return 0;
  }
}

bool close(double got, double expected, double tolerance, Zeros zeros) {
  if (std::isnan(expected)) return std::isnan(got);
  if (expected == 0 && zeros == Zeros::Signed && std::signbit(got) != std::signbit(expected)) {
    return false;
  }
  if (std::isinf(expected)) return got == expected;
  return std::abs(got - expected) <= tolerance * std::abs(expected);
}

}  // namespace

ScalarType dtype_of(const std::string& short_name) { return dtypes().at(short_name); }
std::string short_name(ScalarType dtype) {
  for (const auto& [name, value] : dtypes()) {
    if (value == dtype) return name;
  }
  return "?";
}

Scalar read_number(const nlohmann::json& value) {
  if (value.is_string()) return std::stod(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<int64_t>();
  return value.get<double>();
}

std::string difference(const Tensor& got, const nlohmann::json& reference, Zeros zeros) {
  ScalarType dtype = dtype_of(reference["dtype"]);
  if (got.dtype() != dtype) {
    return "dtype " + short_name(got.dtype()) + ", expected " + short_name(dtype);
  }
  auto shape = reference["shape"].get<std::vector<int64_t>>();
  if (!(got.sizes() == IntArrayRef(shape))) {
    return detail::str("shape ", got.sizes(), ", expected ", IntArrayRef(shape));
  }
  Tensor values = got.detach().to(kCPU, isFloatingType(dtype) ? kDouble : kLong).contiguous();
  double tolerance = 4 * epsilon(dtype);
  for (int64_t i = 0; i < values.numel(); ++i) {
    Scalar expected = read_number(reference["data"][size_t(i)]);
    if (isFloatingType(dtype)) {
      double x = values.data_ptr<double>()[i];
      if (close(x, expected.toDouble(), tolerance, zeros)) continue;
      return detail::str("element ", i, " is ", x, ", expected ", expected.toDouble());
    }
    int64_t x = values.data_ptr<int64_t>()[i];
    if (x != expected.toLong()) {
      return detail::str("element ", i, " is ", x, ", expected ", expected.toLong());
    }
  }
  return {};
}

}  // namespace adjoint::testing
