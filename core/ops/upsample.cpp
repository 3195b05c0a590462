// SPDX-License-Identifier: MIT
// Images of other sizes: upsample_*, pixel_shuffle. One direction after the other, since both the
// nearest element and the line between two are found for each by itself.
#include <array>

#include "core/ops/cubic.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

void check_sizes(const char* op, const Tensor& input, IntArrayRef output_size, size_t dims) {
  ADJOINT_CHECK(output_size.size() == dims, op, ": It is expected output_size equals to ", dims,
                ", but got size ", output_size.size());
  ADJOINT_CHECK(input.dim() == int64_t(dims) + 2, op, ": expected an input of ", dims + 2,
                " dimensions, got ", input.sizes());
  for (size_t d = 0; d < dims; ++d) {
    ADJOINT_CHECK(output_size[d] > 0 && input.size(int64_t(d) + 2) > 0, op,
                  ": Input and output sizes should be greater than 0, but got input ",
                  input.sizes(), " and output ", output_size);
  }
}

Tensor nearest(const char* op, const Tensor& input, IntArrayRef output_size, size_t dims) {
  check_sizes(op, input, output_size, dims);
  Tensor out = input;
  for (size_t d = 0; d < dims; ++d) {
    const int64_t dim = int64_t(d) + 2, n = input.size(dim);
    if (output_size[d] == n) continue;
    Tensor index;
    {
      NoGradGuard no_grad;
      const TensorOptions options = TensorOptions(kFloat).device(input.device());
      const float scale = float(n) / float(output_size[d]);
      index = (arange(output_size[d], options) * scale).to(kLong).clamp(0, n - 1);
    }
    out = out.index_select(dim, index);
  }
  return out;
}

/// Where the outputs lie among the `n` elements, in elements.
Tensor places(const Tensor& input, int64_t n, int64_t size, bool align_corners,
              std::optional<double> factor) {
  Tensor at = arange(size, TensorOptions(kDouble).device(input.device()));
  if (align_corners) return at * (size > 1 ? double(n - 1) / double(size - 1) : 0.0);
  const double step = factor && *factor > 0 ? 1 / *factor : double(n) / double(size);
  return (at + 0.5) * step - 0.5;
}

/// Cubics along `dim`.
Tensor cubic_along(const Tensor& input, int64_t dim, int64_t size, bool align_corners,
                   std::optional<double> factor) {
  const int64_t n = input.size(dim);
  if (size == n && (!factor || *factor == 1)) return input;
  std::array<Tensor, 4> shares;
  Tensor first;
  {
    NoGradGuard no_grad;
    Tensor at = places(input, n, size, align_corners, factor);
    first = floor(at);
    DimVector sizes(size_t(input.dim()), 1);
    sizes[size_t(dim)] = size;
    shares = cubic_shares((at - first).reshape(sizes));
    for (Tensor& share : shares) share = share.to(input.dtype());
  }
  Tensor sum;
  for (int64_t i = 0; i < 4; ++i) {
    Tensor value = input.index_select(dim, (first + (i - 1)).clamp(0, n - 1).to(kLong));
    Tensor part = value * shares[size_t(i)];
    sum = i == 0 ? part : sum + part;
  }
  return sum;
}

/// Straight lines along `dim`.
Tensor linear_along(const Tensor& input, int64_t dim, int64_t size, bool align_corners,
                    std::optional<double> factor) {
  const int64_t n = input.size(dim);
  if (size == n && (!factor || *factor == 1)) return input;
  Tensor first, second, share;
  {
    NoGradGuard no_grad;
    Tensor at = places(input, n, size, align_corners, factor).clamp_min(0);
    first = at.to(kLong).clamp_max(n - 1);
    second = (first + 1).clamp_max(n - 1);
    share = (at - first.to(kDouble)).clamp(0, 1).to(input.dtype());
    DimVector sizes(size_t(input.dim()), 1);
    sizes[size_t(dim)] = size;
    share = share.reshape(sizes);
  }
  return input.index_select(dim, first) * (1 - share) + input.index_select(dim, second) * share;
}

}  // namespace

Tensor upsample_nearest1d(const Tensor& input, IntArrayRef output_size) {
  return nearest("upsample_nearest1d", input, output_size, 1);
}
Tensor upsample_nearest2d(const Tensor& input, IntArrayRef output_size) {
  return nearest("upsample_nearest2d", input, output_size, 2);
}
Tensor upsample_nearest3d(const Tensor& input, IntArrayRef output_size) {
  return nearest("upsample_nearest3d", input, output_size, 3);
}

Tensor upsample_linear1d(const Tensor& input, IntArrayRef output_size, bool align_corners,
                         std::optional<double> scale) {
  check_sizes("upsample_linear1d", input, output_size, 1);
  return linear_along(input, 2, output_size[0], align_corners, scale);
}
Tensor upsample_bilinear2d(const Tensor& input, IntArrayRef output_size, bool align_corners,
                           std::optional<double> scale_h, std::optional<double> scale_w) {
  check_sizes("upsample_bilinear2d", input, output_size, 2);
  Tensor rows = linear_along(input, 2, output_size[0], align_corners, scale_h);
  return linear_along(rows, 3, output_size[1], align_corners, scale_w);
}

Tensor upsample_bicubic2d(const Tensor& input, IntArrayRef output_size, bool align_corners,
                          std::optional<double> scale_h, std::optional<double> scale_w) {
  check_sizes("upsample_bicubic2d", input, output_size, 2);
  Tensor rows = cubic_along(input, 2, output_size[0], align_corners, scale_h);
  return cubic_along(rows, 3, output_size[1], align_corners, scale_w);
}

Tensor upsample_trilinear3d(const Tensor& input, IntArrayRef output_size, bool align_corners,
                            std::optional<double> scale_d, std::optional<double> scale_h,
                            std::optional<double> scale_w) {
  check_sizes("upsample_trilinear3d", input, output_size, 3);
  Tensor slices = linear_along(input, 2, output_size[0], align_corners, scale_d);
  Tensor rows = linear_along(slices, 3, output_size[1], align_corners, scale_h);
  return linear_along(rows, 4, output_size[2], align_corners, scale_w);
}

Tensor pixel_shuffle(const Tensor& input, int64_t r) {
  ADJOINT_CHECK(input.dim() >= 3,
                "pixel_shuffle expects input to have at least 3 dimensions, but got input with ",
                input.dim(), " dimension(s)");
  ADJOINT_CHECK(r > 0, "pixel_shuffle expects a positive upscale_factor, but got ", r);
  const int64_t c = input.size(-3), h = input.size(-2), w = input.size(-1);
  ADJOINT_CHECK(c % (r * r) == 0,
                "pixel_shuffle expects its input's 'channel' dimension to be divisible by the "
                "square of upscale_factor, but input.size(-3)=",
                c, " is not divisible by ", r * r);
  DimVector sizes = input.sizes().slice(0, size_t(input.dim() - 3));
  for (int64_t n : {c / (r * r), h * r, w * r}) sizes.push_back(n);
  Tensor parts = input.reshape({-1, c / (r * r), r, r, h, w});
  return parts.permute({0, 1, 4, 2, 5, 3}).reshape(sizes);
}

Tensor pixel_unshuffle(const Tensor& input, int64_t r) {
  ADJOINT_CHECK(input.dim() >= 3,
                "pixel_unshuffle expects input to have at least 3 dimensions, but got input with ",
                input.dim(), " dimension(s)");
  ADJOINT_CHECK(r > 0, "pixel_unshuffle expects a positive downscale_factor, but got ", r);
  const int64_t c = input.size(-3), h = input.size(-2), w = input.size(-1);
  ADJOINT_CHECK(h % r == 0 && w % r == 0,
                "pixel_unshuffle expects height and width to be divisible by downscale_factor, but "
                "got ",
                h, " and ", w, " with ", r);
  DimVector sizes = input.sizes().slice(0, size_t(input.dim() - 3));
  for (int64_t n : {c * r * r, h / r, w / r}) sizes.push_back(n);
  Tensor parts = input.reshape({-1, c, h / r, r, w / r, r});
  return parts.permute({0, 1, 3, 5, 2, 4}).reshape(sizes);
}

Tensor channel_shuffle(const Tensor& input, int64_t groups) {
  ADJOINT_CHECK(input.dim() > 2,
                "channel_shuffle expects input with > 2 dims, but got input with sizes ",
                input.sizes());
  ADJOINT_CHECK(groups > 0, "Number of groups to divide channels in must be positive.",
                " Value of groups:", groups);
  ADJOINT_CHECK(input.size(1) % groups == 0, "Number of channels must be divisible by groups. Got ",
                input.size(1), " channels and ", groups, " groups.");
  DimVector parts = input.sizes();
  parts[1] = input.size(1) / groups;
  parts.insert(1, groups);
  return input.reshape(parts).transpose(1, 2).reshape(input.sizes());
}

}  // namespace adjoint
