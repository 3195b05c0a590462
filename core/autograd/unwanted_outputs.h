// SPDX-License-Identifier: MIT
// Which gradients the node that runs on this thread need not compute.
#pragma once

#include <cstddef>
#include <cstdint>

namespace adjoint {

class Node;

/// Set by the engine around a node's apply() where a backward was asked for some inputs only.
struct UnwantedOutputs {
  const Node* node = nullptr;
  uint64_t bits = 0;  ///< of the first 64 outputs; those behind count as wanted

  bool contains(size_t i) const { return i < 64 && (bits >> i & 1) != 0; }
};

extern constinit thread_local UnwantedOutputs unwanted_outputs;

/// Sets them, and restores those of an outer backward.
class UnwantedOutputsGuard {
 public:
  explicit UnwantedOutputsGuard(UnwantedOutputs value) : previous_(unwanted_outputs) {
    unwanted_outputs = value;
  }
  ~UnwantedOutputsGuard() { unwanted_outputs = previous_; }
  UnwantedOutputsGuard(const UnwantedOutputsGuard&) = delete;
  UnwantedOutputsGuard& operator=(const UnwantedOutputsGuard&) = delete;

 private:
  UnwantedOutputs previous_;
};

}  // namespace adjoint
