// SPDX-License-Identifier: MIT
#include "adjoint/context.h"

#include "adjoint/error.h"
#include "core/util/denormals.h"

namespace adjoint {

void Context::setFloat32MatmulPrecision(std::string_view name) {
  using enum Float32MatmulPrecision;
  const bool is_highest = name == "highest", is_high = name == "high";
  ADJOINT_CHECK(is_highest || is_high || name == "medium",
                "setFloat32MatmulPrecision: expected 'highest', 'high' or 'medium', got '", name,
                "'");
  setFloat32MatmulPrecision(is_highest ? HIGHEST : is_high ? HIGH : MEDIUM);
}

bool Context::setFlushDenormal(bool on) noexcept {
  flush_denormal_.store_relaxed(on);
  return kCanFlushDenormals;
}
bool wants_flushed_denormals() noexcept { return globalContext().flushDenormal(); }

Context& globalContext() noexcept {
  static constinit Context context;
  return context;
}

}  // namespace adjoint
