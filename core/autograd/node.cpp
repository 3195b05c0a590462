// SPDX-License-Identifier: MIT
#include "adjoint/node.h"

#include "core/autograd/hooks.h"
#include "core/autograd/thread_state.h"
#include "core/autograd/unwanted_outputs.h"
#include "core/util/pool.h"

namespace adjoint {

constinit thread_local UnwantedOutputs unwanted_outputs{};

void* Node::operator new(size_t size) { return pool_allocate(size); }
void Node::operator delete(void* p, size_t size) noexcept { pool_deallocate(p, size); }

Node::Node() : sequence_nr_(detail::next_sequence_nr++) {
  if (autograd::AnomalyMode::is_enabled()) [[unlikely]]
    ensure_hooks().site = note_site();
}
Node::~Node() { delete hooks_; }

detail::NodeHooks& Node::ensure_hooks() {
  if (!hooks_) hooks_ = new detail::NodeHooks();
  return *hooks_;
}

bool Node::task_should_compute_output(size_t i) const noexcept {
  return next_edges_[i].is_valid() &&
         !(unwanted_outputs.node == this && unwanted_outputs.contains(i));
}

void Node::run_hooks(GradList& grads) {
  if (hooks_) hooks_->run(grads);
}

const Stream& Node::default_stream() noexcept {
  static constexpr Stream cpu;
  return cpu;
}

// Note [Graph lifetime]
// A node holds the nodes before it, so that dropping the last tensor of a long computation drops a
// chain of any length. Destructors that called each other would overflow the stack: a node whose
// last reference goes while another is being destroyed on this thread waits in a list for its turn.
void Node::destroy(Node* node) noexcept {
  struct Pending {
    Node* head = nullptr;
    bool active = false;
  };
  constinit thread_local Pending pending;
  // Nobody refers to a dead node, so its link to the next one may live in its task slot.
  node->task_slot_.store_relaxed(reinterpret_cast<uintptr_t>(pending.head));
  pending.head = node;
  if (pending.active) return;
  pending.active = true;
  while (Node* dead = pending.head) {
    pending.head = reinterpret_cast<Node*>(uintptr_t(dead->task_slot_.relaxed()));
    delete dead;
  }
  pending.active = false;
}

}  // namespace adjoint
