// SPDX-License-Identifier: MIT
// Gradients: leaves, nodes, hooks, functions of one's own, higher orders, errors.
#include "show.h"

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;
using torch::autograd::variable_list;

namespace {

Tensor leaf(double first, double second) {
  return torch::tensor({first, second}, torch::requires_grad());
}

void basics() {
  Tensor x = torch::ones({2, 2}, torch::requires_grad());
  Tensor y = x + 2;
  Tensor z = y * y * 3;
  Tensor out = z.mean();
  show_node("x", x);
  show_node("y", y);
  show_node("z", z);
  show_node("out", out);
  out.backward();
  show("gradient", x.grad());
  show("leaf", x.is_leaf());
  show("leaf of y", y.is_leaf());
  x.grad().zero_();
  (x * x).sum().backward();
  (x * x).sum().backward();
  show("accumulated", x.grad());
  Tensor w = leaf(1, 2);
  (w * torch::tensor({3.0, 4.0})).backward(torch::tensor({1.0, 10.0}));
  show("weighted", w.grad());
  x.mutable_grad().reset();
  show("grad defined", x.grad().defined());
  show("detached", y.detach().requires_grad());
  {
    torch::NoGradGuard no_grad;
    show("recorded in no-grad", (x * 2).requires_grad());
    torch::AutoGradMode enabled(true);
    show("recorded in grad mode", (x * 2).requires_grad());
    show("grad mode", torch::GradMode::is_enabled());
  }
  {
    c10::InferenceMode guard;
    show("inference tensor", torch::ones({2}).is_inference());
  }
}

void nodes() {
  Tensor x = torch::tensor({{1.0, 2.0}, {3.0, 4.0}}, torch::requires_grad());
  Tensor w = torch::tensor({{1.0, 0.5}, {0.25, 2.0}}, torch::requires_grad());
  show_node("leaf", x);
  auto node = (x * w).sum().grad_fn();
  std::cout << "walk:";
  while (node->num_outputs() > 0) {  // a leaf's has none
    std::cout << " " << without_scope(node->name());
    node = node->next_edge(0).function;
  }
  std::cout << "\n";
}

void in_place() {
  Tensor x = leaf(1, 2);
  Tensor y = x.clone();
  y[0] = 5;
  y.mul_(3);
  show_node("in place", y);
  y.sum().backward();
  show("through in place", x.grad());
  Tensor a = leaf(2, 3), base = torch::zeros({2, 2});
  base[1].copy_(a);
  show_node("base", base);
  (base * base).sum().backward();
  show("through a view", a.grad());
  Tensor s = leaf(1, 2);
  Tensor e = s.exp();
  e.add_(1);
  show_error(
      "changed", [&] { e.sum().backward(); },
      "one of the variables needed for gradient computation has been modified by an "
      "inplace operation");
  show_error(
      "leaf in place", [&] { s.add_(1); },
      "a leaf Variable that requires grad is being used in an in-place operation.");
  show_error(
      "view of a leaf", [&] { s[0].zero_(); },
      "a view of a leaf Variable that requires grad is being used in an in-place operation.");
  {
    torch::NoGradGuard no_grad;
    s.sub_(0.5);
  }
  show("changed without grad", s);
}

void gradients() {
  Tensor x = leaf(1, 2), y = leaf(3, 4);
  variable_list both = torch::autograd::grad({(x * x * y).sum()}, {x, y});
  show("by x", both[0]);
  show("by y", both[1]);
  show("leaves untouched", x.grad().defined());
  variable_list unused = torch::autograd::grad({x.sum()}, {x, y}, {}, torch::nullopt, false, true);
  show("unused", unused[1]);
  torch::autograd::backward({(x * 2).sum(), (x * 3).sum()}, {});
  show("of two losses", x.grad());
  Tensor z = leaf(2, 3);
  Tensor cube = z.pow(3).sum();
  Tensor first = torch::autograd::grad({cube}, {z}, {}, true, true)[0];
  Tensor second = torch::autograd::grad({first.sum()}, {z}, {}, true, true)[0];
  Tensor third = torch::autograd::grad({second.sum()}, {z})[0];
  show("first", first);
  show("second", second);
  show("third", third);
  Tensor p = leaf(1, 2);
  Tensor penalty =
      (torch::autograd::grad({(p.tanh() * p).sum()}, {p}, {}, true, true)[0].norm() - 1).pow(2);
  penalty.backward();
  show("penalty", p.grad());
  Tensor q = leaf(1, 2);
  Tensor middle = q * 2;
  middle.retain_grad();
  (middle * middle).sum().backward();
  show("retained", middle.grad());
}

void hooks() {
  Tensor x = leaf(1, 2);
  Tensor y = x * 2;
  std::vector<std::string> order;
  y.register_hook([&](Tensor grad) { order.push_back("first of y"); });
  unsigned second = y.register_hook([&](Tensor grad) {
    order.push_back("second of y");
    return grad * 10;
  });
  x.register_hook([&](const Tensor& grad) {
    order.push_back("x");
    return grad + 1;
  });
  y.sum().backward({}, /*retain_graph=*/true);
  show("hooked", x.grad());
  y.remove_hook(second);
  x.mutable_grad().reset();
  y.sum().backward();
  show("hook removed", x.grad());
  for (const std::string& name : order) std::cout << name << "; ";
  std::cout << "\n";
}

struct Line : torch::autograd::Function<Line> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor w, double bias) {
    ctx->save_for_backward({x, w});
    ctx->saved_data["bias"] = bias;
    return x * w + bias;
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    double bias = ctx->saved_data["bias"].toDouble();
    return {grads[0] * saved[1] * bias, grads[0] * saved[0], Tensor()};
  }
};

struct Twins : torch::autograd::Function<Twins> {
  static variable_list forward(AutogradContext* ctx, const Tensor& x) {
    Tensor positive = (x > 0).to(torch::kFloat);
    ctx->mark_non_differentiable({positive});
    return {x * 2, positive};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    show("gradient of the mark", grads[1]);
    return {grads[0] * 2};
  }
};

struct Doubled : torch::autograd::Function<Doubled> {
  static Tensor forward(AutogradContext* ctx, Tensor x) {
    x.mul_(2);
    ctx->mark_dirty({x});
    return x;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {grads[0] * 2};
  }
};

void functions() {
  Tensor x = leaf(1, 2), w = leaf(3, 4);
  Tensor y = Line::apply(x, w, 0.5);
  show("line", y);
  y.sum().backward();
  show("line by x", x.grad());
  show("line by w", w.grad());
  auto twins = Twins::apply(x);
  show("mark requires grad", twins[1].requires_grad());
  twins[0].sum().backward();
  Tensor z = leaf(1, 2).clone();
  Tensor d = Doubled::apply(z);
  show("same tensor", d.is_same(z));
  show("doubled", z);
  Tensor p = leaf(2, 3);
  Tensor once = torch::autograd::grad({Line::apply(p, p, 1.0).sum()}, {p}, {}, true, true)[0];
  once.sum().backward();
  show("twice through a function", p.grad());
}

void errors() {
  Tensor x = leaf(1, 2);
  show_error(
      "no scalar", [&] { (x * 2).backward(); },
      "grad can be implicitly created only for scalar outputs");
  show_error(
      "no graph", [] { torch::ones({1}).backward(); },
      "does not require grad and does not have a grad_fn");
  Tensor y = (x * x).sum();
  y.backward();
  show_error(
      "twice", [&] { y.backward(); }, "Trying to backward through the graph a second time");
  show_error(
      "unused", [&] { torch::autograd::grad({(x * 2).sum()}, {leaf(1, 2)}); },
      "appears to not have been used in the graph. Set allow_unused=True if this is the "
      "desired behavior.");
  show_error(
      "integers", [] { torch::ones({2}, torch::kLong).requires_grad_(true); },
      "can require gradients");
  show_error(
      "no leaf", [&] { (x * 2).requires_grad_(false); },
      "you can only change requires_grad flags of leaf variables.");
}

}  // namespace

int main() {
  basics();
  nodes();
  in_place();
  gradients();
  hooks();
  functions();
  errors();
}
