// SPDX-License-Identifier: MIT
// Losses as modules (those with a margin: nn/margin_loss.h).
#pragma once

#include <optional>

#include "adjoint/nn/mode.h"
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

class ADJOINT_API L1LossOptions {
 public:
  L1LossOptions(Reduction reduction = Reduction::Mean) : reduction_(reduction) {}
  ADJOINT_OPTION(L1LossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API L1LossImpl : public ClonedByOptions<L1LossImpl, Module> {
 public:
  explicit L1LossImpl(const L1LossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input, const Tensor& target) {
    return l1_loss(input, target, options.reduction());
  }

  L1LossOptions options;
};
ADJOINT_MODULE(L1Loss);

class ADJOINT_API SmoothL1LossOptions {
 public:
  SmoothL1LossOptions(Reduction reduction = Reduction::Mean) : reduction_(reduction) {}
  ADJOINT_OPTION(SmoothL1LossOptions, Reduction, reduction, Reduction::Mean);
  ADJOINT_OPTION(SmoothL1LossOptions, std::optional<double>, beta, std::nullopt);
};
class ADJOINT_API SmoothL1LossImpl : public ClonedByOptions<SmoothL1LossImpl, Module> {
 public:
  explicit SmoothL1LossImpl(const SmoothL1LossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input, const Tensor& target) {
    return smooth_l1_loss(input, target, options.reduction(), options.beta().value_or(1));
  }
  void pretty_print(std::ostream& out) const override;

  SmoothL1LossOptions options;
};
ADJOINT_MODULE(SmoothL1Loss);

class ADJOINT_API HuberLossOptions {
 public:
  HuberLossOptions(Reduction reduction = Reduction::Mean) : reduction_(reduction) {}
  ADJOINT_OPTION(HuberLossOptions, Reduction, reduction, Reduction::Mean);
  ADJOINT_OPTION(HuberLossOptions, double, delta, 1.0);
};
class ADJOINT_API HuberLossImpl : public ClonedByOptions<HuberLossImpl, Module> {
 public:
  explicit HuberLossImpl(const HuberLossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input, const Tensor& target) {
    return huber_loss(input, target, options.reduction(), options.delta());
  }
  void pretty_print(std::ostream& out) const override;

  HuberLossOptions options;
};
ADJOINT_MODULE(HuberLoss);

class ADJOINT_API BCELossOptions {
 public:
  ADJOINT_OPTION(BCELossOptions, Tensor, weight, {});
  ADJOINT_OPTION(BCELossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API BCELossImpl : public ClonedByOptions<BCELossImpl, Module> {
 public:
  explicit BCELossImpl(const BCELossOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) {
    return binary_cross_entropy(input, target, weight, options.reduction());
  }

  BCELossOptions options;
  Tensor weight;
};
ADJOINT_MODULE(BCELoss);

class ADJOINT_API KLDivLossOptions {
 public:
  KLDivLossOptions() = default;
  KLDivLossOptions(Reduction reduction) : reduction_(reduction) {}
  KLDivLossOptions(BatchMean) : batch_mean_(true) {}
  ADJOINT_OPTION(KLDivLossOptions, bool, log_target, false);

 public:
  KLDivLossOptions& reduction(Reduction value) {
    reduction_ = value;
    batch_mean_ = false;
    return *this;
  }
  /// The sum divided by the size of dimension 0.
  KLDivLossOptions& reduction(BatchMean) {
    batch_mean_ = true;
    return *this;
  }
  Reduction reduction() const { return reduction_; }
  bool is_batch_mean() const { return batch_mean_; }

 private:
  Reduction reduction_ = Reduction::Mean;
  bool batch_mean_ = false;
};
namespace functional {
using KLDivFuncOptions = KLDivLossOptions;
ADJOINT_API Tensor kl_div(const Tensor& input, const Tensor& target,
                          const KLDivFuncOptions& options = {});
}  // namespace functional
class ADJOINT_API KLDivLossImpl : public ClonedByOptions<KLDivLossImpl, Module> {
 public:
  explicit KLDivLossImpl(const KLDivLossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input, const Tensor& target) {
    return functional::kl_div(input, target, options);
  }

  KLDivLossOptions options;
};
ADJOINT_MODULE(KLDivLoss);

class ADJOINT_API PoissonNLLLossOptions {
 public:
  ADJOINT_OPTION(PoissonNLLLossOptions, bool, log_input, true);
  ADJOINT_OPTION(PoissonNLLLossOptions, bool, full, false);
  ADJOINT_OPTION(PoissonNLLLossOptions, double, eps, 1e-8);
  ADJOINT_OPTION(PoissonNLLLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API PoissonNLLLossImpl : public ClonedByOptions<PoissonNLLLossImpl, Module> {
 public:
  explicit PoissonNLLLossImpl(const PoissonNLLLossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& log_input, const Tensor& target) {
    return poisson_nll_loss(log_input, target, options.log_input(), options.full(), options.eps(),
                            options.reduction());
  }

  PoissonNLLLossOptions options;
};
ADJOINT_MODULE(PoissonNLLLoss);

class ADJOINT_API CTCLossOptions {
 public:
  ADJOINT_OPTION(CTCLossOptions, int64_t, blank, 0);
  ADJOINT_OPTION(CTCLossOptions, Reduction, reduction, Reduction::Mean);
  ADJOINT_OPTION(CTCLossOptions, bool, zero_infinity, false);
};
class ADJOINT_API CTCLossImpl : public ClonedByOptions<CTCLossImpl, Module> {
 public:
  explicit CTCLossImpl(const CTCLossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                 const Tensor& target_lengths) {
    return ctc_loss(log_probs, targets, input_lengths, target_lengths, options.blank(),
                    options.reduction(), options.zero_infinity());
  }

  CTCLossOptions options;
};
ADJOINT_MODULE(CTCLoss);

}  // namespace adjoint::nn
