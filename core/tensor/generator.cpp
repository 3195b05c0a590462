// SPDX-License-Identifier: MIT
#include "adjoint/generator.h"

namespace adjoint {

void Generator::set_current_seed(uint64_t seed) {
  detail::SpinGuard guard(lock_);
  state_ = {seed, 0};
}
uint64_t Generator::current_seed() const {
  detail::SpinGuard guard(lock_);
  return state_.seed;
}
PhiloxState Generator::get_state() const {
  detail::SpinGuard guard(lock_);
  return state_;
}
void Generator::set_state(PhiloxState state) {
  detail::SpinGuard guard(lock_);
  state_ = state;
}
PhiloxState Generator::reserve(uint64_t n) {
  detail::SpinGuard guard(lock_);
  PhiloxState here = state_;
  state_.offset += (n + 3) / 4;
  return here;
}

Generator& default_generator() {
  static Generator& generator = *new Generator();
  return generator;
}
void manual_seed(uint64_t seed) { default_generator().set_current_seed(seed); }

}  // namespace adjoint
