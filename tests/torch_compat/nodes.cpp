// SPDX-License-Identifier: MIT
// The name of the node that each operation and each overload makes.
#include "show.h"

using torch::Tensor;

namespace {

Tensor matrix() { return torch::tensor({{1.f, 2.f}, {3.f, 4.f}}, torch::requires_grad()); }
Tensor line() { return torch::tensor({0.5f, 0.25f}, torch::requires_grad()); }

void arithmetic() {
  Tensor x = matrix(), w = matrix();
  show_node("add", x + w);
  show_node("add of a number", x + 2);
  show_node("number + tensor", 2 + x);
  show_node("sub", x - w);
  show_node("sub of a number", x - 2);
  show_node("number - tensor", 2 - x);
  show_node("rsub", torch::rsub(x, 2));
  show_node("mul", x * w);
  show_node("mul by a number", x * 2);
  show_node("number * tensor", 2 * x);
  show_node("div", x / w);
  show_node("div by a number", x / 2);
  show_node("number / tensor", 2 / x);
  show_node("pow", x.pow(2));
  show_node("pow of a tensor", x.pow(w));
  show_node("pow of a number", torch::pow(2, x));
  show_node("square", x.square());
  show_node("maximum", torch::maximum(x, w));
  show_node("minimum", torch::minimum(x, w));
  show_node("max of two", torch::max(x, w));
  show_node("add_", x.clone().add_(w));
  show_node("add_ a number", x.clone().add_(2));
  show_node("sub_", x.clone().sub_(w));
  show_node("sub_ a number", x.clone().sub_(2));
  show_node("mul_", x.clone().mul_(w));
  show_node("mul_ a number", x.clone().mul_(2));
  show_node("div_", x.clone().div_(w));
  show_node("div_ a number", x.clone().div_(2));
  show_node("pow_", x.clone().pow_(2));
  show_node("pow_ of a tensor", x.clone().pow_(w));
}

void one_element() {
  Tensor x = matrix();
  show_node("neg", -x);
  show_node("abs", x.abs());
  show_node("sign", x.sign());
  show_node("exp", x.exp());
  show_node("log", x.log());
  show_node("sqrt", x.sqrt());
  show_node("rsqrt", x.rsqrt());
  show_node("reciprocal", x.reciprocal());
  show_node("sin", x.sin());
  show_node("cos", x.cos());
  show_node("erf", x.erf());
  show_node("neg_", x.clone().neg_());
  show_node("exp_", x.clone().exp_());
  show_node("clamp", x.clamp(1, 2));
  show_node("clamp from below", x.clamp(1));
  show_node("clamp_min", x.clamp_min(1));
  show_node("clamp_max", x.clamp_max(1));
  show_node("clamp_", x.clone().clamp_(1, 2));
  show_node("tanh", x.tanh());
  show_node("sigmoid", x.sigmoid());
  show_node("relu", x.relu());
  show_node("relu_", x.clone().relu_());
  show_node("log_sigmoid", torch::log_sigmoid(x));
  show_node("gelu", torch::gelu(x));
  show_node("softmax", torch::softmax(x, 1));
  show_node("log_softmax", torch::log_softmax(x, 1));
}

void more_of_one_element() {
  Tensor x = torch::tensor({0.25f, 0.5f}, torch::requires_grad());
  show_node("sgn", x.sgn());
  show_node("erfc", x.erfc());
  show_node("log1p", x.log1p());
  show_node("expm1", x.expm1());
  show_node("log2", x.log2());
  show_node("log10", x.log10());
  show_node("exp2", x.exp2());
  show_node("tan", x.tan());
  show_node("asin", x.asin());
  show_node("acos", x.acos());
  show_node("atan", x.atan());
  show_node("sinh", x.sinh());
  show_node("cosh", x.cosh());
  show_node("asinh", x.asinh());
  show_node("acosh", x.acosh());
  show_node("atanh", x.atanh());
  show_node("floor", x.floor());
  show_node("ceil", x.ceil());
  show_node("round", x.round());
  show_node("trunc", x.trunc());
  show_node("frac", x.frac());
  show_node("log1p_", x.clone().log1p_());
  show_node("floor_", x.clone().floor_());
  show_node("clamp_min_", x.clone().clamp_min_(1));
}

void more_of_several_elements() {
  Tensor x = matrix(), w = matrix();
  show_node("clamp by tensors", x.clamp(w, w));
  show_node("clamp_min by a tensor", x.clamp_min(w));
  show_node("clamp_max by a tensor", x.clamp_max(w));
  show_node("remainder", x.remainder(w));
  show_node("remainder of a number", x % 2);
  show_node("fmod", x.fmod(w));
  show_node("fmod of a number", x.fmod(2));
  show_node("div, floored", x.div(w, "floor"));
  show_node("div of a number, truncated", x.div(2, "trunc"));
  show_node("floor_divide", x.floor_divide(w));
  show_node("atan2", x.atan2(w));
  show_node("hypot", x.hypot(w));
  show_node("lerp", x.lerp(w, w));
  show_node("lerp by a number", x.lerp(w, 0.5));
  show_node("addcmul", x.addcmul(w, w));
  show_node("addcdiv", x.addcdiv(w, w));
  show_node("remainder_", x.clone().remainder_(2));
  show_node("lerp_", x.clone().lerp_(w, 0.5));
  show_node("addcdiv_", x.clone().addcdiv_(w, w, 2));
}

void activations() {
  Tensor x = matrix();
  show_node("silu", torch::silu(x));
  show_node("mish", torch::mish(x));
  show_node("softplus", torch::softplus(x));
  show_node("elu", torch::elu(x));
  show_node("selu", torch::selu(x));
  show_node("celu", torch::celu(x));
  show_node("leaky_relu", torch::leaky_relu(x));
  show_node("hardtanh", torch::hardtanh(x));
  show_node("relu6", torch::relu6(x));
  show_node("hardsigmoid", torch::hardsigmoid(x));
  show_node("hardswish", torch::hardswish(x));
  show_node("hardshrink", torch::hardshrink(x));
  show_node("softshrink", torch::softshrink(x));
  show_node("threshold", torch::threshold(x, 1, 2));
  show_node("glu", torch::glu(x));
  show_node("softsign", torch::nn::functional::softsign(x));
  show_node("tanhshrink", torch::nn::functional::tanhshrink(x));
  auto in_place = [&](const char* name, auto function) {
    Tensor y = x.clone();
    show_node(name, function(y));
  };
  in_place("silu_", [](Tensor& y) { return torch::silu_(y); });
  in_place("mish_", [](Tensor& y) { return torch::mish_(y); });
  in_place("elu_", [](Tensor& y) { return torch::elu_(y); });
  in_place("selu_", [](Tensor& y) { return torch::selu_(y); });
  in_place("celu_", [](Tensor& y) { return torch::celu_(y); });
  in_place("leaky_relu_", [](Tensor& y) { return torch::leaky_relu_(y); });
  in_place("hardtanh_", [](Tensor& y) { return torch::hardtanh_(y); });
  in_place("relu6_", [](Tensor& y) { return torch::relu6_(y); });
  in_place("hardsigmoid_", [](Tensor& y) { return torch::hardsigmoid_(y); });
  in_place("threshold_", [](Tensor& y) { return torch::threshold_(y, 1, 2); });
}

void choices() {
  Tensor x = matrix(), w = matrix(), mask = x > 2;
  show_node("where", torch::where(mask, x, w));
  show_node("masked_fill", x.masked_fill(mask, 0));
  show_node("masked_fill_", x.clone().masked_fill_(mask, 0));
}

void reductions() {
  Tensor x = matrix();
  show_node("sum", x.sum());
  show_node("sum of dims", x.sum({0}));
  show_node("mean", x.mean());
  show_node("mean of dims", x.mean(0));
  show_node("prod", x.prod());
  show_node("prod of a dim", x.prod(0));
  show_node("var", x.var());
  show_node("var of dims", x.var({0}, true));
  show_node("std", x.std());
  show_node("std of dims", x.std({0}, true));
  show_node("max", x.max());
  show_node("max of a dim", std::get<0>(x.max(0)));
  show_node("min", x.min());
  show_node("min of a dim", std::get<0>(x.min(0)));
  show_node("norm", x.norm());
  show_node("norm of order 1", x.norm(1));
  show_node("norm of dims", x.norm(2, {0}, true));
  show_node("logsumexp", x.logsumexp({0}));
  show_node("sort", std::get<0>(x.sort(0)));
  show_node("topk", std::get<0>(x.topk(1)));
  show_node("sum_to_size", x.sum_to_size({1, 2}));
}

void matrix_products() {
  Tensor x = matrix(), w = matrix(), b = line();
  show_node("mm", x.mm(w));
  show_node("bmm", x.unsqueeze(0).bmm(w.unsqueeze(0)));
  show_node("mv", x.mv(b));
  show_node("dot", b.dot(b));
  show_node("matmul", torch::matmul(x, w));
  show_node("outer", torch::outer(b, b));
  show_node("addmm", torch::addmm(b, x, w));
  show_node("linear", torch::linear(x, w, b));
  show_node("linear without bias", torch::linear(x, w));
}

/// Those that are written as the operation out of place, and neighbours of theirs.
void products_and_scans_in_place() {
  Tensor x = matrix(), w = matrix(), b = line(), batch = x.unsqueeze(0);
  show_node("addmm_", x.clone().addmm_(x, w));
  show_node("addmv_", b.clone().addmv_(x, b));
  show_node("addr_", x.clone().addr_(b, b));
  show_node("addbmm_", x.clone().addbmm_(batch, batch));
  show_node("baddbmm_", batch.clone().baddbmm_(batch, batch));
  show_node("addmm_ of what needs no gradient", torch::zeros({2, 2}).addmm_(x, w));
  show_node("addmm_ of no gradient", torch::zeros({2, 2}).addmm_(x.detach(), w.detach()));
  Tensor of_row = x.clone();
  of_row.narrow(0, 0, 1).addmm_(b.unsqueeze(0), w);
  show_node("addmm_ of a view", of_row);
  show_node("cumsum_", x.clone().cumsum_(0));
  show_node("cumprod_", x.clone().cumprod_(0));
}

void more_in_place() {
  Tensor x = matrix(), w = matrix(), rows = torch::tensor({0, 1}), mask = x > 2;
  show_node("logical_not_", x.clone().logical_not_());
  show_node("logical_and_", x.clone().logical_and_(w));
  show_node("logical_or_", x.clone().logical_or_(w));
  show_node("logical_xor_", x.clone().logical_xor_(w));
  show_node("logical_and_ with what needs a gradient", torch::ones({2, 2}).logical_and_(w));
  show_node("atan2_", x.clone().atan2_(w));
  show_node("hypot_", x.clone().hypot_(w));
  show_node("xlogy_", x.clone().xlogy_(w));
  show_node("xlogy_ of a number", x.clone().xlogy_(2));
  show_node("logit_", x.clone().logit_(0.1));
  show_node("sinc_", x.clone().sinc_());
  show_node("nan_to_num_", x.clone().nan_to_num_());
  show_node("erfinv_", x.clone().erfinv_());
  show_node("square_", x.clone().square_());
  show_node("reciprocal_", x.clone().reciprocal_());
  show_node("tril_", x.clone().tril_());
  show_node("triu_", x.clone().triu_());
  show_node("random_", x.clone().random_());
  show_node("exponential_", x.clone().exponential_());
  show_node("masked_scatter_", x.clone().masked_scatter_(mask, w));
  show_node("scatter_", x.clone().scatter_(0, torch::tensor({{0, 1}}), w));
  show_node("scatter_ of a number", x.clone().scatter_(0, torch::tensor({{0, 1}}), 2));
  show_node("scatter_add_", x.clone().scatter_add_(0, torch::tensor({{0, 1}}), w));
  show_node("index_add_", x.clone().index_add_(0, rows, w));
  show_node("index_copy_", x.clone().index_copy_(0, rows, w));
  show_node("index_fill_", x.clone().index_fill_(0, rows, 2));
  show_node("index_put_", x.clone().index_put_({rows}, w));
  show_node("fmod_", x.clone().fmod_(w));
  show_node("addcmul_", x.clone().addcmul_(w, w));
}

void shapes() {
  Tensor x = matrix(), b = line();
  show_node("view", x.view({4}));
  show_node("reshape of a view", x.t().reshape({4}));
  show_node("t", x.t());
  show_node("mT", x.mT());
  show_node("transpose", x.transpose(0, 1));
  show_node("permute", x.permute({1, 0}));
  show_node("expand", b.expand({3, 2}));
  show_node("select", x[0]);
  show_node("slice", x.slice(0, 1));
  show_node("narrow", x.narrow(0, 0, 1));
  show_node("unsqueeze", x.unsqueeze(0));
  show_node("squeeze", x.squeeze());
  show_node("squeeze of a dim", x.squeeze(0));
  show_node("as_strided", x.as_strided({2}, {1}));
  show_node("split", x.split(1)[0]);
  show_node("split of sizes", x.split_with_sizes({1, 1})[0]);
  show_node("chunk", x.chunk(2)[0]);
  show_node("unbind", x.unbind()[0]);
  show_node("repeat", x.repeat({2, 1}));
  show_node("cat", torch::cat({x, x}));
  show_node("stack", torch::stack({x, x}));
  show_node("clone", x.clone());
  show_node("contiguous", x.t().contiguous());
  show_node("to", x.to(torch::kDouble));
  show_node("copy_", torch::zeros({2, 2}).copy_(x));
  show_node("fill_", x.clone().fill_(1));
  show_node("zero_", x.clone().zero_());
  show_node("uniform_", x.clone().uniform_());
  show_node("normal_", x.clone().normal_());
  show_node("bernoulli_", x.clone().bernoulli_(0.5));
}

void by_index() {
  Tensor x = matrix(), rows = torch::tensor({0, 1}), places = torch::tensor({{0, 1}});
  show_node("index_select", x.index_select(0, rows));
  show_node("index_add", x.index_add(0, rows, x));
  show_node("gather", x.gather(0, places));
  show_node("scatter_add", x.scatter_add(0, places, x));
  show_node("embedding", torch::embedding(x, rows));
}

void layers() {
  Tensor x = matrix(), b = line();
  Tensor image = torch::ones({1, 1, 4, 4}, torch::requires_grad());
  Tensor kernel = torch::ones({1, 1, 2, 2}, torch::requires_grad());
  show_node("conv2d", torch::conv2d(image, kernel));
  show_node("max_pool2d", torch::max_pool2d(image, {2, 2}));
  show_node("layer_norm", torch::layer_norm(x, {2}));
  show_node("batch_norm", torch::nn::BatchNorm1d(2)(x));
  Tensor classes = torch::tensor({0, 1}), target = torch::zeros({2, 2});
  show_node("mse_loss", torch::mse_loss(x, target));
  show_node("nll_loss", torch::nll_loss(x, classes));
  show_node("cross_entropy", torch::nn::functional::cross_entropy(x, classes));
  show_node("binary_cross_entropy_with_logits", torch::binary_cross_entropy_with_logits(x, target));
}

}  // namespace

int main() {
  arithmetic();
  one_element();
  more_of_one_element();
  more_of_several_elements();
  activations();
  choices();
  reductions();
  matrix_products();
  products_and_scans_in_place();
  more_in_place();
  shapes();
  by_index();
  layers();
}
