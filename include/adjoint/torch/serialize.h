// SPDX-License-Identifier: MIT
// torch::save and torch::load of modules, optimizers and lists of tensors; archives. Part of
// adjoint/torch.h. The files are this library's (adjoint/serialize.h), not LibTorch's.
#pragma once

#include <concepts>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "adjoint/nn/module.h"
#include "adjoint/optim/optimizer.h"
#include "adjoint/serialize.h"

namespace adjoint {

template <class M>
concept HandleOfModule = requires(const M& m) {
  std::shared_ptr<nn::Module>(m.ptr());
}
|| requires(const M& m) { std::shared_ptr<nn::Module>(m); };

namespace detail {
template <class M>
nn::Module& module_of(const M& handle) {
  return *handle;
}
}  // namespace detail

/// A path or a stream.
template <class P>
concept SavePlace = std::convertible_to<P, std::string> || std::derived_from<P, std::ostream>;
template <class P>
concept LoadPlace = std::convertible_to<P, std::string> || std::derived_from<P, std::istream>;

/// The module's state_dict(), and back into a module of the same structure. Throw as
/// load_state_dict and the functions of adjoint/serialize.h do.
template <HandleOfModule M, SavePlace P>
void save(const M& module, P& to) {
  save(detail::module_of(module).state_dict(), to);
}
template <HandleOfModule M, LoadPlace P>
void load(M& module, P& from) {
  detail::module_of(module).load_state_dict(load(from));
}
template <SavePlace P>
void save(const optim::Optimizer& optimizer, P& to) {
  save(optimizer.state_dict(), to);
}
template <LoadPlace P>
void load(optim::Optimizer& optimizer, P& from) {
  optimizer.load_state_dict(load(from));
}
/// Tensors named "0", "1", ...
template <SavePlace P>
void save(const std::vector<Tensor>& tensors, P& to) {
  TensorDict named;
  for (size_t i = 0; i < tensors.size(); ++i) named.insert(std::to_string(i), tensors[i]);
  save(named, to);
}
template <LoadPlace P>
void load(std::vector<Tensor>& tensors, P& from) {
  const TensorDict named = load(from);
  for (size_t i = 0; i < named.size(); ++i) tensors.push_back(named[std::to_string(i)]);
}

namespace serialize {

/// Named tensors on their way to a file.
class OutputArchive {
 public:
  /// Throws Error for a name that is taken.
  void write(const std::string& key, const Tensor& tensor, bool /*is_buffer*/ = false) {
    tensors_.insert(key, tensor.detach());
  }
  /// Under names that start with "key.".
  void write(const std::string& key, OutputArchive& nested) {
    for (const auto& item : nested.tensors_) tensors_.insert(key + "." + item.key(), item.value());
  }
  void save_to(const std::string& path) const { save(tensors_, path); }
  void save_to(std::ostream& out) const { save(tensors_, out); }

 private:
  TensorDict tensors_;
};

/// Named tensors from a file.
class InputArchive {
 public:
  void load_from(const std::string& path, Device device = kCPU) { tensors_ = load(path, device); }
  void load_from(std::istream& in, Device device = kCPU) { tensors_ = load(in, device); }
  /// Throws Error where there is no tensor of that name.
  void read(const std::string& key, Tensor& tensor, bool is_buffer = false) {
    ADJOINT_CHECK(try_read(key, tensor, is_buffer), "No such serialized tensor '", key, "'");
  }
  /// Values go into the tensor if it is defined; it takes the file's otherwise.
  bool try_read(const std::string& key, Tensor& tensor, bool /*is_buffer*/ = false) {
    const Tensor* found = tensors_.find(key);
    if (!found) return false;
    if (tensor.defined()) {
      NoGradGuard no_grad;
      tensor.set_data(found->to(tensor.device(), tensor.dtype()));
    } else {
      tensor = *found;
    }
    return true;
  }
  void read(const std::string& key, InputArchive& nested) {
    for (const auto& item : tensors_) {
      if (item.key().starts_with(key + ".")) {
        nested.tensors_.insert(item.key().substr(key.size() + 1), item.value());
      }
    }
  }
  std::vector<std::string> keys() const { return tensors_.keys(); }

 private:
  TensorDict tensors_;
};

}  // namespace serialize
}  // namespace adjoint
