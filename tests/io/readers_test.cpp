// SPDX-License-Identifier: MIT
// The readers of IDX and CSV files, over good and broken ones (tests/reference/idx.py makes them).
#include <gtest/gtest.h>

#include <adjoint/adjoint.h>

#include "tests/io/temporary_folder.h"

namespace adjoint {
namespace {

std::string sample(const std::string& name) { return ADJOINT_TESTS_DIR "/data/" + name; }

std::vector<int64_t> values(const Tensor& t) {
  const Tensor dense = t.to(kCPU, kLong).contiguous();
  const int64_t* data = dense.data_ptr<int64_t>();
  return std::vector<int64_t>(data, data + dense.numel());
}

void expect_message(const std::string& message, const std::string& path,
                    const std::string& reason) {
  EXPECT_NE(message.find(path), std::string::npos) << message;
  EXPECT_NE(message.find(reason), std::string::npos) << message << "\nexpected: " << reason;
}

TEST(Idx, ImagesAndLabelsAreReadPlainAndPacked) {
  for (const char* ending : {"", ".gz"}) {
    const Tensor images = data::read_idx(sample(std::string("images.idx3-ubyte") + ending));
    EXPECT_EQ(images.sizes().vec(), (std::vector<int64_t>{5, 4, 3}));
    EXPECT_EQ(images.dtype(), kByte);
    const std::vector<int64_t> pixels = values(images);
    for (int64_t i = 0; i < 5; ++i)
      for (int64_t k = 0; k < 12; ++k)
        ASSERT_EQ(pixels[size_t(12 * i + k)], (37 * i + 11 * k) % 256);
    const Tensor labels = data::read_idx(sample(std::string("labels.idx1-ubyte") + ending));
    EXPECT_EQ(labels.toString(), "tensor([7, 2, 1, 0, 9], dtype=torch.uint8)");
  }
}

TEST(Idx, NoImagesAreATensorWithoutElements) {
  EXPECT_EQ(data::read_idx(sample("no_images.idx3-ubyte")).sizes().vec(),
            (std::vector<int64_t>{0, 4, 3}));
}

TEST(Idx, WiderElementsAreBigEndian) {
  TemporaryFolder folder;
  const std::string ints("\0\0\x0c\1\0\0\0\2\0\0\1\2\xff\xff\xff\xfe", 16);
  EXPECT_EQ(data::read_idx(folder.write("i", ints)).toString(),
            "tensor([258,  -2], dtype=torch.int32)");
  const std::string floats("\0\0\x0d\2\0\0\0\1\0\0\0\2\x3f\x80\0\0\xc0\x20\0\0", 20);
  EXPECT_EQ(data::read_idx(folder.write("f", floats)).toString(), "tensor([[ 1.0000, -2.5000]])");
  const std::string number("\0\0\x0e\0\x3f\xe0\0\0\0\0\0\0", 12);
  EXPECT_EQ(data::read_idx(folder.write("d", number)).toString(),
            "tensor(0.5000, dtype=torch.float64)");
}

TEST(Idx, AFileOfSeveralGzipMembersIsOne) {
  TemporaryFolder folder;
  const std::string gz = bytes_of_file(sample("good.csv.gz"));
  EXPECT_EQ(data::read_csv(folder.write("two.gz", gz + gz)).size(0), 6);
}

TEST(Idx, BrokenFilesAreRefusedWithPathAndReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"no_such_file", "No such file"},
      {"", "expected a regular file"},
      {"wrong_magic.idx3-ubyte", "begins with two zero bytes, got 18 and 52"},
      {"float_pixels.idx3-ubyte", "expected 240 bytes for [5, 4, 3] of Float, got at most 60"},
      {"truncated.idx3-ubyte", "expected 60 bytes for [5, 4, 3] of Byte, got at most 53"},
      {"truncated_header.idx3-ubyte", "expected 12 bytes of sizes for 3 dimensions, got 6"},
      {"trailing_bytes.idx3-ubyte", "expected 60 bytes for [5, 4, 3] of Byte, got more"},
      {"huge_sizes.idx3-ubyte", "expected sizes that fit into memory"},
      {"empty.idx3-ubyte", "expected an IDX file, got 0 bytes"},
      {"truncated.idx3-ubyte.gz", "expected more gzipped data, got the end of the file"},
      {"bad_checksum.idx3-ubyte.gz", "incorrect data check"},
      {"not_gzip.idx3-ubyte.gz", "begins with two zero bytes"},
      {"good.csv.gz", "begins with two zero bytes"},
  };
  for (const auto& [name, reason] : cases) {
    const std::string path = sample(name);
    expect_message(message_of<IOError>([&] { data::read_idx(path); }), path, reason);
  }
}

TEST(Idx, HeadersThatAskForTooMuchAreRefusedBeforeMemoryIsTaken) {
  TemporaryFolder folder;
  const std::pair<std::string, const char*> cases[] = {
      {std::string("\0\0\x08\2\x7f\xff\xff\xff\x7f\xff\xff\xff", 12), "got at most 0"},
      {std::string("\0\0\x0e\2\xff\xff\xff\xff\xff\xff\xff\xff", 12), "fit into memory"},
      {std::string("\0\0\x08\x09", 4) + std::string(36, '\0'), "at most 8 dimensions, got 9"},
      {std::string("\0\0\x09\1\0\0\0\0", 8), "expected element type"},
      {std::string("\0\0\x08\4\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 20),
       "fit into memory"},
  };
  for (const auto& [bytes, reason] : cases) {
    const std::string path = folder.write("asks", bytes);
    expect_message(message_of<IOError>([&] { data::read_idx(path); }), path, reason);
  }
}

TEST(Idx, ADamagedFileIsAnErrorOrStillAFile) {
  TemporaryFolder folder;
  for (const char* name : {"labels.idx1-ubyte", "labels.idx1-ubyte.gz", "images.idx3-ubyte.gz"}) {
    const std::string good = bytes_of_file(sample(name));
    size_t refused = 0;
    for_each_damage(good, [&](const std::string& bytes) {
      const std::string path = folder.write("f", bytes);
      try {
        data::read_idx(path).toString();
      } catch (const IOError&) {
        ++refused;
      }
    });
    EXPECT_GT(refused, good.size()) << name;
  }
}

TEST(Csv, NumbersAreReadPlainAndPacked) {
  for (const char* name :
       {"good.csv", "good.csv.gz", "crlf.csv", "no_final_newline.csv", "header.csv"}) {
    data::CsvOptions options;
    options.header = name == std::string("header.csv");
    const Tensor table = data::read_csv(sample(name), options);
    EXPECT_EQ(table.dtype(), kFloat) << name;
    EXPECT_EQ(table.sizes().vec(), (std::vector<int64_t>{3, 4})) << name;
    EXPECT_EQ(values(table), (std::vector<int64_t>{1, 2, 3, 0, 4, 5, 6, 1, 7, 8, 9, 2})) << name;
  }
}

TEST(Csv, NumbersMayBeWrittenInAllWaysOfC) {
  data::CsvOptions options;
  options.dtype = kDouble;
  EXPECT_EQ(data::read_csv(sample("floats.csv"), options).toString(),
            "tensor([[ 5.0000e-01, -1.2500e+00,  3.0000e+00],\n"
            "        [ 1.0000e-03,  2.5000e+02, -0.0000e+00],\n"
            "        [ 7.0000e+00,  8.0000e+00,  2.5000e-01]], dtype=torch.float64)");
}

TEST(Csv, BlankLinesAndAByteOrderMarkArePassedOver) {
  EXPECT_EQ(values(data::read_csv(sample("blank_lines.csv"))), (std::vector<int64_t>{1, 2, 3, 4}));
  TemporaryFolder folder;
  EXPECT_EQ(values(data::read_csv(folder.write("bom", "\xEF\xBB\xBF 5\n"))),
            (std::vector<int64_t>{5}));
}

TEST(Csv, TheDtypeIsTheOneAskedFor) {
  TemporaryFolder folder;
  const std::string path = folder.write("n", "0;1\n1;0\n");
  for (ScalarType dtype : {kBool, kByte, kInt, kLong, kHalf, kBFloat16, kFloat, kDouble}) {
    data::CsvOptions options;
    options.dtype = dtype;
    options.delimiter = ';';
    const Tensor t = data::read_csv(path, options);
    EXPECT_EQ(t.dtype(), dtype);
    EXPECT_EQ(values(t), (std::vector<int64_t>{0, 1, 1, 0}));
  }
}

TEST(Csv, NumbersThatTheDtypeCannotHoldAreRefused) {
  TemporaryFolder folder;
  const std::tuple<ScalarType, const char*, const char*> cases[] = {
      {kByte, "256", "in the range of Byte"},
      {kByte, "-1", "in the range of Byte"},
      {kBool, "2", "in the range of Bool"},
      {kInt, "2147483648", "in the range of Int"},
      {kLong, "9223372036854775808", "in the range of Long"},
      {kLong, "1.5", "a whole number for Long"},
      {kFloat, "1e39", "in the range of Float"},
      {kHalf, "65536", "in the range of Half"},
      {kDouble, "-1e400", "in the range of Double"},
  };
  for (const auto& [dtype, text, reason] : cases) {
    data::CsvOptions options;
    options.dtype = dtype;
    const std::string path = folder.write("n", text);
    expect_message(message_of<IOError>([&] { data::read_csv(path, options); }), path, reason);
  }
}

TEST(Csv, NumbersTooSmallForTheDtypeAreZero) {
  TemporaryFolder folder;
  EXPECT_EQ(data::read_csv(folder.write("n", "1e-60,-1e-60,2e-38")).toString(),
            "tensor([[0.0000e+00, -0.0000e+00, 2.0000e-38]])");
}

TEST(Csv, BrokenFilesAreRefusedWithPathLineAndColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"no_such_file.csv", "No such file"},
      {"ragged.csv", "line 2: expected 4 columns, as in the first row, got 3"},
      {"not_a_number.csv", "line 2, column 2: expected a number for Float, got \"five\""},
      {"missing_value.csv", "line 2, column 2: expected a number for Float, got \"\""},
      {"trailing_garbage.csv", "line 2, column 2: expected a number for Float, got \"5x\""},
      {"header.csv", "line 1, column 1: expected a number for Float, got \"a\""},
      {"empty.csv", "expected at least one row of numbers, got none"},
  };
  for (const auto& [name, reason] : cases) {
    const std::string path = sample(name);
    expect_message(message_of<IOError>([&] { data::read_csv(path); }), path, reason);
  }
  TemporaryFolder folder;
  const std::string packed = bytes_of_file(sample("good.csv.gz"));
  const std::string cut = folder.write("cut.gz", packed.substr(0, packed.size() - 9));
  expect_message(message_of<IOError>([&] { data::read_csv(cut); }), cut, "expected more gzipped");
  data::CsvOptions header;
  header.header = true;
  const std::string path = folder.write("h", "a,b\n");
  expect_message(message_of<IOError>([&] { data::read_csv(path, header); }), path, "got none");
  header.delimiter = '\n';
  EXPECT_THROW(data::read_csv(path, header), ValueError);
}

TEST(Csv, ALongFileIsReadAcrossTheReadersPieces) {
  TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i) + "," + std::to_string(-i) + "\n";
  data::CsvOptions options;
  options.dtype = kLong;
  const Tensor t = data::read_csv(folder.write("long", text), options);
  ASSERT_EQ(t.size(0), 50000);
  const int64_t* data = t.data_ptr<int64_t>();
  for (int64_t i = 0; i < 50000; ++i) {
    ASSERT_EQ(data[2 * i], i);
    ASSERT_EQ(data[2 * i + 1], -i);
  }
}

TEST(Csv, ADamagedFileIsAnErrorOrStillAFile) {
  TemporaryFolder folder;
  for (const char* name : {"good.csv", "good.csv.gz", "floats.csv"}) {
    size_t refused = 0;
    for_each_damage(bytes_of_file(sample(name)), [&](const std::string& bytes) {
      const std::string path = folder.write("f", bytes);
      try {
        data::read_csv(path).toString();
      } catch (const IOError&) {
        ++refused;
      }
    });
    EXPECT_GT(refused, 0u) << name;
  }
}

}  // namespace
}  // namespace adjoint
