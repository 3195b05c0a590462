// SPDX-License-Identifier: MIT
// How layers write their settings: as Python's modules do, or, on a stream that was told so, as
// LibTorch's in C++.
#pragma once

#include <ostream>
#include <string>

#include "adjoint/expanding_array.h"
#include "adjoint/nn/mode.h"

namespace adjoint::nn {

/// Whether what is written to `out` takes LibTorch's form.
bool is_libtorch_style(std::ostream& out);
void set_libtorch_style(std::ostream& out);

/// As Python writes it: "1.0", "0.01".
inline std::string decimal(double value) {
  std::string text = detail::str(value);
  return text.find_first_not_of("-0123456789") == text.npos ? text + ".0" : text;
}

inline const char* yes_no(bool value) { return value ? "True" : "False"; }

/// "(3, 3)", "(3,)"; of LibTorch "[3, 3]", "3".
inline std::string list(std::ostream& out, IntArrayRef a) {
  const bool cpp = is_libtorch_style(out);
  if (cpp && a.size() == 1) return std::to_string(a[0]);
  std::string text = cpp ? "[" : "(";
  for (size_t i = 0; i < a.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(a[i]);
  if (a.size() == 1) text += ",";
  return text + (cpp ? "]" : ")");
}
/// As list, but of Python one number where all agree.
inline std::string short_list(std::ostream& out, IntArrayRef a) {
  bool agree = !is_libtorch_style(out);
  for (int64_t n : a) agree = agree && n == a[0];
  return agree ? std::to_string(a[0]) : list(out, a);
}

inline const char* word(PaddingMode mode) {
  constexpr const char* kWords[] = {"zeros", "constant", "reflect", "replicate", "circular"};
  return kWords[int(mode)];
}
inline const char* word(InterpolateMode mode) {
  constexpr const char* kWords[] = {"nearest",   "linear", "bilinear",
                                    "trilinear", "area",   "bicubic"};
  return kWords[int(mode)];
}
inline const char* word(EmbeddingBagMode mode) {
  constexpr const char* kWords[] = {"sum", "mean", "max"};
  return kWords[int(mode)];
}
/// "'bilinear'"; of LibTorch "kBilinear".
template <class Mode>
std::string quoted(std::ostream& out, Mode mode) {
  std::string text = word(mode);
  if (!is_libtorch_style(out)) return "'" + text + "'";
  text[0] = char(text[0] - 'a' + 'A');
  return "k" + text;
}

}  // namespace adjoint::nn
