// SPDX-License-Identifier: MIT
// Hooks on what is saved for backward.
#include "adjoint/saved_tensor_hooks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adjoint/function.h"
#include "adjoint/memory.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::saved_tensors_hooks;

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }
Tensor same(const Tensor& t) { return t; }

TEST(SavedTensorHooks, SeeEachTensorThatIsSavedAndEachThatBackwardAsksFor) {
  Tensor x = leaf({1., 2.}), y = leaf({3., 4.});
  std::vector<float> packed, unpacked;
  Tensor z;
  {
    saved_tensors_hooks hooks(
        [&](const Tensor& t) {
          packed.push_back(t[1].item<float>());
          return t;
        },
        [&](const Tensor& t) {
          unpacked.push_back(t[1].item<float>());
          return t;
        });
    z = (x * y).exp() + 1;
  }
  EXPECT_EQ(packed.size(), 3u);  // the factors and the power
  EXPECT_EQ(packed[0] + packed[1], 6.0f);
  EXPECT_TRUE(unpacked.empty());
  z.sum().backward();
  EXPECT_EQ(unpacked.size(), 3u);
  EXPECT_TRUE(is_close(x.grad(), (y * (x * y).exp()).detach()));
}

TEST(SavedTensorHooks, MayKeepAnyValueInTheTensorsPlace) {
  Tensor x = leaf({1., 2.});
  std::vector<Tensor> kept;
  Tensor y;
  {
    saved_tensors_hooks hooks(
        [&](const Tensor& t) {
          kept.push_back(t.clone());
          return std::string("number ") + std::to_string(kept.size() - 1);
        },
        [&](const std::string& name) { return kept.at(std::stoul(name.substr(7))); });
    y = x * x;
  }
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 4.})));
}

TEST(SavedTensorHooks, DecideOnTheValuesThatBackwardSees) {
  Tensor x = leaf({1., 2.}), y;
  {
    saved_tensors_hooks hooks([](const Tensor& t) { return t * 10; }, same);
    y = x * x;
  }
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({20., 40.})));
}

TEST(SavedTensorHooks, CountOnlyInTheirScopeAndOnlyTheInnermost) {
  int outer_count = 0, inner_count = 0;
  auto counting = [](int& count) {
    return [&count](const Tensor& t) {
      ++count;
      return t;
    };
  };
  Tensor x = leaf({1., 2.});
  {
    saved_tensors_hooks outer(counting(outer_count), same);
    {
      saved_tensors_hooks inner(counting(inner_count), same);
      x.exp();
    }
    EXPECT_EQ(inner_count, 1);
    EXPECT_EQ(outer_count, 0);
    x.exp();
    EXPECT_EQ(outer_count, 1);
  }
  x.exp();
  EXPECT_EQ(inner_count, 1);
  EXPECT_EQ(outer_count, 1);
}

TEST(SavedTensorHooks, SeeNothingWithoutGradMode) {
  Tensor x = leaf({1., 2.});
  saved_tensors_hooks hooks([](const Tensor&) -> Tensor { throw Error("called"); }, same);
  NoGradGuard no_grad;
  EXPECT_NO_THROW(x.exp());
}

TEST(SavedTensorHooks, PackWithoutRecording) {
  Tensor x = leaf({1., 2.});
  bool recorded = true, had_history = true;
  {
    saved_tensors_hooks hooks(
        [&](const Tensor& t) {
          recorded = GradMode::is_enabled();
          had_history = t.requires_grad();
          return t;
        },
        same);
    x.exp();
  }
  EXPECT_FALSE(recorded);
  EXPECT_FALSE(had_history);
  EXPECT_TRUE(GradMode::is_enabled());
}

TEST(SavedTensorHooks, KeepTheGradientsOfGradientsConnected) {
  Tensor x = leaf({0.5, 2.}), w = leaf({3., 4.});
  Tensor y;
  {
    saved_tensors_hooks hooks([](const Tensor& t) { return t.clone(); },
                              [](const Tensor& t) { return t.clone(); });
    y = ((x * w).exp() * x).sum();  // saves leaves, results and its own output
  }
  auto order_three = [&](Tensor f) {
    Tensor g = autograd::grad({f}, {x}, {}, true, true)[0].sum();
    Tensor gg = autograd::grad({g}, {w}, {}, true, true)[0].sum();
    return autograd::grad({gg}, {x}, {}, true, false)[0];
  };
  Tensor plain = ((x * w).exp() * x).sum();
  EXPECT_TRUE(is_close(order_three(y), order_three(plain)));
}

TEST(SavedTensorHooks, GiveGradientsOfTheNodesOwnResultToTheGraphThatWasRecorded) {
  Tensor x = leaf({0.5, 2.}), y;
  {
    saved_tensors_hooks hooks([](const Tensor& t) { return t.clone(); }, same);
    y = x.exp();  // saves its result
  }
  Tensor g = autograd::grad({y.sum()}, {x}, {}, true, true)[0];
  ASSERT_TRUE(g.requires_grad());
  EXPECT_TRUE(is_close(autograd::grad({g.sum()}, {x})[0], x.detach().exp()));
}

TEST(SavedTensorHooks, AreCalledAgainByEachBackward) {
  Tensor x = leaf({1., 2.});
  int unpacked = 0;
  Tensor y;
  {
    saved_tensors_hooks hooks(same, [&](const Tensor& t) {
      ++unpacked;
      return t;
    });
    y = x.exp().sum();
  }
  y.backward({}, /*retain_graph=*/true);
  y.backward();
  EXPECT_EQ(unpacked, 2);
  EXPECT_TRUE(
      throws<Error>("Trying to backward through the graph a second time", [&] { y.backward(); }));
}

struct Square : autograd::Function<Square> {
  static Tensor forward(autograd::AutogradContext* ctx, const Tensor& x) {
    ctx->save_for_backward({x});
    return x * x;
  }
  static variable_list backward(autograd::AutogradContext* ctx, variable_list grads) {
    return {grads[0] * 2 * ctx->get_saved_variables()[0]};
  }
};

TEST(SavedTensorHooks, SeeWhatFunctionsOfTheUsersOwnSave) {
  Tensor x = leaf({1., 2.}), y;
  {
    saved_tensors_hooks hooks([](const Tensor& t) { return t + 1; }, same);
    y = Square::apply(x);
  }
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({4., 6.})));
}

TEST(SavedTensorHooks, FreeWhatTheyPackedWithTheSavedTensor) {
  Tensor x = ones({1000}).requires_grad_();
  int64_t before = memory_stats().allocated;
  Tensor y;
  {
    saved_tensors_hooks hooks([](const Tensor& t) { return t.clone(); }, same);
    y = x.exp().sum();
  }
  EXPECT_GE(memory_stats().allocated, before + 4000);
  y.backward();
  y = Tensor();
  x.mutable_grad() = Tensor();
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST(SavedTensorHooks, RefuseThatTheirInputIsChangedInPlace) {
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(throws<Error>("A saved tensor pack hook is modifying its input in place", [&] {
    saved_tensors_hooks hooks([](const Tensor& t) { return t.mul_(2); }, same);
    x.exp();
  }));
}

TEST(SavedTensorHooks, RefuseAResultThatIsNotLikeTheSavedTensor) {
  Tensor x = leaf({1., 2.});
  auto backward_with = [&](auto unpack) {
    Tensor y;
    {
      saved_tensors_hooks hooks(same, unpack);
      y = x.exp().sum();
    }
    y.backward();
  };
  EXPECT_TRUE(throws<TypeError>(
      "Output of saved tensor unpack_hook expected to be a Tensor but got an undefined one",
      [&] { backward_with([](const Tensor&) { return Tensor(); }); }));
  const char* phrase =
      "Output of saved tensor unpack_hook expected to be as the tensor that was packed";
  EXPECT_TRUE(throws<Error>(phrase, [&] { backward_with([](const Tensor& t) { return t[0]; }); }));
  EXPECT_TRUE(
      throws<Error>(phrase, [&] { backward_with([](const Tensor& t) { return t.to(kDouble); }); }));
  EXPECT_FALSE(x.grad().defined());
}

TEST(SavedTensorHooks, ThatThrowLeaveEverythingUsable) {
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(throws<Error>("pack failed", [&] {
    saved_tensors_hooks hooks([](const Tensor&) -> Tensor { throw Error("pack failed"); }, same);
    x.exp();
  }));
  Tensor y;
  bool fail = true;
  {
    saved_tensors_hooks hooks(same, [&](const Tensor& t) {
      ADJOINT_CHECK(!fail, "unpack failed");
      return t;
    });
    y = x.exp().sum();
  }
  EXPECT_TRUE(throws<Error>("unpack failed", [&] { y.backward(); }));
  EXPECT_TRUE(GradMode::is_enabled());
  fail = false;
  y.backward();
  EXPECT_TRUE(is_close(x.grad(), x.detach().exp()));
}

TEST(SavedTensorHooks, WithoutThemAChangeInPlaceIsNoticedAndWithThemACopyIsUsed) {
  Tensor x = leaf({1., 2.}), a = x * 1, b = x * 1;
  Tensor plain = (a * a).sum(), copied;
  {
    saved_tensors_hooks hooks([](const Tensor& t) { return t.clone(); }, same);
    copied = (b * b).sum();
  }
  a.zero_();
  b.zero_();
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { plain.backward(); }));
  copied.backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 4.})));
}

TEST(SavedTensorHooks, CanBeForbidden) {
  Tensor x = leaf({1., 2.});
  {
    autograd::disable_saved_tensors_hooks disabled("no hooks here");
    EXPECT_TRUE(throws<Error>("no hooks here", [] { saved_tensors_hooks hooks(same, same); }));
    EXPECT_NO_THROW(x.exp());
  }
  saved_tensors_hooks hooks(same, same);
  EXPECT_TRUE(throws<Error>("too late",
                            [] { autograd::disable_saved_tensors_hooks disabled("too late"); }));
}

TEST(SaveOnCpu, KeepsACopyThereAndBringsItBack) {
  Tensor x = full({1000}, 2.0f).requires_grad_(), a = x * 1, y;
  int64_t on_device = memory_stats().allocated, on_cpu = memory_stats(kCPU).allocated;
  {
    autograd::save_on_cpu hooks;
    y = (a * a).sum();
  }
  EXPECT_GE(memory_stats(kCPU).allocated, on_cpu + 2 * 4000);
  if (!test_device().is_cpu()) {
    EXPECT_LT(memory_stats().allocated, on_device + 4000);
  }
  a.zero_();
  y.backward();
  EXPECT_TRUE(is_close(x.grad(), full({1000}, 4.0f)));
}

}  // namespace
}  // namespace adjoint::testing
