// SPDX-License-Identifier: MIT
#include "adjoint/nn/summary.h"

#include <algorithm>
#include <ostream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "adjoint/autograd.h"

namespace adjoint::nn {
namespace {

/// A module in the tree, each time that it is registered.
struct Place {
  const Module* module;
  std::string name;
  int64_t depth;
};

void collect(const Module& module, const std::string& name, int64_t depth,
             std::vector<Place>& out) {
  out.push_back({&module, name, depth});
  for (const auto& child : module.named_children()) {
    collect(*child.value(), name.empty() ? child.key() : name + "." + child.key(), depth + 1, out);
  }
}

int64_t bytes_of(const Tensor& t) { return int64_t(t.nbytes()); }

std::string with_commas(int64_t n) {
  std::string digits = std::to_string(n);
  for (int64_t at = int64_t(digits.size()) - 3; at > 0; at -= 3) digits.insert(size_t(at), ",");
  return digits;
}

}  // namespace

ModuleSummary summary(const Module& module) {
  std::vector<Place> places;
  collect(module, "", 0, places);
  ModuleSummary out;
  std::unordered_set<const TensorImpl*> counted;
  for (const Place& place : places) {
    ModuleSummaryRow row;
    row.name = place.name;
    row.type = place.module->name();
    row.depth = place.depth;
    for (const auto& item : place.module->named_parameters(false)) {
      const Tensor& t = item.value();
      if (!counted.insert(t.impl()).second) continue;
      row.parameters += t.numel();
      if (t.requires_grad()) row.trainable += t.numel();
      row.bytes += bytes_of(t);
    }
    for (const auto& item : place.module->named_buffers(false)) {
      const Tensor& t = item.value();
      if (!counted.insert(t.impl()).second) continue;
      row.buffers += t.numel();
      row.bytes += bytes_of(t);
    }
    out.parameters += row.parameters;
    out.trainable += row.trainable;
    out.buffers += row.buffers;
    out.bytes += row.bytes;
    out.rows.push_back(std::move(row));
  }
  return out;
}

struct SummaryRun::State final : detail::ModuleCallObserver {
  struct Call {
    std::vector<int64_t> sizes;
    int64_t count = 0;
  };

  explicit State(Module& m) : root(m) {
    collect(root, "", 0, places);
    // A parent's train() reaches its children, so that their own modes are set after it.
    for (const Place& place : places) modes.push_back(place.module->is_training());
    root.eval();
    previous = detail::set_module_call_observer(this);
  }
  ~State() {
    detail::set_module_call_observer(previous);
    for (size_t i = 0; i < places.size(); ++i) {
      auto& module = const_cast<Module&>(*places[i].module);
      if (module.is_training() != modes[i]) module.train(modes[i]);
    }
  }

  void returned(const Module& module, const Tensor& output) override {
    Call& call = calls[&module];
    ++call.count;
    call.sizes.clear();
    if (output.defined()) call.sizes.assign(output.sizes().begin(), output.sizes().end());
  }

  Module& root;
  std::vector<Place> places;
  std::vector<bool> modes;
  std::unordered_map<const Module*, Call> calls;
  NoGradGuard no_grad;
  detail::ModuleCallObserver* previous = nullptr;
};

SummaryRun::SummaryRun(Module& module) : state_(new State(module)) {}
SummaryRun::~SummaryRun() = default;

ModuleSummary SummaryRun::result() const {
  ModuleSummary out = summary(std::as_const(state_->root));
  out.was_run = true;
  for (size_t i = 0; i < out.rows.size(); ++i) {
    const auto call = state_->calls.find(state_->places[i].module);
    if (call == state_->calls.end()) continue;
    out.rows[i].num_calls = call->second.count;
    out.rows[i].output_sizes = call->second.sizes;
  }
  return out;
}

std::string ModuleSummary::str() const {
  using Cells = std::vector<std::string>;
  std::vector<Cells> table{{"module", "type", "output", "parameters", "trainable", "bytes"}};
  for (const ModuleSummaryRow& row : rows) {
    const std::string output =
        row.output_sizes
            ? adjoint::detail::str(IntArrayRef(row.output_sizes->data(), row.output_sizes->size()))
            : "-";
    const char* trainable = row.parameters == 0               ? "-"
                            : row.trainable == row.parameters ? "yes"
                            : row.trainable == 0              ? "no"
                                                              : "partly";
    const size_t dot = row.name.rfind('.');
    const std::string name = std::string(size_t(2 * row.depth), ' ') +
                             (row.depth == 0 ? "(all)" : row.name.substr(dot + 1));
    table.push_back(
        {name, row.type, output, with_commas(row.parameters), trainable, with_commas(row.bytes)});
  }
  if (!was_run) {
    for (Cells& cells : table) cells.erase(cells.begin() + 2);
  }
  std::vector<size_t> widths(table[0].size());
  for (const Cells& cells : table) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  const size_t first_number = table[0].size() - 3;
  std::string out;
  for (const Cells& cells : table) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string space(widths[i] - cells[i].size(), ' ');
      const bool is_number = i == first_number || i + 1 == cells.size();
      line += (i == 0 ? "" : "  ") + (is_number ? space + cells[i] : cells[i] + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out + "parameters: " + with_commas(parameters) + ", trainable: " + with_commas(trainable) +
         ", not trainable: " + with_commas(parameters - trainable) +
         ", buffers: " + with_commas(buffers) + ", bytes: " + with_commas(bytes) + "\n";
}

std::ostream& operator<<(std::ostream& out, const ModuleSummary& summary) {
  return out << summary.str();
}

}  // namespace adjoint::nn
