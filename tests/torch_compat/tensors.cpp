// SPDX-License-Identifier: MIT
// Tensors: making, printing, views, indexing, in-place changes, errors.
#include "show.h"

namespace {

using torch::indexing::Ellipsis;
using torch::indexing::None;
using torch::indexing::Slice;

void printing() {
  std::cout << torch::ones({2, 2}) << "\n";
  std::cout << torch::tensor({1.5, -2.25, 3.0}) << "\n";
  std::cout << torch::arange(12).reshape({2, 2, 3}) << "\n";
  std::cout << torch::arange(8, torch::kFloat64).view({2, 2, 1, 2}) / 3 << "\n";
  std::cout << torch::tensor({0.00001, 0.00002}) << "\n";
  std::cout << torch::tensor({{1e6, 1.0}, {0.001, 2.0}}) << "\n";
  std::cout << torch::tensor({100.25, 1.0}) << "\n";
  std::cout << torch::tensor({-300, 1, 20}) << "\n";
  std::cout << torch::tensor({1e9, 2.0}) << "\n";
  std::cout << torch::tensor({1.0, std::nan(""), 2.0}) << "\n";
  std::cout << torch::tensor({true, false}) << "\n";
  std::cout << torch::tensor(3.5) << "\n" << torch::tensor(7) << "\n";
  std::cout << torch::empty({0, 3}) << "\n" << torch::Tensor() << "\n";
  std::cout << torch::tensor({1.0, 2.0}, torch::requires_grad()) * 2 << "\n";
  std::cout << torch::tensor({{1e-5, 2e-5}, {3e-5, 4e-5}}) << "\n";
  std::cout << torch::tensor({{{1e-5, 2e-5}, {3e-5, 4e-5}}}) << "\n";
  torch::Tensor t = torch::zeros({2, 3}, torch::dtype(torch::kInt64));
  std::cout << t.sizes() << " " << t.scalar_type() << " " << t.device() << "\n";
  std::cout << torch::Scalar(2.5) << " " << torch::Scalar(3) << " " << torch::kFloat32 << "\n";
}

void making() {
  auto options = torch::TensorOptions()
                     .dtype(torch::kFloat32)
                     .layout(torch::kStrided)
                     .device(torch::kCPU)
                     .requires_grad(true);
  show("full", torch::full({2, 2}, 1.5, options));
  show("full requires grad", torch::full({2}, 1, options).requires_grad());
  show("arange", torch::arange(1, 10, 3));
  show("arange float", torch::arange(0.0, 1.0, 0.25));
  show("linspace", torch::linspace(0, 1, 5));
  show("eye", torch::eye(2, 3));
  show("vector as double", torch::tensor(std::vector<double>{1, 2}, torch::kFloat64));
  float data[] = {1, 2, 3, 4};
  torch::Tensor blob = torch::from_blob(data, {2, 2});
  blob.mul_(2);
  show("blob", blob);
  std::cout << "memory behind it: " << data[3] << "\n";
  show("like", torch::ones_like(blob, torch::kLong));
  show("new_full", blob.new_full({2}, 3));
  show("cat", torch::cat({blob, blob}, 1));
  show("stack", torch::stack({blob[0], blob[1]}, /*dim=*/1));
  show("promotion", torch::tensor({1, 2}) + torch::tensor({0.5, 0.25}));
  show("division", torch::tensor({1, 2}) / 4);
  std::cout << "item: " << torch::tensor({4}).item<int64_t>() << " "
            << torch::tensor(2.5).item().toDouble() << "\n";
  auto a = blob.accessor<float, 2>();
  std::cout << "accessor: " << a[1][0] << " of " << a.size(0) << "\n";
}

void views() {
  torch::Tensor x = torch::arange(12, torch::kFloat32).view({3, 4});
  show("select", x[1]);
  show("element", x[1][2]);
  show("column", x.index({Slice(), 1}));
  show("steps", x.index({Slice(None, None, 2), Slice(1, -1)}));
  show("ellipsis", x.index({Ellipsis, -1}));
  show("new dimension", x.index({0, None}));
  show("slice", x.slice(1, 1, 4, 2));
  show("narrow", x.narrow(0, 1, 2));
  show("transposed", x.t());
  show("permuted", x.view({3, 2, 2}).permute({2, 0, 1}));
  show("flattened", torch::flatten(x.view({3, 2, 2}), 1));
  show("squeezed", x.unsqueeze(0).squeeze());
  show("expanded", x[0].unsqueeze(0).expand({2, 4}));
  auto chunks = x.chunk(2, 1);
  show("chunk", chunks[1]);
  show("split", x.split(2)[1]);
  show("contiguous", x.t().is_contiguous());
  show("made contiguous", x.t().contiguous().is_contiguous());
  show("is a view", x[1].is_view());
  std::cout << "strides: " << x.t().strides() << " offset " << x[1].storage_offset() << "\n";
}

void in_place() {
  torch::Tensor x = torch::zeros({2, 3});
  x[0] = 1;
  x[1][2] = 5.0;
  x.index({Slice(), 0}) += 2;
  x.index_put_({1, Slice(0, 2)}, torch::tensor({7.0, 8.0}));
  show("assigned", x);
  torch::Tensor row = x[0];
  row.mul_(10);
  show("through a view", x);
  std::cout << "versions: " << x._version() << " " << row._version() << "\n";
  x.masked_fill_(x > 20, -1);
  show("masked", x);
  x.copy_(torch::ones({3}));
  x.t().select(0, 1).zero_();
  show("copied", x);
  x.add_(torch::ones({2, 3}), 0.5).sub_(1).div_(2).clamp_(-0.2, 0.2);
  show("chain", x);
  show("where", torch::where(x > 0, x, torch::zeros_like(x)));
  show("mask operators", ((x > 0) & ~(x > 0.19)) | (x < 0));
}

void reductions() {
  torch::Tensor x = torch::tensor({{1.0, 5.0, 3.0}, {4.0, 2.0, 6.0}});
  show("sum", x.sum());
  show("sum of columns", x.sum(0));
  show("mean kept", x.mean(1, /*keepdim=*/true));
  show("mean of both", x.mean(torch::IntArrayRef({0, 1})));
  show("std", x.std());
  show("var", x.var(1, /*unbiased=*/false));
  show("prod", x.prod(1));
  show("norm", x.norm());
  auto [values, indices] = x.max(1);
  show("max", values);
  show("max at", indices);
  std::tuple<torch::Tensor, torch::Tensor> least = torch::min(x, 0);
  show("min", std::get<0>(least));
  show("argmax", x.argmax());
  show("argmax of rows", x.argmax(1));
  show("all", (x > 0).all());
  show("any", (x > 5).any());
  show("equal count", x.eq(x).sum());
  show("sorted", std::get<0>(x.sort(1, /*descending=*/true)));
  show("largest", std::get<0>(x.topk(2, 1)));
  show("softmax", torch::softmax(x, 1));
  show("log_softmax", x.log_softmax(0));
  show("logsumexp", torch::logsumexp(x, 1));
  show("matmul", torch::matmul(x, x.t()));
  show("mv", x.mv(torch::tensor({1.0, 0.0, 1.0})));
  show("dot", torch::dot(x[0], x[1]));
  show("addmm", torch::addmm(torch::ones({2, 2}), x, x.t(), 2, 0.5));
  show("gathered", x.gather(1, torch::tensor({{0}, {2}})));
  show("selected", torch::index_select(x, 1, torch::tensor({2, 0})));
  show("scattered", torch::zeros({2, 3}).scatter_add(1, torch::tensor({{0, 0}}), x));
  show("close", torch::allclose(x, x + 1e-9));
  show("equal", torch::equal(x, x.clone()));
  show("clamped", x.clamp(2, 4));
  show("power", torch::pow(x, 2));
  show("base", torch::pow(2, x));
}

void errors() {
  torch::Tensor x = torch::ones({2, 3});
  show_error(
      "shapes", [&] { x + torch::ones({2}); },
      "The size of tensor a (3) must match the size of tensor b (2) at non-singleton "
      "dimension 1");
  show_error(
      "view", [&] { x.t().view({6}); }, "view size is not compatible with input tensor's");
  show_error(
      "reshape", [&] { x.reshape({4}); }, "shape '[4]' is invalid for input of size 6");
  show_error(
      "index", [&] { x.select(0, 2); },
      "index 2 out of range for tensor of size [2, 3] at dimension 0");
  show_error(
      "dimension", [&] { x.sum(2); }, "Dimension out of range (expected to be in range of");
  show_error(
      "matrices", [&] { x.mm(x); }, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
  show_error(
      "scalar", [&] { x.item<float>(); }, "cannot be converted to Scalar");
  show_error(
      "type", [&] { x.data_ptr<int64_t>(); }, "expected scalar type Long but found Float");
  show_error(
      "mean",
      [&] {
        torch::tensor({1, 2}).mean();
      },
      "mean(): ");
  show_error(
      "in place", [&] { torch::ones({2}, torch::kLong).add_(0.5); },
      "result type Float can't be cast to the desired output type Long");
  show_error(
      "expand",
      [&] {
        x.expand({2, 4});
      },
      "must match the existing size (3)");
  show_error(
      "cat",
      [&] {
        torch::cat({x, torch::ones({2, 2})}, 0);
      },
      "Sizes of tensors must match");
  show_error(
      "check", [&] { TORCH_CHECK(x.dim() == 3, "got ", x.dim(), " for ", x.sizes()); },
      "got 2 for [2, 3]");
  show_error(
      "plain check", [&] { TORCH_CHECK(x.dim() == 3); }, "Expected x.dim() == 3 to be true");
  try {
    x[5];
  } catch (const c10::IndexError&) {
    std::cout << "an IndexError\n";
  }
}

}  // namespace

int main() {
  printing();
  making();
  views();
  in_place();
  reductions();
  errors();
}
