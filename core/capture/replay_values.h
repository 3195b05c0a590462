// SPDX-License-Identifier: MIT
// What the host decides for a replay, in memory of the device.
//
// Note [Values of a replay]
// A recorded call keeps its arguments. What the host decides anew in every step (where a
// generator's numbers begin, an optimizer's settings and its count of steps) is set in them before
// a replay on the host. A device gets its arguments once, with the graph; there the values lie in
// its memory, and the kernels move on themselves what changes by a rule: the offset of random
// numbers, the count of steps. The host knows the rule and what it wrote last, so it writes only
// what is to be another value than the device will find: a seed, a learning rate. That is one small
// launch in the order of the stream (write_values), whose arguments are the values, so that there
// is no memory to wait for; the graph is launched as it is.
#pragma once

#include <cstdint>

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// Words that become those from `first` on of a tensor's memory.
struct ReplayValues {
  static constexpr size_t kMax = 32;
  uint32_t first, count;
  uint64_t words[kMax];
};
using WriteValuesOp = Op<void(const Stream&, const Tensor& to, const ReplayValues&)>;

/// The first bytes of `to`, a multiple of 8, become `values`, in the order of its stream.
void write_values(const Tensor& to, const void* values, size_t nbytes);

}  // namespace adjoint
