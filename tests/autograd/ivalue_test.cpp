// SPDX-License-Identifier: MIT
// Values of one of several kinds.
#include "adjoint/ivalue.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

TEST(IValue, HoldsWhatItWasMadeOf) {
  EXPECT_TRUE(IValue().isNone());
  EXPECT_EQ(IValue(3).toInt(), 3);
  EXPECT_EQ(IValue(int64_t(1) << 40).toInt(), int64_t(1) << 40);
  EXPECT_EQ(IValue(size_t(7)).toInt(), 7);
  EXPECT_EQ(IValue(2.5).toDouble(), 2.5);
  EXPECT_EQ(IValue(2.5f).toDouble(), 2.5);
  EXPECT_TRUE(IValue(true).toBool());
  EXPECT_EQ(IValue("text").toStringRef(), "text");
  EXPECT_EQ(IValue(std::string("text")).toStringView(), "text");
  EXPECT_EQ(IValue(Device(kCPU)).toDevice(), Device(kCPU));
  EXPECT_EQ(IValue(kDouble).toScalarType(), kDouble);
  EXPECT_EQ(IValue(std::vector<int64_t>{1, 2}).toIntVector(), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(IValue(ones({2, 3}).sizes()).toIntVector(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(IValue(std::vector<double>{.5}).toDoubleVector(), std::vector<double>{.5});
  EXPECT_EQ(IValue(std::vector<bool>{true, false}).to<std::vector<bool>>(),
            (std::vector<bool>{true, false}));
  Tensor t = ones({2});
  EXPECT_TRUE(IValue(t).toTensor().is_same(t));
  EXPECT_TRUE(IValue(std::vector<Tensor>{t}).toTensorVector().at(0).is_same(t));
  EXPECT_TRUE(IValue(TensorList(t)).toTensorVector().at(0).is_same(t));
}

TEST(IValue, KnowsItsKind) {
  EXPECT_TRUE(IValue(3).isInt());
  EXPECT_FALSE(IValue(3).isBool());
  EXPECT_FALSE(IValue(true).isInt());
  EXPECT_TRUE(IValue(1.0).isDouble());
  EXPECT_TRUE(IValue("a").isString());
  EXPECT_TRUE(IValue(Tensor()).isTensor()) << "an undefined tensor is a tensor";
  EXPECT_FALSE(IValue(Tensor()).isNone());
  EXPECT_TRUE(IValue(Device(kCPU)).isDevice());
  EXPECT_TRUE(IValue(std::vector<int64_t>()).isIntList());
  EXPECT_TRUE(IValue(std::vector<double>()).isDoubleList());
  EXPECT_TRUE(IValue(std::vector<bool>()).isBoolList());
  EXPECT_TRUE(IValue(std::vector<Tensor>()).isTensorList());
  EXPECT_TRUE(IValue(std::vector<Tensor>()).isList());
  EXPECT_FALSE(IValue("a").isList());
  EXPECT_EQ(IValue(3).tagKind(), "Int");
  EXPECT_EQ(IValue().tagKind(), "None");
  EXPECT_EQ(IValue(std::vector<Tensor>()).tagKind(), "TensorList");
}

TEST(IValue, AskedForAnotherKindSaysWhichItHas) {
  EXPECT_TRUE(throws<TypeError>("Expected Tensor but got Int", [] { IValue(3).toTensor(); }));
  EXPECT_TRUE(throws<TypeError>("Expected Tensor but got None", [] { IValue().toTensor(); }));
  EXPECT_TRUE(throws<TypeError>("Expected Double but got Int", [] { IValue(3).toDouble(); }));
  EXPECT_TRUE(throws<TypeError>("Expected Int but got Double", [] { IValue(3.0).toInt(); }));
  EXPECT_TRUE(throws<TypeError>("Expected Int but got Bool", [] { IValue(true).toInt(); }));
  EXPECT_TRUE(throws<TypeError>("Expected Bool but got Int", [] { IValue(1).toBool(); }));
  EXPECT_TRUE(throws<TypeError>("Expected String but got Device",
                                [] { IValue(Device(kCPU)).toStringRef(); }));
  EXPECT_TRUE(throws<TypeError>("Expected Device but got String", [] { IValue("a").toDevice(); }));
  EXPECT_TRUE(throws<TypeError>("Expected DoubleList but got IntList",
                                [] { IValue(std::vector<int64_t>{1}).toDoubleVector(); }));
  EXPECT_TRUE(throws<TypeError>("Expected IntList but got BoolList",
                                [] { IValue(std::vector<bool>{true}).toIntVector(); }));
  EXPECT_TRUE(throws<TypeError>("Expected TensorList but got Tensor",
                                [] { IValue(ones({1})).toTensorVector(); }));
}

TEST(IValue, OfAScalarHasTheScalarsKind) {
  EXPECT_TRUE(IValue(Scalar(2)).isInt());
  EXPECT_TRUE(IValue(Scalar(2.0)).isDouble());
  EXPECT_TRUE(IValue(Scalar(false)).isBool());
  EXPECT_TRUE(IValue(2).isScalar());
  EXPECT_FALSE(IValue("2").isScalar());
  EXPECT_EQ(IValue(2).toScalar().toDouble(), 2.0);
  EXPECT_EQ(IValue(2.5).toScalar().toDouble(), 2.5);
  EXPECT_TRUE(IValue(true).toScalar().isBoolean());
  EXPECT_TRUE(throws<TypeError>("IValue is not a Scalar", [] { IValue("2").toScalar(); }));
}

TEST(IValue, OfAnEmptyOptionalIsNone) {
  EXPECT_TRUE(IValue(std::optional<int64_t>()).isNone());
  EXPECT_EQ(IValue(std::optional<int64_t>(4)).toInt(), 4);
  EXPECT_TRUE(IValue(std::optional<Tensor>(ones({1}))).isTensor());
  EXPECT_EQ(IValue().toOptional<int64_t>(), std::nullopt);
  EXPECT_EQ(IValue(4).toOptional<int64_t>(), 4);
}

TEST(IValue, IsConvertedToTheTypeOfTheProgram) {
  EXPECT_EQ(IValue(4).to<int>(), 4);
  EXPECT_EQ(IValue(2.5).to<float>(), 2.5f);
  EXPECT_TRUE(IValue(true).to<bool>());
  EXPECT_EQ(IValue("a").to<std::string>(), "a");
  EXPECT_EQ(IValue(kFloat).to<ScalarType>(), kFloat);
  EXPECT_EQ(IValue(4).to<Scalar>().toLong(), 4);
  EXPECT_TRUE(IValue(ones({1})).to<Tensor>().defined());
  EXPECT_TRUE(throws<TypeError>("Expected Double but got Int", [] { IValue(4).to<float>(); }));
}

}  // namespace
}  // namespace adjoint::testing
