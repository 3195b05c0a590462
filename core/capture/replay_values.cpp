// SPDX-License-Identifier: MIT
#include "core/capture/replay_values.h"

#include <algorithm>
#include <cstring>

#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constinit WriteValuesOp write_values_op{"write_values", {.differentiable = false}};

}  // namespace

void register_replay_values_ops(OpRegistry& registry) { registry.add(write_values_op); }

void write_values(const Tensor& to, const void* values, size_t nbytes) {
  detail::UnrecordedScope own_work;
  for (size_t word = 0; word < nbytes / 8; word += ReplayValues::kMax) {
    const size_t count = std::min(ReplayValues::kMax, nbytes / 8 - word);
    ReplayValues part{uint32_t(word), uint32_t(count), {}};
    std::memcpy(part.words, static_cast<const char*>(values) + word * 8, count * 8);
    write_values_op(stream_for(to), to, part);
  }
}

}  // namespace adjoint
