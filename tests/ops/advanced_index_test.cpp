// SPDX-License-Identifier: MIT
// Indexing by tensors and masks; what shapes, names and errors it has is PyTorch's.
#include "tests/support/compare.h"
#include "tests/support/reference.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {
namespace {

using indexing::Ellipsis;
using indexing::None;
using indexing::Slice;

const TensorOptions kRecorded = TensorOptions(kDouble).requires_grad(true);

template <class F>
std::string index_error_of(const F& f) {
  try {
    f();
    settle_test_device();
  } catch (const IndexError& e) {
    return e.message();
  }
  return "none";
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
Sizes sizes_of(const Tensor& t) { return t.sizes().vec(); }

TEST(AdvancedIndex, DimensionsOfTheIndexStandWhereTheIndexedOneStood) {
  Tensor x = arange(60).reshape({3, 4, 5}), i = tensor({0, 2}), rows = zeros({2, 3}, kLong);
  EXPECT_EQ(sizes_of(x.index({i})), (Sizes{2, 4, 5}));
  EXPECT_EQ(sizes_of(x.index({Slice(), i})), (Sizes{3, 2, 5}));
  EXPECT_EQ(sizes_of(x.index({Ellipsis, i})), (Sizes{3, 4, 2}));
  EXPECT_EQ(sizes_of(x.index({Slice(), rows})), (Sizes{3, 2, 3, 5}));
  EXPECT_EQ(sizes_of(x.index({i, i})), (Sizes{2, 5}));
  EXPECT_EQ(sizes_of(x.index({Slice(), i, i})), (Sizes{3, 2}));
  EXPECT_EQ(sizes_of(x.index({i, None, i})), (Sizes{2, 1, 5}));
  EXPECT_EQ(sizes_of(x.index({Slice(), None, i, i})), (Sizes{3, 1, 2}));
}

TEST(AdvancedIndex, DimensionsOfIndicesThatStandApartComeFirst) {
  Tensor x = arange(60).reshape({3, 4, 5}), i = tensor({0, 2});
  EXPECT_TRUE(identical(x.index({i, Slice(), i}), tensor({{0, 5, 10, 15}, {42, 47, 52, 57}})));
  EXPECT_EQ(sizes_of(x.index({Slice(), i, 0})), (Sizes{3, 2}));
  EXPECT_EQ(sizes_of(x.index({0, Slice(), i})), (Sizes{4, 2}));
}

TEST(AdvancedIndex, IndicesBroadcastAndCountFromTheEnd) {
  Tensor x = arange(12).reshape({3, 4});
  EXPECT_TRUE(identical(x.index({tensor({{0}, {-1}}), tensor({1, -2, 3})}),
                        tensor({{1, 2, 3}, {9, 10, 11}})));
  EXPECT_TRUE(identical(x[tensor({-3, 1}).to(kInt)], tensor({{0, 1, 2, 3}, {4, 5, 6, 7}})));
  EXPECT_TRUE(identical(x.t().index({tensor({1, 0})}), tensor({{1, 5, 9}, {0, 4, 8}})));
}

TEST(AdvancedIndex, MasksChooseElementsOfAsManyDimensionsAsTheyHave) {
  Tensor x = arange(12).reshape({3, 4}), rows = tensor({true, false, true});
  EXPECT_TRUE(identical(x[x > 8], tensor({9, 10, 11})));
  EXPECT_TRUE(identical(x[rows], tensor({{0, 1, 2, 3}, {8, 9, 10, 11}})));
  EXPECT_TRUE(identical(x.index({rows, tensor({1, 2})}), tensor({1, 10})));
  EXPECT_TRUE(identical(x[rows.to(kByte)], x[rows]));
  EXPECT_EQ(sizes_of(ones({2, 4, 3}).index({Ellipsis, x.t() > 3})), (Sizes{2, 8}));
  EXPECT_EQ(sizes_of(x[x > 99]), (Sizes{0}));
}

TEST(AdvancedIndex, TruthAndZeroDimensionalTensorsIndexAsTheirValues) {
  Tensor x = arange(12).reshape({3, 4});
  EXPECT_EQ(sizes_of(x.index({true})), (Sizes{1, 3, 4}));
  EXPECT_EQ(sizes_of(x.index({false})), (Sizes{0, 3, 4}));
  EXPECT_EQ(sizes_of(x[tensor(true)]), (Sizes{1, 3, 4}));
  Tensor row = x[tensor(1)];
  EXPECT_TRUE(identical(row, tensor({4, 5, 6, 7})));
  EXPECT_TRUE(row.is_view());
}

TEST(AdvancedIndex, ResultsAreCopiesWithANodeOfTheirOwn) {
  Tensor x = ones({3, 4}, kRecorded);
  EXPECT_EQ(x.index({tensor({0, 2})}).grad_fn()->name(), std::string("IndexBackward0"));
  EXPECT_FALSE(x.index({tensor({0, 2})}).is_view());
  Tensor i = tensor({0, 2}), ones_of = ones({2, 4}, kDouble);
  EXPECT_EQ(x.index_put({i}, ones_of).grad_fn()->name(), std::string("IndexPutBackward0"));
  EXPECT_EQ(index_put(x, {i}, ones_of).grad_fn()->name(), std::string("IndexPutBackward0"));
  EXPECT_EQ(x.take(i).grad_fn()->name(), std::string("TakeBackward0"));
  EXPECT_EQ(x.index_fill(0, i, 2).grad_fn()->name(), std::string("IndexFillBackward0"));
  EXPECT_EQ(x.index_fill(0, i, tensor(2., kDouble)).grad_fn()->name(),
            std::string("IndexFillBackward1"));
  EXPECT_EQ(x.index_copy(0, i, ones_of).grad_fn()->name(), std::string("IndexCopyBackward0"));
  EXPECT_EQ(x.masked_select(x > 0).grad_fn()->name(), std::string("MaskedSelectBackward0"));
  EXPECT_EQ(x.masked_scatter(x > 0, x).grad_fn()->name(), std::string("MaskedScatterBackward0"));
  EXPECT_EQ(x.scatter(0, zeros({1, 4}, kLong), x).grad_fn()->name(),
            std::string("ScatterBackward0"));
  EXPECT_EQ(x.scatter(0, zeros({1, 4}, kLong), 1).grad_fn()->name(),
            std::string("ScatterBackward1"));
  EXPECT_EQ(x.scatter_reduce(0, zeros({1, 4}, kLong), x, "amax").grad_fn()->name(),
            std::string("ScatterReduceBackward0"));
  EXPECT_EQ(x.cumsum(0).grad_fn()->name(), std::string("CumsumBackward0"));
  EXPECT_EQ(x.cumprod(0).grad_fn()->name(), std::string("CumprodBackward0"));
  EXPECT_EQ(x.logcumsumexp(0).grad_fn()->name(), std::string("LogcumsumexpBackward0"));
  EXPECT_EQ(std::get<0>(x.cummax(0)).grad_fn()->name(), std::string("CummaxBackward0"));
}

TEST(AdvancedIndex, GradientsOfEqualIndicesAddUp) {
  Tensor x = tensor({1., 2., 3.}, kRecorded);
  Tensor y = x[tensor({2, 0, 2, -1})];
  (y * tensor({1., 10., 100., 1000.}, kDouble)).sum().backward();
  EXPECT_TRUE(close(x.grad(), tensor({10., 0., 1101.}, kDouble)));
}

TEST(AdvancedIndex, PutWritesWhatBroadcastsAndTheLastOfEqualIndicesStays) {
  Tensor x = zeros({3, 4}, kLong);
  x.index_put_({tensor({0, -1})}, tensor({1, 2, 3, 4}));
  EXPECT_TRUE(identical(x, tensor({{1, 2, 3, 4}, {0, 0, 0, 0}, {1, 2, 3, 4}})));
  x.index_put_({Slice(), tensor({1, 2})}, 9);
  EXPECT_TRUE(identical(x, tensor({{1, 9, 9, 4}, {0, 9, 9, 0}, {1, 9, 9, 4}})));
  x.index_put_({x == 9}, 7);
  EXPECT_TRUE(identical(x[1], tensor({0, 7, 7, 0})));
  x.index_put_({tensor({1, 1, 1}), tensor({0, 0, 0})}, tensor({3, 4, 5}));
  EXPECT_TRUE(identical(x[1], tensor({5, 7, 7, 0})));
  x.index_put_({tensor({1, 1, 1}), tensor({0, 0, 0})}, tensor({3, 4, 5}), true);
  EXPECT_TRUE(identical(x[1], tensor({17, 7, 7, 0})));
}

TEST(AdvancedIndex, PutChangesViewsThroughWhichItIsCalled) {
  Tensor x = zeros({3, 4}, kLong);
  x.t().index_put_({tensor({1, 3})}, tensor({{1, 2, 3}, {4, 5, 6}}));
  EXPECT_TRUE(identical(x, tensor({{0, 1, 0, 4}, {0, 2, 0, 5}, {0, 3, 0, 6}})));
  x.index_put_({Slice(1), tensor({0, 2})}, tensor({7, 8}));
  EXPECT_TRUE(identical(x, tensor({{0, 1, 0, 4}, {7, 2, 8, 5}, {7, 3, 8, 6}})));
  Tensor cube = zeros({2, 2, 2}, kLong);
  cube.index_put_({tensor({0, 1}), Slice(), tensor({1, 0})}, tensor({{1, 2}, {3, 4}}));
  EXPECT_TRUE(identical(cube, tensor({{{0, 1}, {0, 2}}, {{3, 0}, {4, 0}}})));
}

TEST(AdvancedIndex, PutCountsOneChangeAndIsInTheGraphOfTheBase) {
  Tensor leaf = ones({3, 2}, kRecorded), value = tensor({5., 7.}, kRecorded);
  Tensor x = leaf * 1;
  const int64_t version = x._version();
  x.t().index_put_({tensor({1})}, value.sum().expand({3}));
  EXPECT_EQ(x._version(), version + 1);
  EXPECT_EQ(x.grad_fn()->name(), std::string("CopySlices"));
  (x * tensor({{1., 10.}, {2., 20.}, {3., 30.}}, kDouble)).sum().backward();
  EXPECT_TRUE(close(leaf.grad(), tensor({{1., 0.}, {2., 0.}, {3., 0.}}, kDouble)));
  EXPECT_TRUE(close(value.grad(), tensor({60., 60.}, kDouble)));
}

TEST(AdvancedIndex, InPlaceFormsGiveWhatTheOthersDoWithTheirGradients) {
  Tensor i = tensor({2, 0}), index = tensor({{1, 0}, {2, 1}}),
         flags = tensor({{true, false}, {false, true}, {true, true}});
  Tensor start = noise({3, 2}, kDouble), source = noise({2, 2}, kDouble, 2),
         many = noise({6}, kDouble, 3);
  struct Form {
    const char* name;
    Tensor (*out)(const Tensor& x, const Tensor& s, const Tensor& i, const Tensor& index);
    void (*in_place)(const Tensor& x, const Tensor& s, const Tensor& i, const Tensor& index);
  };
  using T = const Tensor&;
  const Form forms[] = {
      {"index_add", [](T x, T s, T i, T) { return x.index_add(0, i, s, 3); },
       [](T x, T s, T i, T) { x.index_add_(0, i, s, 3); }},
      {"index_copy", [](T x, T s, T i, T) { return x.index_copy(0, i, s); },
       [](T x, T s, T i, T) { x.index_copy_(0, i, s); }},
      {"index_fill", [](T x, T s, T i, T) { return x.index_fill(0, i, s.sum()); },
       [](T x, T s, T i, T) { x.index_fill_(0, i, s.sum()); }},
      {"scatter", [](T x, T s, T, T index) { return x.scatter(0, index, s); },
       [](T x, T s, T, T index) { x.scatter_(0, index, s); }},
      {"scatter of a number", [](T x, T s, T, T index) { return x.scatter(0, index, 3) * s.sum(); },
       [](T x, T s, T, T index) { x.scatter_(0, index, 3).mul_(s.sum()); }},
      {"scatter_add", [](T x, T s, T, T index) { return x.scatter_add(0, index, s); },
       [](T x, T s, T, T index) { x.scatter_add_(0, index, s); }},
      {"scatter_reduce", [](T x, T s, T, T index) { return x.scatter_reduce(0, index, s, "prod"); },
       [](T x, T s, T, T index) { x.scatter_reduce_(0, index, s, "prod"); }},
      {"masked_scatter",
       [](T x, T s, T, T) {
         return x.masked_scatter(x.detach() > 0, s.repeat({2, 2}));
       },
       [](T x, T s, T, T) {
         x.masked_scatter_(x.detach() > 0, s.repeat({2, 2}));
       }},
  };
  Tensor weight = noise({3, 2}, kDouble, 4);
  for (const Form& form : forms) {
    Tensor a = start.clone().requires_grad_(), s = source.clone().requires_grad_();
    Tensor expected = form.out(a, s, i, index);
    std::vector<Tensor> grads = autograd::grad({(expected * weight).sum()}, {a, s});
    for (bool transposed : {false, true}) {
      Tensor b = start.clone().requires_grad_(), r = source.clone().requires_grad_();
      Tensor x = transposed ? (b.t() * 1).t() : b * 1;
      form.in_place(x, r, i, index);
      EXPECT_TRUE(identical(x, expected)) << form.name;
      std::vector<Tensor> same = autograd::grad({(x * weight).sum()}, {b, r});
      EXPECT_TRUE(identical(same[0], grads[0]) && identical(same[1], grads[1])) << form.name;
    }
  }
}

TEST(AdvancedIndex, ALeafThatRequiresGradIsNotWrittenTo) {
  Tensor x = zeros({3}, kRecorded);
  EXPECT_TRUE(throws<Error>("a leaf Variable that requires grad is being used in an in-place",
                            [&] { x.index_put_({tensor({0})}, 1); }));
  EXPECT_TRUE(throws<Error>("a leaf Variable that requires grad is being used in an in-place",
                            [&] { x.scatter_(0, tensor({0}), 1); }));
  EXPECT_TRUE(throws<Error>("a leaf Variable that requires grad is being used in an in-place",
                            [&] { x.index_fill_(0, tensor({0}), 1); }));
}

TEST(AdvancedIndex, WhatIsWrittenMayBeReadFromTheSameMemory) {
  Tensor x = arange(4);
  x.index_put_({tensor({0, 1, 2, 3})}, x.index({tensor({3, 2, 1, 0})}));
  EXPECT_TRUE(identical(x, tensor({3, 2, 1, 0})));
  x.index_copy_(0, tensor({1, 2, 3}), x.slice(0, 0, 3));
  EXPECT_TRUE(identical(x, tensor({3, 3, 2, 1})));
  x.index_add_(0, x.clone(), x);
  EXPECT_TRUE(identical(x, tensor({3, 4, 4, 7})));
}

TEST(AdvancedIndex, WrongIndicesAreNamed) {
  Tensor x = zeros({3, 4}), i = tensor({0, 2});
  auto of = [&](std::initializer_list<TensorIndex> indices) {
    std::vector<TensorIndex> list(indices);
    return index_error_of([&] { x.index(list); });
  };
  EXPECT_EQ(of({tensor({0, 3})}), "index: index 3 is out of bounds for dimension 0 with size 3");
  EXPECT_EQ(of({Slice(), tensor({-5})}),
            "index: index -5 is out of bounds for dimension 1 with size 4");
  EXPECT_TRUE(contains(of({zeros({2})}),
                       "tensors used as indices must be long, int, byte or bool tensors"));
  EXPECT_EQ(of({i, i, i}), "too many indices for tensor of dimension 2");
  EXPECT_EQ(of({ones({3, 4, 1}, kBool)}), "too many indices for tensor of dimension 2");
  EXPECT_EQ(of({ones({2}, kBool)}),
            "The shape of the mask [2] at index 0 does not match the shape of "
            "the indexed tensor [3, 4] at index 0");
  EXPECT_EQ(of({Slice(), ones({3}, kBool)}),
            "The shape of the mask [3] at index 0 does not match the "
            "shape of the indexed tensor [3, 4] at index 1");
  EXPECT_EQ(of({ones({3, 5}, kBool)}),
            "The shape of the mask [3, 5] at index 1 does not match the "
            "shape of the indexed tensor [3, 4] at index 1");
  EXPECT_EQ(of({i, tensor({0, 1, 2})}),
            "shape mismatch: indexing tensors could not be broadcast "
            "together with shapes [2], [3]");
  EXPECT_EQ(index_error_of([&] {
              zeros({0, 3}).index({i});
            }),
            "index is out of bounds for dimension with size 0");
}

TEST(AdvancedIndex, WrongValuesAreNamed) {
  Tensor x = zeros({3, 4}), i = tensor({0, 2});
  EXPECT_TRUE(
      throws<Error>("shape mismatch: value tensor of shape [3] cannot be broadcast to indexing "
                    "result of shape [2, 4]",
                    [&] { x.index_put_({i}, ones({3})); }));
  EXPECT_TRUE(throws<Error>("Index put requires the source and destination dtypes match",
                            [&] { x.index_put_({i}, ones({4}, kDouble)); }));
}

TEST(Nonzero, OfANumberCountsAsAVectorOnlyWhereItGivesAList) {
  EXPECT_EQ(sizes_of(tensor(3.).nonzero()), (Sizes{1, 0}));
  EXPECT_EQ(sizes_of(tensor(0.).argwhere()), (Sizes{0, 0}));
  EXPECT_TRUE(identical(where(tensor(true))[0], tensor({0})));
  std::vector<Tensor> found = where(tensor({{0, 1}, {1, 1}}).to(kBool));
  EXPECT_TRUE(identical(found[0], tensor({0, 1, 1})));
  EXPECT_TRUE(identical(found[1], tensor({1, 0, 1})));
}

// Lines of every length that a kernel treats in its own way; sums of small integers are exact.
TEST(Scan, LongLinesAreSumsOfTheirParts) {
  for (int64_t n : {1, 31, 33, 256, 257, 700}) {
    for (int64_t dim : {0, 1}) {
      Tensor x = noise_below(5, dim == 0 ? Sizes{n, 3} : Sizes{3, n});
      Tensor sums = x.cumsum(dim), floats = x.to(kFloat).cumsum(dim);
      EXPECT_TRUE(identical(floats, sums.to(kFloat))) << n;
      EXPECT_TRUE(identical(sums.narrow(dim, 1, n - 1) - sums.narrow(dim, 0, n - 1),
                            x.narrow(dim, 1, n - 1)))
          << n;
      EXPECT_TRUE(identical(sums.select(dim, n - 1), x.sum({dim}))) << n;
      auto [largest, place] = x.cummax(dim);
      EXPECT_TRUE(identical(x.gather(dim, place), largest)) << n;
      EXPECT_TRUE(identical(largest.select(dim, n - 1), std::get<0>(x.max(dim)))) << n;
    }
  }
}

TEST(Scan, TheGradientOfAProductIsRightBesideZeros) {
  Tensor x = tensor({2., 0., 3., 0., 5.}, kRecorded);
  (x.cumprod(0) * tensor({1., 10., 100., 1000., 10000.}, kDouble)).sum().backward();
  EXPECT_TRUE(close(x.grad(), tensor({1., 620., 0., 0., 0.}, kDouble)));
}

TEST(Scan, InfiniteElementsHaveNoPartInALogSum) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  Tensor x = tensor({-inf, -inf, 0., 0.}, kRecorded);
  Tensor y = x.logcumsumexp(0);
  EXPECT_TRUE(close(y.detach().slice(0, 2), tensor({0., std::log(2.)}, kDouble)));
  y.slice(0, 2).sum().backward();
  EXPECT_TRUE(close(x.grad(), tensor({0., 0., 1.5, 0.5}, kDouble)));
}

}  // namespace
}  // namespace adjoint::testing
