// SPDX-License-Identifier: MIT
// What one call of backward knows of each node that it reaches.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "adjoint/node.h"
#include "core/autograd/input_buffer.h"
#include "core/util/reused_vector.h"

namespace adjoint {

struct NodeState {
  Node* node;
  uint32_t dependencies = 0;  ///< nodes that will still send it a gradient
  bool needed = true;         ///< is to run: leads to something that was asked for
  bool asked = false;         ///< its gradients were asked for, whether it is to run or not
  int32_t capture = -1;       ///< first entry of the list of captures, or none
  InputBuffer buffer;
};

// Note [Node tables without hashing]
// Finding the state of a node happens for every edge. The node itself says where: its task slot
// holds the number of the running task and an index into the task's table. A slot is claimed by
// compare and swap and given back at the end; where another task has it (two threads in one graph,
// or a backward inside of a backward), the task falls back on a hash table.
struct GraphTask {
  GraphTask();
  ~GraphTask();
  GraphTask(const GraphTask&) = delete;
  GraphTask& operator=(const GraphTask&) = delete;

  /// The index of the node's state, which is added at need.
  uint32_t find_or_add(Node* node);
  /// The index of a node that is known.
  uint32_t find(Node* node) const {
    uint64_t slot = node->task_slot_.relaxed();
    if (slot >> 32 == id_) return uint32_t(slot);
    return elsewhere_.at(node);
  }

  ReusedVector<NodeState> table;
  std::vector<NodeState>& states = *table;

 private:
  uint64_t id_;
  std::unordered_map<Node*, uint32_t> elsewhere_;
};

}  // namespace adjoint
