// SPDX-License-Identifier: MIT
#include "adjoint/optim/lbfgs.h"

#include <algorithm>
#include <cmath>

#include "core/autograd/record.h"
#include "core/capture/recorder.h"
#include "core/optim/line_search.h"
#include "core/util/denormals.h"

namespace adjoint::optim {
namespace {

/// Throws where a step cannot be: before the first parameter is changed.
void check_update(const Tensor& param, const Tensor& grad) {
  ADJOINT_CHECK(grad.sizes() == param.sizes(), "optimizer: expected a gradient of shape ",
                param.sizes(), ", got ", grad.sizes());
  check_inplace(param, false);
}

const LBFGSOptions& checked(const LBFGSOptions& o) {
  ADJOINT_CHECK_VALUE(o.lr() >= 0, "Invalid learning rate: ", o.lr());
  ADJOINT_CHECK_VALUE(o.history_size() > 0, "Invalid history_size value: ", o.history_size());
  ADJOINT_CHECK_VALUE(!o.line_search_fn() || *o.line_search_fn() == "strong_wolfe",
                      "only 'strong_wolfe' is supported, got '", o.line_search_fn().value_or(""),
                      "'");
  return o;
}

double largest(const Tensor& t) { return t.abs().max().item<double>(); }
double product_of(const Tensor& a, const Tensor& b) { return a.dot(b).item<double>(); }

}  // namespace

LBFGS::LBFGS(std::vector<OptimizerParamGroup> groups, LBFGSOptions defaults)
    : Optimizer(std::move(groups), checked(defaults).clone()) {
  ADJOINT_CHECK_VALUE(param_groups().size() == 1,
                      "LBFGS doesn't support per-parameter options (parameter groups)");
  checked(static_cast<LBFGSOptions&>(param_groups()[0].options()));
}
LBFGS::LBFGS(std::vector<Tensor> params, LBFGSOptions defaults)
    : LBFGS({OptimizerParamGroup(std::move(params))}, defaults) {}

void LBFGS::step() { ADJOINT_CHECK(false, "LBFGS optimizer requires a closure function"); }

Tensor LBFGS::flat_grad() const {
  std::vector<Tensor> parts;
  for (const Tensor& param : param_groups()[0].params()) {
    const Tensor& grad = param.grad();
    if (grad.defined()) check_update(param, grad);
    parts.push_back(grad.defined() ? grad.detach().reshape(-1)
                                   : zeros({param.numel()}, param.options()));
  }
  return cat(parts);
}

void LBFGS::move(double distance, const Tensor& direction) const {
  FlushDenormalGuard flush_denormals;
  int64_t at = 0;
  for (const Tensor& param : param_groups()[0].params()) {
    param.add_(direction.narrow(0, at, param.numel()).reshape(param.sizes()), distance);
    at += param.numel();
  }
}

/// The gradient, by the picture of the inverse curvature: two walks over the history.
Tensor LBFGS::descent_direction(const Tensor& gradient, int64_t history_size) {
  FlushDenormalGuard flush_denormals;
  History& h = history_;
  if (h.n_iter == 1) {
    h.old_dirs.clear();
    h.old_stps.clear();
    h.ro.clear();
    h.h_diag = 1;
    return -gradient;
  }
  Tensor y = gradient - h.prev_flat_grad, s = h.d * h.t;
  const double ys = product_of(y, s);
  if (ys > 1e-10) {
    if (int64_t(h.old_dirs.size()) == history_size) {
      h.old_dirs.pop_front();
      h.old_stps.pop_front();
      h.ro.pop_front();
    }
    h.old_dirs.push_back(y);
    h.old_stps.push_back(s);
    h.ro.push_back(1 / ys);
    h.h_diag = ys / product_of(y, y);
  }
  Tensor q = -gradient;
  std::vector<double> share(h.old_dirs.size());
  for (size_t i = h.old_dirs.size(); i-- > 0;) {
    share[i] = product_of(h.old_stps[i], q) * h.ro[i];
    q.add_(h.old_dirs[i], -share[i]);
  }
  q.mul_(h.h_diag);
  for (size_t i = 0; i < h.old_dirs.size(); ++i) {
    q.add_(h.old_stps[i], share[i] - product_of(h.old_dirs[i], q) * h.ro[i]);
  }
  return q;
}

Tensor LBFGS::step_with(LossClosure& closure) {
  refuse_capture("LBFGS::step", "record steps of another optimizer");
  const auto& o = static_cast<const LBFGSOptions&>(param_groups()[0].options());
  const int64_t max_eval = o.max_eval().value_or(o.max_iter() * 5 / 4);
  History& h = history_;
  NoGradGuard no_grad;
  const Tensor first_loss = closure.call();
  double loss = first_loss.item<double>();
  int64_t evaluations = 1;
  ++h.func_evals;
  Tensor gradient = flat_grad();
  if (gradient.numel() == 0 || largest(gradient) <= o.tolerance_grad()) return first_loss;

  struct Line final : LineFunction {
    LBFGS& optimizer;
    LossClosure& closure;
    const Tensor& direction;
    Line(LBFGS& opt, LossClosure& c, const Tensor& d) : optimizer(opt), closure(c), direction(d) {}
    LinePoint at(double t) override {
      std::vector<Tensor> start;
      const std::vector<Tensor>& params = optimizer.param_groups()[0].params();
      for (const Tensor& param : params) start.push_back(param.detach().clone());
      optimizer.move(t, direction);
      LinePoint point{t, closure.call().item<double>(), optimizer.flat_grad(), 0};
      point.slope = product_of(point.gradient, direction);
      for (size_t i = 0; i < start.size(); ++i) params[i].copy_(start[i]);
      return point;
    }
  };

  for (int64_t iteration = 1; iteration <= o.max_iter(); ++iteration) {
    ++h.n_iter;
    h.d = descent_direction(gradient, o.history_size());
    h.prev_flat_grad = gradient;
    h.prev_loss = loss;
    // The first step knows nothing of the curvature.
    h.t = h.n_iter == 1 ? std::min(1.0, 1 / gradient.abs().sum().item<double>()) * o.lr() : o.lr();
    const double slope = product_of(gradient, h.d);
    if (slope > -o.tolerance_change()) break;
    int64_t more = 0;
    if (o.line_search_fn()) {
      Line line(*this, closure, h.d);
      const LineSearchResult found =
          strong_wolfe(line, {0, loss, gradient, slope}, h.t, largest(h.d), o.tolerance_change());
      h.t = found.point.t;
      loss = found.point.loss;
      gradient = found.point.gradient;
      more = found.evaluations;
      move(h.t, h.d);
    } else {
      move(h.t, h.d);
      if (iteration != o.max_iter()) {
        loss = closure.call().item<double>();
        gradient = flat_grad();
        more = 1;
      }
    }
    evaluations += more;
    h.func_evals += more;
    if (evaluations >= max_eval || largest(gradient) <= o.tolerance_grad() ||
        largest(h.d) * std::abs(h.t) <= o.tolerance_change() ||
        std::abs(loss - h.prev_loss) < o.tolerance_change()) {
      break;
    }
  }
  return first_loss;
}

OrderedDict<std::string, Tensor> LBFGS::state_dict() const {
  OrderedDict<std::string, Tensor> out;
  const History& h = history_;
  if (h.func_evals == 0) return out;
  auto number = [&](const char* name, double value) {
    out.insert(detail::str("0.", name), full({}, value, device(kCPU).dtype(kDouble)));
  };
  number("func_evals", double(h.func_evals));
  number("n_iter", double(h.n_iter));
  if (h.n_iter == 0) return out;
  number("t", h.t);
  number("prev_loss", h.prev_loss);
  number("H_diag", h.h_diag);
  out.insert("0.d", h.d);
  out.insert("0.prev_flat_grad", h.prev_flat_grad);
  for (size_t i = 0; i < h.old_dirs.size(); ++i) {
    out.insert(detail::str("0.old_dirs.", i), h.old_dirs[i]);
    out.insert(detail::str("0.old_stps.", i), h.old_stps[i]);
    number(detail::str("ro.", i).c_str(), h.ro[i]);
  }
  return out;
}

void LBFGS::load_state_dict(const OrderedDict<std::string, Tensor>& dict) {
  NoGradGuard no_grad;
  History loaded;
  size_t used = 0;
  auto find = [&](const std::string& name) -> const Tensor& {
    const Tensor* t = dict.find("0." + name);
    ADJOINT_CHECK(t, "load_state_dict: expected 0.", name, ", got none");
    ++used;
    return *t;
  };
  const std::vector<Tensor>& params = param_groups()[0].params();
  int64_t elements = 0;
  for (const Tensor& param : params) elements += param.numel();
  auto vector = [&](const std::string& name) {
    const Tensor& t = find(name);
    ADJOINT_CHECK(t.sizes() == IntArrayRef(elements), "load_state_dict: 0.", name,
                  ": expected shape [", elements, "], got ", t.sizes());
    return t.to(params[0].device(), params[0].dtype(), false, true);
  };
  auto number = [&](const std::string& name) { return find(name).item<double>(); };
  if (!dict.is_empty()) {
    loaded.func_evals = int64_t(number("func_evals"));
    loaded.n_iter = int64_t(number("n_iter"));
  }
  if (loaded.n_iter > 0) {
    loaded.t = number("t");
    loaded.prev_loss = number("prev_loss");
    loaded.h_diag = number("H_diag");
    loaded.d = vector("d");
    loaded.prev_flat_grad = vector("prev_flat_grad");
    for (size_t i = 0; dict.contains(detail::str("0.old_dirs.", i)); ++i) {
      loaded.old_dirs.push_back(vector(detail::str("old_dirs.", i)));
      loaded.old_stps.push_back(vector(detail::str("old_stps.", i)));
      loaded.ro.push_back(number(detail::str("ro.", i)));
    }
  }
  ADJOINT_CHECK(used == dict.size(), "load_state_dict: ", dict.size() - used, " of ", dict.size(),
                " entries belong to no parameter of this optimizer");
  history_ = std::move(loaded);
}

}  // namespace adjoint::optim
