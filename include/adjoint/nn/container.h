// SPDX-License-Identifier: MIT
// ModuleDict, ParameterList, ParameterDict. Sequential, ModuleList: nn/sequential.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adjoint/nn/sequential.h"

namespace adjoint::nn {

/// Modules by name, in the order of their insertion.
class ADJOINT_API ModuleDictImpl : public Module {
 public:
  using Item = std::pair<std::string, std::shared_ptr<Module>>;
  ModuleDictImpl() = default;
  explicit ModuleDictImpl(const std::vector<Item>& modules);
  explicit ModuleDictImpl(const OrderedDict<std::string, std::shared_ptr<Module>>& modules);
  /// A module that stands there under `key` is replaced.
  void insert(const std::string& key, std::shared_ptr<Module> module);
  void update(const ModuleDictImpl& other);
  std::vector<std::string> keys() const { return named_children().keys(); }
  std::vector<std::shared_ptr<Module>> values() const { return children(); }
  std::vector<Item> items() const;
  size_t size() const { return children().size(); }
  bool empty() const { return size() == 0; }
  bool contains(const std::string& key) const { return named_children().contains(key); }
  /// Throws Error for a key that is not there.
  std::shared_ptr<Module> operator[](const std::string& key) const;
  /// The module as its class. Throws TypeError where it is of another.
  template <class M>
  M& at(const std::string& key) const {
    const std::shared_ptr<Module> found = (*this)[key];
    M* module = dynamic_cast<M*>(found.get());
    ADJOINT_CHECK_TYPE(module, "ModuleDict::at: module '", key, "' is a ", found->name());
    return *module;
  }
  std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const override;
};
ADJOINT_MODULE(ModuleDict);

/// Parameters in a row; each keeps its requires_grad.
class ADJOINT_API ParameterListImpl : public Module {
 public:
  ParameterListImpl() = default;
  template <std::same_as<Tensor>... Rest>
  explicit ParameterListImpl(const Tensor& first, const Rest&... rest) {
    append(first);
    (append(rest), ...);
  }
  void append(const Tensor& parameter);
  template <class Container>
  void extend(const Container& parameters) {
    for (const Tensor& parameter : parameters) append(parameter);
  }
  size_t size() const { return parameters(false).size(); }
  bool is_empty() const { return size() == 0; }
  /// Throws IndexError.
  Tensor at(size_t index) const;
  Tensor operator[](size_t index) const { return at(index); }
  std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const override;
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(ParameterList);

/// Parameters by name; each keeps its requires_grad.
class ADJOINT_API ParameterDictImpl : public Module {
 public:
  ParameterDictImpl() = default;
  explicit ParameterDictImpl(const OrderedDict<std::string, Tensor>& parameters);
  /// Throws Error for a key that is taken.
  Tensor& insert(const std::string& key, const Tensor& parameter);
  std::vector<std::string> keys() const { return named_parameters(false).keys(); }
  std::vector<Tensor> values() const { return parameters(false); }
  size_t size() const { return values().size(); }
  bool empty() const { return size() == 0; }
  bool contains(const std::string& key) const { return named_parameters(false).contains(key); }
  /// Throws Error for a key that is not there.
  Tensor get(const std::string& key) const { return named_parameters(false)[key]; }
  Tensor operator[](const std::string& key) const { return get(key); }
  std::shared_ptr<Module> clone(std::optional<Device> device = std::nullopt) const override;
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(ParameterDict);

}  // namespace adjoint::nn
