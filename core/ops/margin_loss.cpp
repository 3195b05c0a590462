// SPDX-License-Identifier: MIT
// Losses that are content with a margin: of rankings, embeddings, triplets and classes.
#include "core/ops/composed.h"
#include "core/ops/loss_support.h"

namespace adjoint {

Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                           double margin, Reduction reduction) {
  ADJOINT_CHECK(input1.dim() == input2.dim() && input1.dim() == target.dim(),
                "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
                "input1: ",
                input1.sizes(), ", input2: ", input2.sizes(), ", target: ", target.sizes());
  return reduced((target * (input2 - input1) + margin).clamp_min(0), reduction);
}

Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target, double margin,
                            Reduction reduction) {
  Tensor far = where(target != 1, (margin - input).clamp_min(0), 0);
  Tensor near = where(target != -1, input, 0);
  return reduced(far + near, reduction);
}

Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                             double margin, Reduction reduction) {
  ADJOINT_CHECK(target.dim() == 0 || target.dim() == 1,
                "0D or 1D target tensor expected, multi-target not supported, got a target of ",
                target.dim(), " dimensions");
  const int64_t dims = target.dim() + 1;
  ADJOINT_CHECK(input1.dim() == dims && input2.dim() == dims, target.dim(),
                "D target tensor expects ", dims, "D input tensors, but found inputs with sizes ",
                input1.sizes(), " and ", input2.sizes());
  constexpr double kEpsilon = 1e-12;
  const int64_t last = dims - 1;
  Tensor length = ((input1.square().sum(last) + kEpsilon) * (input2.square().sum(last) + kEpsilon));
  Tensor cosine = (input1 * input2).sum(last) / length.sqrt();
  Tensor alike = where(target == 1, 1 - cosine, 0);
  Tensor unlike = where(target == -1, (cosine - margin).clamp_min(0), 0);
  return reduced(alike + unlike, reduction);
}

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           double margin, double p, double eps, bool swap, Reduction reduction) {
  ADJOINT_CHECK(anchor.dim() == positive.dim() && positive.dim() == negative.dim(),
                "The anchor, positive, and negative tensors are expected to have the same number "
                "of dimensions, but got: anchor ",
                anchor.dim(), "D, positive ", positive.dim(), "D, and negative ", negative.dim(),
                "D inputs");
  ADJOINT_CHECK(margin > 0, "triplet_margin_loss: expected margin > 0, got ", margin);
  Tensor near = pairwise_distance(anchor, positive, p, eps);
  Tensor far = pairwise_distance(anchor, negative, p, eps);
  if (swap) far = minimum(far, pairwise_distance(positive, negative, p, eps));
  return reduced((near - far + margin).clamp_min(0), reduction);
}

Tensor soft_margin_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  return reduced(-log_sigmoid(target * input), reduction);
}

Tensor multi_margin_loss(const Tensor& input, const Tensor& target, const Scalar& p,
                         const Scalar& margin, const Tensor& weight, Reduction reduction) {
  const double power = p.toDouble();
  ADJOINT_CHECK(power == 1 || power == 2,
                "multi_margin_loss: only p == 1 and p == 2 supported, got ", power);
  ADJOINT_CHECK((input.dim() == 2 && target.dim() == 1 && target.size(0) == input.size(0)) ||
                    (input.dim() == 1 && target.dim() <= 1 && target.numel() == 1),
                "multi_margin_loss: expected input [n, c] and target [n], or one sample, got ",
                input.sizes(), " and ", target.sizes());
  if (input.dim() == 1) {
    Tensor one =
        multi_margin_loss(input.unsqueeze(0), target.reshape({1}), p, margin, weight, reduction);
    return reduction == Reduction::None ? one.reshape(target.sizes()) : one;
  }
  const int64_t classes = input.size(1);
  ADJOINT_CHECK(!weight.defined() || (weight.dim() == 1 && weight.numel() == classes),
                "multi_margin_loss: inconsistent weight size, expected ", classes,
                " elements, got ", weight.defined() ? weight.numel() : 0);
  Tensor index = target.unsqueeze(1);
  Tensor cost = (input - input.gather(1, index) + margin).clamp_min(0);
  if (power == 2) cost = cost.square();
  if (weight.defined()) cost = cost * weight.gather(0, target).unsqueeze(1);
  TensorOptions on_device = TensorOptions(kLong).device(input.device());
  cost = cost.masked_fill(arange(classes, on_device) == index, 0);
  return reduced(cost.sum(1) / double(classes), reduction);
}

Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  ADJOINT_CHECK((input.dim() == 1 || input.dim() == 2) && input.sizes() == target.sizes(),
                "multilabel_margin_loss: inconsistent target size: ", target.sizes(),
                " for input of size: ", input.sizes());
  if (input.dim() == 1) {
    Tensor one = multilabel_margin_loss(input.unsqueeze(0), target.unsqueeze(0), reduction);
    return reduction == Reduction::None ? one.squeeze(0) : one;
  }
  const int64_t classes = input.size(1);
  Tensor counts, others, index;  // which of `target` are labels, which classes are not among them
  {
    NoGradGuard no_grad;
    counts = cumsum((target < 0).to(kLong), 1) == 0;
    index = masked_fill(target, logical_not(counts), 0);
    others = zeros(input.sizes(), TensorOptions(kLong).device(input.device()))
                 .scatter_add(1, index, counts.to(kLong)) == 0;
  }
  Tensor labels = input.gather(1, index);
  Tensor cost = (1 - labels.unsqueeze(2) + input.unsqueeze(1)).clamp_min(0);  // [n, label, class]
  cost = masked_fill(cost, logical_not(counts.unsqueeze(2) & others.unsqueeze(1)), 0);
  return under_name("MultilabelMarginLossBackward0",
                    reduced(cost.sum({1, 2}) / double(classes), reduction));
}

Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target, const Tensor& weight,
                                   Reduction reduction) {
  Tensor loss = (target - 1) * log_sigmoid(-input) - target * log_sigmoid(input);
  if (weight.defined()) loss = loss * weight;
  return reduced(loss.mean(-1), reduction);
}

}  // namespace adjoint
