// SPDX-License-Identifier: MIT
#include "adjoint/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "adjoint/ops.h"
#include "core/tensor/geometry.h"

namespace adjoint::autograd {
namespace {

/// The values of a tensor as doubles, in row-major order.
std::vector<double> values_of(const Tensor& t) {
  NoGradGuard no_grad;
  Tensor host = t.detach().to(kDouble).cpu().contiguous();
  const double* data = host.const_data_ptr<double>();
  return {data, data + host.numel()};
}

Tensor tensor_of(const std::vector<double>& values, const Tensor& like) {
  NoGradGuard no_grad;
  return tensor(values).reshape(like.sizes()).to(like.device(), like.dtype());
}

/// Numbers in [-1, 1] that are the same in every run; splitmix64 (G. Steele, D. Lea, C. Flood,
/// 2014).
class RandomValues {
 public:
  double next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return double((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1;
  }
  Tensor like(const Tensor& t) {
    std::vector<double> values(size_t(t.numel()));
    for (double& v : values) v = next();
    return tensor_of(values, t);
  }

 private:
  uint64_t state_ = 0;
};

void check_inputs(const variable_list& inputs) {
  bool any = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& t = inputs[i];
    if (!t.requires_grad()) continue;
    any = true;
    ADJOINT_CHECK_VALUE(t.dtype() == kDouble, "gradcheck: input ", i,
                        " requires gradient and must be of dtype Double for the differences to "
                        "mean anything, got ",
                        t.dtype());
    ADJOINT_CHECK_VALUE(!may_overlap(t.sizes(), t.strides()), "gradcheck: input ", i,
                        " has elements that share memory (strides ", t.strides(),
                        "): expected a tensor without, such as its contiguous()");
  }
  ADJOINT_CHECK_VALUE(any,
                      "gradcheck expects at least one input tensor to require gradient, but none "
                      "of the ",
                      inputs.size(), " inputs does");
}

/// Leaves with the inputs' values and strides, whose elements can be moved.
class MovableInputs {
 public:
  explicit MovableInputs(const variable_list& inputs) {
    NoGradGuard no_grad;
    for (const Tensor& t : inputs) {
      if (!t.defined() || !t.requires_grad()) {
        leaves_.push_back(t);
        continue;
      }
      Tensor copy = empty_strided(t.sizes(), t.strides(), t.options()).copy_(t.detach());
      leaves_.push_back(copy.requires_grad_());
    }
  }
  const variable_list& leaves() const { return leaves_; }
  void set(size_t input, int64_t element, double value) {
    NoGradGuard no_grad;
    Tensor data = leaves_[input].data();
    int64_t offset = data.storage_offset();
    for (int64_t d = data.dim(); d-- > 0; element /= data.size(d)) {
      offset += element % data.size(d) * data.stride(d);
    }
    data.as_strided({}, {}, offset).fill_(value);
  }

 private:
  variable_list leaves_;
};

bool is_differentiable(const Tensor& t) {
  return t.defined() && isFloatingType(t.dtype()) && t.requires_grad();
}

/// A matrix for one input and one output: [output elements][input elements].
using Jacobian = std::vector<std::vector<double>>;

class Check {
 public:
  Check(detail::TensorFunction& function, const variable_list& inputs,
        const GradcheckOptions& options)
      : function_(function), options_(options), inputs_(inputs), outputs_(call()) {}

  GradcheckResult run() {
    for (size_t i = 0; i < inputs_.leaves().size(); ++i) {
      if (inputs_.leaves()[i].defined() && inputs_.leaves()[i].requires_grad()) check_input(i);
    }
    for (size_t o = 0; o < outputs_.size(); ++o) {
      if (is_differentiable(outputs_[o])) check_repeats(o);
    }
    result_.ok = result_.mismatches.empty() && result_.problems.empty();
    return std::move(result_);
  }

 private:
  variable_list call() {
    enable_grad record;
    return function_.call(inputs_.leaves());
  }

  void check_input(size_t input) {
    std::vector<Jacobian> numeric = differences(input);
    for (size_t o = 0; o < outputs_.size(); ++o) {
      if (numeric[o].empty()) continue;
      bool undefined = false;
      Jacobian analytic = gradients(o, input, undefined);
      size_t before = result_.mismatches.size();
      compare(input, o, analytic, numeric[o]);
      if (undefined && result_.mismatches.size() != before) {
        result_.problems.push_back(adjoint::detail::str("output ", o, " depends on input ", input,
                                                        ", but its gradient is undefined"));
      }
    }
  }

  /// By central differences; empty for outputs that are no numbers.
  std::vector<Jacobian> differences(size_t input) {
    std::vector<double> at = values_of(inputs_.leaves()[input]);
    std::vector<Jacobian> all(outputs_.size());
    for (size_t o = 0; o < outputs_.size(); ++o) {
      if (outputs_[o].defined() && isFloatingType(outputs_[o].dtype())) {
        all[o].assign(size_t(outputs_[o].numel()), std::vector<double>(at.size()));
      }
    }
    for (size_t e = 0; e < at.size(); ++e) {
      auto high = values_at(input, e, at[e] + options_.eps, all);
      auto low = values_at(input, e, at[e] - options_.eps, all);
      inputs_.set(input, int64_t(e), at[e]);
      for (size_t o = 0; o < all.size(); ++o) {
        for (size_t k = 0; k < all[o].size(); ++k) {
          all[o][k][e] = (high[o].at(k) - low[o].at(k)) / (2 * options_.eps);
        }
      }
    }
    return all;
  }

  // Read at once: an output may share memory with the input.
  std::vector<std::vector<double>> values_at(size_t input, size_t element, double value,
                                             const std::vector<Jacobian>& wanted) {
    inputs_.set(input, int64_t(element), value);
    variable_list outputs = call();
    std::vector<std::vector<double>> values(outputs.size());
    for (size_t o = 0; o < wanted.size(); ++o) {
      if (!wanted[o].empty()) values[o] = values_of(outputs.at(o));
    }
    return values;
  }

  Jacobian gradients(size_t output, size_t input, bool& undefined) {
    const Tensor& out = outputs_[output];
    size_t n = size_t(inputs_.leaves()[input].numel());
    Jacobian rows(size_t(out.numel()), std::vector<double>(n));
    undefined = !is_differentiable(out);
    for (size_t k = 0; !undefined && k < rows.size(); ++k) {
      std::vector<double> one(rows.size());
      one[k] = 1;
      Tensor g = backward(out, tensor_of(one, out), {inputs_.leaves()[input]})[0];
      undefined = !g.defined();
      if (!undefined) rows[k] = values_of(g);
    }
    return rows;
  }

  static variable_list backward(const Tensor& output, const Tensor& weight,
                                const variable_list& inputs) {
    return grad({output}, inputs, {weight}, true, false, true);
  }

  void compare(size_t input, size_t output, const Jacobian& analytic, const Jacobian& numeric) {
    for (size_t k = 0; k < numeric.size(); ++k) {
      for (size_t e = 0; e < numeric[k].size(); ++e) {
        ++result_.num_compared;
        double a = analytic[k][e], n = numeric[k][e], difference = std::abs(a - n);
        // Written so that NaN does not fit, but where both are.
        bool fits = difference <= options_.atol + options_.rtol * std::abs(n) || a == n ||
                    (std::isnan(a) && std::isnan(n));
        if (!fits) {
          result_.mismatches.push_back({input, int64_t(e), output, int64_t(k), a, n, difference});
        }
      }
    }
  }

  // Two passes with one weight must agree.
  void check_repeats(size_t output) {
    variable_list wanted;
    for (const Tensor& t : inputs_.leaves()) {
      if (t.defined() && t.requires_grad()) wanted.push_back(t);
    }
    Tensor weight = random_.like(outputs_[output]);
    variable_list first = backward(outputs_[output], weight, wanted);
    variable_list second = backward(outputs_[output], weight, wanted);
    double worst = 0;
    for (size_t i = 0; i < first.size(); ++i) {
      if (!first[i].defined()) continue;
      std::vector<double> a = values_of(first[i]), b = values_of(second[i]);
      for (size_t e = 0; e < a.size(); ++e) {
        if (!(std::isnan(a[e]) && std::isnan(b[e])) && a[e] != b[e])
          worst = std::max(worst, std::abs(a[e] - b[e]));
      }
    }
    if (worst > options_.nondet_tol) {
      result_.problems.push_back(adjoint::detail::str(
          "backward of output ", output, " is not deterministic: two passes differ by ", worst,
          ", expected at most ", options_.nondet_tol));
    }
  }

  detail::TensorFunction& function_;
  const GradcheckOptions& options_;
  MovableInputs inputs_;
  variable_list outputs_;
  RandomValues random_;
  GradcheckResult result_;
};

/// The gradients of another function's outputs, as a function of its inputs and of the gradients
/// that come in.
class GradientFunction final : public detail::TensorFunction {
 public:
  GradientFunction(detail::TensorFunction& function, size_t num_inputs)
      : function_(function), num_inputs_(num_inputs) {}

  variable_list call(const variable_list& arguments) override {
    auto split = arguments.begin() + std::ptrdiff_t(num_inputs_);
    variable_list inputs(arguments.begin(), split), weights(split, arguments.end());
    variable_list outputs = function_.call(inputs);
    std::erase_if(outputs, [](const Tensor& t) { return !is_differentiable(t); });
    std::erase_if(inputs, [](const Tensor& t) { return !t.defined() || !t.requires_grad(); });
    variable_list grads = grad(outputs, inputs, weights, true, true, true);
    std::erase_if(grads, [](const Tensor& t) { return !t.defined(); });
    return grads;
  }

 private:
  detail::TensorFunction& function_;
  size_t num_inputs_;
};

std::string row_of(const GradcheckMismatch& m) {
  char line[160];
  std::snprintf(line, sizeof line, "  %5zu %8lld %6zu %8lld %16.8g %16.8g %12.3g\n", m.input,
                static_cast<long long>(m.input_element), m.output,
                static_cast<long long>(m.output_element), m.analytic, m.numeric, m.difference);
  return line;
}

GradcheckResult finish(GradcheckResult result, const GradcheckOptions& options, const char* name) {
  ADJOINT_CHECK(result.ok || !options.raise_exception, name, " failed: ", result.text());
  return result;
}

}  // namespace

namespace detail {

GradcheckResult gradcheck(TensorFunction& function, const variable_list& inputs,
                          const GradcheckOptions& options) {
  check_inputs(inputs);
  return finish(Check(function, inputs, options).run(), options, "gradcheck");
}

GradcheckResult gradgradcheck(TensorFunction& function, const variable_list& inputs,
                              const variable_list& grad_outputs, const GradcheckOptions& options) {
  check_inputs(inputs);
  variable_list arguments = inputs;
  RandomValues random;
  size_t next = 0;
  for (const Tensor& out : function.call(inputs)) {
    if (!is_differentiable(out)) continue;
    ADJOINT_CHECK_VALUE(grad_outputs.empty() || next < grad_outputs.size(),
                        "gradgradcheck: expected a grad_output for each output that requires "
                        "gradient, got ",
                        grad_outputs.size());
    Tensor weight = grad_outputs.empty() ? random.like(out) : grad_outputs[next];
    arguments.push_back(weight.detach().requires_grad_());
    ++next;
  }
  ADJOINT_CHECK_VALUE(next != 0, "gradgradcheck expects an output that requires gradient");
  GradientFunction gradients(function, inputs.size());
  return finish(Check(gradients, arguments, options).run(), options, "gradgradcheck");
}

}  // namespace detail

std::string GradcheckResult::text() const {
  std::string out = adjoint::detail::str(num_compared, " elements of Jacobians compared, ",
                                         mismatches.size(), " do not fit\n");
  for (const std::string& problem : problems) out += problem + "\n";
  if (mismatches.empty()) return out;
  out += "  input  element output  element         analytic          numeric   difference\n";
  constexpr size_t kMaxRows = 20;
  for (size_t i = 0; i < std::min(mismatches.size(), kMaxRows); ++i) out += row_of(mismatches[i]);
  if (mismatches.size() > kMaxRows) {
    out += adjoint::detail::str("  ... and ", mismatches.size() - kMaxRows, " more\n");
  }
  return out;
}

}  // namespace adjoint::autograd
