// SPDX-License-Identifier: MIT
// Rows of views, which share memory and have no kernels.
#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Call1 = Tensor (*)(const Tensor&);
using Formula1 = Array (*)(const Array&);

OpCase view_row(const char* name, Call1 call, Formula1 formula, std::vector<Sizes> shapes) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) { return call(t[0]); };
  row.formula = [=](const std::vector<Array>& x) { return formula(x[0]); };
  for (const Sizes& sizes : shapes) row.samples.push_back({values(sizes)});
  row.large = {values({6, 4, 500})};
  row.dtypes = kEveryDtype;
  return row;
}

Array with_sizes(Array a, Sizes sizes) {
  a.sizes = std::move(sizes);
  return a;
}
Array taken(const Array& a, size_t dim, int64_t start, int64_t end, int64_t step) {
  Sizes sizes = a.sizes;
  sizes[dim] = std::max<int64_t>(0, (end - start + step - 1) / step);
  Array out(sizes);
  for_each_index(sizes, [&](const Sizes& to) {
    Sizes from = to;
    from[dim] = start + to[dim] * step;
    out.at(to) = a.at(from);
  });
  return out;
}

}  // namespace

std::vector<OpCase> view_cases() {
  const std::vector<Sizes> cubes{{6, 2, 3}, {6, 4, 1}, {6, 0, 2}};
  std::vector<OpCase> rows{
      view_row(
          "view.flat", [](const Tensor& t) { return t.contiguous().view({-1}); },
          [](const Array& a) { return with_sizes(a, {a.numel()}); }, {{6, 2}, {1}, {0}, {}}),
      view_row(
          "view.reshape",
          [](const Tensor& t) {
            return t.reshape({3, -1, 2});
          },
          [](const Array& a) {
            return with_sizes(a, {3, a.numel() / 6, 2});
          },
          {{6, 2}, {3, 4, 2}, {12}, {0, 12}}),
      view_row(
          "view.flatten", [](const Tensor& t) { return t.flatten(1); },
          [](const Array& a) {
            return with_sizes(a, {a.sizes[0], a.size(1) * a.size(2)});
          },
          cubes),
      view_row(
          "view.t", [](const Tensor& t) { return t.flatten(1).t(); },
          [](const Array& a) {
            return permuted(with_sizes(a, {a.sizes[0], a.size(1) * a.size(2)}), {1, 0});
          },
          cubes),
      view_row(
          "view.transpose", [](const Tensor& t) { return t.transpose(0, -1); },
          [](const Array& a) {
            return permuted(a, {2, 1, 0});
          },
          cubes),
      view_row(
          "view.permute",
          [](const Tensor& t) {
            return t.permute({2, 0, 1});
          },
          [](const Array& a) {
            return permuted(a, {2, 0, 1});
          },
          cubes),
      view_row(
          "view.expand",
          [](const Tensor& t) {
            return t.unsqueeze(1).expand({2, -1, 3, -1, -1});
          },
          [](const Array& a) {
            Sizes one = a.sizes, full = a.sizes;
            one.insert(one.begin() + 1, 1);
            full.insert(full.begin() + 1, 3);
            full.insert(full.begin(), 2);
            return broadcast_to(with_sizes(a, one), full);
          },
          {{2, 1, 2}, {2, 0, 1}}),
      view_row(
          "view.select", [](const Tensor& t) { return t.select(1, -1); },
          [](const Array& a) {
            Array one = taken(a, 1, a.sizes[1] - 1, a.sizes[1], 1);
            return with_sizes(one, {a.sizes[0], a.sizes[2]});
          },
          {{2, 3, 2}, {2, 1, 2}, {0, 2, 3}}),
      view_row(
          "view.slice", [](const Tensor& t) { return t.slice(0, 1, -1, 2); },
          [](const Array& a) { return taken(a, 0, 1, std::max<int64_t>(a.sizes[0] - 1, 1), 2); },
          {{6, 2}, {7}, {4, 0}, {1, 2}}),
      view_row(
          "view.narrow", [](const Tensor& t) { return t.narrow(-1, 1, 2); },
          [](const Array& a) { return taken(a, a.sizes.size() - 1, 1, 3, 1); },
          {{3}, {2, 4}, {0, 3}}),
      view_row(
          "view.squeeze", [](const Tensor& t) { return t.squeeze(); },
          [](const Array& a) {
            Sizes sizes;
            for (int64_t s : a.sizes) {
              if (s != 1) sizes.push_back(s);
            }
            return with_sizes(a, sizes);
          },
          {{1, 3, 1}, {1}, {}, {2, 1, 0}}),
      view_row(
          "view.unsqueeze", [](const Tensor& t) { return t.unsqueeze(-1).unsqueeze(0); },
          [](const Array& a) {
            Sizes sizes = a.sizes;
            sizes.push_back(1);
            sizes.insert(sizes.begin(), 1);
            return with_sizes(a, sizes);
          },
          {{3}, {}, {2, 0}}),
      view_row(
          "view.as_strided",
          [](const Tensor& t) {
            return t.contiguous().as_strided({2, 3}, {1, 2}, 1);
          },
          [](const Array& a) {
            Array out({2, 3});
            for_each_index(out.sizes, [&](const Sizes& i) {
              out.at(i) = a.values[size_t(1 + i[0] + 2 * i[1])];
            });
            return out;
          },
          {{7}, {3, 3}}),
      view_row(
          "view.as_strided_overlapping",
          [](const Tensor& t) {
            return t.contiguous().as_strided({3, 2}, {1, 1});
          },
          [](const Array& a) {
            Array out({3, 2});
            for_each_index(out.sizes,
                           [&](const Sizes& i) { out.at(i) = a.values[size_t(i[0] + i[1])]; });
            return out;
          },
          {{4}, {2, 3}}),
      view_row(
          "view.index",
          [](const Tensor& t) {
            using namespace indexing;
            return t.index({Slice(None, None, 2), None, "...", 0});
          },
          [](const Array& a) {
            Array rows_of = taken(a, 0, 0, a.sizes[0], 2);
            Array first = taken(rows_of, 2, 0, 1, 1);
            return with_sizes(first, {rows_of.sizes[0], 1, rows_of.sizes[1]});
          },
          {{3, 2, 2}, {4, 0, 1}}),
      view_row(
          "view.repeat",
          [](const Tensor& t) {
            return t.repeat({2, 1, 2});
          },
          [](const Array& a) {
            Array out({2, a.sizes[0], a.sizes[1] * 2});
            for_each_index(out.sizes, [&](const Sizes& i) {
              out.at(i) = a.at({i[1], i[2] % a.sizes[1]});
            });
            return out;
          },
          {{2, 3}, {1, 1}, {2, 0}}),
      view_row(
          "view.chunk", [](const Tensor& t) { return t.chunk(2, 0)[1] * 1; },
          [](const Array& a) { return taken(a, 0, (a.sizes[0] + 1) / 2, a.sizes[0], 1); },
          {{5, 2}, {4}, {2, 0}}),
  };
  rows.back().dtypes = kFloats;
  for (OpCase& row : rows) {
    if (row.name.starts_with("view.as_strided")) row.never_empty = "it reads fixed elements";
    if (row.name == "view.flatten" || row.name == "view.t") row.large = {values({30, 40, 60})};
    if (row.name == "view.repeat") row.large = {values({300, 60})};
    if (row.name == "view.expand") row.large = {values({30, 4, 60})};
  }
  OpCase& first = rows.front();
  first.errors = {
      error<Error>("shape '[4]' is invalid for input of size 6",
                   [] {
                     zeros({2, 3}).view({4});
                   }),
      error<Error>("only one dimension can be inferred",
                   [] {
                     zeros({6}).view({-1, -1});
                   }),
      error<Error>("view size is not compatible with input tensor's size and stride",
                   [] {
                     zeros({2, 3}).t().view({6});
                   }),
      error<Error>("t() expects a tensor with <= 2 dimensions, but self is 3D",
                   [] {
                     zeros({1, 2, 3}).t();
                   }),
      error<IndexError>("Dimension out of range (expected to be in range of [-2, 1], but got 2)",
                        [] {
                          zeros({2, 3}).transpose(0, 2);
                        }),
      error<Error>("duplicate dims are not allowed",
                   [] {
                     zeros({2, 3}).permute({0, 0});
                   }),
      error<Error>("must match the existing size (2) at non-singleton dimension 0",
                   [] { zeros({2}).expand({3}); }),
      error<IndexError>("index 2 out of range", [] { zeros({2}).select(0, 2); }),
      error<IndexError>("index -3 is out of bounds for dimension 0 with size 2",
                        [] { zeros({2})[-3]; }),
      error<IndexError>("invalid index of a 0-dim tensor", [] { zeros({})[0]; }),
      error<ValueError>("slice step must be positive", [] { zeros({2}).slice(0, 0, 2, 0); }),
      error<Error>("exceeds dimension size", [] { zeros({2}).narrow(0, 1, 2); }),
      error<Error>("out of bounds for storage", [] { zeros({2}).as_strided({3}, {1}); }),
      error<IndexError>("too many indices for tensor of dimension 1",
                        [] {
                          zeros({2}).index({0, 0});
                        }),
      error<IndexError>("single ellipsis",
                        [] {
                          zeros({2, 2}).index({"...", "..."});
                        }),
      error<Error>("split_size be positive", [] { zeros({2}).split(0); }),
      error<Error>("a Tensor with 2 elements cannot be converted to Scalar",
                   [] { zeros({2}).item(); })};
  return rows;
}

}  // namespace adjoint::testing
