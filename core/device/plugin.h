// SPDX-License-Identifier: MIT
// Backends that live in libraries of their own.
#pragma once

#include <string>

#include "adjoint/backend.h"

namespace adjoint {

/// What the core hands to a plug-in's entry, which compares it with its own: `version` is the one
/// of this header, `registry` the address of op_registry(), which differs where a program holds two
/// copies of the library.
struct PluginHost {
  const char* version;
  const OpRegistry* registry;
};
/// The entry of a plug-in, `adjoint_<type>_backend`. Where the backend cannot be used it returns
/// null and says in `why_not` why, and what to do.
using PluginEntry = Backend*(const PluginHost& host, std::string& why_not);

/// The backend of a type that is linked into the program or found in a library; null where there is
/// none, with the reason in `why_not`.
Backend* load_backend(DeviceType type, std::string& why_not) noexcept;

}  // namespace adjoint
