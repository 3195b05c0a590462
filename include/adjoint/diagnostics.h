// SPDX-License-Identifier: MIT
// Looking at a graph: its gradients, and the graph itself as text or as a picture.
//
//   Tensor loss = mse_loss(net(x), y);
//   std::cout << explain(loss, net);              // dead, exploding, NaN gradients, and whose they
//   are std::ofstream("net.dot") << to_dot(loss, net);   // dot -Tsvg net.dot > net.svg
//
// Operations are named with the line that called them where anomaly mode was enabled while they ran
// (AnomalyMode::set_enabled(true, false)).
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "adjoint/export.h"
#include "adjoint/ordered_dict.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// What the leaves of a graph are called: a module, or its handle, names its parameters.
class LeafNames {
 public:
  LeafNames() = default;
  LeafNames(OrderedDict<std::string, Tensor> names) : names_(std::move(names)) {}
  template <class Module>
  requires requires(const Module& m) { m.named_parameters(); }
  LeafNames(const Module& module) : names_(module.named_parameters()) {}
  template <class Holder>
  requires requires(const Holder& h) { h->named_parameters(); }
  LeafNames(const Holder& holder) : names_(holder->named_parameters()) {}

  const OrderedDict<std::string, Tensor>& names() const noexcept { return names_; }

 private:
  OrderedDict<std::string, Tensor> names_;
};

/// Of the elements of one gradient.
struct GradientStats {
  int64_t numel = 0, zeros = 0, nans = 0, infs = 0;
  double norm = 0;  ///< Euclidean, of the finite elements
  /// Root of the mean square of the finite elements: what does not grow with their number.
  double rms() const;
};

/// What may be wrong with a gradient, in the order in which one is looked for.
enum class GradientFault : uint8_t {
  None,
  NonFinite,  ///< some element is NaN or infinite
  Dead,       ///< all elements are 0
  Exploding,
  Vanishing,
  Missing,  ///< a named leaf that requires grad, and that the loss does not depend on
};
ADJOINT_API const char* fault_name(GradientFault fault) noexcept;

struct ExplainOptions {
  /// Exploding, vanishing: a leaf whose gradient has a norm beyond these.
  double exploding_norm = 1e4, vanishing_norm = 1e-10;
  /// Also: an rms that is so many times that of the median leaf, or of which that is so many times
  /// this one's (where there are at least three leaves); an operation that makes of its gradient
  /// one with so many times its rms.
  double ratio = 1e4;
};

/// The gradient of one output of an operation, or of a leaf.
struct GradientEntry {
  std::string op;  ///< "LogBackward0"; for a leaf "AccumulateGrad"
  bool is_leaf = false;
  std::string name;  ///< of a leaf, where it is known
  std::vector<int64_t> sizes;
  GradientStats stats;
  /// Of this gradient. Of the gradients of operations only NonFinite and Dead are found.
  GradientFault fault = GradientFault::None;
  /// What the operation made of a gradient without that fault: this is where it begins.
  GradientFault makes = GradientFault::None;
  std::string forward;  ///< "model.cpp:42 in Net::forward"; empty where it was not noted
  std::string module;   ///< "Net.fc1"; empty outside of modules
};

struct ADJOINT_API GradientReport {
  /// In the order in which backward meets them; Missing leaves are last.
  std::vector<GradientEntry> entries;
  /// NaN and infinities in the loss itself.
  bool loss_is_finite = true;

  bool has_faults() const noexcept;
  /// The faults, each with the operations that make it and the leaves that have it, and a table of
  /// all gradients.
  std::string str() const;
};
ADJOINT_API std::ostream& operator<<(std::ostream& out, const GradientReport& report);

/// Runs backward from `loss` (one element, requires grad) and looks at every gradient on the way.
/// No tensor's grad() changes, and the graph stays for another backward; hooks of tensors run.
/// Waits for the device, and copies each gradient to the host. Throws what backward throws.
ADJOINT_API GradientReport explain(const Tensor& loss, const LeafNames& names = {},
                                   const ExplainOptions& options = {});

/// The graph behind `tensor` in Graphviz's language, with arrows from inputs to results: leaves
/// are boxes, operations ellipses. Throws Error where the tensor requires no grad.
ADJOINT_API std::string to_dot(const Tensor& tensor, const LeafNames& names = {});

/// The graph behind `tensor`, an operation a line, each before those that it uses:
///
///   #0 MeanBackward0 [] <- #1
///   #1 ReluBackward0 [2, 3] <- #2
///   #2 AddmmBackward0 [2, 3] <- -, fc1.weight [3, 4], fc1.bias [3]
///
/// A dash stands for an input that needs no gradient. Throws Error where the tensor requires none.
ADJOINT_API std::string graph_to_string(const Tensor& tensor, const LeafNames& names = {});

}  // namespace adjoint
