// SPDX-License-Identifier: MIT
// examples/digits learns to read digits, saves what it learnt, gives the same numbers with any
// number of threads, and says in one line what is wrong with its command line.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace adjoint {
namespace {

// Every test has a folder of its own, which is removed.
class Digits : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "digits-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  struct Result {
    int exit_code;
    std::string output, error;
  };
  /// `environment`: as "NAME=value", before the program's name.
  Result run(const std::string& arguments, const std::string& environment = "") const {
    const std::string out = path("stdout"), error = path("stderr");
    const std::string command = "cd " + folder_ + " && " + environment +
                                " " ADJOINT_EXAMPLES_BIN_DIR "/digits " + arguments + " >" + out +
                                " 2>" + error;
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(out), read(error)};
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // "97.77" of "mlp test accuracy: 97.77 %"; -1 where there is none.
  static double accuracy(const std::string& model, const std::string& output) {
    const std::string label = model + " test accuracy: ";
    const size_t at = output.find(label);
    return at == std::string::npos ? -1 : std::stod(output.substr(at + label.size()));
  }

  std::string folder_;
};

TEST_F(Digits, LearnsToReadThem) {
  const Result result = run("--device cpu --out out");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_GE(accuracy("mlp", result.output), 97.0) << result.output;
  EXPECT_GE(accuracy("cnn", result.output), 98.5) << result.output;
  EXPECT_EQ(result.error, "");
}

TEST_F(Digits, ALoadedNetworkIsTheOneThatWasSaved) {
  for (const std::string model : {"mlp", "cnn"}) {
    const Result trained = run("--device cpu --epochs 2 --out out --model " + model);
    ASSERT_EQ(trained.exit_code, 0) << trained.error;
    const Result loaded = run("--device cpu --load out/" + model + ".safetensors");
    ASSERT_EQ(loaded.exit_code, 0) << loaded.error;
    const std::string report = model + " test accuracy";
    const size_t at = loaded.output.find(report);
    ASSERT_NE(at, std::string::npos) << loaded.output;
    // Accuracy and confusion matrix.
    EXPECT_NE(trained.output.find(loaded.output.substr(at)), std::string::npos)
        << trained.output << loaded.output;
  }
}

TEST_F(Digits, ASeedGivesTheSameNumbersForAnyNumberOfThreads) {
  ASSERT_EQ(run("--device cpu --epochs 3 --threads 1 --out one").exit_code, 0);
  ASSERT_EQ(run("--device cpu --epochs 3 --threads 2 --out two").exit_code, 0);
  ASSERT_EQ(run("--device cpu --epochs 3 --seed 2 --out other").exit_code, 0);
  for (const std::string model : {"mlp", "cnn"}) {
    const std::string one = read(path("one/" + model + ".csv"));
    EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 4) << one;
    EXPECT_EQ(one, read(path("two/" + model + ".csv")));
    EXPECT_NE(one, read(path("other/" + model + ".csv")));
    EXPECT_EQ(read(path("one/" + model + ".safetensors")),
              read(path("two/" + model + ".safetensors")));
  }
}

/// The numbers of a learning curve's rows, one after the other.
std::vector<double> numbers(std::string csv) {
  csv.erase(0, csv.find('\n') + 1);
  std::replace(csv.begin(), csv.end(), ',', ' ');
  std::istringstream in(csv);
  return {std::istream_iterator<double>(in), {}};
}

// Losses are the same but for rounding, which an epoch's updates let grow; accuracies may differ by
// the images that are on the border of two classes.
TEST_F(Digits, LearnsOnTheSimulatedGpuWhatItLearnsOnTheCpu) {
  for (const std::string model : {"mlp", "cnn"}) {
    const std::string arguments = " --epochs 1 --model " + model;
    const Result here = run("--device cpu --out here" + arguments);
    ASSERT_EQ(here.exit_code, 0) << here.error;
    const Result there = run("--device cuda --out there" + arguments,
                             "ADJOINT_CUDA_LIBRARY=" ADJOINT_CUDASIM_LIBRARY);
    ASSERT_EQ(there.exit_code, 0) << there.error;
    EXPECT_NE(there.output.find("on cuda"), std::string::npos) << there.output;
    const std::vector<double> expected = numbers(read(path("here/" + model + ".csv"))),
                              found = numbers(read(path("there/" + model + ".csv")));
    ASSERT_EQ(found.size(), 5u);
    ASSERT_EQ(expected.size(), 5u);
    for (size_t i = 1; i < 5; ++i)
      EXPECT_NEAR(found[i], expected[i], 2e-3) << model << ", column " << i;
  }
}

TEST_F(Digits, DrawsTheLearningCurve) {
  ASSERT_EQ(run("--device cpu --model mlp --epochs 3 --out out").exit_code, 0);
  const std::string svg = read(path("out/mlp.svg"));
  EXPECT_EQ(svg.rfind("<svg ", 0), 0u);
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
  size_t curves = 0;
  for (size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at) ++curves;
  EXPECT_EQ(curves, 4u);
}

TEST_F(Digits, PrintsALineAnEpochWhereThereIsNoTerminal) {
  const Result result = run("--device cpu --model mlp --epochs 3 --out out");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_EQ(result.output.find('\r'), std::string::npos);
  EXPECT_EQ(result.output.find('\033'), std::string::npos);
  for (const char* start : {"\nmlp epoch  1/3  loss ", "\nmlp epoch  3/3  loss "})
    EXPECT_NE(result.output.find(start), std::string::npos) << result.output;
  EXPECT_NE(result.output.find(" samples/s\n"), std::string::npos);
}

TEST_F(Digits, ReadsMnistFiles) {
  std::filesystem::create_directory(path("mnist"));
  for (const std::string part : {"train", "t10k"}) {
    std::filesystem::copy_file(ADJOINT_TESTS_DIR "/data/images.idx3-ubyte",
                               path("mnist/" + part + "-images-idx3-ubyte"));
    std::filesystem::copy_file(ADJOINT_TESTS_DIR "/data/labels.idx1-ubyte",
                               path("mnist/" + part + "-labels-idx1-ubyte"));
  }
  const Result result = run("--device cpu --model mlp --epochs 1 --data mnist --out out");
  EXPECT_EQ(result.exit_code, 0) << result.error;
  EXPECT_GE(accuracy("mlp", result.output), 0) << result.output;
}

TEST_F(Digits, SaysInOneLineWhatIsWrong) {
  std::ofstream(path("no_network.safetensors")) << "no";
  std::ofstream(path("file")) << "no folder";
  struct Case {
    const char *arguments, *expected, *got;
  };
  for (const Case& c : {
           Case{"--model tree", "expected one of mlp, cnn, both", "got tree"},
           Case{"--epochs many", "expected a whole number from 1 to 100000", "got many"},
           Case{"--epochs 0", "expected a whole number from 1 to 100000", "got 0"},
           Case{"--epochs 1.5", "expected a whole number", "got 1.5"},
           Case{"--batch-size -1", "expected a whole number from 1", "got -1"},
           Case{"--seed x", "expected a whole number from 0", "got x"},
           Case{"--threads 0", "expected a whole number from 1", "got 0"},
           Case{"--epochs", "--epochs", "required"},
           Case{"--epoch 3", "not expected", "--epoch"},
           Case{"more", "not expected", "more"},
           Case{"--device tpu", "cpu, cuda", "tpu"},
           Case{"--device cuda:99", "device", "cuda"},
           Case{"--device cpu:1", "expected one of 1 devices", "cpu:1"},
           Case{"--data nowhere", "expected train-images-idx3-ubyte", "nowhere"},
           Case{"--load nowhere", "nowhere", "No such file"},
           Case{"--load no_network.safetensors", "expected", "no_network.safetensors"},
           Case{"--out file/folder", "expected a folder that can be made", "file/folder"},
       }) {
    const Result result = run(c.arguments);
    EXPECT_EQ(result.exit_code, 2) << c.arguments;
    EXPECT_EQ(result.error.rfind("digits: ", 0), 0u) << result.error;
    EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
    EXPECT_NE(result.error.find(c.expected), std::string::npos) << result.error;
    EXPECT_NE(result.error.find(c.got), std::string::npos) << result.error;
    EXPECT_EQ(result.output.find("epoch"), std::string::npos)
        << c.arguments << ": " << result.output;
  }
}

TEST_F(Digits, HelpListsEveryOption) {
  const Result result = run("--help");
  EXPECT_EQ(result.exit_code, 0);
  for (const char* option : {"--model", "--device", "--epochs", "--seed", "--batch-size",
                             "--threads", "--data", "--load", "--out", "--help"})
    EXPECT_NE(result.output.find(option), std::string::npos) << option;
}

}  // namespace
}  // namespace adjoint
