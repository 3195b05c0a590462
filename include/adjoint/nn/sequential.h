// SPDX-License-Identifier: MIT
// Sequential: layers one behind the other. ModuleList, Functional.
#pragma once

#include "adjoint/nn/layer.h"

namespace adjoint::detail {

template <class M>
const std::shared_ptr<M>& pointer_of(const std::shared_ptr<M>& module) {
  return module;
}
template <class M>
std::shared_ptr<M> pointer_of(const nn::ModuleHolder<M>& module) {
  return module.ptr();
}

/// Calls a module that is no Layer.
template <class M>
class LayerOfModule final : public nn::Layer {
 public:
  explicit LayerOfModule(std::shared_ptr<M> module) : module_(std::move(module)) {}
  Tensor forward(const Tensor& input) override { return module_->forward(input); }

 private:
  std::shared_ptr<M> module_;
};

template <class M>
std::shared_ptr<nn::Layer> layer_of(const std::shared_ptr<M>& module) {
  if constexpr (std::derived_from<M, nn::Layer>) {
    return module;
  } else {
    return module ? std::make_shared<LayerOfModule<M>>(module) : nullptr;
  }
}

}  // namespace adjoint::detail

namespace adjoint::nn {

/// A handle or shared pointer to a module.
template <class H>
concept ModuleHandle = requires(const H& h) {
  std::shared_ptr<Module>(h.ptr());
}
|| requires(const H& h) { std::shared_ptr<Module>(h); };

/// A handle or pointer to a module whose forward() makes a tensor of a tensor.
template <class H>
concept LayerHolder = ModuleHandle<H> && requires(const H& h, const Tensor& input) {
  Tensor(h->forward(input));
};

/// A module, and the name under which a Sequential is to have it.
class NamedAnyModule {
 public:
  template <LayerHolder Holder>
  NamedAnyModule(std::string name, const Holder& module)
      : name_(std::move(name)),
        module_(detail::pointer_of(module)),
        layer_(detail::layer_of(detail::pointer_of(module))) {}
  const std::string& name() const { return name_; }

 private:
  friend class SequentialImpl;
  std::string name_;
  std::shared_ptr<Module> module_;
  std::shared_ptr<Layer> layer_;
};

/// Modules of one tensor to one tensor, named "0", "1", ... in the order in which they were added,
/// or by names of their own.
class ADJOINT_API SequentialImpl : public Layer {
 public:
  SequentialImpl() = default;
  explicit SequentialImpl(std::initializer_list<NamedAnyModule> modules) {
    for (const NamedAnyModule& m : modules) add(m.name_, m.module_, m.layer_);
  }
  template <LayerHolder First, LayerHolder... Rest>
  explicit SequentialImpl(const First& first, const Rest&... rest) {
    push_back(first);
    (push_back(rest), ...);
  }
  template <LayerHolder Holder>
  void push_back(const Holder& module) {
    push_back(std::to_string(size()), module);
  }
  template <LayerHolder Holder>
  void push_back(std::string name, const Holder& module) {
    const auto& pointer = detail::pointer_of(module);
    add(std::move(name), pointer, detail::layer_of(pointer));
  }
  std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const override;
  Tensor forward(const Tensor& input) override;
  size_t size() const noexcept { return layers_.size(); }
  bool is_empty() const noexcept { return layers_.empty(); }
  /// The module as a layer. Throws IndexError.
  const std::shared_ptr<Layer>& ptr(size_t index) const;
  std::shared_ptr<Layer> operator[](size_t index) const { return ptr(index); }
  /// The module as its class. Throws TypeError where it is of another.
  template <class M>
  M& at(size_t index) const {
    M* module = dynamic_cast<M*>(&at_index(index));
    ADJOINT_CHECK_TYPE(module, "Sequential::at: layer ", index, " is a ", at_index(index).name());
    return *module;
  }
  auto begin() const { return layers_.begin(); }
  auto end() const { return layers_.end(); }

 private:
  void add(std::string name, std::shared_ptr<Module> module, std::shared_ptr<Layer> layer);
  Module& at_index(size_t index) const;
  std::vector<std::shared_ptr<Layer>> layers_;
  std::vector<std::shared_ptr<Module>> modules_;
};
class Sequential : public ModuleHolder<SequentialImpl> {
 public:
  using ModuleHolder<SequentialImpl>::ModuleHolder;
  using Impl = SequentialImpl;
  Sequential() : ModuleHolder(std::make_shared<SequentialImpl>()) {}
  Sequential(std::initializer_list<NamedAnyModule> modules)
      : ModuleHolder(std::make_shared<SequentialImpl>(modules)) {}
};

/// Modules under the names "0", "1", ..., to be called by their owner.
class ADJOINT_API ModuleListImpl : public Module {
 public:
  ModuleListImpl() = default;
  template <ModuleHandle First, ModuleHandle... Rest>
  explicit ModuleListImpl(const First& first, const Rest&... rest) {
    push_back(first);
    (push_back(rest), ...);
  }
  template <ModuleHandle Holder>
  void push_back(const Holder& module) {
    add(detail::pointer_of(module));
  }
  void extend(const ModuleListImpl& other) {
    for (const auto& module : other.modules_) add(module);
  }
  std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const override;
  size_t size() const noexcept { return modules_.size(); }
  bool is_empty() const noexcept { return modules_.empty(); }
  /// Throws IndexError.
  const std::shared_ptr<Module>& ptr(size_t index) const;
  const std::shared_ptr<Module>& operator[](size_t index) const { return ptr(index); }
  /// The module as its class. Throws TypeError where it is of another.
  template <class M>
  M& at(size_t index) const {
    M* module = dynamic_cast<M*>(ptr(index).get());
    ADJOINT_CHECK_TYPE(module, "ModuleList::at: module ", index, " is a ", ptr(index)->name());
    return *module;
  }
  auto begin() const { return modules_.begin(); }
  auto end() const { return modules_.end(); }

 private:
  void add(std::shared_ptr<Module> module);
  std::vector<std::shared_ptr<Module>> modules_;
};
ADJOINT_MODULE(ModuleList);

/// A function as a layer, with what follows the tensor among its arguments:
/// `Functional(log_softmax, 1, std::nullopt)`.
class ADJOINT_API FunctionalImpl : public Layer {
 public:
  template <class F, class... Args>
  requires std::is_invocable_r_v<Tensor, F&, const Tensor&, Args&...>
  explicit FunctionalImpl(F function, Args... args) {
    auto bound = [function = std::move(function), ... args = std::move(args)](const Tensor& input) {
      return Tensor(function(input, args...));
    };
    function_ = std::make_shared<FunctionOf<decltype(bound)>>(std::move(bound));
  }
  std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const override;
  Tensor forward(const Tensor& input) override { return function_->call(input); }

 private:
  struct ADJOINT_API Function {
    virtual ~Function();
    virtual Tensor call(const Tensor& input) = 0;
  };
  template <class F>
  struct FunctionOf final : Function {
    explicit FunctionOf(F f) : function(std::move(f)) {}
    Tensor call(const Tensor& input) override { return function(input); }
    F function;
  };
  std::shared_ptr<Function> function_;
};
ADJOINT_MODULE(Functional);

}  // namespace adjoint::nn
