// SPDX-License-Identifier: MIT
// Another generator in the place of the default one.
#pragma once

#include "adjoint/generator.h"

namespace adjoint {

/// In its scope, default_generator() is `generator` for this thread; null: as before.
class DefaultGeneratorGuard {
 public:
  explicit DefaultGeneratorGuard(Generator* generator) noexcept;
  ~DefaultGeneratorGuard();
  DefaultGeneratorGuard(const DefaultGeneratorGuard&) = delete;
  DefaultGeneratorGuard& operator=(const DefaultGeneratorGuard&) = delete;

 private:
  Generator* previous_;
};

}  // namespace adjoint
