// SPDX-License-Identifier: MIT
// The executor: runs the blocks of a grid one after another, the threads of a block as fibers.
//
// Note [Lazy fibers]
// A thread starts on the fiber of the thread that has just returned. Only a thread that waits at a
// barrier keeps its fiber; a kernel without barriers is a plain loop over its threads. Whoever
// waits or returns takes the next thread from the schedule and continues it: nobody stands in
// between.
//
// A block in which all threads wait is abandoned: that is reported, and an exception unwinds its
// threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cudasim/device.h"
#include "fiber.h"
#include "launch.h"
#include "schedule.h"
#include "shared.h"
#include "tsan.h"

namespace cudasim {

inline constexpr int kWarpSize = 32;

/// What the lanes of a warp brought to an exchange.
struct Exchange {
  unsigned mask;   ///< the lanes that are to come
  unsigned lanes;  ///< those that came
  std::array<uint64_t, kWarpSize> values;
  std::array<int, kWarpSize> arguments, widths;
};

struct WarpOperation {
  const char* name;
  bool orders_memory;
  /// Gives each of exchange.lanes its result.
  void (*complete)(const Exchange& exchange, uint64_t* results);
};

class Executor {
 public:
  void run(const Launch& launch);

  // Called by the thread that runs.
  int sync_threads(Barrier barrier, int predicate, Place place);
  uint64_t exchange(const WarpOperation& operation, unsigned mask, uint64_t value, int argument,
                    int width, Place place);
  SharedMemory& shared() { return shared_; }
  /// Reports a violation, each kind once a launch.
  void report(const char* kind, const std::string& text);
  /// Ends the launch, after a report.
  [[noreturn]] void abandon();

  const Launch* launch() const { return launch_; }
  /// "kernel f (file:line), block (0,0,0), thread (1,0,0)"
  std::string where() const;
  bool guards(const void* address) const;

 private:
  struct Abandoned {};
  enum class State : uint8_t { ready, waiting, returned };
  struct Thread {
    Fiber* fiber;  // null before it starts
    State state;
    uint64_t result;
    const char* waits_in;
    unsigned mask;
    Place place;
  };
  struct Group {
    const WarpOperation* operation;
    unsigned generation;
    Exchange exchange;
  };
  struct Warp {
    unsigned lanes, returned;  // those that there are, and of them those that have returned
    int groups;                // that wait
    unsigned generation;       // of the next group
    std::array<Group, kWarpSize> waiting;
  };

  static void fiber_main();
  void run_blocks();
  void run_block(uint64_t index);
  void run_threads(Fiber& fiber);
  void call_kernel();
  void finish_thread();
  void enter(int thread, bool starts);
  void wait();
  int take_next();
  void add_fiber();
  Fiber* take_fiber(int thread);
  void free_fiber(Fiber* fiber);
  void make_ready(int thread);
  void complete_barrier();
  void complete(Warp& warp, int group);
  void report_deadlock();
  std::string who_waits() const;

  const Launch* launch_ = nullptr;
  KernelCall* call_ = nullptr;
  int threads_ = 0, running_ = 0, returned_ = 0;
  bool abandoned_ = false;
  Schedule schedule_;
  SharedMemory shared_;
  std::vector<const char*> reported_;

  int at_barrier_ = 0, barrier_sum_ = 0;  // threads that wait there, and how many with a predicate
  Barrier barrier_ = Barrier::plain;
  Place barrier_place_;
  unsigned barrier_generation_ = 0;
  ThreadSanitizer tsan_;

  Fiber main_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> free_fibers_;
  Fiber* started_ = nullptr;  // the fiber that is switched to for the first time
  std::array<Thread, kMaxThreads> thread_;
  std::array<uint3, kMaxThreads> index_;
  std::array<Warp, kMaxThreads / kWarpSize> warp_;
};

/// The one executor.
Executor& executor();

}  // namespace cudasim
