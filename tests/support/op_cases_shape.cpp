// SPDX-License-Identifier: MIT
// Rows of other arrangements of the same elements.
#include <algorithm>
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

/// An array of `sizes` whose element at `to` is x's at from(to).
template <class F>
Array arranged(const Array& x, const Sizes& sizes, const F& from) {
  Array out(sizes);
  for_each_index(sizes, [&](const Sizes& to) { out.at(to) = x.at(from(to)); });
  return out;
}

Array flipped(const Array& x, const std::vector<size_t>& dims) {
  return arranged(x, x.sizes, [&](Sizes at) {
    for (size_t d : dims) at[d] = x.sizes[d] - 1 - at[d];
    return at;
  });
}
Array rolled(const Array& x, int64_t shift, size_t d) {
  return arranged(x, x.sizes, [&](Sizes at) {
    const int64_t n = x.sizes[d];
    at[d] = ((at[d] - shift) % n + n) % n;
    return at;
  });
}
Array triangle(Array x, int64_t diagonal, bool lower) {
  for_each_index(x.sizes, [&](const Sizes& at) {
    const int64_t above = at[at.size() - 1] - at[at.size() - 2];
    if (lower ? above > diagonal : above < diagonal) x.at(at) = 0;
  });
  return x;
}
/// Of dimensions 0 and 1 of [n, m, k].
Array diagonal_of(const Array& x, int64_t offset) {
  const int64_t rows = x.sizes[0], columns = x.sizes[1];
  const int64_t n = std::max<int64_t>(
      offset >= 0 ? std::min(rows, columns - offset) : std::min(rows + offset, columns), 0);
  Sizes sizes(x.sizes.begin() + 2, x.sizes.end());
  sizes.push_back(n);
  return arranged(x, sizes, [&](const Sizes& to) {
    Sizes from(to.begin(), to.end() - 1);
    const int64_t i = to.back();
    from.insert(from.begin(), {offset < 0 ? i - offset : i, offset > 0 ? i + offset : i});
    return from;
  });
}

OpCase row_of(const char* name, Call call, Formula formula, std::vector<Inputs> samples,
              Inputs large) {
  OpCase row;
  row.name = name;
  row.call = std::move(call);
  row.formula = std::move(formula);
  row.samples = std::move(samples);
  row.large = std::move(large);
  row.dtypes = kEveryDtype;
  return row;
}

using Arrays = std::vector<Array>;
using T = const variable_list&;

std::vector<OpCase> order_rows() {
  std::vector<OpCase> rows;
  const std::vector<Inputs> matrices = {
      {values({3, 4})}, {values({1, 5})}, {values({2, 3, 2})}, {values({0, 3})}, {values({3, 0})}};
  const Inputs large = {values({300, 240})};
  rows.push_back(row_of(
      "flip",
      [](T t) {
        return flip(t[0], {0, -1});
      },
      [](const Arrays& x) {
        return flipped(x[0], {0, x[0].sizes.size() - 1});
      },
      matrices, large));
  rows.back().errors = {error<Error>("dim 0 appears multiple times in the list of dims", [] {
    flip(zeros({2, 2}), {0, -2});
  })};
  rows.push_back(row_of(
      "roll",
      [](T t) {
        return roll(t[0], {2, -1}, {0, 1});
      },
      [](const Arrays& x) { return rolled(rolled(x[0], 2, 0), -1, 1); }, matrices, large));
  rows.back().errors = {error<Error>("shifts and dimensions must align. shifts: 2, dims:1",
                                     [] {
                                       roll(zeros({2}), {1, 2}, {0});
                                     }),
                        error<Error>("shifts and dimensions must align. shifts: 2, dims:0", [] {
                          roll(zeros({2}), {1, 2});
                        })};
  rows.push_back(row_of(
      "roll.flat", [](T t) { return roll(t[0], 3); },
      [](const Arrays& x) {
        Array flat({x[0].numel()}, x[0].values);
        return Array(x[0].sizes, rolled(flat, 3, 0).values);
      },
      matrices, large));
  rows.push_back(row_of(
      "rot90", [](T t) { return rot90(t[0], 1); },
      [](const Arrays& x) {
        Sizes sizes = x[0].sizes;
        std::swap(sizes[0], sizes[1]);
        return arranged(x[0], sizes, [&](Sizes at) {
          std::swap(at[0], at[1]);
          at[1] = x[0].sizes[1] - 1 - at[1];
          return at;
        });
      },
      matrices, large));
  for (int64_t k : {0, 1, -1}) {
    rows.push_back(row_of(
        "tril", [=](T t) { return tril(t[0], k); },
        [=](const Arrays& x) { return triangle(x[0], k, true); }, matrices, large));
    rows.back().name += k == 0 ? "" : k > 0 ? ".above" : ".below";
    rows.push_back(row_of(
        "triu", [=](T t) { return triu(t[0], k); },
        [=](const Arrays& x) { return triangle(x[0], k, false); }, matrices, large));
    rows.back().name += k == 0 ? "" : k > 0 ? ".above" : ".below";
  }
  rows.back().errors = {
      error<Error>("tril: input tensor must have at least 2 dimensions", [] { tril(zeros({3})); })};
  return rows;
}

std::vector<OpCase> diagonal_rows() {
  std::vector<OpCase> rows;
  for (int64_t k : {0, 1, -2}) {
    rows.push_back(row_of(
        "diagonal", [=](T t) { return diagonal(t[0], k); },
        [=](const Arrays& x) { return diagonal_of(x[0], k); },
        {{values({3, 4})}, {values({4, 3})}, {values({3, 3, 2})}, {values({0, 3})}},
        {values({300, 300, 2})}));
    rows.back().name += k == 0 ? "" : k > 0 ? ".above" : ".below";
    rows.push_back(row_of(
        "diag_embed", [=](T t) { return diag_embed(t[0], k, 0, 1); },
        [=](const Arrays& x) {
          const int64_t n = x[0].sizes.back() + std::abs(k);
          Sizes sizes(x[0].sizes.begin(), x[0].sizes.end() - 1);
          sizes.insert(sizes.begin(), {n, n});
          Array out(sizes);
          for_each_index(x[0].sizes, [&](const Sizes& from) {
            Sizes to(from.begin(), from.end() - 1);
            const int64_t i = from.back();
            to.insert(to.begin(), {k < 0 ? i - k : i, k > 0 ? i + k : i});
            out.at(to) = x[0].at(from);
          });
          return out;
        },
        {{values({3})}, {values({2, 3})}, {values({2, 0})}}, {values({2, 200})}));
    rows.back().name += k == 0 ? "" : k > 0 ? ".above" : ".below";
  }
  rows[0].errors = {error<Error>("diagonal dimensions cannot be identical 1, 1",
                                 [] {
                                   diagonal(zeros({2, 2}), 0, 1, 1);
                                 }),
                    error<Error>("diag(): Supports 1D or 2D tensors. Got 3D",
                                 [] {
                                   diag(zeros({2, 2, 2}));
                                 }),
                    error<Error>("trace: expected a matrix", [] { trace(zeros({2})); })};
  rows.push_back(row_of(
      "diag", [](T t) { return diag(t[0]); }, [](const Arrays& x) { return diagonal_of(x[0], 0); },
      {{values({3, 4})}, {values({0, 2})}}, {values({300, 300})}));
  OpCase& sum = rows.emplace_back(row_of(
      "trace", [](T t) { return trace(t[0]); },
      [](const Arrays& x) {
        Array out(Sizes{});
        for (double v : diagonal_of(x[0], 0).values) out.values[0] += v;
        return out;
      },
      {{values({3, 4})}, {values({0, 2})}}, {values({300, 300})}));
  sum.gives = {Gives::Sum};
  sum.magnitude = 8;
  rows.push_back(row_of(
      "unfold", [](T t) { return unfold(t[0], 0, 3, 2); },
      [](const Arrays& x) {
        Sizes sizes = x[0].sizes;
        sizes[0] = (sizes[0] - 3) / 2 + 1;
        sizes.push_back(3);
        return arranged(x[0], sizes, [](Sizes at) {
          at[0] = at[0] * 2 + at.back();
          at.pop_back();
          return at;
        });
      },
      {{values({8})}, {values({5, 2})}, {values({4, 0})}}, {values({300, 120})}));
  rows.back().half_ulps = 4;
  rows.back().errors = {error<Error>("maximum size for tensor at dimension 0 is 2 but size is 3",
                                     [] { unfold(zeros({2}), 0, 3, 1); })};
  return rows;
}

Array repeated(const Array& x, size_t d, const std::vector<double>& times) {
  std::vector<int64_t> from;
  for (size_t i = 0; i < times.size(); ++i) {
    for (int64_t k = 0; k < int64_t(times[i]); ++k) from.push_back(int64_t(i));
  }
  Sizes sizes = x.sizes;
  sizes[d] = int64_t(from.size());
  return arranged(x, sizes, [&](Sizes at) {
    at[d] = from[size_t(at[d])];
    return at;
  });
}

std::vector<OpCase> repeat_rows() {
  std::vector<OpCase> rows;
  rows.push_back(row_of(
      "repeat_interleave", [](T t) { return repeat_interleave(t[0], 2, 0); },
      [](const Arrays& x) {
        return repeated(x[0], 0, std::vector<double>(size_t(x[0].sizes[0]), 2));
      },
      {{values({3, 2})}, {values({0, 2})}}, {values({300, 120})}));
  rows.back().errors = {
      error<Error>("Repeats must be non-negative", [] { repeat_interleave(zeros({2}), -1); }),
      error<Error>("repeats can not be negative",
                   [] {
                     repeat_interleave(zeros({2}), tensor({1, -1}), 0);
                   }),
      error<Error>("repeats must have the same size as input along dim, but got repeats.size(0) = "
                   "2 and input.size(0) = 3",
                   [] {
                     repeat_interleave(zeros({3}), tensor({1, 2}), 0);
                   })};
  rows.push_back(row_of(
      "repeat_interleave.tensor", [](T t) { return repeat_interleave(t[0], t[1], 1); },
      [](const Arrays& x) { return repeated(x[0], 1, x[1].values); },
      {{values({2, 4}), indices({4}, 4)}, {values({2, 0}), indices({0}, 3)}},
      {values({300, 120}), indices({120}, 4)}));
  rows.back().covers = {"searchsorted"};
  rows.push_back(row_of(
      "tile", [](T t) { return tile(t[0], {2}); },
      [](const Arrays& x) {
        Sizes sizes = x[0].sizes;
        sizes.back() *= 2;
        return arranged(x[0], sizes, [&](Sizes at) {
          at.back() %= x[0].sizes.back();
          return at;
        });
      },
      {{values({2, 3})}, {values({0})}}, {values({300, 120})}));
  rows.push_back(row_of(
      "meshgrid",
      [](T t) {
        std::vector<Tensor> grids = meshgrid({t[0], t[1]}, "xy");
        return variable_list{grids[0], grids[1]};
      },
      [](const Arrays& x) {
        const Sizes sizes = {x[1].numel(), x[0].numel()};
        return Arrays{arranged(x[0], sizes, [](const Sizes& at) { return Sizes{at[1]}; }),
                      arranged(x[1], sizes, [](const Sizes& at) { return Sizes{at[0]}; })};
      },
      {{values({3}), values({2})}, {values({0}), values({2})}}, {values({300}), values({240})}));
  rows.back().errors = {error<Error>("indexing must be one of \"xy\" or \"ij\", but received: ab",
                                     [] { meshgrid({zeros({2})}, "ab"); }),
                        error<Error>("meshgrid expects all tensors to have the same dtype",
                                     [] {
                                       meshgrid({zeros({2}), zeros({2}, kLong)});
                                     }),
                        error<Error>("Expected 0D or 1D tensor in the tensor list", [] {
                          meshgrid({zeros({2, 2})});
                        })};
  rows.push_back(row_of(
      "movedim",
      [](T t) {
        return movedim(t[0], {0, 2}, {1, 0});
      },
      [](const Arrays& x) {
        return permuted(x[0], {2, 0, 1});
      },
      {{values({2, 3, 4})}, {values({2, 0, 4})}}, {values({30, 40, 50})}));
  rows.back().errors = {
      error<Error>("movedim: repeated dim in `source` ([0, 0])",
                   [] {
                     movedim(zeros({2, 2}), {0, 0}, {0, 1});
                   }),
      error<Error>("movedim: repeated dim in `destination` ([0, 0])",
                   [] {
                     movedim(zeros({2, 2}), {0, 1}, {0, 0});
                   }),
      error<Error>("movedim: Invalid source or destination dims: source ([0] dims)", [] {
        movedim(zeros({2, 2}), {0}, {0, 1});
      })};
  rows.push_back(row_of(
      "unflatten",
      [](T t) {
        return unflatten(t[0], 0, {2, -1});
      },
      [](const Arrays& x) {
        Sizes sizes = x[0].sizes;
        sizes[0] /= 2;
        sizes.insert(sizes.begin(), 2);
        return Array(sizes, x[0].values);
      },
      {{values({6, 2})}, {values({4, 0})}}, {values({300, 120})}));
  rows.back().errors = {error<Error>(
      "unflatten: Provided sizes [3, 2] don't multiply up to the size of dim 1 (4)", [] {
        unflatten(zeros({2, 4}), 1, {3, 2});
      })};
  rows.push_back(row_of(
      "squeeze.dims",
      [](T t) {
        return squeeze(t[0], {0, 1, -1});
      },
      [](const Arrays& x) {
        Sizes sizes;
        for (size_t d = 0; d < x[0].sizes.size(); ++d) {
          const bool named = d != 2;
          if (!named || x[0].sizes[d] != 1) sizes.push_back(x[0].sizes[d]);
        }
        return Array(sizes, x[0].values);
      },
      {{values({1, 3, 1, 1})}, {values({1, 1, 0, 2})}}, {values({1, 300, 120, 1})}));
  rows.push_back(row_of(
      "column_stack",
      [](T t) {
        return column_stack({t[0], t[1]});
      },
      [](const Arrays& x) {
        Array out({x[0].sizes[0], 1 + x[1].sizes[1]});
        for_each_index(out.sizes, [&](const Sizes& at) {
          out.at(at) = at[1] == 0 ? x[0].at({at[0]}) : x[1].at({at[0], at[1] - 1});
        });
        return out;
      },
      {{values({3}), values({3, 2})}, {values({0}), values({0, 2})}},
      {values({300}), values({300, 120})}));
  return rows;
}

}  // namespace

std::vector<OpCase> shape_cases() {
  std::vector<OpCase> rows;
  for (auto part : {order_rows, diagonal_rows, repeat_rows}) {
    for (OpCase& row : part()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace adjoint::testing
