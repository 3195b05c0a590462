// SPDX-License-Identifier: MIT
#include "core/autograd/graph_task.h"

#include <atomic>

namespace adjoint {
namespace {

constinit std::atomic<uint32_t> next_task{1};

uint32_t new_task_id() {
  uint32_t id = next_task.fetch_add(1, std::memory_order_relaxed);
  return id != 0 ? id : new_task_id();
}

}  // namespace

GraphTask::GraphTask() : id_(new_task_id()) {}

GraphTask::~GraphTask() {
  for (NodeState& state : states) {
    if (state.node->task_slot_.relaxed() >> 32 == id_) state.node->task_slot_.store_release(0);
  }
}

uint32_t GraphTask::find_or_add(Node* node) {
  uint64_t slot = node->task_slot_.acquire();
  if (slot >> 32 == id_) return uint32_t(slot);
  // A node that another task had may be free by now: look first where it went then.
  if (!elsewhere_.empty()) {
    if (auto known = elsewhere_.find(node); known != elsewhere_.end()) return known->second;
  }
  uint32_t index = uint32_t(states.size());
  uint64_t free = 0;
  if (slot != 0 || !node->task_slot_.compare_exchange(free, id_ << 32 | index)) {
    elsewhere_.emplace(node, index);
  }
  states.push_back(NodeState{node, 0, true, false, -1, {}});
  return index;
}

}  // namespace adjoint
