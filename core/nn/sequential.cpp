// SPDX-License-Identifier: MIT
#include "adjoint/nn/sequential.h"

namespace adjoint::nn {

void SequentialImpl::add(std::string name, std::shared_ptr<Module> module,
                         std::shared_ptr<Layer> layer) {
  register_module(std::move(name), module);
  modules_.push_back(std::move(module));
  layers_.push_back(std::move(layer));
}

std::shared_ptr<Module> SequentialImpl::clone(std::optional<Device> device) const {
  auto copy = std::make_shared<SequentialImpl>();
  const auto children = named_children();
  for (size_t i = 0; i < size(); ++i) {
    std::shared_ptr<Module> module = modules_[i]->clone(device);
    auto layer = std::dynamic_pointer_cast<Layer>(module);
    ADJOINT_CHECK(layer, "Sequential::clone: expected layers of this library, got a ",
                  modules_[i]->name());
    copy->add(children[i].key(), std::move(module), std::move(layer));
  }
  copy->take_values(*this, device);
  return copy;
}

Tensor SequentialImpl::forward(const Tensor& input) {
  ADJOINT_CHECK(!is_empty(), "Cannot call forward() on an empty Sequential");
  Tensor x = input;
  for (size_t i = 0; i < size(); ++i) {
    const ModuleScope scope(*modules_[i]);
    x = layers_[i]->forward(x);
    scope.note_output(x);
  }
  return x;
}

const std::shared_ptr<Layer>& SequentialImpl::ptr(size_t index) const {
  ADJOINT_CHECK_INDEX(index < size(), "Sequential: index ", index, " is out of range for ", size(),
                      " layers");
  return layers_[index];
}

Module& SequentialImpl::at_index(size_t index) const {
  ptr(index);
  return *modules_[index];
}

void ModuleListImpl::add(std::shared_ptr<Module> module) {
  register_module(std::to_string(size()), module);
  modules_.push_back(std::move(module));
}

const std::shared_ptr<Module>& ModuleListImpl::ptr(size_t index) const {
  ADJOINT_CHECK_INDEX(index < size(), "ModuleList: index ", index, " is out of range for ", size(),
                      " modules");
  return modules_[index];
}

std::shared_ptr<Module> ModuleListImpl::clone(std::optional<Device> device) const {
  auto copy = std::make_shared<ModuleListImpl>();
  for (const auto& module : modules_) copy->add(module->clone(device));
  copy->take_values(*this, device);
  return copy;
}

FunctionalImpl::Function::~Function() = default;

std::shared_ptr<Module> FunctionalImpl::clone(std::optional<Device> device) const {
  auto copy = std::make_shared<FunctionalImpl>(*this);
  copy->take_values(*this, device);
  return copy;
}

}  // namespace adjoint::nn
