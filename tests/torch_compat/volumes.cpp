// SPDX-License-Identifier: MIT
// Volumes, windows as columns, packed sequences, and functions that few networks have.
#include "show.h"

namespace nn = torch::nn;
namespace F = torch::nn::functional;
namespace rnn = torch::nn::utils::rnn;
using torch::Tensor;

namespace {

/// Its text, and values by a rule for its parameters.
template <class Holder>
Holder made(Holder module) {
  std::cout << module << "\n";
  set_parameters(*module);
  return module;
}

/// A result and the gradient of its sum's square.
void show_with_gradient(const std::string& name, const Tensor& x, const Tensor& y) {
  show(name, y);
  show_node(name, y);
  show(name + ", gradient", torch::autograd::grad({y.pow(2).sum()}, {x})[0]);
}

void volumes() {
  Tensor x = numbers({1, 2, 3, 4, 3}).requires_grad_();
  show_with_gradient("conv3d", x,
                     made(nn::Conv3d(nn::Conv3dOptions(2, 2, {2, 3, 2}).padding({1, 0, 1})))(x));
  show_with_gradient(
      "F::conv3d", x,
      F::conv3d(x, numbers({2, 1, 2, 2, 2}), F::Conv3dFuncOptions().stride({1, 2, 1}).groups(2)));
  Tensor transposed = made(nn::ConvTranspose3d(
      nn::ConvTranspose3dOptions(2, 1, 2).stride({2, 1, 1}).padding({1, 0, 0}).output_padding(
          {1, 0, 0})))(x);
  show("transposed", transposed.sum({3, 4}));
  show_with_gradient("max", x, made(nn::MaxPool3d(nn::MaxPool3dOptions({2, 2, 3}).stride(1)))(x));
  show_with_gradient("mean", x, made(nn::AvgPool3d(nn::AvgPool3dOptions({3, 2, 2}).padding(1)))(x));
  show_with_gradient("adaptive", x,
                     made(nn::AdaptiveAvgPool3d(nn::AdaptiveAvgPool3dOptions({2, 3, 1})))(x));
  show("adaptive max", made(nn::AdaptiveMaxPool3d(nn::AdaptiveMaxPool3dOptions({2, 1, 2})))(x));
  auto [largest, places] = made(nn::MaxPool3d(nn::MaxPool3dOptions({2, 2, 1}).padding({1, 0, 0})))
                               ->forward_with_indices(x);
  show("largest", largest);
  show_node("largest", largest);
  show("places", places);
  show("unpooled", made(nn::MaxUnpool3d(nn::MaxUnpool3dOptions({2, 2, 1}).padding({1, 0, 0})))(
                       largest, places, std::vector<int64_t>({1, 2, 3, 4, 3})));
  show("places of one", std::get<1>(F::max_pool3d_with_indices(
                            x[0].detach(), F::MaxPool3dFuncOptions({1, 2, 2}).stride(1))));
  show_error(
      "unpooled to two numbers",
      [&] {
        torch::max_unpool3d(largest, places, {3, 4}, {2, 2, 1}, {1, 0, 0});
      },
      "There should be exactly three elements (depth, height, width) in output_size");
  show("instance norm", made(nn::InstanceNorm3d(2))(x).select(1, 1));
  show("upsampled", F::interpolate(x, F::InterpolateFuncOptions()
                                          .size(std::vector<int64_t>({2, 2, 2}))
                                          .mode(torch::kTrilinear)
                                          .align_corners(false)));
  show_error(
      "other channels",
      [&] {
        torch::conv3d(x, torch::ones({1, 3, 1, 1, 1}));
      },
      "to have 3 channels, but got 2 channels instead");
  show_error(
      "large kernel",
      [&] {
        torch::conv3d(x, torch::ones({1, 2, 5, 1, 1}));
      },
      "Kernel size can't be greater than actual input size");
  show_error(
      "image", [&] { torch::max_pool3d(x[0][0], 2); }, "4D or 5D");
}

void images() {
  Tensor x = numbers({1, 2, 3, 4}).requires_grad_();
  show_with_gradient("unfold", x,
                     made(nn::Unfold(nn::UnfoldOptions({2, 3}).padding({1, 0}).stride(2)))(x));
  Tensor columns = numbers({1, 8, 6}).requires_grad_();
  show_with_gradient("fold", columns, made(nn::Fold(nn::FoldOptions({3, 4}, 2)))(columns));
  show_with_gradient("response norm", x,
                     made(nn::LocalResponseNorm(nn::LocalResponseNormOptions(2).alpha(0.5)))(x));
  show("power pool", made(nn::LPPool2d(nn::LPPool2dOptions(2, {2, 3}).stride(1)))(x.abs()));
  show("power pool of a line", made(nn::LPPool1d(2, 2))(x[0].abs()));
  auto [largest, places] = F::max_pool2d_with_indices(x, F::MaxPool2dFuncOptions({1, 2}));
  show("largest", largest);
  show("places", places);
  show("unpooled", made(nn::MaxUnpool2d(nn::MaxUnpool2dOptions({1, 2})))(largest, places));
  show("softmax2d", made(nn::Softmax2d())(x));
  auto random = made(nn::RReLU(nn::RReLUOptions().lower(0.25).upper(0.75)));
  random->eval();
  show_with_gradient("rrelu", x, random(x));
  show("one hot", F::one_hot(torch::tensor({2, 0}), 3));
  show("shuffled", torch::channel_shuffle(numbers({1, 4, 1, 2}), 2));
}

void grids() {
  Tensor x = numbers({1, 2, 3, 4}).requires_grad_(), theta = numbers({1, 2, 3}).requires_grad_();
  Tensor grid = F::affine_grid(theta, {1, 2, 2, 3});
  show_with_gradient("affine grid", theta, grid);
  show_with_gradient("affine grid by corners", theta, F::affine_grid(theta, {1, 2, 1, 2}, true));
  Tensor turned = numbers({1, 3, 4}).requires_grad_();
  show_with_gradient("affine grid of a volume", turned, F::affine_grid(turned, {1, 1, 2, 1, 2}));
  Tensor at = (numbers({1, 2, 3, 2}) * 1.5).requires_grad_();
  auto sample = [&](const std::string& name, F::GridSampleFuncOptions options) {
    auto at_edges = [&] { return F::grid_sample(x, at, options.align_corners(false)); };
    show_with_gradient(name, x, at_edges());
    show(name + ", gradient of the grid",
         torch::autograd::grad({at_edges().pow(2).sum()}, {at})[0]);
    show(name + " by corners", F::grid_sample(x, at, options.align_corners(true)));
  };
  sample("lines and zeros", F::GridSampleFuncOptions());
  sample("lines and the border", F::GridSampleFuncOptions().padding_mode(torch::kBorder));
  sample("lines and reflections", F::GridSampleFuncOptions().padding_mode(torch::kReflection));
  auto nearest = F::GridSampleFuncOptions().mode(torch::kNearest).align_corners(true);
  show_with_gradient("nearest", x, F::grid_sample(x, at, nearest));
  show("nearest reflection", F::grid_sample(x, at, nearest.padding_mode(torch::kReflection)));
  Tensor volume = numbers({1, 1, 2, 3, 2}).requires_grad_();
  Tensor points = (numbers({1, 2, 1, 2, 3}) * 1.25).requires_grad_();
  Tensor y = F::grid_sample(volume, points, F::GridSampleFuncOptions().align_corners(false));
  show_with_gradient("of a volume", volume, y);
  show("of a volume, gradient of the grid",
       torch::autograd::grad({torch::grid_sampler(volume, points, 0, 1, true).sum()}, {points})[0]);
  show_error(
      "grid of three numbers",
      [&] {
        torch::grid_sampler(x, torch::zeros({1, 2, 2, 3}), 0, 0, false);
      },
      "expected grid to have size 2 in last dimension");
  show_error(
      "grid of another batch",
      [&] {
        torch::grid_sampler(x, torch::zeros({2, 2, 2, 2}), 0, 0, false);
      },
      "expected grid and input to have same batch size");
  show_error(
      "maps of another size",
      [&] {
        F::affine_grid(theta, {1, 1, 2, 2, 2});
      },
      "Expected a batch of 3D affine matrices of shape Nx3x4");
}

void losses() {
  Tensor x = numbers({4, 2, 3}).requires_grad_();
  Tensor targets = torch::tensor({{1, 2}, {2, 2}}), steps = torch::tensor({4, 4});
  Tensor loss = made(nn::CTCLoss())(x.log_softmax(2), targets, steps, torch::tensor({2, 1}));
  show("ctc", loss);
  show("ctc, gradient", torch::autograd::grad({loss}, {x})[0]);
  show("ctc of each",
       F::ctc_loss(x.log_softmax(2), targets, steps, torch::tensor({2, 2}),
                   F::CTCLossFuncOptions().reduction(torch::kNone).zero_infinity(true)));
  Tensor a = numbers({3, 4}), near = numbers({3, 4}, 0.5), far = numbers({3, 4}, 1);
  a.requires_grad_();
  auto largest = [](const Tensor& p, const Tensor& q) { return (p - q).abs().amax({1}); };
  auto options = nn::TripletMarginWithDistanceLossOptions().distance_function(largest).margin(0.75);
  show_with_gradient("triplet", a, made(nn::TripletMarginWithDistanceLoss(options))(a, near, far));
  show("triplet, swapped", made(nn::TripletMarginWithDistanceLoss(
                               options.swap(true).reduction(torch::kNone)))(a, near, far));
  show("triplet of any distance", F::triplet_margin_with_distance_loss(a, near, far));
  show_error(
      "no number to clip",
      [&] {
        a.mutable_grad() = torch::full({3, 4}, INFINITY);
        nn::utils::clip_grad_norm_(std::vector<Tensor>{a}, 1, 2, true);
      },
      "is non-finite, so it cannot be clipped");
  show("not clipped", a.grad().select(1, 0));
  show("labels", made(nn::MultiLabelMarginLoss())(x[0], torch::tensor({{1, -1, 0}, {2, 0, -1}})));
}

void sequences() {
  Tensor x = numbers({4, 3, 2}).requires_grad_(), lengths = torch::tensor({2, 4, 1});
  rnn::PackedSequence packed = rnn::pack_padded_sequence(x, lengths, false, false);
  show("packed", packed.data());
  show("batch sizes", packed.batch_sizes());
  show("order", packed.sorted_indices());
  show("order back", packed.unsorted_indices());
  auto [lstm, states] = nn::LSTM(made(nn::LSTM(nn::LSTMOptions(2, 3).bidirectional(true))))
                            ->forward_with_packed_input(packed);
  auto [padded, counts] = rnn::pad_packed_sequence(lstm, true, -1.0, 5);
  show("lstm", padded);
  show("lengths", counts);
  show("hidden", std::get<0>(states));
  show("cell", std::get<1>(states));
  show("gradient", torch::autograd::grad({padded.sum() + std::get<1>(states).sum()}, {x})[0]);
  auto [gru, last] = made(nn::GRU(2, 3))->forward_with_packed_input(packed, numbers({1, 3, 3}));
  show("gru", gru.data());
  show("gru's state", last);
  rnn::PackedSequence list = rnn::pack_sequence({numbers({3, 2}), numbers({1, 2})});
  auto [simple, end] = made(nn::RNN(2, 2))->forward_with_packed_input(list);
  show("rnn", simple.data());
  show("rnn's state", end);
  show("padded", rnn::pad_sequence({numbers({3}), numbers({1})}, true, 0.5));
  show_error(
      "growing lengths", [&] { rnn::pack_padded_sequence(x, lengths); },
      "must be sorted in decreasing order");
  show_error(
      "no length",
      [&] {
        rnn::pack_padded_sequence(x, torch::tensor({2, 1, 0}));
      },
      "Length of all samples has to be greater than 0");
  show_error(
      "lengths of another batch", [&] { rnn::pack_padded_sequence(x, torch::tensor({2})); },
      "equal to batch_size");
  show_error(
      "short total_length", [&] { rnn::pad_packed_sequence(lstm, false, 0, 3); },
      "Expected total_length to be at least the length of the longest sequence");
}

void functions() {
  Tensor x = torch::tensor({{0.25f, 0.5f}, {-0.5f, 0.75f}}, torch::requires_grad());
  Tensor w = torch::tensor({{0.5f, 2.0f}, {1.0f, 0.25f}}, torch::requires_grad());
  show_with_gradient("erfinv", x, x.erfinv());
  show_with_gradient("logit", w, torch::logit(w * 0.25));
  show_with_gradient("logit with eps", x, torch::logit(x, 0.3));
  show_with_gradient("xlogy", x, torch::xlogy(x, w));
  show_with_gradient("xlogy of a number", w, torch::xlogy(2, w));
  show_with_gradient("xlogy by a number", x, x.xlogy(2));
  show_with_gradient("logaddexp", x, torch::logaddexp(x, w));
  show_with_gradient("logaddexp2", w, x.logaddexp2(w));
  show_with_gradient("sinc", x, torch::sinc(x));
  Tensor infinite = torch::tensor({NAN, INFINITY, -INFINITY, 1.0f}, torch::requires_grad());
  show_node("nan_to_num", infinite.nan_to_num(0.5, 2, -2));
  show("nan_to_num", torch::nan_to_num(infinite, 0.5, 2, -2));
  show("in place", infinite.detach().clone().nan_to_num_(1.0, 3.0, -3.0));
  show("heaviside", torch::heaviside(torch::tensor({-1.0f, 0.0f, 2.0f}), torch::tensor({0.5f})));
  show("isclose", torch::isclose(x, x + 1e-9));
  show("infinities", torch::stack({infinite.isposinf(), torch::isneginf(infinite)}));
  show("nanmean", torch::nanmean(torch::tensor({1.0f, NAN, 4.0f})));
  show_with_gradient("dist", x, torch::dist(x, w, 1));
  show_with_gradient("pdist", x, torch::pdist(torch::cat({x, w}), 2));
  show_with_gradient("diff", x, torch::diff(x, 1, 0));
  show("diagflat", torch::diagflat(x));
  show("hsplit", x.hsplit(2)[1]);
  show("other names", torch::negative(x).absolute().clip(0.3, 0.6).multiply(2).true_divide(4));
  show("compared", torch::greater(x, w).logical_not().less_equal(true));
}

void norms() {
  Tensor x = torch::tensor({{1.0f, -2.0f}, {3.0f, 4.0f}}, torch::requires_grad());
  show_with_gradient("vector", x, torch::linalg::vector_norm(x, 3, torch::nullopt, false, {}));
  show_with_gradient("vectors", x,
                     torch::linalg::vector_norm(x, 1, at::IntArrayRef({0}), true, {}));
  show_with_gradient("matrix, 1", x, torch::linalg::matrix_norm(x, 1, {0, 1}, false, {}));
  show_with_gradient("matrix, -inf", x,
                     torch::linalg::matrix_norm(x, -INFINITY, {-2, -1}, true, {}));
  show_with_gradient("frobenius", x, torch::linalg::matrix_norm(x, "fro", {-2, -1}, false, {}));
  show_with_gradient("norm", x, torch::linalg::norm(x, torch::nullopt, torch::nullopt, false, {}));
  show_with_gradient("norm, inf", x, torch::linalg::norm(x, INFINITY, torch::nullopt, false, {}));
  show_error(
      "many dims",
      [&] {
        torch::linalg::norm(x.view({2, 1, 2}), 1, torch::nullopt, false, {});
      },
      "If dim is not specified but ord is, the input must be 1D or 2D. Got 3D");
  show_error(
      "order 3",
      [&] {
        torch::linalg::matrix_norm(x, 3, {0, 1}, false, {});
      },
      "Order 3 not supported");
}

void products() {
  Tensor x = torch::tensor({{1.0f, 2.0f}, {3.0f, 4.0f}}, torch::requires_grad());
  Tensor b = torch::tensor({0.5f, 0.25f}), batch = x.detach().unsqueeze(0);
  show_with_gradient("baddbmm", x, torch::baddbmm(x, batch, batch, 2, 3));
  show_with_gradient("addbmm", x, torch::addbmm(b, x.unsqueeze(0), batch, 2, 3));
  show_with_gradient("addmv", x, torch::addmv(b, x, b, 2, 3));
  show_with_gradient("addr", x, torch::addr(x, b, b, 2, 3));
  show_with_gradient("trace", x, torch::trace(x));
  show_with_gradient("variance", x, std::get<0>(torch::var_mean(x)));
  show_with_gradient("its mean", x, std::get<1>(torch::var_mean(x, {0}, true)));
  show_with_gradient("deviation", x, std::get<0>(torch::std_mean(x, {1}, false, true)));
  show_with_gradient("cdist", x, torch::cdist(x, x.detach() + 1));
  Tensor y = batch.clone().baddbmm_(batch, batch)[0].clone();
  show("in place", y.addbmm_(batch, batch, 1, 2).addmm_(x, x).addr_(b, b, 2));
  show("a vector in place", b.clone().addmv_(x, b, 2));
}

}  // namespace

int main() {
  volumes();
  images();
  grids();
  losses();
  sequences();
  functions();
  norms();
  products();
}
