// SPDX-License-Identifier: MIT
// Memory for time: what a function saves for backward is not kept, but computed again by backward.
//
//   for (auto& block : blocks) x = autograd::checkpoint(block, x);
//
// With one checkpoint for each of n equal layers, the saved tensors of one layer exist at a time,
// beside the n inputs; with sqrt(n) segments of sqrt(n) layers, sqrt(n) inputs beside one segment.
// T. Chen et al., Training deep nets with sublinear memory cost (2016).
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/options.h"

namespace adjoint::autograd {

/// `preserve_rng_state`: the recomputation draws the random numbers that the function drew, those
/// of default_generator(); else it draws new ones. `early_stop`: the recomputation ends once it has
/// what backward needs, by an exception that is no std::exception: turn it off for functions that
/// must run to their end or that call back through noexcept functions.
class CheckpointOptions {
  ADJOINT_OPTION(CheckpointOptions, bool, preserve_rng_state, true);
  ADJOINT_OPTION(CheckpointOptions, bool, early_stop, true);
};

namespace detail {

/// A function and its arguments, those apart that are tensors.
class ADJOINT_API CheckpointedCall {
 public:
  virtual ~CheckpointedCall();
  /// Runs the function; nobody needs its result.
  virtual void run(const variable_list& tensors) = 0;
};

template <class F, class... Args>
class CheckpointedCallOf final : public CheckpointedCall {
 public:
  /// Moves the tensors among the arguments to `tensors`: it is not this that keeps them.
  CheckpointedCallOf(const F& function, variable_list& tensors, const std::decay_t<Args>&... args)
      : function_(function), arguments_(args...) {
    std::apply([&](auto&... a) { (take(a, tensors), ...); }, arguments_);
  }
  void run(const variable_list& tensors) override {
    auto next = tensors.begin();
    auto arguments = arguments_;
    F function = function_;  // whatever a run leaves in it, the next one finds it as it was
    std::apply([&](auto&... a) { (put(a, next), ...); }, arguments);
    std::apply([&](auto&... a) { static_cast<void>(function(std::forward<Args>(a)...)); },
               arguments);
  }

 private:
  template <class T>
  static void take(T& argument, variable_list& tensors) {
    if constexpr (std::is_same_v<T, Tensor>) {
      tensors.push_back(std::exchange(argument, Tensor()));
    } else if constexpr (std::is_same_v<T, variable_list>) {
      for (Tensor& t : argument) take(t, tensors);
    }
  }
  template <class T>
  static void put(T& argument, variable_list::const_iterator& next) {
    if constexpr (std::is_same_v<T, Tensor>) {
      argument = *next++;
    } else if constexpr (std::is_same_v<T, variable_list>) {
      for (Tensor& t : argument) put(t, next);
    }
  }

  F function_;
  std::tuple<std::decay_t<Args>...> arguments_;
};

/// In its scope, nothing that this thread saves for backward is kept: `call` makes it again.
class ADJOINT_API CheckpointScope {
 public:
  CheckpointScope(std::unique_ptr<CheckpointedCall> call, const variable_list& tensors,
                  const CheckpointOptions& options);
  ~CheckpointScope();
  CheckpointScope(const CheckpointScope&) = delete;
  CheckpointScope& operator=(const CheckpointScope&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// Runs `function(args...)` and returns what it returns; backward runs it again, the first time
/// that it needs something that the function saved, and drops each tensor after its use. So it is
/// with backward(), grad(), `inputs=`, create_graph, checkpoints within checkpoints. Gradients of
/// the arguments and of tensors that the function captured are those of the function run without a
/// checkpoint.
///
/// `function` is copied, as are arguments that are no tensors; it must do the same in every run:
/// a run that saves other tensors is refused with an Error, an argument changed in place since with
/// that of autograd; captured tensors must not have changed either. The recomputation runs on the
/// thread that calls backward, with grad mode, current streams and (CheckpointOptions) random
/// numbers of the first run, and leaves all of these as they were. An exception in it goes to the
/// caller of backward, which may be called again. What the function does beside its result, such as
/// running statistics, it does again. Without grad mode nothing is kept anyhow, and the function
/// just runs.
template <class F, class... Args>
auto checkpoint(const CheckpointOptions& options, F&& function, Args&&... args) {
  using Function = std::decay_t<F>;
  if (!GradMode::is_enabled()) return function(std::forward<Args>(args)...);
  variable_list tensors;
  auto call = std::make_unique<detail::CheckpointedCallOf<Function, Args...>>(
      function, tensors, std::as_const(args)...);
  CheckpointOptions own = options;
  if (std::is_nothrow_invocable_v<F&, Args...>) own.early_stop(false);
  detail::CheckpointScope scope(std::move(call), tensors, own);
  tensors.clear();
  return function(std::forward<Args>(args)...);
}

template <class F, class... Args>
requires(!std::is_same_v<std::decay_t<F>, CheckpointOptions>) auto checkpoint(F&& function,
                                                                              Args&&... args) {
  return checkpoint(CheckpointOptions(), std::forward<F>(function), std::forward<Args>(args)...);
}

/// Runs `functions` (callables of a tensor, or pointers to such; an nn::Sequential) one behind the
/// other, in `segments` parts of equal length, each but the last in a checkpoint. Throws ValueError
/// where `segments` is 0 or more than there are functions.
template <class Functions>
Tensor checkpoint_sequential(const Functions& functions, size_t segments, Tensor input,
                             const CheckpointOptions& options = {}) {
  if constexpr (!requires { std::begin(functions); }) {
    return checkpoint_sequential(*functions, segments, std::move(input), options);
  } else {
    using Function = std::decay_t<decltype(*std::begin(functions))>;
    std::vector<Function> rest(std::begin(functions), std::end(functions));
    ADJOINT_CHECK_VALUE(segments >= 1 && segments <= rest.size(),
                        "checkpoint_sequential: expected from 1 to ", rest.size(),
                        " segments, one for each function at most, got ", segments);
    auto run = [](std::vector<Function>& part, Tensor x) {
      for (Function& f : part) {
        if constexpr (std::is_invocable_v<Function&, const Tensor&>) {
          x = f(x);
        } else {
          x = (*f)(x);
        }
      }
      return x;
    };
    auto length = std::ptrdiff_t(rest.size() / segments), first = std::ptrdiff_t(0);
    for (size_t i = 0; i + 1 < segments; ++i, first += length) {
      std::vector<Function> part(rest.begin() + first, rest.begin() + first + length);
      input = checkpoint(
          options, [part, run](const Tensor& x) mutable { return run(part, x); }, input);
    }
    rest.erase(rest.begin(), rest.begin() + first);
    return run(rest, std::move(input));
  }
}

}  // namespace adjoint::autograd
