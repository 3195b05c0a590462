// SPDX-License-Identifier: MIT
// What anomaly mode notes of a node, and what it makes of it when the node fails.
#pragma once

#include <string>

#include "adjoint/anomaly.h"
#include "adjoint/error.h"
#include "adjoint/nn/module_scope.h"
#include "adjoint/node.h"
#include "core/util/call_site.h"

namespace adjoint {

/// Where a node was made.
struct NodeSite {
  detail::RefCount ref;
  CallSite call;
  intrusive_ptr<detail::ModulePath> module;
  /// A node made by a backward function: that function's site, and its node's name.
  intrusive_ptr<NodeSite> inducer;
  std::string inducer_name;
  uint32_t num_inducers = 0;

  void retain() noexcept { ref.add(); }
  void release() noexcept {
    if (ref.drop()) delete this;
  }
};

/// The site of a call that is made now.
intrusive_ptr<NodeSite> note_site();
/// Null where none was noted.
NodeSite* site_of(const Node& node) noexcept;

/// "model.cpp:42 in Net::forward, module Net.fc1"
std::string site_text(const NodeSite& site, Symbolizer& symbolizer);

/// Which node runs on this thread, for the nodes that it makes.
class RunningNode {
 public:
  explicit RunningNode(Node* node) noexcept;
  ~RunningNode();
  RunningNode(const RunningNode&) = delete;
  RunningNode& operator=(const RunningNode&) = delete;
  static Node* current() noexcept;

 private:
  Node* previous_;
};

/// Throws Error where a result has NaN.
void check_for_nan(const Node& node, const GradList& results);
/// Throws Error where `output`, the last that was registered with the node, has what
/// AnomalyMode::check_forward looks for.
void check_forward_output(const Node& node, const Tensor& output);

/// Called while an exception leaves a node, to be thrown on: adds to an Error where the node was
/// made. Any exception that leaves a node in anomaly mode is warned about.
void explain_failure(const Node& node, Error* error);

}  // namespace adjoint
