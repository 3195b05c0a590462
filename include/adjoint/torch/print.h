// SPDX-License-Identifier: MIT
// Printing as LibTorch's C++ front end prints. Part of adjoint/torch.h.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "adjoint/nn/module.h"
#include "adjoint/tensor.h"

namespace adjoint::detail {

/// " 1  2\n 3  4\n[ CPUFloatType{2,2} ]"; rows longer than `linewidth` are cut into columns.
ADJOINT_API std::ostream& print_as_libtorch(std::ostream& out, const Tensor& tensor,
                                            int64_t linewidth = 80);
/// The module as a tree, this library's layers in LibTorch's words: "torch::nn::Linear(...)".
ADJOINT_API std::ostream& print_as_libtorch(std::ostream& out, const nn::Module& module);
/// "CPUFloatType"
ADJOINT_API std::string libtorch_type_name(const Tensor& tensor);

}  // namespace adjoint::detail
