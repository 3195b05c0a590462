// SPDX-License-Identifier: MIT
// What the engine tells the counters.
#pragma once

#include "engine.h"

namespace cudasim {

/// Counts a launch, copy or set; `replayed`: as a node of a graph that is launched.
void count_work(const Work& work, bool replayed);

/// The counters themselves, under the engine's lock.
Counters& live_counters();

}  // namespace cudasim
