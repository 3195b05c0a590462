// SPDX-License-Identifier: MIT
// Upsample, PixelShuffle, PixelUnshuffle: images of other sizes.
#pragma once

#include <optional>
#include <vector>

#include "adjoint/nn/layer.h"
#include "adjoint/nn/mode.h"
#include "adjoint/options.h"

namespace adjoint::nn {

/// Either the size or the scale factors (one stands for all directions) are given.
class ADJOINT_API UpsampleOptions {
 public:
  ADJOINT_OPTION(UpsampleOptions, std::optional<std::vector<int64_t>>, size, std::nullopt);
  ADJOINT_OPTION(UpsampleOptions, std::optional<std::vector<double>>, scale_factor, std::nullopt);
  ADJOINT_OPTION(UpsampleOptions, InterpolateMode, mode, InterpolateMode::Nearest);
  /// Not for Nearest and Area; false where it is not given.
  ADJOINT_OPTION(UpsampleOptions, std::optional<bool>, align_corners, std::nullopt);
};

namespace functional {

class ADJOINT_API InterpolateFuncOptions {
 public:
  ADJOINT_OPTION(InterpolateFuncOptions, std::optional<std::vector<int64_t>>, size, std::nullopt);
  ADJOINT_OPTION(InterpolateFuncOptions, std::optional<std::vector<double>>, scale_factor,
                 std::nullopt);
  ADJOINT_OPTION(InterpolateFuncOptions, InterpolateMode, mode, InterpolateMode::Nearest);
  ADJOINT_OPTION(InterpolateFuncOptions, std::optional<bool>, align_corners, std::nullopt);
  /// The quotient of the sizes is taken, not the scale factor that they came from.
  ADJOINT_OPTION(InterpolateFuncOptions, std::optional<bool>, recompute_scale_factor, std::nullopt);
};
/// The input [n, c, *] at another size. Nearest and Area are for one to three directions, Linear
/// for one, Bilinear and Bicubic for two, Trilinear for three. Throws Error for what does not fit
/// together.
ADJOINT_API Tensor interpolate(const Tensor& input, const InterpolateFuncOptions& options = {});

}  // namespace functional

class ADJOINT_API UpsampleImpl : public ClonedByOptions<UpsampleImpl, Layer> {
 public:
  explicit UpsampleImpl(const UpsampleOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  UpsampleOptions options;
};
ADJOINT_MODULE(Upsample);

class ADJOINT_API PixelShuffleOptions {
 public:
  PixelShuffleOptions(int64_t upscale_factor) : upscale_factor_(upscale_factor) {}
  ADJOINT_OPTION(PixelShuffleOptions, int64_t, upscale_factor, 1);
};
class ADJOINT_API PixelShuffleImpl : public ClonedByOptions<PixelShuffleImpl, Layer> {
 public:
  explicit PixelShuffleImpl(const PixelShuffleOptions& options) : options(options) {}
  Tensor forward(const Tensor& input) override {
    return pixel_shuffle(input, options.upscale_factor());
  }
  void pretty_print(std::ostream& out) const override;

  PixelShuffleOptions options;
};
ADJOINT_MODULE(PixelShuffle);

class ADJOINT_API PixelUnshuffleOptions {
 public:
  PixelUnshuffleOptions(int64_t downscale_factor) : downscale_factor_(downscale_factor) {}
  ADJOINT_OPTION(PixelUnshuffleOptions, int64_t, downscale_factor, 1);
};
class ADJOINT_API PixelUnshuffleImpl : public ClonedByOptions<PixelUnshuffleImpl, Layer> {
 public:
  explicit PixelUnshuffleImpl(const PixelUnshuffleOptions& options) : options(options) {}
  Tensor forward(const Tensor& input) override {
    return pixel_unshuffle(input, options.downscale_factor());
  }
  void pretty_print(std::ostream& out) const override;

  PixelUnshuffleOptions options;
};
ADJOINT_MODULE(PixelUnshuffle);

}  // namespace adjoint::nn
