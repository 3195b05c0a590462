// SPDX-License-Identifier: MIT
// Gradients of bounded norm and of bounded values.
#include "core/nn/clip_grad.h"

#include <algorithm>
#include <cmath>

#include "adjoint/autograd.h"
#include "adjoint/nn/utils.h"
#include "core/autograd/flat_parameters.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constinit GradNormOp grad_norm_op{"grad_norm", {.differentiable = false}};
constinit ClipToNormOp clip_to_norm_op{"clip_to_norm", {.differentiable = false}};

struct Clipped;
using Gradients = ReusedVector<Tensor, Clipped>;

/// Whether the kernels take them.
bool are_alike(const std::vector<Tensor>& grads) {
  const Tensor& first = grads[0];
  return std::all_of(grads.begin(), grads.end(), [&](const Tensor& g) {
    return g.dtype() == first.dtype() && g.device() == first.device() && g.is_contiguous() &&
           isFloatingType(g.dtype());
  });
}

void check_finite(const Tensor& total, double norm_type) {
  ADJOINT_CHECK(std::isfinite(total.item<double>()), "The total norm of order ", norm_type,
                " for gradients from `parameters` is non-finite, so it cannot be clipped. To "
                "disable this error and scale the gradients with the non-finite norm anyway, set "
                "`error_if_nonfinite=false`");
}

/// By operations on each: of several devices or dtypes, or of another norm.
Tensor clip_each(const std::vector<Tensor>& grads, double max_norm, double norm_type,
                 bool error_if_nonfinite) {
  std::vector<Tensor> norms;
  for (const Tensor& g : grads) norms.push_back(g.norm(norm_type).to(grads[0].device()));
  Tensor total = stack(norms).norm(norm_type);
  if (error_if_nonfinite) check_finite(total, norm_type);
  const Tensor factor = (max_norm / (total + 1e-6)).clamp_max(1);
  for (const Tensor& g : grads) g.mul_(factor.to(g.device()));
  return total;
}

}  // namespace

void register_clip_grad_ops(OpRegistry& registry) {
  registry.add(grad_norm_op);
  registry.add(clip_to_norm_op);
}

namespace nn {

Tensor utils::clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                              double norm_type, bool error_if_nonfinite) {
  NoGradGuard no_grad;
  Gradients grads;
  for (const Tensor& p : parameters) {
    if (p.grad().defined() && p.grad().numel() != 0) grads->push_back(p.grad());
  }
  if (grads->empty()) return zeros({});
  const bool known = norm_type == 1 || norm_type == 2 || norm_type == INFINITY;
  if (!known || !are_alike(*grads)) {
    return clip_each(*grads, max_norm, norm_type, error_if_nonfinite);
  }
  const Tensor& first = (*grads)[0];
  const Stream stream = stream_for(first);
  const Tensor total = make_output({}, first.dtype(), stream);
  const GradNorm norm = norm_type == 1   ? GradNorm::Sum
                        : norm_type == 2 ? GradNorm::Euclidean
                                         : GradNorm::Largest;
  grad_norm_op(stream, total, *grads, norm);
  if (error_if_nonfinite) check_finite(total, norm_type);
  adjoint::detail::GradientRuns runs(parameters);
  clip_to_norm_op(stream, runs.all(), total, max_norm);
  for (const Tensor& g : *grads) g.impl()->bump_version();
  return total;
}

void utils::clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value) {
  ADJOINT_CHECK_VALUE(clip_value >= 0, "clip_grad_value_: expected a clip_value >= 0, got ",
                      clip_value);
  NoGradGuard no_grad;
  adjoint::detail::GradientRuns gradients(parameters);
  for (const Tensor& g : gradients.all()) g.clamp_(-clip_value, clip_value);
}

}  // namespace nn
}  // namespace adjoint
