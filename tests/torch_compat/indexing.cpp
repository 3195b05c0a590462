// SPDX-License-Identifier: MIT
// Indexing by tensors and masks, writing by index, scans, rearrangements, einsum.
#include "show.h"

namespace {

using torch::indexing::Ellipsis;
using torch::indexing::None;
using torch::indexing::Slice;

torch::Tensor numbers(torch::IntArrayRef sizes) {
  int64_t n = 1;
  for (int64_t s : sizes) n *= s;
  return torch::arange(n, torch::kDouble).reshape(sizes);
}

void index() {
  torch::Tensor x = numbers({3, 4}), cube = numbers({2, 3, 4});
  torch::Tensor i = torch::tensor({0, 2}), j = torch::tensor({{1}, {-1}});
  show("rows", x.index({i}));
  show("columns", x.index({Slice(), i}));
  show("last", cube.index({Ellipsis, i}));
  show("pairs", x.index({i, torch::tensor({1, 3})}));
  show("broadcast", x.index({j, i}));
  show("apart", cube.index({torch::tensor({0, 1}), Slice(), torch::tensor({2, 3})}));
  show("with a number", cube.index({0, i}));
  show("number behind", cube.index({Slice(), i, 1}));
  show("with None", x.index({None, i}));
  show("with a step", x.index({Slice(None, None, 2), torch::tensor({3, 0})}));
  show("mask", x.index({x > 6}));
  show("mask of rows", x.index({torch::tensor({true, false, true})}));
  show("mask and index", x.index({torch::tensor({true, false, true}), torch::tensor({1, 2})}));
  show("no row", x.index({torch::empty({0}, torch::kLong)}));
  show("true", x.index({true}));
  show("a number as a tensor", x[torch::tensor(1)]);
  show("int32", x.index({torch::tensor({1, 0}).to(torch::kLong)}));
}

void put() {
  torch::Tensor x = numbers({3, 4}), i = torch::tensor({0, 2});
  x.index_put_({i}, torch::tensor({9., 8., 7., 6.}, torch::kDouble));
  show("put rows", x);
  x.index_put_({Slice(), torch::tensor({1, 3})}, -1);
  show("put a number", x);
  x.index_put_({x > 5}, 0);
  show("put by mask", x);
  x.index_put_({x < 0}, torch::arange(6, torch::kDouble));
  show("put in order", x);
  x.index_put_({torch::tensor({1, 1, 1})}, torch::ones({4}, torch::kDouble), /*accumulate=*/true);
  show("accumulated", x);
  x.index_put_({1, Slice(1, 3)}, torch::tensor({5., 6.}, torch::kDouble));
  show("put through a view", x);
  x.t().index_put_({torch::tensor({0})}, torch::tensor({1., 2., 3.}, torch::kDouble));
  show("put through a transposed view", x);
}

void gradients() {
  auto leaf = [] { return numbers({3, 2}).add(1).requires_grad_(); };
  torch::Tensor i = torch::tensor({2, 0, 2}), weight = numbers({3, 2}) + 1;
  auto run = [&](const std::string& name, torch::Tensor x, torch::Tensor y) {
    show_node(name, y);
    torch::Tensor g = torch::autograd::grad({(y * y).sum()}, {x}, {}, true, true)[0];
    show("  gradient", g);
    show("  of the gradient", torch::autograd::grad({(g * g).sum()}, {x}, {}, true, true, true)[0]);
  };
  torch::Tensor x = leaf();
  run("index", x, x.index({i}));
  run("index by mask", x, x.index({x > 2}));
  run("masked_select", x, x.masked_select(x > 2));
  run("take", x, x.take(i));
  run("gather", x, x.gather(1, torch::tensor({{0, 0}, {1, 0}})));
  run("index_fill", x, x.index_fill(0, torch::tensor({1}), 3));
  run("index_copy", x, x.index_copy(0, torch::tensor({1}), x.slice(0, 0, 1)));
  run("index_add", x, x.index_add(0, i, weight));
  run("scatter", x, x.scatter(0, torch::tensor({{1, 0}, {0, 2}, {2, 1}}), x));
  run("scatter of a number", x, x.scatter(0, torch::tensor({{1, 0}}), 2));
  run("scatter_add", x, x.scatter_add(0, torch::tensor({{1, 0}, {1, 2}, {1, 2}}), x));
  run("masked_scatter", x, x.masked_scatter(x > 2, weight));
  run("cumsum", x, x.cumsum(0));
  run("cumprod", x, x.cumprod(0));
  run("logcumsumexp", x, x.logcumsumexp(0));
  run("cummax", x, std::get<0>(x.cummax(0)));
  run("flip", x, x.flip({0, 1}));
  run("roll", x, x.roll(1, 0));
  run("tril", x, x.tril());
  run("diagonal", x, x.diagonal());
  run("amax", x, x.amax({0}));
  run("median", x, std::get<0>(x.median(0)));
  run("kthvalue", x, std::get<0>(x.kthvalue(2, 0)));
  run("unfold", x, x.unfold(0, 2, 1));
  run("repeat_interleave", x, x.repeat_interleave(torch::tensor({2, 0, 1}), 0));
  run("einsum", x, torch::einsum("ij,kj->ik", {x, weight}));
  torch::Tensor y = x * 1;
  y.index_put_({torch::tensor({0, 1}), torch::tensor({1, 0})}, x.index({0}));
  run("index_put_", x, y);
  torch::Tensor z = x * 1;
  z.slice(0, 1).index_put_({torch::tensor({1})}, 5);
  run("index_put_ on a view", x, z);
  torch::Tensor w = x * 1;
  w.t_();
  run("t_", x, w);
}

void arrangements() {
  torch::Tensor x = torch::tensor({{3, 1, 2, 1}, {2, 2, 0, 3}});
  show("nonzero", (x > 1).nonzero());
  show("argwhere", torch::argwhere(x - 1));
  show("where", torch::where(x == 2)[1]);
  show("count_nonzero", torch::count_nonzero(x));
  show("one_hot", torch::one_hot(x[1], 4));
  show("cumsum", x.cumsum(1));
  auto [values, places] = x.cummin(1);
  show("cummin", values);
  show("cummin's places", places);
  auto [unique, inverse, counts] = torch::_unique2(x, true, true, true);
  show("unique", unique);
  show("inverse", inverse);
  show("counts", counts);
  auto [slices, where, often] = torch::unique_dim(x, 1, true, true, true);
  show("unique_dim", slices);
  show("where", where);
  show("often", often);
  show("bincount", torch::bincount(x[0]));
  show("histc", torch::histc(x.to(torch::kFloat), 3));
  show("searchsorted", torch::searchsorted(torch::tensor({1, 3, 5}), x));
  show("bucketize", torch::bucketize(x, torch::tensor({1, 2}), false, true));
  show("isin", torch::isin(x, torch::tensor({1, 3})));
  show("mode", std::get<0>(x.mode(1)));
  show("median", x.median());
  show("kthvalue", std::get<0>(x.kthvalue(3, 1)));
  show("rot90", x.rot90(1, {0, 1}));
  show("triu_indices", torch::triu_indices(2, 3));
  show("diag", torch::diag(x[0], 1));
  show("diag_embed", torch::diag_embed(x));
  std::vector<torch::Tensor> grids = torch::meshgrid({torch::tensor({1, 2}), x[0]}, "ij");
  show("meshgrid", grids[0]);
  show("tile", torch::tile(x, {2, 1, 2}));
  show("movedim", torch::movedim(x.unsqueeze(0), 0, 2));
  show("unflatten", x.flatten().reshape({8}).view({2, 2, 2}));
  show("hstack", torch::hstack({x, x}));
  show("vstack", torch::vstack({x[0], x[1]}));
  show("product of integers", torch::matmul(x, x.t()));
  show("tensordot", torch::tensordot(x, x, {1}, {1}));
  show("kron", torch::kron(x, torch::tensor({{1, 10}})));
  show("einsum", torch::einsum("ij,ij->i", {x, x}));
  show("einsum with an ellipsis", torch::einsum("...i,i", {x, x[0]}));
  torch::Tensor y = x.clone();
  y.resize_({3, 2});
  show("resize_", y);
  y.unsqueeze_(0).transpose_(0, 1);
  show("transpose_", y);
}

void errors() {
  torch::Tensor x = numbers({3, 4}), i = torch::tensor({0, 3});
  show_error(
      "row", [&] { x.index({i}); }, "index 3 is out of bounds for dimension 0 with size 3");
  show_error(
      "dtype", [&] { x.index({torch::ones({2})}); }, "tensors used as indices must be long");
  show_error(
      "mask", [&] { x.index({torch::ones({2}, torch::kBool)}); },
      "The shape of the mask [2] at index 0 does not match the shape of the indexed tensor [3, 4] "
      "at index 0");
  show_error(
      "shapes",
      [&] {
        x.index({i, torch::tensor({0, 1, 2})});
      },
      "shape mismatch: indexing tensors could not be broadcast together with shapes [2], [3]");
  show_error(
      "too many",
      [&] {
        x.index({i, i, i});
      },
      "too many indices for tensor of dimension 2");
  show_error(
      "value",
      [&] {
        x.index_put_({torch::tensor({0, 1})}, torch::ones({3}, torch::kDouble));
      },
      "shape mismatch: value tensor of shape [3] cannot be broadcast to indexing result of shape "
      "[2, 4]");
  show_error(
      "scatter", [&] { x.scatter(0, torch::tensor({{7}}), 1); },
      "index 7 is out of bounds for dimension 0 with size 3");
  show_error(
      "masked_select", [&] { x.masked_select(x); }, "masked_select: expected BoolTensor");
  show_error(
      "one_hot", [&] { torch::one_hot(torch::tensor({-1})); }, "Class values must be non-negative");
  show_error(
      "einsum",
      [&] {
        torch::einsum("ij,jk->ik", {x, x});
      },
      "einsum(): subscript j has size 3 for operand 1 which does not broadcast with previously "
      "seen size 4");
  torch::Tensor leaf = torch::ones({2, 3}, torch::requires_grad());
  show_error(
      "leaf", [&] { leaf.index_put_({0}, 1); },
      "a view of a leaf Variable that requires grad is being used in an in-place operation.");
  show_error(
      "leaf by tensor", [&] { leaf.index_put_({torch::tensor({0})}, 1); },
      "a leaf Variable that requires grad is being used in an in-place operation.");
  show_error(
      "resize_", [&] { leaf.resize_({1}); }, "cannot resize variables that require grad");
}

}  // namespace

int main() {
  index();
  put();
  gradients();
  arrangements();
  errors();
}
