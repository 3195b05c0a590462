// SPDX-License-Identifier: MIT
// Which module is running, for those who watch: anomaly mode and summary().
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "adjoint/anomaly.h"
#include "adjoint/intrusive_ptr.h"
#include "adjoint/tensor.h"

namespace adjoint {

namespace nn {
class Module;
}

namespace detail {

struct ModulePath {
  RefCount ref;
  std::string text;
  void retain() noexcept { ref.add(); }
  void release() noexcept {
    if (ref.drop()) delete this;
  }
};

/// Sees each call of a module on the thread that it is installed on.
class ModuleCallObserver {
 public:
  virtual void returned(const nn::Module& module, const Tensor& output) = 0;

 protected:
  ~ModuleCallObserver() = default;
};
/// Installs an observer on this thread (null: none) and returns the one before.
ModuleCallObserver* set_module_call_observer(ModuleCallObserver* observer) noexcept;

}  // namespace detail

namespace nn {

/// Says that a module runs in this scope. Handles, Layer::operator() and Sequential open one around
/// forward(); a module whose forward is called by name opens its own, as its first line:
///
///   Tensor Net::forward(const Tensor& x) {
///     nn::ModuleScope scope(*this);
///     ...
///
/// Costs a test where nothing watches. The module must outlive it.
class ADJOINT_API ModuleScope {
 public:
  explicit ModuleScope(const Module& module) : module_(&module) {
    if (detail::watch.relaxed() != 0) [[unlikely]]
      enter();
  }
  ~ModuleScope() {
    if (entered_) [[unlikely]]
      leave();
  }
  ModuleScope(const ModuleScope&) = delete;
  ModuleScope& operator=(const ModuleScope&) = delete;

  /// The innermost scope of this thread that was watched; null outside of all.
  static ModuleScope* current() noexcept;
  /// Makes another one this thread's, which goes on with what the scope's thread was doing.
  static void set_current(ModuleScope* scope) noexcept;
  /// "Net.fc1": the names under which the running modules are registered in one another, behind
  /// the name of the outermost: that under which it is registered, or else its name().
  const intrusive_ptr<detail::ModulePath>& path();
  /// What the call returned.
  void note_output(const Tensor& output) const;

 private:
  void enter() noexcept;
  void leave() noexcept;

  const Module* module_;
  ModuleScope* outer_ = nullptr;
  bool entered_ = false;
  intrusive_ptr<detail::ModulePath> path_;
};

}  // namespace nn

namespace detail {

/// module.forward(args...), watched.
template <class M, class... Args>
decltype(auto) call_forward(M& module, Args&&... args) {
  using Result = decltype(module.forward(std::forward<Args>(args)...));
  if (watch.relaxed() == 0) [[likely]]
    return module.forward(std::forward<Args>(args)...);
  nn::ModuleScope scope(module);
  if constexpr (std::is_same_v<Result, Tensor>) {
    Tensor output = module.forward(std::forward<Args>(args)...);
    scope.note_output(output);
    return output;
  } else {
    return module.forward(std::forward<Args>(args)...);
  }
}

}  // namespace detail
}  // namespace adjoint
