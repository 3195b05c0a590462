// SPDX-License-Identifier: MIT
// Libraries that programs open by their names.
#pragma once

namespace cudasim {

/// What stands for dlopen and dlsym: null where the simulated device has no such library, function.
void* open_library(const char* name);
void* find_symbol(void* library, const char* name);

}  // namespace cudasim
