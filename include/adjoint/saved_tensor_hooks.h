// SPDX-License-Identifier: MIT
// What becomes of the tensors that operations save for backward:
//
//   {
//     autograd::saved_tensors_hooks hooks([](const Tensor& t) { return t.to(kCPU); },    // pack
//                                         [](const Tensor& t) { return t.to(kCUDA); });  // unpack
//     loss = model->forward(x);  // what it saves waits on the CPU
//   }
//   loss.backward();
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "adjoint/autograd.h"

namespace adjoint::autograd {

/// What hooks make of one saved tensor; freed with the saved tensor.
class ADJOINT_API SavedVariableHooks {
 public:
  virtual ~SavedVariableHooks();
  /// Called once, when the operation saves the tensor, without recording. `tensor` has its values
  /// and memory but no history, and must not be changed in place.
  virtual void call_pack_hook(const Tensor& tensor) = 0;
  /// Called each time that backward (or get_saved_variables) asks for the tensor. What it returns
  /// must have the saved tensor's sizes, dtype and device, and should have its values; its history
  /// does not count: the tensor that backward sees has that of the saved one.
  virtual Tensor call_unpack_hook() = 0;
};

namespace detail {

class ADJOINT_API SavedTensorHooksFactory {
 public:
  virtual ~SavedTensorHooksFactory();
  virtual std::unique_ptr<SavedVariableHooks> make() = 0;
};

/// In its scope, the factory makes the hooks of what this thread saves; null: there are none.
class ADJOINT_API SavedTensorHooksScope {
 public:
  explicit SavedTensorHooksScope(SavedTensorHooksFactory* factory);
  ~SavedTensorHooksScope();
  SavedTensorHooksScope(const SavedTensorHooksScope&) = delete;
  SavedTensorHooksScope& operator=(const SavedTensorHooksScope&) = delete;

 private:
  SavedTensorHooksFactory* previous_;
};

}  // namespace detail

/// In its scope, a tensor that this thread saves for backward is replaced by what `pack` makes of
/// it, a value of any type that can be moved; backward asks `unpack` for the tensor, with that
/// value. For both hold the rules of SavedVariableHooks. Of nested scopes only the innermost
/// counts. The hooks live as long as a saved tensor needs them. Whether the original is changed in
/// place afterwards is not noticed: hooks that keep it should clone() it. Throws Error within a
/// disable_saved_tensors_hooks.
template <class Pack, class Unpack>
class saved_tensors_hooks {
 public:
  saved_tensors_hooks(Pack pack, Unpack unpack)
      : factory_(std::make_shared<Functions>(Functions{std::move(pack), std::move(unpack)})),
        scope_(&factory_) {}

 private:
  using Packed = std::decay_t<std::invoke_result_t<Pack&, const Tensor&>>;
  static_assert(!std::is_void_v<Packed>, "the pack hook must return what the unpack hook takes");
  static_assert(std::is_invocable_r_v<Tensor, Unpack&, const Packed&>,
                "the unpack hook must take what the pack hook returns and return a Tensor");
  struct Functions {
    Pack pack;
    Unpack unpack;
  };
  struct Hooks final : SavedVariableHooks {
    explicit Hooks(std::shared_ptr<Functions> f) : functions(std::move(f)) {}
    void call_pack_hook(const Tensor& t) override { packed.emplace(functions->pack(t)); }
    Tensor call_unpack_hook() override { return functions->unpack(std::as_const(*packed)); }
    std::shared_ptr<Functions> functions;
    std::optional<Packed> packed;
  };
  struct Factory final : detail::SavedTensorHooksFactory {
    explicit Factory(std::shared_ptr<Functions> f) : functions(std::move(f)) {}
    std::unique_ptr<SavedVariableHooks> make() override {
      return std::make_unique<Hooks>(functions);
    }
    std::shared_ptr<Functions> functions;
  };
  Factory factory_;
  detail::SavedTensorHooksScope scope_;
};

/// In its scope, hooks on what this thread saves are an Error with this message. Throws it at once
/// where there are some.
class ADJOINT_API disable_saved_tensors_hooks {
 public:
  explicit disable_saved_tensors_hooks(std::string message);
  ~disable_saved_tensors_hooks();
  disable_saved_tensors_hooks(const disable_saved_tensors_hooks&) = delete;
  disable_saved_tensors_hooks& operator=(const disable_saved_tensors_hooks&) = delete;

 private:
  std::string message_;
  const std::string* previous_;
};

/// In its scope, tensors that this thread saves for backward are copied to the CPU, and back to
/// their device when backward asks for them.
class ADJOINT_API save_on_cpu {
 public:
  save_on_cpu();
  ~save_on_cpu();
  save_on_cpu(const save_on_cpu&) = delete;
  save_on_cpu& operator=(const save_on_cpu&) = delete;

 private:
  struct Hooks;
  Hooks* const hooks_;
};

}  // namespace adjoint::autograd
