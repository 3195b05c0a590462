// SPDX-License-Identifier: MIT
#include "core/autograd/anomaly.h"

#include <cmath>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "adjoint/warning.h"
#include "core/autograd/accumulate_grad.h"
#include "core/autograd/hooks.h"

namespace adjoint {

constinit detail::Atomic<uint32_t> detail::watch{0};

namespace {

// Sites of nodes that are derivatives of derivatives: of more than this many, the rest is left out.
constexpr uint32_t kMaxInducers = 8;

constinit detail::Atomic<bool> check_nan_enabled{true};
constinit detail::Atomic<uint32_t> forward_bits{0};
constinit detail::Atomic<uint32_t> num_guards{0};
constinit thread_local Node* running_node = nullptr;

void set_bits(uint32_t mask, uint32_t bits) {
  uint32_t found = detail::watch.acquire();
  while (!detail::watch.compare_exchange(found, (found & ~mask) | bits)) {
  }
}

void set_watch(bool enabled) {
  using detail::Watch;
  set_bits(Watch::kAnomaly | Watch::kForwardNan | Watch::kForwardInf,
           enabled ? Watch::kAnomaly | forward_bits.acquire() : 0);
}

}  // namespace

namespace autograd {

bool AnomalyMode::should_check_nan() noexcept { return check_nan_enabled.relaxed(); }

void AnomalyMode::set_enabled(bool enabled, bool check_nan) noexcept {
  check_nan_enabled.store_relaxed(check_nan);
  set_watch(enabled);
}

void AnomalyMode::set_check_forward(ForwardCheck check) noexcept {
  using adjoint::detail::Watch;
  uint32_t bits = check == ForwardCheck::Off ? 0 : Watch::kForwardNan;
  if (check == ForwardCheck::NonFinite) bits |= Watch::kForwardInf;
  forward_bits.store_release(bits);
  set_watch(is_enabled());
}

ForwardCheck AnomalyMode::check_forward() noexcept {
  const uint32_t bits = forward_bits.acquire();
  if (bits == 0) return ForwardCheck::Off;
  return bits & adjoint::detail::Watch::kForwardInf ? ForwardCheck::NonFinite : ForwardCheck::Nan;
}

DetectAnomalyGuard::DetectAnomalyGuard(bool check_nan)
    : previous_check_nan_(AnomalyMode::should_check_nan()) {
  ADJOINT_WARN_ONCE(
      "This mode should be enabled only for debugging as the different tests will slow down your "
      "program execution.");
  num_guards.add_relaxed(1);
  AnomalyMode::set_enabled(true, check_nan);
}

DetectAnomalyGuard::~DetectAnomalyGuard() {
  const bool is_last = num_guards.subtract(1) == 1;
  AnomalyMode::set_enabled(!is_last, previous_check_nan_);
}

}  // namespace autograd

RunningNode::RunningNode(Node* node) noexcept : previous_(std::exchange(running_node, node)) {}
RunningNode::~RunningNode() { running_node = previous_; }
Node* RunningNode::current() noexcept { return running_node; }

intrusive_ptr<NodeSite> note_site() {
  auto site = intrusive_ptr<NodeSite>::adopt(new NodeSite());
  capture(site->call);
  if (nn::ModuleScope* scope = nn::ModuleScope::current()) site->module = scope->path();
  if (running_node) {
    NodeSite* inducer = site_of(*running_node);
    if (inducer && inducer->num_inducers < kMaxInducers) {
      site->inducer = intrusive_ptr<NodeSite>::share(inducer);
      site->num_inducers = inducer->num_inducers + 1;
    }
    site->inducer_name = running_node->name();
  }
  return site;
}

NodeSite* site_of(const Node& node) noexcept {
  return node.hooks() ? node.hooks()->site.get() : nullptr;
}

std::string site_text(const NodeSite& site, Symbolizer& symbolizer) {
  const auto frames = symbolizer.frames(site.call);
  std::string out = frames.empty() ? "?" : frames.front().str();
  if (site.module) out += ", module " + site.module->text;
  return out;
}

namespace {

/// Calls, the outermost first, one a line.
std::string traceback(const NodeSite& site, Symbolizer& symbolizer) {
  std::string out;
  const auto frames = symbolizer.frames(site.call);
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    out += "  " + frame->file;
    if (frame->line != 0) out += ":" + std::to_string(frame->line);
    if (!frame->function.empty()) out += " in " + frame->function;
    out += "\n";
  }
  if (site.module) out += "  module " + site.module->text + "\n";
  return out;
}

void warn_of_failure(const Node& node, Symbolizer& symbolizer) {
  const NodeSite* site = site_of(node);
  if (!site) {
    ADJOINT_WARN("Error detected in ", node.name(),
                 ". No forward pass information available. Enable detect anomaly during forward "
                 "pass for more information.");
    return;
  }
  ADJOINT_WARN("Error detected in ", node.name(),
               ". Traceback of forward call that caused the error:\n",
               traceback(*site, symbolizer));
  for (; site && !site->inducer_name.empty(); site = site->inducer.get()) {
    if (!site->inducer) {
      ADJOINT_WARN("Previous calculation was induced by ", site->inducer_name,
                   ". No forward pass information available.");
      break;
    }
    ADJOINT_WARN("Previous calculation was induced by ", site->inducer_name,
                 ". Traceback of forward call that induced the previous calculation:\n",
                 traceback(*site->inducer, symbolizer));
  }
}

struct Counts {
  int64_t nan = 0, inf = 0, numel = 0;
};

/// Usually one sum: it is finite where all elements are.
Counts count_non_finite(const Tensor& t) {
  Counts counts;
  if (!t.defined() || !t.is_floating_point() || t.numel() == 0) return counts;
  const NoGradGuard no_grad;
  const Tensor values = t.detach();
  if (std::isfinite(values.sum().item<double>())) return counts;
  counts.numel = t.numel();
  counts.nan = values.isnan().sum().item<int64_t>();
  counts.inf = (values.abs() == std::numeric_limits<double>::infinity()).sum().item<int64_t>();
  return counts;
}

[[noreturn, gnu::cold]] void fail_non_finite(const Node& node, const char* what, const char* where,
                                             size_t index, int64_t count, int64_t numel) {
  std::string_view function = node.name();
  const bool is_forward = *where != 0;
  if (is_forward) function = function.substr(0, function.rfind("Backward"));
  adjoint::detail::fail<Error>("Function '", function, "' returned ", what, " values in its ",
                               index, "th output", where, ".\n  ", count, " of ", numel,
                               " elements ", count == 1 ? "is " : "are ", what);
}

}  // namespace

void check_for_nan(const Node& node, const GradList& results) {
  for (size_t i = 0; i < results.size(); ++i) {
    const Counts counts = count_non_finite(results[i]);
    if (counts.nan != 0) fail_non_finite(node, "nan", "", i, counts.nan, counts.numel);
  }
}

void check_forward_output(const Node& node, const Tensor& output) {
  const Counts counts = count_non_finite(output);
  const size_t index = output.output_nr();
  const bool inf_too =
      (adjoint::detail::watch.relaxed() & adjoint::detail::Watch::kForwardInf) != 0;
  if (counts.nan == 0 && !(inf_too && counts.inf != 0)) return;
  try {
    if (counts.nan != 0) {
      fail_non_finite(node, "nan", " of the forward", index, counts.nan, counts.numel);
    }
    fail_non_finite(node, "infinite", " of the forward", index, counts.inf, counts.numel);
  } catch (Error& error) {
    for (size_t i = 0; i < node.num_outputs(); ++i) {
      const auto* leaf = dynamic_cast<const AccumulateGrad*>(node.next_edge(i).function.get());
      const Counts of_leaf = leaf ? count_non_finite(leaf->variable()) : Counts();
      if (of_leaf.nan + of_leaf.inf == 0) continue;
      error.add_context(adjoint::detail::str("its input ", i, ", a leaf, has ", of_leaf.nan,
                                             " nan and ", of_leaf.inf, " infinite elements of ",
                                             of_leaf.numel));
    }
    if (const NodeSite* site = site_of(node)) {
      Symbolizer symbolizer;
      error.add_context("forward: " + site_text(*site, symbolizer));
    }
    throw;
  }
}

void explain_failure(const Node& node, Error* error) {
  const NodeSite* site = site_of(node);
  const bool is_enabled = autograd::AnomalyMode::is_enabled();
  if (!site && !is_enabled) return;
  Symbolizer symbolizer;
  if (is_enabled) warn_of_failure(node, symbolizer);
  if (!error) return;
  if (!site) {
    error->add_context("forward: not known, as anomaly mode was not enabled when it ran");
    return;
  }
  error->add_context("forward: " + site_text(*site, symbolizer));
  for (; site->inducer; site = site->inducer.get()) {
    error->add_context("induced by " + site->inducer_name +
                       ", forward: " + site_text(*site->inducer, symbolizer));
  }
}

}  // namespace adjoint
