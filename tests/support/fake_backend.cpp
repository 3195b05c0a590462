// SPDX-License-Identifier: MIT
#include "tests/support/fake_backend.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "adjoint/op_registry.h"
#include "core/tensor/tensor_iterator.h"

namespace adjoint::testing {

namespace {
thread_local uint32_t current = 0;
}

/// Never gives an address out twice, so that a block's history is its own.
class FakeAllocator final : public Allocator {
 public:
  void* allocate(size_t nbytes, const Stream&) override {
    FakeBackend& backend = fake_backend();
    void* p = std::aligned_alloc(64, (nbytes + 63) / 64 * 64);
    if (!p) throw OutOfMemoryError("the fake device is out of memory");
    std::lock_guard lock(backend.mutex_);
    FakeBackend::Block block;
    block.nbytes = nbytes;
    block.reads.resize(FakeBackend::kStreams);
    backend.blocks_[static_cast<const char*>(p)] = block;
    allocated_ += int64_t(nbytes);
    return p;
  }
  void deallocate(void* p, size_t nbytes, const Stream&) noexcept override {
    FakeBackend& backend = fake_backend();
    std::lock_guard lock(backend.mutex_);
    backend.blocks_.erase(static_cast<const char*>(p));
    allocated_ -= int64_t(nbytes);
    std::free(p);
  }
  MemoryStats stats() const override {
    MemoryStats s;
    s.allocated = allocated_;
    return s;
  }
  void reset_peak() override {}
  void empty_cache() override {}
  void set_limit(int64_t) override {}

 private:
  int64_t allocated_ = 0;
};

Allocator& FakeBackend::allocator(DeviceIndex) {
  static FakeAllocator& instance = *new FakeAllocator();
  return instance;
}

Stream FakeBackend::current_stream(DeviceIndex) { return stream(current); }
void FakeBackend::set_stream(const Stream& s) { current = s.id(); }
void FakeBackend::synchronize(const Stream& s) {
  std::lock_guard lock(mutex_);
  log_.push_back("synchronize " + std::to_string(s.id()));
  // What the host enqueues from now on comes after it.
  Clock known = clocks_[s.id()];
  for (Clock& clock : clocks_) {
    for (int i = 0; i < kStreams; ++i)
      clock[size_t(i)] = std::max(clock[size_t(i)], known[size_t(i)]);
  }
}

void* FakeBackend::create_event(DeviceIndex, bool) {
  std::lock_guard lock(mutex_);
  ++events_;
  return new FakeEvent{Clock(kStreams)};
}
void FakeBackend::destroy_event(void* event) noexcept {
  std::lock_guard lock(mutex_);
  --events_;
  delete static_cast<FakeEvent*>(event);
}
void FakeBackend::record_event(void* event, const Stream& s) {
  std::lock_guard lock(mutex_);
  log_.push_back("record on " + std::to_string(s.id()));
  static_cast<FakeEvent*>(event)->clock = clocks_[s.id()];
}
void FakeBackend::wait_event(void* event, const Stream& s) {
  std::lock_guard lock(mutex_);
  log_.push_back("wait on " + std::to_string(s.id()));
  const Clock& known = static_cast<FakeEvent*>(event)->clock;
  Clock& clock = clocks_[s.id()];
  for (size_t i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], known[i]);
}
bool FakeBackend::query_event(void*) { return true; }
void FakeBackend::synchronize_event(void* event) {
  for (uint32_t i = 0; i < kStreams; ++i) wait_event(event, stream(i));
}

void FakeBackend::copy_on_device(void* dst, const void* src, size_t n, const Stream& s) {
  begin("copy_on_device", s);
  read(src, s);
  write(dst, s);
  std::memmove(dst, src, n);
}
void FakeBackend::copy_from_host(void* dst, const void* src, size_t n, const Stream& s, bool) {
  begin("copy_from_host", s);
  write(dst, s);
  std::memcpy(dst, src, n);
}
void FakeBackend::copy_to_host(void* dst, const void* src, size_t n, const Stream& s, bool) {
  begin("copy_to_host", s);
  read(src, s);
  std::memcpy(dst, src, n);
}

std::vector<std::string> FakeBackend::log() {
  std::lock_guard lock(mutex_);
  return log_;
}
std::vector<std::string> FakeBackend::races() {
  std::lock_guard lock(mutex_);
  return races_;
}
int64_t FakeBackend::events_alive() {
  std::lock_guard lock(mutex_);
  return events_;
}
void FakeBackend::clear() {
  std::lock_guard lock(mutex_);
  log_.clear();
  races_.clear();
}

void FakeBackend::begin(const std::string& what, const Stream& s) {
  std::lock_guard lock(mutex_);
  log_.push_back(what + " on " + std::to_string(s.id()));
  ++clocks_[s.id()][s.id()];
}

FakeBackend::Block* FakeBackend::block_of(const void* p) {
  auto at = blocks_.upper_bound(static_cast<const char*>(p));
  if (at == blocks_.begin()) return nullptr;
  --at;
  return static_cast<const char*>(p) < at->first + at->second.nbytes ? &at->second : nullptr;
}

void FakeBackend::expect_after(const Block& block, bool reads_too, const char* what,
                               const Stream& s) {
  const Clock& known = clocks_[s.id()];
  auto report = [&](const std::string& other, size_t stream) {
    races_.push_back(log_.back() + " " + what + " what stream " + std::to_string(stream) + " " +
                     other + ", and did not wait for it");
  };
  if (block.writer >= 0 && known[size_t(block.writer)] < block.written) {
    report("wrote", size_t(block.writer));
  }
  for (size_t i = 0; reads_too && i < block.reads.size(); ++i) {
    if (known[i] < block.reads[i]) report("reads", i);
  }
}

void FakeBackend::read(const void* p, const Stream& s) {
  std::lock_guard lock(mutex_);
  Block* block = block_of(p);
  if (!block) return;  // a number
  expect_after(*block, false, "reads", s);
  block->reads[s.id()] = clocks_[s.id()][s.id()];
}
void FakeBackend::write(const void* p, const Stream& s) {
  std::lock_guard lock(mutex_);
  Block* block = block_of(p);
  if (!block) return;
  expect_after(*block, true, "writes", s);
  block->writer = int(s.id());
  block->written = clocks_[s.id()][s.id()];
}

namespace {

template <size_t N>
struct Name {
  char text[N];
  constexpr Name(const char (&from)[N]) { std::copy_n(from, N, text); }
};

/// Notes what the CPU's kernel of that name does, and has it do it.
template <Name name, class... Args>
void kernel(const Stream& stream, const TensorIterator& iter, Args... args) {
  FakeBackend& backend = fake_backend();
  backend.begin(name.text, stream);
  for (int i = 1; i < iter.num_operands; ++i) {
    if (!iter.is_scalar_operand(i)) backend.read(iter.data(i), stream);
  }
  backend.write(iter.data(0), stream);
  using Same = Op<void(const Stream&, const TensorIterator&, Args...)>;
  static const OpDef* op = op_registry().find(name.text);
  (*static_cast<const Same*>(op))(Stream(), iter, args...);
}

}  // namespace

void FakeBackend::register_kernels(OpRegistry& registry) {
  registry.set_kernel("add", kPrivateUse1, kernel<"add", const Scalar&>);
  registry.set_kernel("fill", kPrivateUse1, kernel<"fill", const Scalar&>);
  registry.set_kernel("mul", kPrivateUse1, kernel<"mul">);
  registry.set_kernel("copy", kPrivateUse1, kernel<"copy">);
  registry.set_kernel("sum", kPrivateUse1, kernel<"sum">);
}

FakeBackend& fake_backend() {
  static FakeBackend& backend = *[] {
    auto* b = new FakeBackend();
    register_backend(*b);
    return b;
  }();
  return backend;
}

}  // namespace adjoint::testing
