// SPDX-License-Identifier: MIT
// Layers, losses and optimizers beside those of modules.cpp: names, options, text, numbers.
#include "show.h"

namespace nn = torch::nn;
namespace F = torch::nn::functional;
using torch::Tensor;

namespace {

/// Its text, the names and shapes of its parameters, and values by a rule.
template <class Holder>
Holder made(Holder module) {
  std::cout << module << "\n";
  torch::NoGradGuard no_grad;
  double shift = 0;
  for (auto& item : module->named_parameters()) {
    std::cout << "  " << item.key() << " " << item.value().sizes() << "\n";
    item.value().copy_(numbers(item.value().sizes(), shift++));
  }
  return module;
}

void images() {
  Tensor x = numbers({1, 2, 4, 6}), line = numbers({2, 2, 6});
  show("conv1d", made(nn::Conv1d(nn::Conv1dOptions(2, 3, 3).stride(2).padding(1)))(line));
  show("conv2d", made(nn::Conv2d(nn::Conv2dOptions(2, 1, 3)
                                     .padding(torch::kSame)
                                     .padding_mode(torch::kReflect)
                                     .bias(false)))(x));
  show("transposed", made(nn::ConvTranspose1d(2, 1, 3))(line));
  show("transposed images", made(nn::ConvTranspose2d(nn::ConvTranspose2dOptions(2, 4, {3, 2})
                                                         .stride(2)
                                                         .padding(1)
                                                         .output_padding(1)
                                                         .groups(2)))(x)
                                .sum({2, 3}));
  show("max", made(nn::MaxPool1d(nn::MaxPool1dOptions(3).stride(2)))(line));
  show("mean", made(nn::AvgPool2d(nn::AvgPool2dOptions({2, 3}).stride(1).padding(1)))(x));
  show("mean of a line", made(nn::AvgPool1d(2))(line));
  show("adaptive", made(nn::AdaptiveAvgPool2d(nn::AdaptiveAvgPool2dOptions({3, 2})))(x));
  show("adaptive, open",
       made(nn::AdaptiveAvgPool2d(nn::AdaptiveAvgPool2dOptions({torch::nullopt, 1})))(x));
  show("adaptive max", made(nn::AdaptiveMaxPool2d(2))(x));
  show("reflected", made(nn::ReflectionPad2d(nn::ReflectionPad2dOptions({1, 2, 0, 1})))(x));
  show("replicated", made(nn::ReplicationPad1d(1))(line));
  show("zeros", made(nn::ZeroPad2d(1))(x));
  show("constant",
       made(nn::ConstantPad2d(nn::ConstantPad2dOptions({1, 0, 0, 2}, 3.5)))(x).sum({3}));
  show("pad", F::pad(x, F::PadFuncOptions({1, 1, 2, 0}).mode(torch::kCircular)));
  show(
      "upsampled",
      made(nn::Upsample(
          nn::UpsampleOptions().scale_factor(std::vector<double>({2, 1.5})).mode(torch::kNearest)))(
          x));
  show("interpolated", F::interpolate(x, F::InterpolateFuncOptions()
                                             .size(std::vector<int64_t>({3, 4}))
                                             .mode(torch::kBilinear)
                                             .align_corners(true)));
  show("shuffled", made(nn::PixelShuffle(1))(x));
  show("unflattened",
       made(nn::Unflatten(nn::UnflattenOptions(1, std::vector<int64_t>{2, 3})))(numbers({2, 6})));
}

void norms() {
  Tensor x = numbers({2, 4, 3});
  show("group norm", made(nn::GroupNorm(nn::GroupNormOptions(2, 4).eps(1e-3)))(x));
  show("instance norm", made(nn::InstanceNorm1d(nn::InstanceNorm1dOptions(4).affine(true)))(x));
  show("batch norm", made(nn::BatchNorm3d(2))(numbers({2, 2, 1, 2, 2})));
  show("normalized", F::normalize(x, F::NormalizeFuncOptions().p(1).dim(-1)));
  auto dropout = made(nn::Dropout2d(nn::Dropout2dOptions(0.25)));
  dropout->eval();
  show("dropout2d", dropout(numbers({1, 2, 1, 2})));
  auto alpha = made(nn::AlphaDropout(0.5));
  alpha->eval();
  show("alpha", alpha(numbers({3})));
}

void losses() {
  Tensor x = numbers({2, 3}), y = numbers({2, 3}, 2), z = numbers({2, 3}, 5);
  Tensor signs = torch::tensor({1.0f, -1.0f});
  show("l1", made(nn::L1Loss())(x, y));
  show("smooth l1", made(nn::SmoothL1Loss(nn::SmoothL1LossOptions(torch::kSum)))(x, y));
  show("huber", made(nn::HuberLoss(nn::HuberLossOptions().delta(0.5)))(x, y));
  show("bce", made(nn::BCELoss())(x.sigmoid(), (y > 0).to(torch::kFloat32)));
  show("kl", made(nn::KLDivLoss(nn::KLDivLossOptions().reduction(torch::kBatchMean)))(
                 x.log_softmax(1), y.softmax(1)));
  show("ranking", made(nn::MarginRankingLoss())(x, y, torch::ones({2, 3})));
  show("hinge", made(nn::HingeEmbeddingLoss())(x, torch::ones({2, 3})));
  show("cosine",
       made(nn::CosineEmbeddingLoss(nn::CosineEmbeddingLossOptions().margin(0.25)))(x, y, signs));
  show("triplet",
       made(nn::TripletMarginLoss(nn::TripletMarginLossOptions().p(2).swap(true)))(x, y, z));
  show("soft margin", made(nn::SoftMarginLoss())(x, torch::ones({2, 3})));
  show("multi label", made(nn::MultiLabelSoftMarginLoss())(x, (y > 0).to(torch::kFloat32)));
  show("poisson", made(nn::PoissonNLLLoss())(x, y.abs()));
  show("multi margin", F::multi_margin_loss(x, torch::tensor({2, 0})));
  show("similarity", made(nn::CosineSimilarity())(x, y));
  show("distance", made(nn::PairwiseDistance(nn::PairwiseDistanceOptions().p(1)))(x, y));
  show("functional l1", F::l1_loss(x, y, F::L1LossFuncOptions(torch::kNone)));
  show("functional smooth l1", F::smooth_l1_loss(x, y));
  show("functional triplet",
       F::triplet_margin_loss(x, y, z, F::TripletMarginLossFuncOptions().margin(2)));
}

void sequences() {
  Tensor x = numbers({3, 2, 4});
  auto [rnn, hidden] =
      made(nn::RNN(nn::RNNOptions(4, 3).nonlinearity(torch::kReLU).num_layers(2)))(x);
  show("rnn", rnn);
  show("rnn's state", hidden);
  auto [lstm, states] = made(nn::LSTM(nn::LSTMOptions(4, 3).bidirectional(true)))(x);
  show("lstm", lstm);
  show("lstm's cell", std::get<1>(states));
  auto [gru, last] = made(nn::GRU(nn::GRUOptions(4, 3).batch_first(true).bias(false)))(x);
  show("gru", gru);
  show("gru's state", last);
  auto cell = made(nn::LSTMCell(4, 3));
  auto [h, c] = cell(x[0]);
  std::tie(h, c) = cell(x[1], std::make_tuple(h, c));
  show("cell", c);
  show("rnn cell", made(nn::RNNCell(nn::RNNCellOptions(4, 3).nonlinearity(torch::kReLU)))(x[0]));
  show("gru cell", made(nn::GRUCell(4, 3))(x[0], h));
  auto [seen, weights] = made(nn::MultiheadAttention(4, 2))(x, x, x);
  show("attention", seen);
  show("weights", weights);
  show("bilinear", made(nn::Bilinear(4, 4, 2))(x[0], x[1]));
  nn::EmbeddingBag bag = made(nn::EmbeddingBag(nn::EmbeddingBagOptions(5, 2).mode(torch::kSum)));
  show("bag", bag(torch::tensor({1, 2, 4, 4}), torch::tensor({0, 2})));
}

void containers() {
  nn::Sequential named({{"first", nn::Linear(2, 3)}, {"second", nn::Tanh()}});
  made(named);
  show("named", named->forward(numbers({1, 2})));
  nn::ModuleDict dict(std::vector<std::pair<std::string, std::shared_ptr<nn::Module>>>{
      {"a", nn::Linear(1, 2).ptr()}, {"b", nn::ReLU().ptr()}});
  std::cout << dict << "\n" << dict->size() << "\n";
  show("contains", dict->contains("b"));
  nn::ParameterList list(torch::ones({2}), torch::zeros({3}));
  std::cout << list << "\n" << list->size() << " " << list[1].sizes() << "\n";
  nn::ParameterDict parameters;
  parameters->insert("x", torch::ones({2}));
  std::cout << parameters << "\n";
  show("contains", parameters->contains("x"));
  Tensor matrix = torch::empty({3, 2});
  nn::init::eye_(matrix);
  show("eye", matrix);
  Tensor kernel = torch::empty({2, 2, 3});
  nn::init::dirac_(kernel);
  show("dirac", kernel);
  nn::init::orthogonal_(matrix, 2);
  show("orthogonal", matrix.t().mm(matrix));
  Tensor p = torch::tensor({3.0, -4.0}, torch::requires_grad());
  (p * p).sum().backward();
  nn::utils::clip_grad_value_(std::vector<Tensor>{p}, 7.0);
  show("clipped", p.grad());
  show("vector", nn::utils::parameters_to_vector({p, torch::ones({1, 2})}));
}

template <class Rule>
void descend(const std::string& name, Rule make) {
  Tensor p = numbers({3}).requires_grad_();
  auto optimizer = make(std::vector<Tensor>{p});
  for (int step = 0; step < 4; ++step) {
    optimizer->step([&] {
      optimizer->zero_grad();
      Tensor loss = ((p - numbers({3}, 4)) * numbers({3}, 1)).pow(2).sum();
      loss.backward();
      return loss;
    });
  }
  show(name, p);
}

void optimizers() {
  using namespace torch::optim;
  descend("RMSprop", [](std::vector<Tensor> p) {
    return std::make_unique<RMSprop>(p, RMSpropOptions(0.05).momentum(0.5).centered(true));
  });
  descend("Adagrad", [](std::vector<Tensor> p) {
    return std::make_unique<Adagrad>(p, AdagradOptions(0.1).lr_decay(0.1));
  });
  descend("LBFGS", [](std::vector<Tensor> p) {
    return std::make_unique<LBFGS>(p, LBFGSOptions(0.5).max_iter(3));
  });
  descend("LBFGS with line search", [](std::vector<Tensor> p) {
    return std::make_unique<LBFGS>(p, LBFGSOptions(1).max_iter(2).line_search_fn("strong_wolfe"));
  });
}

}  // namespace

int main() {
  images();
  norms();
  losses();
  sequences();
  containers();
  optimizers();
}
