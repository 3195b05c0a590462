// SPDX-License-Identifier: MIT
#include "cuda/scratch.h"

#include "cuda/allocator.h"

namespace adjoint::cuda {

Scratch::Scratch(const Stream& stream, size_t nbytes) : nbytes_(nbytes), stream_(stream) {
  if (nbytes != 0) data_ = device_allocator(stream.device().index()).allocate(nbytes, stream);
}
Scratch::~Scratch() {
  if (data_) device_allocator(stream_.device().index()).deallocate(data_, nbytes_, stream_);
}

unsigned* ticket(const Stream& stream) { return ticket_of(stream.device().index(), stream.id()); }

}  // namespace adjoint::cuda
