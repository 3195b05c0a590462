// SPDX-License-Identifier: MIT
// What programs do about bad input: one line that says what was expected and what came, and exit
// code 2.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include "adjoint/adjoint.h"
#include "adjoint/backend.h"

namespace support {

/// Parses the command line, then runs `program()`. Returns the exit code.
template <class Program>
int run(CLI::App& app, int argc, char** argv, Program program) {
  try {
    app.parse(argc, argv);
    program();
    return 0;
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  } catch (const std::exception& error) {
    std::string line = error.what();
    std::replace(line.begin(), line.end(), '\n', ' ');
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), line.c_str());
    return 2;
  }
}

/// A whole number from `low` to `high`.
inline CLI::Validator whole_number(int64_t low, int64_t high) {
  const std::string range = std::to_string(low) + " to " + std::to_string(high);
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        int64_t value;
        const bool good = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
        return good ? "" : "expected a whole number from " + range + ", got " + text;
      },
      range);
}

/// One of some words.
inline CLI::Validator one_of(std::vector<std::string> words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        const bool good = std::find(words.begin(), words.end(), text) != words.end();
        return good ? "" : "expected one of " + list + ", got " + text;
      },
      list);
}

/// The device of that name; of an empty name, the best there is. Throws adjoint::Error, which says
/// what is missing.
inline adjoint::Device find_device(const std::string& name) {
  if (name.empty()) return adjoint::has_backend(adjoint::kCUDA) ? adjoint::kCUDA : adjoint::kCPU;
  const adjoint::Device device(name);
  const int count = adjoint::get_backend(device.type()).device_count();
  ADJOINT_CHECK(device.index() < count && count > 0, "--device: expected one of ", count,
                " devices of this kind, got ", name);
  return device;
}

}  // namespace support
