// SPDX-License-Identifier: MIT
#include "adjoint/nn/pooling.h"

#include <cmath>
#include <ostream>

#include "adjoint/nn/functional/image.h"
#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

template <size_t D>
void print_max(std::ostream& out, const std::string& name, const MaxPoolOptions<D>& o) {
  const char* ceil_mode =
      is_libtorch_style(out) ? (o.ceil_mode() ? "true" : "false") : yes_no(o.ceil_mode());
  out << name << "(kernel_size=" << short_list(out, o.kernel_size())
      << ", stride=" << short_list(out, o.stride()) << ", padding=" << short_list(out, o.padding())
      << ", dilation=" << short_list(out, o.dilation()) << ", ceil_mode=" << ceil_mode << ")";
}

template <size_t D>
void print_avg(std::ostream& out, const std::string& name, const AvgPoolOptions<D>& o) {
  auto numbers = [&](IntArrayRef list_of) {
    return D == 1 ? list(out, list_of) : short_list(out, list_of);
  };
  out << name << "(kernel_size=" << numbers(o.kernel_size()) << ", stride=" << numbers(o.stride())
      << ", padding=" << numbers(o.padding()) << ")";
}

template <size_t D>
void print_adaptive(std::ostream& out, const std::string& name, const AdaptivePoolOptions<D>& o) {
  const bool cpp = is_libtorch_style(out);
  bool agree = D == 1 || !cpp;
  for (size_t i = 0; i < D; ++i) agree = agree && o.output_size()[i] == o.output_size()[0];
  auto write = [&](std::optional<int64_t> size) {
    if (size) {
      out << *size;
    } else {
      out << "None";
    }
  };
  out << name << "(output_size=" << (agree ? "" : cpp ? "[" : "(");
  for (size_t i = 0; i < (agree ? 1 : D); ++i) {
    out << (i > 0 ? ", " : "");
    write(o.output_size()[i]);
  }
  out << (agree ? "" : cpp ? "]" : ")") << ")";
}

}  // namespace

void MaxPool1dImpl::pretty_print(std::ostream& out) const { print_max(out, "MaxPool1d", options); }
void MaxPool2dImpl::pretty_print(std::ostream& out) const { print_max(out, "MaxPool2d", options); }
void AvgPool1dImpl::pretty_print(std::ostream& out) const { print_avg(out, "AvgPool1d", options); }
void AvgPool2dImpl::pretty_print(std::ostream& out) const { print_avg(out, "AvgPool2d", options); }
void AdaptiveMaxPool1dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveMaxPool1d", options);
}
void AdaptiveMaxPool2dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveMaxPool2d", options);
}
void AdaptiveAvgPool1dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveAvgPool1d", options);
}
void AdaptiveAvgPool2dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveAvgPool2d", options);
}

void MaxPool3dImpl::pretty_print(std::ostream& out) const { print_max(out, "MaxPool3d", options); }
void AvgPool3dImpl::pretty_print(std::ostream& out) const { print_avg(out, "AvgPool3d", options); }
void AdaptiveMaxPool3dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveMaxPool3d", options);
}
void AdaptiveAvgPool3dImpl::pretty_print(std::ostream& out) const {
  print_adaptive(out, "AdaptiveAvgPool3d", options);
}

namespace {

template <size_t D>
void print_unpool(std::ostream& out, const std::string& name, const MaxUnpoolOptions<D>& o) {
  out << name << "(kernel_size=" << list(out, o.kernel_size())
      << ", stride=" << list(out, o.stride()) << ", padding=" << list(out, o.padding()) << ")";
}
template <size_t D>
void print_power(std::ostream& out, const std::string& name, const LPPoolOptions<D>& o) {
  const char* ceil_mode =
      is_libtorch_style(out) ? (o.ceil_mode() ? "true" : "false") : yes_no(o.ceil_mode());
  out << name << "(norm_type=" << o.norm_type()
      << ", kernel_size=" << short_list(out, o.kernel_size()) << ", stride=";
  // Python's keeps none where the kernel's size stands for it.
  const bool is_kernels = IntArrayRef(o.stride()) == IntArrayRef(o.kernel_size());
  out << (is_kernels && !is_libtorch_style(out) ? "None" : short_list(out, o.stride()));
  out << ", ceil_mode=" << ceil_mode << ")";
}

/// The last D numbers of output_size, or what the pooling is the smallest of.
template <size_t D, class Options>
DimVector unpooled_size(const Tensor& input, const Options& o,
                        const std::optional<std::vector<int64_t>>& output_size) {
  ADJOINT_CHECK(input.dim() == int64_t(D) + 1 || input.dim() == int64_t(D) + 2,
                "MaxUnpool: expected an input of ", D + 1, " or ", D + 2, " dimensions, got ",
                input.sizes());
  ADJOINT_CHECK(!output_size || output_size->size() == D || output_size->size() == D + 2,
                "output_size should be a sequence containing ", D, " or ", D + 2,
                " elements, but it has a length of '", output_size ? output_size->size() : 0, "'");
  DimVector sizes;
  for (size_t d = 0; d < D; ++d) {
    const int64_t in = input.size(int64_t(d) - int64_t(D)), stride = o.stride()[d];
    const int64_t least = (in - 1) * stride + o.kernel_size()[d] - 2 * o.padding()[d];
    const int64_t wanted = output_size ? (*output_size)[output_size->size() - D + d] : least;
    ADJOINT_CHECK(wanted >= least - stride && wanted <= least + stride, "invalid output_size ",
                  wanted, " (dim ", d, " must be between ", least - stride, " and ", least + stride,
                  ")");
    sizes.push_back(wanted);
  }
  return sizes;
}

/// With the options of a layer or of a function.
template <template <size_t> class Options, size_t D>
Tensor unpool(const Tensor& input, const Tensor& indices, const Options<D>& o,
              const std::optional<std::vector<int64_t>>& output_size) {
  const DimVector sizes = unpooled_size<D>(input, o, output_size);
  if constexpr (D == 1) {
    return max_unpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), {sizes[0], 1}).squeeze(-1);
  } else if constexpr (D == 2) {
    return max_unpool2d(input, indices, sizes);
  } else {
    return max_unpool3d(input, indices, sizes, o.stride(), o.padding());
  }
}

template <size_t D>
Tensor root(const Tensor& mean_of_powers, const LPPoolOptions<D>& o) {
  double elements = 1;
  for (size_t d = 0; d < D; ++d) elements *= double(o.kernel_size()[d]);
  Tensor magnitude = relu(abs(mean_of_powers)) * elements;
  return (sign(mean_of_powers) * magnitude).pow(1 / o.norm_type());
}

}  // namespace

namespace functional {

Tensor lp_pool1d(const Tensor& input, const LPPool1dOptions& o) {
  Tensor powers = input.pow(o.norm_type());
  return root(avg_pool1d(powers, o.kernel_size(), o.stride(), 0, o.ceil_mode()), o);
}
Tensor lp_pool2d(const Tensor& input, const LPPool2dOptions& o) {
  Tensor powers = input.pow(o.norm_type());
  return root(avg_pool2d(powers, o.kernel_size(), o.stride(), 0, o.ceil_mode()), o);
}

Tensor max_unpool1d(const Tensor& input, const Tensor& indices, const MaxUnpool1dFuncOptions& o) {
  return unpool(input, indices, o, o.output_size());
}
Tensor max_unpool2d(const Tensor& input, const Tensor& indices, const MaxUnpool2dFuncOptions& o) {
  return unpool(input, indices, o, o.output_size());
}
Tensor max_unpool3d(const Tensor& input, const Tensor& indices, const MaxUnpool3dFuncOptions& o) {
  return unpool(input, indices, o, o.output_size());
}

}  // namespace functional

Tensor MaxUnpool1dImpl::forward(const Tensor& input, const Tensor& indices,
                                const std::optional<std::vector<int64_t>>& output_size) {
  return unpool(input, indices, options, output_size);
}
Tensor MaxUnpool2dImpl::forward(const Tensor& input, const Tensor& indices,
                                const std::optional<std::vector<int64_t>>& output_size) {
  return unpool(input, indices, options, output_size);
}
Tensor MaxUnpool3dImpl::forward(const Tensor& input, const Tensor& indices,
                                const std::optional<std::vector<int64_t>>& output_size) {
  return unpool(input, indices, options, output_size);
}
void MaxUnpool1dImpl::pretty_print(std::ostream& out) const {
  print_unpool(out, "MaxUnpool1d", options);
}
void MaxUnpool2dImpl::pretty_print(std::ostream& out) const {
  print_unpool(out, "MaxUnpool2d", options);
}
void MaxUnpool3dImpl::pretty_print(std::ostream& out) const {
  print_unpool(out, "MaxUnpool3d", options);
}
void LPPool1dImpl::pretty_print(std::ostream& out) const { print_power(out, "LPPool1d", options); }
void LPPool2dImpl::pretty_print(std::ostream& out) const { print_power(out, "LPPool2d", options); }

}  // namespace adjoint::nn
