// SPDX-License-Identifier: MIT
#include "core/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <system_error>

namespace adjoint {
namespace {

constexpr size_t kChunk = size_t(1) << 16;
// A deflated stream grows by no more than this when it is unpacked (RFC 1951: 258 bytes in 2 bits).
constexpr uint64_t kMostUnpacked = 1032;

std::string message_of(int error) { return std::generic_category().message(error); }

}  // namespace

std::string excerpt(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string out = "\"";
  for (char c : text.substr(0, kMost)) out += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  return out + (text.size() > kMost ? "...\"" : "\"");
}

InputFile::InputFile(std::string what, std::string path)
    : what_(std::move(what)), path_(std::move(path)) {
  do {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (fd_ < 0 && errno == EINTR);
  if (fd_ < 0) fail("cannot be opened: ", message_of(errno));
  struct stat status;
  const bool regular = ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular) {
    ::close(fd_);
    fail("expected a regular file");
  }
  size_ = uint64_t(status.st_size);
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

size_t InputFile::read_at(uint64_t offset, void* to, size_t n) const {
  if (fd_ < 0) {
    const size_t found = size_t(std::min<uint64_t>(n, size_ - std::min(offset, size_)));
    if (found > 0) std::memcpy(to, bytes_.data() + offset, found);
    return found;
  }
  size_t done = 0;
  while (done < n) {
    const size_t wanted = std::min(n - done, size_t(1) << 30);
    const ssize_t got = ::pread(fd_, static_cast<char*>(to) + done, wanted, off_t(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot be read: ", message_of(errno));
    if (got == 0) break;
    done += size_t(got);
  }
  return done;
}

ByteReader::ByteReader(std::string what, std::string path)
    : file_(std::move(what), std::move(path)) {
  unsigned char magic[2];
  const bool gzip = file_.read_at(0, magic, 2) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
  if (!gzip) return;
  in_.resize(kChunk);
  auto stream = std::make_unique<z_stream_s>();
  const int code = inflateInit2(stream.get(), 15 + 16);  // 15: largest window; 16: gzip
  if (code != Z_OK) fail("cannot be unpacked: zlib error ", code);
  packed_ = stream.release();
  member_open_ = true;
}

ByteReader::~ByteReader() {
  if (!packed_) return;
  inflateEnd(packed_);
  delete packed_;
}

size_t ByteReader::read(void* to, size_t n) {
  if (packed_) return read_packed(static_cast<unsigned char*>(to), n);
  const size_t got = file_.read_at(offset_, to, n);
  offset_ += got;
  return got;
}

bool ByteReader::fill() {
  if (packed_->avail_in > 0) return true;
  const size_t got = file_.read_at(offset_, in_.data(), in_.size());
  offset_ += got;
  packed_->next_in = in_.data();
  packed_->avail_in = uInt(got);
  return got > 0;
}

size_t ByteReader::read_packed(unsigned char* to, size_t n) {
  size_t done = 0;
  while (done < n) {
    const bool more = fill();
    if (!member_open_) {
      if (!more) break;
      // RFC 1952: a file may have several members, one behind the other.
      if (inflateReset(packed_) != Z_OK) fail_packed(Z_STREAM_ERROR);
      member_open_ = true;
    }
    if (!more) fail("expected more gzipped data, got the end of the file");
    packed_->next_out = to + done;
    packed_->avail_out = uInt(std::min<size_t>(n - done, std::numeric_limits<uInt>::max()));
    const int code = inflate(packed_, Z_NO_FLUSH);
    done = size_t(packed_->next_out - to);
    if (code == Z_STREAM_END) {
      member_open_ = false;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      fail_packed(code);
    }
  }
  return done;
}

void ByteReader::fail_packed(int code) const {
  const char* reason = packed_->msg ? packed_->msg : zError(code);
  fail("expected intact gzipped data, got an error while unpacking: ", reason);
}

bool ByteReader::at_end() {
  unsigned char byte;
  return read(&byte, 1) == 0;
}

uint64_t ByteReader::at_most_left() const {
  const uint64_t left = file_.size() - std::min(offset_, file_.size());
  if (!packed_) return left;
  return (left + packed_->avail_in + kChunk) * kMostUnpacked;
}

OutputFile::OutputFile(std::string what, std::string path)
    : what_(std::move(what)), path_(std::move(path)) {
  static std::atomic<uint64_t> count{0};
  do {
    temporary_ = detail::str(path_, ".", long(::getpid()), ".", count.fetch_add(1), ".tmp");
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (fd_ < 0 && (errno == EEXIST || errno == EINTR));
  if (fd_ < 0) {
    temporary_.clear();
    fail("cannot be created");
  }
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(const void* data, size_t n) {
  const char* from = static_cast<const char*>(data);
  while (n > 0) {
    const ssize_t written = ::write(fd_, from, std::min(n, size_t(1) << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    from += written;
    n -= size_t(written);
  }
}

void OutputFile::commit() {
  if (::fsync(fd_) != 0) fail("cannot be written");
  const int closed = ::close(fd_);
  fd_ = -1;
  if (closed != 0) fail("cannot be written");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be put in its place");
  temporary_.clear();
  // The new name is only on the disk once the folder is; where that cannot be had, the file still
  // is either the old or the new one.
  const size_t slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0) return;
  ::fsync(folder_fd);
  ::close(folder_fd);
}

void OutputFile::fail(const char* action) const {
  const int error = errno;
  detail::fail<IOError>(what_, ": ", path_, ": ", action, ": ", message_of(error));
}

}  // namespace adjoint
