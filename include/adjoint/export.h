// SPDX-License-Identifier: MIT
// Which symbols the library shows.
#pragma once

#if defined(ADJOINT_STATIC)
#define ADJOINT_API
#else
#define ADJOINT_API __attribute__((visibility("default")))
#endif
