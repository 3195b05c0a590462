// SPDX-License-Identifier: MIT
// ctc_loss: a sum over alignments, state by state. The states of a target are its labels with a
// blank before, between and behind them; what leads to state s of step t comes from s, s - 1, or,
// past a blank between different labels, s - 2. All in logarithms, of all targets side by side.
#include <algorithm>
#include <limits>

#include "core/ops/composed.h"
#include "core/ops/loss_support.h"

namespace adjoint {
namespace {

/// The logarithm of the probability of what cannot be: finite, so that its gradient is 0, not NaN.
constexpr double kNever = -1e30;

/// [n, longest]: labels, with `blank` behind the shorter targets.
Tensor label_rows(const Tensor& targets, IntArrayRef lengths, int64_t longest, int64_t blank) {
  const int64_t n = int64_t(lengths.size());
  Tensor rows = full({n, longest}, blank, TensorOptions(kLong).device(targets.device()));
  int64_t at = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t length = lengths[size_t(i)];
    if (length == 0) continue;
    Tensor labels = targets.dim() == 1 ? targets.narrow(0, at, length)
                                       : targets.select(0, i).narrow(0, 0, length);
    rows.select(0, i).narrow(0, 0, length).copy_(labels);
    at += length;
  }
  return rows;
}

void check_lengths(const Tensor& log_probs, const Tensor& targets, IntArrayRef input_lengths,
                   IntArrayRef target_lengths, int64_t blank) {
  const int64_t n = log_probs.size(1), classes = log_probs.size(2);
  ADJOINT_CHECK(log_probs.is_floating_point() && isIntegralType(targets.dtype(), false),
                "ctc_loss: expected log_probs of floating point and targets of integers, got ",
                log_probs.dtype(), " and ", targets.dtype());
  ADJOINT_CHECK(blank >= 0 && blank < classes, "blank must be in label range, got ", blank, " of ",
                classes, " labels");
  ADJOINT_CHECK(int64_t(input_lengths.size()) == n,
                "input_lengths must be of size batch_size, got ", input_lengths.size(), " and ", n);
  ADJOINT_CHECK(int64_t(target_lengths.size()) == n,
                "target_lengths must be of size batch_size, got ", target_lengths.size(), " and ",
                n);
  int64_t all = 0;
  for (size_t i = 0; i < size_t(n); ++i) {
    ADJOINT_CHECK(input_lengths[i] >= 0 && input_lengths[i] <= log_probs.size(0),
                  "Expected input_lengths to have value at most ", log_probs.size(0),
                  ", but got value ", input_lengths[i]);
    ADJOINT_CHECK(target_lengths[i] >= 0, "Expected target_lengths to have value at least 0, but ",
                  "got value ", target_lengths[i]);
    ADJOINT_CHECK(targets.dim() == 1 || target_lengths[i] <= targets.size(1),
                  "Expected target_lengths to have value at most ", targets.size(-1),
                  ", but got value ", target_lengths[i]);
    all += target_lengths[i];
  }
  ADJOINT_CHECK(targets.dim() != 1 || targets.size(0) == all, "Expected tensor to have size ", all,
                " at dimension 0, but got size ", targets.size(0), " for targets");
  ADJOINT_CHECK(targets.dim() != 2 || targets.size(0) == n, "Expected targets of ", n,
                " rows, but got ", targets.sizes());
}

/// `alpha` moved on by `states`.
Tensor moved(const Tensor& alpha, int64_t states) {
  return constant_pad_nd(alpha, {states, -states}, kNever);
}

/// [n]
Tensor alignment_losses(const Tensor& log_probs, const Tensor& targets, IntArrayRef input_lengths,
                        IntArrayRef target_lengths, int64_t blank) {
  const int64_t steps = log_probs.size(0), n = log_probs.size(1);
  int64_t longest = 0;
  for (int64_t length : target_lengths) longest = std::max(longest, length);
  const int64_t states = 2 * longest + 1;
  Tensor state, skips, last, has_labels, alive;
  {
    NoGradGuard no_grad;
    const Device device = log_probs.device();
    state = full({n, states}, blank, TensorOptions(kLong).device(device));
    if (longest > 0) {
      state.slice(1, 1, std::nullopt, 2)
          .copy_(label_rows(targets.to(device), target_lengths, longest, blank));
    }
    Tensor two_before = constant_pad_nd(state, {2, -2}, double(blank));
    skips = (state != blank) & (state != two_before);
    last = tensor(target_lengths.vec()).to(device).unsqueeze(1) * 2;
    has_labels = last > 0;
    Tensor lengths = tensor(input_lengths.vec()).to(device);
    alive = arange(steps, TensorOptions(kLong).device(device)).unsqueeze(1) < lengths;
  }
  const std::vector<Tensor> emitted =
      log_probs.gather(2, state.unsqueeze(0).expand({steps, n, states})).unbind(0);
  Tensor start = full({n, states}, kNever, log_probs.options().requires_grad(false));
  Tensor alpha =
      where(alive[0].unsqueeze(1), cat({emitted[0].slice(1, 0, 2), start.slice(1, 2)}, 1), start);
  for (int64_t t = 1; t < steps; ++t) {
    Tensor ways =
        stack({alpha, moved(alpha, 1), masked_fill(moved(alpha, 2), logical_not(skips), kNever)});
    Tensor next = logsumexp(ways, 0) + emitted[size_t(t)];
    alpha = where(alive[t].unsqueeze(1), next, alpha);
  }
  Tensor at_label = alpha.gather(1, (last - 1).clamp_min(0));
  Tensor ends = cat({alpha.gather(1, last), where(has_labels, at_label, kNever)}, 1);
  return -logsumexp(ends, 1);
}

}  // namespace

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, IntArrayRef input_lengths,
                IntArrayRef target_lengths, int64_t blank, Reduction reduction,
                bool zero_infinity) {
  ADJOINT_CHECK(log_probs.dim() == 2 || log_probs.dim() == 3,
                "ctc_loss: expected log_probs of 2 or 3 dimensions, got ", log_probs.sizes());
  ADJOINT_CHECK(targets.dim() == 1 || targets.dim() == 2,
                "ctc_loss: expected targets of 1 or 2 dimensions, got ", targets.sizes());
  if (log_probs.dim() == 2) {
    Tensor one = ctc_loss(log_probs.unsqueeze(1), targets, input_lengths, target_lengths, blank,
                          reduction, zero_infinity);
    return reduction == Reduction::None ? one.squeeze(0) : one;
  }
  ADJOINT_CHECK(log_probs.numel() > 0, "log_probs tensor must not be empty");
  check_lengths(log_probs, targets, input_lengths, target_lengths, blank);
  Tensor losses = alignment_losses(log_probs, targets, input_lengths, target_lengths, blank);
  const double impossible = zero_infinity ? 0 : std::numeric_limits<double>::infinity();
  losses = under_name("CtcLossBackward0", losses.masked_fill(losses > kNever / -2, impossible));
  if (reduction == Reduction::Mean) {
    losses = losses / tensor(target_lengths.vec()).to(losses.device()).clamp_min(1);
  }
  return reduced(losses, reduction);
}

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, int64_t blank, Reduction reduction,
                bool zero_infinity) {
  auto numbers = [](const Tensor& lengths) {
    ADJOINT_CHECK(isIntegralType(lengths.dtype(), false),
                  "input_lengths and target_lengths must be integral, got ", lengths.dtype());
    Tensor host = lengths.to(Device(kCPU), kLong).contiguous();
    const int64_t* first = host.data_ptr<int64_t>();
    return std::vector<int64_t>(first, first + host.numel());
  };
  return ctc_loss(log_probs, targets, numbers(input_lengths), numbers(target_lengths), blank,
                  reduction, zero_infinity);
}

}  // namespace adjoint
