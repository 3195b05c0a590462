// SPDX-License-Identifier: MIT
#include "core/tensor/geometry.h"

#include <algorithm>

namespace adjoint {

Geometry contiguous_geometry(IntArrayRef sizes) {
  Geometry g{sizes, DimVector(sizes.size(), 1), 0};
  for (size_t i = sizes.size(); i-- > 1;)
    g.strides[i - 1] = g.strides[i] * std::max<int64_t>(sizes[i], 1);
  return g;
}

int64_t wrap_dim(int64_t dim, int64_t ndim) {
  int64_t n = std::max<int64_t>(ndim, 1);
  ADJOINT_CHECK_INDEX(dim >= -n && dim < n, "Dimension out of range (expected to be in range of [",
                      -n, ", ", n - 1, "], but got ", dim, ")");
  return dim < 0 ? dim + n : dim;
}

uint32_t dim_mask(IntArrayRef dims, int64_t ndim) {
  if (dims.empty()) return (1u << ndim) - 1u;
  uint32_t mask = 0;
  for (int64_t d : dims) {
    int64_t dim = wrap_dim(d, ndim);
    ADJOINT_CHECK(!(mask >> dim & 1u), "dim ", dim, " appears multiple times in the list of dims");
    mask |= 1u << dim;
  }
  return mask;
}

DimVector reduced_sizes(IntArrayRef sizes, uint32_t mask, bool keepdim) {
  DimVector out;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (!(mask >> i & 1u)) {
      out.push_back(sizes[i]);
    } else if (keepdim) {
      out.push_back(1);
    }
  }
  return out;
}

DimVector infer_sizes(IntArrayRef sizes, int64_t numel) {
  DimVector out = sizes;
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == -1) {
      ADJOINT_CHECK(open < 0, "only one dimension can be inferred");
      open = int64_t(i);
    } else {
      ADJOINT_CHECK(sizes[i] >= 0, "invalid shape dimension ", sizes[i], " at index ", i,
                    " of shape ", sizes);
      known *= sizes[i];
    }
  }
  bool fits = open < 0 ? known == numel : known != 0 && numel % known == 0;
  if (open >= 0 && known == 0) {
    ADJOINT_CHECK(numel != 0, "cannot reshape tensor of 0 elements into shape ", sizes,
                  " because the unspecified dimension size -1 can be any value and is ambiguous");
  }
  ADJOINT_CHECK(fits, "shape '", sizes, "' is invalid for input of size ", numel);
  if (open >= 0) out[size_t(open)] = numel / known;
  return out;
}

std::optional<DimVector> view_strides(IntArrayRef sizes, IntArrayRef strides,
                                      IntArrayRef new_sizes) {
  int64_t numel = numel_of(sizes);
  if (numel == 0) return contiguous_geometry(new_sizes).strides;
  DimVector out(new_sizes.size(), 1);
  int64_t to = int64_t(new_sizes.size()) - 1;
  // From the end, chunks of old dimensions that are dense among themselves; each must be filled
  // exactly by new ones.
  int64_t chunk_stride = sizes.empty() ? 1 : strides.back();
  int64_t chunk_size = 1, filled = 1;
  for (int64_t from = int64_t(sizes.size()) - 1; from >= 0; --from) {
    chunk_size *= sizes[size_t(from)];
    bool chunk_ends = from == 0 || (sizes[size_t(from - 1)] != 1 &&
                                    strides[size_t(from - 1)] != chunk_size * chunk_stride);
    if (!chunk_ends) continue;
    while (to >= 0 && (filled < chunk_size || new_sizes[size_t(to)] == 1)) {
      out[size_t(to)] = filled * chunk_stride;
      filled *= new_sizes[size_t(to)];
      --to;
    }
    if (filled != chunk_size) return std::nullopt;
    if (from > 0) {
      chunk_stride = strides[size_t(from - 1)];
      chunk_size = filled = 1;
    }
  }
  if (to >= 0 && sizes.empty()) {
    for (; to >= 0; --to) out[size_t(to)] = 1;
  }
  return to < 0 ? std::optional(out) : std::nullopt;
}

Geometry select_geometry(Geometry base, int64_t dim, int64_t index) {
  ADJOINT_CHECK_INDEX(!base.sizes.empty(), "select() cannot be applied to a 0-dim tensor.");
  dim = wrap_dim(dim, int64_t(base.sizes.size()));
  int64_t size = base.sizes[size_t(dim)];
  ADJOINT_CHECK_INDEX(index >= -size && index < size, "select(): index ", index,
                      " out of range for tensor of size ", IntArrayRef(base.sizes),
                      " at dimension ", dim);
  if (index < 0) index += size;
  base.offset += index * base.strides[size_t(dim)];
  base.sizes.erase(size_t(dim));
  base.strides.erase(size_t(dim));
  return base;
}

Geometry slice_geometry(Geometry base, int64_t dim, std::optional<int64_t> start,
                        std::optional<int64_t> end, int64_t step) {
  ADJOINT_CHECK(!base.sizes.empty(), "slice() cannot be applied to a 0-dim tensor.");
  dim = wrap_dim(dim, int64_t(base.sizes.size()));
  ADJOINT_CHECK_VALUE(step > 0, "slice step must be positive");
  int64_t size = base.sizes[size_t(dim)];
  auto clip = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + size : v, 0, size); };
  int64_t from = clip(start.value_or(0));
  int64_t to = std::max(clip(end.value_or(size)), from);
  base.offset += from * base.strides[size_t(dim)];
  base.sizes[size_t(dim)] = (to - from + step - 1) / step;
  base.strides[size_t(dim)] *= step;
  return base;
}

bool may_overlap(IntArrayRef sizes, IntArrayRef strides) {
  if (numel_of(sizes) == 0) return false;
  std::pair<int64_t, int64_t> by_stride[kMaxDims];
  size_t n = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != 1) by_stride[n++] = {strides[i], sizes[i]};
  }
  std::sort(by_stride, by_stride + n);
  int64_t span = 1;
  for (size_t i = 0; i < n; ++i) {
    if (by_stride[i].first < span) return true;
    span += (by_stride[i].second - 1) * by_stride[i].first;
  }
  return false;
}

int64_t span_of(IntArrayRef sizes, IntArrayRef strides) {
  if (numel_of(sizes) == 0) return 0;
  int64_t span = 1;
  for (size_t i = 0; i < sizes.size(); ++i) span += (sizes[i] - 1) * strides[i];
  return span;
}

}  // namespace adjoint
