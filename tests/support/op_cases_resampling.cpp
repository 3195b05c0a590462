// SPDX-License-Identifier: MIT
// Rows of images and volumes at other sizes, at the points of a grid, and back from a pooling.
#include <algorithm>
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

/// An element, and its part in the result.
struct Tap {
  int64_t at;
  double part;
};
using Taps = std::vector<Tap>;
/// The taps of output i of n, from `in` elements.
using Rule = Taps (*)(int64_t i, int64_t n, int64_t in);

Taps nearest(int64_t i, int64_t n, int64_t in) { return {{i * in / n, 1}}; }
Taps between(double at, int64_t in) {
  const int64_t first = std::min(int64_t(std::floor(at)), in - 1);
  return {{first, 1 - (at - double(first))}, {std::min(first + 1, in - 1), at - double(first)}};
}
Taps by_corners(int64_t i, int64_t n, int64_t in) {
  return between(n > 1 ? double(i * (in - 1)) / double(n - 1) : 0, in);
}
Taps by_edges(int64_t i, int64_t n, int64_t in) {
  return between(std::max(0.0, (double(i) + 0.5) * double(in) / double(n) - 0.5), in);
}

/// The weight of an element at this distance, as R. Keys' paper gives it, with a = -0.75.
double cubic(double distance) {
  const double a = -0.75, x = std::abs(distance);
  if (x <= 1) return (a + 2) * x * x * x - (a + 3) * x * x + 1;
  return x < 2 ? a * (x * x * x - 5 * x * x + 8 * x - 4) : 0;
}
Taps cubic_by_edges(int64_t i, int64_t n, int64_t in) {
  const double at = (double(i) + 0.5) * double(in) / double(n) - 0.5;
  Taps taps;
  for (int64_t k = int64_t(std::floor(at)) - 1; k < int64_t(std::floor(at)) + 3; ++k)
    taps.push_back({std::clamp(k, int64_t(0), in - 1), cubic(at - double(k))});
  return taps;
}

/// One direction after the other.
Array resampled(Array x, const Sizes& sizes, Rule rule) {
  for (size_t d = 0; d < sizes.size(); ++d) {
    const size_t dim = d + 2;
    Sizes to = x.sizes;
    to[dim] = sizes[d];
    Array out(to);
    for_each_index(to, [&](const Sizes& at) {
      Sizes from = at;
      for (const Tap& tap : rule(at[dim], sizes[d], x.sizes[dim])) {
        from[dim] = tap.at;
        out.at(at) += tap.part * x.at(from);
      }
    });
    x = out;
  }
  return x;
}

std::vector<OpCase> other_sizes() {
  std::vector<OpCase> rows;
  auto add = [&](const char* name, const Sizes& sizes, Rule rule, Call call) -> OpCase& {
    OpCase& row = rows.emplace_back();
    row.name = name;
    row.call = std::move(call);
    row.formula = [=](const std::vector<Array>& x) { return resampled(x[0], sizes, rule); };
    Sizes small{1, 2}, other{2, 1}, large{8, 10};
    for (size_t d = 0; d < sizes.size(); ++d) {
      small.push_back(d == 0 ? 3 : 2);
      other.push_back(d == 0 ? 4 : 1);
      large.push_back(sizes.size() == 3 ? 12 : sizes.size() == 2 ? 40 : 1500);
    }
    row.samples = {{values(small)}, {values(other)}};
    row.large = {values(large)};
    row.never_empty = "nothing has no nearest element";
    return row;
  };
  add("upsample_nearest1d", {5}, nearest, [](const variable_list& t) {
    return upsample_nearest1d(t[0], {5});
  }).errors = {error<Error>("Input and output sizes should be greater than 0", [] {
    upsample_nearest1d(zeros({1, 1, 2}), {0});
  })};
  add("upsample_nearest2d", {5, 3}, nearest, [](const variable_list& t) {
    return upsample_nearest2d(t[0], {5, 3});
  });
  add("upsample_nearest3d", {2, 3, 1}, nearest, [](const variable_list& t) {
    return upsample_nearest3d(t[0], {2, 3, 1});
  });
  const size_t num_nearest = rows.size();
  add("upsample_linear1d", {5}, by_edges,
      [](const variable_list& t) { return upsample_linear1d(t[0], {5}, false); });
  add("upsample_bilinear2d", {5, 3}, by_edges, [](const variable_list& t) {
    return upsample_bilinear2d(t[0], {5, 3}, false);
  });
  add("upsample_bilinear2d.corners", {2, 4}, by_corners, [](const variable_list& t) {
    return upsample_bilinear2d(t[0], {2, 4}, true);
  });
  add("upsample_trilinear3d", {2, 3, 4}, by_edges, [](const variable_list& t) {
    return upsample_trilinear3d(t[0], {2, 3, 4}, false);
  });
  add("upsample_bicubic2d", {5, 3}, cubic_by_edges, [](const variable_list& t) {
    return upsample_bicubic2d(t[0], {5, 3}, false);
  });
  for (size_t i = num_nearest; i < rows.size(); ++i) {
    rows[i].ulps = 16;
    rows[i].finite_only = "a line's other end is multiplied by 0";
  }
  return rows;
}

/// Where a coordinate lies among `in` elements.
using Place = double (*)(double coordinate, int64_t in);
double edges_and_zeros(double c, int64_t in) { return ((c + 1) * double(in) - 1) / 2; }
double corners_and_border(double c, int64_t in) {
  return std::clamp((c + 1) / 2 * double(in - 1), 0.0, double(in - 1));
}
double edges_and_reflection(double c, int64_t in) {
  double at = edges_and_zeros(c, in);
  while (at < -0.5 || at > double(in) - 0.5) at = at < -0.5 ? -1 - at : 2 * double(in) - 1 - at;
  return std::clamp(at, 0.0, double(in - 1));
}

/// Of x [n, c, h, w] at grid [n, h', w', 2].
Array sampled(const Array& x, const Array& grid, Place place) {
  Array out({x.size(0), x.size(1), grid.size(1), grid.size(2)});
  for_each_index(out.sizes, [&](const Sizes& at) {
    double place_of[2];
    for (int64_t d = 0; d < 2; ++d) {
      place_of[d] = place(grid.at({at[0], at[2], at[3], 1 - d}), x.size(2 + d));
    }
    const double row = std::floor(place_of[0]), column = std::floor(place_of[1]);
    for (double i : {row, row + 1}) {
      for (double j : {column, column + 1}) {
        if (i < 0 || j < 0 || i >= double(x.size(2)) || j >= double(x.size(3))) continue;
        out.at(at) += (1 - std::abs(place_of[0] - i)) * (1 - std::abs(place_of[1] - j)) *
                      x.at({at[0], at[1], int64_t(i), int64_t(j)});
      }
    }
  });
  return out;
}

/// By cubics; beyond the border stand reflections at the edges.
Array cubically_sampled(const Array& x, const Array& grid) {
  Array out({x.size(0), x.size(1), grid.size(1), grid.size(2)});
  auto inside = [](int64_t k, int64_t n) {
    while (k < 0 || k >= n) k = k < 0 ? -1 - k : 2 * n - 1 - k;
    return k;
  };
  for_each_index(out.sizes, [&](const Sizes& at) {
    const double y = edges_and_zeros(grid.at({at[0], at[2], at[3], 1}), x.size(2));
    const double z = edges_and_zeros(grid.at({at[0], at[2], at[3], 0}), x.size(3));
    for (int64_t i = int64_t(std::floor(y)) - 1; i < int64_t(std::floor(y)) + 3; ++i) {
      for (int64_t j = int64_t(std::floor(z)) - 1; j < int64_t(std::floor(z)) + 3; ++j) {
        out.at(at) += cubic(y - double(i)) * cubic(z - double(j)) *
                      x.at({at[0], at[1], inside(i, x.size(2)), inside(j, x.size(3))});
      }
    }
  });
  return out;
}

std::vector<OpCase> grids() {
  std::vector<OpCase> rows;
  auto add = [&](const char* name, int64_t padding, bool corners, Place place) -> OpCase& {
    OpCase& row = rows.emplace_back();
    row.name = name;
    row.call = [=](const variable_list& t) {
      return grid_sampler(t[0], t[1], 0, padding, corners);
    };
    row.formula = [=](const std::vector<Array>& x) { return sampled(x[0], x[1], place); };
    row.samples = {{values({1, 2, 3, 2}), values({1, 2, 2, 2})},
                   {values({2, 1, 2, 4}), values({2, 1, 2, 2})}};
    row.large = {values({4, 3, 20, 20}), values({4, 60, 60, 2})};
    row.finite_only = "neighbours of what is no number, too, are taken";
    row.never_empty = "nothing has no neighbours";
    return row;
  };
  OpCase& zeros_row = add("grid_sampler", 0, false, edges_and_zeros);
  zeros_row.errors = {
      error<Error>("expected input and grid to have same dtype",
                   [] {
                     grid_sampler(zeros({1, 1, 2, 2}), zeros({1, 1, 1, 2}, kDouble), 0, 0, false);
                   }),
      error<Error>("expected input to have non-empty spatial dimensions",
                   [] {
                     grid_sampler(zeros({1, 1, 0, 2}), zeros({1, 1, 1, 2}), 0, 0, false);
                   }),
      error<Error>("expected an interpolation_mode", [] {
        grid_sampler(zeros({1, 1, 2, 2}), zeros({1, 1, 1, 2}), 3, 0, false);
      })};
  add("grid_sampler.border", 1, true, corners_and_border);
  add("grid_sampler.reflection", 2, false, edges_and_reflection);
  OpCase& cubics = add("grid_sampler.bicubic", 2, false, edges_and_zeros);
  cubics.call = [](const variable_list& t) { return grid_sampler(t[0], t[1], 2, 2, false); };
  cubics.formula = [](const std::vector<Array>& x) { return cubically_sampled(x[0], x[1]); };
  cubics.errors = {error<Error>("bicubic interpolation only supports 4D input", [] {
    grid_sampler(zeros({1, 1, 2, 2, 2}), zeros({1, 1, 1, 1, 3}), 2, 0, false);
  })};
  OpCase& maps = rows.emplace_back();
  maps.name = "affine_grid_generator";
  maps.call = [](const variable_list& t) {
    return affine_grid_generator(t[0], {t[0].size(0), 1, 2, 3}, false);
  };
  maps.formula = [](const std::vector<Array>& x) {
    Array out({x[0].size(0), 2, 3, 2});
    for_each_index(out.sizes, [&](const Sizes& at) {
      const double column = (double(at[2]) + 0.5) / 1.5 - 1, line = double(at[1]) + 0.5 - 1;
      out.at(at) = x[0].at({at[0], at[3], 0}) * column + x[0].at({at[0], at[3], 1}) * line +
                   x[0].at({at[0], at[3], 2});
    });
    return out;
  };
  maps.samples = {{values({2, 2, 3})}, {values({1, 2, 3})}};
  maps.large = {values({3000, 2, 3})};
  maps.finite_only = "what is no number is multiplied by 0";
  maps.never_empty = "a size is positive";
  maps.errors = {error<Error>("Expected non-zero, positive output size", [] {
    affine_grid_generator(zeros({1, 2, 3}), {1, 1, 0, 2}, false);
  })};
  for (OpCase& row : rows) {
    row.ulps = 64;  // of a place among the elements
    row.magnitude = 8;
    row.sums_in_memory_order = true;
  }
  return rows;
}

OpCase unpooled_row() {
  OpCase row;
  row.name = "max_unpool3d";
  row.call = [](const variable_list& t) {
    // Every element at a place of its own.
    Tensor places = arange(8, TensorOptions(kLong).device(t[0].device())) * 3;
    return max_unpool3d(t[0], places.reshape({2, 2, 2}).expand(t[0].sizes()), {2, 3, 4}, {1, 1, 1},
                        {0, 0, 0});
  };
  row.formula = [](const std::vector<Array>& x) {
    Array out({x[0].size(0), x[0].size(1), 2, 3, 4});
    for (size_t i = 0; i < x[0].values.size(); ++i) {
      out.values[i / 8 * 24 + i % 8 * 3] = x[0].values[i];
    }
    return out;
  };
  row.samples = {{values({1, 2, 2, 2, 2})}, {values({0, 2, 2, 2, 2})}};
  row.large = {values({300, 30, 2, 2, 2})};
  row.errors = {error<Error>("elements in indices should be type int64", [] {
    max_unpool3d(zeros({1, 1, 1, 1}), zeros({1, 1, 1, 1}), {1, 1, 1}, {1, 1, 1}, {0, 0, 0});
  })};
  return row;
}

}  // namespace

std::vector<OpCase> resampling_cases() {
  std::vector<OpCase> rows = other_sizes();
  for (OpCase& row : grids()) rows.push_back(std::move(row));
  rows.push_back(unpooled_row());
  for (OpCase& row : rows) row.dtypes = {kFloat, kDouble};
  return rows;
}

}  // namespace adjoint::testing
