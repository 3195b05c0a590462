// SPDX-License-Identifier: MIT
// Images at the points of a grid: every mode, with the gradient of the grid.
#include "show.h"

using torch::Tensor;

namespace {

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

}  // namespace

int main() { grids(); }
