// SPDX-License-Identifier: MIT
// Where the library's own backends come from (each is defined in its device's folder: core/ names
// the function and nothing else of it), and which are in use.
#pragma once

#include "adjoint/backend.h"

namespace adjoint {

Backend& cpu_backend();

/// The backend of a type where it has been asked for before, else null: none is loaded.
Backend* backend_in_use(DeviceType type) noexcept;

}  // namespace adjoint
