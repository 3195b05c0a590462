// SPDX-License-Identifier: MIT
#include "fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

#include "raw_memory.h"

#if defined(CUDASIM_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif

#if !defined(__x86_64__) || defined(CUDASIM_UCONTEXT)
#include <ucontext.h>
#define CUDASIM_USE_UCONTEXT
#endif

namespace cudasim {
namespace {

constexpr size_t kStackBytes = kPoisons ? 256 << 10 : 64 << 10;

// The fiber that was left by the switch under way, and the one that it goes to.
Fiber *left, *entered;

}  // namespace

#ifndef CUDASIM_USE_UCONTEXT
extern "C" void cudasim_switch_stack(void** save, void* load);
// Ends in `ret`: a jump in its place would leave the processor's stack of return addresses behind.
asm(R"(
.text
.globl cudasim_switch_stack
.hidden cudasim_switch_stack
.type cudasim_switch_stack, @function
cudasim_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size cudasim_switch_stack, .-cudasim_switch_stack
)");
#endif

Fiber::Fiber(void (*entry)(), int index) : entry_(entry) {
  const size_t page = size_t(sysconf(_SC_PAGESIZE));
  void* mapping = mmap(nullptr, page + kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<char*>(mapping);
  mprotect(mapping_, page, PROT_NONE);
  stack_ = mapping_ + page;
  // Tops of stacks at different places in a page do not compete for the same lines of the cache.
  stack_bytes_ = kStackBytes - size_t(index % 61) * 64;
  char* top = mapping_ + page + stack_bytes_;
#ifdef CUDASIM_USE_UCONTEXT
  auto* context = new ucontext_t;
  getcontext(context);
  context->uc_stack.ss_sp = mapping_ + page;
  context->uc_stack.ss_size = stack_bytes_;
  context->uc_link = nullptr;
  makecontext(context, start, 0);
  context_ = context;
#else
  // What the switch pops, and above it the place for start's return address: as after a call.
  void** frame = reinterpret_cast<void**>(top) - 8;
  frame[6] = reinterpret_cast<void*>(start);
  frame[7] = nullptr;
  context_ = frame;
#endif
}

Fiber::~Fiber() {
#ifdef CUDASIM_USE_UCONTEXT
  delete static_cast<ucontext_t*>(context_);
#endif
  if (mapping_ != nullptr) munmap(mapping_, size_t(sysconf(_SC_PAGESIZE)) + kStackBytes);
}

bool Fiber::guards(const void* address) const {
  return mapping_ != nullptr && static_cast<const char*>(address) >= mapping_ && address < stack_;
}

void Fiber::switch_to(Fiber& to) {
  left = this;
  entered = &to;
#if defined(CUDASIM_ASAN)
  __sanitizer_start_switch_fiber(&fake_stack_, to.stack_, to.stack_bytes_);
#endif
#ifdef CUDASIM_USE_UCONTEXT
  if (context_ == nullptr) context_ = new ucontext_t;
  swapcontext(static_cast<ucontext_t*>(context_), static_cast<ucontext_t*>(to.context_));
#else
  cudasim_switch_stack(&context_, to.context_);
#endif
  arrive();
}

// The first thing on the stack that was switched to.
void Fiber::arrive() {
#if defined(CUDASIM_ASAN)
  __sanitizer_finish_switch_fiber(fake_stack_, &left->stack_, &left->stack_bytes_);
#endif
}

void Fiber::start() {
  entered->arrive();
  entered->entry_();
}

}  // namespace cudasim
