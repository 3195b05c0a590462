// SPDX-License-Identifier: MIT
// Pooling of volumes: that of each image, and then that of images with the depth as their height.
// In this order the first of equal elements, by depth, row and column, is the one that max_pool3d
// takes.
#include "core/ops/composed.h"
#include "core/ops/pooling.h"
#include "core/ops/windows.h"

namespace adjoint {
namespace {

/// Index 0 is the depth's, 1 the height's, 2 the width's.
struct Pool3dParams {
  int64_t kernel[3], stride[3], padding[3], dilation[3] = {1, 1, 1};
};

Pool3dParams read_params(const char* op, const Tensor& input, IntArrayRef kernel_size,
                         IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation) {
  Pool3dParams p;
  read_directions<3>(kernel_size, op, "kernel_size", p.kernel);
  read_directions<3>(stride.empty() ? kernel_size : stride, op, "stride", p.stride);
  read_directions<3>(padding, op, "padding", p.padding);
  read_directions<3>(dilation, op, "dilation", p.dilation);
  for (int d = 0; d < 3; ++d) {
    ADJOINT_CHECK(p.stride[d] != 0, op, ": stride should not be zero");
    ADJOINT_CHECK(p.kernel[d] > 0, op, ": kernel size should be greater than zero, but got ",
                  "kT: ", p.kernel[0], " kH: ", p.kernel[1], " kW: ", p.kernel[2]);
    ADJOINT_CHECK(p.stride[d] > 0, op,
                  ": stride should be greater than zero, but got dT: ", p.stride[0],
                  " dH: ", p.stride[1], " dW: ", p.stride[2]);
    ADJOINT_CHECK(p.dilation[d] > 0, op, ": dilation should be greater than zero, but got ",
                  "dilationT: ", p.dilation[0], " dilationH: ", p.dilation[1],
                  " dilationW: ", p.dilation[2]);
    ADJOINT_CHECK(p.padding[d] >= 0, "pad must be non-negative, but got pad: ", p.padding[d]);
    ADJOINT_CHECK(p.padding[d] <= ((p.kernel[d] - 1) * p.dilation[d] + 1) / 2,
                  "pad should be at most half of effective kernel size, but got pad=", p.padding[d],
                  ", kernel_size=", p.kernel[d], " and dilation=", p.dilation[d]);
  }
  bool has_elements = input.dim() == 4 || input.dim() == 5;
  for (int64_t d = input.dim() - 4; has_elements && d < input.dim(); ++d) {
    has_elements = input.size(d) != 0;
  }
  ADJOINT_CHECK(has_elements, op,
                ": non-empty 4D or 5D (batch mode) tensor expected for input, got ", input.sizes());
  return p;
}

/// How many windows each direction has.
struct Windows {
  int64_t in[3], out[3];
  Windows(const Tensor& input, const Pool3dParams& p, bool ceil_mode) {
    for (int d = 0; d < 3; ++d) {
      const Pool2dParams one{
          {p.kernel[d], 1}, {p.stride[d], 1}, {p.padding[d], 0}, {p.dilation[d], 1}};
      in[d] = input.size(d - 3);
      out[d] = pooled_size(one, 0, in[d], ceil_mode);
    }
    ADJOINT_CHECK(out[0] > 0 && out[1] > 0 && out[2] > 0, "Given input size: (", input.size(-4),
                  "x", in[0], "x", in[1], "x", in[2], "). Calculated output size: (",
                  input.size(-4), "x", out[0], "x", out[1], "x", out[2],
                  "). Output size is too small");
  }
};

/// pool_image of each image of [n, c, d, h, w], then pool_depth of [n, c, d, h' * w'].
template <class Image, class Depth>
Tensor pool_volume(const Tensor& input, Image pool_image, Depth pool_depth) {
  const int64_t n = input.size(0), c = input.size(1), d = input.size(2);
  Tensor planes = pool_image(input.reshape({n, c * d, input.size(3), input.size(4)}));
  const int64_t height = planes.size(2), width = planes.size(3);
  Tensor columns = pool_depth(planes.reshape({n, c, d, height * width}));
  return columns.reshape({n, c, columns.size(2), height, width});
}

/// How many elements each window along a direction has.
Tensor counts_along(const Pool3dParams& p, int d, const Windows& sizes, bool with_padding,
                    const Tensor& like) {
  const TensorOptions options = TensorOptions(kLong).device(like.device());
  Tensor start = arange(sizes.out[d], options) * p.stride[d] - p.padding[d];
  Tensor end = (start + p.kernel[d]).clamp_max(sizes.in[d] + p.padding[d]);
  if (with_padding) return (end - start).to(like.dtype());
  return (end.clamp_max(sizes.in[d]) - start.clamp_min(0)).to(like.dtype());
}

/// max_pool3d; the places too where `places` is not null.
Tensor max_volume(const Tensor& input, const Pool3dParams& p, bool ceil_mode, Tensor* places) {
  if (input.dim() == 4) {
    Tensor out = max_volume(input.unsqueeze(0), p, ceil_mode, places).squeeze(0);
    if (places) *places = places->squeeze(0);
    return out;
  }
  const Windows sizes(input, p, ceil_mode);
  Tensor in_plane, in_column;
  auto pool = [&](const Tensor& images, Tensor& where, const Pool2dParams& of) {
    if (!places) {
      return max_pool2d(images, of.kernel, of.stride, of.padding, of.dilation, ceil_mode);
    }
    auto [values, found] =
        max_pool2d_with_indices(images, of.kernel, of.stride, of.padding, of.dilation, ceil_mode);
    where = found;
    return values;
  };
  Tensor out = pool_volume(
      input,
      [&](const Tensor& images) {
        return pool(images, in_plane,
                    {{p.kernel[1], p.kernel[2]},
                     {p.stride[1], p.stride[2]},
                     {p.padding[1], p.padding[2]},
                     {p.dilation[1], p.dilation[2]}});
      },
      [&](const Tensor& columns) {
        return pool(columns, in_column,
                    {{p.kernel[0], 1}, {p.stride[0], 1}, {p.padding[0], 0}, {p.dilation[0], 1}});
      });
  if (places) {
    Tensor depth = in_column.div(in_column.size(-1), "floor").reshape(out.sizes());
    Tensor plane = in_plane.reshape({out.size(0), out.size(1), -1})
                       .gather(2, in_column.flatten(2))
                       .reshape(out.sizes());
    *places = depth * (sizes.in[1] * sizes.in[2]) + plane;
  }
  return under_name("MaxPool3DWithIndicesBackward0", out);
}

void check_adaptive(const char* op, const Tensor& input, IntArrayRef output_size, int64_t* out) {
  ADJOINT_CHECK(input.dim() == 4 || input.dim() == 5, op, "(): Expected 4D or 5D tensor, but got ",
                input.sizes());
  ADJOINT_CHECK(output_size.size() == 1 || output_size.size() == 3, op,
                "(): internal error: output_size must be 3, got ", output_size);
  for (int d = 0; d < 3; ++d) {
    out[d] = output_size[output_size.size() == 1 ? 0 : size_t(d)];
    ADJOINT_CHECK(out[d] >= 0, op,
                  "(): elements of output_size must be greater than or equal to 0 but received ",
                  output_size);
    ADJOINT_CHECK(input.size(d - 3) > 0, op,
                  "(): Expected input to have non-zero size for non-batch dimensions, but input "
                  "has sizes ",
                  input.sizes(), " with dimension ", input.dim() - 3 + d, " being empty");
  }
}

}  // namespace

Tensor max_pool3d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride,
                  IntArrayRef padding, IntArrayRef dilation, bool ceil_mode) {
  return max_volume(input, read_params("max_pool3d", input, kernel_size, stride, padding, dilation),
                    ceil_mode, nullptr);
}
std::tuple<Tensor, Tensor> max_pool3d_with_indices(const Tensor& input, IntArrayRef kernel_size,
                                                   IntArrayRef stride, IntArrayRef padding,
                                                   IntArrayRef dilation, bool ceil_mode) {
  Tensor places;
  Tensor values =
      max_volume(input, read_params("max_pool3d", input, kernel_size, stride, padding, dilation),
                 ceil_mode, &places);
  return {values, places};
}

Tensor avg_pool3d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride,
                  IntArrayRef padding, bool ceil_mode, bool count_include_pad,
                  std::optional<int64_t> divisor_override) {
  const Pool3dParams p = read_params("avg_pool3d", input, kernel_size, stride, padding, 1);
  ADJOINT_CHECK(!divisor_override || *divisor_override != 0, "divisor must be not zero");
  if (input.dim() == 4) {
    return avg_pool3d(input.unsqueeze(0), kernel_size, stride, padding, ceil_mode,
                      count_include_pad, divisor_override)
        .squeeze(0);
  }
  const Windows sizes(input, p, ceil_mode);
  Tensor sums = pool_volume(
      input,
      [&](const Tensor& images) {
        return avg_pool2d(images, {p.kernel[1], p.kernel[2]}, {p.stride[1], p.stride[2]},
                          {p.padding[1], p.padding[2]}, ceil_mode, true, 1);
      },
      [&](const Tensor& columns) {
        return avg_pool2d(columns, {p.kernel[0], 1}, {p.stride[0], 1}, {p.padding[0], 0}, ceil_mode,
                          true, 1);
      });
  // Windows differ in their numbers of elements where they reach beyond what counts.
  bool differ = false;
  for (int d = 0; d < 3; ++d) {
    const int64_t reach = (sizes.out[d] - 1) * p.stride[d] + p.kernel[d] - p.padding[d];
    differ |= reach > sizes.in[d] + p.padding[d] || (!count_include_pad && p.padding[d] != 0);
  }
  Tensor means;
  if (divisor_override || !differ) {
    means = sums / double(divisor_override.value_or(p.kernel[0] * p.kernel[1] * p.kernel[2]));
  } else {
    Tensor counts;
    {
      NoGradGuard no_grad;
      counts = counts_along(p, 0, sizes, count_include_pad, input).reshape({-1, 1, 1}) *
               counts_along(p, 1, sizes, count_include_pad, input).unsqueeze(1) *
               counts_along(p, 2, sizes, count_include_pad, input);
    }
    means = sums / counts;
  }
  return under_name("AvgPool3DBackward0", means);
}

Tensor adaptive_avg_pool3d(const Tensor& input, IntArrayRef output_size) {
  int64_t size[3];
  check_adaptive("adaptive_avg_pool3d", input, output_size, size);
  if (size[0] == 1 && size[1] == 1 && size[2] == 1) {
    return input.mean({-3, -2, -1}, /*keepdim=*/true);
  }
  if (input.dim() == 4) return adaptive_avg_pool3d(input.unsqueeze(0), output_size).squeeze(0);
  Tensor out = pool_volume(
      input,
      [&](const Tensor& images) {
        return adaptive_avg_pool2d(images, {size[1], size[2]});
      },
      [&](const Tensor& columns) {
        return adaptive_avg_pool2d(columns, {size[0], columns.size(3)});
      });
  return under_name("AdaptiveAvgPool3DBackward0", out);
}

Tensor adaptive_max_pool3d(const Tensor& input, IntArrayRef output_size) {
  int64_t size[3];
  check_adaptive("adaptive_max_pool3d", input, output_size, size);
  if (input.dim() == 4) return adaptive_max_pool3d(input.unsqueeze(0), output_size).squeeze(0);
  Tensor out = pool_volume(
      input,
      [&](const Tensor& images) {
        return adaptive_max_pool2d(images, {size[1], size[2]});
      },
      [&](const Tensor& columns) {
        // Each column as a channel: they stay apart.
        const int64_t n = columns.size(0), channels = columns.size(1), width = columns.size(3);
        Tensor apart =
            columns.permute({0, 3, 1, 2}).reshape({n, width * channels, columns.size(2), 1});
        return adaptive_max_pool2d(apart, {size[0], 1})
            .reshape({n, width, channels, size[0]})
            .permute({0, 2, 3, 1});
      });
  return under_name("AdaptiveMaxPool3DBackward0", out);
}

}  // namespace adjoint
