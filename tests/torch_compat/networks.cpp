// SPDX-License-Identifier: MIT
// Networks as tutorials have them: a generator and a discriminator of images, digits, a cell of
// one's own with its own backward, a model of characters. Parameters are set by a rule, since the
// generators of random numbers differ.
#include "show.h"

namespace nn = torch::nn;
namespace F = torch::nn::functional;
using torch::Tensor;

namespace {

/// Of the parameters here.
constexpr double kScale = 0.3;

// Images out of noise, and what tells them from others.
struct GeneratorImpl : nn::Module {
  explicit GeneratorImpl(int64_t noise)
      : up1(nn::ConvTranspose2dOptions(noise, 8, 3).bias(false)),
        norm1(8),
        up2(nn::ConvTranspose2dOptions(8, 4, 3).stride(2).padding(1).bias(false)),
        norm2(4),
        up3(nn::ConvTranspose2dOptions(4, 1, 4).stride(2).padding(1).bias(false)) {
    register_module("up1", up1);
    register_module("up2", up2);
    register_module("up3", up3);
    register_module("norm1", norm1);
    register_module("norm2", norm2);
    set_parameters(*this, kScale);
  }
  Tensor forward(Tensor x) {
    x = torch::relu(norm1(up1(x)));
    x = torch::relu(norm2(up2(x)));
    return torch::tanh(up3(x));
  }
  nn::ConvTranspose2d up1;
  nn::BatchNorm2d norm1;
  nn::ConvTranspose2d up2;
  nn::BatchNorm2d norm2;
  nn::ConvTranspose2d up3;
};
TORCH_MODULE(Generator);

void adversaries() {
  Generator generator(3);
  nn::Sequential discriminator(
      nn::Conv2d(nn::Conv2dOptions(1, 4, 4).stride(2).padding(1).bias(false)), nn::ReLU(),
      nn::Conv2d(nn::Conv2dOptions(4, 8, 3).stride(2).padding(1).bias(false)), nn::BatchNorm2d(8),
      nn::Dropout2d(0.0), nn::Conv2d(nn::Conv2dOptions(8, 1, 3).bias(false)), nn::Sigmoid());
  set_parameters(*discriminator, kScale);
  std::cout << generator << "\n" << discriminator << "\n";
  torch::optim::Adam generators(generator->parameters(),
                                torch::optim::AdamOptions(2e-4).betas(std::make_tuple(0.5, 0.999)));
  torch::optim::Adam discriminators(
      discriminator->parameters(),
      torch::optim::AdamOptions(5e-4).betas(std::make_tuple(0.5, 0.999)));
  Tensor real = numbers({2, 1, 10, 10}, 4);
  for (int step = 0; step < 2; ++step) {
    discriminator->zero_grad();
    Tensor seen = discriminator->forward(real).reshape(-1);
    Tensor loss = torch::binary_cross_entropy(seen, torch::full({seen.size(0)}, 0.9));
    loss.backward();
    Tensor fake = generator->forward(numbers({2, 3, 1, 1}, step));
    Tensor unseen = discriminator->forward(fake.detach()).reshape(-1);
    Tensor fake_loss = torch::binary_cross_entropy(unseen, torch::zeros({unseen.size(0)}));
    fake_loss.backward();
    discriminators.step();
    show("discriminator", loss + fake_loss);
    generator->zero_grad();
    Tensor judged = discriminator->forward(fake).reshape(-1);
    Tensor fooled = torch::binary_cross_entropy(judged, torch::ones({judged.size(0)}));
    fooled.backward();
    show("gradient", generator->up1->weight.grad());
    generators.step();
    show("generator", fooled);
  }
  show("image", generator->forward(numbers({1, 3, 1, 1}, 9)));
}

struct DigitsNet : nn::Module {
  DigitsNet()
      : conv1(nn::Conv2dOptions(1, 3, /*kernel_size=*/5)),
        conv2(nn::Conv2dOptions(3, 4, /*kernel_size=*/5)),
        fc1(64, 10),
        fc2(10, 4) {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
    register_module("conv2_drop", conv2_drop);
    register_module("fc1", fc1);
    register_module("fc2", fc2);
    set_parameters(*this, kScale);
  }
  Tensor forward(Tensor x) {
    x = torch::relu(torch::max_pool2d(conv1->forward(x), 2));
    x = torch::relu(torch::max_pool2d(conv2_drop->forward(conv2->forward(x)), 2));
    x = x.view({-1, 64});
    x = torch::relu(fc1->forward(x));
    x = torch::dropout(x, /*p=*/0.5, /*train=*/is_training());
    x = fc2->forward(x);
    return torch::log_softmax(x, /*dim=*/1);
  }
  nn::Conv2d conv1, conv2;
  nn::Dropout2d conv2_drop;
  nn::Linear fc1, fc2;
};

void digits() {
  DigitsNet net;
  net.eval();
  torch::optim::SGD sgd(net.parameters(), torch::optim::SGDOptions(0.01).momentum(0.5));
  Tensor images = numbers({3, 1, 28, 28}), labels = torch::tensor({1, 3, 0});
  for (int step = 0; step < 3; ++step) {
    sgd.zero_grad();
    Tensor loss = torch::nll_loss(net.forward(images), labels);
    loss.backward();
    sgd.step();
    show("loss", loss);
  }
  show("classes", net.forward(images).argmax(1));
}

// A recurrent cell with one gate of each kind, and its gradients by hand.
struct CellFunction : torch::autograd::Function<CellFunction> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* ctx, Tensor input,
                                                Tensor weight, Tensor bias, Tensor h, Tensor c) {
    Tensor x = torch::cat({h, input}, 1);
    Tensor gates = torch::addmm(bias, x, weight.transpose(0, 1));
    auto parts = gates.chunk(3, 1);
    Tensor in = torch::sigmoid(parts[0]), out = torch::sigmoid(parts[1]);
    Tensor candidate = torch::tanh(parts[2]);
    Tensor new_c = c + candidate * in;
    Tensor new_h = torch::tanh(new_c) * out;
    ctx->save_for_backward({x, weight, in, out, candidate, new_c});
    return {new_h, new_c};
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    auto saved = ctx->get_saved_variables();
    Tensor x = saved[0], weight = saved[1], in = saved[2], out = saved[3], candidate = saved[4];
    Tensor squashed = torch::tanh(saved[5]);
    Tensor grad_c = grads[0] * out * (1 - squashed * squashed) + grads[1];
    Tensor grad_in = grad_c * candidate * in * (1 - in);
    Tensor grad_out = grads[0] * squashed * out * (1 - out);
    Tensor grad_candidate = grad_c * in * (1 - candidate * candidate);
    Tensor gates = torch::cat({grad_in, grad_out, grad_candidate}, 1);
    Tensor grad_x = gates.mm(weight);
    int64_t state = grads[0].size(1);
    return {grad_x.slice(1, state), gates.t().mm(x), gates.sum(0), grad_x.slice(1, 0, state),
            grad_c};
  }
};

void own_cell() {
  const int64_t features = 3, state = 2;
  Tensor weight = numbers({3 * state, features + state}).requires_grad_();
  Tensor bias = numbers({3 * state}, 1).requires_grad_();
  Tensor h = torch::zeros({2, state}), c = torch::zeros({2, state});
  for (int step = 0; step < 3; ++step) {
    auto next = CellFunction::apply(numbers({2, features}, step), weight, bias, h, c);
    h = next[0];
    c = next[1];
  }
  show("state", h);
  (h * numbers({2, state})).sum().backward();
  show("weight", weight.grad());
  show("bias", bias.grad());
}

// The next of some characters.
struct CharactersImpl : nn::Module {
  CharactersImpl(int64_t characters, int64_t size)
      : table(register_module("table", nn::Embedding(characters, size))),
        lstm(register_module(
            "lstm", nn::LSTM(nn::LSTMOptions(size, size).num_layers(2).batch_first(true)))),
        out(register_module("out", nn::Linear(size, characters))) {
    set_parameters(*this, kScale);
  }
  std::tuple<Tensor, std::tuple<Tensor, Tensor>> forward(
      const Tensor& indices, torch::optional<std::tuple<Tensor, Tensor>> state = torch::nullopt) {
    auto [output, next] = lstm->forward(table(indices), state);
    return std::make_tuple(out(output), next);
  }
  nn::Embedding table;
  nn::LSTM lstm;
  nn::Linear out;
};
TORCH_MODULE(Characters);

void characters() {
  Characters model(5, 4);
  std::cout << model << "\n";
  torch::optim::RMSprop optimizer(model->parameters(), torch::optim::RMSpropOptions(0.01));
  torch::optim::StepLR scheduler(optimizer, 100, 0.5);
  Tensor text = torch::tensor({{0, 3, 1, 4, 2, 0}, {1, 1, 2, 3, 0, 4}});
  for (int step = 0; step < 3; ++step) {
    optimizer.zero_grad();
    auto [scores, state] = model->forward(text.slice(1, 0, 5));
    Tensor loss = F::cross_entropy(scores.reshape({-1, 5}), text.slice(1, 1).reshape(-1));
    loss.backward();
    nn::utils::clip_grad_norm_(model->parameters(), 0.25);
    optimizer.step();
    scheduler.step();
    show("loss", loss);
  }
  model->eval();
  Tensor next = torch::tensor({{2}});
  torch::optional<std::tuple<Tensor, Tensor>> state;
  for (int step = 0; step < 4; ++step) {
    auto [scores, after] = model->forward(next, state);
    next = scores.argmax(-1);
    state = after;
    show("character", next);
  }
  show("cell", std::get<1>(*state));
}

}  // namespace

int main() {
  adversaries();
  digits();
  own_cell();
  characters();
}
