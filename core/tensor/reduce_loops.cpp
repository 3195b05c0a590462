// SPDX-License-Identifier: MIT
#include "core/tensor/reduce_loops.h"

namespace adjoint {

ReduceLoops::ReduceLoops(const TensorIterator& iter) {
  rows = iter.strides[0][0] == 0;
  for (int d = 0; d < iter.ndim; ++d) {
    if (iter.strides[0][d] == 0) {
      reduced_size[num_reduced] = iter.shape[d];
      reduced_in[num_reduced++] = iter.strides[1][d];
      reduced *= iter.shape[d];
    } else {
      kept_size[num_kept] = iter.shape[d];
      kept_in[num_kept] = iter.strides[1][d];
      kept_out[num_kept++] = iter.strides[0][d];
      outputs *= iter.shape[d];
    }
  }
  if (num_reduced == 0) {
    reduced_size[0] = 1;
    reduced_in[num_reduced++] = 0;
  }
  if (num_kept == 0) {
    kept_size[0] = 1;
    kept_in[0] = 0;
    kept_out[num_kept++] = 0;
  }
}

}  // namespace adjoint
