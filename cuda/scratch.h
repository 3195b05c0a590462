// SPDX-License-Identifier: MIT
// Work memory of a kernel.
#pragma once

#include <cstddef>

#include "adjoint/stream.h"

namespace adjoint::cuda {

/// Device memory for work that is enqueued on `stream` during this object's life. It goes back to
/// the stream's pool at the end, while that work may still be running: the stream's order is
/// enough. Not initialised; aligned to 256 bytes. 0 bytes are fine (a null pointer).
class Scratch {
 public:
  Scratch(const Stream& stream, size_t nbytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  size_t nbytes_;
  Stream stream_;
};

/// A word of device memory that is 0 whenever no kernel of `stream` uses it: the ticket of
/// is_last_block (cuda/portable.cuh). Kernels of one stream share it, one after another. What is
/// captured into a graph has the private pool's, since the graph may be launched on any stream.
unsigned* ticket(const Stream& stream);

}  // namespace adjoint::cuda
