// SPDX-License-Identifier: MIT
// Tensors and modules as text, in the form of LibTorch's C++ front end: a program that includes
// adjoint/torch.h prints so.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <ostream>
#include <sstream>

#include "adjoint/autograd.h"
#include "adjoint/nn/module.h"
#include "adjoint/torch/print.h"

namespace adjoint::detail {
namespace {

/// Gives a stream back as it was.
class FormatGuard {
 public:
  explicit FormatGuard(std::ostream& out) : out_(out), saved_(nullptr) { saved_.copyfmt(out); }
  ~FormatGuard() { out_.copyfmt(saved_); }
  FormatGuard(const FormatGuard&) = delete;
  FormatGuard& operator=(const FormatGuard&) = delete;

 private:
  std::ostream& out_;
  std::ios saved_;
};

void use_default_float(std::ostream& out) { out.unsetf(std::ios_base::floatfield); }

/// One width for all elements, and a factor that is taken out of them.
struct NumberFormat {
  double scale = 1;
  int width = 0;
};

/// Decimal digits in front of the point; 1 of zero.
int digits_of(double magnitude) {
  return magnitude != 0 ? int(std::floor(std::log10(magnitude))) + 1 : 1;
}

/// Chooses the format for `n` numbers, and sets the stream to it.
NumberFormat choose_format(std::ostream& out, const double* data, int64_t n) {
  bool whole = true, any = false;
  double smallest = 0, largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double magnitude = std::fabs(data[i]);
    if (!std::isfinite(magnitude)) continue;
    whole = whole && magnitude == std::ceil(magnitude);
    smallest = any ? std::min(smallest, magnitude) : magnitude;
    // LibTorch leaves negative numbers out of the largest, but for the first.
    largest = any ? std::max(largest, data[i]) : magnitude;
    any = true;
  }
  const int low = any ? digits_of(smallest) : 1, high = any ? digits_of(largest) : 1;
  NumberFormat format;
  if (whole) {
    if (high > 9) {
      format.width = 11;
      out << std::scientific << std::setprecision(4);
    } else {
      format.width = high + 1;
      use_default_float(out);
    }
    return format;
  }
  if (high - low > 4) {
    format.width = std::abs(high) > 99 || std::abs(low) > 99 ? 12 : 11;
    out << std::scientific << std::setprecision(4);
    return format;
  }
  if (high > 5 || high < 0) {
    format.width = 7;
    format.scale = std::pow(10.0, high - 1);
  } else {
    format.width = high == 0 ? 7 : high + 6;
  }
  out << std::fixed << std::setprecision(4);
  return format;
}

void print_scale(std::ostream& out, double scale) {
  FormatGuard guard(out);
  use_default_float(out);
  out << scale << " *\n";
}

void print_matrix(std::ostream& out, const double* data, int64_t rows, int64_t columns,
                  int64_t linewidth, int indent) {
  FormatGuard guard(out);
  const NumberFormat format = choose_format(out, data, rows * columns);
  const std::string margin(size_t(indent), ' ');
  const int64_t fitting = (linewidth - indent) / (format.width + 1);
  const int64_t per_line = std::max<int64_t>(fitting, 1);
  for (int64_t first = 0; first < columns; first += per_line) {
    const int64_t last = std::min(first + per_line, columns) - 1;
    if (per_line < columns) {
      if (first != 0) out << "\n";
      out << "Columns " << first + 1 << " to " << last + 1;
    }
    out << margin;
    if (format.scale != 1) {
      print_scale(out, format.scale);
      out << margin;
    }
    for (int64_t row = 0; row < rows; ++row) {
      // Under a factor, rows but the first stand one column further right.
      if (row != 0) out << margin << (format.scale != 1 ? " " : "");
      for (int64_t column = first; column <= last; ++column) {
        out << std::setw(format.width) << data[row * columns + column] / format.scale;
        out << (column == last ? '\n' : ' ');
      }
    }
  }
}

void print_vector(std::ostream& out, const double* data, int64_t n) {
  FormatGuard guard(out);
  const NumberFormat format = choose_format(out, data, n);
  if (format.scale != 1) print_scale(out, format.scale);
  for (int64_t i = 0; i < n; ++i) {
    out << std::setw(format.width) << data[i] / format.scale << '\n';
  }
}

/// Matrices of the last two dimensions, the first dimension running fastest.
void print_matrices(std::ostream& out, const Tensor& values, int64_t linewidth) {
  const int64_t leading = values.dim() - 2;
  const int64_t rows = values.size(-2), columns = values.size(-1);
  DimVector counter(size_t(leading), 0);
  for (bool first = true, more = values.numel() > 0; more; first = false) {
    if (!first) out << '\n';
    out << '(';
    int64_t offset = 0;
    for (int64_t d = 0; d < leading; ++d) {
      offset += counter[size_t(d)] * values.stride(d);
      out << counter[size_t(d)] + 1 << ',';
    }
    out << ".,.) = \n";
    print_matrix(out, values.const_data_ptr<double>() + offset, rows, columns, linewidth, 1);
    more = false;
    for (int64_t d = 0; d < leading && !more; ++d) {
      more = ++counter[size_t(d)] < values.size(d);
      if (!more) counter[size_t(d)] = 0;
    }
  }
}

}  // namespace

std::string libtorch_type_name(const Tensor& tensor) {
  if (!tensor.defined()) return "UndefinedType";
  std::string device = device_type_name(tensor.device().type());
  for (char& c : device) c = char(std::toupper(static_cast<unsigned char>(c)));
  return device + adjoint::toString(tensor.dtype()) + "Type";
}

std::ostream& print_as_libtorch(std::ostream& out, const Tensor& tensor, int64_t linewidth) {
  if (!tensor.defined()) return out << "[ Tensor (undefined) ]";
  NoGradGuard no_grad;
  FormatGuard guard(out);
  const Tensor values = tensor.detach().to(Device(kCPU), kDouble).contiguous();
  if (values.dim() == 0) {
    use_default_float(out);
    out << values.item<double>() << '\n';
  } else if (values.numel() > 0) {
    if (values.dim() == 1) {
      print_vector(out, values.const_data_ptr<double>(), values.numel());
    } else if (values.dim() == 2) {
      print_matrix(out, values.const_data_ptr<double>(), values.size(0), values.size(1), linewidth,
                   0);
    } else {
      print_matrices(out, values, linewidth);
    }
  }
  out << "[ " << libtorch_type_name(tensor) << '{';
  for (int64_t d = 0; d < tensor.dim(); ++d) out << (d > 0 ? "," : "") << tensor.size(d);
  return out << "} ]";
}

}  // namespace adjoint::detail
