// SPDX-License-Identifier: MIT
// What tests of files share: a folder that goes when the test ends, and whole files as bytes.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace adjoint {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "adjoint_XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    folder_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(bytes.data(), std::streamsize(bytes.size()));
    return path(name);
  }
  size_t count() const {
    return size_t(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

 private:
  std::filesystem::path folder_;
};

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// Calls f with every beginning of `bytes`, and with `bytes` where one byte is another: each bit of
/// it turned round, all of them, and set to a few values that formats know.
template <class F>
void for_each_damage(const std::string& bytes, F f) {
  for (size_t n = 0; n < bytes.size(); ++n) f(bytes.substr(0, n));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    for (int bit = 0; bit < 8; ++bit) {
      damaged[i] = char(bytes[i] ^ (1 << bit));
      f(damaged);
    }
    for (char other : {'\0', '\xff', '\x7f', '\x80', '"', '}', '9', '-', '\n', ','}) {
      damaged[i] = other;
      f(damaged);
    }
  }
}

/// The message of the exception of class E that f throws; a note instead where it throws none.
template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("an exception of another class: ") + error.what();
  }
  return "no exception";
}

}  // namespace adjoint
