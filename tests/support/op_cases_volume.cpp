// SPDX-License-Identifier: MIT
// Rows of convolution and pooling of volumes, and of the windows of images as columns.
#include <array>
#include <cmath>
#include <optional>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Triple = std::array<int64_t, 3>;
IntArrayRef list(const Triple& t) { return {t.data(), 3}; }

struct Window {
  Triple kernel{1, 1, 1}, stride{1, 1, 1}, pad{0, 0, 0}, dilation{1, 1, 1};
  int64_t groups = 1;
};

int64_t windows(int64_t in, const Window& w, size_t d, bool ceil_mode = false) {
  const int64_t span = in + 2 * w.pad[d] - w.dilation[d] * (w.kernel[d] - 1) - 1;
  const int64_t n = (span + (ceil_mode ? w.stride[d] - 1 : 0)) / w.stride[d] + 1;
  return ceil_mode && (n - 1) * w.stride[d] >= in + w.pad[d] ? n - 1 : n;
}

/// Where element `k` of window `at` lies; false beyond the volume.
bool place(const Array& x, const Window& w, const Sizes& at, const Sizes& k, int64_t* to) {
  bool inside = true;
  for (size_t d = 0; d < 3; ++d) {
    to[d] = at[2 + d] * w.stride[d] - w.pad[d] + k[k.size() - 3 + d] * w.dilation[d];
    inside = inside && to[d] >= 0 && to[d] < x.sizes[2 + d];
  }
  return inside;
}

Array convolved(const Array& x, const Array& weight, const Array* bias, Window w) {
  const int64_t per_group = weight.sizes[1], o = weight.sizes[0];
  for (size_t d = 0; d < 3; ++d) w.kernel[d] = weight.sizes[2 + d];
  Sizes sizes{x.sizes[0], o};
  for (size_t d = 0; d < 3; ++d) sizes.push_back(windows(x.sizes[2 + d], w, d));
  Array out(sizes);
  for_each_index(out.sizes, [&](const Sizes& at) {
    double sum = bias ? bias->values[size_t(at[1])] : 0;
    const int64_t first = at[1] / (o / w.groups) * per_group;
    for_each_index({per_group, w.kernel[0], w.kernel[1], w.kernel[2]}, [&](const Sizes& k) {
      int64_t from[3];
      const bool inside = place(x, w, at, k, from);
      const double v = inside ? x.at({at[0], first + k[0], from[0], from[1], from[2]}) : 0;
      sum += v * weight.at({at[1], k[0], k[1], k[2], k[3]});
    });
    out.at(at) = sum;
  });
  return out;
}

/// Each input adds its weights to the window that it is the result of.
Array spread(const Array& x, const Array& weight, const Array* bias, Window w, const Triple& more) {
  const int64_t per_group = weight.sizes[1], inputs = weight.sizes[0] / w.groups;
  Sizes sizes{x.sizes[0], per_group * w.groups};
  for (size_t d = 0; d < 3; ++d) {
    w.kernel[d] = weight.sizes[2 + d];
    sizes.push_back((x.sizes[2 + d] - 1) * w.stride[d] - 2 * w.pad[d] +
                    w.dilation[d] * (w.kernel[d] - 1) + more[d] + 1);
  }
  Array out(sizes);
  for_each_index(out.sizes,
                 [&](const Sizes& at) { out.at(at) = bias ? bias->values[size_t(at[1])] : 0; });
  for_each_index(x.sizes, [&](const Sizes& at) {
    const int64_t first = at[1] / inputs * per_group;
    for_each_index({per_group, w.kernel[0], w.kernel[1], w.kernel[2]}, [&](const Sizes& k) {
      int64_t to[3];
      if (!place(out, w, at, k, to)) return;
      out.at({at[0], first + k[0], to[0], to[1], to[2]}) +=
          x.at(at) * weight.at({at[1], k[0], k[1], k[2], k[3]});
    });
  });
  return out;
}

OpCase conv_row(const char* name, const Window& w, std::vector<Inputs> samples) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) {
    return conv3d(t[0], t[1], t.size() > 2 ? t[2] : Tensor(), list(w.stride), list(w.pad),
                  list(w.dilation), w.groups);
  };
  row.formula = [=](const std::vector<Array>& x) {
    return convolved(x[0], x[1], x.size() > 2 ? &x[2] : nullptr, w);
  };
  row.samples = std::move(samples);
  row.large = {values({2, 2, 12, 20, 20}), values({4, 2 / w.groups, 3, 3, 3}), values({4})};
  row.magnitude = 64;
  return row;
}

OpCase transposed_row(const char* name, const Window& w, const Triple& more,
                      std::vector<Inputs> samples) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) {
    return conv_transpose3d(t[0], t[1], t.size() > 2 ? t[2] : Tensor(), list(w.stride), list(w.pad),
                            list(more), w.groups, list(w.dilation));
  };
  row.formula = [=](const std::vector<Array>& x) {
    return spread(x[0], x[1], x.size() > 2 ? &x[2] : nullptr, w, more);
  };
  row.samples = std::move(samples);
  row.large = {values({2, 2, 6, 20, 20}), values({2, 4 / w.groups, 3, 3, 3}), values({4})};
  row.finite_only = "conv_transpose2d multiplies zeros around its input, too";
  row.magnitude = 64;
  return row;
}

/// f(the values of a window, how many of its elements lie in the volume or its padding).
template <class F>
Array pooled(const Array& x, const Window& w, bool ceil_mode, F f) {
  Sizes sizes{x.sizes[0], x.sizes[1]};
  for (size_t d = 0; d < 3; ++d) sizes.push_back(windows(x.sizes[2 + d], w, d, ceil_mode));
  Array out(sizes);
  for_each_index(out.sizes, [&](const Sizes& at) {
    std::vector<double> inside;
    int64_t counted = 0;
    for_each_index({w.kernel[0], w.kernel[1], w.kernel[2]}, [&](const Sizes& k) {
      int64_t from[3];
      if (place(x, w, at, k, from))
        inside.push_back(x.at({at[0], at[1], from[0], from[1], from[2]}));
      bool is_padding = true;
      for (size_t d = 0; d < 3; ++d) is_padding &= from[d] < x.sizes[2 + d] + w.pad[d];
      counted += is_padding;
    });
    out.at(at) = f(inside, counted);
  });
  return out;
}

double largest(const std::vector<double>& v) {
  double high = -INFINITY;
  for (double a : v) high = a > high || std::isnan(a) ? a : high;
  return high;
}
double total(const std::vector<double>& v) {
  double sum = 0;
  for (double a : v) sum += a;
  return sum;
}

std::vector<Inputs> volumes() {
  return {{values({1, 1, 3, 2, 4}).distinct()},
          {values({1, 2, 4, 4, 4}).distinct()},
          {values({2, 1, 3, 5, 4}).distinct()},
          {values({0, 2, 4, 4, 4})}};
}

OpCase max_row(const char* name, const Window& w, bool ceil_mode) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) {
    return max_pool3d(t[0], list(w.kernel), list(w.stride), list(w.pad), list(w.dilation),
                      ceil_mode);
  };
  row.formula = [=](const std::vector<Array>& x) {
    return pooled(x[0], w, ceil_mode, [](const auto& v, int64_t) { return largest(v); });
  };
  row.samples = volumes();
  row.large = {values({2, 3, 10, 40, 40})};
  return row;
}

OpCase average_row(const char* name, const Window& w, bool ceil_mode, bool with_padding,
                   std::optional<int64_t> divisor = std::nullopt) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) {
    return avg_pool3d(t[0], list(w.kernel), list(w.stride), list(w.pad), ceil_mode, with_padding,
                      divisor);
  };
  row.formula = [=](const std::vector<Array>& x) {
    return pooled(x[0], w, ceil_mode, [=](const auto& v, int64_t counted) {
      return total(v) / double(divisor ? *divisor : with_padding ? counted : int64_t(v.size()));
    });
  };
  row.samples = volumes();
  row.large = {values({2, 3, 10, 40, 40})};
  row.magnitude = 8;
  row.half_ulps = 4;
  return row;
}

/// Of the elements from floor(i * in / n) up to ceil((i + 1) * in / n) in each direction.
template <class F>
OpCase adaptive_row(const char* name, const Triple& n, Tensor (*call)(const Tensor&, IntArrayRef),
                    F f) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) { return call(t[0], list(n)); };
  row.formula = [=](const std::vector<Array>& a) {
    const Array& x = a[0];
    Array out({x.sizes[0], x.sizes[1], n[0], n[1], n[2]});
    for_each_index(out.sizes, [&](const Sizes& at) {
      int64_t first[3];
      Sizes sizes;
      for (size_t d = 0; d < 3; ++d) {
        const int64_t in = x.sizes[2 + d], i = at[2 + d];
        first[d] = i * in / n[d];
        sizes.push_back(((i + 1) * in + n[d] - 1) / n[d] - first[d]);
      }
      std::vector<double> inside;
      for_each_index(sizes, [&](const Sizes& k) {
        inside.push_back(x.at({at[0], at[1], first[0] + k[0], first[1] + k[1], first[2] + k[2]}));
      });
      out.at(at) = f(inside);
    });
    return out;
  };
  row.samples = volumes();
  row.large = {values({2, 3, 10, 40, 40})};
  row.magnitude = 8;
  row.half_ulps = 8;
  row.ulps = 8;
  return row;
}

std::vector<OpCase> column_rows() {
  // Windows of 2 x 3, stride 2 and 1, dilation 1 and 2, borders of 1 and 2.
  const Sizes kernel{2, 3}, stride{2, 1}, dilation{1, 2}, pad{1, 2};
  auto outside = [=](const Sizes& sizes) {
    Sizes n;
    for (size_t d = 0; d < 2; ++d) {
      n.push_back((sizes[2 + d] + 2 * pad[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d] + 1);
    }
    return n;
  };
  // f(place in the image, place in the columns) for all that lie inside.
  auto for_each_pair = [=](const Sizes& image, auto f) {
    const Sizes n = outside(image);
    for_each_index({image[0], image[1], kernel[0], kernel[1], n[0], n[1]}, [&](const Sizes& i) {
      const int64_t row = i[4] * stride[0] - pad[0] + i[2] * dilation[0];
      const int64_t column = i[5] * stride[1] - pad[1] + i[3] * dilation[1];
      if (row < 0 || row >= image[2] || column < 0 || column >= image[3]) return;
      f({i[0], i[1], row, column},
        {i[0], (i[1] * kernel[0] + i[2]) * kernel[1] + i[3], i[4] * n[1] + i[5]});
    });
  };
  OpCase columns;
  columns.name = "im2col";
  columns.call = [=](const variable_list& t) {
    return im2col(t[0], kernel, dilation, pad, stride);
  };
  columns.formula = [=](const std::vector<Array>& x) {
    const Sizes n = outside(x[0].sizes);
    Array out({x[0].sizes[0], x[0].sizes[1] * kernel[0] * kernel[1], n[0] * n[1]});
    for_each_pair(x[0].sizes,
                  [&](const Sizes& from, const Sizes& to) { out.at(to) = x[0].at(from); });
    return out;
  };
  columns.samples = {{values({2, 2, 4, 3})}, {values({1, 1, 2, 5})}, {values({0, 2, 4, 3})}};
  columns.large = {values({4, 3, 60, 60})};
  columns.errors = {error<Error>("Expected 3D or 4D (batch mode) tensor",
                                 [] {
                                   im2col(zeros({3, 3}), 2, 1, 0, 1);
                                 }),
                    error<Error>("its components must be at least one", [] {
                      im2col(zeros({1, 1, 3, 3}), 4, 1, 0, 1);
                    })};
  OpCase image;
  image.name = "col2im";
  image.call = [=](const variable_list& t) {
    return col2im(t[0], {4, 3}, kernel, dilation, pad, stride);
  };
  image.formula = [=](const std::vector<Array>& x) {
    Array out({x[0].sizes[0], x[0].sizes[1] / 6, 4, 3});
    for_each_pair(out.sizes,
                  [&](const Sizes& to, const Sizes& from) { out.at(to) += x[0].at(from); });
    return out;
  };
  image.samples = {{values({2, 12, 9})}, {values({1, 6, 9})}, {values({0, 6, 9})}};
  image.large = {values({1000, 12, 9})};
  image.magnitude = 8;
  image.half_ulps = 4;
  image.errors = {error<Error>("to be divisible by the product of kernel_size",
                               [] {
                                 col2im(zeros({1, 5, 4}), 3, 2, 1, 0, 1);
                               }),
                  error<Error>("to match the calculated number of sliding blocks 2 * 2 = 4", [] {
                    col2im(zeros({1, 4, 5}), 3, 2, 1, 0, 1);
                  })};
  return {columns, image};
}

}  // namespace

std::vector<OpCase> volume_cases() {
  std::vector<OpCase> rows = column_rows();
  rows.push_back(conv_row("conv3d", {},
                          {{values({2, 2, 3, 3, 2}), values({3, 2, 2, 3, 2}), values({3})},
                           {values({1, 1, 2, 2, 2}), values({1, 1, 2, 2, 2})},
                           {values({0, 1, 2, 3, 3}), values({2, 1, 2, 2, 2}), values({2})}}));
  rows.back().errors = {
      error<Error>("Expected 4D (unbatched) or 5D (batched) input to conv3d",
                   [] {
                     conv3d(zeros({2, 2, 2}), zeros({1, 1, 1, 1, 1}));
                   }),
      error<Error>("expected input[1, 1, 4, 4, 4] to have 2 channels, but got 1 channels instead",
                   [] {
                     conv3d(zeros({1, 1, 4, 4, 4}), zeros({1, 2, 2, 2, 2}));
                   }),
      error<Error>("Calculated padded input size per channel: (4 x 4 x 4). Kernel size: "
                   "(5 x 2 x 2). Kernel size can't be greater than actual input size",
                   [] {
                     conv3d(zeros({1, 1, 4, 4, 4}), zeros({1, 1, 5, 2, 2}));
                   }),
      error<Error>("expected stride to be a single integer value or a list of 3 values", [] {
        conv3d(zeros({1, 1, 4, 4, 4}), zeros({1, 1, 2, 2, 2}), {}, {1, 2});
      })};
  rows.push_back(
      conv_row("conv3d.everything",
               {.stride = {2, 1, 2}, .pad = {2, 1, 1}, .dilation = {2, 1, 1}, .groups = 2},
               {{values({1, 2, 3, 2, 3}), values({2, 1, 2, 2, 2}), values({2})},
                {values({0, 2, 3, 2, 3}), values({2, 1, 2, 2, 2})}}));
  rows.push_back(transposed_row("conv_transpose3d", {}, {0, 0, 0},
                                {{values({2, 2, 2, 2, 1}), values({2, 2, 2, 3, 2}), values({2})},
                                 {values({1, 1, 1, 2, 2}), values({1, 1, 2, 2, 2})},
                                 {values({0, 1, 2, 2, 2}), values({1, 2, 2, 2, 2})}}));
  rows.back().errors = {
      error<Error>("Given transposed=1, weight of size [2, 1, 2, 2, 2], expected input[1, 1, 4, 4, "
                   "4] to have 2 channels, but got 1 channels instead",
                   [] {
                     conv_transpose3d(zeros({1, 1, 4, 4, 4}), zeros({2, 1, 2, 2, 2}));
                   }),
      error<Error>("output padding must be smaller than", [] {
        conv_transpose3d(zeros({1, 1, 4, 4, 4}), zeros({1, 1, 2, 2, 2}), {}, 1, 0, 1);
      })};
  rows.push_back(transposed_row(
      "conv_transpose3d.everything",
      {.stride = {2, 2, 1}, .pad = {1, 0, 1}, .dilation = {2, 1, 1}, .groups = 2}, {1, 0, 0},
      {{values({1, 2, 2, 2, 2}), values({2, 2, 2, 2, 2}), values({4})},
       {values({0, 2, 2, 2, 2}), values({2, 1, 2, 2, 3})}}));

  rows.push_back(max_row("max_pool3d", {.kernel = {2, 2, 2}, .stride = {2, 2, 2}}, false));
  rows.back().errors = {
      error<Error>("non-empty 4D or 5D (batch mode) tensor expected for input",
                   [] {
                     max_pool3d(zeros({4, 4}), 2);
                   }),
      error<Error>("pad should be at most half of effective kernel size, but got pad=2",
                   [] {
                     max_pool3d(zeros({1, 1, 4, 4, 4}), 2, 2, 2);
                   }),
      error<Error>("Given input size: (1x4x4x4). Calculated output size: (1x0x0x0)",
                   [] {
                     max_pool3d(zeros({1, 1, 4, 4, 4}), 5);
                   }),
      error<Error>("stride should not be zero",
                   [] {
                     max_pool3d(zeros({1, 1, 4, 4, 4}), 2, 0);
                   }),
      error<Error>("kernel_size must either be a single int, or a tuple of three ints", [] {
        max_pool3d(zeros({1, 1, 4, 4, 4}), {2, 2});
      })};
  rows.push_back(max_row("max_pool3d.ceil",
                         {.kernel = {2, 3, 2}, .stride = {2, 1, 3}, .pad = {1, 1, 0}}, true));
  rows.push_back(
      max_row("max_pool3d.dilated", {.kernel = {2, 2, 2}, .dilation = {2, 1, 3}}, false));
  rows.push_back(
      average_row("avg_pool3d", {.kernel = {2, 2, 2}, .stride = {2, 2, 2}}, false, true));
  const Window padded{.kernel = {2, 3, 2}, .stride = {2, 1, 2}, .pad = {1, 1, 0}};
  rows.push_back(average_row("avg_pool3d.padded", padded, false, true));
  rows.push_back(average_row("avg_pool3d.ceil", padded, true, true));
  rows.push_back(average_row("avg_pool3d.not_counted", padded, true, false));
  rows.push_back(average_row("avg_pool3d.divisor", padded, false, true, 5));
  auto mean = [](const std::vector<double>& v) { return total(v) / double(v.size()); };
  rows.push_back(adaptive_row("adaptive_avg_pool3d", {1, 2, 2}, adaptive_avg_pool3d, mean));
  rows.back().finite_only = "where sizes do not divide, a matrix product spreads them";
  rows.push_back(adaptive_row("adaptive_avg_pool3d.one", {1, 1, 1}, adaptive_avg_pool3d, mean));
  rows.back().sums_in_memory_order = true;
  rows.push_back(adaptive_row("adaptive_max_pool3d", {2, 3, 3}, adaptive_max_pool3d, largest));
  return rows;
}

}  // namespace adjoint::testing
