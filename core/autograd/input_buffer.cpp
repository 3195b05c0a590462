// SPDX-License-Identifier: MIT
#include "core/autograd/input_buffer.h"

#include "adjoint/autograd.h"
#include "adjoint/ops.h"

namespace adjoint {

// Note [Streaming backwards]
// A node runs on the stream that its forward ran on. A gradient is added up on the stream of the
// node that will use it (the consumer). Where the producer's stream is another one, the consumer's
// waits for an event recorded behind the producer's work; where they are the same, the order of the
// stream is enough and no event is made. A gradient's memory belongs to the stream that made it:
// the consumer's is recorded, so that nobody gets the memory before the consumer is done with it.
void InputBuffer::add(size_t num_entries, uint32_t nr, Tensor grad, const Stream& producer,
                      const Stream& consumer) {
  if (!(producer == consumer)) {
    Event ready;
    ready.record(producer);
    ready.wait(consumer);
  }
  grad.record_stream(consumer);
  if (grads_.empty()) {
    grads_.reserve(num_entries);
    while (grads_.size() < num_entries) grads_.emplace_back();
  }
  Tensor& sum = grads_[nr];
  if (!sum.defined()) {
    sum = std::move(grad);
    return;
  }
  std::optional<StreamGuard> guard;
  if (!(producer == consumer)) guard.emplace(consumer);
  // A sum that nobody else can see is added to in place.
  bool in_place = !GradMode::is_enabled() && sum.use_count() == 1 &&
                  sum.impl()->storage()->use_count() == 1 && sum.is_contiguous() &&
                  !sum.is_inference();
  if (in_place) {
    sum.add_(grad);
  } else {
    sum = sum + grad;
  }
}

}  // namespace adjoint
