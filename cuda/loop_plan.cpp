// SPDX-License-Identifier: MIT
#include "cuda/loop_plan.h"

namespace adjoint::cuda {
namespace {

/// An iteration's geometry, in elements, as it is being divided.
struct Box {
  int num_operands, ndim;
  int64_t shape[kMaxDims];
  int64_t strides[Loops::kMaxOperands][kMaxDims];
  int64_t element_size[Loops::kMaxOperands];
  char* data[Loops::kMaxOperands];
};

bool fits(const Box& box, int64_t limit) {
  int64_t numel = 1;
  for (int d = 0; d < box.ndim; ++d) numel *= box.shape[d];
  if (numel > limit) return false;
  for (int op = 0; op < box.num_operands; ++op) {
    int64_t last = 0;
    for (int d = 0; d < box.ndim; ++d) last += (box.shape[d] - 1) * box.strides[op][d];
    if (last > limit) return false;
  }
  return true;
}

int widest_dim(const Box& box) {
  int widest = 0;
  int64_t most = -1;
  for (int d = 0; d < box.ndim; ++d) {
    if (box.shape[d] == 1) continue;
    int64_t extent = box.shape[d] - 1;
    for (int op = 0; op < box.num_operands; ++op) {
      int64_t reach = (box.shape[d] - 1) * box.strides[op][d];
      if (reach > extent) extent = reach;
    }
    if (extent > most) {
      most = extent;
      widest = d;
    }
  }
  return widest;
}

bool can_be_vectors(const Box& box, int lanes) {
  if (box.strides[0][0] != 1 || (box.ndim > 1 && box.shape[0] % lanes != 0)) return false;
  for (int op = 0; op < box.num_operands; ++op) {
    if (box.strides[op][0] == 0) continue;
    if (box.strides[op][0] != 1 ||
        uintptr_t(box.data[op]) % uintptr_t(lanes * box.element_size[op])) {
      return false;
    }
    for (int d = 1; d < box.ndim; ++d) {
      if (box.strides[op][d] % lanes != 0) return false;
    }
  }
  return true;
}

void launch_box(const Box& box, int lanes, LaunchPiece* launch, const void* context) {
  LoopPiece piece;
  piece.vectors = can_be_vectors(box, lanes);
  const int64_t step = piece.vectors ? lanes : 1;
  Loops& loops = piece.loops;
  loops.last = box.ndim - 1;
  loops.moving = 0;
  int64_t numel = 1, count = 1;
  for (int d = 0; d < box.ndim; ++d) {
    int64_t size = d == 0 ? (box.shape[0] + step - 1) / step : box.shape[d];
    numel *= box.shape[d];
    count *= size;
    if (d < loops.last) loops.sizes[d] = FastDivider(uint32_t(size));
    for (int op = 0; op < box.num_operands; ++op) {
      loops.strides[d][op] = uint32_t(box.strides[op][d] * (d == 0 ? step : 1));
    }
  }
  loops.count = uint32_t(count);
  loops.numel = uint32_t(numel);
  for (int op = 0; op < box.num_operands; ++op) {
    if (box.strides[op][0] != 0) loops.moving |= 1u << op;
    piece.data[op] = box.data[op];
  }
  launch(context, piece);
}

void divide_box(Box box, int lanes, LaunchPiece* launch, const void* context, int64_t limit) {
  while (!fits(box, limit)) {
    int d = widest_dim(box);
    int64_t half = box.shape[d] / 2;
    if (half > 16) half -= half % 16;  // keeps vectors aligned
    Box first = box;
    first.shape[d] = half;
    divide_box(first, lanes, launch, context, limit);
    box.shape[d] -= half;
    for (int op = 0; op < box.num_operands; ++op) {
      if (box.data[op]) box.data[op] += half * box.strides[op][d] * box.element_size[op];
    }
  }
  launch_box(box, lanes, launch, context);
}

/// One loop, along which each operand is dense or does not move: what most kernels are launched
/// with. False where it is something else.
bool launch_flat(const TensorIterator& iter, int lanes, LaunchPiece* launch, const void* context,
                 int64_t limit) {
  if (iter.ndim != 1 || iter.numel > limit) return false;
  LoopPiece piece;
  Loops& loops = piece.loops;
  loops.moving = 0;
  piece.vectors = iter.strides[0][0] != 0;
  for (int op = 0; op < iter.num_operands; ++op) {
    const int64_t size = int64_t(elementSize(iter.dtypes[op])), stride = iter.strides[op][0];
    if (stride != 0 && stride != size) return false;
    piece.data[op] = iter.is_scalar_operand(op) ? nullptr : iter.data(op);
    if (stride == 0) continue;
    loops.moving |= 1u << op;
    const uintptr_t vector = uintptr_t(lanes) * uintptr_t(size);  // a power of two
    piece.vectors = piece.vectors && (uintptr_t(piece.data[op]) & (vector - 1)) == 0;
  }
  const uint32_t step = piece.vectors ? uint32_t(lanes) : 1;
  for (int op = 0; op < iter.num_operands; ++op)
    loops.strides[0][op] = (loops.moving >> op & 1) * step;
  loops.last = 0;
  loops.numel = uint32_t(iter.numel);
  loops.count = (loops.numel + step - 1) / step;
  launch(context, piece);
  return true;
}

}  // namespace

void for_each_piece(const TensorIterator& iter, int lanes, LaunchPiece* launch, const void* context,
                    int64_t limit) {
  if (iter.numel == 0 || launch_flat(iter, lanes, launch, context, limit)) return;
  Box box;
  box.num_operands = iter.num_operands;
  box.ndim = iter.ndim;
  for (int d = 0; d < iter.ndim; ++d) box.shape[d] = iter.shape[d];
  for (int op = 0; op < iter.num_operands; ++op) {
    int64_t size = int64_t(elementSize(iter.dtypes[op]));
    box.element_size[op] = size;
    box.data[op] = iter.is_scalar_operand(op) ? nullptr : static_cast<char*>(iter.data(op));
    for (int d = 0; d < iter.ndim; ++d) box.strides[op][d] = iter.strides[op][d] / size;
  }
  divide_box(box, lanes, launch, context, limit);
}

}  // namespace adjoint::cuda
