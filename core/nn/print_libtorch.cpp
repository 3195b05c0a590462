// SPDX-License-Identifier: MIT
// Modules as text, in the form of LibTorch's C++ front end (adjoint/torch/print.h).
#include <cxxabi.h>

#include <cstdlib>
#include <ostream>
#include <sstream>

#include "adjoint/nn/convolution.h"
#include "adjoint/nn/embedding.h"
#include "adjoint/nn/pooling.h"
#include "adjoint/torch/print.h"

namespace adjoint::detail {
namespace {

constexpr std::string_view kOurs = "adjoint::nn::";

std::string class_of(const nn::Module& module) {
  const char* mangled = typeid(module).name();
  int status = 0;
  char* readable = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = status == 0 ? readable : mangled;
  std::free(readable);
  return name;
}

std::string list(const ExpandingArray<2>& a) { return str("[", a[0], ", ", a[1], "]"); }
const char* word(bool value) { return value ? "true" : "false"; }
bool all(const ExpandingArray<2>& a, int64_t value) { return a[0] == value && a[1] == value; }

std::string settings(const nn::Conv2dOptions& o) {
  std::string text = str("Conv2d(", o.in_channels(), ", ", o.out_channels(),
                         ", kernel_size=", list(o.kernel_size()), ", stride=", list(o.stride()));
  if (!all(o.padding(), 0)) text += ", padding=" + list(o.padding());
  if (!all(o.dilation(), 1)) text += ", dilation=" + list(o.dilation());
  if (o.groups() != 1) text += str(", groups=", o.groups());
  if (!o.bias()) text += ", bias=false";
  return text + ")";
}

std::string settings(const nn::MaxPool2dOptions& o) {
  return str("MaxPool2d(kernel_size=", list(o.kernel_size()), ", stride=", list(o.stride()),
             ", padding=", list(o.padding()), ", dilation=", list(o.dilation()),
             ", ceil_mode=", word(o.ceil_mode()), ")");
}

std::string settings(const nn::EmbeddingOptions& o) {
  std::string text =
      str("Embedding(num_embeddings=", o.num_embeddings(), ", embedding_dim=", o.embedding_dim());
  if (o.padding_idx()) text += str(", padding_idx=", *o.padding_idx());
  return text + ")";
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// One line for the module alone. Python's words and brackets become C++'s in this library's own;
/// what a module of the user's prints stays.
std::string line_of(const nn::Module& module) {
  std::string name = class_of(module);
  const bool ours = name.starts_with(kOurs);
  if (ours) {
    if (auto* conv = dynamic_cast<const nn::Conv2dImpl*>(&module)) {
      return "torch::nn::" + settings(conv->options);
    }
    if (auto* pool = dynamic_cast<const nn::MaxPool2dImpl*>(&module)) {
      return "torch::nn::" + settings(pool->options);
    }
    if (auto* embedding = dynamic_cast<const nn::EmbeddingImpl*>(&module)) {
      return "torch::nn::" + settings(embedding->options);
    }
  }
  std::ostringstream out;
  module.pretty_print(out);
  std::string text = out.str();
  if (!ours) return text == module.name() + "()" ? name : text;
  replace(text, "((", "([");
  replace(text, ",), ", "], ");
  replace(text, "), ", "], ");
  replace(text, ".0,", ",");
  replace(text, ".0)", ")");
  replace(text, "True", "true");
  replace(text, "False", "false");
  return "torch::nn::" + text;
}

void print_tree(std::ostream& out, const nn::Module& module, const std::string& indent) {
  const auto children = module.named_children();
  std::string line = line_of(module);
  if (children.is_empty()) {
    out << line;
    return;
  }
  if (line.ends_with("()")) line.resize(line.size() - 2);
  out << line << "(\n";
  for (const auto& child : children) {
    out << indent << "  (" << child.key() << "): ";
    print_tree(out, *child.value(), indent + "  ");
    out << "\n";
  }
  out << indent << ")";
}

}  // namespace

std::ostream& print_as_libtorch(std::ostream& out, const nn::Module& module) {
  print_tree(out, module, "");
  return out;
}

}  // namespace adjoint::detail
