// SPDX-License-Identifier: MIT
#include "adjoint/nn/upsampling.h"

#include <cmath>
#include <ostream>

#include "adjoint/nn/functional/image.h"
#include "core/nn/print.h"

namespace adjoint::nn {
namespace functional {
namespace {

/// The number of directions that the input has and the mode is for.
size_t directions(const Tensor& input, InterpolateMode mode) {
  ADJOINT_CHECK(input.dim() >= 3 && input.dim() <= 5,
                "Input Error: Only 3D, 4D and 5D input Tensors supported (got ", input.dim(),
                "D) for the modes: nearest | linear | bilinear | area (got ", word(mode), ")");
  const size_t d = size_t(input.dim()) - 2;
  const size_t needed = mode == InterpolateMode::Linear      ? 1
                        : mode == InterpolateMode::Bilinear  ? 2
                        : mode == InterpolateMode::Bicubic   ? 2
                        : mode == InterpolateMode::Trilinear ? 3
                                                             : d;
  ADJOINT_CHECK(d == needed, "Got ", input.dim(), "D input, but ", word(mode), " mode needs ",
                needed + 2, "D input");
  return d;
}

}  // namespace

Tensor interpolate(const Tensor& input, const InterpolateFuncOptions& options) {
  const InterpolateMode mode = options.mode();
  const size_t dims = directions(input, mode);
  const bool is_linear = mode != InterpolateMode::Nearest && mode != InterpolateMode::Area;
  ADJOINT_CHECK(is_linear || !options.align_corners(),
                "align_corners option can only be set with the interpolating modes: linear | "
                "bilinear | bicubic | trilinear");
  ADJOINT_CHECK(options.size() || options.scale_factor(),
                "either size or scale_factor should be defined");
  ADJOINT_CHECK(!options.size() || !options.scale_factor(),
                "only one of size or scale_factor should be defined");
  DimVector sizes;
  std::optional<double> scales[3];
  for (size_t d = 0; d < dims; ++d) {
    if (options.size()) {
      const std::vector<int64_t>& given = *options.size();
      ADJOINT_CHECK(given.size() == dims || given.size() == 1,
                    "Input and output must have the same number of spatial dimensions, but got "
                    "input with ",
                    dims, " and output size of ", given.size());
      sizes.push_back(given[given.size() == 1 ? 0 : d]);
      continue;
    }
    const std::vector<double>& factors = *options.scale_factor();
    ADJOINT_CHECK(factors.size() == dims || factors.size() == 1,
                  "scale_factor shape must match input shape. Input is ", dims,
                  "D, scale_factor size is ", factors.size());
    const double factor = factors[factors.size() == 1 ? 0 : d];
    sizes.push_back(int64_t(std::floor(double(input.size(int64_t(d) + 2)) * factor)));
    if (!options.recompute_scale_factor().value_or(false)) scales[d] = factor;
  }
  const bool align_corners = options.align_corners().value_or(false);
  switch (mode) {
    case InterpolateMode::Nearest:
      return dims == 1   ? upsample_nearest1d(input, sizes)
             : dims == 2 ? upsample_nearest2d(input, sizes)
                         : upsample_nearest3d(input, sizes);
    case InterpolateMode::Area:
      return dims == 1   ? adaptive_avg_pool1d(input, sizes)
             : dims == 2 ? adaptive_avg_pool2d(input, sizes)
                         : adaptive_avg_pool3d(input, sizes);
    case InterpolateMode::Linear:
      return upsample_linear1d(input, sizes, align_corners, scales[0]);
    case InterpolateMode::Trilinear:
      return upsample_trilinear3d(input, sizes, align_corners, scales[0], scales[1], scales[2]);
    case InterpolateMode::Bicubic:
      return upsample_bicubic2d(input, sizes, align_corners, scales[0], scales[1]);
    case InterpolateMode::Bilinear:
      break;
  }
  return upsample_bilinear2d(input, sizes, align_corners, scales[0], scales[1]);
}

Tensor grid_sample(const Tensor& input, const Tensor& grid, const GridSampleFuncOptions& options) {
  const InterpolateMode mode = options.mode();
  const int64_t interpolation = mode == InterpolateMode::Bilinear  ? 0
                                : mode == InterpolateMode::Nearest ? 1
                                : mode == InterpolateMode::Bicubic ? 2
                                                                   : -1;
  ADJOINT_CHECK(interpolation >= 0,
                "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or "
                "'bicubic', but got: '",
                word(mode), "'");
  const PaddingMode beyond = options.padding_mode();
  const int64_t padding = beyond == PaddingMode::Zeros       ? 0
                          : beyond == PaddingMode::Replicate ? 1
                          : beyond == PaddingMode::Reflect   ? 2
                                                             : -1;
  ADJOINT_CHECK(padding >= 0,
                "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
                "'reflection', but got another");
  return grid_sampler(input, grid, interpolation, padding, options.align_corners().value_or(false));
}

}  // namespace functional

Tensor UpsampleImpl::forward(const Tensor& input) {
  return functional::interpolate(input, functional::InterpolateFuncOptions()
                                            .size(options.size())
                                            .scale_factor(options.scale_factor())
                                            .mode(options.mode())
                                            .align_corners(options.align_corners()));
}

void UpsampleImpl::pretty_print(std::ostream& out) const {
  out << "Upsample(";
  if (options.scale_factor()) {
    const char* brackets = is_libtorch_style(out) ? "[]" : "()";
    out << "scale_factor=" << brackets[0];
    for (size_t i = 0; i < options.scale_factor()->size(); ++i)
      out << (i > 0 ? ", " : "") << (*options.scale_factor())[i];
    out << brackets[1];
  } else if (options.size()) {
    out << "size=" << list(out, *options.size());
  }
  out << ", mode=" << quoted(out, options.mode()) << ")";
}

void PixelShuffleImpl::pretty_print(std::ostream& out) const {
  out << "PixelShuffle(upscale_factor=" << options.upscale_factor() << ")";
}
void PixelUnshuffleImpl::pretty_print(std::ostream& out) const {
  out << "PixelUnshuffle(downscale_factor=" << options.downscale_factor() << ")";
}

}  // namespace adjoint::nn
