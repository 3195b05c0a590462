// SPDX-License-Identifier: MIT
#include "adjoint/nn/recurrent.h"

#include <cmath>
#include <ostream>

#include "adjoint/warning.h"
#include "core/nn/print.h"

namespace adjoint::nn {
namespace {

void check_nonlinearity(init::Nonlinearity nonlinearity) {
  ADJOINT_CHECK_VALUE(
      nonlinearity == init::Nonlinearity::Tanh || nonlinearity == init::Nonlinearity::ReLU,
      "Unknown nonlinearity: expected tanh or relu");
}

void fill_uniformly(const std::vector<Tensor>& weights, int64_t hidden_size) {
  const double bound = hidden_size > 0 ? 1 / std::sqrt(double(hidden_size)) : 0;
  for (const Tensor& weight : weights) {
    if (weight.defined()) init::uniform_(weight, -bound, bound);
  }
}

using utils::rnn::PackedSequence;

/// States [runs, n, *] with the sequences in another order.
Tensor in_order(const Tensor& states, const Tensor& order) {
  return order.defined() ? states.index_select(1, order) : states;
}
PackedSequence with_data(const PackedSequence& packed, const Tensor& data) {
  return PackedSequence(data, packed.batch_sizes(), packed.sorted_indices(),
                        packed.unsorted_indices());
}

}  // namespace

RNNImplBase::RNNImplBase(const Settings& s) : settings_(s) {
  ADJOINT_CHECK_VALUE(s.dropout >= 0 && s.dropout <= 1,
                      "dropout should be a number in range [0, 1] representing the probability of "
                      "an element being zeroed, got ",
                      s.dropout);
  ADJOINT_CHECK_VALUE(s.hidden_size > 0 && s.num_layers > 0,
                      "hidden_size and num_layers must be greater than zero, got ", s.hidden_size,
                      " and ", s.num_layers);
  ADJOINT_CHECK_VALUE(s.proj_size >= 0 && s.proj_size < s.hidden_size,
                      "proj_size should be a positive integer or zero, and smaller than "
                      "hidden_size, got ",
                      s.proj_size);
  if (s.dropout > 0 && s.num_layers == 1) {
    ADJOINT_WARN(
        "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
        "expects num_layers greater than 1, but got dropout=",
        s.dropout, " and num_layers=", s.num_layers);
  }
  const int64_t directions = s.bidirectional ? 2 : 1;
  const int64_t out_size = s.proj_size > 0 ? s.proj_size : s.hidden_size;
  const int64_t rows = s.gates * s.hidden_size;
  for (int64_t layer = 0; layer < s.num_layers; ++layer) {
    for (int64_t direction = 0; direction < directions; ++direction) {
      const std::string suffix = detail::str("_l", layer, direction == 1 ? "_reverse" : "");
      auto add = [&](const char* kind, IntArrayRef sizes) {
        weights_.push_back(register_parameter(kind + suffix, empty(sizes)));
      };
      add("weight_ih", {rows, layer == 0 ? s.input_size : out_size * directions});
      add("weight_hh", {rows, out_size});
      if (s.bias) {
        add("bias_ih", rows);
        add("bias_hh", rows);
      }
      if (s.proj_size > 0) add("weight_hr", {s.proj_size, s.hidden_size});
    }
  }
  reset_parameters();
}

void RNNImplBase::reset_parameters() { fill_uniformly(weights_, settings_.hidden_size); }

Tensor RNNImplBase::batched(const Tensor& input) const {
  ADJOINT_CHECK(input.dim() == 3 || input.dim() == 2, "input must have 3 dimensions, got ",
                input.dim());
  ADJOINT_CHECK(input.size(-1) == settings_.input_size,
                "input.size(-1) must be equal to input_size. Expected ", settings_.input_size,
                ", got ", input.size(-1));
  return input.dim() == 3 ? input : input.unsqueeze(settings_.batch_first ? 0 : 1);
}

Tensor RNNImplBase::hidden_for(const Tensor& input, const Tensor& hx, int64_t size) const {
  const bool is_batched = input.dim() == 3;
  const int64_t runs = settings_.num_layers * (settings_.bidirectional ? 2 : 1);
  const int64_t batch = !is_batched ? 1 : input.size(settings_.batch_first ? 0 : 1);
  if (!hx.defined()) return zeros({runs, batch, size}, input.options());
  const DimVector expected = is_batched ? DimVector{runs, batch, size} : DimVector{runs, size};
  ADJOINT_CHECK(hx.sizes() == expected, "Expected hidden size ", IntArrayRef(expected), ", got ",
                hx.sizes());
  return is_batched ? hx : hx.unsqueeze(1);
}

Tensor RNNImplBase::packed_hidden_for(const PackedSequence& input, const Tensor& hx,
                                      int64_t size) const {
  ADJOINT_CHECK(input.data().dim() == 2, "input must have 2 dimensions, got ", input.data().dim());
  ADJOINT_CHECK(input.data().size(1) == settings_.input_size,
                "input.size(-1) must be equal to input_size. Expected ", settings_.input_size,
                ", got ", input.data().size(1));
  const int64_t runs = settings_.num_layers * (settings_.bidirectional ? 2 : 1);
  const DimVector expected{runs, input.batch_sizes()[0].item<int64_t>(), size};
  if (!hx.defined()) return zeros(expected, input.data().options());
  ADJOINT_CHECK(hx.sizes() == expected, "Expected hidden size ", IntArrayRef(expected), ", got ",
                hx.sizes());
  return in_order(hx, input.sorted_indices());
}

Tensor RNNImplBase::output_of(const Tensor& output, bool is_batched) const {
  return is_batched ? output : output.squeeze(settings_.batch_first ? 0 : 1);
}

void RNNImplBase::pretty_print(std::ostream& out) const {
  const Settings& s = settings_;
  if (is_libtorch_style(out)) {
    auto word = [](bool value) { return value ? "true" : "false"; };
    out << name() << "(input_size=" << s.input_size << ", hidden_size=" << s.hidden_size
        << ", num_layers=" << s.num_layers << ", bias=" << word(s.bias)
        << ", batch_first=" << word(s.batch_first) << ", dropout=" << s.dropout
        << ", bidirectional=" << word(s.bidirectional);
  } else {
    out << name() << "(" << s.input_size << ", " << s.hidden_size;
    if (s.num_layers != 1) out << ", num_layers=" << s.num_layers;
    if (!s.bias) out << ", bias=False";
    if (s.batch_first) out << ", batch_first=True";
    if (s.dropout != 0) out << ", dropout=" << s.dropout;
    if (s.bidirectional) out << ", bidirectional=True";
  }
  if (s.proj_size > 0) out << ", proj_size=" << s.proj_size;
  out << ")";
}

RNNImpl::RNNImpl(const RNNOptions& o)
    : ClonedByOptions(Settings{o.input_size(), o.hidden_size(), o.num_layers(), o.bias(),
                               o.batch_first(), o.dropout(), o.bidirectional(), 0, 1}),
      options(o) {
  check_nonlinearity(o.nonlinearity());
}

std::tuple<Tensor, Tensor> RNNImpl::forward(const Tensor& input, const Tensor& hx) {
  const bool is_batched = input.dim() == 3;
  auto run = [&](const auto&... arguments) {
    return options.nonlinearity() == init::Nonlinearity::Tanh ? rnn_tanh(arguments...)
                                                              : rnn_relu(arguments...);
  };
  auto [output, h] = run(batched(input), hidden_for(input, hx, settings_.hidden_size), weights_,
                         settings_.bias, settings_.num_layers, settings_.dropout, is_training(),
                         settings_.bidirectional, settings_.batch_first);
  return {output_of(output, is_batched), is_batched ? h : h.squeeze(1)};
}

std::tuple<PackedSequence, Tensor> RNNImpl::forward_with_packed_input(const PackedSequence& input,
                                                                      const Tensor& hx) {
  const Tensor start = packed_hidden_for(input, hx, settings_.hidden_size);
  auto run = [&](const auto&... arguments) {
    return options.nonlinearity() == init::Nonlinearity::Tanh ? rnn_tanh(arguments...)
                                                              : rnn_relu(arguments...);
  };
  auto [output, h] =
      run(input.data(), input.batch_sizes(), start, weights_, settings_.bias, settings_.num_layers,
          settings_.dropout, is_training(), settings_.bidirectional);
  return {with_data(input, output), in_order(h, input.unsorted_indices())};
}

GRUImpl::GRUImpl(const GRUOptions& o)
    : ClonedByOptions(Settings{o.input_size(), o.hidden_size(), o.num_layers(), o.bias(),
                               o.batch_first(), o.dropout(), o.bidirectional(), 0, 3}),
      options(o) {}

std::tuple<Tensor, Tensor> GRUImpl::forward(const Tensor& input, const Tensor& hx) {
  const bool is_batched = input.dim() == 3;
  auto [output, h] = gru(batched(input), hidden_for(input, hx, settings_.hidden_size), weights_,
                         settings_.bias, settings_.num_layers, settings_.dropout, is_training(),
                         settings_.bidirectional, settings_.batch_first);
  return {output_of(output, is_batched), is_batched ? h : h.squeeze(1)};
}

std::tuple<PackedSequence, Tensor> GRUImpl::forward_with_packed_input(const PackedSequence& input,
                                                                      const Tensor& hx) {
  const Tensor start = packed_hidden_for(input, hx, settings_.hidden_size);
  auto [output, h] =
      gru(input.data(), input.batch_sizes(), start, weights_, settings_.bias, settings_.num_layers,
          settings_.dropout, is_training(), settings_.bidirectional);
  return {with_data(input, output), in_order(h, input.unsorted_indices())};
}

LSTMImpl::LSTMImpl(const LSTMOptions& o)
    : ClonedByOptions(Settings{o.input_size(), o.hidden_size(), o.num_layers(), o.bias(),
                               o.batch_first(), o.dropout(), o.bidirectional(), o.proj_size(), 4}),
      options(o) {}

std::tuple<Tensor, std::tuple<Tensor, Tensor>> LSTMImpl::forward(
    const Tensor& input, const std::optional<std::tuple<Tensor, Tensor>>& hx) {
  const bool is_batched = input.dim() == 3;
  const int64_t out_size = settings_.proj_size > 0 ? settings_.proj_size : settings_.hidden_size;
  const Tensor x = batched(input);
  const Tensor start[] = {
      hidden_for(input, hx ? std::get<0>(*hx) : Tensor(), out_size),
      hidden_for(input, hx ? std::get<1>(*hx) : Tensor(), settings_.hidden_size)};
  auto [output, h, c] =
      lstm(x, start, weights_, settings_.bias, settings_.num_layers, settings_.dropout,
           is_training(), settings_.bidirectional, settings_.batch_first);
  return {output_of(output, is_batched),
          {is_batched ? h : h.squeeze(1), is_batched ? c : c.squeeze(1)}};
}

std::tuple<PackedSequence, std::tuple<Tensor, Tensor>> LSTMImpl::forward_with_packed_input(
    const PackedSequence& input, const std::optional<std::tuple<Tensor, Tensor>>& hx) {
  const int64_t out_size = settings_.proj_size > 0 ? settings_.proj_size : settings_.hidden_size;
  const Tensor start[] = {
      packed_hidden_for(input, hx ? std::get<0>(*hx) : Tensor(), out_size),
      packed_hidden_for(input, hx ? std::get<1>(*hx) : Tensor(), settings_.hidden_size)};
  auto [output, h, c] =
      lstm(input.data(), input.batch_sizes(), start, weights_, settings_.bias, settings_.num_layers,
           settings_.dropout, is_training(), settings_.bidirectional);
  const Tensor& order = input.unsorted_indices();
  return {with_data(input, output), {in_order(h, order), in_order(c, order)}};
}

RNNCellImplBase::RNNCellImplBase(int64_t input_size, int64_t hidden_size, bool bias, int64_t gates)
    : input_size_(input_size), hidden_size_(hidden_size) {
  const int64_t rows = gates * hidden_size;
  weight_ih = register_parameter("weight_ih", empty({rows, input_size}));
  weight_hh = register_parameter("weight_hh", empty({rows, hidden_size}));
  bias_ih = register_parameter("bias_ih", bias ? empty({rows}) : Tensor());
  bias_hh = register_parameter("bias_hh", bias ? empty({rows}) : Tensor());
  reset_parameters();
}

void RNNCellImplBase::reset_parameters() {
  fill_uniformly({weight_ih, weight_hh, bias_ih, bias_hh}, hidden_size_);
}

Tensor RNNCellImplBase::state_for(const Tensor& input, const Tensor& hx) const {
  ADJOINT_CHECK(input.dim() == 1 || input.dim() == 2, name(),
                ": Expected input to be 1D or 2D, got ", input.dim(), "D instead");
  if (!hx.defined()) {
    return zeros({input.dim() == 1 ? 1 : input.size(0), hidden_size_}, input.options());
  }
  ADJOINT_CHECK(hx.dim() == input.dim(), name(), ": Expected hidden to be ", input.dim(),
                "D as the input, got ", hx.dim(), "D instead");
  return hx.dim() == 1 ? hx.unsqueeze(0) : hx;
}

void RNNCellImplBase::pretty_print(std::ostream& out) const {
  out << name() << "(" << input_size_ << ", " << hidden_size_;
  if (!bias_ih.defined()) out << ", bias=" << (is_libtorch_style(out) ? "false" : "False");
  const std::string word = nonlinearity();
  if (!word.empty() && word != "tanh")
    out << ", nonlinearity=" << (is_libtorch_style(out) ? "kReLU" : word);
  out << ")";
}

RNNCellImpl::RNNCellImpl(const RNNCellOptions& o)
    : ClonedByOptions(o.input_size(), o.hidden_size(), o.bias(), 1), options(o) {
  check_nonlinearity(o.nonlinearity());
}

const char* RNNCellImpl::nonlinearity() const {
  return options.nonlinearity() == init::Nonlinearity::Tanh ? "tanh" : "relu";
}

Tensor RNNCellImpl::forward(const Tensor& input, const Tensor& hx) {
  const Tensor state = state_for(input, hx);
  if (input.dim() == 1) return forward(input.unsqueeze(0), state).squeeze(0);
  auto step = options.nonlinearity() == init::Nonlinearity::Tanh ? rnn_tanh_cell : rnn_relu_cell;
  return step(input, state, weight_ih, weight_hh, bias_ih, bias_hh);
}

LSTMCellImpl::LSTMCellImpl(const LSTMCellOptions& o)
    : ClonedByOptions(o.input_size(), o.hidden_size(), o.bias(), 4), options(o) {}

std::tuple<Tensor, Tensor> LSTMCellImpl::forward(
    const Tensor& input, const std::optional<std::tuple<Tensor, Tensor>>& hx) {
  const Tensor state[] = {state_for(input, hx ? std::get<0>(*hx) : Tensor()),
                          state_for(input, hx ? std::get<1>(*hx) : Tensor())};
  const bool is_batched = input.dim() == 2;
  auto [h, c] = lstm_cell(is_batched ? input : input.unsqueeze(0), state, weight_ih, weight_hh,
                          bias_ih, bias_hh);
  if (is_batched) return {h, c};
  return {h.squeeze(0), c.squeeze(0)};
}

GRUCellImpl::GRUCellImpl(const GRUCellOptions& o)
    : ClonedByOptions(o.input_size(), o.hidden_size(), o.bias(), 3), options(o) {}

Tensor GRUCellImpl::forward(const Tensor& input, const Tensor& hx) {
  const Tensor state = state_for(input, hx);
  if (input.dim() == 1) return forward(input.unsqueeze(0), state).squeeze(0);
  return gru_cell(input, state, weight_ih, weight_hh, bias_ih, bias_hh);
}

}  // namespace adjoint::nn
