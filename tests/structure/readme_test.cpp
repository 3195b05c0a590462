// SPDX-License-Identifier: MIT
// What the README shows is what the repository holds.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

namespace {

const std::filesystem::path root = ADJOINT_SOURCE_DIR;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Without the blocks of code between fences, where a lambda looks like a link.
std::string prose_of(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t fence = text.find("```", at);
    out += text.substr(at, fence - at);
    if (fence == std::string::npos) break;
    const size_t end = text.find("```", fence + 3);
    at = end == std::string::npos ? text.size() : end + 3;
  }
  return out;
}

TEST(Readme, ItsExampleIsTheProgramOfThatName) {
  std::string readme = text_of(root / "README.md");
  const std::string fence = "```cpp\n";
  size_t from = readme.find(fence) + fence.size();
  std::string example = readme.substr(from, readme.find("```", from) - from);
  EXPECT_EQ(example, text_of(root / "examples" / "quickstart.cpp"));
}

TEST(Readme, TheFilesThatPagesLinkToExist) {
  for (const char* page : {"README.md", "CONTRIBUTING.md", "core/README.md", "cuda/README.md"}) {
    const std::string text = prose_of(text_of(root / page));
    const std::regex link(R"(\]\(([^)#:]+)\))");
    for (std::sregex_iterator i(text.begin(), text.end(), link), end; i != end; ++i) {
      std::filesystem::path target = (root / page).parent_path() / (*i)[1].str();
      EXPECT_TRUE(std::filesystem::exists(target)) << page << " links to " << (*i)[1];
    }
  }
}

}  // namespace
