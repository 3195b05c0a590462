// SPDX-License-Identifier: MIT
// explain(): a backward pass whose gradients are looked at.
#include <algorithm>
#include <cmath>
#include <optional>
#include <ostream>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "core/autograd/anomaly.h"
#include "core/autograd/engine.h"
#include "core/autograd/graph_walk.h"
#include "core/autograd/hooks.h"

namespace adjoint {

double GradientStats::rms() const {
  const int64_t finite = numel - nans - infs;
  return finite > 0 ? norm / std::sqrt(double(finite)) : 0;
}

const char* fault_name(GradientFault fault) noexcept {
  switch (fault) {
    case GradientFault::None:
      return "none";
    case GradientFault::NonFinite:
      return "nan or infinite";
    case GradientFault::Dead:
      return "dead (all zero)";
    case GradientFault::Exploding:
      return "exploding";
    case GradientFault::Vanishing:
      return "vanishing";
    case GradientFault::Missing:
      return "missing (the loss does not depend on it)";
  }
  return "";
}

namespace {

GradientStats stats_of(const Tensor& grad) {
  const NoGradGuard no_grad;
  const Tensor values = grad.detach().to(kCPU, kDouble).contiguous();
  const double* element = values.const_data_ptr<double>();
  GradientStats stats;
  stats.numel = values.numel();
  double largest = 0;
  for (int64_t i = 0; i < stats.numel; ++i) {
    stats.nans += std::isnan(element[i]);
    stats.infs += std::isinf(element[i]);
    stats.zeros += element[i] == 0;
    if (std::isfinite(element[i])) largest = std::max(largest, std::fabs(element[i]));
  }
  if (largest == 0) return stats;
  double sum = 0;  // of squares that neither overflow nor vanish
  for (int64_t i = 0; i < stats.numel; ++i) {
    const double scaled = element[i] / largest;
    if (std::isfinite(element[i])) sum += scaled * scaled;
  }
  stats.norm = largest * std::sqrt(sum);
  return stats;
}

GradientFault fault_of(const GradientStats& stats) {
  if (stats.nans + stats.infs != 0) return GradientFault::NonFinite;
  if (stats.numel != 0 && stats.zeros == stats.numel) return GradientFault::Dead;
  return GradientFault::None;
}

class Examination final : public NodeObserver {
 public:
  Examination(const LeafTable& leaves, const ExplainOptions& options, GradientReport& report)
      : leaves_(leaves), options_(options), report_(report) {}

  void received(const Node& node, const GradList& grads) override {
    first_entry_ = report_.entries.size();
    for (size_t i = 0; i < grads.size(); ++i) {
      if (!grads[i].defined()) continue;
      GradientEntry entry;
      entry.op = node.name();
      if (const Tensor* leaf = LeafTable::leaf_of(node)) {
        entry.is_leaf = true;
        entry.name = leaves_.name_of(*leaf);
      }
      entry.sizes.assign(grads[i].sizes().begin(), grads[i].sizes().end());
      entry.stats = stats_of(grads[i]);
      entry.fault = fault_of(entry.stats);
      if (const NodeSite* site = site_of(node)) {
        const auto frames = symbolizer_.frames(site->call);
        if (!frames.empty()) entry.forward = frames.front().str();
        if (site->module) entry.module = site->module->text;
      }
      report_.entries.push_back(std::move(entry));
    }
  }

  void returned(const Node&, const GradList& results) override {
    if (first_entry_ == report_.entries.size()) return;
    GradientFault had = GradientFault::None;
    double rms = 0;
    for (size_t i = first_entry_; i < report_.entries.size(); ++i) {
      const GradientEntry& entry = report_.entries[i];
      if (had != GradientFault::NonFinite && entry.fault != GradientFault::None) had = entry.fault;
      rms = std::max(rms, entry.stats.rms());
    }
    if (had != GradientFault::None) return;
    GradientFault& makes = report_.entries[first_entry_].makes;
    for (const Tensor& result : results) {
      if (!result.defined()) continue;
      const GradientStats stats = stats_of(result);
      GradientFault fault = fault_of(stats);
      if (fault == GradientFault::None && stats.rms() > options_.ratio * rms) {
        fault = GradientFault::Exploding;
      }
      if (fault != GradientFault::None && (makes == GradientFault::None || fault < makes)) {
        makes = fault;
      }
    }
  }

 private:
  const LeafTable& leaves_;
  const ExplainOptions& options_;
  GradientReport& report_;
  Symbolizer symbolizer_;
  size_t first_entry_ = 0;
};

/// Exploding and vanishing gradients of leaves: against limits, and against each other.
void judge_leaves(GradientReport& report, const ExplainOptions& options) {
  std::vector<double> rms;
  for (const GradientEntry& entry : report.entries) {
    if (entry.is_leaf && entry.fault == GradientFault::None && entry.stats.norm > 0) {
      rms.push_back(entry.stats.rms());
    }
  }
  double median = 0;
  if (rms.size() >= 3) {
    std::nth_element(rms.begin(), rms.begin() + std::ptrdiff_t(rms.size() / 2), rms.end());
    median = rms[rms.size() / 2];
  }
  for (GradientEntry& entry : report.entries) {
    if (!entry.is_leaf || entry.fault != GradientFault::None || entry.stats.norm == 0) continue;
    const double own = entry.stats.rms();
    if (entry.stats.norm > options.exploding_norm || (median > 0 && own > options.ratio * median)) {
      entry.fault = GradientFault::Exploding;
    } else if (entry.stats.norm < options.vanishing_norm || own * options.ratio < median) {
      entry.fault = GradientFault::Vanishing;
    }
  }
}

/// Backward leaves gradients where they were asked for, by retain_grad too: these are put back.
class KeptGradients {
 public:
  explicit KeptGradients(const std::vector<Node*>& nodes) {
    for (Node* node : nodes) {
      if (!node->hooks()) continue;
      for (const auto& output : node->hooks()->outputs) {
        if (output->retained) kept_.emplace_back(output->retained, output->retained->grad);
      }
    }
  }
  ~KeptGradients() {
    for (auto& [place, grad] : kept_) place->grad = std::move(grad);
  }
  KeptGradients(const KeptGradients&) = delete;
  KeptGradients& operator=(const KeptGradients&) = delete;

 private:
  std::vector<std::pair<intrusive_ptr<detail::RetainedGrad>, Tensor>> kept_;
};

std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string number(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.3g", value);
  return out;
}

std::string title(const GradientEntry& entry) {
  const std::string what = !entry.is_leaf       ? entry.op
                           : entry.name.empty() ? "leaf"
                                                : "leaf " + entry.name;
  return detail::str(what, " ", IntArrayRef(entry.sizes.data(), entry.sizes.size()));
}

std::string place(const GradientEntry& entry) {
  std::string out = entry.forward;
  if (!entry.module.empty()) out += (out.empty() ? "module " : ", module ") + entry.module;
  return out;
}

std::string details(const GradientEntry& entry) {
  const GradientStats& s = entry.stats;
  if (entry.fault == GradientFault::NonFinite) {
    return detail::str(s.nans, " nan, ", s.infs, " infinite of ", s.numel);
  }
  if (entry.fault == GradientFault::Exploding || entry.fault == GradientFault::Vanishing) {
    return "norm " + number(s.norm);
  }
  return {};
}

}  // namespace

GradientReport explain(const Tensor& loss, const LeafNames& names, const ExplainOptions& options) {
  const Edge root = described_edge("explain", loss);
  ADJOINT_CHECK(loss.numel() == 1, "explain: expected a loss of one element, got one of shape ",
                loss.sizes());
  const std::vector<Node*> nodes = nodes_behind(root);
  const LeafTable leaves(names);
  std::vector<Edge> inputs;
  for (Node* node : nodes) {
    if (LeafTable::leaf_of(*node)) inputs.push_back({intrusive_ptr<Node>::share(node), 0});
  }

  GradientReport report;
  report.loss_is_finite = std::isfinite(loss.detach().item<double>());
  std::vector<Tensor> captured(inputs.size());
  {
    const KeptGradients kept(nodes);
    Examination examination(leaves, options, report);
    Engine::Options run;
    run.keep_graph = true;
    run.inputs = inputs;
    run.captured = captured;
    run.observer = &examination;
    Tensor ones = ones_like(loss.detach());
    Engine::run({&root, 1}, {&ones, 1}, run);
  }
  judge_leaves(report, options);

  for (const auto& item : names.names()) {
    const Tensor& leaf = item.value();
    if (!leaf.defined() || !leaf.requires_grad()) continue;
    const bool is_reached = std::any_of(inputs.begin(), inputs.end(), [&](const Edge& edge) {
      return LeafTable::leaf_of(*edge.function)->is_same(leaf);
    });
    if (is_reached) continue;
    GradientEntry entry;
    entry.op = "AccumulateGrad";
    entry.is_leaf = true;
    entry.name = item.key();
    entry.sizes.assign(leaf.sizes().begin(), leaf.sizes().end());
    entry.fault = GradientFault::Missing;
    report.entries.push_back(std::move(entry));
  }
  return report;
}

bool GradientReport::has_faults() const noexcept {
  return !loss_is_finite || std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
    return entry.fault != GradientFault::None || entry.makes != GradientFault::None;
  });
}

std::string GradientReport::str() const {
  std::string out;
  if (!loss_is_finite) out += "The loss itself is not finite.\n";
  for (GradientFault fault :
       {GradientFault::NonFinite, GradientFault::Dead, GradientFault::Exploding,
        GradientFault::Vanishing, GradientFault::Missing}) {
    std::string lines;
    for (const GradientEntry& entry : entries) {
      if (entry.makes == fault) {
        lines += "  made by " + title(entry);
        if (const std::string where = place(entry); !where.empty()) lines += ", forward: " + where;
        lines += "\n";
      }
      if (entry.is_leaf && entry.fault == fault) {
        const std::string more = details(entry);
        lines += "  " + title(entry) + (more.empty() ? "" : ": " + more) + "\n";
      }
    }
    if (!lines.empty()) out += std::string(fault_name(fault)) + ":\n" + lines;
  }
  if (out.empty()) out = "No faults.\n";

  out += "\nnorm      rms       zero    nan     inf     gradient of\n";
  for (const GradientEntry& entry : entries) {
    if (entry.fault == GradientFault::Missing) continue;
    const GradientStats& s = entry.stats;
    const double zero = s.numel == 0 ? 0 : 100.0 * double(s.zeros) / double(s.numel);
    out += padded(number(s.norm), 10) + padded(number(s.rms()), 10) +
           padded(number(zero) + "%", 8) + padded(std::to_string(s.nans), 8) +
           padded(std::to_string(s.infs), 8) + title(entry);
    if (const std::string where = place(entry); !where.empty()) out += "  (" + where + ")";
    out += "\n";
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, const GradientReport& report) {
  return out << report.str();
}

}  // namespace adjoint
