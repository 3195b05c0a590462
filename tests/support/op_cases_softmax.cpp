// SPDX-License-Identifier: MIT
// Rows of softmax and log_softmax.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

double largest(const std::vector<double>& v) {
  double high = -INFINITY;
  for (double x : v) high = std::isnan(x) || x > high ? x : high;
  return high;
}
std::vector<double> softmax_of(const std::vector<double>& v) {
  double high = largest(v), sum = 0;
  for (double x : v) sum += std::exp(x - high);
  std::vector<double> out;
  for (double x : v) out.push_back(std::exp(x - high) / sum);
  return out;
}
std::vector<double> log_softmax_of(const std::vector<double>& v) {
  double high = largest(v), sum = 0;
  for (double x : v) sum += std::exp(x - high);
  std::vector<double> out;
  for (double x : v) out.push_back(x - high - std::log(sum));
  return out;
}

template <class F>
OpCase softmax_row(const char* name, F call, std::vector<double> (*f)(const std::vector<double>&),
                   int64_t dim) {
  OpCase row{.name = name,
             .call = [=](const variable_list& t) { return call(t[0], dim); },
             .formula = [=](const std::vector<Array>& x) { return along(x[0], dim, f); },
             .samples = {{values({5})},
                         {values({3, 4})},
                         {values({2, 3, 2})},
                         {values({0, 3})},
                         {values({3, 0})},
                         {values({17, 33})}},
             .large = {values({67, 1051})},
             .ulps = 8,
             .third_order = true};
  if (dim == -1) row.samples.push_back({values({})});
  row.errors = {error<IndexError>("Dimension out of range", [=] { call(zeros({2, 3}), 2); })};
  return row;
}

Tensor softmax_call(const Tensor& t, int64_t dim) { return softmax(t, dim); }
Tensor log_softmax_call(const Tensor& t, int64_t dim) { return log_softmax(t, dim); }

}  // namespace

std::vector<OpCase> softmax_cases() {
  std::vector<OpCase> rows{
      softmax_row("softmax", softmax_call, softmax_of, -1),
      softmax_row("softmax.first_dim", softmax_call, softmax_of, 0),
      softmax_row("log_softmax", log_softmax_call, log_softmax_of, -1),
      softmax_row("log_softmax.first_dim", log_softmax_call, log_softmax_of, 0),
  };
  rows.push_back(softmax_row(
      "softmax.dtype", [](const Tensor& t, int64_t dim) { return softmax(t, dim, kDouble); },
      softmax_of, -1));
  rows.back().gives = {Gives::Double};
  return rows;
}

}  // namespace adjoint::testing
