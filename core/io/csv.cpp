// SPDX-License-Identifier: MIT
// Numbers in text, a row a line.
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

#include "adjoint/data.h"
#include "adjoint/ops.h"
#include "core/io/file.h"

namespace adjoint::data {
namespace {

/// Lines without their ends, which are "\n" or "\r\n".
class LineReader {
 public:
  explicit LineReader(const std::string& path) : file_("read_csv", path) {
    fill();
    if (std::string_view(buffer_).starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
  }

  /// The next line that is not blank; false at the end. It stays until the next call.
  bool next(std::string_view& line) {
    while (next_any(line)) {
      if (line.find_first_not_of(" \t") != std::string_view::npos) return true;
    }
    return false;
  }
  int64_t number() const { return number_; }

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    file_.fail(parts...);
  }

 private:
  bool next_any(std::string_view& line) {
    size_t end = buffer_.find('\n', at_);
    while (end == std::string::npos) {
      const size_t searched = buffer_.size() - at_;
      if (!fill()) break;
      end = buffer_.find('\n', at_ + searched);
    }
    if (end == std::string::npos) end = buffer_.size();
    if (at_ >= buffer_.size()) return false;
    line = std::string_view(buffer_).substr(at_, end - at_);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    at_ = end + 1;
    ++number_;
    return true;
  }

  // Drops the lines that were read, and reads more behind what is left.
  bool fill() {
    constexpr size_t kChunk = size_t(1) << 16;
    if (at_ >= buffer_.size()) {
      buffer_.clear();
      at_ = 0;
    } else {
      buffer_.erase(0, at_);
      at_ = 0;
    }
    const size_t kept = buffer_.size();
    buffer_.resize(kept + kChunk);
    const size_t got = file_.read(buffer_.data() + kept, kChunk);
    buffer_.resize(kept + got);
    return got > 0;
  }

  ByteReader file_;
  std::string buffer_;
  size_t at_ = 0;
  int64_t number_ = 0;
};

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

enum class Parsed { Number, NoNumber, OutOfRange };

/// Float and double by way of themselves, so that no digit is rounded twice; 16-bit floats by way
/// of float; bool as an integer of 0 or 1.
template <class T>
Parsed parse(std::string_view text, T& value) {
  using Wide = std::conditional_t<std::is_same_v<T, double>, double,
                                  std::conditional_t<std::is_integral_v<T>, int64_t, float>>;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Wide wide{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wide);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    return Parsed::NoNumber;
  }
  if constexpr (!std::is_integral_v<T>) {
    // Too small is as good as zero; too large is not.
    long double wider = 0;
    if (error != std::errc()) {
      std::from_chars(text.data(), text.data() + text.size(), wider);
      if (wider == 0 || std::fabs(wider) >= 1) return Parsed::OutOfRange;
      wide = Wide(std::copysign(0.0L, wider));
    }
  } else if (error != std::errc()) {
    return Parsed::OutOfRange;
  }
  if constexpr (std::is_integral_v<T>) {
    if (wide < int64_t(std::numeric_limits<T>::min()) ||
        wide > int64_t(std::numeric_limits<T>::max())) {
      return Parsed::OutOfRange;
    }
  }
  value = T(wide);
  if constexpr (!std::is_integral_v<T>) {
    if (std::isinf(float(value)) && !std::isinf(float(wide))) return Parsed::OutOfRange;
  }
  return Parsed::Number;
}

template <class T>
class Table {
 public:
  Table(LineReader& lines, const CsvOptions& options) : lines_(lines), options_(options) {}

  Tensor read() {
    std::string_view line;
    bool skip = options_.header;
    while (lines_.next(line)) {
      if (!skip) add_row(line);
      skip = false;
    }
    if (rows_ == 0) lines_.fail("expected at least one row of numbers, got none");
    Tensor out = empty({rows_, columns_}, TensorOptions(options_.dtype).device(kCPU));
    std::copy(values_.begin(), values_.end(), static_cast<Stored*>(out.data_ptr()));
    return out;
  }

 private:
  using Stored = T;
  // std::vector<bool> has no elements of its own.
  using Held = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;

  void add_row(std::string_view line) {
    int64_t column = 0;
    for (bool more = true; more; ++column) {
      const size_t end = line.find(options_.delimiter);
      more = end != std::string_view::npos;
      add_field(trimmed(line.substr(0, end)), column + 1);
      if (more) line.remove_prefix(end + 1);
    }
    if (rows_ == 0) columns_ = column;
    if (column != columns_) {
      lines_.fail("line ", lines_.number(), ": expected ", columns_,
                  " columns, as in the first row, got ", column);
    }
    ++rows_;
  }

  void add_field(std::string_view field, int64_t column) {
    T value{};
    const Parsed parsed = parse(field, value);
    if (parsed != Parsed::Number) {
      const char* expected = parsed == Parsed::OutOfRange ? "a number in the range of "
                             : std::is_integral_v<T>      ? "a whole number for "
                                                          : "a number for ";
      lines_.fail("line ", lines_.number(), ", column ", column, ": expected ", expected,
                  options_.dtype, ", got ", excerpt(field));
    }
    values_.push_back(value);
  }

  LineReader& lines_;
  const CsvOptions& options_;
  std::vector<Held> values_;
  int64_t rows_ = 0, columns_ = 0;
};

}  // namespace

Tensor read_csv(const std::string& path, const CsvOptions& options) {
  ADJOINT_CHECK_VALUE(options.delimiter != '\n' && options.delimiter != '\r',
                      "read_csv: expected a delimiter that is no line break");
  LineReader lines(path);
  switch (options.dtype) {
    case kBool:
      return Table<bool>(lines, options).read();
    case kByte:
      return Table<uint8_t>(lines, options).read();
    case kInt:
      return Table<int32_t>(lines, options).read();
    case kLong:
      return Table<int64_t>(lines, options).read();
    case kHalf:
      return Table<Half>(lines, options).read();
    case kBFloat16:
      return Table<BFloat16>(lines, options).read();
    case kFloat:
      return Table<float>(lines, options).read();
    case kDouble:
      return Table<double>(lines, options).read();
    case ScalarType::Undefined:
      break;
  }
  detail::fail<TypeError>("read_csv: expected a dtype");
}

}  // namespace adjoint::data
