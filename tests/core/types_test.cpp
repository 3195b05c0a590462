// SPDX-License-Identifier: MIT
// Small types: Scalar, dtypes and their promotion, devices, intrusive_ptr, SmallVector, DimVector.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "adjoint/backend.h"
#include "adjoint/ops.h"
#include "adjoint/small_vector.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

// ---- Scalar

TEST(Scalar, KeepsTheKindOfItsValue) {
  EXPECT_EQ(Scalar(true).type(), kBool);
  EXPECT_EQ(Scalar(3).type(), kLong);
  EXPECT_EQ(Scalar(uint8_t(3)).type(), kLong);
  EXPECT_EQ(Scalar(3.0f).type(), kDouble);
  EXPECT_EQ(Scalar(Half(1.5f)).type(), kDouble);
  EXPECT_EQ(Scalar().type(), kLong);
}

TEST(Scalar, IntegersAreExact) {
  int64_t big = (int64_t(1) << 62) + 1;
  EXPECT_EQ(Scalar(big).toLong(), big);
  EXPECT_EQ((-Scalar(big)).toLong(), -big);
  EXPECT_EQ(full({1}, big).item<int64_t>(), big);
}

TEST(Scalar, ConvertsAsCxxDoes) {
  EXPECT_EQ(Scalar(-2.7).toLong(), -2);
  EXPECT_TRUE(Scalar(0.5).toBool());
  EXPECT_FALSE(Scalar(0).toBool());
  EXPECT_EQ(Scalar(true).toDouble(), 1.0);
  EXPECT_EQ(float(Scalar(1.5).to<Half>()), 1.5f);
}

// ---- Dtypes

ScalarType dtype_named(const std::string& name) {
  const std::pair<const char*, ScalarType> names[] = {
      {"f32", kFloat}, {"f64", kDouble}, {"f16", kHalf}, {"bf16", kBFloat16},
      {"i64", kLong},  {"i32", kInt},    {"u8", kByte},  {"bool", kBool}};
  for (auto [known, dtype] : names) {
    if (name == known) return dtype;
  }
  return ScalarType::Undefined;
}

TEST(Dtype, TensorsPromoteAsPyTorchs) {
  std::ifstream file(std::string(ADJOINT_TESTS_DIR) + "/reference/data/ops.json");
  nlohmann::json reference = nlohmann::json::parse(file);
  int tables = 0;
  for (const auto& table : reference["promotion"]) {
    std::string left = table["left"], right = table["right"];
    if (table["op"] != "add" || right == "scalar" || left == "scalar") continue;
    ++tables;
    for (size_t r = 0; r < table["rows"].size(); ++r) {
      for (size_t c = 0; c < table["columns"].size(); ++c) {
        Tensor a = zeros(left == "tensor" ? Sizes{2} : Sizes{}, dtype_named(table["rows"][r]));
        Tensor b = zeros(right == "tensor" ? Sizes{2} : Sizes{}, dtype_named(table["columns"][c]));
        EXPECT_EQ(toString(result_type(a, b)),
                  std::string(toString(dtype_named(table["result"][r][c]))))
            << left << " " << table["rows"][r] << " with " << right << " " << table["columns"][c];
      }
    }
  }
  EXPECT_EQ(tables, 4);
}

TEST(Dtype, NumbersCountOnlyByAHigherKind) {
  EXPECT_EQ(result_type(zeros({2}, kHalf), 2.5), kHalf);
  EXPECT_EQ(result_type(zeros({2}, kInt), 2), kInt);
  EXPECT_EQ(result_type(zeros({2}, kInt), 2.5), kFloat);
  EXPECT_EQ(result_type(zeros({2}, kBool), 2), kLong);
  EXPECT_EQ(result_type(zeros({2}, kBool), true), kBool);
}

TEST(Dtype, TheDefaultIsThatOfNewTensors) {
  struct Restore {
    ~Restore() { set_default_dtype(kFloat); }
  } restore;
  EXPECT_EQ(ones({1}).dtype(), kFloat);
  set_default_dtype(kDouble);
  EXPECT_EQ(ones({1}).dtype(), kDouble);
  EXPECT_EQ(tensor({1.0, 2.0}).dtype(), kDouble);
  EXPECT_EQ((ones({1}, kLong) / 2).dtype(), kDouble);
  EXPECT_EQ(tensor({1, 2}).dtype(), kLong);
  EXPECT_TRUE(
      throws<TypeError>("only floating-point types are supported as the default type, got Long",
                        [] { set_default_dtype(kLong); }));
}

TEST(Dtype, TheWrongPointerTypeIsAnError) {
  EXPECT_TRUE(throws<TypeError>("expected scalar type Double but found Float",
                                [] { zeros({2}).data_ptr<double>(); }));
}

// ---- Devices

TEST(DeviceText, IsReadAndWritten) {
  EXPECT_EQ(Device("cpu"), Device(kCPU));
  EXPECT_EQ(Device("cuda:3"), Device(kCUDA, 3));
  EXPECT_EQ(Device("cuda:3").str(), "cuda:3");
  EXPECT_EQ(Device(kCUDA).str(), "cuda");
  EXPECT_FALSE(Device("cuda").has_index());
  EXPECT_EQ(Device("privateuseone:0").type(), kPrivateUse1);
}

TEST(DeviceText, ThatIsWrongSaysWhatWasExpected) {
  for (const char* text :
       {"", "gpu", "cuda:", "cuda:x", "cuda:1x", "cuda:-1", "cuda:128", "cpu ", ":0"}) {
    EXPECT_TRUE(throws<Error>("xpected", [&] { Device{text}; })) << text;
  }
}

// ---- intrusive_ptr, SmallVector, DimVector

struct Counted {
  static inline int alive = 0;
  explicit Counted(int v = 0) : value(v) { ++alive; }
  Counted(const Counted&) = delete;
  ~Counted() { --alive; }
  int value;
  detail::RefCount ref;
  void retain() noexcept { ref.add(); }
  void release() noexcept {
    if (ref.drop()) delete this;
  }
};

TEST(IntrusivePtr, CountsItsReferences) {
  {
    auto a = intrusive_ptr<Counted>::adopt(new Counted(5));
    intrusive_ptr<Counted> b = a, c;
    EXPECT_EQ(a->ref.load(), 2u);
    c = std::move(b);
    EXPECT_EQ(b, nullptr);
    EXPECT_EQ(c, a);
    a = a;
    EXPECT_EQ(a->ref.load(), 2u);
    a.reset();
    EXPECT_EQ(c->value, 5);
    Counted* raw = c.detach();
    EXPECT_EQ(Counted::alive, 1);
    intrusive_ptr<Counted>::adopt(raw);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(IntrusivePtr, ADeadObjectIsNotRevived) {
  detail::RefCount ref;
  EXPECT_TRUE(ref.try_add());
  EXPECT_FALSE(ref.drop_to_zero());
  EXPECT_TRUE(ref.drop_to_zero());
  EXPECT_FALSE(ref.try_add());
}

using Values = std::vector<int>;
template <size_t N>
Values values_of(const SmallVector<std::shared_ptr<int>, N>& v) {
  Values out;
  for (const auto& p : v) out.push_back(p ? *p : -1);
  return out;
}
std::shared_ptr<int> number(int i) { return std::make_shared<int>(i); }

TEST(SmallVector, GrowsFromInsideToTheHeap) {
  SmallVector<std::shared_ptr<int>, 2> v;
  for (int i = 0; i < 9; ++i) v.push_back(number(i));
  EXPECT_EQ(values_of(v), (Values{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  v.pop_back();
  EXPECT_EQ(*v.back(), 7);
  v.clear();
  EXPECT_TRUE(v.empty());
}

TEST(SmallVector, IsCopiedAndMovedFromInsideAndFromTheHeap) {
  for (int n : {1, 5}) {
    SmallVector<std::shared_ptr<int>, 2> v;
    for (int i = 0; i < n; ++i) v.push_back(number(i));
    std::shared_ptr<int> first = v[0];
    auto copy = v;
    EXPECT_EQ(first.use_count(), 3);
    auto moved = std::move(v);
    EXPECT_EQ(first.use_count(), 3);
    EXPECT_EQ(v.size(), 0u);
    EXPECT_EQ(values_of(moved), values_of(copy));
    v = copy;
    v = std::move(moved);
    copy.clear();
    EXPECT_EQ(first.use_count(), 2);
    v = {number(7)};
    EXPECT_EQ(first.use_count(), 1);
    EXPECT_EQ(values_of(v), Values{7});
  }
}

TEST(SmallVector, TakesAnElementOfItsOwn) {
  SmallVector<std::shared_ptr<int>, 2> v{number(1), number(2)};
  v.push_back(v[0]);
  v.emplace_back(v[1]);
  v.emplace_back(v[2]);
  EXPECT_EQ(values_of(v), (Values{1, 2, 1, 2, 1}));
}

TEST(DimVector, InsertsAndErases) {
  DimVector d{1, 2, 3};
  d.insert(1, 9);
  EXPECT_EQ(IntArrayRef(d).vec(), (Sizes{1, 9, 2, 3}));
  d.erase(0);
  EXPECT_EQ(IntArrayRef(d).vec(), (Sizes{9, 2, 3}));
  EXPECT_EQ(DimVector(3, 7).back(), 7);
  EXPECT_TRUE(throws<ValueError>("at most 8 dimensions", [] { DimVector(9, 1); }));
}

TEST(UndefinedTensor, SaysSo) {
  Tensor none;
  EXPECT_FALSE(none.defined());
  EXPECT_FALSE(none.requires_grad());
  EXPECT_TRUE(none.is_leaf());
  EXPECT_TRUE(throws<Error>("undefined", [&] { none.sizes(); }));
  EXPECT_TRUE(throws<Error>("undefined", [&] { none + none; }));
  EXPECT_TRUE(throws<Error>("undefined", [&] { none.grad(); }));
}

}  // namespace
}  // namespace adjoint::testing
