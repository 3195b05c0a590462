// SPDX-License-Identifier: MIT
// Runs a function on several threads at once.
#pragma once

#include <functional>

namespace adjoint::testing {

constexpr int kThreads = 4;

/// Runs f(thread) on kThreads threads that begin together; an exception of any fails the test.
void on_threads(const std::function<void(int)>& f);

}  // namespace adjoint::testing
