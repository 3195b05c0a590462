// SPDX-License-Identifier: MIT
// The header of a safetensors file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adjoint/array_ref.h"
#include "adjoint/scalar_type.h"
#include "adjoint/serialize.h"
#include "core/io/file.h"

namespace adjoint {

inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

/// What the header says of one tensor; begin and end count bytes from the end of the header.
struct SafetensorsEntry {
  std::string name;
  ScalarType dtype = ScalarType::Undefined;
  DimVector sizes;
  uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;
  Metadata metadata;
};

/// Reads a header's JSON and checks it against the format and against `data_size`, the bytes that
/// follow it. Throws through file.fail().
SafetensorsHeader parse_safetensors_header(std::string_view json, uint64_t data_size,
                                           const InputFile& file);

/// The name of a dtype in the format: "F32".
const char* safetensors_dtype(ScalarType dtype);

}  // namespace adjoint
