// SPDX-License-Identifier: MIT
// Pooling layers: MaxPool, AvgPool, AdaptiveMaxPool, AdaptiveAvgPool, of one to three dimensions;
// MaxUnpool, LPPool.
#pragma once

#include <optional>
#include <tuple>
#include <vector>

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
using MaxPool3dOptions = MaxPoolOptions<3>;

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
  /// Not of one dimension.
  ADJOINT_OPTION(AvgPoolOptions, std::optional<int64_t>, divisor_override, std::nullopt);
};
using AvgPool1dOptions = AvgPoolOptions<1>;
using AvgPool2dOptions = AvgPoolOptions<2>;
using AvgPool3dOptions = AvgPoolOptions<3>;

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
using AdaptiveMaxPool3dOptions = AdaptivePoolOptions<3>;
using AdaptiveAvgPool1dOptions = AdaptivePoolOptions<1>;
using AdaptiveAvgPool2dOptions = AdaptivePoolOptions<2>;
using AdaptiveAvgPool3dOptions = AdaptivePoolOptions<3>;

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
  /// And the places of the largest elements, which MaxUnpool1d takes.
  std::tuple<Tensor, Tensor> forward_with_indices(const Tensor& input) {
    return max_pool1d_with_indices(input, options.kernel_size(), options.stride(),
                                   options.padding(), options.dilation(), options.ceil_mode());
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
  /// And the places of the largest elements, which MaxUnpool2d takes.
  std::tuple<Tensor, Tensor> forward_with_indices(const Tensor& input) {
    return max_pool2d_with_indices(input, options.kernel_size(), options.stride(),
                                   options.padding(), options.dilation(), options.ceil_mode());
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(MaxPool2d);

class ADJOINT_API MaxPool3dImpl
    : public PoolOf<MaxPool3dImpl, MaxPool3dOptions, ExpandingArray<3>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return max_pool3d(input, options.kernel_size(), options.stride(), options.padding(),
                      options.dilation(), options.ceil_mode());
  }
  /// And the places of the largest elements, which MaxUnpool3d takes.
  std::tuple<Tensor, Tensor> forward_with_indices(const Tensor& input) {
    return max_pool3d_with_indices(input, options.kernel_size(), options.stride(),
                                   options.padding(), options.dilation(), options.ceil_mode());
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(MaxPool3d);

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

class ADJOINT_API AvgPool3dImpl
    : public PoolOf<AvgPool3dImpl, AvgPool3dOptions, ExpandingArray<3>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return avg_pool3d(input, options.kernel_size(), options.stride(), options.padding(),
                      options.ceil_mode(), options.count_include_pad(), options.divisor_override());
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AvgPool3d);

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

class ADJOINT_API AdaptiveMaxPool3dImpl
    : public PoolOf<AdaptiveMaxPool3dImpl, AdaptiveMaxPool3dOptions, OptionalSizes<3>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return adaptive_max_pool3d(input, options.output_size().of(input));
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AdaptiveMaxPool3d);

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

class ADJOINT_API AdaptiveAvgPool3dImpl
    : public PoolOf<AdaptiveAvgPool3dImpl, AdaptiveAvgPool3dOptions, OptionalSizes<3>> {
 public:
  using PoolOf::PoolOf;
  Tensor forward(const Tensor& input) override {
    return adaptive_avg_pool3d(input, options.output_size().of(input));
  }
  void pretty_print(std::ostream& out) const override;
};
ADJOINT_MODULE(AdaptiveAvgPool3d);

template <size_t D>
class MaxUnpoolOptions {
 public:
  MaxUnpoolOptions(ExpandingArray<D> kernel_size)
      : kernel_size_(kernel_size), stride_(kernel_size) {}
  ADJOINT_OPTION(MaxUnpoolOptions, ExpandingArray<D>, kernel_size, 1);
  ADJOINT_OPTION(MaxUnpoolOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(MaxUnpoolOptions, ExpandingArray<D>, padding, 0);
};
using MaxUnpool1dOptions = MaxUnpoolOptions<1>;
using MaxUnpool2dOptions = MaxUnpoolOptions<2>;
using MaxUnpool3dOptions = MaxUnpoolOptions<3>;

/// Puts what MaxPool (of the same options) has taken back to its places among zeros. The output's
/// size is the smallest that the pooling gives input's of, or the last ones of `output_size`.
class ADJOINT_API MaxUnpool1dImpl : public ClonedByOptions<MaxUnpool1dImpl, Module> {
 public:
  MaxUnpool1dImpl(ExpandingArray<1> kernel_size) : options(kernel_size) {}
  explicit MaxUnpool1dImpl(const MaxUnpool1dOptions& o) : options(o) {}
  Tensor forward(const Tensor& input, const Tensor& indices,
                 const std::optional<std::vector<int64_t>>& output_size = std::nullopt);
  void pretty_print(std::ostream& out) const override;
  MaxUnpool1dOptions options;
};
ADJOINT_MODULE(MaxUnpool1d);

class ADJOINT_API MaxUnpool2dImpl : public ClonedByOptions<MaxUnpool2dImpl, Module> {
 public:
  MaxUnpool2dImpl(ExpandingArray<2> kernel_size) : options(kernel_size) {}
  explicit MaxUnpool2dImpl(const MaxUnpool2dOptions& o) : options(o) {}
  Tensor forward(const Tensor& input, const Tensor& indices,
                 const std::optional<std::vector<int64_t>>& output_size = std::nullopt);
  void pretty_print(std::ostream& out) const override;
  MaxUnpool2dOptions options;
};
ADJOINT_MODULE(MaxUnpool2d);

class ADJOINT_API MaxUnpool3dImpl : public ClonedByOptions<MaxUnpool3dImpl, Module> {
 public:
  MaxUnpool3dImpl(ExpandingArray<3> kernel_size) : options(kernel_size) {}
  explicit MaxUnpool3dImpl(const MaxUnpool3dOptions& o) : options(o) {}
  Tensor forward(const Tensor& input, const Tensor& indices,
                 const std::optional<std::vector<int64_t>>& output_size = std::nullopt);
  void pretty_print(std::ostream& out) const override;
  MaxUnpool3dOptions options;
};
ADJOINT_MODULE(MaxUnpool3d);

template <size_t D>
class LPPoolOptions {
 public:
  LPPoolOptions(double norm_type, ExpandingArray<D> kernel_size)
      : norm_type_(norm_type), kernel_size_(kernel_size), stride_(kernel_size) {}
  ADJOINT_OPTION(LPPoolOptions, double, norm_type, 2);
  ADJOINT_OPTION(LPPoolOptions, ExpandingArray<D>, kernel_size, 1);
  /// The kernel's size until set.
  ADJOINT_OPTION(LPPoolOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(LPPoolOptions, bool, ceil_mode, false);
};
using LPPool1dOptions = LPPoolOptions<1>;
using LPPool2dOptions = LPPoolOptions<2>;

namespace functional {
/// (sum of x^p)^(1/p) of each window, with the sign of the sum where p is odd.
ADJOINT_API Tensor lp_pool1d(const Tensor& input, const LPPool1dOptions& options);
ADJOINT_API Tensor lp_pool2d(const Tensor& input, const LPPool2dOptions& options);
}  // namespace functional

class ADJOINT_API LPPool1dImpl : public ClonedByOptions<LPPool1dImpl, Layer> {
 public:
  LPPool1dImpl(double norm_type, ExpandingArray<1> kernel_size) : options(norm_type, kernel_size) {}
  explicit LPPool1dImpl(const LPPool1dOptions& o) : options(o) {}
  Tensor forward(const Tensor& input) override { return functional::lp_pool1d(input, options); }
  void pretty_print(std::ostream& out) const override;
  LPPool1dOptions options;
};
ADJOINT_MODULE(LPPool1d);

class ADJOINT_API LPPool2dImpl : public ClonedByOptions<LPPool2dImpl, Layer> {
 public:
  LPPool2dImpl(double norm_type, ExpandingArray<2> kernel_size) : options(norm_type, kernel_size) {}
  explicit LPPool2dImpl(const LPPool2dOptions& o) : options(o) {}
  Tensor forward(const Tensor& input) override { return functional::lp_pool2d(input, options); }
  void pretty_print(std::ostream& out) const override;
  LPPool2dOptions options;
};
ADJOINT_MODULE(LPPool2d);

}  // namespace adjoint::nn
