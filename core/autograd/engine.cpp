// SPDX-License-Identifier: MIT
#include "core/autograd/engine.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <system_error>
#include <thread>

#include "adjoint/autograd.h"
#include "adjoint/engine.h"
#include "adjoint/ops.h"
#include "core/autograd/accumulate_grad.h"
#include "core/autograd/anomaly.h"
#include "core/autograd/graph_task.h"
#include "core/autograd/hooks.h"
#include "core/autograd/mode.h"
#include "core/autograd/thread_state.h"
#include "core/autograd/unwanted_outputs.h"
#include "core/util/denormals.h"

// Note [Order of backward]
// A node runs when all nodes that use its outputs have run or been passed over (its dependencies),
// and of the nodes that are ready the one made last runs first; leaves run at once. Two nodes of
// equal number run in the order in which they became ready, so that the order, and with it every
// bit of the result, depends on the graph alone. A backward that is called inside of another, by a
// node or a hook, has run when the call returns: before anything else of the outer one.
//
// Note [Deep nesting]
// Such nested calls take stack, each a few kilobytes beside what the node itself takes. Every
// kMaxNesting of them go on on a thread of their own, which the caller waits for, so that nothing
// but memory bounds how deep they go. It has all that operations read of the calling thread
// (ThreadState); what it throws reaches the caller.

namespace adjoint {

void validate_grad(Tensor& grad, const InputMetadata& metadata, const char* source, size_t index) {
  if (!(grad.sizes() == metadata.sizes)) [[unlikely]] {
    bool fits = grad.dim() >= int64_t(metadata.sizes.size());
    for (size_t i = 0; fits && i < metadata.sizes.size(); ++i) {
      int64_t wanted = metadata.sizes[metadata.sizes.size() - 1 - i];
      int64_t found = grad.size(-1 - int64_t(i));
      fits = wanted == found || wanted == 1;
    }
    ADJOINT_CHECK(fits, "Function ", source, " returned an invalid gradient at index ", index,
                  " - got ", grad.sizes(), " but expected shape compatible with ",
                  IntArrayRef(metadata.sizes));
    grad = sum_to_size(grad, metadata.sizes);
  }
  if (grad.dtype() != metadata.dtype) [[unlikely]]
    grad = grad.to(metadata.dtype);
  ADJOINT_CHECK(grad.device() == metadata.stream.device(), "Function ", source,
                " returned an invalid gradient at index ", index, " - expected device ",
                metadata.stream.device(), " but got ", grad.device());
}

namespace {

struct Ready {
  uint64_t sequence_nr;
  uint32_t order;  // of becoming ready
  uint32_t state;
  bool operator<(const Ready& o) const {
    return sequence_nr != o.sequence_nr ? sequence_nr < o.sequence_nr : order > o.order;
  }
};

class Run {
 public:
  Run(std::span<const Edge> roots, const Engine::Options& options)
      : roots_(roots), options_(options) {
    caller_stream_ = current_stream(roots[0].function->stream().device());
    discover();
    if (!options.inputs.empty()) prune();
  }

  void start(std::span<Tensor> grads) {
    for (size_t i = 0; i < roots_.size() && !options_.root_is_one; ++i) {
      Node* node = roots_[i].function.get();
      NodeState& state = task_.states[task_.find(node)];
      const Stream& stream = node->stream();
      state.buffer.add(node->num_inputs(), roots_[i].input_nr, std::move(grads[i]),
                       current_stream(stream.device()), stream);
    }
    for (uint32_t i = 0; i < task_.states.size(); ++i) {
      if (i < num_roots_ && task_.states[i].dependencies == 0) push(i);
    }
  }

  void loop() {
    Node* running = nullptr;
    try {
      while (!heap_->empty()) {
        uint32_t index = pop();
        running = task_.states[index].node;
        evaluate(index);
      }
    } catch (Error& error) {
      join_leaf_streams();  // the gradients that had arrived before are read by the caller all the
                            // same
      if (running) explain_failure(*running, &error);
      throw;
    } catch (...) {
      join_leaf_streams();
      if (running) explain_failure(*running, nullptr);
      throw;
    }
    join_leaf_streams();
    // A callback may queue another.
    for (size_t i = 0; i < callbacks_.size(); ++i) {
      auto callback = std::move(callbacks_[i]);
      callback->call();
    }
  }

  void queue_callback(std::unique_ptr<autograd::EngineCallback> callback) {
    callbacks_.push_back(std::move(callback));
  }

 private:
  // Counts, for every node that the roots reach, the edges that lead to it.
  void discover() {
    for (const Edge& root : roots_) task_.find_or_add(root.function.get());
    num_roots_ = uint32_t(task_.states.size());
    for (size_t i = 0; i < task_.states.size(); ++i) {
      for (const Edge& edge : task_.states[i].node->next_edges()) {
        if (!edge.is_valid()) continue;
        ++task_.states[task_.find_or_add(edge.function.get())].dependencies;
      }
    }
  }

  // Marks as needed what leads to the inputs: against the order in which nodes become ready.
  void prune() {
    size_t n = task_.states.size();
    for (NodeState& state : task_.states) state.needed = false;
    next_capture_.assign(options_.inputs.size(), -1);
    for (size_t i = 0; i < options_.inputs.size(); ++i) {
      Node* node = options_.inputs[i].function.get();
      uint32_t known = uint32_t(task_.states.size());
      uint32_t index = task_.find_or_add(node);
      NodeState& state = task_.states[index];
      if (index == known) {
        state.needed = false;  // no root reaches it
        continue;
      }
      if (index >= n) continue;
      state.asked = true;
      if (options_.captured.empty()) {
        state.needed = dynamic_cast<AccumulateGrad*>(node) != nullptr;
        continue;
      }
      next_capture_[i] = state.capture;
      state.capture = int32_t(i);
    }
    std::vector<uint32_t> dependencies(n), order;
    order.reserve(n);
    for (size_t i = 0; i < n; ++i) dependencies[i] = task_.states[i].dependencies;
    for (uint32_t i = 0; i < num_roots_; ++i) {
      if (dependencies[i] == 0) order.push_back(i);
    }
    for (size_t k = 0; k < order.size(); ++k) {
      for (const Edge& edge : task_.states[order[k]].node->next_edges()) {
        if (!edge.is_valid()) continue;
        uint32_t next = task_.find(edge.function.get());
        if (--dependencies[next] == 0) order.push_back(next);
      }
    }
    for (size_t k = order.size(); k-- > 0;) {
      NodeState& state = task_.states[order[k]];
      for (const Edge& edge : state.node->next_edges()) {
        if (!edge.is_valid()) continue;
        NodeState& next = task_.states[task_.find(edge.function.get())];
        state.needed |= next.needed || next.asked;
      }
    }
  }

  void push(uint32_t index) {
    heap_->push_back({task_.states[index].node->sequence_nr(), next_order_++, index});
    std::push_heap(heap_->begin(), heap_->end());
  }
  uint32_t pop() {
    std::pop_heap(heap_->begin(), heap_->end());
    uint32_t index = heap_->back().state;
    heap_->pop_back();
    return index;
  }

  void evaluate(uint32_t index) {
    Node* node = task_.states[index].node;
    const Stream stream = node->stream();
    Stream callers = caller_stream_;
    std::optional<StreamGuard> guard;
    if (!(stream == caller_stream_)) {
      callers = current_stream(stream.device());
      guard.emplace(stream);
    }

    // No state is added while nodes run: the reference stays valid.
    NodeState& state = task_.states[index];
    GradList& grads = state.buffer.grads();
    if (!grads.empty()) {
      node->run_hooks(grads);
      if (node->hooks()) [[unlikely]]
        hand_over_retained(*node, callers);
      if (options_.observer) [[unlikely]]
        options_.observer->received(*node, grads);
      if (state.capture >= 0) capture(state, grads, callers);
    }
    bool runs = state.needed;
    if (grads.empty() && runs && options_.root_is_one && index == 0) {
      grads = GradList(1);
    } else if (grads.empty() && runs) {
      runs = runs_without_gradient(*node);
      if (runs) {
        grads = GradList(node->num_inputs());
        node->run_hooks(grads);
      }
    }
    if (runs && node->num_outputs() == 0) note_leaf_stream(stream);
    GradList results = runs ? apply(*node, grads) : GradList();
    if (runs) {
      if (!(stream == callers)) hand_over_leaf(node, callers);
      if (!options_.keep_graph) node->release_variables();
    }
    grads.clear();
    send(node, stream, results);
  }

  GradList apply(Node& node, GradList& grads) {
    GradList results = apply_in_its_mode(node, grads);
    if (options_.observer) [[unlikely]]
      options_.observer->returned(node, results);
    ADJOINT_CHECK(results.size() == node.num_outputs() || node.num_outputs() == 0, "Function ",
                  node.name(), " returned an invalid number of gradients - expected ",
                  node.num_outputs(), ", but got ", results.size());
    return results;
  }

  GradList apply_in_its_mode(Node& node, GradList& grads) {
    std::optional<UnwantedOutputsGuard> unwanted;
    if (!options_.inputs.empty()) unwanted.emplace(unwanted_outputs_of(&node));
    if (autograd::AnomalyMode::is_enabled()) [[unlikely]] {
      RunningNode maker(&node);
      GradList results = detail::apply_with_hooks(node, std::move(grads));
      if (autograd::AnomalyMode::should_check_nan() && !options_.observer)
        check_for_nan(node, results);
      return results;
    }
    if (node.hooks()) [[unlikely]]
      return detail::apply_with_hooks(node, std::move(grads));
    return node.apply(std::move(grads));
  }

  /// What leads to nothing that was asked for.
  UnwantedOutputs unwanted_outputs_of(const Node* node) const {
    UnwantedOutputs out{node};
    for (size_t i = 0; i < node->num_outputs() && i < 64; ++i) {
      const Edge& edge = node->next_edge(i);
      if (!edge.is_valid()) continue;
      const NodeState& next = task_.states[task_.find(edge.function.get())];
      if (!next.needed && !next.asked) out.bits |= uint64_t(1) << i;
    }
    return out;
  }

  void send(Node* node, const Stream& stream, GradList& results) {
    for (size_t i = 0; i < node->num_outputs(); ++i) {
      const Edge& edge = node->next_edge(i);
      if (!edge.is_valid()) continue;
      uint32_t next_index = task_.find(edge.function.get());
      NodeState& next = task_.states[next_index];
      if (i < results.size() && results[i].defined() && (next.needed || next.asked)) {
        Node* to = next.node;
        validate_grad(results[i], to->input_metadata(edge.input_nr), node->name(), i);
        Tensor grad = std::move(results[i]);
        // A copy to another device runs on that device's stream, not on the node's.
        Stream producer = grad.device() == stream.device() ? stream : current_stream(grad.device());
        // Adding up may run operations, but never adds a state: `next` stays valid.
        next.buffer.add(to->num_inputs(), edge.input_nr, std::move(grad), producer, to->stream());
      }
      if (--next.dependencies == 0) push(next_index);
    }
  }

  void capture(NodeState& state, const GradList& grads, const Stream& callers) {
    note_leaf_stream(state.node->stream());
    for (const Tensor& grad : grads) {
      if (grad.defined()) grad.record_stream(callers);
    }
    for (int32_t i = state.capture; i >= 0; i = next_capture_[size_t(i)]) {
      const Edge& input = options_.inputs[size_t(i)];
      if (grads[input.input_nr].defined()) options_.captured[size_t(i)] = grads[input.input_nr];
    }
  }

  // The caller's stream uses what backward() leaves, and may be none of those that made it.
  static void hand_over_leaf(Node* node, const Stream& callers) {
    if (node->num_outputs() != 0) return;
    if (auto* leaf = dynamic_cast<AccumulateGrad*>(node)) leaf->hand_over(callers);
  }

  void hand_over_retained(const Node& node, const Stream& callers) {
    note_leaf_stream(node.stream());
    node.hooks()->hand_over(callers);
  }

  void note_leaf_stream(const Stream& stream) {
    if (stream == caller_stream_) return;
    for (const Stream& s : leaf_streams_) {
      if (s == stream) return;
    }
    leaf_streams_.push_back(stream);
  }

  // The caller's later work sees the gradients: its streams wait for those that wrote them.
  void join_leaf_streams() {
    for (const Stream& stream : leaf_streams_) {
      Stream callers = current_stream(stream.device());
      if (callers == stream) continue;
      Event done;
      done.record(stream);
      done.wait(callers);
    }
  }

  std::span<const Edge> roots_;
  const Engine::Options& options_;
  GraphTask task_;
  uint32_t num_roots_ = 0;
  uint32_t next_order_ = 0;
  Stream caller_stream_;
  ReusedVector<Ready> heap_;
  std::vector<int32_t> next_capture_;
  SmallVector<Stream, 2> leaf_streams_;
  std::vector<std::unique_ptr<autograd::EngineCallback>> callbacks_;
};

constexpr uint32_t kMaxNesting = 60;

// The calls that are running on this thread, each inside of the one before.
struct Running {
  uint32_t nesting = 0;
  Run* innermost = nullptr;
};
constinit thread_local Running running{};

class RunningGuard {
 public:
  explicit RunningGuard(Run& run) : previous_(running) { running = {previous_.nesting + 1, &run}; }
  ~RunningGuard() { running = previous_; }
  RunningGuard(const RunningGuard&) = delete;
  RunningGuard& operator=(const RunningGuard&) = delete;

 private:
  Running previous_;
};

void run_here(std::span<const Edge> roots, std::span<Tensor> grads,
              const Engine::Options& options) {
  detail::BackwardMode mode(options.create_graph);
  FlushDenormalGuard flush_denormals;
  Run run(roots, options);
  RunningGuard guard(run);
  run.start(grads);
  run.loop();
}

[[gnu::noinline, gnu::cold]] void run_on_new_thread(std::span<const Edge> roots,
                                                    std::span<Tensor> grads,
                                                    const Engine::Options& options) {
  ThreadState state;
  std::exception_ptr error;
  auto go_on = [&] {
    try {
      state.take_over();
      run_here(roots, grads, options);
    } catch (...) {
      error = std::current_exception();
    }
    state.hand_back();
  };
  std::thread thread;
  try {
    thread = std::thread(go_on);
  } catch (const std::system_error& e) {
    detail::fail<Error>("backward: nested calls go on on a thread of their own after every ",
                        kMaxNesting, " of them, and none could be started: ", e.what());
  }
  thread.join();
  state.go_on();
  if (error) std::rethrow_exception(error);
}

}  // namespace

void Engine::run(std::span<const Edge> roots, std::span<Tensor> grads, const Options& options) {
  if (running.nesting >= kMaxNesting) [[unlikely]] {
    run_on_new_thread(roots, grads, options);
  } else {
    run_here(roots, grads, options);
  }
}

autograd::EngineCallback::~EngineCallback() = default;

autograd::Engine& autograd::Engine::get_default_engine() {
  static Engine engine;
  return engine;
}

void autograd::Engine::queue(EngineCallback* callback) {
  std::unique_ptr<EngineCallback> owned(callback);
  ADJOINT_CHECK(running.innermost, "Final callbacks can only be installed during backward pass.");
  running.innermost->queue_callback(std::move(owned));
}

}  // namespace adjoint
