// SPDX-License-Identifier: MIT
// Modules, losses, optimizers, schedulers, loaders of data. Parameters are set by a rule, since the
// generators of random numbers differ.
#include "show.h"

namespace nn = torch::nn;
namespace F = torch::nn::functional;
using torch::Tensor;

namespace {

struct NetImpl : nn::Module {
  NetImpl(int64_t inputs, int64_t hidden)
      : fc1(nn::LinearOptions(inputs, hidden)), fc2(register_module("fc2", nn::Linear(hidden, 2))) {
    register_module("fc1", fc1);
    scale = register_parameter("scale", torch::ones({1}));
    count = register_buffer("count", torch::zeros({1}, torch::kLong));
    set_parameters(*this);
  }
  Tensor forward(Tensor x) {
    x = torch::tanh(fc1->forward(x));
    if (is_training()) count += 1;
    return fc2(x) * scale;
  }
  nn::Linear fc1, fc2;
  Tensor scale, count;
};
TORCH_MODULE(Net);

struct BlockImpl : nn::Module {
  explicit BlockImpl(int64_t n) : fc(register_module("fc", nn::Linear(n, n))) {}
  Tensor forward(Tensor x) { return x + fc(x); }
  nn::Linear fc{nullptr};
};
TORCH_MODULE(Block);

void trees() {
  Net net(3, 4);
  for (const auto& item : net->named_parameters()) {
    std::cout << item.key() << " " << item.value().sizes() << "\n";
  }
  for (const auto& item : net->named_buffers()) std::cout << "buffer " << item.key() << "\n";
  for (const auto& item : net->named_children()) std::cout << "child " << item.key() << "\n";
  std::cout << net->parameters().size() << " parameters, "
            << net->modules(/*include_self=*/false).size() << " modules\n";
  std::cout << net << "\n";
  show("forward", net->forward(numbers({2, 3})));
  show("count", net->count);
  net->eval();
  show("training", net->is_training());
  show("training below", net->fc1->is_training());
  net->train();
  net->forward(numbers({2, 3})).sum().backward();
  show("gradient", net->fc1->weight.grad());
  net->zero_grad();
  show("gradient gone", !net->scale.grad().defined() || net->scale.grad().item<float>() == 0);
  net->to(torch::kFloat64);
  show("as double", net->fc1->bias);
  show_error(
      "unknown", [&] { net->named_parameters()["fc3.weight"]; }, "'fc3.weight' is not defined");
  show_error(
      "twice", [&] { net->register_parameter("scale", torch::ones({1})); },
      "Parameter 'scale' already defined");
  show_error(
      "empty", [] { nn::Linear(nullptr)->forward(torch::ones({1})); },
      "Accessing empty ModuleHolder");
}

void layers() {
  Tensor x = numbers({2, 4});
  nn::Sequential net(nn::Linear(4, 4), nn::ReLU(), Block(4), nn::Functional(torch::sigmoid),
                     nn::Linear(nn::LinearOptions(4, 2).bias(false)), nn::LogSoftmax(1));
  set_parameters(*net);
  show("sequential", net->forward(x));
  std::cout << "size " << net->size() << ", parameters " << net->parameters().size() << "\n";
  nn::Conv2d conv(nn::Conv2dOptions(1, 2, 3).stride(2).padding(1).bias(false));
  set_parameters(*conv);
  show("conv", conv(numbers({1, 1, 4, 4})));
  nn::BatchNorm2d norm(2);
  show("batch norm", norm(numbers({2, 2, 1, 2})));
  show("running mean", norm->running_mean);
  show("running var", norm->running_var);
  norm->eval();
  show("batch norm in eval", norm(numbers({2, 2, 1, 2})));
  nn::LayerNorm layer_norm(nn::LayerNormOptions({4}).eps(1e-3));
  show("layer norm", layer_norm(x));
  nn::Embedding embedding(3, 2);
  set_parameters(*embedding);
  show("embedding", embedding(torch::tensor({2, 0, 2})));
  nn::Dropout dropout(nn::DropoutOptions(0.25));
  dropout->eval();
  show("dropout in eval", dropout(x));
  show("pooled", nn::MaxPool2d(nn::MaxPool2dOptions(2).stride(1))(numbers({1, 1, 3, 3})));
  show("flattened", nn::Flatten()(numbers({1, 2, 2})));
  show("softmax", nn::Softmax(nn::SoftmaxOptions(0))(x));
  show("gelu", nn::GELU()(x));
  nn::ModuleList list(nn::Linear(4, 4), nn::Linear(4, 1));
  set_parameters(*list);
  Tensor y = x;
  for (const auto& module : *list) y = module->as<nn::Linear>()->forward(y);
  show("module list", y);
  std::cout << conv << "\n"
            << norm << "\n"
            << layer_norm << "\n"
            << embedding << "\n"
            << dropout << "\n";
}

void functions() {
  Tensor x = numbers({2, 4}), y = numbers({2, 4}, 3);
  Tensor classes = torch::tensor({1, 3});
  show("mse", F::mse_loss(x, y));
  show("mse summed", F::mse_loss(x, y, F::MSELossFuncOptions(torch::kSum)));
  show("mse of elements", torch::mse_loss(x, y, torch::Reduction::None));
  show("cross entropy", F::cross_entropy(x, classes));
  show("smoothed", F::cross_entropy(x, classes, F::CrossEntropyFuncOptions().label_smoothing(0.1)));
  show("nll", torch::nll_loss(torch::log_softmax(x, 1), classes, {}, torch::Reduction::Sum));
  show("bce", F::binary_cross_entropy_with_logits(x, (y > 0).to(torch::kFloat32)));
  show("log_softmax", F::log_softmax(x, F::LogSoftmaxFuncOptions(1)));
  show("softmax", F::softmax(x, 1));
  show("relu", F::relu(x));
  show("dropout", F::dropout(x, F::DropoutFuncOptions().p(0.5).training(false)));
  show("linear", F::linear(x, numbers({3, 4}), numbers({3})));
  show("conv2d",
       F::conv2d(numbers({1, 1, 3, 3}), numbers({1, 1, 2, 2}), F::Conv2dFuncOptions().stride(1)));
  show("max_pool2d", F::max_pool2d(numbers({1, 1, 4, 4}), F::MaxPool2dFuncOptions(2)));
  show("layer_norm", F::layer_norm(x, F::LayerNormFuncOptions({4})));
  show("embedding", F::embedding(torch::tensor({1, 0}), numbers({3, 2})));
  nn::MSELoss mse(nn::MSELossOptions().reduction(torch::kSum));
  show("MSELoss", mse(x, y));
  show("CrossEntropyLoss", nn::CrossEntropyLoss()(x, classes));
  show("NLLLoss", nn::NLLLoss(nn::NLLLossOptions().ignore_index(1))(x.log_softmax(1), classes));
  Tensor weight = torch::empty({2, 3});
  nn::init::constant_(weight, 0.5);
  show("constant", weight);
  nn::init::zeros_(weight);
  show("zeros", weight);
  Tensor p = torch::tensor({3.0, 4.0}, torch::requires_grad());
  (p * p).sum().backward();
  nn::utils::clip_grad_norm_(std::vector<Tensor>{p}, 1.0);
  show("clipped", p.grad());
}

void activations() {
  Tensor x = numbers({2, 4});
  nn::Sequential net(nn::ReLU(nn::ReLUOptions(true)), nn::ReLU6(), nn::SELU(), nn::LeakyReLU(),
                     nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2).inplace(true)),
                     nn::ELU(), nn::CELU(nn::CELUOptions().alpha(1.5)), nn::Hardtanh(),
                     nn::Hardtanh(nn::HardtanhOptions().min_val(-2).max_val(0.5)),
                     nn::Threshold(0.1, 20), nn::Softplus(), nn::Hardshrink(), nn::Softshrink(0.25),
                     nn::GLU(), nn::Softmin(1), nn::PReLU(), nn::SiLU(), nn::Mish(),
                     nn::LogSigmoid(), nn::Softsign(), nn::Tanhshrink());
  std::cout << net << "\n";
  show("elu", F::elu(x, F::ELUFuncOptions().alpha(0.42)));
  show("selu", F::selu(x));
  show("celu", F::celu(x, F::CELUFuncOptions().alpha(1.5)));
  show("leaky_relu", F::leaky_relu(x, F::LeakyReLUFuncOptions().negative_slope(0.2)));
  show("hardtanh", F::hardtanh(x, F::HardtanhFuncOptions().min_val(-1).max_val(0.1)));
  show("relu6", F::relu6(x));
  show("softplus", F::softplus(x, F::SoftplusFuncOptions().beta(0.5).threshold(3)));
  show("hardshrink", F::hardshrink(x, F::HardshrinkFuncOptions(0.3)));
  show("softshrink", F::softshrink(x, F::SoftshrinkFuncOptions(0.3)));
  show("threshold", F::threshold(x, F::ThresholdFuncOptions(0.5, 7)));
  show("glu", F::glu(x, F::GLUFuncOptions(1)));
  show("silu", F::silu(x));
  show("mish", F::mish(x));
  show("logsigmoid", F::logsigmoid(x));
  show("softsign", F::softsign(x));
  show("tanhshrink", F::tanhshrink(x));
  show("softmin", F::softmin(x, F::SoftminFuncOptions(1)));
  show("prelu", F::prelu(x, torch::tensor({0.5f})));
  show("hardsigmoid", torch::hardsigmoid(x));
  show("hardswish", torch::hardswish(x));
  Tensor y = x.clone();
  F::relu(y, F::ReLUFuncOptions().inplace(true));
  show("relu in place", y);
  nn::PReLU prelu(nn::PReLUOptions().num_parameters(4));
  prelu(x).sum().backward();
  show("slopes' gradient", prelu->weight.grad());
}

void clones() {
  struct Twin : nn::Cloneable<Twin> {
    Twin() { reset(); }
    void reset() override {
      fc = register_module("fc", nn::Linear(2, 2));
      set_parameters(*this);
    }
    nn::Linear fc{nullptr};
  };
  auto twin = std::make_shared<Twin>();
  auto copy = std::dynamic_pointer_cast<Twin>(twin->clone());
  {
    torch::NoGradGuard no_grad;
    twin->fc->weight.fill_(7);
  }
  show("copy", copy->fc->weight);
  show("copy's parameter", copy->parameters()[0]);
  show("other tensor", !copy->fc->weight.is_same(twin->fc->weight));
  auto linear = nn::Linear(2, 1);
  set_parameters(*linear);
  auto cloned = std::dynamic_pointer_cast<nn::LinearImpl>(linear->clone());
  show("cloned linear", torch::equal(cloned->weight, linear->weight));
}

template <class Optimizer>
void train(const std::string& name, Net net, Optimizer& optimizer) {
  Tensor x = numbers({8, 3}), y = numbers({8, 2}, 5);
  for (int step = 0; step < 5; ++step) {
    optimizer.zero_grad();
    F::mse_loss(net->forward(x), y).backward();
    optimizer.step();
  }
  show(name, net->fc2->weight);
}

void optimizers() {
  {
    Net net(3, 4);
    torch::optim::SGD sgd(net->parameters(), /*lr=*/0.1);
    train("SGD", net, sgd);
  }
  {
    Net net(3, 4);
    torch::optim::SGD sgd(
        net->parameters(),
        torch::optim::SGDOptions(0.1).momentum(0.9).weight_decay(0.01).nesterov(true));
    train("SGD with momentum", net, sgd);
  }
  {
    Net net(3, 4);
    torch::optim::Adam adam(net->parameters(), torch::optim::AdamOptions(0.05)
                                                   .betas(std::make_tuple(0.8, 0.9))
                                                   .weight_decay(0.1)
                                                   .amsgrad(true));
    train("Adam", net, adam);
  }
  {
    Net net(3, 4);
    torch::optim::AdamW adamw(net->parameters(), torch::optim::AdamWOptions(0.05));
    train("AdamW", net, adamw);
  }
  {
    Net net(3, 4);
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(net->fc1->parameters());
    groups.emplace_back(net->fc2->parameters(), std::make_unique<torch::optim::SGDOptions>(0.01));
    torch::optim::SGD sgd(groups, torch::optim::SGDOptions(0.5));
    torch::optim::StepLR scheduler(sgd, /*step_size=*/10, /*gamma=*/0.1);
    for (int epoch = 0; epoch < 4; ++epoch) {
      auto& options = static_cast<torch::optim::SGDOptions&>(sgd.param_groups()[1].options());
      std::cout << sgd.param_groups()[0].options().get_lr() << " " << options.lr() << "\n";
      train("epoch", net, sgd);
      scheduler.step();
    }
  }
  Net net(3, 4);
  torch::optim::SGD sgd(net->parameters(), 0.1);
  Tensor loss = sgd.step([&] {
    sgd.zero_grad();
    Tensor value = net->forward(numbers({2, 3})).pow(2).sum();
    value.backward();
    return value;
  });
  show("closure", loss);
}

struct Squares : torch::data::datasets::Dataset<Squares> {
  torch::data::Example<> get(size_t index) override {
    return {torch::full({1}, double(index)), torch::full({1}, double(index * index))};
  }
  torch::optional<size_t> size() const override { return 5; }
};

void data() {
  auto dataset = Squares()
                     .map(torch::data::transforms::Normalize<>(1.0, 2.0))
                     .map(torch::data::transforms::Stack<>());
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      std::move(dataset), torch::data::DataLoaderOptions().batch_size(2));
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (auto& batch : *loader) {
      show("data", batch.data.flatten());
      show("target", batch.target);
    }
  }
  int64_t examples = 0;
  auto random = torch::data::make_data_loader(Squares(), 3);
  for (auto& batch : *random) {
    for (auto& example : batch) examples += int64_t(example.target.item<float>());
  }
  std::cout << "sum of squares " << examples << "\n";
}

}  // namespace

int main() {
  trees();
  layers();
  functions();
  activations();
  clones();
  optimizers();
  data();
}
