// SPDX-License-Identifier: MIT
// CosineSimilarity, PairwiseDistance.
#pragma once

#include "adjoint/nn/module.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API CosineSimilarityOptions {
 public:
  ADJOINT_OPTION(CosineSimilarityOptions, int64_t, dim, 1);
  ADJOINT_OPTION(CosineSimilarityOptions, double, eps, 1e-8);
};
class ADJOINT_API CosineSimilarityImpl : public ClonedByOptions<CosineSimilarityImpl, Module> {
 public:
  explicit CosineSimilarityImpl(const CosineSimilarityOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& x1, const Tensor& x2) {
    return cosine_similarity(x1, x2, options.dim(), options.eps());
  }
  void pretty_print(std::ostream& out) const override;

  CosineSimilarityOptions options;
};
ADJOINT_MODULE(CosineSimilarity);

class ADJOINT_API PairwiseDistanceOptions {
 public:
  ADJOINT_OPTION(PairwiseDistanceOptions, double, p, 2.0);
  ADJOINT_OPTION(PairwiseDistanceOptions, double, eps, 1e-6);
  ADJOINT_OPTION(PairwiseDistanceOptions, bool, keepdim, false);
};
class ADJOINT_API PairwiseDistanceImpl : public ClonedByOptions<PairwiseDistanceImpl, Module> {
 public:
  explicit PairwiseDistanceImpl(const PairwiseDistanceOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& x1, const Tensor& x2) {
    return pairwise_distance(x1, x2, options.p(), options.eps(), options.keepdim());
  }
  void pretty_print(std::ostream& out) const override;

  PairwiseDistanceOptions options;
};
ADJOINT_MODULE(PairwiseDistance);

}  // namespace adjoint::nn
