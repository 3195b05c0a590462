// SPDX-License-Identifier: MIT
// The CPU as a device: one stream, on which work is done before the call returns.
#include "adjoint/backend.h"

#include <cstring>

#include "adjoint/error.h"
#include "adjoint/op_registry.h"
#include "core/device/builtin_backends.h"
#include "cpu/allocator.h"
#include "cpu/decomposition.h"
#include "cpu/parallel.h"

namespace adjoint {
namespace cpu {

// Each instruction set's kernels (cpu/kernels/all.cpp).
#define ADJOINT_DECLARE(isa)          \
  namespace isa {                     \
  void register_kernels(OpRegistry&); \
  }
ADJOINT_DECLARE(baseline)
ADJOINT_DECLARE(avx2)
ADJOINT_DECLARE(avx512)
#undef ADJOINT_DECLARE

namespace {

void register_best_kernels(OpRegistry& registry) {
#ifdef ADJOINT_HAVE_AVX512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return avx512::register_kernels(registry);
  }
#endif
#ifdef ADJOINT_HAVE_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return avx2::register_kernels(registry);
#endif
#ifdef ADJOINT_HAVE_BASELINE
  return baseline::register_kernels(registry);
#else
  detail::fail<Error>(
      "this build has no kernels for this processor: configure with ADJOINT_CPU_ISAS=baseline");
#endif
}

class CpuBackend final : public Backend {
 public:
  CpuBackend() : Backend(/*single_stream=*/true) {}
  DeviceType type() const override { return kCPU; }
  int device_count() override { return 1; }
  Allocator& allocator(DeviceIndex) override { return cpu::allocator(); }
  DeviceIndex current_device() override { return -1; }
  void set_device(DeviceIndex) override {}
  Stream current_stream(DeviceIndex) override { return Stream(); }
  void set_stream(const Stream&) override {}
  void synchronize(const Stream&) override {}
  // Work is done when it is enqueued: an event has nothing to remember.
  void* create_event(DeviceIndex, bool) override { return this; }
  void destroy_event(void*) noexcept override {}
  void record_event(void*, const Stream&) override {}
  void wait_event(void*, const Stream&) override {}
  bool query_event(void*) override { return true; }
  void synchronize_event(void*) override {}
  void copy_on_device(void* dst, const void* src, size_t n, const Stream&) override {
    std::memmove(dst, src, n);
  }
  void copy_from_host(void* dst, const void* src, size_t n, const Stream&, bool) override {
    std::memmove(dst, src, n);
  }
  void copy_to_host(void* dst, const void* src, size_t n, const Stream&, bool) override {
    std::memmove(dst, src, n);
  }
  void for_ranges(int64_t n, int64_t grain, RangeFunction f, void* context) override {
    parallel_for(0, n, grain, f, context);
  }
  void register_kernels(OpRegistry& registry) override {
    register_best_kernels(registry);
    register_decomposition_kernels(registry);
  }
};

}  // namespace
}  // namespace cpu

Backend& cpu_backend() {
  static cpu::CpuBackend& backend = *new cpu::CpuBackend();
  return backend;
}

}  // namespace adjoint
