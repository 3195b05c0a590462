// SPDX-License-Identifier: MIT
// Stacks of their own for the threads of a block, and the switch from one to another: ten
// nanoseconds where it is written in assembly, two hundred where the system does it.
#pragma once

#include <cstddef>

namespace cudasim {

class Fiber {
 public:
  /// Stands for the stack that the caller is on.
  Fiber() = default;
  /// A stack, on which the first switch calls `entry`. `entry` does not return.
  Fiber(void (*entry)(), int index);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Leaves this fiber, which is the running one, and continues `to`.
  void switch_to(Fiber& to);
  bool guards(const void* address) const;

 private:
  static void start();
  void arrive();

  void* context_ = nullptr;  // the stack pointer, or a ucontext_t
  void (*entry_)() = nullptr;
  char* mapping_ = nullptr;
  const void* stack_ = nullptr;  // lowest address
  size_t stack_bytes_ = 0;
  [[maybe_unused]] void* fake_stack_ = nullptr;  // AddressSanitizer's
};

}  // namespace cudasim
