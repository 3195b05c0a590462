// SPDX-License-Identifier: MIT
// How a kernel reports a bad index without poisoning the context.
//
// Note [Bad indices]
// A kernel that meets an index out of range writes it into its device's slot, which lies in pinned
// host memory, uses index 0 in its place, and goes on. The host looks at the slot wherever it waits
// for the device anyway (a copy to the host, a synchronisation) and throws the IndexError there.
#pragma once

#include <cstdint>

#include "adjoint/stream.h"

namespace adjoint::cuda {

/// The first bad index since the last look. `op` is an IndexOp; 0 means none. `dim` is the
/// dimension that was indexed, kClassTarget for a loss on classes.
struct IndexErrorSlot {
  unsigned op;
  int dim;
  long long index, size;
};
inline constexpr int kClassTarget = -1;

/// Names an operation in the slot: what name_index_op gave for its name.
using IndexOp = unsigned;
/// `name` must live as long as the program; the same number for the same name. Not for hot paths:
/// kernels' files keep it in a static.
IndexOp name_index_op(const char* name);

/// The slot of the stream's device, as kernels see it.
IndexErrorSlot* index_error_slot(const Stream& stream);
/// Throws the IndexError that the slot of device `index` holds, in the words of the CPU's
/// (cpu/index_error.h), and clears the slot. To be called after a wait for the device.
void throw_index_error(DeviceIndex index);

}  // namespace adjoint::cuda
