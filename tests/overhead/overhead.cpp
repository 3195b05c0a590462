// SPDX-License-Identifier: MIT
// One row of work, over and over, for a tool that counts the instructions of `measured`.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "adjoint/adjoint.h"

using namespace adjoint;

namespace {

std::function<void()> row;

std::map<std::string, std::function<void()>> rows() {
  const Tensor a = ones({4, 4}), b = ones({4, 4}), leaf = ones({4, 4}, requires_grad());
  Tensor chain = leaf;
  for (int i = 0; i < 10; ++i) chain = chain * b;
  nn::Sequential net(nn::Linear(16, 32), nn::ReLU(), nn::Linear(32, 32), nn::ReLU(),
                     nn::Linear(32, 4));
  auto optimizer = std::make_shared<optim::Adam>(net->parameters(), optim::AdamOptions(1e-3));
  const Tensor x = randn({1, 16}), y = randint(0, 4, {1});
  return {
      {"empty",
       [] {
         empty({4, 4});
       }},
      {"add", [=] { a + b; }},
      {"add_in_place", [=] { a.add_(b, 0); }},
      {"mul_by_number", [=] { a * 2; }},
      {"add_recorded", [=] { leaf + b; }},
      {"view", [=] { a.view({16}); }},
      {"select", [=] { a[1]; }},
      {"sum", [=] { a.sum(); }},
      {"backward_of_10_nodes",
       [=] {
         chain.backward(b, /*retain_graph=*/true);
         leaf.mutable_grad() = Tensor();
       }},
      {"inference",
       [=]() mutable {
         const InferenceMode guard;
         net->forward(x);
       }},
      {"training_step",
       [=]() mutable {
         optimizer->zero_grad();
         nn::functional::cross_entropy(net->forward(x), y).backward();
         optimizer->step();
       }},
  };
}

}  // namespace

extern "C" [[gnu::noinline]] void measured(int n) {
  for (int i = 0; i < n; ++i) row();
}

int main(int argc, char** argv) {
  set_num_threads(1);
  const auto all = rows();
  const auto found = all.find(argc == 3 ? argv[1] : "");
  if (found == all.end()) {
    std::fprintf(stderr, "usage: overhead ROW N; rows:");
    for (const auto& [name, work] : all) std::fprintf(stderr, " %s", name.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  row = found->second;
  for (int i = 0; i < 20; ++i) row();  // memory and code are there then
  measured(std::atoi(argv[2]));
  return 0;
}
