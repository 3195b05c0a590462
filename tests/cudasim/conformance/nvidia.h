// SPDX-License-Identifier: MIT
// What NVIDIA's headers and its runtime make of the same.
#pragma once

#include "half_values.h"

HeaderValues nvidia_values();
const char* nvidia_error_name(int error);
const char* nvidia_error_text(int error);
