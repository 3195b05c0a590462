// SPDX-License-Identifier: MIT
// A GradScaler moves its scale and leaves steps out as PyTorch's (tests/reference/grad_scaler.py),
// and a captured step does what an eager one does.
#include "adjoint/amp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

using amp::GradScaler, amp::GradScalerOptions;
using nlohmann::json;

constexpr float kInf = std::numeric_limits<float>::infinity();

Tensor row(const json& numbers) {
  std::vector<double> values;
  for (const json& x : numbers) {
    values.push_back(!x.is_string() ? x.get<double>()
                     : x == "inf"   ? kInf
                     : x == "-inf"  ? -kInf
                                    : std::nan(""));
  }
  return tensor(values, kDouble).to(kFloat);
}

GradScalerOptions scaler_options(const json& given) {
  return GradScalerOptions(given.value("init_scale", 65536.0))
      .growth_factor(given.value("growth_factor", 2.0))
      .backoff_factor(given.value("backoff_factor", 0.5))
      .growth_interval(given.value("growth_interval", 2000));
}

std::unique_ptr<optim::Optimizer> optimizer_for(const json& run, const Tensor& w) {
  const json& o = run["options"];
  const std::vector<Tensor> params = {w};
  if (run["optimizer"] == "Adam")
    return std::make_unique<optim::Adam>(params, optim::AdamOptions(o["lr"]));
  if (run["optimizer"] == "Adagrad") {
    return std::make_unique<optim::Adagrad>(params,
                                            optim::AdagradOptions(o["lr"]).lr_decay(o["lr_decay"]));
  }
  return std::make_unique<optim::SGD>(
      params, optim::SGDOptions(o["lr"]).momentum(o.value("momentum", 0.0)));
}

/// A run of the reference, eager or replayed.
struct Training {
  explicit Training(const json& run)
      : w(row(reference("grad_scaler")["start"][0]).requires_grad_()),
        optimizer(optimizer_for(run, w)),
        scaler(scaler_options(run["scaler"])),
        clip(run["clip"]) {}
  void step(const Tensor& gradient, std::optional<double> new_scale = std::nullopt) {
    optimizer->zero_grad();
    scaler.scale((w * gradient).sum()).backward();
    if (clip != 0) {
      scaler.unscale_(*optimizer);
      nn::utils::clip_grad_norm_({w}, clip);
    }
    scaler.step(*optimizer);
    scaler.update(new_scale);
  }
  double count() const {
    const auto state = optimizer->state_dict();
    const Tensor* count = state.find("0.step");
    return count ? count->item<double>() : 0;
  }
  Tensor w;
  std::unique_ptr<optim::Optimizer> optimizer;
  GradScaler scaler;
  double clip;
};

TEST(GradScaler, TrainsAsPyTorchs) {
  const json& gradients = reference("grad_scaler")["gradients"];
  for (const json& expected : reference("grad_scaler")["runs"]) {
    const std::string name = expected["name"];
    Training run(expected);
    for (size_t i = 0; i < gradients.size(); ++i) {
      const json& new_scale = expected["new_scale"];
      if (!new_scale.empty() && new_scale[0] == i) {
        run.step(row(gradients[i]), new_scale[1].get<double>());
      } else {
        run.step(row(gradients[i]));
      }
      const json& after = expected["steps"][i];
      EXPECT_TRUE(close(run.w.detach(), row(after["w"]))) << name << ", step " << i;
      EXPECT_EQ(run.scaler.get_scale(), after["scale"].get<double>()) << name << ", step " << i;
      EXPECT_EQ(run.scaler.state_dict()["_growth_tracker"].item<int64_t>(),
                after["tracker"].get<int64_t>())
          << name << ", step " << i;
    }
    if (expected["optimizer"] != "SGD") {
      EXPECT_EQ(run.count(), expected["count"].get<double>()) << name;
    }
  }
}

TEST(GradScaler, ReplaysAreEagerStepsThoseLeftOutToo) {
  const json& gradients = reference("grad_scaler")["gradients"];
  for (const json& reference_run : reference("grad_scaler")["runs"]) {
    const std::string name = reference_run["name"];
    Training eager(reference_run), captured(reference_run);
    auto step = capture([&](const Tensor& gradient) { captured.step(gradient); });
    for (size_t round = 0; round < 3; ++round) {
      for (size_t i = 0; i < gradients.size(); ++i) {
        const Tensor gradient = row(gradients[i]);
        for (Training* run : {&eager, &captured}) {
          if (i == 7) run->optimizer->param_groups()[0].options().set_lr(0.05);
          if (i == 9 && round == 1) run->scaler.set_growth_interval(2);
        }
        eager.step(gradient);
        // Once in a while a step beside the replays, which has to know how many came before.
        if (round == 2 && i == 6) {
          captured.step(gradient);
        } else {
          step.replay(gradient);
        }
        EXPECT_TRUE(same_bits(captured.w.detach(), eager.w.detach())) << name << ", step " << i;
        EXPECT_TRUE(same_bits(captured.w.grad(), eager.w.grad())) << name << ", step " << i;
      }
      EXPECT_EQ(captured.scaler.get_scale(), eager.scaler.get_scale()) << name;
      EXPECT_EQ(captured.count(), eager.count()) << name;
    }
    EXPECT_GE(step.stats().num_replays, 35u) << name;
  }
}

TEST(GradScaler, OneOptimizersInfiniteGradientsDoNotStopAnother) {
  const auto run = [](bool is_captured) {
    Tensor a = ones({3}, requires_grad()), b = ones({3}, requires_grad());
    optim::Adam first({a}, 0.1), second({b}, 0.1);
    GradScaler scaler(GradScalerOptions(16));
    const auto body = [&](const Tensor& x, const Tensor& y) {
      first.zero_grad();
      second.zero_grad();
      const std::vector<Tensor> losses = scaler.scale(std::vector{(a * x).sum(), (b * y).sum()});
      losses[0].backward();
      losses[1].backward();
      scaler.step(first);
      scaler.step(second);
      scaler.update();
    };
    auto step = capture(body);
    for (int i = 0; i < 8; ++i) {
      const Tensor x = full({3}, i == 5 ? kInf : 1 + i), y = full({3}, i == 6 ? kInf : 2 - i);
      is_captured ? step.replay(x, y) : body(x, y);
    }
    EXPECT_EQ(scaler.get_scale(), 4);
    for (const optim::Adam* optimizer : {&first, &second})
      EXPECT_EQ(optimizer->state_dict()["0.step"].item<double>(), 7);
    return std::vector{a.detach(), b.detach()};
  };
  const std::vector<Tensor> eager = run(false), replayed = run(true);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(same_bits(replayed[i], eager[i]));
    EXPECT_TRUE(eager[i].isfinite().all().item<bool>());
  }
}

TEST(GradScaler, GradientsOfHalfPrecisionThatWouldVanishTrainANetwork) {
  // The parameters are kept in kFloat. What goes back into the network, a loss of little weight
  // over many rows, is below kHalf's smallest number where it is not scaled.
  const auto train = [](bool scaled, bool is_captured) {
    manual_seed(3);
    const Tensor w1 = randn({8, 16}).mul_(0.3).requires_grad_();
    const Tensor w2 = randn({16, 1}).mul_(0.3).requires_grad_();
    const Tensor x = randn({256, 8}), y = x.narrow(1, 0, 1) * 0.5;
    optim::SGD optimizer({w1, w2}, 3e5);
    GradScaler scaler(GradScalerOptions().growth_interval(10).enabled(scaled));
    const auto body = [&] {
      optimizer.zero_grad();
      const Tensor hidden = x.to(kHalf).mm(w1.to(kHalf)).tanh();
      const Tensor out = hidden.mm(w2.to(kHalf)).to(kFloat);
      const Tensor loss = (out - y).pow(2).mean() * 1e-6;
      scaler.scale(loss).backward();
      scaler.step(optimizer);
      scaler.update();
      return loss;
    };
    auto step = capture(body);
    std::vector<double> losses;
    for (int i = 0; i < 40; ++i)
      losses.push_back(is_captured ? step.replay().item<float>() : body().item<float>());
    if (is_captured && scaled) {
      EXPECT_GE(step.stats().num_replays, 25u);
      EXPECT_GT(scaler.get_scale(), 1);
    }
    return losses;
  };
  const std::vector<double> scaled = train(true, false);
  EXPECT_EQ(train(true, true), scaled);
  EXPECT_LT(scaled.back(), 0.2 * scaled.front());
  EXPECT_GT(train(false, false).back(), 0.5 * scaled.front());
}

TEST(GradScaler, AllGradientsAreDividedWhateverTheirLayout) {
  Tensor a = ones({5, 3}, requires_grad()), b = ones({7}, dtype(kDouble).requires_grad(true));
  Tensor c = ones({2}, dtype(kBFloat16).requires_grad(true)), none = ones({2}, requires_grad());
  Tensor empty_one = ones({0}, requires_grad());
  const Tensor ga = arange(15, kFloat).reshape({3, 5}), gb = arange(7, kDouble);
  a.mutable_grad() = ga.t();
  b.mutable_grad() = gb.clone();
  c.mutable_grad() = full({2}, 3, kBFloat16);
  empty_one.mutable_grad() = zeros({0});
  optim::SGD optimizer({a, b, c, none, empty_one}, 0.0);
  GradScaler scaler(GradScalerOptions(4));
  scaler.scale(ones({}));
  const Tensor before = ga.clone();
  scaler.unscale_(optimizer);
  EXPECT_TRUE(same_bits(a.grad(), before.t() / 4));
  EXPECT_TRUE(same_bits(b.grad(), gb / 4));
  EXPECT_TRUE(same_bits(c.grad(), full({2}, 0.75, kBFloat16)));
  scaler.step(optimizer);
  scaler.update();
  EXPECT_EQ(scaler.get_scale(), 4);
}

TEST(GradScaler, FindsOneInfiniteElementAmongManyInEveryPlace) {
  for (const int64_t numel : {1, 3, 15, 16, 17, 1000, 5003}) {
    for (const int64_t place : {int64_t(0), numel / 2, numel - 1}) {
      Tensor p = ones({numel}, requires_grad());
      optim::SGD optimizer({p}, 0.1);
      GradScaler scaler(GradScalerOptions(2));
      scaler.scale(ones({}));
      p.mutable_grad() = ones({numel});
      p.grad().narrow(0, place, 1).fill_(-kInf);
      scaler.step(optimizer);
      scaler.update();
      EXPECT_EQ(scaler.get_scale(), 1) << place << " of " << numel;
      EXPECT_TRUE(same_bits(p.detach(), ones({numel})));
    }
  }
}

TEST(GradScaler, ChangesNothingWhereItIsNotEnabled) {
  Tensor w = ones({3}, requires_grad());
  optim::SGD optimizer({w}, 1.0);
  GradScaler scaler(GradScalerOptions().enabled(false));
  const Tensor loss = w.sum();
  EXPECT_TRUE(scaler.scale(loss).is_same(loss));
  loss.backward();
  scaler.unscale_(optimizer);
  scaler.step(optimizer);
  scaler.update();
  EXPECT_TRUE(same_bits(w.detach(), zeros({3})));
  EXPECT_EQ(scaler.get_scale(), 1);
  EXPECT_EQ(scaler.state_dict().size(), 0u);
}

TEST(GradScaler, GoesOnFromASavedState) {
  Training one(reference("grad_scaler")["runs"][0]), other(reference("grad_scaler")["runs"][2]);
  const Tensor gradient = ones({4});
  one.step(gradient);
  for (const bool is_used : {false, true}) {
    if (is_used) other.step(gradient);
    other.scaler.load_state_dict(one.scaler.state_dict());
    for (const auto& item : one.scaler.state_dict()) {
      EXPECT_TRUE(same_bits(other.scaler.state_dict()[item.key()], item.value())) << item.key();
    }
  }
  other.scaler.load_state_dict(one.scaler.state_dict());
  for (int i = 0; i < 2; ++i) other.step(gradient);
  EXPECT_EQ(other.scaler.get_scale(), 2 * 65536) << "one step, and two";
  const GradScaler none(GradScalerOptions().enabled(false));
  EXPECT_TRUE(throws<Error>("saved from a disabled instance",
                            [&] { one.scaler.load_state_dict(none.state_dict()); }));
}

TEST(GradScaler, SaysWhatIsDoneInTheWrongOrder) {
  Tensor w = ones({3}, requires_grad());
  optim::SGD optimizer({w}, 1.0);
  GradScaler scaler;
  EXPECT_TRUE(throws<Error>("did not use scaler.scale", [&] { scaler.update(); }));
  EXPECT_TRUE(throws<Error>("did not use scaler.scale", [&] { scaler.step(optimizer); }));
  const auto scale = [&] { scaler.scale(w.sum()).backward(); };
  scale();
  EXPECT_TRUE(
      throws<Error>("No inf checks were recorded prior to update", [&] { scaler.update(); }));
  scaler.unscale_(optimizer);
  EXPECT_TRUE(throws<Error>("unscale_() has already been called on this optimizer",
                            [&] { scaler.unscale_(optimizer); }));
  scaler.step(optimizer);
  EXPECT_TRUE(throws<Error>("step() has already been called", [&] { scaler.step(optimizer); }));
  EXPECT_TRUE(throws<Error>("unscale_() is being called after step()",
                            [&] { scaler.unscale_(optimizer); }));
  scaler.update();
  optimizer.zero_grad();
  EXPECT_TRUE(throws<Error>("No inf checks were recorded for this optimizer",
                            [&] { scaler.step(optimizer); }));
  scaler.update(8.0);
  EXPECT_EQ(scaler.get_scale(), 8);
  EXPECT_TRUE(
      throws<Error>("expected a floating-point tensor", [&] { scaler.scale(ones({2}, kLong)); }));

  Tensor h = ones({3}, dtype(kHalf).requires_grad(true));
  optim::SGD halves({h}, 1.0);
  scaler.scale(h.sum()).backward();
  EXPECT_TRUE(
      throws<ValueError>("Attempting to unscale FP16 gradients", [&] { scaler.step(halves); }));
  EXPECT_TRUE(throws<ValueError>("growth factor must be > 1.0",
                                 [] { GradScaler(GradScalerOptions().growth_factor(1)); }));
  EXPECT_TRUE(throws<ValueError>("backoff factor must be < 1.0",
                                 [] { GradScaler(GradScalerOptions().backoff_factor(1)); }));
  EXPECT_TRUE(throws<ValueError>("growth interval must be at least 1",
                                 [] { GradScaler(GradScalerOptions().growth_interval(0)); }));
}

class Doubling final : public optim::Optimizer {
 public:
  explicit Doubling(Tensor param)
      : Optimizer({optim::OptimizerParamGroup({param})}, optim::SGDOptions(1).clone()),
        param_(param) {}
  void step() override {
    NoGradGuard no_grad;
    param_.mul_(2);
  }

 protected:
  std::vector<StateName> state_names() const override { return {}; }

 private:
  Tensor param_;
};

TEST(GradScaler, AnOptimizerThatAReplayCouldNotLeaveOutIsRefused) {
  Tensor w = ones({3}, requires_grad());
  Doubling optimizer(w);
  GradScaler scaler;
  auto step = capture([&] {
    optimizer.zero_grad();
    scaler.scale(w.sum()).backward();
    scaler.step(optimizer);
    scaler.update();
  });
  EXPECT_TRUE(throws<Error>("a replay could not leave its step out", [&] {
    for (int i = 0; i < 3; ++i) step.replay();
  }));
}

}  // namespace
}  // namespace adjoint::testing
