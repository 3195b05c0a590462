// SPDX-License-Identifier: MIT
// RNN, LSTM, GRU, and their cells.
#pragma once

#include <optional>
#include <tuple>
#include <vector>

#include "adjoint/nn/init.h"
#include "adjoint/nn/module.h"
#include "adjoint/nn/packed_sequence.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API RNNOptions {
 public:
  RNNOptions(int64_t input_size, int64_t hidden_size)
      : input_size_(input_size), hidden_size_(hidden_size) {}
  ADJOINT_OPTION(RNNOptions, int64_t, input_size, 0);
  ADJOINT_OPTION(RNNOptions, int64_t, hidden_size, 0);
  ADJOINT_OPTION(RNNOptions, int64_t, num_layers, 1);
  /// Tanh or ReLU.
  ADJOINT_OPTION(RNNOptions, init::Nonlinearity, nonlinearity, init::Nonlinearity::Tanh);
  ADJOINT_OPTION(RNNOptions, bool, bias, true);
  /// Inputs and outputs are [n, steps, *] instead of [steps, n, *].
  ADJOINT_OPTION(RNNOptions, bool, batch_first, false);
  /// Of the outputs of all layers but the last.
  ADJOINT_OPTION(RNNOptions, double, dropout, 0.0);
  ADJOINT_OPTION(RNNOptions, bool, bidirectional, false);
};

class ADJOINT_API LSTMOptions {
 public:
  LSTMOptions(int64_t input_size, int64_t hidden_size)
      : input_size_(input_size), hidden_size_(hidden_size) {}
  ADJOINT_OPTION(LSTMOptions, int64_t, input_size, 0);
  ADJOINT_OPTION(LSTMOptions, int64_t, hidden_size, 0);
  ADJOINT_OPTION(LSTMOptions, int64_t, num_layers, 1);
  ADJOINT_OPTION(LSTMOptions, bool, bias, true);
  ADJOINT_OPTION(LSTMOptions, bool, batch_first, false);
  ADJOINT_OPTION(LSTMOptions, double, dropout, 0.0);
  ADJOINT_OPTION(LSTMOptions, bool, bidirectional, false);
  /// The size of outputs and hidden states; 0: hidden_size.
  ADJOINT_OPTION(LSTMOptions, int64_t, proj_size, 0);
};

class ADJOINT_API GRUOptions {
 public:
  GRUOptions(int64_t input_size, int64_t hidden_size)
      : input_size_(input_size), hidden_size_(hidden_size) {}
  ADJOINT_OPTION(GRUOptions, int64_t, input_size, 0);
  ADJOINT_OPTION(GRUOptions, int64_t, hidden_size, 0);
  ADJOINT_OPTION(GRUOptions, int64_t, num_layers, 1);
  ADJOINT_OPTION(GRUOptions, bool, bias, true);
  ADJOINT_OPTION(GRUOptions, bool, batch_first, false);
  ADJOINT_OPTION(GRUOptions, double, dropout, 0.0);
  ADJOINT_OPTION(GRUOptions, bool, bidirectional, false);
};

/// What the layers share: parameters weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 (and
/// weight_hr_l0) of layer 0, the same with _reverse of its second direction, and so on; all start
/// uniform within 1 / sqrt(hidden_size). Throws ValueError for impossible settings.
class ADJOINT_API RNNImplBase : public Module {
 public:
  void reset_parameters();
  /// For LibTorch's sake: nothing is to be done.
  void flatten_parameters() {}
  std::vector<Tensor> all_weights() const { return weights_; }
  void pretty_print(std::ostream& out) const override;

 protected:
  struct Settings {
    int64_t input_size, hidden_size, num_layers;
    bool bias, batch_first;
    double dropout;
    bool bidirectional;
    int64_t proj_size, gates;
  };
  explicit RNNImplBase(const Settings& settings);
  /// The input as a batch, after checks; hidden states of `size` for it, zeros where undefined.
  Tensor batched(const Tensor& input) const;
  Tensor hidden_for(const Tensor& input, const Tensor& hx, int64_t size) const;
  /// The packed sequences' start states [runs, n, size] in the packed order.
  Tensor packed_hidden_for(const utils::rnn::PackedSequence& input, const Tensor& hx,
                           int64_t size) const;
  /// Results for the input as it came.
  Tensor output_of(const Tensor& output, bool is_batched) const;

  Settings settings_;
  std::vector<Tensor> weights_;
};

/// forward: input [steps, n, input_size], or [steps, input_size] without a batch, and hx
/// [num_layers * directions, n, hidden_size] (undefined: zeros) give the outputs
/// [steps, n, directions * hidden_size] and the last hx. Throws Error for other shapes.
class ADJOINT_API RNNImpl : public ClonedByOptions<RNNImpl, RNNImplBase> {
 public:
  RNNImpl(int64_t input_size, int64_t hidden_size) : RNNImpl(RNNOptions(input_size, hidden_size)) {}
  explicit RNNImpl(const RNNOptions& options);
  std::tuple<Tensor, Tensor> forward(const Tensor& input, const Tensor& hx = {});
  /// Of sequences of different lengths; hx in the order of the caller's sequences, as they come
  /// out.
  std::tuple<utils::rnn::PackedSequence, Tensor> forward_with_packed_input(
      const utils::rnn::PackedSequence& packed_input, const Tensor& hx = {});

  RNNOptions options;
};
ADJOINT_MODULE(RNN);

/// As RNN, with hidden and cell states; with proj_size, outputs and hidden states have that size.
class ADJOINT_API LSTMImpl : public ClonedByOptions<LSTMImpl, RNNImplBase> {
 public:
  LSTMImpl(int64_t input_size, int64_t hidden_size)
      : LSTMImpl(LSTMOptions(input_size, hidden_size)) {}
  explicit LSTMImpl(const LSTMOptions& options);
  std::tuple<Tensor, std::tuple<Tensor, Tensor>> forward(
      const Tensor& input, const std::optional<std::tuple<Tensor, Tensor>>& hx = std::nullopt);
  /// Of sequences of different lengths; states in the order of the caller's sequences.
  std::tuple<utils::rnn::PackedSequence, std::tuple<Tensor, Tensor>> forward_with_packed_input(
      const utils::rnn::PackedSequence& packed_input,
      const std::optional<std::tuple<Tensor, Tensor>>& hx = std::nullopt);

  LSTMOptions options;
};
ADJOINT_MODULE(LSTM);

class ADJOINT_API GRUImpl : public ClonedByOptions<GRUImpl, RNNImplBase> {
 public:
  GRUImpl(int64_t input_size, int64_t hidden_size) : GRUImpl(GRUOptions(input_size, hidden_size)) {}
  explicit GRUImpl(const GRUOptions& options);
  std::tuple<Tensor, Tensor> forward(const Tensor& input, const Tensor& hx = {});
  /// Of sequences of different lengths; hx in the order of the caller's sequences, as they come
  /// out.
  std::tuple<utils::rnn::PackedSequence, Tensor> forward_with_packed_input(
      const utils::rnn::PackedSequence& packed_input, const Tensor& hx = {});

  GRUOptions options;
};
ADJOINT_MODULE(GRU);

class ADJOINT_API RNNCellOptions {
 public:
  RNNCellOptions(int64_t input_size, int64_t hidden_size)
      : input_size_(input_size), hidden_size_(hidden_size) {}
  ADJOINT_OPTION(RNNCellOptions, int64_t, input_size, 0);
  ADJOINT_OPTION(RNNCellOptions, int64_t, hidden_size, 0);
  ADJOINT_OPTION(RNNCellOptions, bool, bias, true);
  /// Tanh or ReLU.
  ADJOINT_OPTION(RNNCellOptions, init::Nonlinearity, nonlinearity, init::Nonlinearity::Tanh);
};

class ADJOINT_API LSTMCellOptions {
 public:
  LSTMCellOptions(int64_t input_size, int64_t hidden_size)
      : input_size_(input_size), hidden_size_(hidden_size) {}
  ADJOINT_OPTION(LSTMCellOptions, int64_t, input_size, 0);
  ADJOINT_OPTION(LSTMCellOptions, int64_t, hidden_size, 0);
  ADJOINT_OPTION(LSTMCellOptions, bool, bias, true);
};
class ADJOINT_API GRUCellOptions {
 public:
  GRUCellOptions(int64_t input_size, int64_t hidden_size)
      : input_size_(input_size), hidden_size_(hidden_size) {}
  ADJOINT_OPTION(GRUCellOptions, int64_t, input_size, 0);
  ADJOINT_OPTION(GRUCellOptions, int64_t, hidden_size, 0);
  ADJOINT_OPTION(GRUCellOptions, bool, bias, true);
};

/// What the cells share: parameters weight_ih, weight_hh, bias_ih, bias_hh, which start uniform
/// within 1 / sqrt(hidden_size).
class ADJOINT_API RNNCellImplBase : public Module {
 public:
  void reset_parameters();
  void pretty_print(std::ostream& out) const override;

  Tensor weight_ih, weight_hh, bias_ih, bias_hh;

 protected:
  RNNCellImplBase(int64_t input_size, int64_t hidden_size, bool bias, int64_t gates);
  /// hx, or zeros.
  Tensor state_for(const Tensor& input, const Tensor& hx) const;
  virtual const char* nonlinearity() const { return ""; }

  int64_t input_size_, hidden_size_;
};

/// input [n, input_size], or [input_size], and hx [n, hidden_size] (undefined: zeros) give the new
/// hx.
class ADJOINT_API RNNCellImpl : public ClonedByOptions<RNNCellImpl, RNNCellImplBase> {
 public:
  RNNCellImpl(int64_t input_size, int64_t hidden_size)
      : RNNCellImpl(RNNCellOptions(input_size, hidden_size)) {}
  explicit RNNCellImpl(const RNNCellOptions& options);
  Tensor forward(const Tensor& input, const Tensor& hx = {});

  RNNCellOptions options;

 protected:
  const char* nonlinearity() const override;
};
ADJOINT_MODULE(RNNCell);

class ADJOINT_API LSTMCellImpl : public ClonedByOptions<LSTMCellImpl, RNNCellImplBase> {
 public:
  LSTMCellImpl(int64_t input_size, int64_t hidden_size)
      : LSTMCellImpl(LSTMCellOptions(input_size, hidden_size)) {}
  explicit LSTMCellImpl(const LSTMCellOptions& options);
  /// The new hidden and cell state.
  std::tuple<Tensor, Tensor> forward(
      const Tensor& input, const std::optional<std::tuple<Tensor, Tensor>>& hx = std::nullopt);

  LSTMCellOptions options;
};
ADJOINT_MODULE(LSTMCell);

class ADJOINT_API GRUCellImpl : public ClonedByOptions<GRUCellImpl, RNNCellImplBase> {
 public:
  GRUCellImpl(int64_t input_size, int64_t hidden_size)
      : GRUCellImpl(GRUCellOptions(input_size, hidden_size)) {}
  explicit GRUCellImpl(const GRUCellOptions& options);
  Tensor forward(const Tensor& input, const Tensor& hx = {});

  GRUCellOptions options;
};
ADJOINT_MODULE(GRUCell);

}  // namespace adjoint::nn
