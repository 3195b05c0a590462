// SPDX-License-Identifier: MIT
// What convolutions of images and of volumes check alike. Params has stride, padding and dilation,
// each for D directions, and groups.
#pragma once

#include <sstream>

#include "adjoint/error.h"
#include "adjoint/ops.h"

namespace adjoint {

/// D numbers of a list of D or of one. Throws Error for other lists.
template <size_t D>
void read_conv_numbers(IntArrayRef list, const char* op, const char* name, int64_t* numbers) {
  ADJOINT_CHECK(list.size() == 1 || list.size() == D, op, ": expected ", name,
                " to be a single integer value or a list of ", D, " values, but got ", list);
  for (size_t d = 0; d < D; ++d) numbers[d] = list[list.size() == 1 ? 0 : d];
}

template <size_t D, class Params>
Params read_conv_params(const char* op, IntArrayRef stride, IntArrayRef padding,
                        IntArrayRef dilation, int64_t groups) {
  Params p;
  read_conv_numbers<D>(stride, op, "stride", p.stride);
  read_conv_numbers<D>(padding, op, "padding", p.padding);
  read_conv_numbers<D>(dilation, op, "dilation", p.dilation);
  p.groups = groups;
  for (size_t d = 0; d < D; ++d) {
    ADJOINT_CHECK(p.padding[d] >= 0, op, ": negative padding is not supported, got ", padding);
    ADJOINT_CHECK(p.stride[d] > 0, op, ": non-positive stride is not supported, got ", stride);
    ADJOINT_CHECK(p.dilation[d] > 0, op, ": dilation should be greater than zero, got ", dilation);
  }
  ADJOINT_CHECK(groups > 0, op, ": expected groups to be greater than 0, but got groups=", groups);
  return p;
}

inline void check_conv_groups(const Tensor& weight, int64_t groups) {
  ADJOINT_CHECK(weight.size(0) >= groups, "Given groups=", groups,
                ", expected weight to be at least ", groups,
                " at dimension 0, but got weight of size ", weight.sizes(), " instead");
  ADJOINT_CHECK(weight.size(0) % groups == 0, "Given groups=", groups,
                ", expected weight to be divisible by ", groups,
                " at dimension 0, but got weight of size ", weight.sizes(), " instead");
}

/// Of an input [n, c, *] and the weight of a convolution: the channels, and that a kernel fits.
template <size_t D, class Params>
void check_conv_input(const Tensor& input, const Tensor& weight, const Params& p) {
  ADJOINT_CHECK(input.size(1) == weight.size(1) * p.groups, "Given groups=", p.groups,
                ", weight of size ", weight.sizes(), ", expected input", input.sizes(), " to have ",
                weight.size(1) * p.groups, " channels, but got ", input.size(1),
                " channels instead");
  int64_t padded[D], kernel[D];
  bool fits = true;
  for (size_t d = 0; d < D; ++d) {
    padded[d] = input.size(int64_t(2 + d)) + 2 * p.padding[d];
    kernel[d] = p.dilation[d] * (weight.size(int64_t(2 + d)) - 1) + 1;
    fits = fits && kernel[d] > 0 && padded[d] >= kernel[d];
  }
  if (fits) [[likely]]
    return;
  auto text = [](const int64_t* sizes) {
    std::ostringstream out;
    for (size_t d = 0; d < D; ++d) out << (d == 0 ? "(" : " x ") << sizes[d];
    return out.str() + ")";
  };
  detail::fail<Error>("Calculated padded input size per channel: ", text(padded),
                      ". Kernel size: ", text(kernel),
                      ". Kernel size can't be greater than actual input size");
}

/// Of a transposed convolution.
inline void check_transposed_channels(const Tensor& input, const Tensor& weight, const Tensor& bias,
                                      int64_t groups) {
  ADJOINT_CHECK(input.size(1) == weight.size(0), "Given transposed=1, weight of size ",
                weight.sizes(), ", expected input", input.sizes(), " to have ", weight.size(0),
                " channels, but got ", input.size(1), " channels instead");
  const int64_t channels = weight.size(1) * groups;
  ADJOINT_CHECK(!bias.defined() || (bias.dim() == 1 && bias.size(0) == channels),
                "Given transposed=1, weight of size ", weight.sizes(),
                ", expected bias to be 1-dimensional with ", channels,
                " elements, but got bias of size ", bias.defined() ? bias.sizes() : IntArrayRef(),
                " instead");
}

}  // namespace adjoint
