// SPDX-License-Identifier: MIT
// Layers that put a border around images. `padding` has two numbers for each dimension, the last
// one first: left, right, top, bottom.
#pragma once

#include "adjoint/expanding_array.h"
#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

/// D: the number of dimensions that are padded.
template <size_t D>
class PadOptions {
 public:
  PadOptions(ExpandingArray<2 * D> padding) : padding_(padding) {}
  ADJOINT_OPTION(PadOptions, ExpandingArray<2 * D>, padding, 0);
};
template <size_t D>
class ConstantPadOptions {
 public:
  ConstantPadOptions(ExpandingArray<2 * D> padding, double value)
      : padding_(padding), value_(value) {}
  ADJOINT_OPTION(ConstantPadOptions, ExpandingArray<2 * D>, padding, 0);
  ADJOINT_OPTION(ConstantPadOptions, double, value, 0);
};

ADJOINT_API void print_padding(std::ostream& out, const Module& module, IntArrayRef padding);
ADJOINT_API void print_constant_padding(std::ostream& out, const Module& module,
                                        IntArrayRef padding, double value);

/// A Derived names its mode of adjoint::pad.
template <class Derived, size_t D>
class PadOf : public ClonedByOptions<Derived, Layer> {
 public:
  PadOf(ExpandingArray<2 * D> padding) : options(padding) {}
  explicit PadOf(const PadOptions<D>& o) : options(o) {}
  Tensor forward(const Tensor& input) override {
    return pad(input, options.padding(), Derived::kMode);
  }
  void pretty_print(std::ostream& out) const override {
    print_padding(out, *this, options.padding());
  }
  PadOptions<D> options;
};

template <class Derived, size_t D>
class ConstantPadOf : public ClonedByOptions<Derived, Layer> {
 public:
  ConstantPadOf(ExpandingArray<2 * D> padding, double value) : options(padding, value) {}
  explicit ConstantPadOf(const ConstantPadOptions<D>& o) : options(o) {}
  Tensor forward(const Tensor& input) override {
    return constant_pad_nd(input, options.padding(), options.value());
  }
  void pretty_print(std::ostream& out) const override {
    print_constant_padding(out, *this, options.padding(), options.value());
  }
  ConstantPadOptions<D> options;
};

using ReflectionPad1dOptions = PadOptions<1>;
class ADJOINT_API ReflectionPad1dImpl : public PadOf<ReflectionPad1dImpl, 1> {
 public:
  static constexpr const char* kMode = "reflect";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ReflectionPad1d);

using ReflectionPad2dOptions = PadOptions<2>;
class ADJOINT_API ReflectionPad2dImpl : public PadOf<ReflectionPad2dImpl, 2> {
 public:
  static constexpr const char* kMode = "reflect";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ReflectionPad2d);

using ReflectionPad3dOptions = PadOptions<3>;
class ADJOINT_API ReflectionPad3dImpl : public PadOf<ReflectionPad3dImpl, 3> {
 public:
  static constexpr const char* kMode = "reflect";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ReflectionPad3d);

using ReplicationPad1dOptions = PadOptions<1>;
class ADJOINT_API ReplicationPad1dImpl : public PadOf<ReplicationPad1dImpl, 1> {
 public:
  static constexpr const char* kMode = "replicate";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ReplicationPad1d);

using ReplicationPad2dOptions = PadOptions<2>;
class ADJOINT_API ReplicationPad2dImpl : public PadOf<ReplicationPad2dImpl, 2> {
 public:
  static constexpr const char* kMode = "replicate";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ReplicationPad2d);

using ReplicationPad3dOptions = PadOptions<3>;
class ADJOINT_API ReplicationPad3dImpl : public PadOf<ReplicationPad3dImpl, 3> {
 public:
  static constexpr const char* kMode = "replicate";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ReplicationPad3d);

using ZeroPad1dOptions = PadOptions<1>;
class ADJOINT_API ZeroPad1dImpl : public PadOf<ZeroPad1dImpl, 1> {
 public:
  static constexpr const char* kMode = "constant";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ZeroPad1d);

using ZeroPad2dOptions = PadOptions<2>;
class ADJOINT_API ZeroPad2dImpl : public PadOf<ZeroPad2dImpl, 2> {
 public:
  static constexpr const char* kMode = "constant";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ZeroPad2d);

using ZeroPad3dOptions = PadOptions<3>;
class ADJOINT_API ZeroPad3dImpl : public PadOf<ZeroPad3dImpl, 3> {
 public:
  static constexpr const char* kMode = "constant";
  using PadOf::PadOf;
};
ADJOINT_MODULE(ZeroPad3d);

using ConstantPad1dOptions = ConstantPadOptions<1>;
class ADJOINT_API ConstantPad1dImpl : public ConstantPadOf<ConstantPad1dImpl, 1> {
 public:
  using ConstantPadOf::ConstantPadOf;
};
ADJOINT_MODULE(ConstantPad1d);

using ConstantPad2dOptions = ConstantPadOptions<2>;
class ADJOINT_API ConstantPad2dImpl : public ConstantPadOf<ConstantPad2dImpl, 2> {
 public:
  using ConstantPadOf::ConstantPadOf;
};
ADJOINT_MODULE(ConstantPad2d);

using ConstantPad3dOptions = ConstantPadOptions<3>;
class ADJOINT_API ConstantPad3dImpl : public ConstantPadOf<ConstantPad3dImpl, 3> {
 public:
  using ConstantPadOf::ConstantPadOf;
};
ADJOINT_MODULE(ConstantPad3d);

}  // namespace adjoint::nn
