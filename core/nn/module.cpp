// SPDX-License-Identifier: MIT
#include "adjoint/nn/module.h"

#include <cxxabi.h>

#include <cstdlib>
#include <ostream>
#include <sstream>

#include "adjoint/autograd.h"
#include "core/autograd/flat_parameters.h"

namespace adjoint {

constinit detail::Atomic<uint64_t> detail::training_fingerprint{0};

}  // namespace adjoint

namespace adjoint::nn {
namespace {

std::string joined(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

/// "Linear" of "adjoint::nn::LinearImpl".
std::string class_name(const char* mangled) {
  int status = 0;
  char* readable = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = status == 0 ? readable : mangled;
  std::free(readable);
  if (size_t scope = name.rfind("::"); scope != std::string::npos) name = name.substr(scope + 2);
  if (name.size() > 4 && name.ends_with("Impl")) name.resize(name.size() - 4);
  return name;
}

std::string quoted(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& n : names) out += (out.empty() ? "\"" : ", \"") + n + "\"";
  return out;
}

void convert(Tensor& t, std::optional<Device> device, std::optional<ScalarType> dtype) {
  if (!t.defined()) return;
  NoGradGuard no_grad;
  ScalarType to_dtype = dtype && t.is_floating_point() ? *dtype : t.dtype();
  auto moved = [&](const Tensor& from) {
    return from.to(device.value_or(from.device()), to_dtype);
  };
  Tensor grad = t.grad();
  // The tensor stays the one that optimizers and graphs know.
  t.set_data(moved(t.detach()));
  if (grad.defined()) t.mutable_grad() = moved(grad);
}

void check_floating(ScalarType dtype) {
  ADJOINT_CHECK_TYPE(
      isFloatingType(dtype),
      "nn::Module::to only accepts floating point dtypes, but got desired dtype=", dtype);
}

}  // namespace

Module::~Module() { set_training(true); }

Module::Module(const Module& other)
    : std::enable_shared_from_this<Module>(),
      name_(other.name()),
      parameters_(other.parameters_),
      buffers_(other.buffers_),
      children_(other.children_) {
  set_training(other.training_);
}

void Module::set_training(bool on) noexcept {
  if (on == training_) return;
  training_ = on;
  const uint64_t mark = (reinterpret_cast<uintptr_t>(this) | 1) * 0x9E3779B97F4A7C15u;
  detail::training_fingerprint.add_relaxed(on ? -mark : mark);
}

const std::string& Module::name() const {
  detail::SpinGuard guard(name_lock_);
  if (name_.empty()) name_ = class_name(typeid(*this).name());
  return name_;
}

void Module::check_name(const char* kind, const std::string& name) const {
  ADJOINT_CHECK(!name.empty(), kind, " name must not be empty");
  ADJOINT_CHECK(name.find('.') == std::string::npos, kind, " name must not contain a dot (got '",
                name, "')");
  bool taken = parameters_.contains(name) || buffers_.contains(name) || children_.contains(name);
  ADJOINT_CHECK(!taken, kind, " '", name, "' already defined");
}

Tensor& Module::register_parameter(std::string name, Tensor tensor, bool requires_grad) {
  check_name("Parameter", name);
  if (tensor.defined()) {
    ADJOINT_CHECK(tensor.is_leaf(), "Parameter '", name, "' must be a leaf: detach() it first");
    tensor.requires_grad_(requires_grad);
  }
  return parameters_.insert(std::move(name), std::move(tensor));
}

Tensor& Module::register_buffer(std::string name, Tensor tensor) {
  check_name("Buffer", name);
  return buffers_.insert(std::move(name), std::move(tensor));
}

void Module::add_module(std::string name, std::shared_ptr<Module> module) {
  check_name("Submodule", name);
  ADJOINT_CHECK(module, "Submodule '", name, "' is an empty handle");
  module->registered_name_ = name;
  children_.insert(std::move(name), std::move(module));
}

void Module::replace_module(const std::string& name, std::shared_ptr<Module> module) {
  ADJOINT_CHECK(children_.contains(name), "Submodule '", name, "' is not defined");
  ADJOINT_CHECK(module, "Submodule '", name, "' is an empty handle");
  module->registered_name_ = name;
  children_[name] = std::move(module);
}

void Module::collect_parameters(const std::string& prefix, bool recurse,
                                OrderedDict<std::string, Tensor>& out) const {
  for (const auto& item : parameters_) {
    if (item->defined()) out.insert(joined(prefix, item.key()), item.value());
  }
  if (!recurse) return;
  for (const auto& child : children_)
    child.value()->collect_parameters(joined(prefix, child.key()), true, out);
}
void Module::collect_buffers(const std::string& prefix, bool recurse,
                             OrderedDict<std::string, Tensor>& out) const {
  for (const auto& item : buffers_) {
    if (item->defined()) out.insert(joined(prefix, item.key()), item.value());
  }
  if (!recurse) return;
  for (const auto& child : children_)
    child.value()->collect_buffers(joined(prefix, child.key()), true, out);
}
void Module::collect_state(const std::string& prefix, OrderedDict<std::string, Tensor>& out) const {
  collect_parameters(prefix, false, out);
  collect_buffers(prefix, false, out);
  for (const auto& child : children_)
    child.value()->collect_state(joined(prefix, child.key()), out);
}

OrderedDict<std::string, Tensor> Module::named_parameters(bool recurse) const {
  OrderedDict<std::string, Tensor> out("Parameter");
  collect_parameters("", recurse, out);
  return out;
}
std::vector<Tensor> Module::parameters(bool recurse) const {
  return named_parameters(recurse).values();
}
OrderedDict<std::string, Tensor> Module::named_buffers(bool recurse) const {
  OrderedDict<std::string, Tensor> out("Buffer");
  collect_buffers("", recurse, out);
  return out;
}
std::vector<Tensor> Module::buffers(bool recurse) const { return named_buffers(recurse).values(); }

OrderedDict<std::string, std::shared_ptr<Module>> Module::named_children() const {
  return children_;
}
std::vector<std::shared_ptr<Module>> Module::children() const { return children_.values(); }
OrderedDict<std::string, std::shared_ptr<Module>> Module::named_modules(const std::string& prefix,
                                                                        bool include_self) const {
  OrderedDict<std::string, std::shared_ptr<Module>> out("Submodule");
  if (include_self) {
    auto self = std::const_pointer_cast<Module>(weak_from_this().lock());
    ADJOINT_CHECK(self, "modules(): '", name(),
                  "' is not held by a shared_ptr; pass include_self = false");
    out.insert(prefix, std::move(self));
  }
  for (const auto& child : children_)
    out.update(child.value()->named_modules(joined(prefix, child.key()), true));
  return out;
}
std::vector<std::shared_ptr<Module>> Module::modules(bool include_self) const {
  return named_modules("", include_self).values();
}

OrderedDict<std::string, Tensor> Module::state_dict() const {
  OrderedDict<std::string, Tensor> own("Entry"), out("Entry");
  collect_state("", own);
  for (const auto& item : own) out.insert(item.key(), item->detach());
  return out;
}

Module::IncompatibleKeys Module::load_state_dict(const OrderedDict<std::string, Tensor>& state,
                                                 bool strict) {
  OrderedDict<std::string, Tensor> own("Entry");
  collect_state("", own);
  IncompatibleKeys keys;
  std::string problems;
  for (const auto& item : own) {
    const Tensor* given = state.find(item.key());
    if (!given) {
      keys.missing.push_back(item.key());
    } else if (!(given->sizes() == item->sizes())) {
      problems += detail::str("\n\tsize mismatch for ", item.key(), ": copying a param with shape ",
                              given->sizes(), " from checkpoint, the shape in current model is ",
                              item->sizes(), ".");
    }
  }
  for (const auto& item : state) {
    if (!own.contains(item.key())) keys.unexpected.push_back(item.key());
  }
  if (strict && !keys.missing.empty())
    problems += "\n\tMissing key(s) in state_dict: " + quoted(keys.missing) + ".";
  if (strict && !keys.unexpected.empty()) {
    problems += "\n\tUnexpected key(s) in state_dict: " + quoted(keys.unexpected) + ".";
  }
  ADJOINT_CHECK(problems.empty(), "Error(s) in loading state_dict for ", name(), ":", problems);
  NoGradGuard no_grad;
  for (auto& item : own) {
    if (const Tensor* given = state.find(item.key())) item->copy_(*given);
  }
  return keys;
}

void Module::train(bool on) {
  set_training(on);
  for (auto& child : children_) child.value()->train(on);
}

void Module::to(Device device, ScalarType dtype) {
  check_floating(dtype);
  for (auto& child : children_) child.value()->to(device, dtype);
  for (auto& item : parameters_) convert(item.value(), device, dtype);
  for (auto& item : buffers_) convert(item.value(), device, dtype);
}
void Module::to(Device device) {
  for (auto& child : children_) child.value()->to(device);
  for (auto& item : parameters_) convert(item.value(), device, std::nullopt);
  for (auto& item : buffers_) convert(item.value(), device, std::nullopt);
}
void Module::to(ScalarType dtype) {
  check_floating(dtype);
  for (auto& child : children_) child.value()->to(dtype);
  for (auto& item : parameters_) convert(item.value(), std::nullopt, dtype);
  for (auto& item : buffers_) convert(item.value(), std::nullopt, dtype);
}

void Module::zero_grad(bool set_to_none) {
  const std::vector<Tensor> all = parameters();
  for (const Tensor& parameter : all) {
    if (!parameter.grad().defined()) continue;
    if (set_to_none) {
      parameter.mutable_grad().reset();
    } else if (!adjoint::detail::slot_of_gradient(parameter)) {
      parameter.mutable_grad() = parameter.grad().detach();
    }
  }
  if (set_to_none) return;
  NoGradGuard no_grad;
  adjoint::detail::GradientRuns gradients(all);
  for (const Tensor& g : gradients.all()) g.zero_();
}

void Module::requires_grad_(bool on) {
  for (Tensor& parameter : parameters()) parameter.requires_grad_(on);
}

std::shared_ptr<Module> Module::clone(std::optional<Device>) const {
  adjoint::detail::fail<Error>("clone() has not been implemented for ", name(),
                               ". Subclass torch::nn::Cloneable<", name(),
                               "> instead of torch::nn::Module to inherit the ability to clone.");
}

void Module::forget_members() {
  parameters_.clear();
  buffers_.clear();
  children_.clear();
}

void Module::take_values(const Module& other, std::optional<Device> device) {
  const auto check_number = [&](const char* what, size_t own, size_t others) {
    ADJOINT_CHECK(
        own == others, "The cloned module does not have the same number of ", what,
        " as the original module after calling reset(). Are you sure you called register_", what,
        "() inside reset() and not the constructor?");
  };
  check_number("parameters", parameters_.size(), other.parameters_.size());
  check_number("buffers", buffers_.size(), other.buffers_.size());
  check_number("modules", children_.size(), other.children_.size());
  NoGradGuard no_grad;
  const auto copy = [&](Tensor& to, const Tensor& from) {
    if (!from.defined() || !to.defined()) return;
    to.set_data(from.detach().to(device.value_or(from.device()), from.dtype(), false, true));
    to.requires_grad_(from.requires_grad());
  };
  for (const auto& item : other.parameters_) copy(parameters_[item.key()], item.value());
  for (const auto& item : other.buffers_) copy(buffers_[item.key()], item.value());
  for (const auto& item : other.children_) {
    children_[item.key()]->take_values(*item.value(), device);
  }
  set_training(other.training_);
}

void Module::pretty_print(std::ostream& out) const { out << name() << "()"; }

namespace {

void print_below(std::ostream& out, const Module& module, const std::string& indent) {
  auto children = module.named_children();
  if (children.is_empty()) {
    module.pretty_print(out);
    return;
  }
  out << module.name() << "(\n";
  for (const auto& child : children) {
    out << indent << "  (" << child.key() << "): ";
    print_below(out, *child.value(), indent + "  ");
    out << "\n";
  }
  out << indent << ")";
}

}  // namespace

std::ostream& print_tree(std::ostream& out, const Module& module) {
  print_below(out, module, "");
  return out;
}

}  // namespace adjoint::nn
