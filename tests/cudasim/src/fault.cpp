// SPDX-License-Identifier: MIT
#include "fault.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "block.h"
#include "memory.h"

namespace cudasim {
namespace {

struct sigaction previous;

// Locks are not taken here: the thread that faults may hold them.
void say(const void* address) {
  char text[400];
  int length = 0;
  if (is_reserved_address(address)) {
    const char* who = in_kernel() ? "A KERNEL DEREFERENCED A DEVICE POINTER THAT IT WAS NOT GIVEN "
                                    "AS AN ARGUMENT"
                                  : "HOST CODE DEREFERENCED A DEVICE POINTER";
    length =
        snprintf(text, sizeof text, "\n%s: %p of device %d\n", who, address, device_of(address));
  } else if (is_backing_address(address)) {
    length = snprintf(text, sizeof text,
                      "\nA KERNEL OR COPY WENT OUT OF BOUNDS: no device memory was ever allocated "
                      "at %p\n",
                      address);
  } else if (is_stack_guard(address)) {
    length = snprintf(text, sizeof text, "\nA KERNEL'S THREAD OVERFLOWED ITS STACK\n");
  } else if (in_kernel()) {
    length = snprintf(text, sizeof text, "\nA KERNEL DEREFERENCED %p\n", address);
  }
  if (length > 0 && in_kernel()) {
    length +=
        snprintf(text + length, sizeof text - size_t(length), "%s\n", executor().where().c_str());
  }
  if (length > 0 && write(STDERR_FILENO, text, size_t(length)) < 0) return;
}

void on_fault(int signal, siginfo_t* info, void* context) {
  say(info->si_addr);
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    sigaction(SIGSEGV, &previous,
              nullptr);  // the instruction faults once more, and that is the end
  }
}

}  // namespace

void report_faults() {
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, &previous);
}

void ensure_signal_stack() {
  static thread_local bool done = false;
  if (done) return;
  done = true;
  stack_t current;
  if (sigaltstack(nullptr, &current) != 0 || !(current.ss_flags & SS_DISABLE)) return;
  constexpr size_t kBytes = 64 << 10;
  void* stack = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) return;
  stack_t ours{};
  ours.ss_sp = stack;
  ours.ss_size = kBytes;
  sigaltstack(&ours, nullptr);
}

}  // namespace cudasim
