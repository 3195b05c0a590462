// SPDX-License-Identifier: MIT
// avg_pool2d and avg_pool1d: a window's sum is its convolution with ones.
#include <algorithm>

#include "core/ops/elementwise.h"
#include "core/ops/pooling.h"
#include "core/ops/windows.h"

namespace adjoint {
namespace {

/// A mean over no elements is none of any window here: each has at least one.
Tensor window_sums(const Tensor& planes, const Pool2dParams& p) {
  Tensor ones_of_window = ones({1, 1, p.kernel[0], p.kernel[1]}, planes.options());
  return conv2d(planes, ones_of_window, {}, {p.stride[0], p.stride[1]});
}

}  // namespace

Tensor avg_pool2d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride,
                  IntArrayRef padding, bool ceil_mode, bool count_include_pad,
                  std::optional<int64_t> divisor_override) {
  Pool2dParams p;
  read_directions<2>(kernel_size, "avg_pool2d", "kernel_size", p.kernel);
  read_directions<2>(stride.empty() ? kernel_size : stride, "avg_pool2d", "stride", p.stride);
  read_directions<2>(padding, "avg_pool2d", "padding", p.padding);
  ADJOINT_CHECK(p.stride[0] > 0 && p.stride[1] > 0,
                "avg_pool2d: stride should be greater than "
                "zero, but got dH: ",
                p.stride[0], " dW: ", p.stride[1]);
  ADJOINT_CHECK(p.kernel[0] > 0 && p.kernel[1] > 0,
                "avg_pool2d: kernel size should be greater than zero, but got kH: ", p.kernel[0],
                " kW: ", p.kernel[1]);
  ADJOINT_CHECK(!divisor_override || *divisor_override != 0, "divisor must be not zero");
  bool has_elements = input.dim() == 3 || input.dim() == 4;
  for (int64_t d = input.dim() - 3; has_elements && d < input.dim(); ++d) {
    has_elements = input.size(d) != 0;
  }
  ADJOINT_CHECK(has_elements,
                "avg_pool2d: non-empty 3D or 4D (batch mode) tensor expected for input, got ",
                input.sizes());
  // Both borders of the height, and of the width, with what the last window needs behind them.
  const int64_t height = input.dim() - 2;
  int64_t sizes[2], more[2];
  for (int d = 0; d < 2; ++d) {
    ADJOINT_CHECK(p.padding[d] >= 0 && p.padding[d] <= p.kernel[d] / 2,
                  "pad should be at most half of kernel size, but got pad=", p.padding[d],
                  " and kernel_size=", p.kernel[d]);
    sizes[d] = pooled_size(p, d, input.size(height + d), ceil_mode);
    more[d] = std::max<int64_t>(
        0, (sizes[d] - 1) * p.stride[d] + p.kernel[d] - input.size(height + d) - 2 * p.padding[d]);
  }
  ADJOINT_CHECK(sizes[0] > 0 && sizes[1] > 0, "Given input size: (", input.size(-3), "x",
                input.size(-2), "x", input.size(-1), "). Calculated output size: (", input.size(-3),
                "x", sizes[0], "x", sizes[1], "). Output size is too small");
  const DimVector border{p.padding[1], p.padding[1] + more[1], p.padding[0],
                         p.padding[0] + more[0]};
  const bool is_bordered = std::any_of(border.begin(), border.end(), [](int64_t n) { return n; });
  DimVector out_sizes = input.sizes();
  out_sizes[size_t(height)] = sizes[0];
  out_sizes[size_t(height) + 1] = sizes[1];

  Tensor planes = input.reshape({-1, 1, input.size(-2), input.size(-1)});
  Tensor sums = window_sums(is_bordered ? constant_pad_nd(planes, border) : planes, p);
  // The windows differ in their numbers of elements where they reach beyond what counts.
  const bool differ =
      !divisor_override && (count_include_pad ? more[0] + more[1] > 0 : is_bordered);
  if (!differ) {
    const int64_t divisor = divisor_override.value_or(p.kernel[0] * p.kernel[1]);
    return (sums / double(divisor)).reshape(out_sizes);
  }
  Tensor counts;
  {
    NoGradGuard no_grad;
    const ScalarType wide = elementSize(input.dtype()) < 4 ? kFloat : input.dtype();
    Tensor counted = ones({1, 1, input.size(-2), input.size(-1)}, input.options().dtype(wide));
    const DimVector inner{p.padding[1], p.padding[1], p.padding[0], p.padding[0]};
    const DimVector outer{0, more[1], 0, more[0]};
    counted = constant_pad_nd(constant_pad_nd(counted, inner, count_include_pad ? 1 : 0), outer);
    counts = window_sums(counted, p).to(input.dtype());
  }
  return (sums / counts).reshape(out_sizes);
}

Tensor avg_pool1d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride,
                  IntArrayRef padding, bool ceil_mode, bool count_include_pad) {
  ADJOINT_CHECK(input.dim() == 2 || input.dim() == 3,
                "Expected 2D or 3D (batch mode) tensor for input to avg_pool1d, got ",
                input.sizes());
  ADJOINT_CHECK(kernel_size.size() == 1 && stride.size() <= 1 && padding.size() == 1,
                "avg_pool1d: expected kernel_size, stride and padding of one number each, got ",
                kernel_size, ", ", stride, " and ", padding);
  const int64_t step = stride.empty() ? kernel_size[0] : stride[0];
  return avg_pool2d(input.unsqueeze(-2), {1, kernel_size[0]}, {1, step}, {0, padding[0]}, ceil_mode,
                    count_include_pad)
      .squeeze(-2);
}

}  // namespace adjoint
