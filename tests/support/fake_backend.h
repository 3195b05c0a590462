// SPDX-License-Identifier: MIT
// A second device for tests: host memory that poses as a device with four streams.
//
// Work is done at once, but as if it were not: the backend keeps what each stream knows of the
// others (vector clocks), and reports every access to memory that no event, wait or order of one
// stream puts behind an earlier one. So a wait that the library forgets fails a test on any
// machine.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "adjoint/backend.h"

namespace adjoint::testing {

inline constexpr Device kFakeDevice{kPrivateUse1, 0};

class FakeBackend final : public Backend {
 public:
  static constexpr int kStreams = 4;

  DeviceType type() const override { return kPrivateUse1; }
  int device_count() override { return 1; }
  Allocator& allocator(DeviceIndex index) override;
  DeviceIndex current_device() override { return 0; }
  void set_device(DeviceIndex) override {}
  Stream current_stream(DeviceIndex index) override;
  void set_stream(const Stream& stream) override;
  void synchronize(const Stream& stream) override;
  void* create_event(DeviceIndex index, bool timing) override;
  void destroy_event(void* event) noexcept override;
  void record_event(void* event, const Stream& stream) override;
  void wait_event(void* event, const Stream& stream) override;
  bool query_event(void* event) override;
  void synchronize_event(void* event) override;
  void copy_on_device(void* dst, const void* src, size_t nbytes, const Stream& stream) override;
  void copy_from_host(void* dst, const void* src, size_t nbytes, const Stream& stream,
                      bool non_blocking) override;
  void copy_to_host(void* dst, const void* src, size_t nbytes, const Stream& stream,
                    bool non_blocking) override;
  void register_kernels(OpRegistry& registry) override;

  /// One of the device's streams; 0 is current at first.
  static Stream stream(uint32_t id) { return {kFakeDevice, id, nullptr}; }

  /// What happened since the last clear(): "mul on 1", "record on 1", "wait on 0".
  std::vector<std::string> log();
  /// Accesses that nothing ordered.
  std::vector<std::string> races();
  int64_t events_alive();
  void clear();

  /// For kernels: work on `stream`, and the memory that it uses.
  void begin(const std::string& what, const Stream& stream);
  void read(const void* p, const Stream& stream);
  void write(const void* p, const Stream& stream);

 private:
  friend class FakeAllocator;
  using Clock = std::vector<uint64_t>;  // how far each stream is known to be done
  struct FakeEvent {
    Clock clock;
  };
  struct Block {
    size_t nbytes = 0;
    Clock reads;      // per stream, the time of its last read
    int writer = -1;  // the stream that wrote last, at `written`
    uint64_t written = 0;
  };
  Block* block_of(const void* p);
  void expect_after(const Block& block, bool reads_too, const char* what, const Stream& stream);

  std::mutex mutex_;
  Clock clocks_[kStreams] = {Clock(kStreams), Clock(kStreams), Clock(kStreams), Clock(kStreams)};
  std::map<const char*, Block> blocks_;
  std::vector<std::string> log_, races_;
  int64_t events_ = 0;
};

/// The backend, registered on the first call. It has kernels for add, mul, fill, copy and sum.
FakeBackend& fake_backend();

}  // namespace adjoint::testing
