// SPDX-License-Identifier: MIT
// Losses as modules.
#pragma once

#include "adjoint/nn/module.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API MSELossOptions {
 public:
  MSELossOptions(Reduction reduction = Reduction::Mean) : reduction_(reduction) {}
  ADJOINT_OPTION(MSELossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API MSELossImpl : public ClonedByOptions<MSELossImpl, Module> {
 public:
  explicit MSELossImpl(const MSELossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input, const Tensor& target) {
    return mse_loss(input, target, options.reduction());
  }

  MSELossOptions options;
};
ADJOINT_MODULE(MSELoss);

class ADJOINT_API NLLLossOptions {
 public:
  ADJOINT_OPTION(NLLLossOptions, Tensor, weight, {});
  ADJOINT_OPTION(NLLLossOptions, int64_t, ignore_index, -100);
  ADJOINT_OPTION(NLLLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API NLLLossImpl : public ClonedByOptions<NLLLossImpl, Module> {
 public:
  explicit NLLLossImpl(const NLLLossOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) {
    return nll_loss(input, target, weight, options.reduction(), options.ignore_index());
  }

  NLLLossOptions options;
  Tensor weight;
};
ADJOINT_MODULE(NLLLoss);

class ADJOINT_API CrossEntropyLossOptions {
 public:
  ADJOINT_OPTION(CrossEntropyLossOptions, Tensor, weight, {});
  ADJOINT_OPTION(CrossEntropyLossOptions, int64_t, ignore_index, -100);
  ADJOINT_OPTION(CrossEntropyLossOptions, Reduction, reduction, Reduction::Mean);
  ADJOINT_OPTION(CrossEntropyLossOptions, double, label_smoothing, 0);
};
class ADJOINT_API CrossEntropyLossImpl : public ClonedByOptions<CrossEntropyLossImpl, Module> {
 public:
  explicit CrossEntropyLossImpl(const CrossEntropyLossOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) {
    return cross_entropy(input, target, weight, options.reduction(), options.ignore_index(),
                         options.label_smoothing());
  }

  CrossEntropyLossOptions options;
  Tensor weight;
};
ADJOINT_MODULE(CrossEntropyLoss);

class ADJOINT_API BCEWithLogitsLossOptions {
 public:
  ADJOINT_OPTION(BCEWithLogitsLossOptions, Tensor, weight, {});
  ADJOINT_OPTION(BCEWithLogitsLossOptions, Tensor, pos_weight, {});
  ADJOINT_OPTION(BCEWithLogitsLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API BCEWithLogitsLossImpl : public ClonedByOptions<BCEWithLogitsLossImpl, Module> {
 public:
  explicit BCEWithLogitsLossImpl(const BCEWithLogitsLossOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) {
    return binary_cross_entropy_with_logits(input, target, weight, pos_weight, options.reduction());
  }

  BCEWithLogitsLossOptions options;
  Tensor weight, pos_weight;
};
ADJOINT_MODULE(BCEWithLogitsLoss);

}  // namespace adjoint::nn
