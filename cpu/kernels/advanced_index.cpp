// SPDX-License-Identifier: MIT
// The numbers of the elements that index tensors name.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/index_error.h"
#include "cpu/isa.h"
#include "cpu/parallel.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class T>
void number_elements(int64_t* out, const int64_t* before, const T* index, int64_t n, int64_t dim,
                     int64_t size) {
  parallel_for(0, n, kGrainSize, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = index[i];
      if (at < -size || at >= size) [[unlikely]]
        throw_index_error("index", at, dim, size);
      out[i] = (before ? before[i] * size : 0) + (at < 0 ? at + size : at);
    }
  });
}

void linear_index_kernel(const Stream&, const Tensor& out, const Tensor& before,
                         const Tensor& index, int64_t dim, int64_t size) {
  int64_t* const to = static_cast<int64_t*>(out.impl()->data());
  const int64_t* const so_far =
      before.defined() ? static_cast<const int64_t*>(before.impl()->data()) : nullptr;
  const int64_t n = out.impl()->numel();
  const void* const data = index.impl()->data();
  if (index.impl()->dtype() == kLong) {
    number_elements(to, so_far, static_cast<const int64_t*>(data), n, dim, size);
  } else {
    number_elements(to, so_far, static_cast<const int32_t*>(data), n, dim, size);
  }
}

}  // namespace

void register_advanced_index_kernels(OpRegistry& registry) {
  registry.set_kernel("linear_index", kCPU, linear_index_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
