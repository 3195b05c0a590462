// SPDX-License-Identifier: MIT
// Holds the source tree to its rules, and shows with planted files that each rule finds its breach.
#include "tests/support/source_rules.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace adjoint::testing {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

Lines all_violations(Lines (*rule)(const SourceFile&)) {
  Lines all;
  for (const SourceFile& file : library_sources()) {
    const Lines found = rule(file);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

TEST(SourceTree, IsReadWithAllItsFolders) {
  const std::vector<SourceFile> files = library_sources();
  for (const char* path : {"include/adjoint/tensor.h", "core/", "cpu/kernels/"}) {
    const auto is_below = [&](const SourceFile& file) { return file.path.starts_with(path); };
    EXPECT_TRUE(std::any_of(files.begin(), files.end(), is_below)) << path;
  }
}

TEST(SourceTree, IncludesPointFromBackendsToCoreToPublicHeaders) {
  EXPECT_EQ(all_violations(include_violations), Lines{});
}

TEST(SourceTree, TheLibraryNeitherEndsTheProcessNorPrints) {
  EXPECT_EQ(all_violations(call_violations), Lines{});
}

// The includes that break a rule, one file each.
TEST(SourceRules, FindAnIncludeAgainstTheArrows) {
  const std::vector<SourceFile> planted = {
      {"include/adjoint/a.h", "#include \"core/tensor/shape.h\"\n"},
      {"include/adjoint/a.h", "#include \"../../core/tensor/shape.h\"\n"},
      {"include/adjoint/a.h", "#include <cpu/parallel.h>\n"},
      {"include/adjoint/a.h", "#include \"cuda/stream.h\"\n"},
      {"core/a.cpp", "#include \"cpu/parallel.h\"\n"},
      {"core/ops/a.cpp", "#include \"../../cpu/parallel.h\"\n"},
      {"core/a.cpp", "  #  include \"cuda/stream.h\"\n"},
      {"cpu/a.cpp", "#include \"cuda/stream.h\"\n"},
      {"cuda/a.cu", "#include \"cpu/parallel.h\"\n"},
  };
  for (const SourceFile& file : planted) {
    EXPECT_EQ(include_violations(file).size(), 1) << file.path << ": " << file.text;
  }
}

TEST(SourceRules, FindAHeavyOrForeignIncludeInAPublicHeader) {
  for (const char* name : {"<iostream>", "<functional>", "<regex>", "<unordered_map>", "<sstream>",
                           "<nlohmann/json.hpp>", "<zlib.h>", "<cuda_runtime.h>"}) {
    const std::string line = std::string("#include ") + name + "\n";
    EXPECT_EQ(include_violations({"include/adjoint/a.h", line}).size(), 1) << name;
    EXPECT_EQ(include_violations({"core/a.cpp", line}), Lines{}) << name;
  }
}

TEST(SourceRules, KeepLibTorchsNamesAndTheirHeavyIncludesToThemselves) {
  const std::string torch = "#include \"adjoint/torch.h\"\n";
  const std::string part = "#include \"adjoint/torch/data.h\"\n";
  const std::string heavy = "#include <iostream>\n";
  EXPECT_EQ(include_violations({"include/adjoint/adjoint.h", torch}).size(), 1);
  EXPECT_EQ(include_violations({"include/adjoint/nn/module.h", part}).size(), 1);
  EXPECT_EQ(include_violations({"include/adjoint/torch.h", part + heavy}), Lines{});
  EXPECT_EQ(include_violations({"include/adjoint/torch/data.h", heavy}), Lines{});
  EXPECT_EQ(include_violations({"include/adjoint/torch_compat/torch/torch.h", torch}), Lines{});
}

TEST(SourceRules, AllowIncludesAlongTheArrows) {
  const std::vector<SourceFile> fine = {
      {"include/adjoint/a.h", "#include \"adjoint/cuda.h\"\n#include <vector>\n"},
      {"core/a.cpp", "#include \"core/tensor/shape.h\"\n#include \"adjoint/tensor.h\"\n"},
      {"cpu/a.cpp", "#include \"core/tensor/shape.h\"\n#include \"cpu/parallel.h\"\n"},
      {"cuda/a.cu", "#include \"core/tensor/shape.h\"\n#include \"cuda/stream.h\"\n"},
  };
  for (const SourceFile& file : fine) EXPECT_EQ(include_violations(file), Lines{}) << file.path;
}

TEST(SourceRules, FindACallThatEndsTheProcessOrPrints) {
  for (const char* line :
       {"std::abort();", "if (bad) exit(1);", "_exit (1);", "std::_Exit(1);", "quick_exit(1);",
        "assert(x);", "std::terminate();", "std::printf(f);", "vprintf(f, a);", "puts(s);",
        "putchar(c);", "perror(s);", "std::cout << x;", "std::cerr << x;", "std::clog << x;",
        "fprintf(stderr, f);", "fputs(s, stdout);"}) {
    EXPECT_EQ(call_violations({"core/a.cpp", line}).size(), 1) << line;
  }
}

TEST(SourceRules, AllowWhatOnlyLooksLikeSuchACall) {
  const char* text = R"cpp(
    static_assert(sizeof(int) == 4);  // never abort() or std::cout
    /* exit(1);
       assert(x); */
    auto message = "expected no exit() \" or printf()";
    char quote = '"';  // the next line is code again
    snprintf(buffer, 1'000, "%d", exit_code);
auto raw = R"(std::cerr << "abort()")";
on_exit_scope();
    my_assert(x);
    terminate();
  )cpp";
  EXPECT_EQ(call_violations({"core/a.cpp", text}), Lines{});
}

TEST(SourceRules, TellTheLineOfABreachBehindCommentsAndStrings) {
  const char* text = "/* a\n b */\nauto s = R\"x(\n\"\n)x\";\nabort();\n";
  EXPECT_EQ(call_violations({"core/a.cpp", text}),
            Lines{"core/a.cpp:6: the library never ends the process: abort"});
}

/// What the compiler says of a file that includes `header` alone; nothing where it is content.
std::string compile_alone(const std::string& header, const std::string& include_dir) {
  const std::string command = std::string(ADJOINT_TESTS_COMPILER) +
                              " -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I'" + include_dir +
                              "' -include '" + header + "' -x c++ /dev/null 2>&1";
  FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) return "the compiler did not start: " + command;
  std::string text;
  for (int c = fgetc(output); c != EOF; c = fgetc(output)) text += static_cast<char>(c);
  return pclose(output) == 0 ? "" : header + " does not compile alone:\n" + text;
}

const std::string kIncludeDir = std::string(ADJOINT_SOURCE_DIR) + "/include";

/// As programs name them: adjoint/tensor.h.
std::vector<std::string> public_headers() {
  std::vector<std::string> headers;
  for (const auto& entry : fs::recursive_directory_iterator(kIncludeDir)) {
    if (entry.is_regular_file()) {
      headers.push_back(fs::relative(entry.path(), kIncludeDir).generic_string());
    }
  }
  std::sort(headers.begin(), headers.end());
  return headers;
}

class PublicHeader : public ::testing::TestWithParam<std::string> {};

TEST_P(PublicHeader, CompilesAlone) { EXPECT_EQ(compile_alone(GetParam(), kIncludeDir), ""); }

INSTANTIATE_TEST_SUITE_P(All, PublicHeader, ::testing::ValuesIn(public_headers()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
                           return name;
                         });

TEST(PublicHeaders, AHeaderThatForgetsAnIncludeIsFound) {
  const fs::path dir = fs::path(::testing::TempDir()) / ("headers_" + std::to_string(getpid()));
  fs::create_directories(dir);
  std::ofstream(dir / "forgets.h") << "inline std::string name() { return {}; }\n";
  std::ofstream(dir / "remembers.h")
      << "#include <string>\ninline std::string name() { return {}; }\n";
  EXPECT_NE(compile_alone("forgets.h", dir.string()), "");
  EXPECT_EQ(compile_alone("remembers.h", dir.string()), "");
  fs::remove_all(dir);
}

}  // namespace
}  // namespace adjoint::testing
