// SPDX-License-Identifier: MIT
// Losses with margins as modules: of rankings, embeddings, triplets and classes.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "adjoint/nn/module.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API MarginRankingLossOptions {
 public:
  ADJOINT_OPTION(MarginRankingLossOptions, double, margin, 0);
  ADJOINT_OPTION(MarginRankingLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API MarginRankingLossImpl : public ClonedByOptions<MarginRankingLossImpl, Module> {
 public:
  explicit MarginRankingLossImpl(const MarginRankingLossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input1, const Tensor& input2, const Tensor& target) {
    return margin_ranking_loss(input1, input2, target, options.margin(), options.reduction());
  }

  MarginRankingLossOptions options;
};
ADJOINT_MODULE(MarginRankingLoss);

class ADJOINT_API HingeEmbeddingLossOptions {
 public:
  ADJOINT_OPTION(HingeEmbeddingLossOptions, double, margin, 1.0);
  ADJOINT_OPTION(HingeEmbeddingLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API HingeEmbeddingLossImpl : public ClonedByOptions<HingeEmbeddingLossImpl, Module> {
 public:
  explicit HingeEmbeddingLossImpl(const HingeEmbeddingLossOptions& options = {})
      : options(options) {}
  Tensor forward(const Tensor& input, const Tensor& target) {
    return hinge_embedding_loss(input, target, options.margin(), options.reduction());
  }
  void pretty_print(std::ostream& out) const override;

  HingeEmbeddingLossOptions options;
};
ADJOINT_MODULE(HingeEmbeddingLoss);

class ADJOINT_API CosineEmbeddingLossOptions {
 public:
  ADJOINT_OPTION(CosineEmbeddingLossOptions, double, margin, 0.0);
  ADJOINT_OPTION(CosineEmbeddingLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API CosineEmbeddingLossImpl
    : public ClonedByOptions<CosineEmbeddingLossImpl, Module> {
 public:
  explicit CosineEmbeddingLossImpl(const CosineEmbeddingLossOptions& options = {})
      : options(options) {}
  Tensor forward(const Tensor& input1, const Tensor& input2, const Tensor& target) {
    return cosine_embedding_loss(input1, input2, target, options.margin(), options.reduction());
  }
  void pretty_print(std::ostream& out) const override;

  CosineEmbeddingLossOptions options;
};
ADJOINT_MODULE(CosineEmbeddingLoss);

class ADJOINT_API TripletMarginLossOptions {
 public:
  ADJOINT_OPTION(TripletMarginLossOptions, double, margin, 1.0);
  ADJOINT_OPTION(TripletMarginLossOptions, double, p, 2.0);
  ADJOINT_OPTION(TripletMarginLossOptions, double, eps, 1e-6);
  ADJOINT_OPTION(TripletMarginLossOptions, bool, swap, false);
  ADJOINT_OPTION(TripletMarginLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API TripletMarginLossImpl : public ClonedByOptions<TripletMarginLossImpl, Module> {
 public:
  explicit TripletMarginLossImpl(const TripletMarginLossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& anchor, const Tensor& positive, const Tensor& negative) {
    return triplet_margin_loss(anchor, positive, negative, options.margin(), options.p(),
                               options.eps(), options.swap(), options.reduction());
  }
  void pretty_print(std::ostream& out) const override;

  TripletMarginLossOptions options;
};
ADJOINT_MODULE(TripletMarginLoss);

/// A distance between two tensors: any callable of both.
class DistanceFunction {
 public:
  template <class F, class = std::enable_if_t<
                         !std::is_same_v<std::decay_t<F>, DistanceFunction> &&
                         std::is_invocable_r_v<Tensor, F&, const Tensor&, const Tensor&>>>
  DistanceFunction(F function) : function_(std::make_shared<Of<F>>(std::move(function))) {}
  Tensor operator()(const Tensor& x, const Tensor& y) const { return function_->call(x, y); }

 private:
  struct Any {
    virtual ~Any() = default;
    virtual Tensor call(const Tensor& x, const Tensor& y) = 0;
  };
  template <class F>
  struct Of final : Any {
    explicit Of(F f) : function(std::move(f)) {}
    Tensor call(const Tensor& x, const Tensor& y) override { return function(x, y); }
    F function;
  };
  std::shared_ptr<Any> function_;
};

class ADJOINT_API TripletMarginWithDistanceLossOptions {
 public:
  /// pairwise_distance where none is given.
  ADJOINT_OPTION(TripletMarginWithDistanceLossOptions, std::optional<DistanceFunction>,
                 distance_function, std::nullopt);
  ADJOINT_OPTION(TripletMarginWithDistanceLossOptions, double, margin, 1.0);
  ADJOINT_OPTION(TripletMarginWithDistanceLossOptions, bool, swap, false);
  ADJOINT_OPTION(TripletMarginWithDistanceLossOptions, Reduction, reduction, Reduction::Mean);
};
namespace functional {
using TripletMarginWithDistanceLossFuncOptions = TripletMarginWithDistanceLossOptions;
/// triplet_margin_loss with this distance; `margin` may also be 0.
ADJOINT_API Tensor triplet_margin_with_distance_loss(
    const Tensor& anchor, const Tensor& positive, const Tensor& negative,
    const TripletMarginWithDistanceLossFuncOptions& options = {});
}  // namespace functional
class ADJOINT_API TripletMarginWithDistanceLossImpl
    : public ClonedByOptions<TripletMarginWithDistanceLossImpl, Module> {
 public:
  explicit TripletMarginWithDistanceLossImpl(
      const TripletMarginWithDistanceLossOptions& options = {})
      : options(options) {}
  Tensor forward(const Tensor& anchor, const Tensor& positive, const Tensor& negative) {
    return functional::triplet_margin_with_distance_loss(anchor, positive, negative, options);
  }
  void pretty_print(std::ostream& out) const override;

  TripletMarginWithDistanceLossOptions options;
};
ADJOINT_MODULE(TripletMarginWithDistanceLoss);

class ADJOINT_API SoftMarginLossOptions {
 public:
  SoftMarginLossOptions(Reduction reduction = Reduction::Mean) : reduction_(reduction) {}
  ADJOINT_OPTION(SoftMarginLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API SoftMarginLossImpl : public ClonedByOptions<SoftMarginLossImpl, Module> {
 public:
  explicit SoftMarginLossImpl(const SoftMarginLossOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input, const Tensor& target) {
    return soft_margin_loss(input, target, options.reduction());
  }

  SoftMarginLossOptions options;
};
ADJOINT_MODULE(SoftMarginLoss);

class ADJOINT_API MultiMarginLossOptions {
 public:
  ADJOINT_OPTION(MultiMarginLossOptions, int64_t, p, 1);
  ADJOINT_OPTION(MultiMarginLossOptions, double, margin, 1.0);
  ADJOINT_OPTION(MultiMarginLossOptions, Tensor, weight, {});
  ADJOINT_OPTION(MultiMarginLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API MultiMarginLossImpl : public ClonedByOptions<MultiMarginLossImpl, Module> {
 public:
  explicit MultiMarginLossImpl(const MultiMarginLossOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) {
    return multi_margin_loss(input, target, options.p(), options.margin(), weight,
                             options.reduction());
  }
  void pretty_print(std::ostream& out) const override;

  MultiMarginLossOptions options;
  Tensor weight;
};
ADJOINT_MODULE(MultiMarginLoss);

class ADJOINT_API MultiLabelMarginLossOptions {
 public:
  ADJOINT_OPTION(MultiLabelMarginLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API MultiLabelMarginLossImpl
    : public ClonedByOptions<MultiLabelMarginLossImpl, Module> {
 public:
  explicit MultiLabelMarginLossImpl(const MultiLabelMarginLossOptions& options = {})
      : options(options) {}
  Tensor forward(const Tensor& input, const Tensor& target) {
    return multilabel_margin_loss(input, target, options.reduction());
  }

  MultiLabelMarginLossOptions options;
};
ADJOINT_MODULE(MultiLabelMarginLoss);

class ADJOINT_API MultiLabelSoftMarginLossOptions {
 public:
  ADJOINT_OPTION(MultiLabelSoftMarginLossOptions, Tensor, weight, {});
  ADJOINT_OPTION(MultiLabelSoftMarginLossOptions, Reduction, reduction, Reduction::Mean);
};
class ADJOINT_API MultiLabelSoftMarginLossImpl
    : public ClonedByOptions<MultiLabelSoftMarginLossImpl, Module> {
 public:
  explicit MultiLabelSoftMarginLossImpl(const MultiLabelSoftMarginLossOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) {
    return multilabel_soft_margin_loss(input, target, weight, options.reduction());
  }

  MultiLabelSoftMarginLossOptions options;
  Tensor weight;
};
ADJOINT_MODULE(MultiLabelSoftMarginLoss);

}  // namespace adjoint::nn
