// SPDX-License-Identifier: MIT
// What tests say to the simulated device, and ask it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cudasim/types.h"

namespace cudasim {

/// Eager: work runs inside the call that enqueues it. Lazy: nothing runs until something waits for
/// it, and then in any order that the streams allow. Null: kernels and graphs are neither run nor
/// counted nor checked, so that what the host does can be timed; for whole programs only.
enum class Mode { eager, lazy, null };

/// The order in which a block's threads run. No single order finds every missing barrier: mixed
/// draws one for each block.
enum class Order { mixed, forward, reverse, random, priority };

/// Environment variables of these names override mode, order and seed:
/// CUDASIM_MODE=eager|lazy|null, CUDASIM_ORDER=mixed|forward|reverse|random|priority,
/// CUDASIM_SEED=<number>.
struct Config {
  Mode mode = Mode::lazy;
  Order order = Order::mixed;
  uint64_t seed = 1;
  int device_count = 2;
  size_t total_memory = size_t{4} << 30;  ///< of each device
  /// Without one every call but the versions' fails, as on a machine that has no GPU.
  bool driver = true;
  /// A block that the allocator has freed is taboo to AddressSanitizer, which ends the program at a
  /// stale use; without, stale use is a violation, or is seen by the values (0xFF).
  bool poison_freed_blocks = true;
};

/// May be changed while no work is pending; the device count only before the first call.
Config& config();

/// Starts the sequence of random choices anew, from config().seed.
void reseed();

/// Runs all that is pending, then makes counters, faults, errors, violations and choices as at the
/// start. Streams, events and memory stay.
void reset();

/// Runs all that is pending, and waits for it, as cudaDeviceSynchronize on every device.
void settle();

// ---- Violations

struct Violation {
  std::string kind;
  std::string text;
};

/// Notes that the program broke a rule of CUDA: `kind` names it, as "shared memory". A test that
/// does not expect it fails.
void violation(const char* kind, std::string text);

/// The violations since the last call. Their kinds are, from streams and memory: "race", "early
/// reuse", "use after free", "out of bounds", "host race", "host function", "peer access",
/// "allocator".
std::vector<Violation> take_violations();

/// What the host does with pinned memory cannot be seen, but said: a violation where the host has
/// not waited for a copy that uses the bytes.
void host_reads(const void* pinned, size_t bytes, const char* file = __builtin_FILE(),
                int line = __builtin_LINE());
void host_writes(const void* pinned, size_t bytes, const char* file = __builtin_FILE(),
                 int line = __builtin_LINE());

// ---- Counters

enum class Direction {
  host_to_device,
  device_to_host,
  device_to_device,
  peer_to_peer,
  host_to_host
};
/// Of the host's side of a copy; none where there is no such side.
enum class HostMemory { none, pinned, pageable };

struct Copies {
  uint64_t calls = 0, bytes = 0;
};

/// Memory that kernels are given, once for each launch that it is given to: of parameters that
/// point to const, and of others. Memory is a block of an allocator's, or an allocation, as a
/// whole; a library's workspace is left out.
struct KernelBytes {
  uint64_t read = 0, written = 0;
  uint64_t touched() const { return read + written; }
};

/// What the program has done. What is captured counts when the graph is launched, kernels apart.
struct Counters {
  /// Of the program's own kernels, in all and by name, as "axpy<float>".
  uint64_t launches = 0;
  std::map<std::string, uint64_t> launches_by_kernel;
  /// What stands for a library's function, in all and by name, and the kernels that it launched.
  uint64_t library_calls = 0;
  std::map<std::string, uint64_t> library_calls_by_name;
  uint64_t library_kernels = 0;
  /// Graphs launched, and the kernels among their nodes.
  uint64_t graph_launches = 0, replayed_kernels = 0;
  /// Of all these kernels.
  KernelBytes kernel_bytes;
  uint64_t sets = 0;
  std::map<std::pair<Direction, HostMemory>, Copies> copies;
  /// Device memory; pinned memory.
  uint64_t mallocs = 0, frees = 0, live_bytes = 0, peak_bytes = 0;
  uint64_t host_mallocs = 0, host_frees = 0;
  /// Calls that may block, copies to pageable memory and cudaFree among them; calls that ask.
  uint64_t synchronizations = 0, queries = 0;
  uint64_t streams_created = 0, streams_destroyed = 0;
  uint64_t events_created = 0, events_destroyed = 0, events_recorded = 0;
  uint64_t events_waited = 0;  ///< by streams
  /// Every call of the API, by the function's name.
  std::map<std::string, uint64_t, std::less<>> api_calls;

  /// The copies in one direction, or of one kind.
  uint64_t copied_bytes(Direction direction) const;
  uint64_t copied_bytes(Direction direction, HostMemory host) const;
};

Counters counters();
/// Live bytes stay, and are the new peak.
void reset_counters();

/// While it lives, the launches of this thread are a library's. Calls within calls count once.
class LibraryCall {
 public:
  /// `name` is the function's: "cublasGemmEx".
  explicit LibraryCall(const char* name);
  ~LibraryCall();
  LibraryCall(const LibraryCall&) = delete;
  LibraryCall& operator=(const LibraryCall&) = delete;
};

// ---- Faults

/// Lets the nth call from now (1: the next) of the API function fail, and those after it up to
/// `times` in all. An error that a context does not survive stays with the current device.
void fail_call(std::string_view function, uint64_t nth, cudaError_t status, uint64_t times = 1);
/// Lets the nth launch from now fail when it runs: the device is in error from there on.
void fail_launch(uint64_t nth, cudaError_t status);
void clear_faults();

/// For stand-ins of libraries: counts a call of `function`, and says what it is to fail with.
cudaError_t api_fault(const char* function);

}  // namespace cudasim
