// SPDX-License-Identifier: MIT
// What is said before a program dies of a bad address.
#pragma once

namespace cudasim {

/// From here on SIGSEGV tells of device pointers on the host, of kernels' wild pointers, and of
/// stacks that overflowed; then it goes where it went before.
void report_faults();

/// Gives the calling thread a stack on which signals are handled, if it has none.
void ensure_signal_stack();

/// An address in the memory behind device addresses.
bool is_backing_address(const void* address);
/// An address below the stack of a kernel's thread.
bool is_stack_guard(const void* address);

}  // namespace cudasim
