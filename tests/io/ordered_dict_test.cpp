// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <adjoint/ordered_dict.h>

namespace adjoint {
namespace {

using Dict = OrderedDict<std::string, int>;

TEST(OrderedDict, ItemsComeInTheOrderOfInsertion) {
  Dict dict;
  dict.insert("z", 1);
  dict.insert("a", 2);
  dict.insert("m", 3);
  EXPECT_EQ(dict.keys(), (std::vector<std::string>{"z", "a", "m"}));
  EXPECT_EQ(dict.values(), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(dict.front().key(), "z");
  EXPECT_EQ(dict.back().value(), 3);
  int sum = 0;
  for (const auto& item : dict) sum += item.value();
  EXPECT_EQ(sum, 6);
  for (auto& item : dict) *item += 10;
  EXPECT_EQ(dict.pairs()[1], (std::pair<std::string, int>("a", 12)));
  EXPECT_EQ(dict.items()[2].key(), "m");
}

TEST(OrderedDict, AKeyIsFoundAndOneThatIsNotThereIsNot) {
  Dict dict({{"weight", 1}, {"bias", 2}});
  EXPECT_EQ(dict["bias"], 2);
  EXPECT_EQ(*dict.find("weight"), 1);
  EXPECT_EQ(dict.find("weigh"), nullptr);
  EXPECT_TRUE(dict.contains("bias"));
  EXPECT_FALSE(dict.contains(""));
  EXPECT_EQ(dict[size_t(1)].key(), "bias");
  EXPECT_THROW(dict[size_t(2)], IndexError);
  dict["bias"] = 5;
  EXPECT_EQ(std::as_const(dict)["bias"], 5);
}

TEST(OrderedDict, MessagesNameTheKeyAsTheDictDescribesIt) {
  Dict dict("Parameter");
  dict.insert("w", 1);
  try {
    dict.insert("w", 2);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "Parameter 'w' already defined");
  }
  EXPECT_EQ(dict["w"], 1);
  try {
    dict["v"];
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "Parameter 'v' is not defined");
  }
  EXPECT_EQ(dict.size(), 1u);
}

TEST(OrderedDict, EraseKeepsTheOrderOfTheOthers) {
  Dict dict({{"c", 1}, {"a", 2}, {"d", 3}, {"b", 4}});
  dict.erase("a");
  EXPECT_EQ(dict.keys(), (std::vector<std::string>{"c", "d", "b"}));
  EXPECT_EQ(dict["c"], 1);
  EXPECT_EQ(dict["d"], 3);
  EXPECT_EQ(dict["b"], 4);
  EXPECT_THROW(dict.erase("a"), Error);
  dict.insert("a", 5);
  EXPECT_EQ(dict.back().key(), "a");
}

TEST(OrderedDict, UpdateAddsAllItemsOrSaysWhichIsThereAlready) {
  Dict dict({{"a", 1}});
  dict.update(Dict({{"c", 2}, {"b", 3}}));
  EXPECT_EQ(dict.keys(), (std::vector<std::string>{"a", "c", "b"}));
  EXPECT_THROW(dict.update(Dict({{"b", 4}})), Error);
  EXPECT_THROW(Dict({{"x", 1}, {"x", 2}}), Error);
}

TEST(OrderedDict, AnEmptyDictHasNeitherFrontNorBack) {
  Dict dict({{"a", 1}});
  dict.clear();
  EXPECT_TRUE(dict.is_empty());
  EXPECT_THROW(dict.front(), Error);
  EXPECT_THROW(dict.back(), Error);
  EXPECT_FALSE(dict.contains("a"));
}

TEST(OrderedDict, ManyKeysAreAllFound) {
  OrderedDict<int, int> dict;
  for (int i = 0; i < 1000; ++i) dict.insert((i * 389) % 1000, i);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(*dict.find((i * 389) % 1000), i);
  EXPECT_EQ(dict.find(1000), nullptr);
}

}  // namespace
}  // namespace adjoint
