// SPDX-License-Identifier: MIT
// IDX: two zero bytes, the element type, the number of dimensions; their sizes, 32 bits each; the
// elements, row-major. All of it is big-endian. (The format's description stands on MNIST's page.)
#include <algorithm>
#include <cstring>

#include "adjoint/data.h"
#include "adjoint/ops.h"
#include "core/io/file.h"

namespace adjoint::data {
namespace {

ScalarType idx_dtype(unsigned char code, const ByteReader& file) {
  switch (code) {
    case 0x08:
      return kByte;
    case 0x0C:
      return kInt;
    case 0x0D:
      return kFloat;
    case 0x0E:
      return kDouble;
    default:
      break;
  }
  file.fail("expected element type 8 (unsigned byte), 12 (int), 13 (float) or 14 (double), got ",
            int(code));
}

DimVector read_sizes(size_t dim, ByteReader& file) {
  if (dim > size_t(kMaxDims)) file.fail("expected at most ", kMaxDims, " dimensions, got ", dim);
  unsigned char bytes[4 * kMaxDims];
  const size_t got = file.read(bytes, 4 * dim);
  if (got != 4 * dim) {
    file.fail("expected ", 4 * dim, " bytes of sizes for ", dim, " dimensions, got ", got);
  }
  DimVector sizes;
  for (size_t d = 0; d < dim; ++d) {
    const unsigned char* b = bytes + 4 * d;
    sizes.push_back(int64_t(b[0]) << 24 | int64_t(b[1]) << 16 | int64_t(b[2]) << 8 | int64_t(b[3]));
  }
  return sizes;
}

/// Nothing is allocated that the file cannot fill.
void check_size(IntArrayRef sizes, ScalarType dtype, const ByteReader& file) {
  uint64_t bytes = elementSize(dtype), stretched = bytes;
  bool overflow = false;
  for (int64_t size : sizes) {
    overflow |= __builtin_mul_overflow(stretched, uint64_t(size > 1 ? size : 1), &stretched);
    bytes *= uint64_t(size);
  }
  if (overflow || stretched > uint64_t(INT64_MAX)) {
    file.fail("expected sizes that fit into memory, got ", sizes, " of ", dtype);
  }
  if (bytes > file.at_most_left()) {
    file.fail("expected ", bytes, " bytes for ", sizes, " of ", dtype, ", got at most ",
              file.at_most_left());
  }
}

void reverse_bytes(unsigned char* bytes, size_t n, size_t element) {
  if (element == 1) return;
  for (size_t i = 0; i < n; i += element) std::reverse(bytes + i, bytes + i + element);
}

}  // namespace

Tensor read_idx(const std::string& path) {
  ByteReader file("read_idx", path);
  unsigned char magic[4];
  const size_t got_magic = file.read(magic, 4);
  if (got_magic != 4) file.fail("expected an IDX file, got ", got_magic, " bytes");
  if (magic[0] != 0 || magic[1] != 0) {
    file.fail("expected an IDX file, which begins with two zero bytes, got ", int(magic[0]),
              " and ", int(magic[1]));
  }
  const ScalarType dtype = idx_dtype(magic[2], file);
  const DimVector sizes = read_sizes(magic[3], file);
  check_size(sizes, dtype, file);
  Tensor out = empty(sizes, TensorOptions(dtype).device(kCPU));
  auto* bytes = static_cast<unsigned char*>(out.data_ptr());
  const size_t got = file.read(bytes, out.nbytes());
  if (got != out.nbytes()) {
    file.fail("expected ", out.nbytes(), " bytes for ", IntArrayRef(sizes), " of ", dtype, ", got ",
              got);
  }
  if (!file.at_end()) {
    file.fail("expected ", out.nbytes(), " bytes for ", IntArrayRef(sizes), " of ", dtype,
              ", got more");
  }
  reverse_bytes(bytes, got, elementSize(dtype));
  return out;
}

}  // namespace adjoint::data
