// SPDX-License-Identifier: MIT
// Counters and the list of violations.
#include "counters.h"

#include <utility>

#include "null_mode.h"

namespace cudasim {
namespace {

// Apart from the engine's lock: kernels report too, and faults of the host's.
struct Violations {
  std::mutex mutex;
  std::vector<Violation> list;
  static constexpr size_t kMost = 1000;  // a broken program may have one for each launch
};

Violations& violations() {
  static Violations* const instance = new Violations;
  return *instance;
}

}  // namespace

void violation(const char* kind, std::string text) {
  const std::lock_guard lock(violations().mutex);
  if (violations().list.size() < Violations::kMost) {
    violations().list.push_back({kind, std::move(text)});
  }
}

std::vector<Violation> take_violations() {
  const std::lock_guard lock(violations().mutex);
  return std::exchange(violations().list, {});
}

Counters& live_counters() {
  static Counters* const instance = new Counters;
  return *instance;
}

uint64_t Counters::copied_bytes(Direction direction) const {
  uint64_t bytes = 0;
  for (const auto& [key, done] : copies) {
    if (key.first == direction) bytes += done.bytes;
  }
  return bytes;
}

uint64_t Counters::copied_bytes(Direction direction, HostMemory host) const {
  const auto it = copies.find({direction, host});
  return it == copies.end() ? 0 : it->second.bytes;
}

Counters counters() {
  const std::lock_guard lock(engine().mutex);
  return live_counters();
}

void reset_counters() {
  const std::lock_guard lock(engine().mutex);
  Counters fresh;
  fresh.live_bytes = fresh.peak_bytes = live_counters().live_bytes;
  live_counters() = std::move(fresh);
}

void count_work(const Work& work, bool replayed) {
  Counters& count = live_counters();
  switch (work.type) {
    case Work::Type::kernel:
      for (const Use& use : work.uses) {
        if (!use.counts) continue;
        (use.access.write ? count.kernel_bytes.written : count.kernel_bytes.read) +=
            use.access.end - use.access.begin;
      }
      if (replayed) {
        ++count.replayed_kernels;
      } else if (work.library) {
        ++count.library_kernels;
      } else {
        ++count.launches;
        ++count.launches_by_kernel[*work.kernel];
      }
      break;
    case Work::Type::copy:
      ++count.copies[{work.traffic.direction, work.traffic.host}].calls;
      count.copies[{work.traffic.direction, work.traffic.host}].bytes += work.traffic.bytes;
      break;
    case Work::Type::set:
      ++count.sets;
      break;
    case Work::Type::graph:
      ++count.graph_launches;
      break;
    case Work::Type::host:
    case Work::Type::marker:
      break;
  }
}

LibraryCall::LibraryCall(const char* name) {
  if (in_null_mode()) return;
  if (this_thread().library_calls++ > 0) return;
  const std::lock_guard lock(engine().mutex);
  ++live_counters().library_calls;
  ++live_counters().library_calls_by_name[name];
}

LibraryCall::~LibraryCall() {
  if (!in_null_mode()) --this_thread().library_calls;
}

}  // namespace cudasim
