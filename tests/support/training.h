// SPDX-License-Identifier: MIT
// What tests of captured steps share: a network that is trained, and what is warned of meanwhile.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"

namespace adjoint::testing {

/// What is said while it lives.
class Heard final : public WarningHandler {
 public:
  void process(const Warning& warning) override { messages.push_back(warning.msg()); }
  int count(const std::string& phrase) const {
    int n = 0;
    for (const std::string& m : messages) n += m.find(phrase) != std::string::npos;
    return n;
  }
  std::vector<std::string> messages;

 private:
  WarningUtils::WarningHandlerGuard guard_{this};
};

/// A network, its data and its optimizer; the same numbers whenever one is made.
template <class Optimizer, class Options>
struct Training {
  explicit Training(const Options& options = Options(1e-2)) {
    manual_seed(11);
    net = nn::Sequential(nn::Linear(12, 16), nn::ReLU(), nn::Dropout(0.3), nn::Linear(16, 16),
                         nn::Tanh(), nn::Linear(16, 4));
    optimizer.emplace(net->parameters(), options);
    for (int i = 0; i < 4; ++i) {
      xs.push_back(randn({8, 12}));
      ys.push_back(randint(4, {8}));
    }
  }
  Tensor step(const Tensor& x, const Tensor& y) {
    optimizer->zero_grad();
    Tensor loss = nn::functional::cross_entropy(net->forward(x), y);
    loss.backward();
    optimizer->step();
    return loss;
  }
  /// Parameters, gradients and the optimizer's state.
  std::vector<Tensor> state() const {
    std::vector<Tensor> all;
    for (const Tensor& p : net->parameters()) {
      all.push_back(p.detach().clone());
      if (p.grad().defined()) all.push_back(p.grad().clone());
    }
    for (const auto& item : optimizer->state_dict()) all.push_back(item.value().clone());
    return all;
  }

  nn::Sequential net{nullptr};
  std::optional<Optimizer> optimizer;
  std::vector<Tensor> xs, ys;
};
using AdamTraining = Training<optim::Adam, optim::AdamOptions>;
using AdamWTraining = Training<optim::AdamW, optim::AdamWOptions>;
using SgdTraining = Training<optim::SGD, optim::SGDOptions>;
using RmspropTraining = Training<optim::RMSprop, optim::RMSpropOptions>;
using AdagradTraining = Training<optim::Adagrad, optim::AdagradOptions>;

inline void expect_same(const std::vector<Tensor>& found, const std::vector<Tensor>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_TRUE(same_bits(found[i], expected[i])) << "tensor " << i << " of " << found.size();
  }
}

}  // namespace adjoint::testing
