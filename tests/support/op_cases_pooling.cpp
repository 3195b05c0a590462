// SPDX-License-Identifier: MIT
// Rows of pooling.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

struct Window {
  int64_t stride_h = 1, stride_w = 1, pad_h = 0, pad_w = 0, dilation_h = 1, dilation_w = 1;
};

Array pooled(const Array& x, int64_t kh, int64_t kw, const Window& w, bool ceil_mode) {
  auto size = [&](int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation) {
    int64_t span = in + 2 * pad - dilation * (kernel - 1) - 1;
    int64_t n = (span + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    // A window that would start in the padding behind the image is left out.
    return ceil_mode && (n - 1) * stride >= in + pad ? n - 1 : n;
  };
  Array out({x.sizes[0], x.sizes[1], size(x.sizes[2], kh, w.stride_h, w.pad_h, w.dilation_h),
             size(x.sizes[3], kw, w.stride_w, w.pad_w, w.dilation_w)});
  for_each_index(out.sizes, [&](const Sizes& at) {
    double high = -INFINITY;
    for_each_index({kh, kw}, [&](const Sizes& k) {
      int64_t row = at[2] * w.stride_h - w.pad_h + k[0] * w.dilation_h;
      int64_t column = at[3] * w.stride_w - w.pad_w + k[1] * w.dilation_w;
      if (row < 0 || row >= x.sizes[2] || column < 0 || column >= x.sizes[3]) return;
      double v = x.at({at[0], at[1], row, column});
      if (v > high || std::isnan(v)) high = v;
    });
    out.at(at) = high;
  });
  return out;
}

}  // namespace

std::vector<OpCase> pooling_cases() {
  std::vector<OpCase> rows;
  auto pool_row = [&](const char* name, int64_t kernel, const Window& w,
                      bool ceil_mode) -> OpCase& {
    OpCase& row = rows.emplace_back();
    row.name = name;
    row.call = [=](const variable_list& t) {
      return max_pool2d(t[0], kernel, {w.stride_h, w.stride_w}, {w.pad_h, w.pad_w},
                        {w.dilation_h, w.dilation_w}, ceil_mode);
    };
    row.formula = [=](const std::vector<Array>& x) {
      return pooled(x[0], kernel, kernel, w, ceil_mode);
    };
    row.samples = {{values({1, 2, 4, 4}).distinct()},
                   {values({2, 1, 5, 7}).distinct()},
                   {values({0, 2, 4, 4})}};
    row.large = {values({6, 7, 40, 40})};
    return row;
  };
  OpCase& plain = pool_row("max_pool2d", 2, {.stride_h = 2, .stride_w = 2}, false);
  plain.errors = {error<Error>("",
                               [] {
                                 max_pool2d(zeros({4, 4, 4, 4, 4}), 2);
                               }),
                  error<Error>("pad",
                               [] {
                                 max_pool2d(zeros({1, 1, 4, 4}), 2, 2, 2);
                               }),
                  error<Error>("", [] {
                    max_pool2d(zeros({1, 1, 2, 2}), 3);
                  })};
  pool_row("max_pool2d.overlapping", 3, {.pad_h = 1, .pad_w = 1}, false);
  pool_row("max_pool2d.ceil", 2, {.stride_h = 3, .stride_w = 2, .pad_h = 1}, true);
  pool_row("max_pool2d.dilated", 2, {.dilation_h = 2, .dilation_w = 3}, false);
  return rows;
}

}  // namespace adjoint::testing
