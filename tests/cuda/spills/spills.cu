// SPDX-License-Identifier: MIT
// More values than a thread of so many has registers for: libadjoint_cuda's flags must refuse it.
__global__ void __launch_bounds__(1024, 2) spilling_kernel(const float* in, float* out) {
  float v[96];
#pragma unroll
  for (int i = 0; i < 96; ++i) v[i] = in[threadIdx.x * 96 + i];
#pragma unroll
  for (int j = 0; j < 8; ++j) {
#pragma unroll
    for (int i = 0; i < 96; ++i) v[i] = v[i] * v[(i + 7 * j + 1) % 96] + 1.f;
  }
#pragma unroll
  for (int i = 0; i < 96; ++i) out[threadIdx.x * 96 + i] = v[i];
}
