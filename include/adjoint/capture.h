// SPDX-License-Identifier: MIT
// Record and replay: a training step is run once by the program, and from then on by a list of
// kernel calls, without autograd, allocations or checks of shapes, to the same bits.
//
//   auto step = adjoint::capture([&](const Tensor& x, const Tensor& y) {
//     optimizer.zero_grad();
//     Tensor loss = nn::functional::cross_entropy(net->forward(x), y);
//     loss.backward();
//     optimizer.step();
//     return loss;
//   });
//   for (auto& batch : *loader) {
//     const Tensor& loss = step.replay(batch.data, batch.target);
//     scheduler.step();
//   }
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/tensor.h"

namespace adjoint {

/// What a captured step has done so far, and what its newest recording takes.
struct CaptureStats {
  uint64_t num_eager = 0;     ///< runs of the function
  uint64_t num_replays = 0;   ///< replays of a recording
  size_t num_calls = 0;       ///< kernel calls of the recording; 0 where there is none
  size_t num_chains = 0;      ///< runs of element-wise calls that are done together, tile by tile
  size_t num_fused = 0;       ///< calls that are in these
  size_t arena_bytes = 0;     ///< memory for the tensors that the step makes and lets go
  size_t max_live_bytes = 0;  ///< the most that these need at any one time
};

namespace detail {

/// The function, with its inputs in place and its outputs gathered.
class StepBody {
 public:
  virtual void run(const std::vector<Tensor>& inputs, std::vector<Tensor>& outputs) = 0;

 protected:
  ~StepBody() = default;
};

class ADJOINT_API CapturedStepBase {
 public:
  CapturedStepBase(CapturedStepBase&&) noexcept;
  CapturedStepBase& operator=(CapturedStepBase&&) noexcept;
  CaptureStats stats() const;
  /// The kernel calls of the newest recording by name, one a line; calls that are done together in
  /// one line: "mul > add > tanh (fused, tiles of 2048 of 1000000 elements)". Empty where there is
  /// none.
  std::string str() const;
  /// Forgets the recordings; the next replay() runs the function and records it.
  void reset();

 protected:
  CapturedStepBase();
  ~CapturedStepBase();
  const std::vector<Tensor>& replay(TensorList inputs, StepBody& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// A step that capture() made. One thread at a time.
template <class F>
class CapturedStep final : public detail::CapturedStepBase {
 public:
  explicit CapturedStep(F function) : function_(std::move(function)) {}

  /// Does the step once. At first the function runs, and is recorded when what it does once, such
  /// as to make the state of an optimizer, has been done; later the recording is replayed, with the
  /// same effects on all tensors. The function gets copies of `inputs` in memory that stays: data
  /// of other values need no new recording. Returns what the function returns (a Tensor or a
  /// std::vector of them, without their graph): the same tensors in every replay, with new values.
  ///
  /// Where something that the recording depends on has changed (shape, dtype or device of an input,
  /// a module's training mode, grad mode, whether a tensor requires grad, a tensor that was
  /// replaced, the optimizer's parameters) the function runs instead and is recorded again, and a
  /// warning says why, once for each reason. Learning rates and other options of an optimizer, and
  /// its count of steps, are taken anew in every replay, and so are random numbers.
  ///
  /// The function must do the same in every step: its other variables, branches and hooks have no
  /// say in a replay. Throws Error for what cannot be captured, with the place of the call: reading
  /// a value on the host, copying between devices, replacing a tensor that the next step reads,
  /// several streams, operations whose arguments cannot be kept, LBFGS and optimizers of the
  /// program's own that count on the host.
  template <std::convertible_to<Tensor>... Inputs>
  requires std::is_invocable_v<F&, const Inputs&...>
  decltype(auto) replay(const Inputs&... inputs) {
    using Result = std::invoke_result_t<F&, const Inputs&...>;
    Body<std::remove_cvref_t<Result>, Inputs...> body(function_);
    const Tensor list[] = {inputs..., Tensor()};
    const std::vector<Tensor>& outputs =
        CapturedStepBase::replay(TensorList(list, sizeof...(Inputs)), body);
    if constexpr (std::is_void_v<Result>) {
      return;
    } else if constexpr (std::is_same_v<std::remove_cvref_t<Result>, Tensor>) {
      return static_cast<const Tensor&>(outputs[0]);
    } else {
      return static_cast<const std::vector<Tensor>&>(outputs);
    }
  }

 private:
  template <class Result, class... Inputs>
  class Body final : public detail::StepBody {
   public:
    explicit Body(F& function) : function_(function) {}
    void run(const std::vector<Tensor>& inputs, std::vector<Tensor>& outputs) override {
      run(inputs, outputs, std::index_sequence_for<Inputs...>());
    }

   private:
    template <size_t... I>
    void run([[maybe_unused]] const std::vector<Tensor>& inputs, std::vector<Tensor>& outputs,
             std::index_sequence<I...>) {
      if constexpr (std::is_void_v<Result>) {
        function_(inputs[I]...);
      } else if constexpr (std::is_same_v<Result, Tensor>) {
        outputs = {function_(inputs[I]...)};
      } else {
        outputs = function_(inputs[I]...);
      }
    }
    F& function_;
  };

  F function_;
};

/// A step to be recorded and replayed: `function(inputs...)`, of Tensors, returns nothing, a Tensor
/// or a std::vector<Tensor>. Nothing runs before the first replay().
template <class F>
requires(!std::is_lvalue_reference_v<F> ||
         std::copy_constructible<std::remove_cvref_t<F>>) auto capture(F&& function) {
  return CapturedStep<std::remove_cvref_t<F>>(std::forward<F>(function));
}

}  // namespace adjoint
