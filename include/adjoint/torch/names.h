// SPDX-License-Identifier: MIT
// Names of LibTorch's that this library spells otherwise or needs no word for. Part of
// adjoint/torch.h.
#pragma once

#include <iosfwd>
#include <optional>
#include <string_view>
#include <vector>

#include "adjoint/adjoint.h"
#include "adjoint/torch/print.h"

namespace adjoint::libtorch {

using std::make_optional;
using std::nullopt;
using std::nullopt_t;
using std::optional;
using std::string_view;
using Dtype = ScalarType;
using TensorBase = Tensor;
using OptionalTensorRef = std::optional<Tensor>;

inline constexpr Reduction kNone = Reduction::None;
inline constexpr Reduction kMean = Reduction::Mean;
inline constexpr Reduction kSum = Reduction::Sum;
inline constexpr nn::init::FanMode kFanIn = nn::init::FanMode::FanIn;
inline constexpr nn::init::FanMode kFanOut = nn::init::FanMode::FanOut;
/// A nonlinearity that is none, and interpolation by straight lines.
struct LinearName {
  constexpr operator nn::init::Nonlinearity() const { return nn::init::Nonlinearity::Linear; }
  constexpr operator nn::InterpolateMode() const { return nn::InterpolateMode::Linear; }
};
inline constexpr LinearName kLinear;
inline constexpr nn::init::Nonlinearity kSigmoid = nn::init::Nonlinearity::Sigmoid;
inline constexpr nn::init::Nonlinearity kTanh = nn::init::Nonlinearity::Tanh;
inline constexpr nn::init::Nonlinearity kReLU = nn::init::Nonlinearity::ReLU;
inline constexpr nn::init::Nonlinearity kLeakyReLU = nn::init::Nonlinearity::LeakyReLU;
inline constexpr nn::init::Nonlinearity kGELU = nn::init::Nonlinearity::GELU;

inline constexpr nn::BatchMean kBatchMean;
inline constexpr nn::EmbeddingBagMode kMax = nn::EmbeddingBagMode::Max;
inline constexpr nn::PaddingMode kZeros = nn::PaddingMode::Zeros;
inline constexpr nn::PaddingMode kConstant = nn::PaddingMode::Constant;
inline constexpr nn::PaddingMode kReflect = nn::PaddingMode::Reflect;
inline constexpr nn::PaddingMode kReplicate = nn::PaddingMode::Replicate;
inline constexpr nn::PaddingMode kCircular = nn::PaddingMode::Circular;
inline constexpr nn::PaddingMode kBorder = nn::PaddingMode::Replicate;
inline constexpr nn::PaddingMode kReflection = nn::PaddingMode::Reflect;
inline constexpr nn::ConvPaddingMode kSame = nn::ConvPaddingMode::Same;
inline constexpr nn::ConvPaddingMode kValid = nn::ConvPaddingMode::Valid;
inline constexpr nn::InterpolateMode kNearest = nn::InterpolateMode::Nearest;
inline constexpr nn::InterpolateMode kBilinear = nn::InterpolateMode::Bilinear;
inline constexpr nn::InterpolateMode kTrilinear = nn::InterpolateMode::Trilinear;
inline constexpr nn::InterpolateMode kArea = nn::InterpolateMode::Area;
inline constexpr nn::InterpolateMode kBicubic = nn::InterpolateMode::Bicubic;

// In place, as functions.
inline Tensor& relu_(Tensor& self) { return self.relu_(); }
inline Tensor& sigmoid_(Tensor& self) { return self.sigmoid_(); }
inline Tensor& tanh_(Tensor& self) { return self.tanh_(); }
inline Tensor& exp_(Tensor& self) { return self.exp_(); }
inline Tensor& log_(Tensor& self) { return self.log_(); }
inline Tensor& sqrt_(Tensor& self) { return self.sqrt_(); }
inline Tensor& neg_(Tensor& self) { return self.neg_(); }
inline Tensor& abs_(Tensor& self) { return self.abs_(); }
inline Tensor& sin_(Tensor& self) { return self.sin_(); }
inline Tensor& cos_(Tensor& self) { return self.cos_(); }
inline Tensor& floor_(Tensor& self) { return self.floor_(); }
inline Tensor& ceil_(Tensor& self) { return self.ceil_(); }
inline Tensor& round_(Tensor& self) { return self.round_(); }
inline Tensor& zero_(Tensor& self) { return self.zero_(); }
inline Tensor& fill_(Tensor& self, const Scalar& value) { return self.fill_(value); }
inline Tensor& clamp_(Tensor& self, const std::optional<Scalar>& min,
                      const std::optional<Scalar>& max = std::nullopt) {
  return self.clamp_(min, max);
}
/// Nothing here asks for cuDNN.
inline Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                         const Tensor& running_mean, const Tensor& running_var, bool training,
                         double momentum, double eps, bool /*cudnn_enabled*/) {
  return adjoint::batch_norm(input, weight, bias, running_mean, running_var, training, momentum,
                             eps);
}

inline bool hasCUDA() noexcept { return cuda::is_available(); }
/// As `out << tensor`, with rows of at most `linesize` characters.
inline std::ostream& print(std::ostream& out, const Tensor& tensor, int64_t linesize = 80) {
  return detail::print_as_libtorch(out, tensor, linesize);
}

}  // namespace adjoint::libtorch

namespace adjoint::special {

using adjoint::erf;
using adjoint::erfc;
using adjoint::erfinv;
using adjoint::exp2;
using adjoint::expm1;
using adjoint::log1p;
using adjoint::log_softmax;
using adjoint::logit;
using adjoint::logsumexp;
using adjoint::round;
using adjoint::sinc;
using adjoint::softmax;
using adjoint::xlogy;
inline Tensor expit(const Tensor& self) { return sigmoid(self); }

}  // namespace adjoint::special

namespace adjoint::autograd {

using adjoint::AutoGradMode;
using adjoint::GradMode;
using tensor_list = variable_list;
using edge_list = std::vector<Edge>;

}  // namespace adjoint::autograd

namespace adjoint::cuda {

/// The generator is the same for all devices.
inline void manual_seed(uint64_t seed) { adjoint::manual_seed(seed); }
inline void manual_seed_all(uint64_t seed) { adjoint::manual_seed(seed); }

}  // namespace adjoint::cuda
