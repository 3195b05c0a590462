// SPDX-License-Identifier: MIT
// LibTorch's namespaces: a program written for LibTorch's C++ front end compiles with this header
// in the place of <torch/torch.h>. `torch`, `at` and `c10` are this library, and tensors and
// modules print as LibTorch prints them. Programs that are to keep their `#include <torch/torch.h>`
// link the CMake target adjoint::torch.
//
// It stands for a header that brings much of the standard library along, and so does it: code
// written for this library includes adjoint/adjoint.h.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adjoint/adjoint.h"
#include "adjoint/torch/check.h"
#include "adjoint/torch/data.h"
#include "adjoint/torch/names.h"
#include "adjoint/torch/print.h"
#include "adjoint/torch/serialize.h"

namespace torch {
using namespace adjoint;
using namespace adjoint::libtorch;
}  // namespace torch
namespace at {
using namespace adjoint;
using namespace adjoint::libtorch;
}  // namespace at
namespace c10 {
using namespace adjoint;
using namespace adjoint::libtorch;
}  // namespace c10

namespace adjoint {

// More specialised than the library's own: a file that includes this header prints as LibTorch.
inline std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  return detail::print_as_libtorch(out, tensor);
}
inline std::ostream& operator<<(std::ostream& out, const std::vector<Tensor>& tensors) {
  for (size_t i = 0; i < tensors.size(); ++i) out << (i > 0 ? " " : "") << tensors[i];
  return out;
}
inline std::ostream& operator<<(std::ostream& out, ScalarType dtype) {
  return out << toString(dtype);
}
inline std::ostream& operator<<(std::ostream& out, const Device& device) {
  return out << device.str();
}
inline std::ostream& operator<<(std::ostream& out, DeviceType type) {
  return out << device_type_name(type);
}
inline std::ostream& operator<<(std::ostream& out, const Scalar& value) {
  if (value.isFloatingPoint()) return out << value.toDouble();
  if (value.isBoolean()) return out << (value.toBool() ? "true" : "false");
  return out << value.toLong();
}
template <class T>
std::ostream& operator<<(std::ostream& out, ArrayRef<T> list) {
  out << '[';
  for (size_t i = 0; i < list.size(); ++i) out << (i > 0 ? ", " : "") << list[i];
  return out << ']';
}

namespace nn {

template <class M>
requires AnyModule<M> && std::is_class_v<M> std::ostream& operator<<(std::ostream& out,
                                                                     const M& module) {
  return detail::print_as_libtorch(out, module);
}

}  // namespace nn

}  // namespace adjoint
