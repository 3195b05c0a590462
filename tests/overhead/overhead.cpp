// SPDX-License-Identifier: MIT
// One row of work, over and over, for a tool that counts the instructions of `measured`. Rows of
// the host's work for a CUDA device need ADJOINT_CUDA_LIBRARY to name the simulated device's
// library, and CUDASIM_MODE=null, with which nothing runs there.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "adjoint/adjoint.h"

using namespace adjoint;

namespace {

std::function<void()> row;

using Rows = std::map<std::string, std::function<void()>>;

Rows cuda_rows() {
  if (!std::getenv("ADJOINT_CUDA_LIBRARY")) return {};
  const auto on_device = [](bool grad) {
    return ones({4, 4}, TensorOptions(kCUDA).requires_grad(grad));
  };
  const Tensor a = on_device(false), b = on_device(false), leaf = on_device(true);
  nn::Sequential net(nn::Linear(16, 32), nn::ReLU(), nn::Linear(32, 4));
  net->to(kCUDA);
  auto optimizer = std::make_shared<optim::SGD>(net->parameters(), optim::SGDOptions(1e-3));
  const Tensor x = ones({8, 16}, kCUDA), y = zeros({8}, dtype(kLong).device(kCUDA));
  const auto forward = [=]() mutable { return net->forward(x); };
  const auto step = [=]() mutable {
    optimizer->zero_grad();
    nn::functional::cross_entropy(net->forward(x), y).backward();
    optimizer->step();
  };
  const auto replay = [](auto body) {
    const auto captured = std::make_shared<decltype(capture(body))>(capture(body));
    return [=] { captured->replay(); };
  };
  return {
      {"cuda_add", [=] { a + b; }},
      {"cuda_add_recorded", [=] { leaf + b; }},
      {"cuda_backward_of_add",
       [=] {
         (leaf + b).backward(a);
         leaf.mutable_grad() = Tensor();
       }},
      {"cuda_replay_forward", replay(forward)},
      {"cuda_replay_step", replay(step)},
  };
}

Rows rows() {
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
  Rows all = rows();
  all.merge(cuda_rows());
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
