// SPDX-License-Identifier: MIT
#include "tests/support/on_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace adjoint::testing {

void on_threads(const std::function<void(int)>& f) {
  std::atomic<int> waiting{kThreads};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      --waiting;
      while (waiting.load() > 0) std::this_thread::yield();
      try {
        f(i);
      } catch (const std::exception& e) {
        ADD_FAILURE() << "thread " << i << " threw: " << e.what();
      }
    });
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace adjoint::testing
