// SPDX-License-Identifier: MIT
// Parameters of kernels that look like device pointers, and are none.
#include <array>
#include <cstring>

#include "device_array.h"

namespace {

struct Bytes {
  std::array<unsigned char, 8> bytes;
};

__global__ void store_bytes(Bytes from, unsigned char* to) {
  for (int i = 0; i < 8; ++i) to[i] = from.bytes[size_t(i)];
}

TEST(KernelParameters, BytesThatNameNoAllocatedMemoryStayAsTheyAre) {
  const DeviceArray<unsigned char> out(8);
  // What padding may hold: the upper half of a pointer, with something else below.
  const unsigned char* const nowhere = out.get() + (size_t{8} << 30);
  Bytes bytes;
  std::memcpy(&bytes, &nowhere, sizeof bytes);
  cudaLaunchConfig_t config{};
  ASSERT_EQ(cudaLaunchKernelEx(&config, store_bytes, bytes, out.get()), cudaSuccess);
  const auto stored = out.to_host();
  EXPECT_TRUE(std::equal(stored.begin(), stored.end(), bytes.bytes.begin()));
}

}  // namespace
