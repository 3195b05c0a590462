// SPDX-License-Identifier: MIT
// summary(): a table of a module's layers, parameters and outputs.
//
//   std::cout << nn::summary(net);                      // names, types, parameters, bytes
//   std::cout << nn::summary(net, ones({1, 1, 28, 28}));   // runs it, and has the shapes of
//   outputs too
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adjoint/nn/module.h"

namespace adjoint::nn {

struct ModuleSummaryRow {
  std::string name;  ///< "block.fc1"; of the module itself empty
  std::string type;  ///< "Linear"
  int64_t depth = 0;
  /// Of the last call's result; none where the module was not called through a handle, Layer's
  /// operator() or a Sequential, or returned no Tensor.
  std::optional<std::vector<int64_t>> output_sizes;
  int64_t num_calls = 0;
  /// Elements of the module's own parameters, those of which that require grad, and the bytes of
  /// its parameters and buffers; a tensor that stands in two places counts in the first.
  int64_t parameters = 0, trainable = 0, buffers = 0, bytes = 0;
};

struct ADJOINT_API ModuleSummary {
  /// In the order of named_modules(), the module itself first.
  std::vector<ModuleSummaryRow> rows;
  bool was_run = false;
  /// Over all rows.
  int64_t parameters = 0, trainable = 0, buffers = 0, bytes = 0;
  /// The table and, below it, the sums.
  std::string str() const;
};
ADJOINT_API std::ostream& operator<<(std::ostream& out, const ModuleSummary& summary);

/// Of the module's registered parts, as they are.
ADJOINT_API ModuleSummary summary(const Module& module);
template <class Impl>
ModuleSummary summary(const ModuleHolder<Impl>& module) {
  return summary(static_cast<const Module&>(*module));
}

/// A run of a module for its summary: in its scope modules are in eval mode, nothing is recorded
/// for backward, and calls of this thread are noted. At the end each module has its mode again.
class ADJOINT_API SummaryRun {
 public:
  explicit SummaryRun(Module& module);
  ~SummaryRun();
  SummaryRun(const SummaryRun&) = delete;
  SummaryRun& operator=(const SummaryRun&) = delete;
  ModuleSummary result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Also runs the module's forward on the inputs, in eval mode and without recording, so that no
/// parameter, buffer, gradient or random number generator changes. Throws what forward throws.
template <class M, class... Inputs>
requires(sizeof...(Inputs) > 0) ModuleSummary summary(M& module, const Inputs&... inputs) {
  if constexpr (requires { module.ptr(); }) {
    return summary(*module, inputs...);
  } else {
    SummaryRun run(module);
    detail::call_forward(module, inputs...);
    return run.result();
  }
}

}  // namespace adjoint::nn
