// SPDX-License-Identifier: MIT
// Exceptions. Everything the library has to say about bad input, it throws; it never ends the
// process.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "adjoint/export.h"

namespace adjoint {

/// Base of every exception that the library throws.
class ADJOINT_API Error : public std::exception {
 public:
  explicit Error(std::string message) : message_(std::move(message)) {}
  ~Error() override;
  const char* what() const noexcept override { return message_.c_str(); }
  const char* what_without_backtrace() const noexcept { return message_.c_str(); }
  const std::string& message() const noexcept { return message_; }
  const std::string& msg() const noexcept { return message_; }
  /// Adds a line to the message: where it went wrong. For a handler that throws on.
  void add_context(std::string_view line) { message_.append("\n  ").append(line); }

 private:
  std::string message_;
};

/// An index or dimension outside its range.
class ADJOINT_API IndexError : public Error {
 public:
  using Error::Error;
  ~IndexError() override;
};

/// An argument of the right type with an impossible value.
class ADJOINT_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// An argument of the wrong type or dtype.
class ADJOINT_API TypeError : public Error {
 public:
  using Error::Error;
  ~TypeError() override;
};

/// No device has a kernel for what was asked.
class ADJOINT_API NotImplementedError : public Error {
 public:
  using Error::Error;
  ~NotImplementedError() override;
};

/// A matrix that a decomposition does not exist of: a singular one, or one not positive-definite.
class ADJOINT_API LinAlgError : public Error {
 public:
  using Error::Error;
  ~LinAlgError() override;
};

/// A device's memory, or its limit, is exhausted. The program can go on: nothing was lost.
class ADJOINT_API OutOfMemoryError : public Error {
 public:
  using Error::Error;
  ~OutOfMemoryError() override;
};

/// A call of CUDA that failed, or work on a GPU that did.
class ADJOINT_API CUDAError : public Error {
 public:
  using Error::Error;
  ~CUDAError() override;
};

/// A file or stream that cannot be read or written, or that does not hold what it should.
class ADJOINT_API IOError : public Error {
 public:
  using Error::Error;
  ~IOError() override;
};

namespace detail {

ADJOINT_API void append(std::string& out, std::string_view text);
ADJOINT_API void append(std::string& out, const char* text);
ADJOINT_API void append(std::string& out, char c);
ADJOINT_API void append(std::string& out, bool value);
ADJOINT_API void append(std::string& out, int value);
ADJOINT_API void append(std::string& out, unsigned value);
ADJOINT_API void append(std::string& out, long value);
ADJOINT_API void append(std::string& out, unsigned long value);
ADJOINT_API void append(std::string& out, long long value);
ADJOINT_API void append(std::string& out, unsigned long long value);
ADJOINT_API void append(std::string& out, double value);
inline void append(std::string& out, const std::string& text) {
  append(out, std::string_view(text));
}

/// The parts written one behind the other. A type takes part by an `append(std::string&, const T&)`
/// that argument-dependent look-up finds.
template <class... Parts>
std::string str(const Parts&... parts) {
  std::string out;
  (append(out, parts), ...);
  return out;
}

template <class E, class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  throw E(str(parts...));
}

}  // namespace detail
}  // namespace adjoint

/// Throws an exception of the named class unless `cond` holds; the message is made of the other
/// arguments, which are evaluated only then.
#define ADJOINT_CHECK_WITH(E, cond, ...) \
  (__builtin_expect(!(cond), 0) ? ::adjoint::detail::fail<E>(__VA_ARGS__) : (void)0)
#define ADJOINT_CHECK(cond, ...) ADJOINT_CHECK_WITH(::adjoint::Error, cond, __VA_ARGS__)
#define ADJOINT_CHECK_INDEX(cond, ...) ADJOINT_CHECK_WITH(::adjoint::IndexError, cond, __VA_ARGS__)
#define ADJOINT_CHECK_VALUE(cond, ...) ADJOINT_CHECK_WITH(::adjoint::ValueError, cond, __VA_ARGS__)
#define ADJOINT_CHECK_TYPE(cond, ...) ADJOINT_CHECK_WITH(::adjoint::TypeError, cond, __VA_ARGS__)
