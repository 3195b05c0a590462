// SPDX-License-Identifier: MIT
#include "adjoint/nn/convolution.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "adjoint/nn/functional/image.h"
#include "adjoint/nn/init.h"
#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

/// Twice each number, the last one first: the borders that pad() is to make.
DimVector both_borders(IntArrayRef padding) {
  DimVector borders;
  for (size_t i = padding.size(); i-- > 0;) {
    borders.push_back(padding[i]);
    borders.push_back(padding[i]);
  }
  return borders;
}

/// The borders that keep the size; of an odd number the larger part comes behind.
template <size_t D>
DimVector same_borders(const ConvOptions<D>& o) {
  DimVector borders;
  for (size_t i = D; i-- > 0;) {
    const int64_t all = o.dilation()[i] * (o.kernel_size()[i] - 1);
    borders.push_back(all / 2);
    borders.push_back(all - all / 2);
  }
  return borders;
}

template <size_t D>
void check(const ConvOptions<D>& o) {
  if (o.padding().mode() != ConvPaddingMode::Same) return;
  for (size_t i = 0; i < D; ++i) {
    ADJOINT_CHECK_VALUE(o.stride()[i] == 1,
                        "padding='same' is not supported for strided convolutions");
  }
}
template <size_t D>
void check(const ConvTransposeOptions<D>& o) {
  ADJOINT_CHECK_VALUE(o.padding_mode() == PaddingMode::Zeros,
                      "Only \"zeros\" padding mode is "
                      "supported for ConvTranspose",
                      D, "d");
}

template <size_t D>
Tensor run(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions<D>& o) {
  constexpr auto convolve = D == 1 ? conv1d : D == 2 ? conv2d : conv3d;
  const bool is_same = o.padding().mode() == ConvPaddingMode::Same;
  const DimVector borders = is_same ? same_borders(o) : both_borders(o.padding());
  if (o.padding_mode() != PaddingMode::Zeros) {
    return convolve(pad(input, borders, word(o.padding_mode())), weight, bias, o.stride(), 0,
                    o.dilation(), o.groups());
  }
  bool is_symmetric = true;
  DimVector padding(D, 0);
  for (size_t i = 0; i < D; ++i) {
    is_symmetric = is_symmetric && borders[2 * i] == borders[2 * i + 1];
    padding[D - 1 - i] = borders[2 * i];
  }
  if (is_symmetric) {
    return convolve(input, weight, bias, o.stride(), padding, o.dilation(), o.groups());
  }
  return convolve(constant_pad_nd(input, borders), weight, bias, o.stride(), 0, o.dilation(),
                  o.groups());
}
template <size_t D>
Tensor run(const Tensor& input, const Tensor& weight, const Tensor& bias,
           const ConvTransposeOptions<D>& o) {
  constexpr auto convolve = D == 1   ? conv_transpose1d
                            : D == 2 ? conv_transpose2d
                                     : conv_transpose3d;
  return convolve(input, weight, bias, o.stride(), o.padding(), o.output_padding(), o.groups(),
                  o.dilation());
}

bool all_are(IntArrayRef list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t n) { return n == value; });
}

/// The function with options is the layer's.
template <size_t D>
Tensor run(const Tensor& input, const Tensor& weight, const functional::ConvFuncOptions<D>& o) {
  if (!o.padding().mode()) {
    constexpr auto convolve = D == 1 ? adjoint::conv1d : D == 2 ? adjoint::conv2d : adjoint::conv3d;
    return convolve(input, weight, o.bias(), o.stride(), o.padding(), o.dilation(), o.groups());
  }
  ADJOINT_CHECK(weight.dim() == int64_t(D) + 2, "conv", D, "d: expected a weight of ", D + 2,
                " dimensions, got ", weight.sizes());
  ConvOptions<D> layer(weight.size(1), weight.size(0), weight.sizes().slice(2, D));
  layer.stride(o.stride()).padding(o.padding()).dilation(o.dilation()).groups(o.groups());
  check(layer);
  return run(input, weight, o.bias(), layer);
}

}  // namespace

namespace functional {

Tensor conv1d(const Tensor& input, const Tensor& weight, const Conv1dFuncOptions& options) {
  return run(input, weight, options);
}
Tensor conv2d(const Tensor& input, const Tensor& weight, const Conv2dFuncOptions& options) {
  return run(input, weight, options);
}
Tensor conv3d(const Tensor& input, const Tensor& weight, const Conv3dFuncOptions& options) {
  return run(input, weight, options);
}

}  // namespace functional

template <class Options>
ConvNdImpl<Options>::ConvNdImpl(const Options& o) : options(o) {
  ADJOINT_CHECK_VALUE(o.groups() > 0, "groups must be a positive integer");
  ADJOINT_CHECK_VALUE(o.in_channels() % o.groups() == 0, "in_channels must be divisible by groups");
  ADJOINT_CHECK_VALUE(o.out_channels() % o.groups() == 0,
                      "out_channels must be divisible by groups");
  check(o);
  const int64_t first = Options::kTransposed ? o.in_channels() : o.out_channels();
  const int64_t second = Options::kTransposed ? o.out_channels() : o.in_channels();
  DimVector sizes{first, second / o.groups()};
  for (size_t i = 0; i < Options::kDims; ++i) sizes.push_back(o.kernel_size()[i]);
  weight = register_parameter("weight", empty(sizes));
  bias = register_parameter("bias", o.bias() ? empty({o.out_channels()}) : Tensor());
  reset_parameters();
}

template <class Options>
void ConvNdImpl<Options>::reset_parameters() {
  if (weight.numel() == 0) return;
  init::kaiming_uniform_(weight, std::sqrt(5.0));
  if (!bias.defined()) return;
  double bound = 1 / std::sqrt(double(init::calculate_fan_in_and_fan_out(weight).in));
  init::uniform_(bias, -bound, bound);
}

template <class Options>
Tensor ConvNdImpl<Options>::forward(const Tensor& input) {
  return run(input, weight, bias, options);
}

template <class Options>
void ConvNdImpl<Options>::pretty_print(std::ostream& out) const {
  const Options& o = options;
  out << name() << "(" << o.in_channels() << ", " << o.out_channels()
      << ", kernel_size=" << list(out, o.kernel_size()) << ", stride=" << list(out, o.stride());
  if constexpr (Options::kTransposed) {
    if (!all_are(o.padding(), 0)) out << ", padding=" << list(out, o.padding());
  } else {
    if (o.padding().mode() == ConvPaddingMode::Same) {
      out << ", padding=" << (is_libtorch_style(out) ? "'same'" : "same");
    } else if (o.padding().mode()) {
      out << ", padding=" << (is_libtorch_style(out) ? "'valid'" : "valid");
    } else if (!all_are(o.padding(), 0)) {
      out << ", padding=" << list(out, o.padding());
    }
  }
  if (!all_are(o.dilation(), 1)) out << ", dilation=" << list(out, o.dilation());
  if constexpr (Options::kTransposed) {
    if (!all_are(o.output_padding(), 0))
      out << ", output_padding=" << list(out, o.output_padding());
  }
  if (o.groups() != 1) out << ", groups=" << o.groups();
  if (!o.bias()) out << ", bias=" << (is_libtorch_style(out) ? "false" : "False");
  if (o.padding_mode() != PaddingMode::Zeros) {
    out << ", padding_mode="
        << (is_libtorch_style(out) ? quoted(out, o.padding_mode()) : word(o.padding_mode()));
  }
  out << ")";
}

template class ConvNdImpl<ConvOptions<1>>;
template class ConvNdImpl<ConvOptions<2>>;
template class ConvNdImpl<ConvOptions<3>>;
template class ConvNdImpl<ConvTransposeOptions<1>>;
template class ConvNdImpl<ConvTransposeOptions<2>>;
template class ConvNdImpl<ConvTransposeOptions<3>>;

}  // namespace adjoint::nn
