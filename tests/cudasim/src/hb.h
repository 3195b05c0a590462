// SPDX-License-Identifier: MIT
// The happens-before checker: which accesses to device and pinned memory are ordered by streams,
// events and syncs.
//
// Note [What is ordered]
// Every stream has a slot in a vector clock; each operation on a stream is an epoch of it. An
// operation's clock joins its stream's past, the events that the stream waited for, and all that
// the host had synchronised with when it enqueued the operation. Two accesses to one byte, one of
// them a write, race where neither is in the other's clock. That follows from the calls alone, so a
// missing wait is found in whatever order the operations really ran. There is one clock for the
// host, not one for each thread: how host threads order themselves (mutexes, atomics) cannot be
// seen here, and what one of them has synchronised with has finished for all of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cudasim {

using Clock = std::vector<uint64_t>;  // by stream slot; missing entries are 0
void join(Clock& into, const Clock& from);

struct Epoch {
  uint32_t slot = 0;
  uint64_t time = 0;  // 0: none
};
/// True where what has this clock came after the epoch.
inline bool happened_before(const Epoch& epoch, const Clock& clock) {
  return epoch.time == 0 || (epoch.slot < clock.size() && clock[epoch.slot] >= epoch.time);
}

/// Where an operation comes from, for reports. The strings live as long as the program.
struct Site {
  enum class Kind { kernel, call, host };
  Kind kind = Kind::call;
  const char* what = "";       // a kernel's name, or the API function
  const char* file = nullptr;  // where a kernel was launched, or the host accesses memory
  int line = 0;
  const void* caller = nullptr;  // return address of an API call
  unsigned stream = 0;           // its number; of no meaning for the host
  bool frees = false;            // gives memory back
};
/// "kernel axpy<float> (loops.cu:12) on stream 3".
std::string describe(const Site& site);

/// One operation of a stream, in the order of what happened before what.
struct Operation {
  Epoch epoch;
  std::shared_ptr<const Clock> clock;  // what came before it, and itself
};
inline bool ordered(const Operation& a, const Operation& b) {
  return a.epoch.time == 0 || happened_before(a.epoch, *b.clock) ||
         happened_before(b.epoch, *a.clock);
}

struct RangeAccess {
  uintptr_t begin = 0, end = 0;
  bool write = false;
  bool operator==(const RangeAccess&) const = default;
};
inline bool conflict(const RangeAccess& a, const RangeAccess& b) {
  return (a.write || b.write) && a.begin < b.end && b.begin < a.end;
}

/// The last accesses to every byte. All calls under the engine's lock.
class RaceChecker {
 public:
  /// Checks an access by `operation` against all that are recorded, and records it.
  void access(const RangeAccess& access, const Operation& operation, const Site& site);
  /// Checks an access by the host (pinned memory being freed, say); recorded nowhere.
  void host_access(const RangeAccess& access, const Clock& host, const Site& site);
  /// True where the host has synchronised with all recorded accesses that conflict with this one.
  bool settled(const RangeAccess& access, const Clock& host) const;
  /// The memory is gone: what comes to lie there later has no past.
  void forget(uintptr_t begin, uintptr_t end);
  void clear() { segments_.clear(); }

 private:
  struct Past {
    Operation operation;
    Site site;
  };
  struct Segment {
    uintptr_t end = 0;
    Past write;
    std::vector<Past> reads;  // since the write, one for each slot
  };
  using Segments = std::map<uintptr_t, Segment>;

  template <class Found>
  bool find_unsettled(const RangeAccess& access, const Clock& host, Found&& found) const;
  Segments::iterator split(uintptr_t at);
  void fill_gaps(uintptr_t begin, uintptr_t end);

  Segments segments_;  // by their first byte; disjoint
};

}  // namespace cudasim
