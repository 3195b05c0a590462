// SPDX-License-Identifier: MIT
// Files of tensors: what is saved comes back, and no file is trusted.
#include <gtest/gtest.h>

#include <adjoint/adjoint.h>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/io/temporary_folder.h"

namespace adjoint {
namespace {

constexpr ScalarType kDtypes[] = {kBool, kByte, kInt, kLong, kHalf, kBFloat16, kFloat, kDouble};

std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t n = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &n, 8);
  return out + header + data;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Serialize, TensorsOfEveryDtypeComeBackInTheirOrder) {
  TemporaryFolder folder;
  TensorDict tensors;
  for (ScalarType dtype : kDtypes) {
    tensors.insert(std::string("some.") + dtype_name(dtype),
                   tensor({{1, 0, 1}, {0, 1, 1}}).to(dtype));
  }
  tensors.insert("a number", tensor(2.5));
  tensors.insert("nothing", empty({3, 0}, kHalf));
  tensors.insert("umlaut \xC3\xA4 \" \\ \n", tensor({-1.5, 1e-30}));
  const std::string path = folder.path("all.safetensors");
  save(tensors, path);
  const TensorDict loaded = load(path);
  EXPECT_EQ(loaded.keys(), tensors.keys());
  for (const auto& item : tensors) {
    const Tensor& t = loaded[item.key()];
    EXPECT_EQ(t.dtype(), item.value().dtype()) << item.key();
    EXPECT_EQ(t.sizes().vec(), item.value().sizes().vec()) << item.key();
    EXPECT_EQ(t.toString(), item.value().cpu().toString()) << item.key();
    EXPECT_FALSE(t.requires_grad());
  }
  EXPECT_EQ(folder.count(), 1u);
}

TEST(Serialize, AStreamHoldsWhatAFileHolds) {
  TemporaryFolder folder;
  const TensorDict tensors({{"a", tensor({1.5, -2.0})}, {"b", tensor({{1, 2}, {3, 4}})}});
  save(tensors, folder.path("file"));
  std::ifstream file(folder.path("file"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::stringstream stream;
  save(tensors, stream);
  EXPECT_EQ(stream.str(), bytes);
  const TensorDict loaded = load(stream);
  EXPECT_EQ(loaded.keys(), tensors.keys());
  EXPECT_TRUE(equal(loaded["b"].cpu(), tensors["b"].cpu()));

  std::stringstream one;
  save(tensors["a"], one);
  Tensor back;
  load(back, one);
  EXPECT_TRUE(equal(back.cpu(), tensors["a"].cpu()));
}

TEST(Serialize, StreamsThatFailOrAreCutOffAreErrors) {
  std::stringstream whole;
  save(tensor({1.5, -2.0}), whole);
  for (size_t n : {size_t(0), size_t(5), size_t(20), whole.str().size() - 1}) {
    std::stringstream cut(whole.str().substr(0, n));
    try {
      load(cut);
      ADD_FAILURE() << "loaded " << n << " bytes";
    } catch (const IOError& e) {
      EXPECT_TRUE(contains(e.what(), "load: stream: ")) << e.what();
    }
  }
  std::stringstream closed;
  closed.setstate(std::ios::failbit);
  EXPECT_THROW(save(tensor(1.5), closed), IOError);
}

TEST(Serialize, BitsAreKept) {
  TemporaryFolder folder;
  const std::vector<float> values = {0.1f, -0.0f, 1e-45f, NAN, INFINITY, 3.4028235e38f};
  save(tensor(values), folder.path("one"));
  Tensor loaded;
  load(loaded, folder.path("one"));
  ASSERT_EQ(loaded.numel(), 6);
  EXPECT_EQ(std::memcmp(loaded.data_ptr(), values.data(), 24), 0);
}

TEST(Serialize, ViewsAreSavedAsTheyLook) {
  TemporaryFolder folder;
  const Tensor base = tensor({{1, 2, 3}, {4, 5, 6}});
  save(base.t().slice(0, 1, 3), folder.path("view"));
  Tensor loaded;
  load(loaded, folder.path("view"));
  EXPECT_EQ(loaded.toString(), "tensor([[2, 5],\n        [3, 6]])");
  save(tensor({1.5}).expand({2, 2}), folder.path("expanded"));
  load(loaded, folder.path("expanded"));
  EXPECT_EQ(loaded.toString(), "tensor([[1.5000, 1.5000],\n        [1.5000, 1.5000]])");
}

TEST(Serialize, GradientHistoryIsLeftBehind) {
  TemporaryFolder folder;
  const Tensor x = tensor({1.0, 2.0}, requires_grad());
  save(x * 2, folder.path("y"));
  Tensor loaded;
  load(loaded, folder.path("y"));
  EXPECT_EQ(loaded.toString(), "tensor([2., 4.])");
}

TEST(Serialize, MetadataComesBack) {
  TemporaryFolder folder;
  const Metadata written({{"format", "pt"}, {"about \"it\"", "line\nline"}});
  save(TensorDict({{"x", tensor(1)}}), folder.path("m"), written);
  Metadata read({{"old", "gone"}});
  load(folder.path("m"), kCPU, &read);
  EXPECT_EQ(read.pairs(), written.pairs());
  save(TensorDict({{"x", tensor(1)}}), folder.path("n"));
  load(folder.path("n"), kCPU, &read);
  EXPECT_TRUE(read.is_empty());
}

TEST(Serialize, TheFormatIsTheOneThatOthersRead) {
  TemporaryFolder folder;
  const TensorDict tensors({{"b", tensor({1, 2}).to(kByte)}, {"f", tensor({{1.0}, {-2.0}})}});
  save(tensors, folder.path("f"));
  std::string header =
      "{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[8,10]},"
      "\"f\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const char data[] = {0, 0, '\x80', '\x3f', 0, 0, 0, '\xc0', 1, 2};
  EXPECT_EQ(bytes_of_file(folder.path("f")), file_of(header, std::string(data, 10)));
}

TEST(Serialize, AnEmptyDictIsAFileToo) {
  TemporaryFolder folder;
  save(TensorDict(), folder.path("none"));
  EXPECT_TRUE(load(folder.path("none")).is_empty());
  Tensor t;
  EXPECT_TRUE(contains(message_of<IOError>([&] { load(t, folder.path("none")); }),
                       "expected one tensor, got 0"));
}

TEST(Serialize, WhatCannotBeSavedLeavesTheOldFileAsItWas) {
  TemporaryFolder folder;
  const std::string path = folder.path("model");
  save(tensor({1, 2, 3}), path);
  const std::string before = bytes_of_file(path);
  EXPECT_THROW(save(TensorDict({{"x", Tensor()}}), path), ValueError);
  EXPECT_THROW(save(TensorDict({{"__metadata__", tensor(1)}}), path), ValueError);
  EXPECT_THROW(save(TensorDict({{"not UTF-8: \xff", tensor(1)}}), path), ValueError);
  EXPECT_THROW(save(TensorDict({{"x", tensor(1)}}), path, Metadata({{"k", "\xc3"}})), ValueError);
  EXPECT_EQ(bytes_of_file(path), before);
  EXPECT_EQ(folder.count(), 1u);
}

TEST(Serialize, AFileThatCannotBeWrittenIsAnErrorWithItsPath) {
  TemporaryFolder folder;
  const std::string missing = folder.path("no/such/folder/file");
  const std::string message = message_of<IOError>([&] { save(tensor(1), missing); });
  EXPECT_TRUE(contains(message, missing)) << message;
  EXPECT_TRUE(contains(message, "No such file")) << message;
  // A folder cannot be replaced by a file; nothing is left behind.
  std::filesystem::create_directory(folder.path("taken"));
  std::filesystem::create_directory(folder.path("taken/inside"));
  EXPECT_THROW(save(tensor(1), folder.path("taken")), IOError);
  EXPECT_EQ(folder.count(), 1u);
}

TEST(Serialize, AFileThatCannotBeReadIsAnErrorWithItsPath) {
  TemporaryFolder folder;
  const std::string message = message_of<IOError>([&] { load(folder.path("missing")); });
  EXPECT_TRUE(contains(message, folder.path("missing"))) << message;
  EXPECT_TRUE(contains(message, "No such file")) << message;
  EXPECT_TRUE(contains(message_of<IOError>([&] { load(folder.path("")); }), "a regular file"));
}

TEST(Serialize, ManyTensorsAreNoOneTensor) {
  TemporaryFolder folder;
  save(TensorDict({{"a", tensor(1)}, {"b", tensor(2)}}), folder.path("two"));
  Tensor t = tensor(7);
  EXPECT_TRUE(contains(message_of<IOError>([&] { load(t, folder.path("two")); }),
                       "expected one tensor, got 2"));
  EXPECT_EQ(t.item<int64_t>(), 7);
}

TEST(Serialize, AHeaderThatBreaksTheFormatIsRefusedWithAReason) {
  TemporaryFolder folder;
  const std::string eight(8, '\1');
  const std::string good = R"("x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  struct Case {
    std::string file;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {"", "first 8 bytes"},
      {"1234567", "got 7 bytes"},
      {std::string(8, '\xff') + "{}", "expected a header of at most 2 bytes"},
      {std::string("\x03\0\0\0\0\0\0\0{}", 10), "got a length of 3"},
      {file_of("", ""), "begins with '{'"},
      {file_of(" {}", ""), "begins with '{'"},
      {file_of("[]", ""), "begins with '{'"},
      {file_of("{", ""), "expected JSON"},
      {file_of("{}}", ""), "expected JSON"},
      {file_of("{\"x\":1}", ""), "got a number"},
      {file_of("{\"x\":null}", ""), "got null"},
      {file_of("{\"x\":[]}", ""), "got an array"},
      {file_of("{\"\xff\":{}}", ""), "expected JSON"},
      {file_of("{" + good + "}", ""), "expected 8 bytes of data behind the header, got 0"},
      {file_of("{" + good + "}", eight + "z"), "expected 8 bytes of data behind the header, got 9"},
      {file_of("{" + good + "," + good + "}", eight), "\"x\" twice"},
      {file_of(R"({"x":{"dtype":"F32","shape":[2]}})", eight), "expected a data_offsets"},
      {file_of(R"({"x":{"shape":[2],"data_offsets":[0,8]}})", eight), "expected a dtype"},
      {file_of(R"({"x":{"dtype":"F32","data_offsets":[0,8]}})", eight), "expected a shape"},
      {file_of(R"({"x":{}})", eight), "expected a dtype"},
      {file_of(R"({"x":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", eight),
       "\"dtype\" twice"},
      {file_of(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}})", eight),
       "got \"more\""},
      {file_of(R"({"x":{"dtype":"F8_E5M2","shape":[8],"data_offsets":[0,8]}})", eight),
       "got \"F8_E5M2\""},
      {file_of(R"({"x":{"dtype":4,"shape":[2],"data_offsets":[0,8]}})", eight), "got a number"},
      {file_of(R"({"x":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})", eight), "got a number"},
      {file_of(R"({"x":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", eight), "a fraction"},
      {file_of(R"({"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight), "a negative"},
      {file_of(R"({"x":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})", eight), "an array"},
      {file_of(R"({"x":{"dtype":"F32","shape":[true],"data_offsets":[0,8]}})", eight), "a truth"},
      {file_of(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", eight), "got 1"},
      {file_of(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})", eight), "got 3"},
      {file_of(R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight),
       "expected 12 bytes for [3] of F32"},
      {file_of(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", eight),
       "data_offsets [8, 0]"},
      {file_of(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", eight),
       "expected its data to begin at 0"},
      {file_of(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
               R"("y":{"dtype":"U8","shape":[3],"data_offsets":[5,8]}})",
               eight),
       "expected its data to begin at 4"},
      {file_of(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
               R"("y":{"dtype":"U8","shape":[5],"data_offsets":[3,8]}})",
               eight),
       "expected its data to begin at 4"},
      {file_of(R"({"x":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]}})", ""),
       "is too large"},
      {file_of(R"({"x":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", ""),
       "is too large"},
      {file_of(R"({"x":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}})", ""),
       "is too large"},
      {file_of(R"({"x":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}})",
               ""),
       "is too large"},
      {file_of(R"({"x":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,0]}})", ""),
       "a fraction"},
      {file_of(R"({"x":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", "1"),
       "at most 8 dimensions"},
      {file_of(R"({"x":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})",
               std::string("\1\2", 2)),
       "expected 0 or 1"},
      {file_of(R"({"__metadata__":{"a":1}})", ""), "expected a string as metadata"},
      {file_of(R"({"__metadata__":[]})", ""), "got an array"},
      {file_of(R"({"__metadata__":{"a":"b","a":"c"}})", ""), "\"a\" twice"},
      {file_of(R"({"__metadata__":{},"__metadata__":{}})", ""), "\"__metadata__\" twice"},
  };
  for (const Case& c : cases) {
    const std::string path = folder.write("bad", c.file);
    const std::string message = message_of<IOError>([&] { load(path); });
    EXPECT_TRUE(contains(message, c.reason)) << message << "\nexpected: " << c.reason;
    EXPECT_TRUE(contains(message, path)) << message;
  }
}

TEST(Serialize, ValidHeadersOfOthersAreRead) {
  TemporaryFolder folder;
  const std::string header = R"({ "y" : {"shape":[],"data_offsets":[4,12],"dtype":"I64"},)"
                             R"( "none":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},)"
                             R"( "\u0078":{"dtype":"U8","shape":[4],"data_offsets":[0,4]} }   )";
  const std::string path =
      folder.write("ok", file_of(header, std::string("\1\2\3\4\5\0\0\0\0\0\0\0", 12)));
  const TensorDict loaded = load(path);
  EXPECT_EQ(loaded.keys(), (std::vector<std::string>{"y", "none", "x"}));
  EXPECT_EQ(loaded["y"].toString(), "tensor(5)");
  EXPECT_EQ(loaded["x"].toString(), "tensor([1, 2, 3, 4], dtype=torch.uint8)");
  EXPECT_EQ(loaded["none"].toString(), "tensor([], size=(0, 7))");
}

TEST(Serialize, ADamagedFileIsAnErrorOrStillAFile) {
  TemporaryFolder folder;
  const std::string path = folder.path("f");
  save(TensorDict({{"w", tensor({{1.0, 2.0}})}, {"m", tensor({true, false})}}), path,
       Metadata({{"k", "v"}}));
  const std::string good = bytes_of_file(path);
  size_t refused = 0;
  for_each_damage(good, [&](const std::string& bytes) {
    folder.write("f", bytes);
    try {
      for (const auto& item : load(path)) item.value().toString();
    } catch (const IOError&) {
      ++refused;
    }
  });
  EXPECT_GT(refused, good.size());
}

}  // namespace
}  // namespace adjoint
