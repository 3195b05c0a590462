// SPDX-License-Identifier: MIT
// What tests say to the simulated device, and ask it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cudasim {

/// Eager: work runs inside the call that enqueues it. Lazy: nothing runs until something waits for
/// it, and then in any order that the streams allow.
enum class Mode { eager, lazy };

/// The order in which a block's threads run. No single order finds every missing barrier: mixed
/// draws one for each block.
enum class Order { mixed, forward, reverse, random, priority };

/// Environment variables of these names override mode, order and seed: CUDASIM_MODE=eager|lazy,
/// CUDASIM_ORDER=mixed|forward|reverse|random|priority, CUDASIM_SEED=<number>.
struct Config {
  Mode mode = Mode::lazy;
  Order order = Order::mixed;
  uint64_t seed = 1;
  int device_count = 2;
  size_t total_memory = size_t{4} << 30;  ///< of each device
};

/// May be changed while no work is pending; the device count only before the first call.
Config& config();

/// Starts the sequence of random choices anew, from config().seed.
void reseed();

/// Notes that the program broke a rule of CUDA: `kind` names it, as "shared memory". A test that
/// does not expect it fails.
void violation(const char* kind, std::string text);

}  // namespace cudasim
