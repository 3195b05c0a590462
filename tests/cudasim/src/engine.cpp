// SPDX-License-Identifier: MIT
// The engine: what runs when (engine.h).
#include "engine.h"

#include <algorithm>

#include "counters.h"
#include "graph.h"

namespace cudasim {
namespace {

constexpr size_t kMaxPending = 4096;  // of a stream

bool done(const Stamp& stamp) { return stamp.stream->completed >= stamp.sequence; }

}  // namespace

Engine& engine() {
  static Engine* const instance = new Engine;
  return *instance;
}

ThreadState& this_thread() {
  thread_local ThreadState state;
  return state;
}

Engine::Engine() : devices(static_cast<size_t>(config().device_count)) {
  random_state_ = config().seed;
  for (size_t i = 0; i < devices.size(); ++i) {
    devices[i].legacy = create_stream(static_cast<int>(i), cudaStreamDefault, 0);
    devices[i].legacy->legacy = true;
  }
}

// SplitMix64.
uint64_t Engine::random(uint64_t below) {
  uint64_t z = random_state_ += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (z ^ (z >> 31)) % below;
}

// A slot is used again once the host has synchronised with all that was done under it, so that
// nothing new can be taken for old.
uint32_t Engine::take_slot() {
  for (auto it = free_slots_.begin(); it != free_slots_.end(); ++it) {
    const uint32_t slot = *it;
    if (!happened_before({slot, slot_times_[slot]}, host)) continue;
    free_slots_.erase(it);
    return slot;
  }
  slot_times_.push_back(0);
  return static_cast<uint32_t>(slot_times_.size() - 1);
}

std::shared_ptr<CUstream_st> Engine::create_stream(int device, unsigned flags, int priority) {
  auto stream = std::make_shared<CUstream_st>();
  stream->number = stream_number_++;
  stream->device = device;
  stream->flags = flags;
  stream->priority = priority;
  stream->slot = take_slot();
  streams_.push_back(stream);
  return stream;
}

void Engine::destroy_stream(cudaStream_t stream) {
  stream->destroyed = true;
  if (!stream->queue.empty()) return;  // erased when it is done
  free_slots_.push_back(stream->slot);
  std::erase_if(streams_, [&](const auto& s) { return s.get() == stream; });
}

std::shared_ptr<CUstream_st> Engine::stream_of(cudaStream_t handle) {
  const int device = this_thread().device;
  if (handle == nullptr || handle == cudaStreamLegacy) {
    return devices[static_cast<size_t>(device)].legacy;
  }
  if (handle == cudaStreamPerThread) {
    auto& stream = per_thread_[{std::this_thread::get_id(), device}];
    if (!stream) stream = create_stream(device, cudaStreamDefault, 0);
    return stream;
  }
  const auto it = std::find_if(streams_.begin(), streams_.end(),
                               [&](const auto& s) { return s.get() == handle && !s->destroyed; });
  return it == streams_.end() ? nullptr : *it;
}

Point Engine::end_of(CUstream_st& stream) {
  return {{stream.shared_from_this(), stream.enqueued}, stream.clock};
}

cudaError_t Engine::submit(CUstream_st& stream, Work work) {
  if (stream.capture) return append_to_capture(stream, std::move(work));
  if (stream.legacy && invalidate_captures_of_blocking_streams(stream.device)) {
    return cudaErrorStreamCaptureImplicit;
  }
  count_work(work, false);
  return enqueue(stream, std::move(work));
}

cudaError_t Engine::enqueue(CUstream_st& stream, Work work) {
  // The legacy stream waits for all blocking streams, and they for it.
  const auto add_end_of = [&](CUstream_st& other) {
    if (&other != &stream && other.enqueued > 0) work.after.push_back(end_of(other));
  };
  if (stream.legacy) {
    for (const auto& other : streams_) {
      if (other->device == stream.device && other->blocking()) add_end_of(*other);
    }
  } else if (stream.blocking()) {
    add_end_of(*devices[static_cast<size_t>(stream.device)].legacy);
  }

  Clock& clock = stream.clock;
  join(clock, host);
  QueuedWork queued{std::move(work.run), {}, ++stream.enqueued, {}};
  for (const Point& point : work.after) {
    join(clock, point.clock);
    if (!done(point.stamp)) queued.after.push_back(point.stamp);
  }
  if (clock.size() <= stream.slot) clock.resize(stream.slot + 1);
  queued.operation.epoch = {stream.slot, ++slot_times_[stream.slot]};
  clock[stream.slot] = slot_times_[stream.slot];
  queued.operation.clock = std::make_shared<const Clock>(clock);
  for (const Use& use : work.uses) races.access(use.access, queued.operation, use.site);

  stream.queue.push_back(std::move(queued));
  if (config().mode == Mode::eager) {
    run_needed({{stream.shared_from_this(), stream.enqueued}});
  } else if (stream.queue.size() > kMaxPending) {
    run_needed({{stream.shared_from_this(), stream.queue.front().sequence}});
  }
  return cudaSuccess;
}

bool Engine::ready(const CUstream_st& stream) const {
  if (stream.queue.empty()) return false;
  const auto& after = stream.queue.front().after;
  return std::all_of(after.begin(), after.end(), done);
}

void Engine::run_front(CUstream_st& stream) {
  const auto keep = stream.shared_from_this();
  const QueuedWork work = std::move(stream.queue.front());
  stream.queue.pop_front();
  cudaError_t& sticky = devices[static_cast<size_t>(stream.device)].sticky;
  if (work.run && sticky == cudaSuccess) {
    ThreadState& thread = this_thread();
    thread.in_operation = true;
    sticky = work.run(work.operation);
    thread.in_operation = false;
  }
  stream.completed = work.sequence;
  if (stream.destroyed && stream.queue.empty()) destroy_stream(&stream);
}

void Engine::run_needed(std::vector<Stamp> goals) {
  // By the stream's number: the order of addresses would not be the seed's.
  std::map<unsigned, Stamp> needed;
  while (!goals.empty()) {
    const Stamp goal = std::move(goals.back());
    goals.pop_back();
    if (done(goal)) continue;
    Stamp& upto =
        needed.try_emplace(goal.stream->number, Stamp{goal.stream, goal.stream->completed})
            .first->second;
    for (const QueuedWork& work : goal.stream->queue) {
      if (work.sequence > goal.sequence) break;
      if (work.sequence > upto.sequence) {
        goals.insert(goals.end(), work.after.begin(), work.after.end());
      }
    }
    upto.sequence = std::max(upto.sequence, goal.sequence);
  }
  std::vector<CUstream_st*> candidates;
  while (true) {
    candidates.clear();
    for (const auto& [number, stamp] : needed) {
      if (!done(stamp) && ready(*stamp.stream)) candidates.push_back(stamp.stream.get());
    }
    if (candidates.empty()) return;
    // Now and then something runs that nobody waits for.
    CUstream_st* stream = random(16) == 0 ? random_ready() : nullptr;
    if (config().mode == Mode::eager || !stream) stream = candidates[random(candidates.size())];
    run_front(*stream);
  }
}

CUstream_st* Engine::random_ready() {
  std::vector<CUstream_st*> candidates;
  for (const auto& stream : streams_) {
    if (ready(*stream)) candidates.push_back(stream.get());
  }
  return candidates.empty() ? nullptr : candidates[random(candidates.size())];
}

void Engine::synchronize(const std::vector<Point>& points) {
  std::vector<Stamp> goals;
  for (const Point& point : points) goals.push_back(point.stamp);
  run_needed(std::move(goals));
  for (const Point& point : points) join(host, point.clock);
}

void Engine::synchronize_device(int device) {
  std::vector<Point> points;
  for (const auto& stream : streams_) {
    if (stream->device == device) points.push_back(end_of(*stream));
  }
  synchronize(points);
}

bool Engine::poll(const Point& point) {
  if (!done(point.stamp)) {
    if (CUstream_st* stream = random_ready()) run_front(*stream);
  }
  if (!done(point.stamp)) return false;
  join(host, point.clock);
  return true;
}

}  // namespace cudasim
