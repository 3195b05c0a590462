// SPDX-License-Identifier: MIT
#include "adjoint/error.h"

#include <charconv>

#include "adjoint/array_ref.h"

namespace adjoint {

Error::~Error() = default;
IndexError::~IndexError() = default;
ValueError::~ValueError() = default;
TypeError::~TypeError() = default;
NotImplementedError::~NotImplementedError() = default;
LinAlgError::~LinAlgError() = default;
OutOfMemoryError::~OutOfMemoryError() = default;
CUDAError::~CUDAError() = default;
IOError::~IOError() = default;

namespace detail {
namespace {

template <class T>
void append_number(std::string& out, T value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end);
}

}  // namespace

void append(std::string& out, std::string_view text) { out += text; }
void append(std::string& out, const char* text) { out += text; }
void append(std::string& out, char c) { out += c; }
void append(std::string& out, bool value) { out += value ? "True" : "False"; }
void append(std::string& out, int value) { append_number(out, value); }
void append(std::string& out, unsigned value) { append_number(out, value); }
void append(std::string& out, long value) { append_number(out, value); }
void append(std::string& out, unsigned long value) { append_number(out, value); }
void append(std::string& out, long long value) { append_number(out, value); }
void append(std::string& out, unsigned long long value) { append_number(out, value); }
void append(std::string& out, double value) { append_number(out, value); }

}  // namespace detail

void append(std::string& out, IntArrayRef sizes) {
  out += '[';
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (i) out += ", ";
    detail::append(out, long(sizes[i]));
  }
  out += ']';
}

}  // namespace adjoint
