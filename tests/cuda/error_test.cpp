// SPDX-License-Identifier: MIT
// What CUDA's failures look like to a program.
#include <cuda_runtime.h>

#include "tests/cuda/cuda_test.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

class CudaErrors : public CudaTest {};

/// What `f` throws; nothing where it does not.
template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "";
}

TEST_F(CudaErrors, ABadIndexIsTheCpusErrorAtTheNextWaitAndTheDeviceGoesOn) {
  auto select = [](Device device) {
    Tensor x = ones({3, 2}, TensorOptions(device));
    return x.index_select(0, tensor({0, 5}, TensorOptions(kLong).device(device))).cpu();
  };
  std::string expected = message_of<IndexError>([&] { select(kCPU); });
  EXPECT_NE(expected, "");
  EXPECT_EQ(message_of<IndexError>([&] { select(kGpu0); }), expected);
  EXPECT_EQ(ones({3}, TensorOptions(kGpu0)).sum().item<float>(), 3) << "the slot is clear again";
}

TEST_F(CudaErrors, ABadIndexIsFoundByASynchronisationToo) {
  Tensor x = ones({3, 2}, TensorOptions(kGpu1));
  Tensor y = x.index_select(0, tensor({7}, TensorOptions(kLong).device(kGpu1)));
  EXPECT_TRUE(throws<IndexError>("index 7 is out of bounds", [] { cuda::synchronize(1); }));
  cuda::synchronize(1);
}

TEST_F(CudaErrors, AGpuThatNothingWasBuiltForIsNamed) {
  cudasim::fail_call("cudaLaunchKernelEx", 1, cudaErrorNoKernelImageForDevice);
  std::string text = message_of<CUDAError>([] { ones({3}, TensorOptions(kGpu0)); });
  for (const char* part :
       {"no kernel image", "compute capability", "was built for architectures simulated",
        "-DADJOINT_CUDA_ARCHITECTURES="}) {
    EXPECT_NE(text.find(part), text.npos) << part << " in: " << text;
  }
}

TEST_F(CudaErrors, AFailureOfEarlierWorkSaysThatTheGpuIsLost) {
  // The context does not survive it: in a process of its own.
  EXPECT_EXIT(
      {
        cudasim::fail_launch(1, cudaErrorIllegalAddress);
        std::string text = message_of<CUDAError>([] { ones({3}, TensorOptions(kGpu0)).cpu(); });
        bool said = text.find("illegal memory access") != text.npos &&
                    text.find("cannot be used again in this process") != text.npos;
        bool lost = message_of<CUDAError>([] { ones({3}, TensorOptions(kGpu0)).cpu(); }) != "";
        bool cpu_works = ones({3}, kCPU).sum().item<float>() == 3;
        std::_Exit(said && lost && cpu_works ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace adjoint::testing
