// SPDX-License-Identifier: MIT
// Tensors, modules and optimizers through streams and archives.
#include "show.h"

using torch::Tensor;
namespace nn = torch::nn;

namespace {

struct NetImpl : nn::Module {
  NetImpl() {
    norm = register_module("norm", nn::BatchNorm1d(2));
    out = register_module("out", nn::Linear(2, 3));
  }
  Tensor forward(const Tensor& x) { return out(norm(x)); }
  nn::BatchNorm1d norm{nullptr};
  nn::Linear out{nullptr};
};
TORCH_MODULE(Net);

void tensors() {
  std::stringstream one, many;
  torch::save(numbers({2, 2}), one);
  Tensor back;
  torch::load(back, one);
  show("a tensor", back);
  std::vector<Tensor> list{numbers({2}), torch::arange(3)}, list_back;
  torch::save(list, many);
  torch::load(list_back, many);
  show("as many", list_back.size() == 2);
  show("the first", list_back[0]);
  show("the second", list_back[1]);
  std::cout << torch::chunk(torch::ones({2}), 2) << "\n";
}

void modules() {
  Net net, other, third;
  set_parameters(*net);
  net->forward(numbers({4, 2}));
  std::stringstream stream;
  torch::save(net, stream);
  torch::load(other, stream);
  show("a module's weight", other->out->weight);
  show("its running mean", other->norm->running_mean);

  torch::serialize::OutputArchive written;
  net->save(written);
  written.write("step", torch::tensor(7));
  std::stringstream archived;
  written.save_to(archived);
  torch::serialize::InputArchive read;
  read.load_from(archived);
  third->load(read);
  Tensor step;
  read.read("step", step);
  show("an archive's number", step);
  show("an archive's weight", third->out->weight);
  show("an archive's running variance", third->norm->running_var);
}

void optimizers() {
  nn::Linear one(2, 1), two(2, 1);
  torch::optim::Adam first(one->parameters(), 0.1), second(two->parameters(), 0.1);
  auto step = [](nn::Linear& layer, torch::optim::Adam& adam) {
    adam.zero_grad();
    layer(numbers({3, 2})).pow(2).sum().backward();
    adam.step();
  };
  set_parameters(*one);
  step(one, first);
  std::stringstream module, state;
  torch::save(one, module);
  torch::save(first, state);
  torch::load(two, module);
  torch::load(second, state);
  step(one, first);
  step(two, second);
  show("trained on", one->weight);
  show("trained on after loading", two->weight);
}

}  // namespace

int main() {
  tensors();
  modules();
  optimizers();
  try {
    TORCH_CHECK(false, "expected ", 2, ", got ", 3);
  } catch (const c10::Error& e) {
    std::cout << e.msg() << "\n";
  }
}
