// SPDX-License-Identifier: MIT
#include "core/autograd/graph_walk.h"

#include <algorithm>
#include <unordered_set>

#include "core/autograd/accumulate_grad.h"
#include "core/autograd/gradient_edge.h"

namespace adjoint {

std::vector<Node*> nodes_behind(const Edge& root) {
  // Depth first, without recursion; a node is done after all that it uses, so that the reverse of
  // this order has it before them.
  struct Visit {
    Node* node;
    size_t next_edge;
  };
  std::vector<Node*> done;
  std::unordered_set<const Node*> seen{root.function.get()};
  std::vector<Visit> path{{root.function.get(), root.function->num_outputs()}};
  while (!path.empty()) {
    Visit& visit = path.back();
    if (visit.next_edge == 0) {
      done.push_back(visit.node);
      path.pop_back();
      continue;
    }
    Node* next = visit.node->next_edge(--visit.next_edge).function.get();
    if (next && seen.insert(next).second) path.push_back({next, next->num_outputs()});
  }
  std::reverse(done.begin(), done.end());
  return done;
}

Edge described_edge(const char* function, const Tensor& tensor) {
  ADJOINT_CHECK(tensor.defined() && tensor.requires_grad(), function,
                ": expected a tensor that requires grad, got ",
                tensor.defined() ? "one that does not" : "an undefined one");
  return gradient_edge(tensor);
}

LeafTable::LeafTable(const LeafNames& names) {
  for (const auto& item : names.names()) {
    if (item.value().defined()) names_.emplace(item.value().impl(), item.key());
  }
}

const Tensor* LeafTable::leaf_of(const Node& node) {
  const auto* leaf = dynamic_cast<const AccumulateGrad*>(&node);
  return leaf ? &leaf->variable() : nullptr;
}

std::string LeafTable::name_of(const Tensor& leaf) const {
  const auto found = names_.find(leaf.impl());
  return found == names_.end() ? std::string() : found->second;
}

}  // namespace adjoint
