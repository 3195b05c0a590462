// SPDX-License-Identifier: MIT
// The table of operations: each small (16x16), medium (256x256) and large (2048x2048), on operands
// that are contiguous and that are not, forward and backward. `./dev bench --table` runs it.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "row.h"

namespace rows {

/// Makes the operands of one row, alike in both libraries.
struct Operands {
  enum Layout { kContiguous, kTransposed, kSliced, kRow, kColumn };
  int64_t n;
  Layout layout;
  bool recorded;  // float operands are leaves that want a gradient
  std::vector<Tensor> leaves;

  Tensor leaf(Tensor t) {
    t = t.detach();
    if (recorded) leaves.push_back(t.requires_grad_());
    return t;
  }
  /// n x n, or rows x columns, between 0 and 1, in the row's layout.
  Tensor values(int64_t rows, int64_t columns) const {
    switch (layout) {
      case kTransposed:
        return lib::rand({columns, rows}, device).t();
      case kSliced:
        return lib::rand({rows, 2 * columns}, device).slice(1, 0, 2 * columns, 2);
      default:
        return lib::rand({rows, columns}, device);
    }
  }
  Tensor matrix() { return leaf(values(n, n)); }
  Tensor dense(lib::IntArrayRef sizes) { return leaf(lib::rand(sizes, device)); }
  /// The other operand: contiguous, or what is to be broadcast.
  Tensor other() {
    if (layout == kRow) return dense({n});
    return layout == kColumn ? dense({n, 1}) : dense({n, n});
  }
  Tensor mask() const { return lib::rand({n, n}, device) < 0.5; }
  Tensor indices(lib::IntArrayRef sizes, int64_t end) const {
    return lib::randint(0, end, sizes, lib::TensorOptions(lib::kLong).device(device));
  }
};

constexpr const char* kLayoutNames[] = {"contiguous", "transposed", "sliced", "row", "column"};
using Layouts = std::vector<Operands::Layout>;

/// `prepare(operands)` makes the operands and returns what is measured: a call that returns a
/// Tensor.
template <class Prepare>
void table_row(const std::string& name, int64_t n, Operands::Layout layout, bool backward,
               Prepare prepare) {
  add_row(name, [=](benchmark::State& state) {
    lib::manual_seed(0);
    Operands operands{n, layout, backward, {}};
    auto work = prepare(operands);
    if (!backward) {
      lib::NoGradGuard no_grad;
      measure(state, [&] { benchmark::DoNotOptimize(work()); });
      return;
    }
    const Tensor out = work();
    const std::vector<Tensor> gradient{lib::ones_like(out)};
    measure(state, [&] {
      benchmark::DoNotOptimize(lib::autograd::grad({out}, operands.leaves, gradient, true));
    });
  });
}

constexpr bool kBackward = true, kForwardOnly = false;

template <class Prepare>
void table_rows(const std::string& op, bool differentiable, const Layouts& layouts,
                Prepare prepare) {
  constexpr std::pair<const char*, int64_t> kSizes[] = {
      {"small", 16}, {"medium", 256}, {"large", 2048}};
  for (auto [size, n] : kSizes) {
    for (Operands::Layout layout : layouts) {
      const std::string rest = std::string("/") + size + "/" + kLayoutNames[layout];
      table_row("table/" + op + rest, n, layout, false, prepare);
      if (differentiable) table_row("table/" + op + " backward" + rest, n, layout, true, prepare);
    }
  }
}

inline const Layouts kElementwise{Operands::kContiguous, Operands::kTransposed, Operands::kSliced};
inline const Layouts kBroadcast{Operands::kContiguous, Operands::kTransposed, Operands::kSliced,
                                Operands::kRow, Operands::kColumn};
inline const Layouts kTwo{Operands::kContiguous, Operands::kTransposed};
inline const Layouts kOne{Operands::kContiguous};

template <class F>
void unary(const char* op, bool differentiable, const Layouts& layouts, F f) {
  table_rows(op, differentiable, layouts,
             [f](Operands& o) { return [f, a = o.matrix()] { return f(a); }; });
}
template <class F>
void binary(const char* op, bool differentiable, F f) {
  table_rows(op, differentiable, kBroadcast,
             [f](Operands& o) { return [f, a = o.matrix(), b = o.other()] { return f(a, b); }; });
}

inline void register_elementwise() {
  binary("add", kBackward, [](const Tensor& a, const Tensor& b) { return a + b; });
  binary("mul", kBackward, [](const Tensor& a, const Tensor& b) { return a * b; });
  binary("div", kBackward, [](const Tensor& a, const Tensor& b) { return a / b; });
  binary("maximum", kBackward, [](const Tensor& a, const Tensor& b) { return lib::maximum(a, b); });
  binary("lt", kForwardOnly, [](const Tensor& a, const Tensor& b) { return a < b; });
  unary("add number", kForwardOnly, kElementwise, [](const Tensor& a) { return a + 1.5; });
  unary("exp", kBackward, kElementwise, [](const Tensor& a) { return a.exp(); });
  unary("log", kBackward, kElementwise, [](const Tensor& a) { return a.log(); });
  unary("sqrt", kBackward, kElementwise, [](const Tensor& a) { return a.sqrt(); });
  unary("pow", kBackward, kElementwise, [](const Tensor& a) { return a.pow(2); });
  unary("tanh", kBackward, kElementwise, [](const Tensor& a) { return a.tanh(); });
  unary("sigmoid", kBackward, kElementwise, [](const Tensor& a) { return a.sigmoid(); });
  unary("gelu", kBackward, kElementwise, [](const Tensor& a) { return lib::gelu(a); });
  unary("silu", kBackward, kElementwise, [](const Tensor& a) { return lib::silu(a); });
  unary("relu", kBackward, kElementwise, [](const Tensor& a) { return a.relu(); });
  unary("clamp", kBackward, kElementwise, [](const Tensor& a) { return a.clamp(0.25, 0.75); });
  table_rows("where", kBackward, kBroadcast, [](Operands& o) {
    return [m = o.mask(), a = o.matrix(), b = o.other()] { return lib::where(m, a, b); };
  });
  table_rows("masked_fill", kBackward, kElementwise, [](Operands& o) {
    return [m = o.mask(), a = o.matrix()] { return a.masked_fill(m, 0.5); };
  });
  table_rows("copy_", kForwardOnly, kElementwise, [](Operands& o) {
    return [to = o.dense({o.n, o.n}), a = o.matrix()] { return Tensor(to).copy_(a); };
  });
  unary("to double", kForwardOnly, kElementwise,
        [](const Tensor& a) { return a.to(lib::kDouble); });
  unary("to bfloat16", kForwardOnly, kElementwise,
        [](const Tensor& a) { return a.to(lib::kBFloat16); });
}

inline void register_reductions() {
  unary("sum", kBackward, kElementwise, [](const Tensor& a) { return a.sum(); });
  unary("sum of columns", kBackward, kElementwise, [](const Tensor& a) { return a.sum(0); });
  unary("sum of rows", kBackward, kElementwise, [](const Tensor& a) { return a.sum(1); });
  unary("mean of rows", kBackward, kTwo, [](const Tensor& a) { return a.mean(1); });
  unary("var", kBackward, kTwo, [](const Tensor& a) { return a.var(); });
  unary("var of columns", kBackward, kTwo, [](const Tensor& a) { return a.var(0); });
  unary("var of rows", kBackward, kTwo, [](const Tensor& a) { return a.var(1); });
  unary("norm", kBackward, kTwo, [](const Tensor& a) { return a.norm(); });
  unary("max", kBackward, kTwo, [](const Tensor& a) { return a.max(); });
  unary("max of columns", kBackward, kTwo, [](const Tensor& a) { return std::get<0>(a.max(0)); });
  unary("max of rows", kBackward, kTwo, [](const Tensor& a) { return std::get<0>(a.max(1)); });
  unary("argmax of columns", kForwardOnly, kTwo, [](const Tensor& a) { return a.argmax(0); });
  unary("argmax of rows", kForwardOnly, kTwo, [](const Tensor& a) { return a.argmax(1); });
  unary("softmax of columns", kBackward, kTwo, [](const Tensor& a) { return a.softmax(0); });
  unary("softmax of rows", kBackward, kTwo, [](const Tensor& a) { return a.softmax(1); });
  unary("log_softmax of columns", kBackward, kTwo,
        [](const Tensor& a) { return a.log_softmax(0); });
  unary("log_softmax of rows", kBackward, kTwo, [](const Tensor& a) { return a.log_softmax(1); });
  unary("cumsum down columns", kBackward, kTwo, [](const Tensor& a) { return a.cumsum(0); });
  unary("cumsum along rows", kBackward, kTwo, [](const Tensor& a) { return a.cumsum(1); });
  unary("sort", kBackward, kTwo, [](const Tensor& a) { return std::get<0>(a.sort(1)); });
  unary("topk", kBackward, kTwo, [](const Tensor& a) { return std::get<0>(a.topk(5, 1)); });
}

inline void register_normalizations() {
  namespace functional = lib::nn::functional;
  table_rows("cross_entropy", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), y = o.indices({o.n}, o.n)] { return functional::cross_entropy(a, y); };
  });
  table_rows("mse_loss", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), b = o.values(o.n, o.n)] { return functional::mse_loss(a, b); };
  });
  table_rows("layer_norm", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), w = o.dense({o.n}), b = o.dense({o.n}), n = o.n] {
      return lib::layer_norm(a, {n}, w, b);
    };
  });
  table_rows("batch_norm", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), w = o.dense({o.n}), b = o.dense({o.n}),
            mean = lib::zeros({o.n}, device), var = lib::ones({o.n}, device)] {
      return functional::batch_norm(
          a, mean, var, functional::BatchNormFuncOptions().weight(w).bias(b).training(true));
    };
  });
  unary("dropout", kBackward, kTwo, [](const Tensor& a) { return lib::dropout(a, 0.5, true); });
}

inline void register_movements() {
  table_rows("cat of rows", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), b = o.matrix()] { return lib::cat({a, b}, 0); };
  });
  table_rows("cat of columns", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), b = o.matrix()] { return lib::cat({a, b}, 1); };
  });
  table_rows("stack", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), b = o.matrix()] { return lib::stack({a, b}); };
  });
  unary("contiguous", kForwardOnly, {Operands::kTransposed, Operands::kSliced},
        [](const Tensor& a) { return a.contiguous(); });
  table_rows("index_select", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), i = o.indices({o.n}, o.n)] { return a.index_select(0, i); };
  });
  table_rows("index_select of columns", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), i = o.indices({o.n}, o.n)] { return a.index_select(1, i); };
  });
  for (int64_t dim : {0, 1}) {
    const std::string along = dim == 0 ? " down columns" : " along rows";
    table_rows("gather" + along, kBackward, kTwo, [dim](Operands& o) {
      return [dim, a = o.matrix(), i = o.indices({o.n, o.n}, o.n)] { return a.gather(dim, i); };
    });
    table_rows("scatter_add" + along, kBackward, kTwo, [dim](Operands& o) {
      return [dim, a = o.matrix(), b = o.dense({o.n, o.n}), i = o.indices({o.n, o.n}, o.n)] {
        return a.scatter_add(dim, i, b);
      };
    });
  }
  table_rows("embedding", kBackward, kOne, [](Operands& o) {
    return [w = o.dense({o.n, 64}), i = o.indices({4 * o.n}, o.n)] { return lib::embedding(w, i); };
  });
  table_rows("normal_", kForwardOnly, kTwo,
             [](Operands& o) { return [a = o.matrix()] { return Tensor(a).normal_(); }; });
  table_rows("uniform_", kForwardOnly, kTwo,
             [](Operands& o) { return [a = o.matrix()] { return Tensor(a).uniform_(); }; });
}

inline void register_products() {
  table_rows("mm", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), b = o.dense({o.n, o.n})] { return a.mm(b); };
  });
  table_rows("bmm", kBackward, kOne, [](Operands& o) {
    const int64_t side = o.n < 256 ? o.n / 2 : o.n / 8;
    return [a = o.dense({16, side, side}), b = o.dense({16, side, side})] { return a.bmm(b); };
  });
  table_rows("linear", kBackward, kTwo, [](Operands& o) {
    return [a = o.matrix(), w = o.dense({o.n, o.n}), b = o.dense({o.n})] {
      return lib::nn::functional::linear(a, w, b);
    };
  });
  auto images = [](Operands& o, int64_t channels) {
    const int64_t side = o.n == 16 ? 8 : o.n == 256 ? 28 : 56;
    return o.dense({o.n == 16 ? 1 : o.n == 256 ? 8 : 32, channels, side, side});
  };
  table_rows("conv2d", kBackward, kOne, [images](Operands& o) {
    const int64_t channels = o.n == 16 ? 3 : o.n == 256 ? 16 : 32;
    return
        [x = images(o, channels), w = o.dense({2 * channels, channels, 3, 3}),
         b = o.dense({2 * channels})] { return lib::conv2d(x, w, b, /*stride=*/1, /*padding=*/1); };
  });
  table_rows("max_pool2d", kBackward, kOne, [images](Operands& o) {
    return [x = images(o, 16)] { return lib::max_pool2d(x, 2); };
  });
  table_rows("avg_pool2d", kBackward, kOne, [images](Operands& o) {
    return [x = images(o, 16)] { return lib::avg_pool2d(x, 2); };
  });
}

/// A step of the optimizer on four parameters.
template <class Optimizer, class Options>
void optimizer_rows(const char* name, Options options) {
  table_rows(name, kForwardOnly, kOne, [options](Operands& o) {
    std::vector<Tensor> parameters;
    for (int i = 0; i < 4; ++i) {
      Tensor p = lib::rand({o.n / 2, o.n / 2}, device).requires_grad_();
      p.mutable_grad() = lib::rand({o.n / 2, o.n / 2}, device);
      parameters.push_back(p);
    }
    auto optimizer = std::make_shared<Optimizer>(parameters, options);
    return [optimizer] {
      optimizer->step();
      return Tensor();
    };
  });
}

inline void register_table() {
  register_elementwise();
  register_reductions();
  register_normalizations();
  register_movements();
  register_products();
  optimizer_rows<lib::optim::SGD>("SGD", lib::optim::SGDOptions(1e-3).momentum(0.9));
  optimizer_rows<lib::optim::Adam>("Adam", lib::optim::AdamOptions(1e-3));
}

}  // namespace rows
