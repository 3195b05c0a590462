// SPDX-License-Identifier: MIT
// The queue of all that was enqueued and has not run: streams, events, devices, under one lock.
//
// Note [One engine]
// There are no threads of the device: work runs on a host thread, inside a call. In eager mode that
// is the call that enqueues it. In lazy mode nothing runs until something waits for it, then what
// that needs, in an order drawn from the seed among those that the streams allow; a query runs one
// operation. Every operation is numbered within its stream and names the operations of other
// streams that must have run before (Stamp); a stream runs its own in order.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "cudasim.h"
#include "cudasim/api.h"
#include "hb.h"
#include "memory.h"

namespace cudasim {

struct Capture;

/// The operation of this number, and all before it, on a stream.
struct Stamp {
  std::shared_ptr<CUstream_st> stream;
  uint64_t sequence = 0;
};

/// A place in the order of what happened before what: an event's record, a stream's end.
struct Point {
  Stamp stamp;
  Clock clock;
};

struct Use {
  RangeAccess access;
  Site site;
  bool counts = true;  // among the kernel's bytes
};

/// What is counted when it runs: see Counters.
struct CopyTraffic {
  Direction direction = Direction::host_to_device;
  HostMemory host = HostMemory::none;
  size_t bytes = 0;
};

/// What a stream runs, or a node of a graph.
struct Work {
  enum class Type { kernel, copy, set, host, marker, graph };
  Type type = Type::marker;
  Site site;
  std::vector<Use> uses;
  /// Under the engine's lock. An error is one of the device, for good.
  std::function<cudaError_t(const Operation&)> run;
  std::vector<Point> after;             // what must come before, besides the stream's own past
  CopyTraffic traffic;                  // of a copy
  const std::string* kernel = nullptr;  // a kernel's name
  bool library = false;                 // a kernel that stands for a library's
};

struct QueuedWork {
  std::function<cudaError_t(const Operation&)> run;
  Operation operation;
  uint64_t sequence;
  std::vector<Stamp> after;
};

struct Device {
  cudaError_t sticky = cudaSuccess;
  std::shared_ptr<CUstream_st> legacy;
  std::set<int> peers;  // whose memory its kernels may use
  unsigned flags = 0;
};

class Engine {
 public:
  std::recursive_mutex mutex;
  Clock host;  // what the host has synchronised with
  RaceChecker races;
  std::vector<Device> devices;
  std::vector<std::shared_ptr<Capture>> captures;  // that go on
  bool host_functions = false;                     // there were some: they may write anything

  Engine();

  std::shared_ptr<CUstream_st> create_stream(int device, unsigned flags, int priority);
  void destroy_stream(cudaStream_t stream);
  /// The stream of a handle, as the calling thread means it; null where there is none.
  std::shared_ptr<CUstream_st> stream_of(cudaStream_t handle);
  std::set<cudaEvent_t>& events() { return events_; }

  /// Enqueues, or appends to the capture that the stream is part of.
  cudaError_t submit(CUstream_st& stream, Work work);
  /// Runs all that the points need, and lets the host have synchronised with them.
  void synchronize(const std::vector<Point>& points);
  /// All streams of a device.
  void synchronize_device(int device);
  /// True where the point has been reached; before, one operation is run, any that may.
  bool poll(const Point& point);
  /// The end of what is in the stream.
  Point end_of(CUstream_st& stream);

  uint64_t random(uint64_t below);
  void reseed(uint64_t seed) { random_state_ = seed; }

 private:
  cudaError_t enqueue(CUstream_st& stream, Work work);
  bool ready(const CUstream_st& stream) const;
  void run_front(CUstream_st& stream);
  void run_needed(std::vector<Stamp> goals);
  CUstream_st* random_ready();
  uint32_t take_slot();

  std::vector<std::shared_ptr<CUstream_st>> streams_;  // those destroyed, too, until they are done
  std::map<std::pair<std::thread::id, int>, std::shared_ptr<CUstream_st>> per_thread_;
  std::set<cudaEvent_t> events_;
  std::vector<uint64_t> slot_times_;  // the last epoch of each slot
  std::vector<uint32_t> free_slots_;
  unsigned stream_number_ = 0;
  uint64_t random_state_ = 1;
};

/// Lives as long as the program.
Engine& engine();

/// The calling thread's.
struct ThreadState {
  int device = 0;
  cudaError_t last_error = cudaSuccess;
  cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;
  bool in_operation = false;  // running what was enqueued: a host function must not call CUDA
  int library_calls = 0;      // nested LibraryCall
};
ThreadState& this_thread();

}  // namespace cudasim

struct CUstream_st : std::enable_shared_from_this<CUstream_st> {
  unsigned number = 0;
  int device = 0;
  unsigned flags = 0;
  int priority = 0;
  bool legacy = false;
  bool destroyed = false;
  uint32_t slot = 0;
  cudasim::Clock clock;
  uint64_t enqueued = 0, completed = 0;  // numbers of the last operation
  std::deque<cudasim::QueuedWork> queue;
  std::shared_ptr<cudasim::Capture> capture;
  std::vector<CUgraphNode_st*> capture_tail;  // what the next node comes after

  bool blocking() const { return !legacy && (flags & cudaStreamNonBlocking) == 0; }
};

struct CUevent_st {
  unsigned flags = 0;
  int device = 0;
  bool recorded = false;
  cudasim::Point point;
  std::shared_ptr<std::chrono::steady_clock::time_point> time;
  std::shared_ptr<cudasim::Capture> capture;  // it was last recorded in
  std::vector<CUgraphNode_st*> capture_tail;
};
