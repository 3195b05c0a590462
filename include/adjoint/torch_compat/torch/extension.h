// SPDX-License-Identifier: MIT
// LibTorch's header of this name, for programs that keep their includes. The include path of the
// CMake target adjoint::torch leads here.
#pragma once

#include "adjoint/torch.h"
