// SPDX-License-Identifier: MIT
#include "tests/support/op_cases.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>
#include <random>

namespace adjoint::testing {
namespace {

// Not the library's: the inputs must not change with what is tested. The standard leaves its
// distributions open, so numbers are made from the engine's bits alone.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : engine_(seed) {}
  double uniform() { return double(engine_() >> 11) * 0x1p-53; }
  int64_t below(int64_t n) { return int64_t(engine_() % uint64_t(n)); }

 private:
  std::mt19937_64 engine_;
};

double draw(const Input& input, Numbers& numbers) {
  while (true) {
    double v = input.low + (input.high - input.low) * numbers.uniform();
    if (input.is_rounded) v = std::round(v * 2) / 2;
    auto is_near = [&](double kink) { return std::abs(v - kink) < 0.05; };
    if (!std::any_of(input.kinks.begin(), input.kinks.end(), is_near)) return v;
  }
}

std::vector<double> draw_distinct(const Input& input, size_t n, Numbers& numbers) {
  std::vector<double> v;
  double step = std::max(0.01, (input.high - input.low) / double(std::max<size_t>(n, 1)));
  for (size_t i = 0; i < n; ++i) v.push_back(input.low + step * (double(i) + 0.5));
  for (size_t i = n; i > 1; --i) std::swap(v[i - 1], v[size_t(numbers.below(int64_t(i)))]);
  return v;
}

Array draw_array(const Input& input, ScalarType dtype, Numbers& numbers) {
  Array a(input.sizes);
  if (input.is_distinct) {
    a.values = draw_distinct(input, a.values.size(), numbers);
  } else {
    for (double& v : a.values) {
      switch (input.kind) {
        case Input::Kind::Values:
          v = draw(input, numbers);
          break;
        case Input::Kind::Index:
          v = double(numbers.below(int64_t(input.high)));
          break;
        case Input::Kind::Mask:
          v = double(numbers.below(2));
          break;
      }
    }
  }
  if (isIntegralType(dtype, false)) {
    for (double& v : a.values) v = std::round(dtype == kByte ? std::abs(v) : v);
  } else if (dtype == kBool) {
    for (double& v : a.values) v = v > 0;
  }
  return a;
}

std::vector<OpCase> all_rows() {
  using Family = std::pair<const char*, std::vector<OpCase> (*)()>;
  const Family families[] = {
      {"unary", unary_cases},
      {"trigonometric", trigonometric_cases},
      {"special", special_cases},
      {"rounding", rounding_cases},
      {"rectifier", rectifier_cases},
      {"ternary", ternary_cases},
      {"binary", binary_cases},
      {"compare", compare_cases},
      {"reduce", reduce_cases},
      {"softmax", softmax_cases},
      {"sort", sort_cases},
      {"matmul", matmul_cases},
      {"index", index_cases},
      {"scatter", scatter_cases},
      {"masked", masked_cases},
      {"scan", scan_cases},
      {"shape", shape_cases},
      {"order", order_cases},
      {"einsum", einsum_cases},
      {"conv", conv_cases},
      {"dropout", dropout_cases},
      {"pooling", pooling_cases},
      {"volume", volume_cases},
      {"normalization", normalization_cases},
      {"loss", loss_cases},
      {"view", view_cases},
      {"copy", copy_cases},
      {"creation", creation_cases},
      {"composed", composed_cases},
      {"margin", margin_cases},
      {"decomposition", decomposition_cases},
      {"layer", layer_cases},
      {"resampling", resampling_cases},
  };
  std::vector<OpCase> all;
  for (const auto& [family, rows] : families) {
    for (OpCase& row : rows()) {
      row.file = family;
      all.push_back(std::move(row));
    }
  }
  return all;
}

}  // namespace

Input Input::between(double from, double to) const {
  Input r = *this;
  r.low = from;
  r.high = to;
  return r;
}
Input Input::away_from(std::vector<double> points) const {
  Input r = *this;
  r.kinks = std::move(points);
  return r;
}
Input Input::distinct() const {
  Input r = *this;
  r.is_distinct = true;
  return r;
}
Input Input::rounded() const {
  Input r = *this;
  r.is_rounded = true;
  return r;
}
Input Input::no_grad() const {
  Input r = *this;
  r.has_gradient = false;
  return r;
}

Input values(Sizes sizes) { return {.sizes = std::move(sizes)}; }
Input indices(Sizes sizes, int64_t n) {
  return {.sizes = std::move(sizes),
          .kind = Input::Kind::Index,
          .high = double(n),
          .has_gradient = false,
          .dtype = kLong};
}
Input mask(Sizes sizes) {
  return {
      .sizes = std::move(sizes), .kind = Input::Kind::Mask, .has_gradient = false, .dtype = kBool};
}

ScalarType result_dtype(Gives gives, ScalarType input) {
  switch (gives) {
    case Gives::Same:
      return input;
    case Gives::Bool:
      return kBool;
    case Gives::Long:
      return kLong;
    case Gives::Floating:
      return isFloatingType(input) ? input : get_default_dtype();
    case Gives::Truth:
      return input == kByte ? kByte : kBool;
    case Gives::Sum:
      return isFloatingType(input) ? input : kLong;
    case Gives::Double:
      return kDouble;
  }
  return input;
}

void PrintTo(const OpCase* row, std::ostream* out) { *out << row->name; }

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> rows = all_rows();
  return rows;
}

std::vector<const OpCase*> op_cases_where(const std::function<bool(const OpCase&)>& predicate) {
  std::vector<const OpCase*> found;
  for (const OpCase& row : op_cases()) {
    if (predicate(row)) found.push_back(&row);
  }
  return found;
}

variable_list make_inputs(const OpCase& row, const Inputs& sample, ScalarType dtype, bool record) {
  uint64_t seed = std::accumulate(row.name.begin(), row.name.end(), uint64_t(7),
                                  [](uint64_t h, char c) { return h * 31 + uint64_t(c); });
  variable_list tensors;
  for (const Input& input : sample) {
    Numbers numbers(seed++);
    ScalarType own = input.dtype == ScalarType::Undefined ? dtype : input.dtype;
    Tensor t = to_tensor(draw_array(input, own, numbers), own, test_device());
    if (record && input.has_gradient && isFloatingType(own)) t.requires_grad_();
    tensors.push_back(std::move(t));
  }
  return tensors;
}

std::vector<Array> to_arrays(const variable_list& tensors) {
  std::vector<Array> arrays;
  for (const Tensor& t : tensors) arrays.push_back(to_array(t));
  return arrays;
}

std::vector<Inputs> unary_samples(const Input& like) {
  std::vector<Inputs> samples;
  for (const Sizes& sizes :
       {Sizes{}, Sizes{0}, Sizes{3, 0}, Sizes{1}, Sizes{7}, Sizes{3, 5}, Sizes{2, 3, 4}}) {
    Input input = like;
    input.sizes = sizes;
    samples.push_back({input});
  }
  return samples;
}

std::vector<Inputs> binary_samples(const Input& a, const Input& b) {
  const std::pair<Sizes, Sizes> shapes[] = {
      {{}, {}},      {{0}, {0}},       {{3, 0}, {3, 1}},    {{5}, {5}},
      {{2, 3}, {3}}, {{2, 1}, {1, 3}}, {{3}, {2, 2, 3}},    {{}, {4}},
      {{2, 3}, {}},  {{1}, {2, 2}},    {{2, 1, 3}, {4, 1}},
  };
  std::vector<Inputs> samples;
  for (const auto& [sizes_a, sizes_b] : shapes) {
    Inputs sample{a, b};
    sample[0].sizes = sizes_a;
    sample[1].sizes = sizes_b;
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace adjoint::testing
