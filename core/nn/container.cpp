// SPDX-License-Identifier: MIT
#include "adjoint/nn/container.h"

#include <ostream>

#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

void print_parameters(std::ostream& out, const Module& module) {
  const bool cpp = is_libtorch_style(out);
  out << module.name() << "(\n";
  for (const auto& item : module.named_parameters(false)) {
    const Tensor& t = item.value();
    out << (cpp ? "(" : "  (") << item.key() << "): Parameter containing: [";
    if (cpp) {
      out << toString(t.dtype());
    } else {
      out << adjoint::detail::str(t.dtype());
    }
    out << " of size " << adjoint::detail::str(t.sizes()) << "]\n";
  }
  out << ")";
}

}  // namespace

ModuleDictImpl::ModuleDictImpl(const std::vector<Item>& modules) {
  for (const Item& item : modules) insert(item.first, item.second);
}
ModuleDictImpl::ModuleDictImpl(const OrderedDict<std::string, std::shared_ptr<Module>>& modules) {
  for (const auto& item : modules) insert(item.key(), item.value());
}

void ModuleDictImpl::insert(const std::string& key, std::shared_ptr<Module> module) {
  if (contains(key)) {
    replace_module(key, std::move(module));
  } else {
    add_module(key, std::move(module));
  }
}

void ModuleDictImpl::update(const ModuleDictImpl& other) {
  for (const auto& item : other.named_children()) insert(item.key(), item.value());
}

std::vector<ModuleDictImpl::Item> ModuleDictImpl::items() const {
  std::vector<Item> out;
  for (const auto& item : named_children()) out.emplace_back(item.key(), item.value());
  return out;
}

std::shared_ptr<Module> ModuleDictImpl::operator[](const std::string& key) const {
  return named_children()[key];
}

std::shared_ptr<Module> ModuleDictImpl::clone(std::optional<Device> device) const {
  auto copy = std::make_shared<ModuleDictImpl>();
  for (const auto& item : named_children()) copy->insert(item.key(), item.value()->clone(device));
  copy->take_values(*this, device);
  return copy;
}

void ParameterListImpl::append(const Tensor& parameter) {
  register_parameter(std::to_string(size()), parameter, parameter.requires_grad());
}

Tensor ParameterListImpl::at(size_t index) const {
  const std::vector<Tensor> all = parameters(false);
  ADJOINT_CHECK_INDEX(index < all.size(), "ParameterList: index ", index, " is out of range for ",
                      all.size(), " parameters");
  return all[index];
}

std::shared_ptr<Module> ParameterListImpl::clone(std::optional<Device> device) const {
  auto copy = std::make_shared<ParameterListImpl>();
  for (const Tensor& p : parameters(false)) {
    copy->append(p.detach().clone().requires_grad_(p.requires_grad()));
  }
  copy->take_values(*this, device);
  return copy;
}

void ParameterListImpl::pretty_print(std::ostream& out) const { print_parameters(out, *this); }

ParameterDictImpl::ParameterDictImpl(const OrderedDict<std::string, Tensor>& parameters) {
  for (const auto& item : parameters) insert(item.key(), item.value());
}

Tensor& ParameterDictImpl::insert(const std::string& key, const Tensor& parameter) {
  return register_parameter(key, parameter, parameter.requires_grad());
}

std::shared_ptr<Module> ParameterDictImpl::clone(std::optional<Device> device) const {
  auto copy = std::make_shared<ParameterDictImpl>();
  for (const auto& item : named_parameters(false)) {
    const Tensor& p = item.value();
    copy->insert(item.key(), p.detach().clone().requires_grad_(p.requires_grad()));
  }
  copy->take_values(*this, device);
  return copy;
}

void ParameterDictImpl::pretty_print(std::ostream& out) const { print_parameters(out, *this); }

}  // namespace adjoint::nn
