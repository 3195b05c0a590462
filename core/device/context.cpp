// SPDX-License-Identifier: MIT
#include "adjoint/context.h"

#include "adjoint/error.h"

namespace adjoint {

void Context::setFloat32MatmulPrecision(std::string_view name) {
  using enum Float32MatmulPrecision;
  const bool is_highest = name == "highest", is_high = name == "high";
  ADJOINT_CHECK(is_highest || is_high || name == "medium",
                "setFloat32MatmulPrecision: expected 'highest', 'high' or 'medium', got '", name,
                "'");
  setFloat32MatmulPrecision(is_highest ? HIGHEST : is_high ? HIGH : MEDIUM);
}

Context& globalContext() noexcept {
  static constinit Context context;
  return context;
}

}  // namespace adjoint
