// SPDX-License-Identifier: MIT
// Files to be read, plain or gzipped, and files that are written whole or not at all. All failures
// are IOErrors that begin with `what` (the function at work) and name the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adjoint/error.h"

struct z_stream_s;

namespace adjoint {

/// Text of a file as a message may show it: in quotes, short, without control characters.
std::string excerpt(std::string_view text);

/// A regular file, open for reading.
class InputFile {
 public:
  InputFile(std::string what, std::string path);
  /// Stands for a file with these bytes, which messages call `name`.
  InputFile(std::string what, std::string name, std::string bytes)
      : what_(std::move(what)),
        path_(std::move(name)),
        bytes_(std::move(bytes)),
        size_(bytes_.size()) {}
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Bytes of the file when it was opened.
  uint64_t size() const { return size_; }
  /// Reads up to `n` bytes from `offset` on; less only at the end of the file.
  size_t read_at(uint64_t offset, void* to, size_t n) const;

  /// Throws an IOError: "what: path: parts...".
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    detail::fail<IOError>(what_, ": ", path_, ": ", parts...);
  }

 private:
  std::string what_, path_, bytes_;
  int fd_ = -1;  // none: bytes_ is it
  uint64_t size_ = 0;
};

/// The bytes of a file from first to last; unpacked if the file is gzipped, which its first bytes
/// tell.
class ByteReader {
 public:
  ByteReader(std::string what, std::string path);
  ~ByteReader();
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  /// Reads up to `n` bytes; less only at the end.
  size_t read(void* to, size_t n);
  /// Whether all has been read.
  bool at_end();
  /// No more bytes than this can still come: a bound for memory that a header asks for.
  uint64_t at_most_left() const;

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    file_.fail(parts...);
  }

 private:
  size_t read_packed(unsigned char* to, size_t n);
  bool fill();
  [[noreturn]] void fail_packed(int code) const;

  InputFile file_;
  uint64_t offset_ = 0;            // of the file, read so far
  std::vector<unsigned char> in_;  // packed bytes
  z_stream_s* packed_ = nullptr;   // null for a plain file
  bool member_open_ = false;       // within one of the file's gzip members
};

/// A new file that takes the place of `path` when, and only when, commit() is called.
class OutputFile {
 public:
  OutputFile(std::string what, std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(const void* data, size_t n);
  /// Brings what was written to the disk, then to its place.
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;

  std::string what_, path_, temporary_;
  int fd_ = -1;
};

}  // namespace adjoint
