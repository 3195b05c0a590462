// SPDX-License-Identifier: MIT
// Images at the points of a grid, and the grids of affine maps.
#include <array>

#include "core/ops/composed.h"
#include "core/ops/cubic.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constexpr int64_t kBilinear = 0, kNearest = 1, kBicubic = 2;
constexpr int64_t kBorder = 1, kReflection = 2;

void check_grid(const Tensor& input, const Tensor& grid) {
  ADJOINT_CHECK(input.device() == grid.device(),
                "grid_sampler(): expected input and grid to be on same device, but input is on ",
                input.device(), " and grid is on ", grid.device());
  ADJOINT_CHECK(input.dtype() == grid.dtype() && isFloatingType(input.dtype()),
                "grid_sampler(): expected input and grid to have same dtype, but input has ",
                input.dtype(), " and grid has ", grid.dtype());
  ADJOINT_CHECK((input.dim() == 4 || input.dim() == 5) && input.dim() == grid.dim(),
                "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, "
                "but got input with sizes ",
                input.sizes(), " and grid with sizes ", grid.sizes());
  ADJOINT_CHECK(input.size(0) == grid.size(0),
                "grid_sampler(): expected grid and input to have same batch size, but got input "
                "with sizes ",
                input.sizes(), " and grid with sizes ", grid.sizes());
  ADJOINT_CHECK(grid.size(-1) == input.dim() - 2, "grid_sampler(): expected grid to have size ",
                input.dim() - 2, " in last dimension, but got grid with sizes ", grid.sizes());
  for (int64_t d = 2; d < input.dim(); ++d) {
    ADJOINT_CHECK(input.size(d) > 0,
                  "grid_sampler(): expected input to have non-empty spatial dimensions, but input "
                  "has sizes ",
                  input.sizes(), " with dimension ", d, " being empty");
  }
}

/// `x` back and forth between the two ends.
Tensor reflect(const Tensor& x, double low, double high) {
  if (low == high) return zeros_like(x);
  const double span = high - low;
  Tensor distance = abs(x - low), rest = distance.fmod(span), is_forth;
  {
    NoGradGuard no_grad;
    is_forth = eq(floor(distance / span).fmod(2), 0);
  }
  return where(is_forth, rest + low, high - rest);
}

double low_end(bool align_corners) { return align_corners ? 0 : -0.5; }

/// Where along a direction of n elements the grid's coordinates lie, in elements.
Tensor places(const Tensor& coordinate, int64_t n, int64_t padding_mode, bool align_corners) {
  const double size = double(n);
  Tensor at =
      align_corners ? (coordinate + 1) * ((size - 1) / 2) : ((coordinate + 1) * size - 1) / 2.0;
  if (padding_mode == kReflection) {
    const double low = low_end(align_corners);
    at = reflect(at, low, size - 1 - low);
  }
  if (padding_mode == kBorder || padding_mode == kReflection) {
    // No gradient on the border either: there all that is beyond it is the same.
    Tensor is_inside = logical_and(gt(at, 0), lt(at, size - 1));
    at = where(is_inside, at, at.detach().clamp(0, size - 1));
  }
  return at;
}

struct Direction {
  int64_t size;
  Tensor first, share;  ///< the element before a point, and how far beyond it the point lies
};

/// Along x and y, four elements each; beyond the border stands what `padding_mode` says.
Tensor bicubic(const Tensor& input, const Tensor& grid, int64_t padding_mode, bool align_corners) {
  struct Tap {
    Tensor index, is_inside, share;
  };
  const int64_t n = input.size(0), c = input.size(1);
  std::array<std::array<Tap, 4>, 2> taps;  // of x, of y
  for (int64_t d = 0; d < 2; ++d) {
    const int64_t size = input.size(-1 - d);
    // Cubics go on beyond the border: not the point is brought inside, but the elements are.
    Tensor at = places(grid.select(-1, d), size, 0, align_corners).reshape({n, -1});
    Tensor first = at.detach().floor();
    const std::array<Tensor, 4> shares = cubic_shares(at - first);
    NoGradGuard no_grad;
    for (int64_t i = 0; i < 4; ++i) {
      Tensor element = first + (i - 1);
      if (padding_mode == kReflection) {
        const double low = low_end(align_corners);
        element = reflect(element, low, double(size - 1) - low);
      }
      Tensor place = element.clamp(0, size - 1);
      Tensor is_inside = padding_mode == 0 ? eq(place, element) : ones_like(place, kBool);
      // Clamped once more as a number: what is no number has become any.
      taps[size_t(d)][size_t(i)] = {place.to(kLong).clamp(0, size - 1), is_inside,
                                    shares[size_t(i)]};
    }
  }
  const Tensor flat = input.flatten(2), nothing = zeros({}, input.options());
  Tensor sum;
  for (const Tap& y : taps[1]) {
    Tensor line;
    for (const Tap& x : taps[0]) {
      Tensor index = (y.index * input.size(-1) + x.index).unsqueeze(1);
      Tensor value = flat.gather(2, index.expand({n, c, index.size(2)}));
      Tensor is_inside = logical_and(x.is_inside, y.is_inside).unsqueeze(1);
      Tensor part = where(is_inside, value, nothing) * x.share.unsqueeze(1);
      line = line.defined() ? line + part : part;
    }
    Tensor part = line * y.share.unsqueeze(1);
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

/// One or two elements along each direction.
Tensor by_corners(const Tensor& input, const Tensor& grid, int64_t interpolation_mode,
                  int64_t padding_mode, bool align_corners) {
  const int64_t dims = input.dim() - 2, n = input.size(0), c = input.size(1);
  std::vector<Direction> directions;
  for (int64_t d = 0; d < dims; ++d) {  // x, the last of input's, is the first of the grid's
    const int64_t size = input.size(-1 - d);
    Tensor at = places(grid.select(-1, d), size, padding_mode, align_corners).reshape({n, -1});
    Tensor first = interpolation_mode == kNearest ? at.detach().round() : at.detach().floor();
    directions.push_back({size, first, at - first});
  }
  const Tensor flat = input.flatten(2);
  const bool is_nearest = interpolation_mode == kNearest;
  Tensor sum;
  for (int corner = 0; corner < (is_nearest ? 1 : 1 << dims); ++corner) {
    Tensor weight, index, is_inside;
    int64_t step = 1;
    for (int64_t d = 0; d < dims; ++d) {
      const Direction& along = directions[size_t(d)];
      const bool is_next = (corner >> d) & 1;
      if (!is_nearest) {
        Tensor part = is_next ? along.share : 1 - along.share;
        weight = d == 0 ? part : weight * part;
      }
      NoGradGuard no_grad;
      Tensor element = is_next ? along.first + 1 : along.first;
      Tensor exists = logical_and(ge(element, 0), lt(element, along.size));
      // Clamped once more as a number: what is no number has become any.
      Tensor place = element.clamp(0, along.size - 1).to(kLong).clamp(0, along.size - 1) * step;
      is_inside = d == 0 ? exists : logical_and(is_inside, exists);
      index = d == 0 ? place : index + place;
      step *= along.size;
    }
    Tensor value = flat.gather(2, index.unsqueeze(1).expand({n, c, index.size(1)}));
    Tensor shown = where(is_inside.unsqueeze(1), is_nearest ? value : value * weight.unsqueeze(1),
                         zeros({}, input.options()));
    sum = corner == 0 ? shown : sum + shown;
  }
  return sum;
}

}  // namespace

Tensor grid_sampler(const Tensor& input, const Tensor& grid, int64_t interpolation_mode,
                    int64_t padding_mode, bool align_corners) {
  check_grid(input, grid);
  ADJOINT_CHECK(interpolation_mode >= kBilinear && interpolation_mode <= kBicubic,
                "grid_sampler(): expected an interpolation_mode of 0 (bilinear), 1 (nearest) or 2 "
                "(bicubic), got ",
                interpolation_mode);
  ADJOINT_CHECK(padding_mode >= 0 && padding_mode <= kReflection,
                "grid_sampler(): expected a padding_mode of 0 (zeros), 1 (border) or 2 "
                "(reflection), got ",
                padding_mode);
  ADJOINT_CHECK(input.dim() == 4 || interpolation_mode != kBicubic,
                "grid_sampler(): bicubic interpolation only supports 4D input");
  Tensor sum = interpolation_mode == kBicubic
                   ? bicubic(input, grid, padding_mode, align_corners)
                   : by_corners(input, grid, interpolation_mode, padding_mode, align_corners);
  DimVector sizes{input.size(0), input.size(1)};
  for (int64_t d = 1; d <= input.dim() - 2; ++d) sizes.push_back(grid.size(d));
  const char* name = input.dim() == 4 ? "GridSampler2DBackward0" : "GridSampler3DBackward0";
  return interpolation_mode == kNearest ? under_name(name, sum.reshape(sizes), grid)
                                        : under_name(name, sum.reshape(sizes));
}

Tensor affine_grid_generator(const Tensor& theta, IntArrayRef size, bool align_corners) {
  ADJOINT_CHECK(isFloatingType(theta.dtype()),
                "Expected theta to have floating point type, but got ", theta.dtype());
  ADJOINT_CHECK(size.size() == 4 || size.size() == 5,
                "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
                "respectively. Got size ",
                size);
  const int64_t dims = int64_t(size.size()) - 2;
  ADJOINT_CHECK(theta.dim() == 3 && theta.size(1) == dims && theta.size(2) == dims + 1,
                "Expected a batch of ", dims, "D affine matrices of shape Nx", dims, "x", dims + 1,
                " for size ", size, ". Got ", theta.sizes(), ".");
  ADJOINT_CHECK(theta.size(0) == size[0],
                "affine_grid: expected as many matrices as size[0] = ", size[0], ", got ",
                theta.size(0));
  for (int64_t s : size) {
    ADJOINT_CHECK(s > 0, "Expected non-zero, positive output size. Got ", size);
  }
  Tensor points;
  {
    NoGradGuard no_grad;
    DimVector shape = size.slice(2, size_t(dims));
    std::vector<Tensor> coordinates;  // x, y (, z), 1
    for (int64_t d = dims - 1; d >= 0; --d) {
      const int64_t n = shape[size_t(d)];
      Tensor along = n == 1 ? zeros({1}, theta.options()) : linspace(-1, 1, n, theta.options());
      if (!align_corners) along = along * (double(n - 1) / double(n));
      DimVector column(size_t(dims), 1);
      column[size_t(d)] = n;
      coordinates.push_back(along.reshape(column).expand(shape).reshape({-1}));
    }
    coordinates.push_back(ones_like(coordinates[0]));
    points = stack(coordinates, 1).unsqueeze(0);
  }
  DimVector sizes{size[0]};
  for (int64_t d = 0; d < dims; ++d) sizes.push_back(size[size_t(d) + 2]);
  sizes.push_back(dims);
  return under_name("AffineGridGeneratorBackward0",
                    points.matmul(theta.transpose(1, 2)).reshape(sizes));
}

}  // namespace adjoint
