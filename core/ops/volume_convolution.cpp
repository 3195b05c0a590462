// SPDX-License-Identifier: MIT
// conv3d and conv_transpose3d: conv2d and conv_transpose2d of images whose channels are those of
// all slices of a window of depth.
#include "core/ops/composed.h"
#include "core/ops/convolution_checks.h"
#include "core/ops/windows.h"

namespace adjoint {
namespace {

/// Index 0 is the depth's, 1 the height's, 2 the width's.
struct Conv3dParams {
  int64_t stride[3], padding[3], dilation[3], groups;
  DimVector image(const int64_t* numbers) const { return {numbers[1], numbers[2]}; }
};

void check_dims(const char* op, const Tensor& input, const Tensor& weight) {
  ADJOINT_CHECK(input.dim() == 4 || input.dim() == 5, "Expected 4D (unbatched) or 5D (batched) ",
                "input to ", op, ", but got input of size: ", input.sizes());
  ADJOINT_CHECK(weight.dim() == 5, op,
                ": expected weight of 5 dimensions, [channels, channels / groups, kernel depth, "
                "kernel height, kernel width], got ",
                weight.sizes());
}

/// [n * d, c, h, w] -> [n, c, d, h, w]
Tensor as_volumes(const Tensor& images, int64_t n) {
  return images.reshape({n, -1, images.size(1), images.size(2), images.size(3)})
      .transpose(1, 2)
      .contiguous();
}

}  // namespace

Tensor conv3d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
  check_dims("conv3d", input, weight);
  if (input.dim() == 4) {
    return conv3d(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0);
  }
  const Conv3dParams p =
      read_conv_params<3, Conv3dParams>("conv3d", stride, padding, dilation, groups);
  check_conv_groups(weight, groups);
  check_conv_input<3>(input, weight, p);
  const int64_t n = input.size(0), slices = weight.size(2);
  Tensor volume =
      p.padding[0] == 0 ? input : constant_pad_nd(input, {0, 0, 0, 0, p.padding[0], p.padding[0]});
  Tensor windows = windows_along(volume, 2, slices, p.stride[0], p.dilation[0]);
  const int64_t depth = windows.size(2);
  Tensor images = windows.permute({0, 2, 1, 5, 3, 4})
                      .reshape({n * depth, input.size(1) * slices, input.size(3), input.size(4)});
  Tensor out = conv2d(images, weight.flatten(1, 2), bias, p.image(p.stride), p.image(p.padding),
                      p.image(p.dilation), groups);
  if (n == 0) {  // so that the depth is known
    return out.reshape({0, out.size(1), depth, out.size(2), out.size(3)});
  }
  return under_name("ConvolutionBackward0", as_volumes(out, n));
}

Tensor conv_transpose3d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                        IntArrayRef stride, IntArrayRef padding, IntArrayRef output_padding,
                        int64_t groups, IntArrayRef dilation) {
  constexpr const char* op = "conv_transpose3d";
  check_dims(op, input, weight);
  if (input.dim() == 4) {
    return conv_transpose3d(input.unsqueeze(0), weight, bias, stride, padding, output_padding,
                            groups, dilation)
        .squeeze(0);
  }
  const Conv3dParams p = read_conv_params<3, Conv3dParams>(op, stride, padding, dilation, groups);
  int64_t more[3];
  read_conv_numbers<3>(output_padding, op, "output_padding", more);
  check_conv_groups(weight, groups);
  check_transposed_channels(input, weight, bias, groups);
  const int64_t channels = weight.size(1) * groups, slices = weight.size(2);
  ADJOINT_CHECK(more[0] >= 0 && more[0] < p.stride[0], op,
                ": output padding must be smaller than stride, but got output_padding=", more[0],
                " and stride=", p.stride[0]);
  const int64_t n = input.size(0), depth = input.size(2);
  const int64_t whole = (depth - 1) * p.stride[0] + p.dilation[0] * (slices - 1) + 1 + more[0];
  const int64_t size = whole - 2 * p.padding[0];
  ADJOINT_CHECK(size > 0, op, ": Output size is too small, got a depth of ", size);
  Tensor images =
      input.transpose(1, 2).reshape({n * depth, input.size(1), input.size(3), input.size(4)});
  // Channels of the result: for each output channel, the slices that an input's slice adds to.
  Tensor parts = conv_transpose2d(images, weight.flatten(1, 2), {}, p.image(p.stride),
                                  p.image(p.padding), p.image(more), groups, p.image(p.dilation));
  const int64_t height = parts.size(2), width = parts.size(3);
  parts = parts.reshape({n, depth, channels, slices, height, width})
              .permute({0, 2, 1, 3, 4, 5})
              .reshape({n, channels, depth * slices, height, width});
  Tensor out = add_up_windows(parts, 2, depth, slices, p.stride[0], p.dilation[0], whole, false)
                   .narrow(2, p.padding[0], size);
  out = bias.defined() ? out + bias.reshape({1, -1, 1, 1, 1}) : out.contiguous();
  return under_name("ConvolutionBackward0", out);
}

}  // namespace adjoint
