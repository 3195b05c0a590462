// SPDX-License-Identifier: MIT
#include "block.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "cudasim.h"
#include "fault.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace cudasim {
namespace {

uint64_t launches = 0;  // since the last reseed_blocks()

std::string text_of(uint3 v) {
  return "(" + std::to_string(v.x) + "," + std::to_string(v.y) + "," + std::to_string(v.z) + ")";
}

std::string text_of(Place place) {
  return std::string(place.file) + ":" + std::to_string(place.line);
}

}  // namespace

Executor& executor() {
  static Executor& executor = *new Executor;
  return executor;
}

void reseed_blocks() { launches = 0; }

void run_grid(const Launch& launch) { executor().run(launch); }

bool in_kernel() { return executor().launch() != nullptr; }

void Executor::run(const Launch& launch) {
  ensure_signal_stack();
  launch_ = &launch;
  call_ = launch.call.get();
  call_->translate();
  abandoned_ = false;
  reported_.clear();
  blockDim = launch.block;
  gridDim = launch.grid;
  threads_ = int(blockDim.x * blockDim.y * blockDim.z);
  for (int t = 0; t < threads_; ++t) {
    const unsigned i = unsigned(t);
    index_[i] = {i % blockDim.x, i / blockDim.x % blockDim.y, i / blockDim.x / blockDim.y};
  }
  shared_.begin_launch(launch);
  tsan_.begin_grid(threads_);
  while (kThreadSanitizer && fibers_.size() < size_t(2 * threads_)) add_fiber();
  run_blocks();
  tsan_.end_grid();
  launch_ = nullptr;
}

// The i-th block to run is block (first + i * step) modulo their number, which is prime to step.
void Executor::run_blocks() {
  const uint64_t blocks = uint64_t{gridDim.x} * gridDim.y * gridDim.z;
  const Order order = config().order;
  Random random(config().seed * 0x9e3779b97f4a7c15u + launches++);
  uint64_t at = 0, step = 1;
  if (order == Order::reverse) {
    at = step = blocks - 1;
  } else if (order != Order::forward) {
    at = random.next() % blocks;
    do step = 1 + random.next() % blocks;
    while (std::gcd(step, blocks) != 1);
  }
  for (uint64_t i = 0; i < blocks && !abandoned_; ++i) {
    schedule_.begin(order, threads_, random.next());
    run_block(at);
    at = (at + step) % blocks;
  }
}

void Executor::run_block(uint64_t index) {
  blockIdx.x = unsigned(index % gridDim.x);
  blockIdx.y = unsigned(index / gridDim.x % gridDim.y);
  blockIdx.z = unsigned(index / gridDim.x / gridDim.y);
  shared_.begin_block();
  tsan_.begin_block();
  returned_ = at_barrier_ = barrier_sum_ = 0;
  for (int t = 0; t < threads_; ++t) {
    thread_[size_t(t)].fiber = nullptr;
    thread_[size_t(t)].state = State::ready;
  }
  for (int w = 0; w * kWarpSize < threads_; ++w) {
    const int lanes = std::min(threads_ - w * kWarpSize, kWarpSize);
    Warp& warp = warp_[size_t(w)];
    warp.lanes = ~0u >> (kWarpSize - lanes);
    warp.returned = 0;
    warp.groups = 0;
    warp.generation = 0;
  }
  const int first = schedule_.take();
  Fiber* fiber = thread_[size_t(first)].fiber = take_fiber(first);
  enter(first, true);
  main_.switch_to(*fiber);
  shared_.end_block();
}

void Executor::add_fiber() {
  fibers_.push_back(std::make_unique<Fiber>(fiber_main, int(fibers_.size())));
}

Fiber* Executor::take_fiber(int thread) {
  if constexpr (kThreadSanitizer) {
    return started_ = fibers_[size_t(2 * thread + tsan_.parity())].get();
  }
  if (free_fibers_.empty()) {
    add_fiber();
    free_fibers_.push_back(fibers_.back().get());
  }
  started_ = free_fibers_.back();
  free_fibers_.pop_back();
  return started_;
}

void Executor::free_fiber(Fiber* fiber) {
  if constexpr (!kThreadSanitizer) free_fibers_.push_back(fiber);
}

void Executor::fiber_main() {
  Executor& self = executor();
  self.run_threads(*self.started_);
}

// Runs threads on the fiber, over and over: where there is none to start, another fiber goes on,
// and this one has a new thread to run when it is continued.
void Executor::run_threads(Fiber& fiber) {
  for (;;) {
    call_kernel();
    finish_thread();
    if (returned_ == threads_) {
      free_fiber(&fiber);
      tsan_.leave_block();
      fiber.switch_to(main_);
      continue;
    }
    const int next = take_next();
    Fiber*& its = thread_[size_t(next)].fiber;
    const bool starts = its == nullptr;
    enter(next, starts);
    if (starts && !kThreadSanitizer) {
      its = &fiber;
      continue;
    }
    free_fiber(&fiber);
    if (starts) its = take_fiber(next);
    fiber.switch_to(*its);
  }
}

void Executor::call_kernel() {
  if (abandoned_) return;
  try {
    (*call_)();
  } catch (const Abandoned&) {
  } catch (const std::exception& error) {
    report("exception", std::string("a kernel threw an exception: ") + error.what());
    abandoned_ = true;
  }
}

void Executor::enter(int thread, bool starts) {
  tsan_.enter(thread, starts);
  running_ = thread;
  threadIdx = index_[size_t(thread)];
}

void Executor::finish_thread() {
  tsan_.leave_thread();
  thread_[size_t(running_)].state = State::returned;
  ++returned_;
  Warp& warp = warp_[size_t(running_ / kWarpSize)];
  const unsigned lane = 1u << (running_ % kWarpSize);
  warp.returned |= lane;
  if (abandoned_) return;
  for (int g = warp.groups - 1; g >= 0; --g) {
    const Group& group = warp.waiting[size_t(g)];
    if (!(group.exchange.mask & lane)) continue;
    report("exited lane",
           std::string("returned while lanes of its warp wait for it in ") + group.operation->name);
    if ((group.exchange.mask & warp.lanes & ~warp.returned & ~group.exchange.lanes) == 0) {
      complete(warp, g);
    }
  }
  if (at_barrier_ > 0) {
    report("divergent barrier", "returned while threads of its block wait in __syncthreads at " +
                                    text_of(barrier_place_));
    if (at_barrier_ == threads_ - returned_) complete_barrier();
  }
}

void Executor::make_ready(int thread) {
  thread_[size_t(thread)].state = State::ready;
  schedule_.add(thread);
}

int Executor::take_next() {
  const int next = schedule_.take();
  if (next >= 0) return next;
  report_deadlock();
  abandoned_ = true;
  for (int t = 0; t < threads_; ++t) {
    if (thread_[size_t(t)].state == State::waiting) make_ready(t);
  }
  return schedule_.take();
}

// Lets others run until the schedule comes back to the calling thread, which is in the schedule, or
// will be.
void Executor::wait() {
  const int self = running_;
  const int next = take_next();
  if (next != self) {
    Fiber*& its = thread_[size_t(next)].fiber;
    const bool starts = its == nullptr;
    if (starts) its = take_fiber(next);
    enter(next, starts);
    thread_[size_t(self)].fiber->switch_to(*its);
  }
  if (abandoned_) throw Abandoned{};
}

void Executor::abandon() {
  abandoned_ = true;
  for (int t = 0; t < threads_; ++t) {
    if (thread_[size_t(t)].state == State::waiting) make_ready(t);
  }
  throw Abandoned{};
}

int Executor::sync_threads(Barrier barrier, int predicate, Place place) {
  const size_t self = size_t(running_);
  if (at_barrier_ == 0) {
    barrier_ = barrier;
    barrier_place_ = place;
    barrier_sum_ = 0;
  } else if (place.line != barrier_place_.line || std::strcmp(place.file, barrier_place_.file)) {
    report("divergent barrier", "is in __syncthreads at " + text_of(place) +
                                    " while others are in that at " + text_of(barrier_place_));
  }
  if (returned_ > 0) {
    report("divergent barrier", "is in __syncthreads at " + text_of(place) + ", but " +
                                    std::to_string(returned_) +
                                    " threads of its block have returned");
  }
  barrier_sum_ += predicate != 0;
  ++at_barrier_;
  Thread& thread = thread_[self];
  thread.state = State::waiting;
  thread.waits_in = "__syncthreads";
  thread.place = place;
  const unsigned generation = barrier_generation_;
  tsan_.arrive(0, generation);
  if (at_barrier_ == threads_ - returned_) complete_barrier();
  wait();
  tsan_.depart(0, generation);
  return int(thread_[self].result);
}

void Executor::complete_barrier() {
  int result = barrier_sum_;
  if (barrier_ == Barrier::conjunction) result = barrier_sum_ == at_barrier_;
  if (barrier_ == Barrier::disjunction) result = barrier_sum_ > 0;
  for (int t = 0; t < threads_; ++t) {
    if (thread_[size_t(t)].state == State::returned) continue;
    thread_[size_t(t)].result = uint64_t(result);
    make_ready(t);
  }
  at_barrier_ = 0;
  ++barrier_generation_;
}

uint64_t Executor::exchange(const WarpOperation& operation, unsigned mask, uint64_t value,
                            int argument, int width, Place place) {
  const size_t self = size_t(running_);
  const unsigned lane = unsigned(self) % kWarpSize, bit = 1u << lane;
  Warp& warp = warp_[self / kWarpSize];
  if (!(mask & bit)) {
    report("lane not in mask", std::string("calls ") + operation.name + " at " + text_of(place) +
                                   " with a mask without its own lane");
    mask |= bit;
  }
  if (mask & warp.returned) {
    report("exited lane", std::string("waits in ") + operation.name + " at " + text_of(place) +
                              " for lanes that have returned");
  }
  int g = 0;
  while (g < warp.groups && !(warp.waiting[size_t(g)].operation == &operation &&
                              warp.waiting[size_t(g)].exchange.mask == mask)) {
    ++g;
  }
  Group& group = warp.waiting[size_t(g)];
  Exchange& exchange = group.exchange;
  if (g == warp.groups) {
    ++warp.groups;
    group.operation = &operation;
    group.generation = warp.generation++;
    exchange.mask = mask;
    exchange.lanes = 0;
  }
  exchange.lanes |= bit;
  exchange.values[lane] = value;
  exchange.arguments[lane] = argument;
  exchange.widths[lane] = width;

  Thread& thread = thread_[self];
  thread.state = State::waiting;
  thread.waits_in = operation.name;
  thread.mask = mask;
  thread.place = place;
  const unsigned generation = group.generation;
  if (operation.orders_memory) tsan_.arrive(1 + self / kWarpSize, generation);
  if ((mask & warp.lanes & ~warp.returned & ~exchange.lanes) == 0) complete(warp, g);
  wait();
  if (operation.orders_memory) tsan_.depart(1 + self / kWarpSize, generation);
  return thread_[self].result;
}

void Executor::complete(Warp& warp, int g) {
  Group& group = warp.waiting[size_t(g)];
  std::array<uint64_t, kWarpSize> results;
  group.operation->complete(group.exchange, results.data());
  const int first = int(&warp - warp_.data()) * kWarpSize;
  for (unsigned rest = group.exchange.lanes; rest != 0; rest &= rest - 1) {
    const int lane = __builtin_ctz(rest);
    thread_[size_t(first + lane)].result = results[size_t(lane)];
    make_ready(first + lane);
  }
  if (g != --warp.groups) group = warp.waiting[size_t(warp.groups)];
}

void Executor::report_deadlock() {
  bool masks_overlap = false;
  for (int w = 0; w * kWarpSize < threads_; ++w) {
    const Warp& warp = warp_[size_t(w)];
    unsigned seen = 0;
    for (int g = 0; g < warp.groups; ++g) {
      masks_overlap |= (seen & warp.waiting[size_t(g)].exchange.mask) != 0;
      seen |= warp.waiting[size_t(g)].exchange.mask;
    }
  }
  report(masks_overlap ? "mask mismatch" : "deadlock", "and all others wait: " + who_waits());
}

// "threads 0-31 in __syncthreads at a.cu:7; threads 32-40, 42 in __shfl_sync(0xffffffff) at ..."
std::string Executor::who_waits() const {
  auto waits = [&](int t) {
    const Thread& thread = thread_[size_t(t)];
    std::string text = thread.waits_in;
    if (text != "__syncthreads") {
      char mask[16];
      snprintf(mask, sizeof mask, "(0x%x)", thread.mask);
      text += mask;
    }
    return text + " at " + text_of(thread.place);
  };
  std::vector<std::pair<std::string, std::string>> places;  // and their threads
  for (int t = 0; t < threads_; ++t) {
    if (thread_[size_t(t)].state != State::waiting) continue;
    const std::string place = waits(t);
    int last = t;
    while (last + 1 < threads_ && thread_[size_t(last + 1)].state == State::waiting &&
           waits(last + 1) == place) {
      ++last;
    }
    const std::string range =
        std::to_string(t) + (last > t ? "-" + std::to_string(last) : std::string());
    auto same = std::find_if(places.begin(), places.end(),
                             [&](const auto& entry) { return entry.first == place; });
    if (same == places.end()) {
      places.push_back({place, range});
    } else {
      same->second += ", " + range;
    }
    t = last;
  }
  std::string text;
  for (const auto& [place, range] : places) {
    text += (text.empty() ? "" : "; ") + ("threads " + range) + " in " + place;
  }
  return text;
}

void Executor::report(const char* kind, const std::string& text) {
  for (const char* known : reported_) {
    if (std::strcmp(known, kind) == 0) return;
  }
  reported_.push_back(kind);
  violation(kind, where() + " " + text);
}

std::string Executor::where() const {
  return "kernel " + launch_->kernel_name() + " (" +
         text_of(Place{launch_->site.file, launch_->site.line}) + "), block " + text_of(blockIdx) +
         ", thread " + text_of(threadIdx);
}

bool Executor::guards(const void* address) const {
  for (const auto& fiber : fibers_) {
    if (fiber->guards(address)) return true;
  }
  return false;
}

bool is_stack_guard(const void* address) { return executor().guards(address); }

}  // namespace cudasim
