// SPDX-License-Identifier: MIT
// Recurrent cells, and layers of them: loops of other operations. What the inputs of all steps add
// to the gates is one matrix product; only what the states add is one product a step.
#include <algorithm>

#include "adjoint/ops.h"

namespace adjoint {
namespace {

/// What a direction of a layer keeps from step to step; c is the LSTM's alone.
struct State {
  Tensor h, c;
};
struct Weights {
  Tensor w_ih, w_hh, b_ih, b_hh, w_hr;
};
/// The state after a step, from what the input adds to the gates.
using Cell = State (*)(const Tensor& gates, const State& state, const Weights& w);

State tanh_step(const Tensor& gates, const State& s, const Weights& w) {
  return {tanh(gates + linear(s.h, w.w_hh, w.b_hh)), {}};
}
State relu_step(const Tensor& gates, const State& s, const Weights& w) {
  return {relu(gates + linear(s.h, w.w_hh, w.b_hh)), {}};
}
State lstm_step(const Tensor& gates, const State& s, const Weights& w) {
  const std::vector<Tensor> part = (gates + linear(s.h, w.w_hh, w.b_hh)).chunk(4, 1);
  Tensor c = sigmoid(part[1]) * s.c + sigmoid(part[0]) * tanh(part[2]);
  Tensor h = sigmoid(part[3]) * tanh(c);
  if (w.w_hr.defined()) h = linear(h, w.w_hr);
  return {h, c};
}
State gru_step(const Tensor& gates, const State& s, const Weights& w) {
  const std::vector<Tensor> x = gates.chunk(3, 1), y = linear(s.h, w.w_hh, w.b_hh).chunk(3, 1);
  Tensor reset = sigmoid(x[0] + y[0]), update = sigmoid(x[1] + y[1]);
  Tensor fresh = tanh(x[2] + reset * y[2]);
  return {fresh + update * (s.h - fresh), {}};
}

void check_cell(const Tensor& input, const Tensor& hx, const Tensor& w_ih, const Tensor& w_hh,
                int64_t gates) {
  ADJOINT_CHECK(input.dim() == 2 && hx.dim() == 2,
                "Expected input and hidden of a cell to be 2D, but got ", input.dim(), "D and ",
                hx.dim(), "D tensors");
  ADJOINT_CHECK(w_ih.dim() == 2 && input.size(1) == w_ih.size(1),
                "input has inconsistent input_size: got ", input.size(1), " expected ",
                w_ih.dim() == 2 ? w_ih.size(1) : 0);
  ADJOINT_CHECK(input.size(0) == hx.size(0), "Input batch size ", input.size(0),
                " doesn't match hidden batch size ", hx.size(0));
  ADJOINT_CHECK(w_hh.dim() == 2 && hx.size(1) == w_hh.size(1) && w_hh.size(0) == w_ih.size(0) &&
                    w_ih.size(0) % gates == 0,
                "hidden has inconsistent hidden_size: got ", hx.size(1), " expected ",
                w_hh.dim() == 2 ? w_hh.size(1) : 0);
}

State one_step(Cell cell, int64_t gates, const Tensor& input, const State& state,
               const Weights& w) {
  check_cell(input, state.h, w.w_ih, w.w_hh, gates);
  return cell(linear(input, w.w_ih, w.b_ih), state, w);
}

struct Layers {
  bool has_biases;
  int64_t num_layers;
  double dropout;
  bool train, bidirectional, batch_first;
};

struct Result {
  Tensor output;
  std::vector<Tensor> h, c;
};

State rows_of(const State& state, int64_t first, int64_t count) {
  auto part = [&](const Tensor& t) { return t.defined() ? t.narrow(0, first, count) : t; };
  return {part(state.h), part(state.c)};
}
State joined(const std::vector<State>& states) {
  std::vector<Tensor> h, c;
  for (const State& state : states) {
    h.push_back(state.h);
    if (state.c.defined()) c.push_back(state.c);
  }
  return {cat(h), c.empty() ? Tensor() : cat(c)};
}

// Both take what the input adds to the gates in each step, put the state's h in its place, and
// return the last state of each sequence. Sequences are in the order of their lengths: a step has
// those of its first rows.
State run_forwards(Cell cell, std::vector<Tensor>& steps, const State& start, const Weights& w) {
  State state = start;
  std::vector<State> ended;
  for (Tensor& step : steps) {
    const int64_t rows = step.size(0), before = state.h.size(0);
    if (rows < before) {
      ended.push_back(rows_of(state, rows, before - rows));
      state = rows_of(state, 0, rows);
    }
    state = cell(step, state, w);
    step = state.h;
  }
  if (ended.empty()) return state;
  ended.push_back(state);
  std::reverse(ended.begin(), ended.end());
  return joined(ended);
}
State run_backwards(Cell cell, std::vector<Tensor>& steps, const State& start, const Weights& w) {
  const int64_t last = steps.back().size(0);
  State state = last == start.h.size(0) ? start : rows_of(start, 0, last);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const int64_t rows = step->size(0), before = state.h.size(0);
    if (rows > before) state = joined({state, rows_of(start, before, rows - before)});
    state = cell(*step, state, w);
    *step = state.h;
  }
  return state;
}

/// input [steps, n, in], or packed: [steps of all, in], with the sequences of each step in
/// batch_sizes.
Result run_layers(Cell cell, const Tensor& input, IntArrayRef batch_sizes,
                  const std::vector<State>& start, TensorList params, const Layers& o) {
  const bool is_packed = !batch_sizes.empty();
  const size_t directions = o.bidirectional ? 2 : 1;
  const size_t runs = size_t(o.num_layers) * directions;
  ADJOINT_CHECK(input.dim() == (is_packed ? 2 : 3), "input must have ", is_packed ? 2 : 3,
                " dimensions, got ", input.dim());
  ADJOINT_CHECK(start.size() == runs, "Expected hidden states for ", runs,
                " layers and directions, got ", start.size());
  ADJOINT_CHECK(runs > 0 && params.size() % runs == 0, "Expected as many parameters for each of ",
                runs, " layers and directions, got ", params.size());
  const size_t each = params.size() / runs, plain = o.has_biases ? 4 : 2;
  ADJOINT_CHECK(each == plain || each == plain + 1, "Expected ", plain, " or ", plain + 1,
                " parameters for a layer and direction, got ", each);
  Tensor x = o.batch_first ? input.transpose(0, 1) : input;
  ADJOINT_CHECK(x.size(0) > 0, "Expected sequence length to be larger than 0 in RNN");
  Result result;
  for (int64_t layer = 0; layer < o.num_layers; ++layer) {
    std::vector<Tensor> outputs;
    for (size_t direction = 0; direction < directions; ++direction) {
      const size_t run = size_t(layer) * directions + direction;
      const Tensor* p = params.data() + run * each;
      const Weights w{p[0], p[1], o.has_biases ? p[2] : Tensor(), o.has_biases ? p[3] : Tensor(),
                      each > plain ? p[plain] : Tensor()};
      const Tensor gates = linear(x, w.w_ih, w.b_ih);
      std::vector<Tensor> steps = is_packed ? gates.split_with_sizes(batch_sizes) : gates.unbind(0);
      const State state = direction == 0 ? run_forwards(cell, steps, start[run], w)
                                         : run_backwards(cell, steps, start[run], w);
      outputs.push_back(is_packed ? cat(steps) : stack(steps));
      result.h.push_back(state.h);
      result.c.push_back(state.c);
    }
    x = directions == 1 ? outputs[0] : cat(outputs, -1);
    if (layer + 1 < o.num_layers) x = dropout(x, o.dropout, o.train);
  }
  result.output = o.batch_first ? x.transpose(0, 1) : x;
  return result;
}

std::tuple<Tensor, Tensor> run_simple(Cell cell, const Tensor& input, IntArrayRef batch_sizes,
                                      const Tensor& hx, TensorList params, const Layers& layers) {
  std::vector<State> start;
  for (const Tensor& h : hx.unbind(0)) start.push_back({h, {}});
  Result result = run_layers(cell, input, batch_sizes, start, params, layers);
  return {result.output, stack(result.h)};
}

std::tuple<Tensor, Tensor, Tensor> run_lstm(const Tensor& input, IntArrayRef batch_sizes,
                                            TensorList hx, TensorList params,
                                            const Layers& layers) {
  ADJOINT_CHECK(hx.size() == 2, "lstm expects two hidden states, got ", hx.size());
  const std::vector<Tensor> h = hx[0].unbind(0), c = hx[1].unbind(0);
  ADJOINT_CHECK(h.size() == c.size(), "lstm expects as many hidden states as cell states, got ",
                h.size(), " and ", c.size());
  std::vector<State> start;
  for (size_t i = 0; i < h.size(); ++i) start.push_back({h[i], c[i]});
  Result result = run_layers(lstm_step, input, batch_sizes, start, params, layers);
  return {result.output, stack(result.h), stack(result.c)};
}

/// The numbers of sequences, after checks that they go with the data and the states.
std::vector<int64_t> sequences_of_steps(const Tensor& data, const Tensor& batch_sizes,
                                        const Tensor& hx) {
  ADJOINT_CHECK(batch_sizes.dim() == 1 && batch_sizes.dtype() == kLong && batch_sizes.is_cpu(),
                "batch_sizes should always be on CPU, a vector of Long, got ", batch_sizes.dtype(),
                " of sizes ", batch_sizes.sizes(), " on ", batch_sizes.device());
  const Tensor dense = batch_sizes.contiguous();
  const int64_t* sizes = dense.data_ptr<int64_t>();
  std::vector<int64_t> list(sizes, sizes + dense.numel());
  int64_t total = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    ADJOINT_CHECK(list[i] > 0 && (i == 0 || list[i] <= list[i - 1]),
                  "batch_sizes must be positive and must not grow, got ", IntArrayRef(list));
    total += list[i];
  }
  ADJOINT_CHECK(!list.empty() && data.dim() == 2 && total == data.size(0),
                "Expected packed data of ", total, " steps, got sizes ", data.sizes());
  ADJOINT_CHECK(hx.dim() == 3 && hx.size(1) == list[0], "Expected hidden states of ", list[0],
                " sequences, got sizes ", hx.sizes());
  return list;
}

}  // namespace

Tensor rnn_tanh_cell(const Tensor& input, const Tensor& hx, const Tensor& w_ih, const Tensor& w_hh,
                     const Tensor& b_ih, const Tensor& b_hh) {
  return one_step(tanh_step, 1, input, {hx, {}}, {w_ih, w_hh, b_ih, b_hh, {}}).h;
}
Tensor rnn_relu_cell(const Tensor& input, const Tensor& hx, const Tensor& w_ih, const Tensor& w_hh,
                     const Tensor& b_ih, const Tensor& b_hh) {
  return one_step(relu_step, 1, input, {hx, {}}, {w_ih, w_hh, b_ih, b_hh, {}}).h;
}
Tensor gru_cell(const Tensor& input, const Tensor& hx, const Tensor& w_ih, const Tensor& w_hh,
                const Tensor& b_ih, const Tensor& b_hh) {
  return one_step(gru_step, 3, input, {hx, {}}, {w_ih, w_hh, b_ih, b_hh, {}}).h;
}
std::tuple<Tensor, Tensor> lstm_cell(const Tensor& input, TensorList hx, const Tensor& w_ih,
                                     const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh) {
  ADJOINT_CHECK(hx.size() == 2, "lstm_cell expects two hidden states, got ", hx.size());
  State state = one_step(lstm_step, 4, input, {hx[0], hx[1]}, {w_ih, w_hh, b_ih, b_hh, {}});
  return {state.h, state.c};
}

std::tuple<Tensor, Tensor> rnn_tanh(const Tensor& input, const Tensor& hx, TensorList params,
                                    bool has_biases, int64_t num_layers, double dropout, bool train,
                                    bool bidirectional, bool batch_first) {
  return run_simple(tanh_step, input, {}, hx, params,
                    {has_biases, num_layers, dropout, train, bidirectional, batch_first});
}
std::tuple<Tensor, Tensor> rnn_relu(const Tensor& input, const Tensor& hx, TensorList params,
                                    bool has_biases, int64_t num_layers, double dropout, bool train,
                                    bool bidirectional, bool batch_first) {
  return run_simple(relu_step, input, {}, hx, params,
                    {has_biases, num_layers, dropout, train, bidirectional, batch_first});
}
std::tuple<Tensor, Tensor> gru(const Tensor& input, const Tensor& hx, TensorList params,
                               bool has_biases, int64_t num_layers, double dropout, bool train,
                               bool bidirectional, bool batch_first) {
  return run_simple(gru_step, input, {}, hx, params,
                    {has_biases, num_layers, dropout, train, bidirectional, batch_first});
}
std::tuple<Tensor, Tensor, Tensor> lstm(const Tensor& input, TensorList hx, TensorList params,
                                        bool has_biases, int64_t num_layers, double dropout,
                                        bool train, bool bidirectional, bool batch_first) {
  return run_lstm(input, {}, hx, params,
                  {has_biases, num_layers, dropout, train, bidirectional, batch_first});
}

std::tuple<Tensor, Tensor> rnn_tanh(const Tensor& data, const Tensor& batch_sizes, const Tensor& hx,
                                    TensorList params, bool has_biases, int64_t num_layers,
                                    double dropout, bool train, bool bidirectional) {
  return run_simple(tanh_step, data, sequences_of_steps(data, batch_sizes, hx), hx, params,
                    {has_biases, num_layers, dropout, train, bidirectional, false});
}
std::tuple<Tensor, Tensor> rnn_relu(const Tensor& data, const Tensor& batch_sizes, const Tensor& hx,
                                    TensorList params, bool has_biases, int64_t num_layers,
                                    double dropout, bool train, bool bidirectional) {
  return run_simple(relu_step, data, sequences_of_steps(data, batch_sizes, hx), hx, params,
                    {has_biases, num_layers, dropout, train, bidirectional, false});
}
std::tuple<Tensor, Tensor> gru(const Tensor& data, const Tensor& batch_sizes, const Tensor& hx,
                               TensorList params, bool has_biases, int64_t num_layers,
                               double dropout, bool train, bool bidirectional) {
  return run_simple(gru_step, data, sequences_of_steps(data, batch_sizes, hx), hx, params,
                    {has_biases, num_layers, dropout, train, bidirectional, false});
}
std::tuple<Tensor, Tensor, Tensor> lstm(const Tensor& data, const Tensor& batch_sizes,
                                        TensorList hx, TensorList params, bool has_biases,
                                        int64_t num_layers, double dropout, bool train,
                                        bool bidirectional) {
  ADJOINT_CHECK(hx.size() == 2, "lstm expects two hidden states, got ", hx.size());
  return run_lstm(data, sequences_of_steps(data, batch_sizes, hx[0]), hx, params,
                  {has_biases, num_layers, dropout, train, bidirectional, false});
}

}  // namespace adjoint
