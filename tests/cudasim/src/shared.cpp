// SPDX-License-Identifier: MIT
#include "shared.h"

#include <sys/mman.h>

#include <new>

#include "cudasim.h"
#include "redzone.h"

namespace cudasim {

SharedMemory::SharedMemory() {
  void* arena = mmap(nullptr, kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (arena == MAP_FAILED) throw std::bad_alloc();
  arena_ = static_cast<char*>(arena);
}

void SharedMemory::begin_launch(const Launch& launch) {
  launch_ = &launch;
  count_ = latest_ = 0;
  static_bytes_ = 0;
  reported_ = false;
  make_redzone(arena_, kRedzone);
  used_ = kRedzone;
  if (launch.shared_bytes > 0) add(nullptr, launch.shared_bytes, 128);
}

void SharedMemory::begin_block() {
  if (count_ == 0) return;
#ifdef CUDASIM_TSAN
  // Fresh pages have no history: another block's accesses are to other memory, as on a GPU.
  mmap(arena_, kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  raw_fill(arena_, kRedzoneByte, used_);
#endif
  for (int i = 0; i < count_; ++i) {
    raw_fill(arena_ + objects_[i].begin, kUninitialized, objects_[i].bytes);
  }
}

void* SharedMemory::object(const void* tag, size_t bytes, size_t alignment) {
  if (latest_ < count_ && objects_[latest_].tag == tag) return arena_ + objects_[latest_].begin;
  for (int i = 0; i < count_; ++i) {
    if (objects_[i].tag != tag) continue;
    latest_ = i;
    return arena_ + objects_[i].begin;
  }
  static_bytes_ = (static_bytes_ + alignment - 1) / alignment * alignment + bytes;
  if (static_bytes_ > kStaticSharedLimit) {
    report("shared memory", "uses more than 48 KB of shared memory of fixed size: " +
                                std::to_string(static_bytes_) + " bytes");
  }
  return add(tag, bytes, alignment);
}

void* SharedMemory::add(const void* tag, size_t bytes, size_t alignment) {
  const size_t begin = (used_ + alignment - 1) / alignment * alignment;
  const size_t end = begin + bytes + kRedzone;
  if (count_ == kMaxObjects || end > kArena) throw std::bad_alloc();
  make_redzone(arena_ + used_, end - used_);
  unpoison(arena_ + begin, bytes);
  raw_fill(arena_ + begin, kUninitialized, bytes);
  used_ = end;
  latest_ = count_;
  objects_[count_++] = {tag, begin, bytes};
  return arena_ + begin;
}

void* SharedMemory::dynamic() {
  if (launch_->shared_bytes == 0) {
    report("shared memory", "asks for dynamic shared memory, of which the launch gives it none");
    return add(nullptr, 16, 128);
  }
  return arena_ + objects_[0].begin;
}

void SharedMemory::end_block() {
  size_t at = 0;
  for (int i = 0; i <= count_; ++i) {
    const size_t end = i < count_ ? objects_[i].begin : used_;
    const size_t bad = at + find_written(arena_ + at, end - at);
    if (bad < end && !report("out of bounds", "wrote to shared memory " + std::to_string(bad - at) +
                                                  " bytes behind the end of an object")) {
      return;
    }
    if (i < count_) at = objects_[i].begin + objects_[i].bytes;
  }
}

bool SharedMemory::report(const char* kind, const std::string& text) {
  if (!reported_) violation(kind, "kernel " + launch_->kernel_name() + " " + text);
  reported_ = true;
  return false;
}

}  // namespace cudasim
