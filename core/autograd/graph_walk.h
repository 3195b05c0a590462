// SPDX-License-Identifier: MIT
// The nodes behind a tensor, for those who describe them.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "adjoint/diagnostics.h"
#include "adjoint/node.h"

namespace adjoint {

/// Nodes that `root` reaches, each before those that it uses, in an order that depends on the graph
/// alone. The root keeps them alive.
std::vector<Node*> nodes_behind(const Edge& root);

/// The edge of a tensor that is to be described. Throws Error, naming `function`, where it requires
/// no grad.
Edge described_edge(const char* function, const Tensor& tensor);

class LeafTable {
 public:
  explicit LeafTable(const LeafNames& names);
  /// The leaf that the node accumulates into; null for other nodes.
  static const Tensor* leaf_of(const Node& node);
  /// Empty for a leaf without a name.
  std::string name_of(const Tensor& leaf) const;

 private:
  std::unordered_map<const TensorImpl*, std::string> names_;
};

}  // namespace adjoint
