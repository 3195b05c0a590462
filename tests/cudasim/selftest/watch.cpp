// SPDX-License-Identifier: MIT
// Lets every test of the program fail that leaves violations behind.
#include "cudasim_gtest.h"

namespace {
const bool kWatched = (cudasim::watch_tests(), true);
}
