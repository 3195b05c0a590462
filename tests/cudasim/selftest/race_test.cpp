// SPDX-License-Identifier: MIT
// What the happens-before checker finds, in every mode and for every seed, and what it must not.
#include <tuple>

#include "../src/raw_memory.h"
#include "stream_support.h"

namespace cudasim::selftest {
namespace {

using Races = StreamTest;

// An allocator's segment with the blocks that a test takes from it.
class Segment {
 public:
  static constexpr size_t kBlocks = 4;
  Segment() { EXPECT_CUDA(cudaMalloc(&data_, kBlocks * kBytes)); }
  ~Segment() { cudaFree(data_); }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  float* block(size_t i) const { return data_ + i * kCount; }

 private:
  float* data_ = nullptr;
};

TEST_F(Races, AMissingWaitIsFoundInEveryModeForEverySeed) {
  const Stream a, b;
  const Event event;
  const DeviceFloats x;
  const auto program = [&](bool waits) {
    ASSERT_CUDA(launch_fill(a, x, 1));
    ASSERT_CUDA(cudaEventRecord(event, a));
    if (waits) {
      ASSERT_CUDA(cudaStreamWaitEvent(b, event));
    }
    ASSERT_CUDA(launch_add(b, x, x, 1));
    ASSERT_CUDA(cudaDeviceSynchronize());
  };
  EXPECT_EQ(200, count_found(
                     "race", [&] { program(false); }, 100));
  EXPECT_EQ(0, count_found(
                   "race", [&] { program(true); }, 100));
}

TEST_F(Races, BothPlacesAreNamed) {
  const Stream a, b;
  const DeviceFloats x, y;
  ASSERT_CUDA(launch_fill(a, x, 1, "first.cu", 11));
  ASSERT_CUDA(launch_add(b, y, x, 1, "second.cu", 22));
  const auto found = take_violations();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, "race");
  for (const char* part :
       {"fill", "first.cu:11", "add", "second.cu:22", "1024 bytes", "written by", "read by"}) {
    EXPECT_NE(found[0].text.find(part), std::string::npos) << part << " in: " << found[0].text;
  }
}

TEST_F(Races, ACopysCallerIsNamed) {
  const Stream a, b;
  const DeviceFloats x;
  ASSERT_CUDA(cudaMemsetAsync(x, 0, kBytes, a));
  ASSERT_CUDA(launch_fill(b, x, 1));
  const auto found = take_violations();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].text.find("cudaMemsetAsync (called from "), std::string::npos)
      << found[0].text;
}

TEST_F(Races, AWriteAfterAReadIsFound) {
  const Stream a, b;
  const Event event;
  const DeviceFloats x, y;
  const auto program = [&](bool waits) {
    ASSERT_CUDA(launch_add(a, y, x, 1));
    ASSERT_CUDA(cudaEventRecord(event, a));
    if (waits) {
      ASSERT_CUDA(cudaStreamWaitEvent(b, event));
    }
    ASSERT_CUDA(launch_fill(b, x, 1));
    ASSERT_CUDA(cudaDeviceSynchronize());
  };
  EXPECT_EQ(kRuns, count_found("race", [&] { program(false); }));
  EXPECT_EQ(0, count_found("race", [&] { program(true); }));
}

TEST_F(Races, ReadsBesideReadsAreNone) {
  const Stream a, b;
  const DeviceFloats x, y, z;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_add(a, y, x, 1));
              ASSERT_CUDA(launch_add(b, z, x, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Races, EveryReaderIsToBeWaitedFor) {
  const Stream a, b, c;
  const Event event;
  const DeviceFloats x, y, z;
  EXPECT_EQ(kRuns, count_found("race", [&] {
              ASSERT_CUDA(launch_add(a, y, x, 1));
              ASSERT_CUDA(launch_add(b, z, x, 1));
              ASSERT_CUDA(cudaEventRecord(event, b));
              ASSERT_CUDA(cudaStreamWaitEvent(c, event));
              ASSERT_CUDA(launch_fill(c, x, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Races, CopiesCountByTheirBytes) {
  const Stream a, b;
  const DeviceFloats x;
  const PinnedFloats in;
  const size_t half = kBytes / 2;
  const auto to = cudaMemcpyHostToDevice;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(cudaMemcpyAsync(x, in, half, to, a));
              ASSERT_CUDA(cudaMemcpyAsync(x + kCount / 2, in + kCount / 2, half, to, b));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
  EXPECT_EQ(kRuns, count_found("race", [&] {
              ASSERT_CUDA(cudaMemcpyAsync(x, in, half + 4, to, a));
              ASSERT_CUDA(cudaMemcpyAsync(x + kCount / 2, in + kCount / 2, half, to, b));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Races, TwoCopiesIntoOnePinnedBufferAreFound) {
  const Stream a, b;
  const DeviceFloats x, y;
  const PinnedFloats out;
  ASSERT_CUDA(cudaMemset(x, 0, kBytes));
  ASSERT_CUDA(cudaMemset(y, 0, kBytes));
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(kRuns, count_found("race", [&] {
              ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, a));
              ASSERT_CUDA(cudaMemcpyAsync(out, y, kBytes, cudaMemcpyDeviceToHost, b));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Races, WhatTheHostSaysItReadsOrWritesIsToBeWaitedFor) {
  const Stream stream;
  const Event event;
  const DeviceFloats x;
  const PinnedFloats in, out;
  const auto program = [&](bool waits) {
    ASSERT_CUDA(cudaMemcpyAsync(x, in, kBytes, cudaMemcpyHostToDevice, stream));
    ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
    ASSERT_CUDA(cudaEventRecord(event, stream));
    host_reads(in, kBytes);  // beside another read
    if (waits) {
      ASSERT_CUDA(cudaEventSynchronize(event));
    }
    host_reads(out, 4);
    host_writes(in, 4);
    ASSERT_CUDA(cudaDeviceSynchronize());
  };
  EXPECT_EQ(kRuns, count_found("host race", [&] { program(false); }));
  EXPECT_EQ(0, count_found("host race", [&] { program(true); }));
  ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
  host_reads(out, kBytes, "reader.cpp", 33);
  const auto found = take_violations();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].text.find("cudaMemcpyAsync"), std::string::npos) << found[0].text;
  EXPECT_NE(found[0].text.find("the host (reader.cpp:33)"), std::string::npos) << found[0].text;
  ASSERT_CUDA(cudaStreamSynchronize(stream));
}

TEST_F(Races, PinnedMemoryFreedWhileACopyUsesItIsFound) {
  const Stream stream;
  const DeviceFloats x;
  const auto program = [&](bool waits) {
    float* out = nullptr;
    ASSERT_CUDA(cudaMallocHost(&out, kBytes));
    ASSERT_CUDA(launch_fill(stream, x, 1));
    ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
    if (waits) {
      ASSERT_CUDA(cudaStreamSynchronize(stream));
    }
    ASSERT_CUDA(cudaFreeHost(out));
  };
  EXPECT_EQ(kRuns, count_found("early reuse", [&] { program(false); }));
  EXPECT_EQ(0, count_found("early reuse", [&] { program(true); }));
}

TEST_F(Races, BlocksOfOneSegmentAreApart) {
  const Stream a, b;
  const Segment segment;
  EXPECT_EQ(0, count_found("race", [&] {
              block_allocated(segment.block(0), kBytes, a);
              block_allocated(segment.block(1), kBytes, b);
              ASSERT_CUDA(launch_fill(a, segment.block(0), 1));
              ASSERT_CUDA(launch_fill(b, segment.block(1), 1));
              block_freed(segment.block(0), kBytes, a);
              block_freed(segment.block(1), kBytes, b);
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

// A block of stream a is used on b, too; it goes back to a's pool with b still at it.
TEST_F(Races, ABlockFreedWhileAnotherStreamUsesItIsFound) {
  config().poison_freed_blocks = false;
  const Stream a, b;
  const Event event;
  const Segment segment;
  const DeviceFloats y;
  const auto program = [&](bool waits) {
    float* x = segment.block(0);
    block_allocated(x, kBytes, a);
    ASSERT_CUDA(launch_fill(a, x, 1));
    ASSERT_CUDA(cudaEventRecord(event, a));
    ASSERT_CUDA(cudaStreamWaitEvent(b, event));
    ASSERT_CUDA(launch_add(b, y, x, 1));
    ASSERT_CUDA(cudaEventRecord(event, b));
    if (waits) {
      ASSERT_CUDA(cudaEventSynchronize(event));
    }
    block_freed(x, kBytes, a);
    ASSERT_CUDA(cudaDeviceSynchronize());
  };
  EXPECT_EQ(kRuns, count_found("early reuse", [&] { program(false); }));
  EXPECT_EQ(0, count_found("early reuse", [&] { program(true); }));
}

// A block is handed to another stream than the one that it was freed on.
TEST_F(Races, ABlockReusedTooEarlyIsFound) {
  config().poison_freed_blocks = false;
  const Stream a, b;
  const Event event;
  const Segment segment;
  const auto program = [&](bool waits) {
    float* x = segment.block(0);
    block_allocated(x, kBytes, a);
    ASSERT_CUDA(launch_fill(a, x, 1));
    block_freed(x, kBytes, a);
    ASSERT_CUDA(cudaEventRecord(event, a));
    if (waits) {
      ASSERT_CUDA(cudaEventSynchronize(event));
    }
    block_allocated(x, kBytes, b);
    ASSERT_CUDA(launch_fill(b, x, 2));
    ASSERT_CUDA(cudaDeviceSynchronize());
    block_freed(x, kBytes, b);
    ASSERT_CUDA(cudaDeviceSynchronize());
  };
  EXPECT_EQ(kRuns, count_found("early reuse", [&] { program(false); }));
  EXPECT_EQ(0, count_found("early reuse", [&] { program(true); }));
}

TEST_F(Races, ABlockReusedOnItsOwnStreamIsClean) {
  const Stream a;
  const Segment segment;
  const PinnedFloats out;
  EXPECT_EQ(
      0, count_found("early reuse", [&] {
        for (float value = 1; value < 4; ++value) {
          block_allocated(segment.block(2), kBytes, a);
          ASSERT_CUDA(launch_fill(a, segment.block(2), value));
          ASSERT_CUDA(cudaMemcpyAsync(out, segment.block(2), kBytes, cudaMemcpyDeviceToHost, a));
          block_freed(segment.block(2), kBytes, a);
        }
        ASSERT_CUDA(cudaStreamSynchronize(a));
        EXPECT_TRUE(out.all(3));
      }));
}

TEST_F(Races, AFreedBlockHoldsNothingOfUse) {
  const Stream a;
  const Segment segment;
  const PinnedFloats out;
  float* x = segment.block(0);
  block_allocated(x, kBytes, a);
  ASSERT_CUDA(launch_fill(a, x, 1));
  block_freed(x, kBytes, a);
  block_allocated(x, kBytes, a);
  ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, a));
  ASSERT_CUDA(cudaStreamSynchronize(a));
  for (int i = 0; i < kCount; ++i) EXPECT_NE(out[i], out[i]);
  block_freed(x, kBytes, a);
  ASSERT_CUDA(cudaStreamSynchronize(a));
}

#if defined(CUDASIM_ASAN)
TEST_F(Races, AStaleUseOfABlockEndsTheProgramUnderAddressSanitizer) {
  const Stream a, b;
  const Segment segment;
  EXPECT_DEATH(
      {
        config().mode = Mode::eager;
        block_allocated(segment.block(0), kBytes, a);
        block_freed(segment.block(0), kBytes, a);
        launch_fill(a, segment.block(0), 1);
      },
      "use-after-poison");
}
#endif

TEST_F(Races, AKernelThatIsGivenAFreedBlockIsFound) {
  const Stream a;
  const Segment segment;
  const DeviceFloats y;
  block_allocated(segment.block(0), kBytes, a);
  block_allocated(segment.block(1), kBytes, a);
  block_freed(segment.block(1), kBytes, a);
  ASSERT_CUDA(cudaStreamSynchronize(a));
  for (int i : {0, 1, kCount - 1}) {
    cudaLaunchConfig_t config{};
    config.gridDim = config.blockDim = dim3(1);
    config.stream = a;
    ASSERT_CUDA(cudaLaunchKernelEx(&config, add, y, segment.block(1) + i, 1.0f, 0));
    const auto found = take_violations();
    ASSERT_EQ(found.size(), 1u) << i;
    EXPECT_EQ(found[0].kind, "use after free");
  }
  ASSERT_CUDA(cudaStreamSynchronize(a));
  block_freed(segment.block(0), kBytes, a);
}

TEST_F(Races, ACopyPastTheEndOfABlockIsFound) {
  const Stream a;
  const Segment segment;
  const PinnedFloats in;
  block_allocated(segment.block(0), kBytes - 4, a);
  ASSERT_CUDA(cudaMemcpyAsync(segment.block(0), in, kBytes - 4, cudaMemcpyHostToDevice, a));
  EXPECT_EQ(take_violations().size(), 0u);
  // Of the bytes behind the block none is free, so that AddressSanitizer has nothing to say.
  block_allocated(segment.block(1), kBytes, a);
  ASSERT_CUDA(
      cudaMemcpyAsync(segment.block(0) + kCount / 2, in, kBytes, cudaMemcpyHostToDevice, a));
  const auto found = take_violations();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, "out of bounds");
  ASSERT_CUDA(cudaStreamSynchronize(a));
  block_freed(segment.block(1), kBytes, a);
  block_freed(segment.block(0), kBytes - 4, a);
}

TEST_F(Races, AnAllocatorThatHandsABlockOutTwiceIsFound) {
  const Stream a;
  const Segment segment;
  block_allocated(segment.block(0), kBytes, a);
  block_allocated(segment.block(0) + 4, 16, a);
  EXPECT_EQ(take_violations().size(), 1u);
  block_freed(segment.block(0), kBytes, a);
  block_freed(segment.block(0), kBytes, a);
  EXPECT_EQ(take_violations().size(), 1u);
  block_freed(segment.block(0) + 4, 16, a);
}

TEST_F(Races, MemoryThatIsFreedForgetsItsPast) {
  const Stream a, b;
  EXPECT_EQ(0, count_found("race", [&] {
              for (cudaStream_t stream : {cudaStream_t(a), cudaStream_t(b)}) {
                float* x = nullptr;
                ASSERT_CUDA(cudaMalloc(&x, kBytes));
                ASSERT_CUDA(launch_fill(stream, x, 1));
                ASSERT_CUDA(cudaFree(x));
              }
            }));
}

TEST_F(Races, MemoryFreedInAStreamThatItsUsersDidNotJoinIsFound) {
  const Stream a, b;
  const Event event;
  const auto program = [&](bool waits) {
    float* x = nullptr;
    ASSERT_CUDA(cudaMallocAsync(&x, kBytes, a));
    ASSERT_CUDA(cudaEventRecord(event, a));
    ASSERT_CUDA(cudaStreamWaitEvent(b, event));
    ASSERT_CUDA(launch_fill(b, x, 1));
    ASSERT_CUDA(cudaEventRecord(event, b));
    if (waits) {
      ASSERT_CUDA(cudaStreamWaitEvent(a, event));
    }
    ASSERT_CUDA(cudaFreeAsync(x, a));
    ASSERT_CUDA(cudaDeviceSynchronize());
  };
  EXPECT_EQ(0, count_found("early reuse", [&] { program(true); }));
  config().mode = Mode::eager;  // else the memory may be gone when the kernel runs
  reset();
  program(false);
  const auto found = take_violations();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, "early reuse");
}

struct Hidden {
  float* out;
  int n;
};
struct Listed {
  const float* in;
  float* out[2];
  int n;
  static constexpr auto kernel_pointers = std::tuple(&Listed::in, &Listed::out);
};
__global__ void fill_hidden(Hidden args, float value) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < args.n) args.out[i] = value;
}
__global__ void add_listed(Listed args) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < args.n) args.out[0][i] = args.out[1][i] = args.in[i] + 1;
}

TEST_F(Races, PointersThatAStructListsCountByTheirTypes) {
  const Stream a, b;
  const DeviceFloats in, first, second, other;
  ASSERT_CUDA(cudaMemset(in, 0, kBytes));
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA((launch_at<add_listed>(a, __FILE__, __LINE__,
                                                 Listed{in, {first, second}, kCount})));
              ASSERT_CUDA(launch_add(b, other, in, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
  EXPECT_EQ(kRuns, count_found("race", [&] {
              ASSERT_CUDA((launch_at<add_listed>(a, __FILE__, __LINE__,
                                                 Listed{in, {first, second}, kCount})));
              ASSERT_CUDA(launch_add(b, other, second, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Races, MemoryThatAKernelBothReadsAndWritesIsWritten) {
  const Stream a, b;
  const DeviceFloats x, y, other;
  ASSERT_CUDA(cudaMemset(x, 0, kBytes));
  EXPECT_EQ(
      kRuns, count_found("race", [&] {
        ASSERT_CUDA((launch_at<add_listed>(a, __FILE__, __LINE__, Listed{x, {x, y}, kCount})));
        ASSERT_CUDA(launch_add(b, other, x, 1));
        ASSERT_CUDA(cudaDeviceSynchronize());
      }));
}

TEST_F(Races, PointersThatAStructHidesAreFoundByWhatTheyChange) {
  const Stream a, b;
  const DeviceFloats x, y;
  float value = 0;
  EXPECT_EQ(
      kRuns, count_found("race", [&] {
        value += 1;  // another one each time: a store that changes nothing is not seen
        ASSERT_CUDA((launch_at<fill_hidden>(a, __FILE__, __LINE__, Hidden{x, kCount}, value)));
        ASSERT_CUDA(launch_add(b, y, x, 1));
        ASSERT_CUDA(cudaDeviceSynchronize());
      }));
  const Event event;
  EXPECT_EQ(
      0, count_found("race", [&] {
        value += 1;
        ASSERT_CUDA((launch_at<fill_hidden>(a, __FILE__, __LINE__, Hidden{x, kCount}, value)));
        ASSERT_CUDA(cudaEventRecord(event, a));
        ASSERT_CUDA(cudaStreamWaitEvent(b, event));
        ASSERT_CUDA(launch_add(b, y, x, 1));
        ASSERT_CUDA(cudaDeviceSynchronize());
      }));
}

TEST_F(Races, PinnedMemoryThatAKernelUsesIsNotLookedAt) {
  const Stream a, b;
  const PinnedFloats x;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(a, x, 1));
              ASSERT_CUDA(launch_fill(b, x, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
              EXPECT_TRUE(x.all(1));
            }));
}

}  // namespace
}  // namespace cudasim::selftest
