// SPDX-License-Identifier: MIT
// What does not fit in place.
#include "show.h"

using torch::Tensor;

namespace {

void wrong_shapes() {
  const Tensor m = torch::ones({2, 4}), n = torch::ones({4, 3});
  const Tensor many = torch::ones({6, 2, 4}), more = torch::ones({6, 4, 3});
  const std::string output = "output with shape [3] doesn't match the broadcast shape [2, 3]";
  show_error(
      "addmm_",
      [&] {
        torch::ones({1, 3}).addmm_(m, n);
      },
      "Bad in-place call: input tensor size [1, 3] and output tensor size [2, 3] should "
      "match");
  show_error(
      "addmv_", [&] { torch::ones({1}).addmv_(m, torch::ones({4})); },
      "Bad in-place call: input tensor size [1] and output tensor size [2] should match");
  show_error(
      "baddbmm_",
      [&] {
        torch::ones({1, 2, 3}).baddbmm_(many, more);
      },
      "Bad in-place call: input tensor size [1, 2, 3] and output tensor size [6, 2, 3] "
      "should match");
  show_error(
      "addr_",
      [&] {
        torch::ones({1, 3}).addr_(torch::ones({2}), torch::ones({3}));
      },
      "size mismatch, input: [1, 3], v1: [2], v2: [3]");
  const Tensor wide = torch::ones({2, 3});
  auto of_three = [] { return torch::ones({3}); };
  show_error(
      "add_", [&] { of_three().add_(wide); }, output);
  show_error(
      "sub_", [&] { of_three().sub_(wide); }, output);
  show_error(
      "mul_", [&] { of_three().mul_(wide); }, output);
  show_error(
      "div_", [&] { of_three().div_(wide); }, output);
  show_error(
      "pow_", [&] { of_three().pow_(wide); }, output);
  show_error(
      "logical_and_", [&] { of_three().logical_and_(wide); }, output);
  show_error(
      "atan2_", [&] { of_three().atan2_(wide); }, output);
  show_error(
      "hypot_", [&] { of_three().hypot_(wide); }, output);
  show_error(
      "xlogy_", [&] { of_three().xlogy_(wide); }, output);
  show_error(
      "fmod_", [&] { of_three().fmod_(wide); }, output);
  show_error(
      "remainder_", [&] { of_three().remainder_(wide); }, output);
  show_error(
      "addcmul_", [&] { of_three().addcmul_(wide, wide); }, output);
  show_error(
      "addcdiv_", [&] { of_three().addcdiv_(wide, wide); }, output);
  show_error(
      "lerp_", [&] { of_three().lerp_(wide, 0.5); }, output);
  show_error(
      "copy_", [&] { of_three().copy_(wide); }, output);
}

}  // namespace

int main() { wrong_shapes(); }
