// SPDX-License-Identifier: MIT
// A tour of automatic differentiation, from a first gradient to gradients of gradients.
//
// It prints each expression as one would write it in Python, and what comes of it.
#include <adjoint/adjoint.h>

#include <iostream>
#include <string>

using namespace adjoint;

// ---- Showing what happens

void section(const std::string& title) {
  static bool first = true;
  std::cout << (first ? "# " : "\n# ") << title << '\n';
  first = false;
}

void show(const std::string& expression, const std::string& text) {
  const bool lines = text.find('\n') != std::string::npos;
  std::cout << expression << (lines ? ":\n" : ": ") << text << '\n';
}
void show(const std::string& expression, const char* text) { show(expression, std::string(text)); }
void show(const std::string& expression, bool value) { show(expression, value ? "True" : "False"); }
void show(const std::string& expression, int value) { show(expression, std::to_string(value)); }
void show(const std::string& expression, const Tensor& tensor) {
  show(expression, tensor.defined() ? tensor.toString() : "None");
}
// A node of the graph is shown by its name.
void show(const std::string& expression, const intrusive_ptr<Node>& grad_fn) {
  show(expression, grad_fn ? grad_fn->name() : "None");
}

// Shows the error that `action` ends in: an adjoint::Error, Python's RuntimeError.
template <class Action>
void fails(const std::string& code, Action action) {
  try {
    action();
    std::cout << code << " -> no error\n";
  } catch (const Error& error) {
    std::cout << code << " -> RuntimeError: " << error.what() << '\n';
  }
}

// ---- The tour

// What is computed from a tensor that requires a gradient is recorded; backward() walks the record.
void a_first_gradient() {
  section("Recording");
  const Tensor x = ones({2, 2}, requires_grad());
  show("x", x);
  show("x.grad_fn", x.grad_fn());
  show("x.is_leaf", x.is_leaf());
  const Tensor y = x + 2;
  show("y = x + 2", y);
  show("y.grad_fn", y.grad_fn());
  show("y.is_leaf", y.is_leaf());
  const Tensor z = y * y * 3;
  const Tensor out = z.mean();
  show("z = y * y * 3", z);
  show("out = z.mean()", out);
  show("z.grad_fn", z.grad_fn());
  show("out.grad_fn", out.grad_fn());

  section("Gradients");
  show("x.grad", x.grad());
  out.backward();
  show("out.backward(); x.grad", x.grad());
}

// Recording can begin at any tensor.
void requiring_a_gradient_later() {
  section("requires_grad_");
  Tensor a = tensor({{0.5, 2.0}, {3.0, -1.0}});
  a = (a * 3) / (a - 1);
  show("a = (a * 3) / (a - 1)", a);
  show("a.requires_grad", a.requires_grad());
  a.requires_grad_(true);
  show("a.requires_grad_(True); a.requires_grad", a.requires_grad());
  show("a", a);
  const Tensor b = (a * a).sum();
  show("b = (a * a).sum()", b);
  show("b.grad_fn", b.grad_fn());
}

// The gradient of a vector needs a vector: backward(v) gives v times the Jacobian.
void vector_jacobian_product() {
  section("Vector-Jacobian product");
  const Tensor x = tensor({0.5, -1.25, 0.75}, requires_grad());
  show("x", x);
  Tensor y = x * 2;
  int doublings = 1;
  while (y.data().norm().item<double>() < 1000) {
    y = y * 2;
    ++doublings;
  }
  show("y doubled while y.data.norm() < 1000", y);
  show("doublings", doublings);
  show("y.data.norm()", y.data().norm());
  const Tensor v = tensor({0.1, 1.0, 0.0001});
  show("v", v);
  y.backward(v);
  show("y.backward(v); x.grad", x.grad());
}

// Guards switch recording off and on for a scope; detach() does so for one tensor.
void not_recording() {
  section("Not recording");
  const Tensor x = tensor({0.5, -1.25, 0.75}, requires_grad());
  show("x.requires_grad", x.requires_grad());
  show("(x ** 2).requires_grad", x.pow(2).requires_grad());
  {
    const NoGradGuard no_grad;
    show("under no_grad: (x ** 2).requires_grad", x.pow(2).requires_grad());
    const AutoGradMode enable_grad(true);
    show("under enable_grad in no_grad: (x ** 2).requires_grad", x.pow(2).requires_grad());
  }
  show("x ** 2", x.pow(2));
  const Tensor y = x.detach();
  show("y = x.detach(); y.requires_grad", y.requires_grad());
  show("x.eq(y)", x.eq(y));
  show("x.eq(y).all()", x.eq(y).all());
  show("y", y);
}

void scalar_function() {
  section("A scalar function");
  const Tensor a = tensor({2.0, 3.0}, requires_grad());
  show("a", a);
  const Tensor b = a + 3;
  const Tensor out = (b * b * 3).mean();
  show("out = mean(3 (a + 3)^2)", out);
  out.backward();
  show("out.backward(); a.grad", a.grad());
}

// Writing into a tensor is recorded, too.
void vector_function_in_place() {
  section("A vector function, assigned in place");
  const Tensor m = tensor({{2.0, 3.0}}, requires_grad());
  const Tensor n = zeros({1, 2});
  show("m", m);
  show("n = torch.zeros(1, 2)", n);
  n.index({0, 0}) = m.index({0, 0}).pow(2);
  show("n[0, 0] = m[0, 0] ** 2; n", n);
  n.index({0, 1}) = m.index({0, 1}).pow(3);
  show("n[0, 1] = m[0, 1] ** 3; n", n);
  show("n.grad_fn", n.grad_fn());
  show("m[0, 0]", m.index({0, 0}));
  show("m[0, 0] ** 2", m.index({0, 0}).pow(2));
  n.backward(m.data(), /*retain_graph=*/true);
  show("n.backward(m.data, retain_graph=True); m.grad", m.grad());
  n.backward(ones_like(n), /*retain_graph=*/true);
  show("n.backward(torch.ones_like(n), retain_graph=True); m.grad", m.grad());
  m.grad().zero_();
  n.backward(ones_like(n));
  show("m.grad.zero_(); n.backward(torch.ones_like(n)); m.grad", m.grad());
}

// A function that knows its own gradient.
struct Line : autograd::Function<Line> {
  static Tensor forward(autograd::AutogradContext* ctx, const Tensor& w, const Tensor& x,
                        const Tensor& b) {
    ctx->save_for_backward({w, x, b});
    return w * x + b;
  }
  static variable_list backward(autograd::AutogradContext* ctx, variable_list grad_outputs) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &w = saved[0], &x = saved[1], &grad = grad_outputs[0];
    return {grad * x, grad * w, grad};
  }
};

void function_of_ones_own() {
  section("A function of one's own");
  const Tensor w = tensor({{1.0, 2.0}, {3.0, 4.0}}, requires_grad());
  const Tensor x = tensor({{0.5, -1.0}, {2.0, 0.25}}, requires_grad());
  const Tensor b = tensor({{10.0, 20.0}, {30.0, 40.0}}, requires_grad());
  const Tensor out = Line::apply(w, x, b);
  show("out = line(w, x, b)", out);
  show("out.grad_fn", out.grad_fn());
  out.backward(ones({2, 2}));
  show("out.backward(torch.ones(2, 2)); w.grad", w.grad());
  show("x.grad", x.grad());
  show("b.grad", b.grad());
}

// Each backward() adds to grad(); what is no leaf keeps its gradient only if told to.
void accumulation() {
  section("Gradients accumulate");
  const Tensor x = tensor({1.0, 2.0, 3.0}, requires_grad());
  for (const char* times : {"1", "2", "3"}) {
    (x * x).sum().backward();
    show(std::string("(x * x).sum().backward(), ") + times + " times; x.grad", x.grad());
  }
  x.grad().zero_();
  show("x.grad.zero_()", x.grad());
  const Tensor y = x * 2;
  y.retain_grad();
  (y * y).sum().backward();
  show("y = x * 2; y.retain_grad(); (y * y).sum().backward(); y.grad", y.grad());
  show("x.grad", x.grad());
}

// autograd::grad returns gradients; with create_graph they are recorded themselves.
void gradients_of_gradients() {
  section("Gradients of gradients");
  const Tensor x = tensor({1.0, 2.0, 3.0}, requires_grad());
  const Tensor g =
      autograd::grad({x.pow(3).sum()}, {x}, {}, std::nullopt, /*create_graph=*/true)[0];
  show("g = autograd.grad((x ** 3).sum(), x, create_graph=True)", g);
  show("autograd.grad(g.sum(), x)", autograd::grad({g.sum()}, {x})[0]);
}

void errors() {
  section("Errors");
  const Tensor x = ones({2, 2}, requires_grad());
  fails("(x + 2).backward()", [&] { (x + 2).backward(); });
  fails("out = (x * x).sum(); out.backward(); out.backward()", [&] {
    const Tensor out = (x * x).sum();
    out.backward();
    out.backward();
  });
  fails("y = x.exp(); y.add_(1); y.sum().backward()", [&] {
    const Tensor y = x.exp();
    y.add_(1);
    y.sum().backward();
  });
  fails("y = x * 1; z = y * y; y.mul_(2); z.sum().backward()", [&] {
    const Tensor y = x * 1;
    const Tensor z = y * y;
    y.mul_(2);
    z.sum().backward();
  });
  fails("w = ones(3, requires_grad); z = (w * w).sum(); under no_grad: w.add_(1); z.backward()",
        [&] {
          const Tensor w = ones({3}, requires_grad());
          const Tensor z = (w * w).sum();
          {
            const NoGradGuard no_grad;
            w.add_(1);
          }
          z.backward();
        });
  fails("w = ones(2, 3, f64, requires_grad); y = w.sigmoid(); y[0, 0] = 5.0; y.sum().backward()",
        [&] {
          const Tensor w = ones({2, 3}, dtype(kFloat64).requires_grad(true));
          const Tensor y = w.sigmoid();
          y.index({0, 0}) = 5.0;
          y.sum().backward();
        });
  fails("x.add_(1)", [&] { x.add_(1); });
  fails("x[0].mul_(2)", [&] { x[0].mul_(2); });
  fails("x[0, 0] = 5.0", [&] { x.index({0, 0}) = 5.0; });
  fails("torch.ones(1).backward()", [&] { ones({1}).backward(); });
  fails("(x * 2).backward(torch.ones(3))", [&] { (x * 2).backward(ones({3})); });
  fails("autograd.grad((x * 2).sum(), torch.ones(1, requires_grad))",
        [&] { autograd::grad({(x * 2).sum()}, {ones({1}, requires_grad())}); });
  fails("torch.ones(2, dtype=torch.int64).requires_grad_()",
        [&] { ones({2}, kInt64).requires_grad_(); });
  fails("(x * 2).requires_grad_(False)", [&] { (x * 2).requires_grad_(false); });
  fails("torch.ones(2).retain_grad()", [&] { ones({2}).retain_grad(); });
}

int main() {
  a_first_gradient();
  requiring_a_gradient_later();
  vector_jacobian_product();
  not_recording();
  scalar_function();
  vector_function_in_place();
  function_of_ones_own();
  accumulation();
  gradients_of_gradients();
  errors();
}
