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

unsigned* ticket(const Stream& stream) {
  const DeviceIndex index = stream.device().index();
  if (unsigned* const of_graph = device_allocator(index).ticket_of_pool(stream)) return of_graph;
  return ticket_of(index, stream.id());
}

}  // namespace adjoint::cuda
