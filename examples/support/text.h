// SPDX-License-Identifier: MIT
// printf into a string, and strings into files.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include "adjoint/error.h"

namespace support {

/// As printf, into a string of up to 255 characters.
template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

/// Writes a whole file: under another name first, so that no half of it is ever to be seen. Throws
/// adjoint::IOError.
inline void write_file(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".tmp";
  std::FILE* file = std::fopen(unfinished.c_str(), "wb");
  bool good = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file) good = std::fclose(file) == 0 && good;
  good = good && std::rename(unfinished.c_str(), path.c_str()) == 0;
  ADJOINT_CHECK_WITH(adjoint::IOError, good, path,
                     ": expected a file that can be written, got: ", std::strerror(errno));
}

/// Makes a folder, and those above it, unless it is there. Throws adjoint::IOError.
inline void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  ADJOINT_CHECK_WITH(adjoint::IOError, !error && std::filesystem::is_directory(path), path,
                     ": expected a folder that can be made, got: ", error.message());
}

}  // namespace support
