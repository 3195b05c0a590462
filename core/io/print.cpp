// SPDX-License-Identifier: MIT
// Tensors as text, in the form of PyTorch's Python front end.
//
// The elements that are shown, at both edges of every long dimension, are first gathered in a small
// contiguous tensor on the CPU, as double or int64; one format for all of them is chosen, and the
// rows are put together around it.
#include <charconv>
#include <cmath>
#include <limits>
#include <mutex>
#include <ostream>
#include <string>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "adjoint/tensor.h"

namespace adjoint {
namespace {

constexpr int kMaxPrecision = 1100;  // no double has more decimals

struct OptionsInUse {
  std::mutex mutex;
  PrintOptions options;
};

OptionsInUse& options_in_use() {
  static OptionsInUse& instance = *new OptionsInUse();
  return instance;
}

std::string digits(double value, std::chars_format format, int precision) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char out[std::numeric_limits<double>::max_exponent10 + kMaxPrecision + 16];
  return std::string(out, std::to_chars(out, out + sizeof out, value, format, precision).ptr);
}

/// Gathers what is shown of a tensor.
class Shown {
 public:
  Shown(const Tensor& tensor, const PrintOptions& options)
      : edge_(options.edgeitems), summarised_(tensor.numel() > options.threshold) {
    for (int64_t size : tensor.sizes()) {
      cut_.push_back(summarised_ && size / 2 >= edge_ && size > 2 * edge_);
      sizes_.push_back(cut_.back() ? 2 * edge_ : size);
    }
    elements_ =
        empty(sizes_, TensorOptions(tensor.is_floating_point() ? kDouble : kLong).device(kCPU));
    if (elements_.numel() != 0) copy(elements_, tensor, 0);
  }

  bool is_cut(int64_t dim) const { return cut_[size_t(dim)] != 0; }
  int64_t edge() const { return edge_; }
  int64_t size(int64_t dim) const { return sizes_[size_t(dim)]; }
  int64_t dim() const { return int64_t(sizes_.size()); }
  int64_t numel() const { return elements_.numel(); }
  template <class T>
  const T* data() const {
    return elements_.const_data_ptr<T>();
  }

 private:
  void copy(const Tensor& to, const Tensor& from, int64_t dim) const {
    while (dim < this->dim() && !is_cut(dim)) ++dim;
    if (dim == this->dim()) {
      to.copy_(from);
      return;
    }
    copy(to.narrow(dim, 0, edge_), from.narrow(dim, 0, edge_), dim + 1);
    copy(to.narrow(dim, edge_, edge_), from.narrow(dim, from.size(dim) - edge_, edge_), dim + 1);
  }

  int64_t edge_;
  bool summarised_;
  DimVector sizes_, cut_;
  Tensor elements_;
};

/// Element `i` as text; all are padded to one width.
class Formatter {
 public:
  virtual ~Formatter() = default;
  std::string operator()(int64_t i) const {
    std::string text = element(i);
    if (text.size() < width_) text.insert(0, width_ - text.size(), ' ');
    return text;
  }
  int64_t width() const { return int64_t(width_); }

 protected:
  virtual std::string element(int64_t i) const = 0;
  void widen(size_t width) { width_ = width > width_ ? width : width_; }

 private:
  size_t width_ = 1;
};

class IntegerFormatter final : public Formatter {
 public:
  IntegerFormatter(const Shown& shown, bool is_bool)
      : data_(shown.data<int64_t>()), is_bool_(is_bool) {
    for (int64_t i = 0; i < shown.numel(); ++i) widen(element(i).size());
  }

 private:
  std::string element(int64_t i) const override {
    if (is_bool_) return data_[i] ? "True" : "False";
    return std::to_string(data_[i]);
  }

  const int64_t* data_;
  bool is_bool_;
};

class FloatFormatter final : public Formatter {
 public:
  FloatFormatter(const Shown& shown, const PrintOptions& options)
      : data_(shown.data<double>()), precision_(options.precision) {
    double smallest = std::numeric_limits<double>::infinity(), largest = 0;
    bool whole = true;
    for (int64_t i = 0; i < shown.numel(); ++i) {
      if (!counts(data_[i])) continue;
      smallest = std::fmin(smallest, std::fabs(data_[i]));
      largest = std::fmax(largest, std::fabs(data_[i]));
      whole = whole && data_[i] == std::ceil(data_[i]);
    }
    if (largest == 0) return;
    const bool spread = largest / smallest > 1000.0 || largest > 1.0e8 || smallest < 1.0e-4;
    style_ = options.sci_mode.value_or(spread) ? Style::Scientific
             : whole                           ? Style::Whole
                                               : Style::Fixed;
    for (int64_t i = 0; i < shown.numel(); ++i)
      if (counts(data_[i])) widen(element(i).size());
  }

 private:
  enum class Style { Whole, Fixed, Scientific };

  // Neither zeros nor what is not finite take part in choosing style and width.
  static bool counts(double value) { return std::isfinite(value) && value != 0; }

  std::string element(int64_t i) const override {
    const double value = data_[i];
    switch (style_) {
      case Style::Scientific:
        return digits(value, std::chars_format::scientific, precision_);
      case Style::Fixed:
        return digits(value, std::chars_format::fixed, precision_);
      case Style::Whole:
        break;
    }
    return digits(value, std::chars_format::fixed, 0) + (std::isfinite(value) ? "." : "");
  }

  const double* data_;
  int precision_;
  Style style_ = Style::Whole;
};

/// Elements in brackets, rows on lines.
class Layout {
 public:
  Layout(const Shown& shown, const Formatter& format, const PrintOptions& options)
      : shown_(shown), format_(format), linewidth_(options.linewidth) {}

  std::string text(int64_t indent) {
    next_ = 0;
    return shown_.dim() == 0 ? format_(0) : block(0, indent);
  }

 private:
  std::string block(int64_t dim, int64_t indent) {
    if (dim == shown_.dim() - 1) return row(dim, indent);
    std::string separator = ",";
    separator.append(size_t(shown_.dim() - 1 - dim), '\n').append(size_t(indent + 1), ' ');
    std::string out = "[";
    const int64_t size = shown_.size(dim);
    for (int64_t i = 0; i < size; ++i) {
      if (shown_.is_cut(dim) && i == shown_.edge()) out += "..." + separator;
      out += block(dim + 1, indent + 1);
      if (i + 1 < size) out += separator;
    }
    if (size == 0) out += "...";
    return out + "]";
  }

  std::string row(int64_t dim, int64_t indent) {
    const int64_t fitting = (linewidth_ - indent) / (format_.width() + 2);
    const int64_t per_line = fitting < 1 ? 1 : fitting;
    const std::string new_line = ",\n" + std::string(size_t(indent + 1), ' ');
    std::string out = "[";
    int64_t written = 0;
    auto write = [&](const std::string& text) {
      if (written > 0) out += written % per_line == 0 ? new_line : ", ";
      out += text;
      ++written;
    };
    const int64_t size = shown_.size(dim);
    for (int64_t i = 0; i < size; ++i) {
      if (shown_.is_cut(dim) && i == shown_.edge()) write(" ...");
      write(format_(next_++));
    }
    if (size == 0) write("...");
    return out + "]";
  }

  const Shown& shown_;
  const Formatter& format_;
  int64_t linewidth_;
  int64_t next_ = 0;
};

std::string elements_text(const Tensor& tensor, const PrintOptions& options, int64_t indent) {
  const Shown shown(tensor, options);
  if (tensor.is_floating_point()) {
    return Layout(shown, FloatFormatter(shown, options), options).text(indent);
  }
  return Layout(shown, IntegerFormatter(shown, tensor.dtype() == kBool), options).text(indent);
}

std::string size_text(IntArrayRef sizes) {
  std::string out = "size=(";
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0) out += ", ";
    out += std::to_string(sizes[i]);
  }
  return out + (sizes.size() == 1 ? ",)" : ")");
}

/// Appends ", suffix", on a new line where the line would become too long.
class Suffixes {
 public:
  Suffixes(std::string& out, int64_t indent, int64_t linewidth)
      : out_(out), indent_(indent), linewidth_(linewidth) {
    const size_t line = out.rfind('\n');
    last_line_ = int64_t(line == std::string::npos ? out.size() + 2 : out.size() - line + 1);
  }

  void add(const std::string& suffix) {
    const int64_t size = int64_t(suffix.size());
    if (last_line_ + size + 2 > linewidth_) {
      out_.append(",\n").append(size_t(indent_), ' ');
      last_line_ = indent_ + size;
    } else {
      out_ += ", ";
      last_line_ += size + 2;
    }
    out_ += suffix;
  }

 private:
  std::string& out_;
  int64_t indent_, linewidth_, last_line_;
};

}  // namespace

void set_printoptions(const PrintOptions& options) {
  ADJOINT_CHECK_VALUE(options.precision >= 0 && options.precision <= kMaxPrecision,
                      "set_printoptions: expected a precision from 0 to ", kMaxPrecision, ", got ",
                      options.precision);
  ADJOINT_CHECK_VALUE(options.edgeitems >= 0,
                      "set_printoptions: expected edgeitems of at least 0, got ",
                      options.edgeitems);
  OptionsInUse& in_use = options_in_use();
  std::lock_guard lock(in_use.mutex);
  in_use.options = options;
}

PrintOptions get_printoptions() {
  OptionsInUse& in_use = options_in_use();
  std::lock_guard lock(in_use.mutex);
  return in_use.options;
}

namespace {

/// The name of a node in PyTorch's Python front end, which turns numbers into tensors and has
/// formulas of its own where LibTorch's operators have others.
std::string python_name(const Node& node) {
  std::string name = node.name();
  if (name == "AddBackward1" || name == "SubBackward1" || name == "MulBackward1" ||
      name == "DivBackward1") {
    name.back() = '0';  // tensor and number
  } else if (name == "DivBackward3") {
    name = "DivBackward2";  // the same, rounded
  } else if (name == "SubBackward0" && node.num_outputs() == 1) {
    name = "RsubBackward1";  // number - tensor
  } else if (name == "DivBackward0" && node.num_outputs() == 1) {
    name = "MulBackward0";  // number / tensor, as number * reciprocal
  } else if (name.starts_with("NormBackward")) {
    name = "LinalgVectorNormBackward0";
  }
  return name;
}

}  // namespace

std::string Tensor::toString() const {
  if (!defined()) return "tensor(undefined)";
  const NoGradGuard no_grad;
  const PrintOptions options = get_printoptions();
  std::string out = "tensor(";
  const int64_t indent = int64_t(out.size());
  const bool is_empty = numel() == 0;
  out += is_empty ? "[]" : elements_text(detach(), options, indent);

  Suffixes suffixes(out, indent, options.linewidth);
  if (!is_cpu()) suffixes.add("device='" + device().str() + "'");
  if (is_empty ? dim() != 1 : options.edgeitems == 0) suffixes.add(size_text(sizes()));
  // Numbers without a point are read as int64, and truth values as bool: these need not be named.
  const bool implied =
      dtype() == get_default_dtype() || (!is_empty && (dtype() == kLong || dtype() == kBool));
  if (!implied) suffixes.add(std::string("dtype=torch.") + dtype_name(dtype()));
  std::string grad_fn_name;
  try {
    if (const intrusive_ptr<Node> fn = grad_fn()) grad_fn_name = python_name(*fn);
  } catch (const Error&) {
    grad_fn_name = "Invalid";  // a view that its base's changes left without one
  }
  if (!grad_fn_name.empty()) {
    suffixes.add("grad_fn=<" + grad_fn_name + ">");
  } else if (requires_grad()) {
    suffixes.add("requires_grad=True");
  }
  return out + ")";
}

std::ostream& detail::print(std::ostream& out, const Tensor& tensor) {
  return out << tensor.toString();
}

}  // namespace adjoint
