// SPDX-License-Identifier: MIT
#include "tests/support/source_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace adjoint::testing {
namespace {

namespace fs = std::filesystem;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  return text;
}

/// What an #include line names, or nothing.
std::string_view included(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('#')) return {};
  line = trimmed(line.substr(1));
  if (!line.starts_with("include")) return {};
  line = trimmed(line.substr(7));
  if (!line.starts_with('<') && !line.starts_with('"')) return {};
  line.remove_prefix(1);
  return line.substr(0, line.find_first_of(">\""));
}

/// The folder that `include`, found in `path`, leads to: core, cpu, cuda, adjoint, or nothing for a
/// header from outside.
std::string folder_of(std::string_view include, const std::string& path) {
  fs::path target(include);
  if (include.find("..") != include.npos) {
    target = (fs::path(path).parent_path() / target).lexically_normal();
  }
  std::string first = target.begin()->string();
  if (first == "include") first = "adjoint";
  const bool ours = first == "core" || first == "cpu" || first == "cuda" || first == "adjoint";
  return ours ? first : "";
}

std::string at_line(const SourceFile& file, size_t line) {
  return file.path + ":" + std::to_string(line + 1) + ": ";
}

/// True where the word `name` stands in `line`; with `call`, only if a parenthesis follows it.
bool has_word(std::string_view line, std::string_view name, bool call) {
  for (size_t at = line.find(name); at != line.npos; at = line.find(name, at + 1)) {
    const bool begins = at == 0 || !is_word(line[at - 1]);
    const std::string_view rest = line.substr(at + name.size());
    const bool ends = rest.empty() || !is_word(rest.front());
    if (begins && ends && (!call || trimmed(rest).starts_with('('))) return true;
  }
  return false;
}

}  // namespace

std::vector<SourceFile> library_sources() {
  constexpr std::array kExtensions = {".h", ".cpp", ".cu", ".cuh"};
  const fs::path root = ADJOINT_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const char* folder : {"include", "core", "cpu", "cuda"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (std::find(kExtensions.begin(), kExtensions.end(), extension) == kExtensions.end()) {
        continue;
      }
      std::ifstream stream(entry.path(), std::ios::binary);
      files.push_back({entry.path().lexically_relative(root).generic_string(),
                       std::string(std::istreambuf_iterator<char>(stream), {})});
    }
  }
  return files;
}

std::string without_comments_and_strings(std::string_view text) {
  std::string kept;
  size_t i = 0;
  const auto skip_to = [&](size_t end) {
    for (end = std::min(end, text.size()); i < end; ++i) {
      if (text[i] == '\n') kept += '\n';
    }
  };
  while (i < text.size()) {
    const std::string_view rest = text.substr(i);
    const bool after_word = i != 0 && is_word(text[i - 1]);
    if (rest.starts_with("//")) {
      skip_to(text.find('\n', i));
    } else if (rest.starts_with("/*")) {
      skip_to(std::min(text.find("*/", i + 2), text.size() - 2) + 2);
    } else if (rest.starts_with("R\"") && !after_word) {
      const std::string_view delimiter = rest.substr(2, rest.find('(') - 2);
      const std::string close = ")" + std::string(delimiter) + "\"";
      skip_to(std::min(text.find(close, i), text.size() - close.size()) + close.size());
    } else if (rest.front() == '"' || (rest.front() == '\'' && !after_word)) {
      size_t end = i + 1;
      while (end < text.size() && text[end] != rest.front()) end += text[end] == '\\' ? 2 : 1;
      skip_to(end + 1);
      kept += "\"\"";
    } else {
      kept += text[i++];
    }
  }
  return kept;
}

std::vector<std::string> include_violations(const SourceFile& file) {
  constexpr std::array kHeavy = {"iostream", "functional", "regex", "unordered_map", "sstream"};
  const std::string folder = fs::path(file.path).begin()->string();
  std::vector<std::string> found;
  // adjoint/torch.h and its parts bring along what LibTorch's header does.
  const bool stands_for_libtorch = file.path.starts_with("include/adjoint/torch.h") ||
                                   file.path.starts_with("include/adjoint/torch/") ||
                                   file.path.starts_with("include/adjoint/torch_compat/");
  const std::vector<std::string_view> lines = lines_of(file.text);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view include = included(lines[i]);
    if (include.empty()) continue;
    const std::string target = folder_of(include, file.path);
    const auto say = [&](const std::string& what) {
      found.push_back(at_line(file, i) + what + " " + std::string(include));
    };
    const bool to_backend = target == "cpu" || target == "cuda";
    if (folder == "include") {
      const bool standard = include.find_first_of("./") == include.npos;
      if (target != "adjoint" && !standard) {
        say("a public header includes only adjoint/ and the standard library, not");
      } else if (target == "adjoint" && !stands_for_libtorch &&
                 include.starts_with("adjoint/torch")) {
        say("only LibTorch's names lead to");
      } else if (!stands_for_libtorch &&
                 std::find(kHeavy.begin(), kHeavy.end(), include) != kHeavy.end()) {
        say("a public header stays light, without");
      }
    } else if (folder == "core" && to_backend) {
      say("core/ knows no device and cannot include");
    } else if (to_backend && target != folder) {
      say(folder + "/ cannot include another backend's");
    }
  }
  return found;
}

std::vector<std::string> call_violations(const SourceFile& file) {
  constexpr std::array kEnding = {"abort", "exit", "_exit", "_Exit", "quick_exit", "assert"};
  constexpr std::array kPrintingCalls = {"printf", "vprintf", "puts", "putchar", "perror"};
  constexpr std::array kPrintingNames = {"std::cout", "std::cerr", "std::clog", "stdout", "stderr"};
  const std::string code = without_comments_and_strings(file.text);
  std::vector<std::string> found;
  const std::vector<std::string_view> lines = lines_of(code);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto look_for = [&](std::string_view name, bool call, const char* what) {
      if (has_word(lines[i], name, call))
        found.push_back(at_line(file, i) + what + std::string(name));
    };
    for (const char* name : kEnding) look_for(name, true, "the library never ends the process: ");
    look_for("std::terminate", false, "the library never ends the process: ");
    for (const char* name : kPrintingCalls) look_for(name, true, "the library never prints: ");
    for (const char* name : kPrintingNames) look_for(name, false, "the library never prints: ");
  }
  return found;
}

}  // namespace adjoint::testing
