// SPDX-License-Identifier: MIT
#include "adjoint/nn/pooling.h"

#include <ostream>

#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

template <size_t D>
void print_max(std::ostream& out, const std::string& name, const MaxPoolOptions<D>& o) {
  const char* ceil_mode =
      is_libtorch_style(out) ? (o.ceil_mode() ? "true" : "false") : yes_no(o.ceil_mode());
  out << name << "(kernel_size=" << short_list(out, o.kernel_size())
      << ", stride=" << short_list(out, o.stride()) << ", padding=" << short_list(out, o.padding())
      << ", dilation=" << short_list(out, o.dilation()) << ", ceil_mode=" << ceil_mode << ")";
}

template <size_t D>
void print_avg(std::ostream& out, const std::string& name, const AvgPoolOptions<D>& o) {
  auto numbers = [&](IntArrayRef list_of) {
    return D == 1 ? list(out, list_of) : short_list(out, list_of);
  };
  out << name << "(kernel_size=" << numbers(o.kernel_size()) << ", stride=" << numbers(o.stride())
      << ", padding=" << numbers(o.padding()) << ")";
}

template <size_t D>
void print_adaptive(std::ostream& out, const std::string& name, const AdaptivePoolOptions<D>& o) {
  const bool cpp = is_libtorch_style(out);
  bool agree = D == 1 || !cpp;
  for (size_t i = 0; i < D; ++i) agree = agree && o.output_size()[i] == o.output_size()[0];
  auto write = [&](std::optional<int64_t> size) {
    if (size) {
      out << *size;
    } else {
      out << "None";
    }
  };
  out << name << "(output_size=" << (agree ? "" : cpp ? "[" : "(");
  for (size_t i = 0; i < (agree ? 1 : D); ++i) {
    out << (i > 0 ? ", " : "");
    write(o.output_size()[i]);
  }
  out << (agree ? "" : cpp ? "]" : ")") << ")";
}

}  // namespace

void MaxPool1dImpl::pretty_print(std::ostream& out) const { print_max(out, "MaxPool1d", options); }
void MaxPool2dImpl::pretty_print(std::ostream& out) const { print_max(out, "MaxPool2d", options); }
void AvgPool1dImpl::pretty_print(std::ostream& out) const { print_avg(out, "AvgPool1d", options); }
void AvgPool2dImpl::pretty_print(std::ostream& out) const { print_avg(out, "AvgPool2d", options); }
void AdaptiveMaxPool1dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveMaxPool1d", options);
}
void AdaptiveMaxPool2dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveMaxPool2d", options);
}
void AdaptiveAvgPool1dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveAvgPool1d", options);
}
void AdaptiveAvgPool2dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveAvgPool2d", options);
}

}  // namespace adjoint::nn
