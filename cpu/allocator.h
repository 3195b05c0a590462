// SPDX-License-Identifier: MIT
// The CPU's caching allocator.
#pragma once

#include "adjoint/memory.h"

namespace adjoint::cpu {

Allocator& allocator();

}  // namespace adjoint::cpu
