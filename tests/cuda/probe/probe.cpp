// SPDX-License-Identifier: MIT
// Computes on CUDA and prints what came of it: a program as a user's, with the shared library.
#include <adjoint/adjoint.h>
#include <adjoint/cuda.h>

#include <cstdio>

int main() {
  std::printf("available: %d\n", adjoint::cuda::is_available());
  std::printf("devices: %d\n", int(adjoint::cuda::device_count()));
  std::printf("cudnn: %d\n", adjoint::cuda::cudnn_is_available());
  try {
    adjoint::Tensor x = adjoint::ones({2}, adjoint::kCUDA) + 1;
    std::printf("%s\n", x.cpu().toString().c_str());
    adjoint::Tensor image = adjoint::ones({1, 1, 2, 2}, adjoint::kCUDA);
    std::printf("convolved: %g\n", adjoint::conv2d(image, image).item<float>());
  } catch (const adjoint::Error& e) {
    std::printf("error: %s\n", e.what());
  }
  std::printf("cpu: %s\n", (adjoint::ones({2}) + 2).toString().c_str());
}
