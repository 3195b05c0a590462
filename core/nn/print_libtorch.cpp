// SPDX-License-Identifier: MIT
// Modules as text, in the form of LibTorch's C++ front end (adjoint/torch/print.h).
#include <cxxabi.h>

#include <cstdlib>
#include <ostream>
#include <sstream>

#include "adjoint/nn/module.h"
#include "adjoint/torch/print.h"
#include "core/nn/print.h"

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
  std::ostringstream out;
  if (ours) nn::set_libtorch_style(out);
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

namespace adjoint::nn {
namespace {

int style_index() {
  static const int index = std::ios_base::xalloc();
  return index;
}

}  // namespace

bool is_libtorch_style(std::ostream& out) { return out.iword(style_index()) != 0; }
void set_libtorch_style(std::ostream& out) { out.iword(style_index()) = 1; }

}  // namespace adjoint::nn
