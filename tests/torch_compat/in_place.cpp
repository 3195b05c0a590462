// SPDX-License-Identifier: MIT
// Comparisons, truth values and bits in place; and what does not fit in place.
#include "show.h"

using torch::Tensor;

namespace {

void compared() {
  Tensor a = torch::tensor({1.f, 2.f, 3.f}, torch::requires_grad());
  Tensor b = torch::tensor({1.f, 3.f, 2.f}, torch::requires_grad());
  auto both = [&](const std::string& name, auto with_tensor, auto with_number) {
    Tensor x = a * 2;
    with_tensor(x);
    show(name, x);
    show_node(name + ", node", x);
    auto grads = torch::autograd::grad({x.sum()}, {a, b});
    show(name + ", gradient", grads[0]);
    show(name + ", gradient of the other", grads[1]);
    Tensor y = a * 2;
    with_number(y);
    show(name + " a number", y);
    show_node(name + " a number, node", y);
    show(name + " a number, gradient", torch::autograd::grad({y.sum()}, {a})[0]);
  };
  both(
      "eq_", [&](Tensor& x) { x.eq_(b); }, [](Tensor& x) { x.eq_(4); });
  both(
      "ne_", [&](Tensor& x) { x.ne_(b); }, [](Tensor& x) { x.ne_(4); });
  both(
      "lt_", [&](Tensor& x) { x.lt_(b); }, [](Tensor& x) { x.lt_(4); });
  both(
      "le_", [&](Tensor& x) { x.le_(b); }, [](Tensor& x) { x.le_(4); });
  both(
      "gt_", [&](Tensor& x) { x.gt_(b); }, [](Tensor& x) { x.gt_(4); });
  both(
      "ge_", [&](Tensor& x) { x.ge_(b); }, [](Tensor& x) { x.ge_(4); });
  both(
      "not_equal_", [&](Tensor& x) { x.not_equal_(b); }, [](Tensor& x) { x.not_equal_(4); });
  both(
      "less_", [&](Tensor& x) { x.less_(b); }, [](Tensor& x) { x.less_(4); });
  both(
      "less_equal_", [&](Tensor& x) { x.less_equal_(b); }, [](Tensor& x) { x.less_equal_(4); });
  both(
      "greater_", [&](Tensor& x) { x.greater_(b); }, [](Tensor& x) { x.greater_(4); });
  both(
      "greater_equal_", [&](Tensor& x) { x.greater_equal_(b); },
      [](Tensor& x) { x.greater_equal_(4); });

  Tensor plain = torch::zeros({3});
  plain.lt_(b);
  show_node("of what needs no gradient", plain);
  show("of what needs no gradient", torch::autograd::grad({plain.sum()}, {b})[0]);
  Tensor whole = torch::arange(3);
  show("integers", whole.ge_(1));
  Tensor base = a * 2;
  Tensor part = base.slice(0, 0, 2);
  part.gt_(3);
  show("a view", base);
  show_node("a view, base", base);
  show("a view, gradient", torch::autograd::grad({(base * b).sum()}, {a})[0]);
  show_error(
      "a leaf", [&] { a.eq_(1); }, "a leaf Variable that requires grad");
}

void truths_and_bits() {
  Tensor a = torch::tensor({1.f, 0.f, 3.f}, torch::requires_grad());
  Tensor x = a * 2;
  x.logical_and_(a);
  show_node("logical_and_, node", x);
  show("logical_and_", x);
  show("logical_and_, gradient", torch::autograd::grad({x.sum()}, {a})[0]);
  a.logical_not_();
  show("logical_not_ of a leaf", a);
  a.logical_or_(x);
  a.logical_xor_(torch::ones({3}));
  show("logical_or_ and logical_xor_ of a leaf", a);
  Tensor bits = torch::tensor({6, 5, 3});
  show("bitwise_and_", bits.clone().bitwise_and_(4));
  show("bitwise_or_", bits.clone().bitwise_or_(torch::tensor({1, 2, 4})));
  show("bitwise_xor_", bits.clone().bitwise_xor_(bits));
  show("bitwise_not_", bits.clone().bitwise_not_());
  bits &= torch::tensor(6);
  show("&=", bits);
  bits |= torch::tensor({8, 0, 8});
  show("|=", bits);
  bits ^= bits.clone();
  show("^=", bits);
}

void filled() {
  Tensor value = torch::tensor(2.5f, torch::requires_grad()), x = torch::ones({2, 2});
  x.fill_(value);
  show_node("fill_", x);
  show("fill_", x);
  show("fill_, gradient", torch::autograd::grad({x.sum()}, {value})[0]);
  show_error(
      "fill_ with a line", [&] { x.fill_(torch::ones({1})); },
      "fill_ only supports 0-dimension value tensor but got tensor with 1 dimensions");
}

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
      "eq_", [&] { of_three().eq_(wide); }, output);
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

int main() {
  compared();
  truths_and_bits();
  filled();
  wrong_shapes();
}
