// SPDX-License-Identifier: MIT
#include "adjoint/generator.h"

#include <cstring>

#include "adjoint/ops.h"
#include "core/capture/recorder.h"
#include "core/math/philox_state.h"
#include "core/tensor/default_generator.h"

namespace adjoint {
namespace {
constinit thread_local Generator* replacement = nullptr;
}

void Generator::set_current_seed(uint64_t seed) { set_philox_state({seed, 0}); }
uint64_t Generator::current_seed() const { return philox_state().seed; }
Tensor Generator::get_state() const {
  const PhiloxState state = philox_state();
  const Tensor out = empty({int64_t(sizeof state)}, dtype(kByte).device(kCPU));
  std::memcpy(out.data_ptr(), &state, sizeof state);
  return out;
}
void Generator::set_state(const Tensor& state) {
  PhiloxState fresh;
  ADJOINT_CHECK(state.is_cpu() && state.dtype() == kByte && state.is_contiguous() &&
                    state.dim() == 1 && state.nbytes() == sizeof fresh,
                "Generator::set_state: expected the ", sizeof fresh,
                " bytes of get_state(), got a tensor of dtype ", state.dtype(), " and sizes ",
                state.sizes(), " on ", state.device());
  std::memcpy(&fresh, state.data_ptr(), sizeof fresh);
  set_philox_state(fresh);
}
PhiloxState Generator::philox_state() const {
  detail::SpinGuard guard(lock_);
  return {seed_, offset_};
}
void Generator::set_philox_state(const PhiloxState& state) {
  detail::SpinGuard guard(lock_);
  seed_ = state.seed;
  offset_ = state.offset;
}
PhiloxState Generator::reserve(uint64_t n) {
  PhiloxState here;
  {
    detail::SpinGuard guard(lock_);
    here = {seed_, offset_};
    offset_ += (n + 3) / 4;
  }
  if (Recorder* recorder = recorder_of_thread()) [[unlikely]]
    recorder->reserved(*this, n, here);
  return here;
}

DefaultGeneratorGuard::DefaultGeneratorGuard(Generator* generator) noexcept
    : previous_(replacement) {
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
