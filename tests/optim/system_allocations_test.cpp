// SPDX-License-Identifier: MIT
// Once it runs, a training step asks the system for no memory. Whoever asks (operator new ends here
// too) is counted where that was asked for. Sanitizers have a malloc of their own: there the tests
// are left out.
#include "tests/support/test_device.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <cerrno>
#include <cstdlib>
#include <string>

#include "adjoint/capture.h"
#include "adjoint/nn.h"
#include "adjoint/optim.h"

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {
constinit thread_local int64_t allocations = -1;  // negative: not counted

void note_allocation() noexcept {
  if (allocations >= 0) ++allocations;
}
}  // namespace

extern "C" {
void* malloc(size_t size) {
  note_allocation();
  return __libc_malloc(size);
}
void* calloc(size_t n, size_t size) {
  note_allocation();
  return __libc_calloc(n, size);
}
void* realloc(void* p, size_t size) {
  note_allocation();
  return __libc_realloc(p, size);
}
void* memalign(size_t alignment, size_t size) {
  note_allocation();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** p, size_t alignment, size_t size) {
  *p = memalign(alignment, size);
  return *p ? 0 : ENOMEM;
}
}

namespace adjoint::testing {
namespace {

/// System allocations of this thread in `work`.
template <class F>
int64_t allocations_in(const F& work) {
  allocations = 0;
  work();
  const int64_t count = allocations;
  allocations = -1;
  return count;
}

/// Of one run of `step` after others.
template <class F>
int64_t allocations_of(const F& step) {
  for (int i = 0; i < 4; ++i) step();
  return allocations_in([&] {
    for (int i = 0; i < 3; ++i) step();
  });
}

TEST(SystemAllocations, AreCounted) {
  void* volatile p = nullptr;
  EXPECT_EQ(allocations_in([&] { p = ::operator new(100); }), 1);
  ::operator delete(p);
  EXPECT_EQ(allocations_in([&] { p = std::aligned_alloc(64, 128); }), 1);
  std::free(p);
}

nn::Sequential perceptron() {
  return nn::Sequential(nn::Linear(20, 16), nn::ReLU(), nn::Linear(16, 16), nn::Tanh(),
                        nn::Dropout(0.3), nn::Linear(16, 4));
}
nn::Sequential convolutions() {
  return nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 4, 3).padding(1)), nn::BatchNorm2d(4),
                        nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(), nn::Linear(64, 4));
}

struct Kind {
  const char* name;
  nn::Sequential (*network)();
  std::vector<int64_t> input;
};

TEST(SystemAllocations, OfATrainingStepAreNone) {
  for (const Kind& kind : {Kind{"perceptron", perceptron, {8, 20}},
                           Kind{"convolutions", convolutions, {8, 1, 8, 8}}}) {
    nn::Sequential network = kind.network();
    const Tensor x = randn(kind.input, kCPU), y = randint(4, {8}, dtype(kLong).device(kCPU));
    network->to(kCPU);
    const auto expect_none = [&](const char* name, optim::Optimizer& optimizer) {
      EXPECT_EQ(allocations_of([&] {
                  optimizer.zero_grad();
                  nn::functional::cross_entropy(network->forward(x), y).backward();
                  optimizer.step();
                }),
                0)
          << kind.name << " with " << name;
    };
    optim::SGD sgd(network->parameters(), optim::SGDOptions(0.1).momentum(0.9));
    expect_none("SGD", sgd);
    optim::Adam adam(network->parameters(), optim::AdamOptions(1e-3));
    expect_none("Adam", adam);
    optim::AdamW adamw(network->parameters(), optim::AdamWOptions(1e-3));
    expect_none("AdamW", adamw);
  }
}

TEST(SystemAllocations, OfClippingAndOfFlattenedParametersAreNone) {
  for (const Kind& kind : {Kind{"perceptron", perceptron, {8, 20}},
                           Kind{"convolutions", convolutions, {8, 1, 8, 8}}}) {
    for (const bool flat : {false, true}) {
      nn::Sequential network = kind.network();
      const Tensor x = randn(kind.input, kCPU), y = randint(4, {8}, dtype(kLong).device(kCPU));
      network->to(kCPU);
      if (flat) network->flatten_parameters();
      const std::vector<Tensor> parameters = network->parameters();
      optim::Adam adam(parameters, optim::AdamOptions(1e-3));
      const auto step = [&](const Tensor& input, const Tensor& target) {
        adam.zero_grad();
        Tensor loss = nn::functional::cross_entropy(network->forward(input), target);
        loss.backward();
        nn::utils::clip_grad_norm_(parameters, 0.5);
        nn::utils::clip_grad_value_(parameters, 0.1);
        adam.step();
        return loss;
      };
      EXPECT_EQ(allocations_of([&] { step(x, y); }), 0) << kind.name << (flat ? ", flat" : "");
      auto captured = capture(step);
      EXPECT_EQ(allocations_of([&] { captured.replay(x, y); }), 0)
          << kind.name << (flat ? ", flat" : "") << ", replayed";
      EXPECT_GE(captured.stats().num_replays, 4u);
    }
  }
}

TEST(SystemAllocations, OfAReplayedStepAreNone) {
  for (const Kind& kind : {Kind{"perceptron", perceptron, {8, 20}},
                           Kind{"convolutions", convolutions, {8, 1, 8, 8}}}) {
    nn::Sequential network = kind.network();
    const Tensor x = randn(kind.input, kCPU), y = randint(4, {8}, dtype(kLong).device(kCPU));
    network->to(kCPU);
    optim::Adam adam(network->parameters(), optim::AdamOptions(1e-3));
    auto step = capture([&](const Tensor& input, const Tensor& target) {
      adam.zero_grad();
      Tensor loss = nn::functional::cross_entropy(network->forward(input), target);
      loss.backward();
      adam.step();
      return loss;
    });
    EXPECT_EQ(allocations_of([&] { step.replay(x, y); }), 0) << kind.name;
    EXPECT_EQ(step.stats().num_replays, 5u) << kind.name;
  }
}

TEST(SystemAllocations, OfInferenceAreNone) {
  for (const Kind& kind : {Kind{"perceptron", perceptron, {8, 20}},
                           Kind{"convolutions", convolutions, {8, 1, 8, 8}}}) {
    nn::Sequential network = kind.network();
    network->to(kCPU);
    network->eval();
    const InferenceMode guard;
    const Tensor x = randn(kind.input, kCPU);
    EXPECT_EQ(allocations_of([&] { network->forward(x).softmax(1); }), 0) << kind.name;
  }
}

}  // namespace
}  // namespace adjoint::testing

#endif
