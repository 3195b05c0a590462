// SPD-License-Identifier: MIT
// Rows of convolution.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

struct Window {
  int64_t stride_h = 1, stride_w = 1, pad_h = 0, pad_w = 0, dilation_h = 1, dilation_w = 1;
  int64_t groups = 1;
};

int64_t output_size(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation) {
  return (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
}

Array convolved(const Array& x, const Array& weight, const Array* bias, const Window& w) {
  int64_t n = x.sizes[0], o = weight.sizes[0], per_group = weight.sizes[1];
  int64_t kh = weight.sizes[2], kw = weight.sizes[3];
  Array out({n, o, output_size(x.sizes[2], kh, w.stride_h, w.pad_h, w.dilation_h),
             output_size(x.sizes[3], kw, w.stride_w, w.pad_w, w.dilation_w)});
  for_each_index(out.sizes, [&](const Sizes& at) {
    double sum = bias ? bias->values[size_t(at[1])] : 0;
    int64_t first = at[1] / (o / w.groups) * per_group;
    for_each_index({per_group, kh, kw}, [&](const Sizes& k) {
      int64_t row = at[2] * w.stride_h - w.pad_h + k[1] * w.dilation_h;
      int64_t column = at[3] * w.stride_w - w.pad_w + k[2] * w.dilation_w;
      bool inside = row >= 0 && row < x.sizes[2] && column >= 0 && column < x.sizes[3];
      double pixel = inside ? x.at({at[0], first + k[0], row, column}) : 0;
      sum += pixel * weight.at({at[1], k[0], k[1], k[2]});
    });
    out.at(at) = sum;
  });
  return out;
}

OpCase conv_row(const char* name, const Window& w, std::vector<Inputs> samples, Inputs large) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) {
    return conv2d(t[0], t[1], t.size() > 2 ? t[2] : Tensor(), {w.stride_h, w.stride_w},
                  {w.pad_h, w.pad_w}, {w.dilation_h, w.dilation_w}, w.groups);
  };
  row.formula = [=](const std::vector<Array>& x) {
    return convolved(x[0], x[1], x.size() > 2 ? &x[2] : nullptr, w);
  };
  row.samples = std::move(samples);
  row.large = std::move(large);
  row.magnitude = 64;
  return row;
}

}  // namespace

std::vector<OpCase> conv_cases() {
  std::vector<OpCase> rows;
  rows.push_back(conv_row("conv2d", {},
                          {{values({2, 3, 5, 4}), values({4, 3, 3, 2}), values({4})},
                           {values({1, 1, 3, 3}), values({1, 1, 3, 3}), values({1})},
                           {values({1, 2, 3, 3}), values({2, 2, 1, 1})},
                           {values({0, 1, 3, 3}), values({2, 1, 2, 2}), values({2})}},
                          {values({6, 4, 20, 20}), values({8, 4, 3, 3}), values({8})}));
  rows.back().errors = {error<Error>("",
                                     [] {
                                       conv2d(zeros({1, 2, 4, 4}), zeros({1, 3, 2, 2}));
                                     }),
                        error<Error>("",
                                     [] {
                                       conv2d(zeros({1, 1, 2, 2}), zeros({1, 1, 3, 3}));
                                     }),
                        error<Error>("",
                                     [] {
                                       conv2d(zeros({1, 1, 4, 4}), zeros({1, 1, 2, 2}), zeros({2}));
                                     }),
                        error<Error>("",
                                     [] {
                                       conv2d(zeros({4, 4}), zeros({1, 1, 2, 2}));
                                     }),
                        error<Error>("stride", [] {
                          conv2d(zeros({1, 1, 4, 4}), zeros({1, 1, 2, 2}), {}, 0);
                        })};
  rows.push_back(conv_row("conv2d.padded", {.stride_h = 2, .pad_h = 1, .pad_w = 1},
                          {{values({1, 2, 5, 4}), values({2, 2, 3, 3}), values({2})},
                           {values({2, 1, 2, 2}), values({1, 1, 3, 3})},
                           {values({0, 1, 3, 3}), values({2, 1, 2, 2})}},
                          {values({6, 4, 20, 20}), values({8, 4, 3, 3}), values({8})}));
  rows.push_back(conv_row("conv2d.dilated",
                          {.stride_w = 2, .pad_w = 2, .dilation_h = 2, .dilation_w = 2},
                          {{values({1, 2, 5, 4}), values({2, 2, 2, 3}), values({2})},
                           {values({0, 1, 5, 5}), values({2, 1, 2, 2})}},
                          {values({6, 4, 20, 20}), values({8, 4, 3, 3})}));
  rows.push_back(conv_row("conv2d.groups", {.pad_h = 1, .groups = 2},
                          {{values({1, 4, 3, 3}), values({4, 2, 2, 2}), values({4})},
                           {values({0, 2, 3, 3}), values({2, 1, 2, 2})}},
                          {values({6, 4, 20, 20}), values({8, 2, 3, 3}), values({8})}));
  rows.push_back(conv_row(
      "conv2d.depthwise", {.pad_h = 1, .pad_w = 1, .groups = 3},
      {{values({2, 3, 3, 3}), values({3, 1, 3, 3})}, {values({0, 3, 3, 3}), values({3, 1, 2, 2})}},
      {values({6, 3, 20, 20}), values({3, 1, 3, 3})}));
  return rows;
}

}  // namespace adjoint::testing
