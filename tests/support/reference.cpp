// SPDX-License-Identifier: MIT
#include "tests/support/reference.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <random>

namespace adjoint::testing {

const nlohmann::json& reference(const std::string& name) {
  static std::map<std::string, nlohmann::json> files;
  auto [entry, is_new] = files.try_emplace(name);
  if (is_new) {
    std::ifstream file(std::string(ADJOINT_TESTS_DIR) + "/reference/data/" + name + ".json");
    entry->second = nlohmann::json::parse(file);
  }
  return entry->second;
}

std::vector<int64_t> to_ints(const nlohmann::json& value) {
  if (value.is_number()) return {value.get<int64_t>()};
  return value.get<std::vector<int64_t>>();
}

Tensor to_tensor(const nlohmann::json& array) {
  std::vector<double> values;
  for (const nlohmann::json& v : array["data"]) {
    if (v.is_string()) {
      values.push_back(std::stod(v.get<std::string>()));
    } else {
      values.push_back(v.is_boolean() ? double(v.get<bool>()) : v.get<double>());
    }
  }
  static const std::map<std::string, ScalarType> dtypes{
      {"f32", kFloat}, {"f64", kDouble}, {"f16", kHalf}, {"bf16", kBFloat16},
      {"i64", kLong},  {"i32", kInt},    {"u8", kByte},  {"bool", kBool}};
  return tensor(values, kDouble)
      .reshape(to_ints(array["shape"]))
      .to(dtypes.at(array.value("dtype", "f64")));
}

namespace {

double epsilon(ScalarType t) {
  switch (t) {
    case kHalf:
      return 0x1p-10;
    case kBFloat16:
      return 0x1p-7;
    case kFloat:
      return std::numeric_limits<float>::epsilon();
    case kDouble:
      return std::numeric_limits<double>::epsilon();
    default:
      return 0;
  }
}

}  // namespace

::testing::AssertionResult close(const Tensor& got, const Tensor& expected) {
  if (!got.defined()) return ::testing::AssertionFailure() << "undefined";
  if (!(got.sizes() == expected.sizes())) {
    return ::testing::AssertionFailure() << "shape " << detail::str(got.sizes()) << " instead of "
                                         << detail::str(expected.sizes());
  }
  Tensor a = got.detach().to(kCPU, kDouble).contiguous();
  Tensor b = expected.detach().to(kCPU, kDouble).contiguous();
  double largest = 1;
  for (int64_t i = 0; i < b.numel(); ++i) {
    double v = std::fabs(b.data_ptr<double>()[i]);
    if (std::isfinite(v)) largest = std::max(largest, v);
  }
  double tolerance = 8 * epsilon(got.dtype()) * largest;
  for (int64_t i = 0; i < b.numel(); ++i) {
    double x = a.data_ptr<double>()[i], y = b.data_ptr<double>()[i];
    bool same = x == y || (std::isnan(x) && std::isnan(y)) || std::fabs(x - y) <= tolerance;
    if (!same) {
      return ::testing::AssertionFailure()
             << "element " << i << ": " << x << " instead of " << y << ", tolerance " << tolerance;
    }
  }
  return ::testing::AssertionSuccess();
}

Tensor noise(IntArrayRef sizes, ScalarType dtype, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<double> values(size_t(numel_of(sizes)));
  for (double& v : values) v = double(engine() >> 11) * 0x1p-52 - 1;
  return tensor(values, kDouble).reshape(sizes).to(dtype);
}
Tensor noise_below(int64_t n, IntArrayRef sizes, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<int64_t> values(size_t(numel_of(sizes)));
  for (int64_t& v : values) v = int64_t(engine() % uint64_t(n));
  return tensor(values, kLong).reshape(sizes);
}

::testing::AssertionResult identical(const Tensor& a, const Tensor& b) {
  Tensor x = a.cpu().contiguous(), y = b.cpu().contiguous();
  bool same = x.sizes() == y.sizes() && x.dtype() == y.dtype() &&
              (x.numel() == 0 || std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) == 0);
  if (same) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "the bits differ";
}

}  // namespace adjoint::testing
