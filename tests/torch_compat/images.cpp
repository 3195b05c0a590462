// SPDX-License-Identifier: MIT
// Cubics, the grid's gradient of every mode, and functions with options of layers.
#include "show.h"

using torch::Tensor;
namespace F = torch::nn::functional;

namespace {

void cubics() {
  Tensor x = numbers({1, 2, 3, 4}).requires_grad_();
  auto sized = [&](bool corners) {
    return F::interpolate(x, F::InterpolateFuncOptions()
                                 .size(std::vector<int64_t>{5, 3})
                                 .mode(torch::kBicubic)
                                 .align_corners(corners));
  };
  show("bicubic", sized(false));
  show("bicubic, gradient", torch::autograd::grad({sized(false).pow(2).sum()}, {x})[0]);
  show("bicubic by corners", sized(true));
  show("bicubic by a factor", F::interpolate(x, F::InterpolateFuncOptions()
                                                    .scale_factor(std::vector<double>{1.7, 2})
                                                    .mode(torch::kBicubic)
                                                    .align_corners(false)));
  show("upsample_bicubic2d", torch::upsample_bicubic2d(x, {2, 6}, true));
}

void grids() {
  Tensor x = numbers({1, 2, 3, 4}).requires_grad_();
  Tensor at = (numbers({1, 2, 3, 2}) * 1.5).detach().requires_grad_();
  const char* modes[] = {"lines", "nearest", "cubics"};
  const char* paddings[] = {"zeros", "border", "reflections"};
  for (int64_t mode = 0; mode < 3; ++mode) {
    for (int64_t padding = 0; padding < 3; ++padding) {
      for (bool corners : {false, true}) {
        const std::string name =
            std::string(modes[mode]) + ", " + paddings[padding] + (corners ? ", corners" : "");
        Tensor y = torch::grid_sampler(x, at, mode, padding, corners);
        show(name, y);
        show_node(name, y);
        auto grads = torch::autograd::grad({y.pow(2).sum()}, {x, at});
        show(name + ", gradient", grads[0]);
        show(name + ", gradient of the grid", grads[1]);
      }
    }
  }
  show_node("nearest of a grid alone", torch::grid_sampler(x.detach(), at, 1, 0, false));
}

void unpooled() {
  Tensor x = numbers({1, 2, 6}).requires_grad_();
  auto [lines, in_lines] = F::max_pool1d_with_indices(x, F::MaxPool1dFuncOptions(2));
  Tensor y = F::max_unpool1d(lines, in_lines, F::MaxUnpool1dFuncOptions(2));
  show("max_unpool1d", y);
  show("max_unpool1d, gradient", torch::autograd::grad({y.pow(2).sum()}, {x})[0]);
  auto [planes, in_planes] =
      F::max_pool2d_with_indices(numbers({1, 1, 5, 4}), F::MaxPool2dFuncOptions(2));
  show("max_unpool2d", F::max_unpool2d(planes, in_planes, F::MaxUnpool2dFuncOptions(2)));
  auto options = F::MaxUnpool2dFuncOptions({2, 2}).stride(2).padding(0);
  show("max_unpool2d of a size",
       F::max_unpool2d(planes, in_planes, options.output_size(std::vector<int64_t>{1, 1, 5, 4})));
  show_error(
      "max_unpool2d of a wrong size",
      [&, planes = planes, in_planes = in_planes] {
        F::max_unpool2d(planes, in_planes, options.output_size(std::vector<int64_t>{1, 1, 9, 4}));
      },
      "invalid output_size");
  auto [cubes, in_cubes] =
      F::max_pool3d_with_indices(numbers({1, 1, 2, 2, 4}), F::MaxPool3dFuncOptions(2));
  show("max_unpool3d", F::max_unpool3d(cubes, in_cubes, F::MaxUnpool3dFuncOptions(2)));
}

void convolved() {
  Tensor x = numbers({1, 2, 4, 3}), w = numbers({3, 2, 2, 3});
  show("same padding", F::conv2d(x, w, F::Conv2dFuncOptions().padding(torch::kSame)));
  show("valid padding", F::conv2d(x, w, F::Conv2dFuncOptions().padding(torch::kValid)));
  show("padding of numbers", F::conv2d(x, w, F::Conv2dFuncOptions().padding({1, 2}).stride(2)));
  show("same padding of lines", F::conv1d(numbers({1, 1, 5}), numbers({1, 1, 3}),
                                          F::Conv1dFuncOptions().padding(torch::kSame)));
}

}  // namespace

int main() {
  cubics();
  grids();
  unpooled();
  convolved();
}
