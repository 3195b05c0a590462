// SPDX-License-Identifier: MIT
// Where the library's own backends come from. Each is defined in its device's folder: core/ names
// the function and nothing else of it.
#pragma once

#include "adjoint/backend.h"

namespace adjoint {

Backend& cpu_backend();

}  // namespace adjoint
