// SPDX-License-Identifier: MIT
// The graph of a computation, as backward walks it.
//
// A Node is one differentiable operation that was run; it maps gradients of the operation's outputs
// to gradients of its inputs. An Edge names an input of a node: the node that gave it, and as which
// of its outputs. Edges of a node follow the inputs of the forward operation, one each, so that
// result i of apply() flows along edge i. Leaves end in an AccumulateGrad node.
#pragma once

#include <cstdint>
#include <vector>

#include "adjoint/export.h"
#include "adjoint/intrusive_ptr.h"
#include "adjoint/small_vector.h"
#include "adjoint/stream.h"
#include "adjoint/tensor.h"

namespace adjoint {

using variable_list = std::vector<Tensor>;
/// Gradients on their way: a short list that needs no heap.
using GradList = SmallVector<Tensor, 3>;

struct Edge {
  intrusive_ptr<Node> function;  ///< null where no gradient is wanted
  uint32_t input_nr = 0;         ///< which output of `function`'s operation this was
  bool is_valid() const { return bool(function); }
};

/// The shape, dtype and device that a gradient must have: those of the forward output.
struct InputMetadata {
  DimVector sizes;
  ScalarType dtype = kFloat;
  Stream stream;
  InputMetadata() = default;
  explicit InputMetadata(const Tensor& t)
      : sizes(t.sizes()), dtype(t.dtype()), stream(t.impl()->stream()) {}
};

/// Sees the gradients that go into a node, one for each forward output (undefined where there is
/// none), and returns those that take their place: as many.
class ADJOINT_API FunctionPreHook {
 public:
  virtual ~FunctionPreHook();
  virtual variable_list operator()(const variable_list& grads) = 0;
};

/// Sees what a node has made (`outputs`: the gradients of the forward inputs) of what it was given
/// (`inputs`: those of the forward outputs), and returns what takes the place of `outputs`: as
/// many.
class ADJOINT_API FunctionPostHook {
 public:
  virtual ~FunctionPostHook();
  virtual variable_list operator()(const variable_list& outputs, const variable_list& inputs) = 0;
};

namespace detail {
struct NodeHooks;
template <class F>
class PreHookOf;
template <class F>
class PostHookOf;
}  // namespace detail

class ADJOINT_API Node {
 public:
  Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// As LibTorch names it: "MulBackward0".
  virtual const char* name() const = 0;
  /// Gradients of the inputs, one for each edge; undefined where there is none or none is needed
  /// (task_should_compute_output). `grads` has one for each forward output; a node of one output is
  /// only called with a defined one, others may find some undefined.
  virtual GradList apply(GradList&& grads) = 0;
  /// Whether apply() takes an undefined gradient of its only output, a scalar, for 1: then nobody
  /// has to make that tensor where backward() is called on the output.
  virtual bool takes_undefined_for_one() const noexcept { return false; }
  /// Lets go of what was saved for backward.
  virtual void release_variables() {}

  const SmallVector<Edge, 3>& next_edges() const noexcept { return next_edges_; }
  const Edge& next_edge(size_t i) const noexcept { return next_edges_[i]; }
  size_t num_outputs() const noexcept { return next_edges_.size(); }
  void add_next_edge(Edge edge) { next_edges_.push_back(std::move(edge)); }
  /// Whether the gradient of input i is wanted.
  bool task_should_compute_output(size_t i) const noexcept;

  size_t num_inputs() const noexcept { return metadata_.size(); }
  const InputMetadata& input_metadata(size_t i) const noexcept { return metadata_[i]; }
  /// Registers a forward output; returns its number.
  uint32_t add_input_metadata(const Tensor& output) {
    metadata_.push_back(InputMetadata(output));
    return uint32_t(metadata_.size() - 1);
  }
  /// A forward output that no gradient can come back for.
  uint32_t add_undefined_input() {
    metadata_.push_back(InputMetadata());
    return uint32_t(metadata_.size() - 1);
  }
  /// Where the forward ran, and so where apply() runs.
  const Stream& stream() const noexcept {
    return metadata_.empty() ? default_stream() : metadata_[0].stream;
  }

  /// Nodes made later have higher numbers; backward runs ready nodes from high to low.
  uint64_t sequence_nr() const noexcept { return sequence_nr_; }
  detail::NodeHooks* hooks() const noexcept { return hooks_; }
  detail::NodeHooks& ensure_hooks();
  /// Shows the gathered gradients to the hooks of the tensors that they are gradients of.
  virtual void run_hooks(GradList& grads);

  // Note [Order of hooks]
  // Where a node's gradients have come together, tensor hooks run (Tensor::register_hook,
  // add_tensor_pre_hook), then grad() is kept of tensors that retain it and gradients that grad()
  // was asked for are taken. If the node is to run: its pre-hooks, its apply(), of a leaf the
  // post-accumulate-grad hooks, and its post-hooks. Each kind runs in the order of registration; a
  // hook that is removed by another is not run any more, one that is added runs the next time.

  /// The hook (a std::unique_ptr or the like) is taken over; returns a key for removal.
  template <class Pointer>
  uintptr_t add_tensor_pre_hook(Pointer&& hook) {
    return adopt_tensor_pre_hook(hook.release());
  }
  template <class Pointer>
  uintptr_t add_pre_hook(Pointer&& hook) {
    return adopt_pre_hook(hook.release());
  }
  template <class Pointer>
  uintptr_t add_post_hook(Pointer&& hook) {
    return adopt_post_hook(hook.release());
  }
  /// `hook(grads)` as a pre-hook: it returns a variable_list that takes the place of `grads`, or
  /// nothing. Returns a key for del_pre_hook.
  template <class F>
  uintptr_t register_prehook(F hook) {
    return adopt_pre_hook(new detail::PreHookOf<F>(std::move(hook)));
  }
  /// `hook(outputs, inputs)` as a post-hook: it returns a variable_list that takes the place of
  /// `outputs`, or nothing. Returns a key for del_post_hook.
  template <class F>
  uintptr_t register_hook(F hook) {
    return adopt_post_hook(new detail::PostHookOf<F>(std::move(hook)));
  }
  /// Whether there was such a hook.
  bool del_pre_hook(uintptr_t key);
  bool del_post_hook(uintptr_t key);

  void retain() noexcept { ref_.add(); }
  void release() noexcept {
    if (ref_.drop_to_zero()) destroy(this);
  }
  bool try_retain() noexcept { return ref_.try_add(); }

  static void* operator new(size_t size);
  static void operator delete(void* p, size_t size) noexcept;

 protected:
  virtual ~Node();
  explicit Node(uint64_t sequence_nr) noexcept : sequence_nr_(sequence_nr) {}

 private:
  friend class Engine;
  friend struct GraphTask;
  uintptr_t adopt_tensor_pre_hook(FunctionPreHook* hook);
  uintptr_t adopt_pre_hook(FunctionPreHook* hook);
  uintptr_t adopt_post_hook(FunctionPostHook* hook);
  static void destroy(Node* node) noexcept;
  static const Stream& default_stream() noexcept;

  detail::RefCount ref_;
  // Which running backward has this node in its tables, and where: (task << 32 | index), 0 for
  // none.
  detail::Atomic<uint64_t> task_slot_;
  uint64_t sequence_nr_;
  detail::NodeHooks* hooks_ = nullptr;
  SmallVector<Edge, 3> next_edges_;
  SmallVector<InputMetadata, 1> metadata_;
};

namespace detail {

template <class F>
class PreHookOf final : public FunctionPreHook {
 public:
  explicit PreHookOf(F function) : function_(std::move(function)) {}
  variable_list operator()(const variable_list& grads) override {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const variable_list&>>) {
      function_(grads);
      return grads;
    } else {
      return function_(grads);
    }
  }

 private:
  F function_;
};

template <class F>
class PostHookOf final : public FunctionPostHook {
 public:
  explicit PostHookOf(F function) : function_(std::move(function)) {}
  variable_list operator()(const variable_list& outputs, const variable_list& inputs) override {
    using Result = std::invoke_result_t<F&, const variable_list&, const variable_list&>;
    if constexpr (std::is_void_v<Result>) {
      function_(outputs, inputs);
      return outputs;
    } else {
      return function_(outputs, inputs);
    }
  }

 private:
  F function_;
};

}  // namespace detail
}  // namespace adjoint
