// SPDX-License-Identifier: MIT
#include "adjoint/generator.h"

#include "core/capture/recorder.h"
#include "core/tensor/default_generator.h"

namespace adjoint {
namespace {
constinit thread_local Generator* replacement = nullptr;
}

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
  PhiloxState here;
  {
    detail::SpinGuard guard(lock_);
    here = state_;
    state_.offset += (n + 3) / 4;
  }
  if (Recorder* recorder = recorder_of_thread()) [[unlikely]] recorder->reserved(*this, n, here);
  return here;
}

DefaultGeneratorGuard::DefaultGeneratorGuard(Generator* generator) noexcept : previous_(replacement) {
  if (generator) replacement = generator;
}
DefaultGeneratorGuard::~DefaultGeneratorGuard() { replacement = previous_; }

Generator& default_generator() {
  if (replacement) return *replacement;
  static Generator& generator = *new Generator();
  return generator;
}
void manual_seed(uint64_t seed) {
  refuse_capture("manual_seed", "a replay goes on with the numbers of the one before");
  default_generator().set_current_seed(seed);
}

}  // namespace adjoint
