// SPDX-License-Identifier: MIT
// The small examples run and do what they say.
#include <gtest/gtest.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace adjoint {
namespace {

std::string output_of(const std::string& program) {
  const std::string command =
      "cd " + ::testing::TempDir() + " && " ADJOINT_EXAMPLES_BIN_DIR "/" + program;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string out;
  char buffer[4096];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return out;
}

TEST(Regression, FindsTheCurve) {
  const std::string output = output_of("regression"), label = "root mean square error: ";
  const size_t at = output.find(label);
  ASSERT_NE(at, std::string::npos) << output;
  EXPECT_LT(std::stod(output.substr(at + label.size())), 0.1);
}

TEST(InferenceService, AnswersGoodRequestsAndRefusesBadOnes) {
  EXPECT_EQ(output_of("inference_service"), "3600 requests answered, 400 refused\n");
}

}  // namespace
}  // namespace adjoint
