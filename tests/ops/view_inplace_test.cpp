// SPDX-License-Identifier: MIT
// Changes of a tensor's shape in place.
#include "tests/support/compare.h"
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

const TensorOptions kRecorded = TensorOptions(kDouble).requires_grad(true);

TEST(ViewInPlace, TheSameMemoryIsShownInAnotherShape) {
  Tensor x = arange(6).reshape({2, 3}), other = x.view({6});
  EXPECT_TRUE(x.t_().is_same(x));
  EXPECT_TRUE(identical(x, tensor({{0, 3}, {1, 4}, {2, 5}})));
  x.unsqueeze_(0).transpose_(0, 2);
  EXPECT_EQ(x.sizes().vec(), (Sizes{2, 3, 1}));
  x.squeeze_(2);
  EXPECT_TRUE(identical(x, tensor({{0, 1, 2}, {3, 4, 5}})));
  x.unsqueeze_(1).unsqueeze_(0).squeeze_();
  EXPECT_EQ(x.sizes().vec(), (Sizes{2, 3}));
  x.fill_(7);
  EXPECT_TRUE(identical(other, full({6}, 7)));
}

TEST(ViewInPlace, GradientsComeBackInTheShapeBefore) {
  Tensor leaf = arange(6, kDouble).reshape({2, 3}).requires_grad_();
  Tensor x = leaf * 1;
  const int64_t version = x._version();
  x.t_();
  EXPECT_EQ(x.grad_fn()->name(), std::string("TBackward1"));
  EXPECT_EQ(x._version(), version + 1);
  x.transpose_(0, 1);
  EXPECT_EQ(x.grad_fn()->name(), std::string("TransposeBackward1"));
  x.unsqueeze_(0);
  EXPECT_EQ(x.grad_fn()->name(), std::string("UnsqueezeBackward1"));
  x.squeeze_(0);
  EXPECT_EQ(x.grad_fn()->name(), std::string("SqueezeBackward4"));
  x.squeeze_();
  EXPECT_EQ(x.grad_fn()->name(), std::string("SqueezeBackward3"));
  Tensor weight = arange(6, kDouble).reshape({2, 3});
  (x * weight).sum().backward();
  EXPECT_TRUE(identical(leaf.grad(), weight));
}

TEST(ViewInPlace, AViewStaysAViewOfItsBase) {
  Tensor leaf = ones({2, 3}, kRecorded);
  Tensor base = leaf * 1, view = base.slice(1, 0, 2);
  view.t_();
  EXPECT_TRUE(view.is_view());
  view.mul_(tensor({{2., 3.}, {4., 5.}}, kDouble));
  base.sum().backward();
  EXPECT_TRUE(identical(leaf.grad(), tensor({{2., 4., 1.}, {3., 5., 1.}}, kDouble)));
}

TEST(ViewInPlace, ALeafThatRequiresGradKeepsItsShape) {
  Tensor x = ones({2, 3}, kRecorded);
  const char* phrase = "a leaf Variable that requires grad is being used in an in-place operation.";
  EXPECT_TRUE(throws<Error>(phrase, [&] { x.t_(); }));
  EXPECT_TRUE(throws<Error>(phrase, [&] { x.unsqueeze_(0); }));
  EXPECT_TRUE(throws<Error>("cannot resize variables that require grad", [&] { x.resize_({2}); }));
  EXPECT_TRUE(
      throws<Error>("cannot resize variables that require grad", [&] { x.clone().resize_({2}); }));
}

TEST(ViewInPlace, ResizeKeepsElementsInTheirOrder) {
  Tensor x = arange(6).reshape({2, 3});
  x.resize_({4});
  EXPECT_TRUE(identical(x, tensor({0, 1, 2, 3})));
  x.resize_({3, 2});
  EXPECT_TRUE(identical(x, tensor({{0, 1}, {2, 3}, {4, 5}})));
  x.resize_({2, 5});
  EXPECT_EQ(x.sizes().vec(), (Sizes{2, 5}));
  EXPECT_TRUE(identical(x.view({10}).slice(0, 0, 6), arange(6)));
  Tensor empty_one = zeros({0});
  empty_one.resize_({2}).fill_(3);
  EXPECT_TRUE(identical(empty_one, full({2}, 3.)));
}

TEST(Shape, TrianglesAreMadeInPlaceToo) {
  Tensor leaf = ones({3, 3}, kRecorded), x = leaf * 1;
  x.tril_().triu_(-1);
  EXPECT_EQ(x.grad_fn()->name(), std::string("TriuBackward0"));
  x.sum().backward();
  EXPECT_TRUE(identical(leaf.grad(), tensor({{1., 0., 0.}, {1., 1., 0.}, {0., 1., 1.}}, kDouble)));
  EXPECT_TRUE(identical(tril_indices(3, 2), tensor({{0, 1, 1, 2, 2}, {0, 0, 1, 0, 1}})));
  EXPECT_TRUE(identical(triu_indices(2, 3, 1), tensor({{0, 0, 1}, {1, 2, 2}})));
}

TEST(Shape, NodesAreNamedAsPyTorchNamesThem) {
  Tensor x = ones({3, 3}, kRecorded);
  auto name = [](const Tensor& t) { return std::string(t.grad_fn()->name()); };
  EXPECT_EQ(name(x.flip({0})), "FlipBackward0");
  EXPECT_EQ(name(x.roll(1, 0)), "RollBackward0");
  EXPECT_EQ(name(x.tril()), "TrilBackward0");
  EXPECT_EQ(name(x.diagonal()), "DiagonalBackward0");
  EXPECT_EQ(name(x.diag_embed()), "DiagEmbedBackward0");
  EXPECT_EQ(name(x.unfold(0, 2, 1)), "UnfoldBackward0");
  EXPECT_EQ(name(x.squeeze({0, 1})), "SqueezeBackward2");
  EXPECT_EQ(name(x.movedim(0, 1)), "PermuteBackward0");
  EXPECT_EQ(name(x.unflatten(0, {3, 1})), "ViewBackward0");
  EXPECT_EQ(name(x.repeat_interleave(2)), "ViewBackward0");
  EXPECT_EQ(name(x.amax(0)), "AmaxBackward0");
  EXPECT_EQ(name(x.median()), "MedianBackward0");
  EXPECT_EQ(name(std::get<0>(x.median(0))), "MedianBackward1");
  EXPECT_EQ(name(std::get<0>(x.kthvalue(1))), "KthvalueBackward0");
  EXPECT_EQ(name(std::get<0>(x.mode())), "ModeBackward0");
  EXPECT_EQ(name(hstack({x, x})), "CatBackward0");
}

TEST(Shape, ADiagonalIsAView) {
  Tensor x = zeros({3, 3});
  x.diagonal(1).fill_(2);
  EXPECT_TRUE(identical(x, tensor({{0., 2., 0.}, {0., 0., 2.}, {0., 0., 0.}})));
  EXPECT_EQ(x.diagonal(9).numel(), 0);
}

TEST(Shape, OneHotHasAOneForEachClass) {
  EXPECT_TRUE(identical(one_hot(tensor({2, 0})), tensor({{0, 0, 1}, {1, 0, 0}})));
  EXPECT_TRUE(identical(one_hot(tensor({{1}}), 2), tensor({{{0, 1}}})));
  EXPECT_EQ(one_hot(zeros({0}, kLong), 3).sizes().vec(), (Sizes{0, 3}));
  EXPECT_TRUE(throws<Error>("Class values must be non-negative", [] { one_hot(tensor({-1})); }));
  EXPECT_TRUE(throws<Error>("Class values must be smaller than num_classes",
                            [] { one_hot(tensor({3}), 2); }));
  EXPECT_TRUE(throws<Error>("Can not infer total number of classes from empty tensor",
                            [] { one_hot(zeros({0}, kLong)); }));
  EXPECT_TRUE(throws<Error>("one_hot is only applicable to index tensor of type LongTensor",
                            [] { one_hot(zeros({1})); }));
}

TEST(Shape, JoinsTakeNumbersAndVectorsAsTheyStand) {
  Tensor v = tensor({1, 2});
  EXPECT_TRUE(identical(hstack({v, v}), tensor({1, 2, 1, 2})));
  EXPECT_TRUE(identical(vstack({v, v}), tensor({{1, 2}, {1, 2}})));
  EXPECT_TRUE(identical(dstack({v, v}), tensor({{{1, 1}, {2, 2}}})));
  EXPECT_TRUE(identical(hstack({tensor(1), tensor(2)}), v));
  EXPECT_TRUE(
      identical(cartesian_prod({v, tensor({3, 4})}), tensor({{1, 3}, {1, 4}, {2, 3}, {2, 4}})));
  std::vector<Tensor> parts = arange(5).tensor_split(2);
  EXPECT_TRUE(identical(parts[0], tensor({0, 1, 2})) && identical(parts[1], tensor({3, 4})));
  EXPECT_TRUE(identical(std::get<0>(unique_consecutive(tensor({1, 1, 2, 1}))), tensor({1, 2, 1})));
}

}  // namespace
}  // namespace adjoint::testing
