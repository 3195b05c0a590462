// SPDX-License-Identifier: MIT
// Random programs of one to four streams. What they compute is known; that nothing is used by two
// at once, the simulated device checks.
#include <random>

#include "tests/cuda/cuda_test.h"

namespace adjoint::testing {
namespace {

class Program {
 public:
  Program(uint64_t seed, size_t num_streams) : random_(seed), streams_(pool_streams(num_streams)) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    while (!tensors_.empty()) check_and_drop(tensors_.size() - 1);
  }

 private:
  /// A tensor of equal numbers, and the streams that used it since it was last written.
  struct Entry {
    Tensor tensor;
    float value;
    std::vector<size_t> users;  // the first of them wrote it
  };

  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  int64_t some_size() {
    constexpr int64_t sizes[] = {1, 100, 128, 129, 1000, 5000, 60000, 300000};
    return sizes[below(below(8) + 1)];
  }

  void step() {
    size_t stream = below(streams_.size());
    cuda::CUDAStreamGuard guard(streams_[stream]);
    switch (tensors_.size() < 2 ? 0 : below(8)) {
      case 0:
      case 1: {
        float value = float(below(100));
        tensors_.push_back({full({some_size()}, value, TensorOptions(kGpu0)), value, {stream}});
        break;
      }
      case 2:
      case 3: {
        Entry& from = tensors_[below(tensors_.size())];
        use(from, stream);
        tensors_.push_back({from.tensor + 1, from.value + 1, {stream}});
        break;
      }
      case 4: {
        // In place: after all who read it.
        Entry& entry = tensors_[below(tensors_.size())];
        use(entry, stream);
        for (size_t user : entry.users) wait(user, stream);
        entry.tensor.mul_(2);
        entry.value *= 2;
        entry.users = {stream};  // it is this stream that others wait for from here on
        break;
      }
      case 5:
        check_and_drop(below(tensors_.size()));
        break;
      case 6:
        if (below(20) == 0) cuda::empty_cache(0);
        [[fallthrough]];
      default:
        std::swap(tensors_[below(tensors_.size())], tensors_.back()), tensors_.pop_back();
    }
  }

  // `stream` may read the entry from now on.
  void use(Entry& entry, size_t stream) {
    for (size_t user : entry.users) {
      if (user == stream) return;
    }
    wait(entry.users[0], stream);
    entry.tensor.record_stream(streams_[stream]);
    entry.users.push_back(stream);
  }

  void wait(size_t from, size_t to) {
    if (from == to) return;
    cuda::CUDAEvent event;
    event.record(streams_[from]);
    event.block(streams_[to]);
  }

  void check_and_drop(size_t i) {
    Entry entry = std::move(tensors_[i]);
    tensors_.erase(tensors_.begin() + std::ptrdiff_t(i));
    cuda::CUDAStreamGuard guard(streams_[entry.users[0]]);
    Tensor host = entry.tensor.cpu();
    const float* values = host.data_ptr<float>();
    for (int64_t k = 0; k < host.numel(); ++k) {
      ASSERT_EQ(values[k], entry.value) << "element " << k << " of " << host.numel();
    }
  }

  std::mt19937_64 random_;
  std::vector<cuda::CUDAStream> streams_;
  std::vector<Entry> tensors_;
};

class AllocatorFuzz : public CudaTest {};

void run_programs(size_t num_streams) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    cudasim::config().seed = seed;
    cudasim::config().mode = seed % 3 == 0 ? cudasim::Mode::eager : cudasim::Mode::lazy;
    cudasim::reseed();
    Program(seed, num_streams).run(150);
    cudasim::settle();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST_F(AllocatorFuzz, ProgramsOfOneStreamUseNothingTwice) { run_programs(1); }
TEST_F(AllocatorFuzz, ProgramsOfTwoStreamsUseNothingTwice) { run_programs(2); }
TEST_F(AllocatorFuzz, ProgramsOfThreeStreamsUseNothingTwice) { run_programs(3); }
TEST_F(AllocatorFuzz, ProgramsOfFourStreamsUseNothingTwice) { run_programs(4); }

}  // namespace
}  // namespace adjoint::testing
