// SPDX-License-Identifier: MIT
// Module: parameters, buffers and submodules under names.
#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adjoint/nn/module_scope.h"
#include "adjoint/ops.h"
#include "adjoint/ordered_dict.h"

namespace adjoint::detail {
/// The same number whenever the same modules are in evaluation mode: so a recorded step notices
/// that one of them was put into another.
ADJOINT_API extern Atomic<uint64_t> training_fingerprint;
}  // namespace adjoint::detail

namespace adjoint::nn {

/// Base of layers and networks. Members that backward and saving must know are registered in the
/// constructor; their names, joined by dots, are those of PyTorch's state_dict. Modules are shared
/// by std::shared_ptr, or by the handles that ADJOINT_MODULE declares; clone() copies them.
///
///   struct Net : nn::Module {
///     Net() {
///       fc1 = register_module("fc1", nn::Linear(64, 32));
///       fc2 = register_module("fc2", nn::Linear(32, 10));
///     }
///     Tensor forward(const Tensor& x) { return fc2(relu(fc1(x))); }
///     nn::Linear fc1{nullptr}, fc2{nullptr};
///   };
class ADJOINT_API Module : public std::enable_shared_from_this<Module> {
 public:
  explicit Module(std::string name = "") : name_(std::move(name)) {}
  virtual ~Module();
  Module& operator=(const Module&) = delete;
  /// A module of the same class with copies of all parameters and buffers, on `device` if given.
  /// Throws Error unless the class is one of this library's or derives from Cloneable.
  virtual std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const;

  /// What the constructor was given, or the class's name.
  const std::string& name() const;
  /// The name under which it was last registered as a submodule; empty where it never was.
  const std::string& registered_name() const noexcept { return registered_name_; }

  // Parameters and buffers by name ("fc1.weight"), this module's own first, then the submodules' in
  // the order of their registration; without `recurse`, this module's own.
  std::vector<Tensor> parameters(bool recurse = true) const;
  OrderedDict<std::string, Tensor> named_parameters(bool recurse = true) const;
  std::vector<Tensor> buffers(bool recurse = true) const;
  OrderedDict<std::string, Tensor> named_buffers(bool recurse = true) const;
  /// Submodules and theirs; this one first if `include_self`, under the name `prefix`.
  std::vector<std::shared_ptr<Module>> modules(bool include_self = true) const;
  OrderedDict<std::string, std::shared_ptr<Module>> named_modules(const std::string& prefix = "",
                                                                  bool include_self = true) const;
  std::vector<std::shared_ptr<Module>> children() const;
  OrderedDict<std::string, std::shared_ptr<Module>> named_children() const;

  /// Parameters and buffers, detached, sharing memory, in PyTorch's order: for each module its own
  /// parameters, its own buffers, then its submodules.
  OrderedDict<std::string, Tensor> state_dict() const;
  /// What load_state_dict found amiss.
  struct IncompatibleKeys {
    std::vector<std::string> missing, unexpected;
  };
  /// Copies values into parameters and buffers of the same names. Throws Error, with a list of all
  /// that does not fit, for wrong shapes, and, if `strict`, for missing and unexpected names; then
  /// nothing has been changed.
  IncompatibleKeys load_state_dict(const OrderedDict<std::string, Tensor>& state,
                                   bool strict = true);

  /// state_dict() into an archive of adjoint/torch.h, and back. load throws Error where a name is
  /// missing or a shape does not fit.
  template <class Archive>
  void save(Archive& archive) const {
    for (const auto& item : state_dict()) archive.write(item.key(), item.value());
  }
  template <class Archive>
  void load(Archive& archive) {
    OrderedDict<std::string, Tensor> state;
    for (const auto& item : state_dict()) {
      Tensor found;
      archive.read(item.key(), found);
      state.insert(item.key(), found);
    }
    load_state_dict(state);
  }

  /// Whether dropout drops and batch norm uses the batch's statistics; on at start.
  virtual void train(bool on = true);
  void eval() { train(false); }
  bool is_training() const noexcept { return training_; }
  /// Moves parameters and buffers (floating-point ones change dtype); gradients go along.
  virtual void to(Device device);
  virtual void to(ScalarType dtype);
  virtual void to(Device device, ScalarType dtype);
  /// Sets gradients to none, or to zero.
  void zero_grad(bool set_to_none = true);
  void requires_grad_(bool on = true);
  /// nn::utils::flatten_parameters of all parameters: to be called when they are where they stay,
  /// before an optimizer's first step.
  void flatten_parameters();
  /// Calls f(Module&) for this module's submodules and then for itself.
  template <class F>
  void apply(const F& f) {
    for (auto& child : children()) child->apply(f);
    f(*this);
  }

  /// Throws Error for a name that is empty, has a dot or is taken. A parameter is a leaf that
  /// requires grad unless told otherwise; an undefined one is absent.
  Tensor& register_parameter(std::string name, Tensor tensor, bool requires_grad = true);
  Tensor& register_buffer(std::string name, Tensor tensor);
  template <class M>
  std::shared_ptr<M> register_module(std::string name, std::shared_ptr<M> module) {
    add_module(std::move(name), module);
    return module;
  }
  template <class Holder>
  requires requires(Holder h) { h.ptr(); }
  Holder register_module(std::string name, Holder holder) {
    add_module(std::move(name), holder.ptr());
    return holder;
  }
  /// Takes the place of the submodule of that name.
  void replace_module(const std::string& name, std::shared_ptr<Module> module);

  /// One line for this module alone: "Linear(in_features=2, out_features=3, bias=true)".
  virtual void pretty_print(std::ostream& out) const;
  /// This as its class M, or that which the handle M holds. Null where it is of another.
  template <class M>
  auto* as() {
    if constexpr (requires { typename M::ContainedType; }) {
      return dynamic_cast<typename M::ContainedType*>(this);
    } else {
      return dynamic_cast<M*>(this);
    }
  }

 protected:
  /// Shares all members with the other; a copy that lives on re-registers them.
  Module(const Module& other);
  void forget_members();
  /// Copies the values of a module of the same structure. Throws Error for another structure.
  void take_values(const Module& other, std::optional<Device> device);
  void add_module(std::string name, std::shared_ptr<Module> module);

 private:
  void collect_parameters(const std::string& prefix, bool recurse,
                          OrderedDict<std::string, Tensor>& out) const;
  void collect_buffers(const std::string& prefix, bool recurse,
                       OrderedDict<std::string, Tensor>& out) const;
  void collect_state(const std::string& prefix, OrderedDict<std::string, Tensor>& out) const;
  void check_name(const char* kind, const std::string& name) const;
  void set_training(bool on) noexcept;

  mutable detail::SpinLock name_lock_;  // the first call of name() fills in name_
  mutable std::string name_;
  std::string registered_name_;
  bool training_ = true;
  OrderedDict<std::string, Tensor> parameters_, buffers_;
  OrderedDict<std::string, std::shared_ptr<Module>> children_;
};

/// Base of modules that clone() copies: reset() makes and registers all parameters, buffers and
/// submodules anew, and the constructor calls it.
template <class Derived>
class Cloneable : public Module {
 public:
  using Module::Module;
  virtual void reset() = 0;
  std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const override {
    auto copy = std::make_shared<Derived>(static_cast<const Derived&>(*this));
    Cloneable& cloneable = *copy;
    cloneable.forget_members();
    cloneable.reset();
    cloneable.take_values(*this, device);
    return copy;
  }
};

/// As Cloneable, for modules that are made of their options, where they have any.
template <class Derived, class Base>
class ClonedByOptions : public Base {
 public:
  using Base::Base;
  std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const override {
    // By a pointer to the base: a make_shared of every layer would be compiled in every program.
    const auto& self = static_cast<const Derived&>(*this);
    Module* made;
    if constexpr (requires { self.options; }) {
      made = new Derived(self.options);
    } else {
      made = new Derived();
    }
    std::shared_ptr<Module> copy(made);
    static_cast<ClonedByOptions&>(static_cast<Derived&>(*made)).take_values(*this, device);
    return copy;
  }
};

ADJOINT_API std::ostream& print_tree(std::ostream& out, const Module& module);
template <class M>
concept AnyModule = std::derived_from<M, Module>;
/// The module as a tree: names, layers and their settings. A template, so that adjoint/torch.h can
/// be more special.
template <AnyModule M>
std::ostream& operator<<(std::ostream& out, const M& module) {
  return print_tree(out, module);
}

/// A handle to a module: copies share it; `nullptr` makes an empty one.
///
/// It keeps a pointer to the base: a shared_ptr of every layer's type would be compiled in every
/// program.
template <class Impl>
class ModuleHolder {
 public:
  using ContainedType = Impl;
  ModuleHolder(std::nullptr_t) {}
  ModuleHolder(std::shared_ptr<Impl> module) : module_(std::move(module)) {}
  template <class... Args>
  requires std::is_constructible_v<Impl, Args...>
  explicit ModuleHolder(Args&&... args)
      : module_(std::make_shared<Impl>(std::forward<Args>(args)...)) {}

  Impl* operator->() const { return get(); }
  Impl& operator*() const { return *get(); }
  std::shared_ptr<Impl> ptr() const { return std::static_pointer_cast<Impl>(module_); }
  /// Throws Error for an empty handle.
  Impl* get() const {
    ADJOINT_CHECK(module_, "Accessing empty ModuleHolder");
    return static_cast<Impl*>(module_.get());
  }
  bool is_empty() const noexcept { return !module_; }
  explicit operator bool() const noexcept { return bool(module_); }
  template <class Index>
  decltype(auto) operator[](Index&& index) const {
    return (*get())[std::forward<Index>(index)];
  }
  template <class... Args>
  decltype(auto) operator()(Args&&... args) const {
    return detail::call_forward(*get(), std::forward<Args>(args)...);
  }

 private:
  std::shared_ptr<Module> module_;
};

template <class Impl>
std::ostream& operator<<(std::ostream& out, const ModuleHolder<Impl>& module) {
  return out << *module;
}

}  // namespace adjoint::nn

/// Declares `Name`, the handle of the module class `NameImpl`.
#define ADJOINT_MODULE(Name)                                     \
  class Name : public ::adjoint::nn::ModuleHolder<Name##Impl> {  \
   public:                                                       \
    using ::adjoint::nn::ModuleHolder<Name##Impl>::ModuleHolder; \
    using Impl = Name##Impl;                                     \
  }
