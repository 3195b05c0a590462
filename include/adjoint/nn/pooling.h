// SPDX-License-Identifier: MIT
// Pooling layers: MaxPool, AvgPool, AdaptiveMaxPool, AdaptiveAvgPool, of one and two dimensions.
#pragma once

#include <optional>

#include "adjoint/expanding_array.h"
#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

template <size_t D>
class MaxPoolOptions {
 public:
  /// The stride is the kernel's size until set.
  MaxPoolOptions(ExpandingArray<D> kernel_size) : kernel_size_(kernel_size), stride_(kernel_size) {}
  ADJOINT_OPTION(MaxPoolOptions, ExpandingArray<D>, kernel_size, 1);
  ADJOINT_OPTION(MaxPoolOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(MaxPoolOptions, ExpandingArray<D>, padding, 0);
  ADJOINT_OPTION(MaxPoolOptions, ExpandingArray<D>, dilation, 1);
  ADJOINT_OPTION(MaxPoolOptions, bool, ceil_mode, false);
};
using MaxPool1dOptions = MaxPoolOptions<1>;
using MaxPool2dOptions = MaxPoolOptions<2>;

template <size_t D>
class AvgPoolOptions {
 public:
  /// The stride is the kernel's size until set.
  AvgPoolOptions(ExpandingArray<D> kernel_size) : kernel_size_(kernel_size), stride_(kernel_size) {}
  ADJOINT_OPTION(AvgPoolOptions, ExpandingArray<D>, kernel_size, 1);
  ADJOINT_OPTION(AvgPoolOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(AvgPoolOptions, ExpandingArray<D>, padding, 0);
  ADJOINT_OPTION(AvgPoolOptions, bool, ceil_mode, false);
  ADJOINT_OPTION(AvgPoolOptions, bool, count_include_pad, true);
  /// Of two dimensions only.
  ADJOINT_OPTION(AvgPoolOptions, std::optional<int64_t>, divisor_override, std::nullopt);
};
using AvgPool1dOptions = AvgPoolOptions<1>;
using AvgPool2dOptions = AvgPoolOptions<2>;

/// Sizes of which some may be left open, as nullopt: they are the input's.
template <size_t D>
class OptionalSizes {
 public:
  OptionalSizes(int64_t value) {
    for (auto& size : sizes_) size = value;
  }
  OptionalSizes(std::optional<int64_t> value) {
    for (auto& size : sizes_) size = value;
  }
  /// Throws Error unless there are D or one.
  OptionalSizes(std::initializer_list<std::optional<int64_t>> values) {
    ADJOINT_CHECK(values.size() == D || values.size() == 1, "Expected ", D,
                  " values, but instead got ", values.size());
    for (size_t i = 0; i < D; ++i) sizes_[i] = values.begin()[values.size() == 1 ? 0 : i];
  }
  std::optional<int64_t> operator[](size_t i) const { return sizes_[i]; }
  /// With those of the last D dimensions of `input` in the open places.
  ExpandingArray<D> of(const Tensor& input) const {
    int64_t sizes[D];
    for (size_t i = 0; i < D; ++i)
      sizes[i] = sizes_[i] ? *sizes_[i] : input.size(int64_t(i) - int64_t(D));
    return IntArrayRef(sizes, D);
  }

 private:
  std::optional<int64_t> sizes_[D];
};

template <size_t D>
class AdaptivePoolOptions {
 public:
  AdaptivePoolOptions(OptionalSizes<D> output_size) : output_size_(output_size) {}
  ADJOINT_OPTION(AdaptivePoolOptions, OptionalSizes<D>, output_size, 1);
};
using AdaptiveMaxPool1dOptions = AdaptivePoolOptions<1>;
using AdaptiveMaxPool2dOptions = AdaptivePoolOptions<2>;
using AdaptiveAvgPool1dOptions = AdaptivePoolOptions<1>;
using AdaptiveAvgPool2dOptions = AdaptivePoolOptions<2>;

/// A layer that has options, made of the first of them, and nothing else.
template <class Derived, class Options, class First>
class PoolOf : public ClonedByOptions<Derived, Layer> {
 public:
  PoolOf(const First& first) : options(first) {}
  explicit PoolOf(const Options& o) : options(o) {}
  Options options;
};

class ADJOINT_API MaxPool1dImpl
    : public PoolOf<MaxPool1dImpl, MaxPool1dOptions, ExpandingArray<1>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return max_pool1d(input, options.kernel_size(), options.stride(), options.padding(),
                      options.dilation(), options.ceil_mode());
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(MaxPool1d);

class ADJOINT_API MaxPool2dImpl
    : public PoolOf<MaxPool2dImpl, MaxPool2dOptions, ExpandingArray<2>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return max_pool2d(input, options.kernel_size(), options.stride(), options.padding(),
                      options.dilation(), options.ceil_mode());
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(MaxPool2d);

class ADJOINT_API AvgPool1dImpl
    : public PoolOf<AvgPool1dImpl, AvgPool1dOptions, ExpandingArray<1>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return avg_pool1d(input, options.kernel_size(), options.stride(), options.padding(),
                      options.ceil_mode(), options.count_include_pad());
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AvgPool1d);

class ADJOINT_API AvgPool2dImpl
    : public PoolOf<AvgPool2dImpl, AvgPool2dOptions, ExpandingArray<2>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return avg_pool2d(input, options.kernel_size(), options.stride(), options.padding(),
                      options.ceil_mode(), options.count_include_pad(), options.divisor_override());
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AvgPool2d);

class ADJOINT_API AdaptiveMaxPool1dImpl
    : public PoolOf<AdaptiveMaxPool1dImpl, AdaptiveMaxPool1dOptions, OptionalSizes<1>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return adaptive_max_pool1d(input, options.output_size().of(input));
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AdaptiveMaxPool1d);

class ADJOINT_API AdaptiveMaxPool2dImpl
    : public PoolOf<AdaptiveMaxPool2dImpl, AdaptiveMaxPool2dOptions, OptionalSizes<2>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return adaptive_max_pool2d(input, options.output_size().of(input));
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AdaptiveMaxPool2d);

class ADJOINT_API AdaptiveAvgPool1dImpl
    : public PoolOf<AdaptiveAvgPool1dImpl, AdaptiveAvgPool1dOptions, OptionalSizes<1>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return adaptive_avg_pool1d(input, options.output_size().of(input));
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AdaptiveAvgPool1d);

class ADJOINT_API AdaptiveAvgPool2dImpl
    : public PoolOf<AdaptiveAvgPool2dImpl, AdaptiveAvgPool2dOptions, OptionalSizes<2>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return adaptive_avg_pool2d(input, options.output_size().of(input));
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AdaptiveAvgPool2d);

}  // namespace adjoint::nn
