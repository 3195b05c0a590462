// SPDX-License-Identifier: MIT
#include "adjoint/storage.h"

#include <algorithm>

#include "adjoint/backend.h"
#include "core/capture/recorder.h"
#include "core/util/pool.h"

namespace adjoint {

void* Storage::operator new(size_t size) { return pool_allocate(size); }
void Storage::operator delete(void* p) noexcept { pool_deallocate(p, sizeof(Storage)); }

intrusive_ptr<Storage> Storage::allocate(size_t nbytes, const Stream& stream) {
  Device device = stream.device();
  return allocate(nbytes, stream,
                  get_backend(device.type()).allocator(std::max<DeviceIndex>(device.index(), 0)));
}

intrusive_ptr<Storage> Storage::allocate(size_t nbytes, const Stream& stream,
                                         Allocator& allocator) {
  auto storage = intrusive_ptr<Storage>::adopt(new Storage());
  storage->stream_ = stream;
  if (nbytes != 0) {
    storage->data_ = allocator.allocate(nbytes, stream);
    storage->nbytes_ = nbytes;
    storage->allocator_ = &allocator;
    if (Recorder* recorder = recorder_of_thread()) [[unlikely]]
      recorder->allocated(*storage);
  }
  return storage;
}

intrusive_ptr<Storage> Storage::wrap(void* data, size_t nbytes, const Stream& stream,
                                     void (*deleter)(void*, void*) noexcept, void* context) {
  auto storage = intrusive_ptr<Storage>::adopt(new Storage());
  storage->stream_ = stream;
  storage->data_ = data;
  storage->nbytes_ = nbytes;
  storage->deleter_ = deleter;
  storage->deleter_context_ = context;
  return storage;
}

Storage::~Storage() {
  if (deleter_) [[unlikely]]
    deleter_(deleter_context_, data_);
  if (allocator_) allocator_->deallocate(data_, nbytes_, stream_);
}

}  // namespace adjoint
