// SPDX-License-Identifier: MIT
// Rows of matrix products.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

Array transposed(const Array& a) { return permuted(a, {1, 0}); }

/// [b, n, k] x [b, k, m]
Array batched_product(const Array& a, const Array& b) {
  Array out({a.sizes[0], a.sizes[1], b.sizes[2]});
  int64_t n = a.sizes[1] * b.sizes[2];
  for (int64_t i = 0; i < a.sizes[0]; ++i) {
    Array one = matrix_product(row(a, i), row(b, i));
    std::copy(one.values.begin(), one.values.end(), out.values.begin() + i * n);
  }
  return out;
}

Array reshaped(Array a, Sizes sizes) {
  a.sizes = std::move(sizes);
  return a;
}

/// NumPy's rules: vectors become matrices, batches broadcast.
Array numpy_product(Array a, Array b) {
  bool vector_a = a.dim() == 1, vector_b = b.dim() == 1;
  if (vector_a) a = reshaped(a, {1, a.sizes[0]});
  if (vector_b) b = reshaped(b, {b.sizes[0], 1});
  Sizes batch = broadcast(Sizes(a.sizes.begin(), a.sizes.end() - 2),
                          Sizes(b.sizes.begin(), b.sizes.end() - 2));
  auto flat = [&](const Array& x) {
    Sizes full = batch;
    full.insert(full.end(), x.sizes.end() - 2, x.sizes.end());
    return reshaped(broadcast_to(x, full), {numel_of(batch), x.size(-2), x.size(-1)});
  };
  Sizes sizes = batch;
  if (!vector_a) sizes.push_back(a.size(-2));
  if (!vector_b) sizes.push_back(b.size(-1));
  return reshaped(batched_product(flat(a), flat(b)), sizes);
}

}  // namespace

std::vector<OpCase> matmul_cases() {
  std::vector<OpCase> rows;
  OpCase& two = rows.emplace_back();
  two.name = "mm";
  two.call = [](const variable_list& t) { return mm(t[0], t[1]); };
  two.formula = [](const std::vector<Array>& x) { return matrix_product(x[0], x[1]); };
  two.samples = {{values({2, 3}), values({3, 4})},   {values({1, 1}), values({1, 1})},
                 {values({0, 3}), values({3, 2})},   {values({2, 0}), values({0, 3})},
                 {values({5, 7}), values({7, 3})},   {values({33, 17}), values({17, 40})},
                 {values({1, 64}), values({64, 10})}};
  two.large = {values({130, 90}), values({90, 150})};
  two.dtypes = kFloatsAndIntegers;
  two.magnitude = 64;
  two.third_order = true;
  two.errors = {
      error<Error>("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)",
                   [] {
                     mm(zeros({2, 3}), zeros({2, 3}));
                   }),
      error<Error>("self must be a matrix",
                   [] {
                     mm(zeros({3}), zeros({3, 2}));
                   }),
      error<Error>("expected m1 and m2 to have the same dtype, but got: float32 != float64", [] {
        mm(zeros({2, 3}), zeros({3, 2}, kDouble));
      })};

  OpCase& batches = rows.emplace_back();
  batches.name = "bmm";
  batches.call = [](const variable_list& t) { return bmm(t[0], t[1]); };
  batches.formula = [](const std::vector<Array>& x) { return batched_product(x[0], x[1]); };
  batches.samples = {{values({2, 2, 3}), values({2, 3, 2})},
                     {values({0, 2, 3}), values({0, 3, 2})},
                     {values({3, 2, 0}), values({3, 0, 2})},
                     {values({4, 9, 17}), values({4, 17, 12})}};
  batches.large = {values({6, 50, 60}), values({6, 60, 70})};
  batches.dtypes = kFloatsAndIntegers;
  batches.magnitude = 64;
  batches.errors = {
      error<Error>("must be a 3D tensor",
                   [] {
                     bmm(zeros({2, 3}), zeros({3, 2}));
                   }),
      error<Error>("Expected size for first two dimensions of batch2 tensor to be: [2, 3]", [] {
        bmm(zeros({2, 2, 3}), zeros({2, 2, 3}));
      })};

  OpCase& sum = rows.emplace_back();
  sum.name = "addmm";
  sum.covers = {"mm"};
  sum.call = [](const variable_list& t) { return addmm(t[0], t[1], t[2]); };
  sum.formula = [](const std::vector<Array>& x) {
    return map(matrix_product(x[1], x[2]), x[0], [](double p, double s) { return p + s; });
  };
  sum.samples = {{values({4}), values({2, 3}), values({3, 4})},
                 {values({2, 4}), values({2, 3}), values({3, 4})},
                 {values({}), values({2, 3}), values({3, 4})},
                 {values({2, 1}), values({2, 3}), values({3, 4})},
                 {values({2}), values({0, 3}), values({3, 2})},
                 {values({3}), values({2, 0}), values({0, 3})},
                 {values({40}), values({33, 17}), values({17, 40})}};
  sum.large = {values({150}), values({130, 90}), values({90, 150})};
  sum.magnitude = 64;
  sum.errors = {error<Error>("shapes cannot be multiplied",
                             [] {
                               addmm(zeros({2}), zeros({2, 3}), zeros({2, 3}));
                             }),
                error<Error>("must match the size", [] {
                  addmm(zeros({4, 2}), zeros({2, 3}), zeros({3, 2}));
                })};
  OpCase& scaled = rows.emplace_back(sum);
  scaled.name = "addmm.scaled";
  scaled.call = [](const variable_list& t) { return addmm(t[0], t[1], t[2], 0.5, -2); };
  scaled.formula = [](const std::vector<Array>& x) {
    return map(matrix_product(x[1], x[2]), x[0],
               [](double p, double s) { return 0.5 * s - 2 * p; });
  };
  scaled.half_ulps = 4;
  scaled.magnitude = 128;
  scaled.errors.clear();

  OpCase& layer = rows.emplace_back();
  layer.name = "linear";
  layer.covers = {"mm"};
  layer.call = [](const variable_list& t) { return linear(t[0], t[1], t[2]); };
  layer.formula = [](const std::vector<Array>& x) {
    Sizes sizes = x[0].sizes;
    Array rows_of = reshaped(x[0], {numel_of(Sizes(sizes.begin(), sizes.end() - 1)), sizes.back()});
    sizes.back() = x[1].sizes[0];
    Array out = map(matrix_product(rows_of, transposed(x[1])), x[2],
                    [](double p, double b) { return p + b; });
    return reshaped(out, sizes);
  };
  layer.samples = {{values({2, 3}), values({4, 3}), values({4})},
                   {values({3}), values({4, 3}), values({4})},
                   {values({2, 2, 3}), values({2, 3}), values({2})},
                   {values({0, 3}), values({2, 3}), values({2})},
                   {values({33, 17}), values({40, 17}), values({40})}};
  layer.large = {values({130, 90}), values({150, 90}), values({150})};
  layer.dtypes = kFloatsAndIntegers;
  layer.magnitude = 64;
  layer.errors = {error<Error>("shapes cannot be multiplied",
                               [] {
                                 linear(zeros({2, 3}), zeros({4, 2}));
                               }),
                  error<Error>("expected bias of shape [4]", [] {
                    linear(zeros({2, 3}), zeros({4, 3}), zeros({3}));
                  })};
  OpCase& plain = rows.emplace_back(layer);
  plain.name = "linear.no_bias";
  plain.call = [](const variable_list& t) { return linear(t[0], t[1]); };
  plain.formula = [](const std::vector<Array>& x) { return numpy_product(x[0], transposed(x[1])); };
  plain.samples = {{values({2, 3}), values({4, 3})},
                   {values({3}), values({4, 3})},
                   {values({0, 3}), values({2, 3})}};
  plain.large = {values({130, 90}), values({150, 90})};
  plain.errors.clear();

  OpCase& any = rows.emplace_back();
  any.name = "matmul";
  any.covers = {"mm", "bmm"};
  any.call = [](const variable_list& t) { return matmul(t[0], t[1]); };
  any.formula = [](const std::vector<Array>& x) { return numpy_product(x[0], x[1]); };
  any.samples = {{values({3}), values({3})},
                 {values({2, 3}), values({3})},
                 {values({3}), values({3, 2})},
                 {values({2, 3}), values({3, 2})},
                 {values({2, 2, 3}), values({3, 2})},
                 {values({2, 3}), values({2, 3, 2})},
                 {values({2, 1, 2, 3}), values({2, 3, 2})},
                 {values({3}), values({2, 3, 2})},
                 {values({2, 2, 3}), values({3})},
                 {values({0, 2, 3}), values({3, 2})}};
  any.large = {values({6, 50, 60}), values({60, 70})};
  any.dtypes = kFloatsAndIntegers;
  any.magnitude = 64;
  any.errors = {
      error<Error>("both arguments to matmul need to be at least 1D, but they are 0D and 1D",
                   [] { matmul(zeros({}), zeros({3})); }),
      error<Error>("shapes cannot be multiplied", [] {
        matmul(zeros({2, 3}), zeros({2, 3}));
      })};
  for (OpCase& row : rows) row.sums_in_memory_order = true;
  return rows;
}

}  // namespace adjoint::testing
