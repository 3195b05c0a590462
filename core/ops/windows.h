// SPDX-License-Identifier: MIT
// Windows along one dimension, as a view, and their elements added up again; lists of a number for
// each direction.
#pragma once

#include "adjoint/ops.h"

namespace adjoint {

/// The windows of `kernel` elements, `dilation` apart, that begin every `stride` elements of
/// dimension `dim`: a view, with a window's elements as a last dimension.
inline Tensor windows_along(const Tensor& t, int64_t dim, int64_t kernel, int64_t stride,
                            int64_t dilation) {
  Tensor spans = t.unfold(dim, (kernel - 1) * dilation + 1, stride);
  return dilation == 1 ? spans : spans.slice(-1, 0, std::nullopt, dilation);
}

/// `t` has windows * kernel elements along `dim`, element k of window i at i * kernel + k (or,
/// where `kernel_first`, at k * windows + i). They are added up where windows_along() would take
/// them from, in `size` elements.
Tensor add_up_windows(const Tensor& t, int64_t dim, int64_t windows, int64_t kernel, int64_t stride,
                      int64_t dilation, int64_t size, bool kernel_first);

/// D numbers of a list of D or of one. Throws Error for other lists.
template <size_t D>
void read_directions(IntArrayRef list, const char* op, const char* name, int64_t* numbers) {
  ADJOINT_CHECK(list.size() == 1 || list.size() == D, op, ": ", name,
                " must either be a single int, or a tuple of ", D == 2 ? "two" : "three",
                " ints, got ", list);
  for (size_t d = 0; d < D; ++d) numbers[d] = list[list.size() == 1 ? 0 : d];
}

}  // namespace adjoint
