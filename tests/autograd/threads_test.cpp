// SPDX-License-Identifier: MIT
// The contract of threads (README, "Threads"), line by line. Under ThreadSanitizer these find
// races.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "adjoint/adjoint.h"
#include "core/math/philox_state.h"
#include "tests/support/compare.h"
#include "tests/support/on_threads.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {
namespace {

constexpr int kRounds = 20;

nn::Sequential small_net() {
  return nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 2, 3)), nn::BatchNorm2d(2), nn::ReLU(),
                        nn::Flatten(), nn::Dropout(0.5), nn::Linear(32, 8),
                        nn::LayerNorm(nn::LayerNormOptions({8})), nn::GELU(), nn::Linear(8, 3));
}

Tensor batch() { return (arange(72, kFloat) * 0.03125).view({2, 1, 6, 6}); }

// ---- Tensors

TEST(ThreadContract, OneTensorIsReadByAll) {
  Tensor x = tensor({{1., 2.}, {3., 4.}});
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      Tensor handle = x, row = handle[1];
      EXPECT_EQ(row.sum().item<float>(), 7.0f);
      EXPECT_EQ((x.mm(x) + handle.t()).sum().item<float>(), 64.0f);
      std::ostringstream text;
      text << x;
      EXPECT_FALSE(text.str().empty());
    }
  });
  EXPECT_EQ(x.use_count(), 1u);
}

// The first reader after an in-place change of the base makes the view's history anew.
TEST(ThreadContract, AViewWhoseBaseChangedIsReadByAll) {
  for (int round = 0; round < kRounds; ++round) {
    Tensor x = tensor({{1., 2.}, {3., 4.}}, requires_grad()), base = x * 1, view = base[0];
    base.mul_(2);
    on_threads([&](int) {
      EXPECT_TRUE(view.grad_fn() != nullptr);
      Tensor grad = autograd::grad({(view * 3).sum()}, {x}, {}, true).at(0);
      EXPECT_TRUE(is_close(grad, tensor({{6., 6.}, {0., 0.}}), {0, 0}));
    });
  }
}

TEST(ThreadContract, DifferentTensorsAreWrittenAtOnce) {
  Tensor all = zeros({kThreads, 8});
  on_threads([&](int i) {
    NoGradGuard no_grad;
    Tensor own = all[i].detach().clone();
    for (int round = 0; round < kRounds; ++round) own.add_(i).mul_(2).div_(2);
    EXPECT_TRUE(is_close(own, full({8}, double(i) * kRounds), {0, 0}));
  });
}

// ---- Modules

TEST(ThreadContract, OneModuleAnswersAll) {
  nn::Sequential net = small_net();
  net->eval();
  const nn::Linear unnamed(2, 2);  // the first who asks for its name makes it
  const Tensor x = batch();
  Tensor expected;
  {
    NoGradGuard no_grad;
    expected = net(x);
  }
  on_threads([&](int i) {
    std::optional<NoGradGuard> no_grad;
    if (i % 2 == 0) no_grad.emplace();  // recorded or not
    for (int round = 0; round < kRounds; ++round) EXPECT_TRUE(same_bits(net(x).detach(), expected));
    EXPECT_EQ(net->parameters().size(), size_t(10));
    EXPECT_EQ(unnamed->name(), "Linear");
    EXPECT_EQ(net->state_dict().size(), size_t(13));
  });
}

TEST(ThreadContract, EachThreadTrainsAModuleOfItsOwn) {
  std::vector<Tensor> trained(kThreads);
  manual_seed(1);
  nn::Linear first(4, 2);
  const auto start = first->state_dict();
  on_threads([&](int i) {
    nn::Linear model(4, 2);
    model->load_state_dict(start);
    optim::Adam adam(model->parameters(), optim::AdamOptions(1e-2));
    const Tensor x = ones({3, 4});
    for (int round = 0; round < kRounds; ++round) {
      adam.zero_grad();
      model(x).square().sum().backward();
      adam.step();
    }
    trained[size_t(i)] = model->weight.detach();
  });
  for (const Tensor& weight : trained) EXPECT_TRUE(same_bits(weight, trained[0]));
  EXPECT_FALSE(same_bits(trained[0], first->weight.detach()));
}

TEST(ThreadContract, BackwardsOfAllAddUpInASharedModule) {
  nn::Linear model(2, 1);
  {
    NoGradGuard no_grad;
    model->weight.fill_(1);
    model->bias.zero_();
  }
  on_threads([&](int i) {
    const Tensor x = full({1, 2}, double(i + 1));
    for (int round = 0; round < kRounds; ++round) model(x).sum().backward();
  });
  // Sums of small integers are exact, in whatever order they come.
  EXPECT_TRUE(is_close(model->weight.grad(), full({1, 2}, kRounds * 10.0), {0, 0}));
  EXPECT_TRUE(is_close(model->bias.grad(), full({1}, kRounds * 4.0), {0, 0}));
}

TEST(ThreadContract, OthersInferFromWhatTrainingPublishes) {
  auto copy_of = [](const nn::Linear& model) {
    nn::Linear copy(4, 2);
    copy->load_state_dict(model->state_dict());
    copy->eval();
    return copy;
  };
  nn::Linear model(4, 2);
  std::mutex mutex;
  nn::Linear published = copy_of(model);
  std::atomic<int> answers{0};
  on_threads([&](int i) {
    const Tensor x = ones({3, 4});
    if (i == 0) {
      optim::SGD sgd(model->parameters(), optim::SGDOptions(1e-3));
      for (int round = 0; round < kRounds; ++round) {
        sgd.zero_grad();
        model(x).square().sum().backward();
        sgd.step();
        nn::Linear fresh = copy_of(model);
        std::lock_guard lock(mutex);
        published = fresh;
      }
      return;
    }
    NoGradGuard no_grad;
    for (int round = 0; round < kRounds; ++round) {
      nn::Linear current{nullptr};
      {
        std::lock_guard lock(mutex);
        current = published;
      }
      answers += current(x).isnan().any().item<bool>() ? 0 : 1;
    }
  });
  EXPECT_EQ(answers.load(), (kThreads - 1) * kRounds);
}

// ---- What belongs to a thread, and what to all

TEST(ThreadContract, ModesBelongToAThread) {
  Tensor x = tensor(2.0f, requires_grad());
  on_threads([&](int i) {
    EXPECT_TRUE(GradMode::is_enabled());
    AutoGradMode mode(i % 2 == 0);
    for (int round = 0; round < kRounds; ++round) EXPECT_EQ((x * 2).requires_grad(), i % 2 == 0);
  });
  EXPECT_TRUE(GradMode::is_enabled());
}

TEST(ThreadContract, NoRandomNumberIsDrawnTwice) {
  Generator generator(7);
  std::mutex mutex;
  std::set<uint64_t> begins;
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      uint64_t begin = generator.reserve(4).offset;
      std::lock_guard lock(mutex);
      EXPECT_TRUE(begins.insert(begin).second);
    }
  });
  EXPECT_EQ(begins.size(), size_t(kThreads * kRounds));
  EXPECT_EQ(generator.philox_state().offset, *begins.rbegin() + 1);
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) EXPECT_LT(rand({4}).max().item<float>(), 1.0f);
  });
}

TEST(ThreadContract, MemoryIsCountedAndTrimmedWhileOthersWork) {
  on_threads([&](int i) {
    for (int round = 0; round < kRounds; ++round) {
      Tensor x = ones({64, 64});
      if (i == 0) {
        EXPECT_GE(memory_stats().allocated, int64_t(x.nbytes()));
        empty_cache();
      }
      EXPECT_EQ((x + x).sum().item<float>(), 8192.0f);
    }
  });
}

TEST(ThreadContract, TheNumberOfWorkersChangesBetweenOperationsOfOthers) {
  const int before = get_num_threads();
  const Tensor x = ones({300, 300});
  on_threads([&](int i) {
    for (int round = 0; round < kRounds; ++round) {
      if (i == 0) set_num_threads(1 + round % 3);
      EXPECT_EQ((x + x).sum().item<float>(), 180000.0f);
    }
  });
  set_num_threads(before);
}

TEST(ThreadContract, HooksAreCalledOnTheThreadThatRunsBackward) {
  Tensor w = tensor({1., 2.}, requires_grad());
  std::atomic<int> calls{0};
  w.register_hook([&](const Tensor&) { ++calls; });
  on_threads([&](int) {
    const auto caller = std::this_thread::get_id();
    Tensor y = w * 2;
    y.register_hook([&](const Tensor&) { EXPECT_EQ(std::this_thread::get_id(), caller); });
    for (int round = 0; round < kRounds; ++round) y.sum().backward({}, true);
  });
  EXPECT_EQ(calls.load(), kThreads * kRounds);
}

TEST(ThreadContract, AnExceptionOfOneDoesNotConcernTheOthers) {
  Tensor w = tensor({1., 2.}, requires_grad());
  on_threads([&](int i) {
    for (int round = 0; round < kRounds; ++round) {
      Tensor y = w * 1;
      if (i % 2 == 0) {
        y.register_hook([](const Tensor&) { throw ValueError("refused"); });
        EXPECT_THROW(y.sum().backward(), ValueError);
      } else {
        y.sum().backward();
      }
    }
  });
  EXPECT_TRUE(is_close(w.grad(), full({2}, kThreads / 2.0 * kRounds), {0, 0}));
}

}  // namespace
}  // namespace adjoint::testing
