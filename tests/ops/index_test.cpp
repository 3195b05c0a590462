// SPDX-License-Identifier: MIT
// index_select, index_add, gather, scatter_add, embedding.
#include "tests/support/reference.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {
namespace {

const std::vector<ScalarType> kEveryDtype{kBool, kByte,     kInt,   kLong,
                                          kHalf, kBFloat16, kFloat, kDouble};

template <class F>
std::string error_of(const F& f) {
  try {
    f();
    settle_test_device();
  } catch (const IndexError& e) {
    return "IndexError: " + e.message();
  } catch (const Error& e) {
    return "Error: " + e.message();
  }
  return "none";
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Index, SelectTakesSlicesOfEveryDtypeAndIndexDtype) {
  for (ScalarType dtype : kEveryDtype) {
    for (ScalarType index_dtype : {kInt, kLong}) {
      Tensor x = arange(6).reshape({2, 3}).to(dtype);
      Tensor index = tensor({2, 0, 2}).to(index_dtype);
      EXPECT_TRUE(identical(x.index_select(1, index), tensor({{2, 0, 2}, {5, 3, 5}}).to(dtype)));
      EXPECT_TRUE(identical(x.index_select(-2, tensor({1}).to(index_dtype)),
                            tensor({{3, 4, 5}}).to(dtype)));
    }
  }
}

TEST(Index, SelectReadsTransposedTensorsAndSteppedIndices) {
  Tensor x = arange(6).reshape({2, 3}).t();
  Tensor index = tensor({2, 9, 0, 9}).slice(0, 0, std::nullopt, 2);
  EXPECT_TRUE(identical(x.index_select(0, index), tensor({{2, 5}, {0, 3}})));
}

TEST(Index, AddSumsEqualIndicesInEveryDtype) {
  for (ScalarType dtype : kEveryDtype) {
    Tensor x = tensor({{1, 0}, {0, 1}, {0, 0}}).to(dtype);
    Tensor src = tensor({{1, 1}, {1, 0}, {0, 1}}).to(dtype);
    Tensor expected = tensor({{1, 1}, {0, 1}, {2, 1}});  // true + true is true
    EXPECT_TRUE(identical(x.index_add(0, tensor({2, 2, 0}), src), expected.to(dtype)))
        << dtype_name(dtype);
  }
}

TEST(Index, GatherPicksAlongADimension) {
  for (ScalarType dtype : kEveryDtype) {
    Tensor x = arange(6).reshape({2, 3}).to(dtype);
    EXPECT_TRUE(
        identical(x.gather(1, tensor({{0, 2}, {1, 1}})), tensor({{0, 2}, {4, 4}}).to(dtype)));
    EXPECT_TRUE(identical(x.gather(0, tensor({{1, 0, 1}})), tensor({{3, 1, 5}}).to(dtype)));
    EXPECT_TRUE(
        identical(x.t().gather(0, tensor({{0, 2}, {1, 1}})), tensor({{0, 5}, {1, 4}}).to(dtype)));
  }
}

TEST(Index, ScatterAddIsTheTransposeOfGather) {
  for (int64_t dim : {0, 1, 2}) {
    Tensor x = noise({4, 5, 3}, kDouble), src = noise({3, 3, 3}, kDouble, 2);
    Tensor index = noise_below(3, {3, 3, 3});
    Tensor added = zeros({4, 5, 3}, kDouble).scatter_add(dim, index, src);
    EXPECT_TRUE(close((x.gather(dim, index) * src).sum(), (x * added).sum()));
  }
}

TEST(Index, GradientsOfEveryOrderFlowBack) {
  auto options = TensorOptions(kDouble).requires_grad(true);
  Tensor x = tensor({{1., 2.}, {3., 4.}, {5., 6.}}, options);
  Tensor index = tensor({2, 0, 2});
  Tensor y = x.index_select(0, index);
  Tensor g = autograd::grad({(y * y * y).sum()}, {x}, {}, std::nullopt, true)[0];
  EXPECT_TRUE(close(g, tensor({{3., 12.}, {0., 0.}, {150., 216.}}, kDouble)));
  Tensor gg = autograd::grad({g.sum()}, {x})[0];
  EXPECT_TRUE(close(gg, tensor({{6., 12.}, {0., 0.}, {60., 72.}}, kDouble)));

  Tensor z = x.gather(1, tensor({{0, 0}, {1, 0}, {1, 1}}));
  Tensor h = autograd::grad({(z * z).sum()}, {x}, {}, std::nullopt, true)[0];
  EXPECT_TRUE(close(h, tensor({{4., 0.}, {6., 8.}, {0., 24.}}, kDouble)));
  EXPECT_TRUE(
      close(autograd::grad({h.sum()}, {x})[0], tensor({{4., 0.}, {2., 2.}, {0., 4.}}, kDouble)));
}

TEST(Index, ScatterAddTakesTheGradientOfTheUsedPartOfItsSource) {
  Tensor src = ones({2, 3}, TensorOptions(kDouble).requires_grad(true));
  Tensor y = zeros({3, 3}, kDouble).scatter_add(0, tensor({{0, 2}}), src);
  y.sum().backward();
  EXPECT_TRUE(close(src.grad(), tensor({{1., 1., 0.}, {0., 0., 0.}}, kDouble)));
}

TEST(Index, EmbeddingEqualsPyTorchs) {
  int checked = 0;
  for (const auto& c : reference("modules")["cases"]) {
    if (c["module"] != "Embedding") continue;
    int64_t n = c["options"]["num_embeddings"];
    int64_t padding = c["options"].value("padding_idx", int64_t(-1));
    if (c["options"].contains("padding_idx") && padding < 0) padding += n;
    for (ScalarType dtype : {kFloat, kDouble, kBFloat16, kHalf}) {
      for (ScalarType index_dtype : {kInt, kLong}) {
        Tensor weight = to_tensor(c["params"]["weight"]).to(dtype).requires_grad_();
        Tensor out = embedding(weight, to_tensor(c["inputs"]["input"]).to(index_dtype), padding);
        EXPECT_TRUE(close(out, to_tensor(c["output"]))) << c["name"];
        out.backward(to_tensor(c["grad_output"]).to(dtype));
        EXPECT_TRUE(close(weight.grad(), to_tensor(c["grads"]["weight"]))) << c["name"];
      }
    }
    ++checked;
  }
  EXPECT_EQ(checked, 5);
}

TEST(Index, EmbeddingsSecondGradientLeavesPaddingOut) {
  Tensor weight = tensor({{1., 2.}, {3., 4.}}, TensorOptions(kDouble).requires_grad(true));
  Tensor y = embedding(weight, tensor({0, 1, 1}), 0);
  Tensor g = autograd::grad({(y * y).sum()}, {weight}, {}, std::nullopt, true)[0];
  EXPECT_TRUE(close(g, tensor({{0., 0.}, {12., 16.}}, kDouble)));
  EXPECT_TRUE(close(autograd::grad({g.sum()}, {weight})[0], tensor({{0., 0.}, {4., 4.}}, kDouble)));
}

// Lists of every length in which a kernel may sort them.
TEST(Index, EqualIndicesAddUpInTheirOrder) {
  constexpr int64_t kOuter = 2, kRows = 70, kInner = 3;
  for (int64_t n : {3, 40, 1000, 1025, 5000}) {
    Tensor index = noise_below(kRows, {n}), src = noise({kOuter, n, kInner}),
           start = noise({kOuter, kRows, kInner}, kFloat, 2);
    Tensor expected = start.to(kCPU).clone(), rows = index.to(kCPU), added = src.to(kCPU);
    for (int64_t i = 0; i < kOuter * n * kInner; ++i) {
      const int64_t row = rows.data_ptr<int64_t>()[i / kInner % n];
      expected.data_ptr<float>()[(i / kInner / n * kRows + row) * kInner + i % kInner] +=
          added.data_ptr<float>()[i];
    }
    EXPECT_TRUE(identical(start.index_add(1, index, src).to(kCPU), expected)) << n;
    Tensor places = index.reshape({1, n, 1}).expand({kOuter, n, kInner});
    EXPECT_TRUE(identical(start.scatter_add(1, places, src).to(kCPU), expected)) << n;
    EXPECT_TRUE(identical(
        start.permute({2, 0, 1}).scatter_add(2, places.permute({2, 0, 1}), src.permute({2, 0, 1})),
        expected.permute({2, 0, 1}).to(start.device())))
        << n;

    Tensor weight = zeros({kRows, kInner}).requires_grad_();
    embedding(weight, index, 1).backward(src[0]);
    Tensor rows_grad = zeros({kRows, kInner}).index_add(0, index, src[0]);
    rows_grad[1].zero_();
    EXPECT_TRUE(identical(weight.grad(), rows_grad)) << n;
  }
}

TEST(Index, AWrongIndexIsNamedWithItsBounds) {
  Tensor x = zeros({2, 3}), v = zeros({3});
  std::string text = error_of([&] { x.index_select(1, tensor({0, 3})); });
  EXPECT_EQ(text, "IndexError: index_select: index 3 is out of bounds for dimension 1 with size 3");
  EXPECT_TRUE(contains(error_of([&] { v.index_select(0, tensor({-1})); }), "index -1 is out of"));
  text = error_of([&] { x.gather(1, tensor({{0, 1}, {0, 5}})); });
  EXPECT_EQ(text, "IndexError: gather: index 5 is out of bounds for dimension 1 with size 3");
  text = error_of([&] { x.scatter_add(0, tensor({{0, 2}}), x); });
  EXPECT_EQ(text, "IndexError: scatter_add: index 2 is out of bounds for dimension 0 with size 2");
  text = error_of([&] { x.index_add(0, tensor({2}), zeros({1, 3})); });
  EXPECT_EQ(text, "IndexError: index_add: index 2 is out of bounds for dimension 0 with size 2");
  text = error_of([&] { embedding(ones({5, 2}), tensor({5})); });
  EXPECT_TRUE(contains(text, "IndexError")) << text;
  EXPECT_TRUE(contains(text, "index out of range in self")) << text;
  EXPECT_TRUE(contains(text, "index 5 is out of bounds for dimension 0 with size 5")) << text;
}

TEST(Index, WrongShapesAndDtypesAreToldApart) {
  Tensor x = zeros({2, 3}), v = zeros({3});
  EXPECT_TRUE(contains(error_of([&] { v.index_select(0, ones({2})); }),
                       "Expected dtype int32 or int64 for index"));
  EXPECT_TRUE(contains(error_of([&] {
                         v.index_select(0, zeros({1, 1}, kLong));
                       }),
                       "Index is supposed to be a vector"));
  EXPECT_TRUE(contains(error_of([&] { v.index_select(1, tensor({0})); }),
                       "Dimension out of range (expected to be in range of [-1, 0], but got 1)"));
  EXPECT_TRUE(contains(error_of([&] { x.gather(1, tensor({0})); }),
                       "Index tensor must have the same number of dimensions as input tensor"));
  EXPECT_TRUE(contains(error_of([&] {
                         x.gather(1, ones({1, 1}));
                       }),
                       "gather(): Expected dtype int32/int64 for index"));
  EXPECT_TRUE(contains(error_of([&] {
                         x.gather(1, zeros({3, 1}, kLong));
                       }),
                       "Size does not match at dimension 0 expected index [3, 1] to be no larger "
                       "than self [2, 3] apart from dimension 1"));
  EXPECT_TRUE(contains(error_of([&] { embedding(v, tensor({1})); }), "'weight' must be 2-D"));
  EXPECT_TRUE(contains(error_of([&] { embedding(x, ones({1})); }),
                       "to have one of the following scalar types: Long, Int; but got"));
  EXPECT_TRUE(
      contains(error_of([&] {
                 x.index_add(0, tensor({0, 1}), zeros({1, 3}));
               }),
               "Number of indices (2) should be equal to source.size(dim): (1), for dim: 0"));
  EXPECT_TRUE(contains(error_of([&] {
                         x.index_add(0, tensor({0}), zeros({1, 3}, kDouble));
                       }),
                       "same dtype"));
}

TEST(Index, NothingIsSelectedByNoIndex) {
  Tensor none = zeros({0}, kLong), x = zeros({2, 3});
  EXPECT_EQ(x.index_select(0, none).numel(), 0);
  EXPECT_TRUE(identical(x.index_add(0, none, zeros({0, 3})), x));
  EXPECT_EQ(x.gather(0, zeros({0, 3}, kLong)).numel(), 0);
  EXPECT_TRUE(identical(x.scatter_add(0, zeros({0, 3}, kLong), zeros({0, 3})), x));
}

// Sizes past the grain, so that the work is divided, by rows and by the other dimensions.
TEST(Index, ResultsAreTheSameForAnyNumberOfThreads) {
  Tensor index = noise_below(50, {4000}), src = noise({4000, 40}), wide = noise({64, 4000});
  Tensor places = noise_below(300, {300, 400}), values = noise({300, 400});
  auto run = [&] {
    return std::vector<Tensor>{zeros({50, 40}).index_add(0, index, src),
                               zeros({64, 50}).index_add(1, index, wide),
                               src.index_select(0, index),
                               wide.index_select(1, index),
                               zeros({300, 400}).scatter_add(0, places, values),
                               zeros({300, 400}).scatter_add(1, places, values),
                               values.gather(0, places),
                               values.gather(1, places)};
  };
  int threads = get_num_threads();
  set_num_threads(1);
  std::vector<Tensor> one = run();
  set_num_threads(3);
  std::vector<Tensor> three = run();
  set_num_threads(threads);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(identical(one[i], three[i])) << i;
}

}  // namespace
}  // namespace adjoint::testing
