// SPDX-License-Identifier: MIT
// Recurrent cells and layers of them.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <tuple>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// One step: input [n, in], hx [n, h], w_ih [h, in], w_hh [h, h], biases [h] or undefined.
/// tanh(w_ih x + b_ih + w_hh h + b_hh), or relu of it.
ADJOINT_API Tensor rnn_tanh_cell(const Tensor& input, const Tensor& hx, const Tensor& w_ih,
                                 const Tensor& w_hh, const Tensor& b_ih = {},
                                 const Tensor& b_hh = {});
ADJOINT_API Tensor rnn_relu_cell(const Tensor& input, const Tensor& hx, const Tensor& w_ih,
                                 const Tensor& w_hh, const Tensor& b_ih = {},
                                 const Tensor& b_hh = {});
/// hx: the hidden state and the cell's; both come out new. Weights have 4 h rows, for the input
/// gate, the forget gate, the cell and the output gate. S. Hochreiter, J. Schmidhuber, Long
/// short-term memory (1997).
ADJOINT_API std::tuple<Tensor, Tensor> lstm_cell(const Tensor& input, TensorList hx,
                                                 const Tensor& w_ih, const Tensor& w_hh,
                                                 const Tensor& b_ih = {}, const Tensor& b_hh = {});
/// Weights have 3 h rows, for the reset gate, the update gate and the new state. K. Cho et al.,
/// Learning phrase representations using RNN encoder-decoder (2014).
ADJOINT_API Tensor gru_cell(const Tensor& input, const Tensor& hx, const Tensor& w_ih,
                            const Tensor& w_hh, const Tensor& b_ih = {}, const Tensor& b_hh = {});

/// Layers of cells over input [steps, n, in] ([n, steps, in] with batch_first). hx
/// [layers * directions, n, h] is the state at the start, and comes out as that at the end behind
/// the outputs [steps, n, directions * h]. params: for each layer and direction w_ih, w_hh and, if
/// has_biases, b_ih, b_hh. Layer i + 1 runs over the outputs of layer i, of which `dropout` drops
/// some if `train`.
ADJOINT_API std::tuple<Tensor, Tensor> rnn_tanh(const Tensor& input, const Tensor& hx,
                                                TensorList params, bool has_biases,
                                                int64_t num_layers, double dropout, bool train,
                                                bool bidirectional, bool batch_first);
ADJOINT_API std::tuple<Tensor, Tensor> rnn_relu(const Tensor& input, const Tensor& hx,
                                                TensorList params, bool has_biases,
                                                int64_t num_layers, double dropout, bool train,
                                                bool bidirectional, bool batch_first);
ADJOINT_API std::tuple<Tensor, Tensor> gru(const Tensor& input, const Tensor& hx, TensorList params,
                                           bool has_biases, int64_t num_layers, double dropout,
                                           bool train, bool bidirectional, bool batch_first);
/// hx: hidden states [layers * directions, n, h] and cell states; both come out behind the outputs.
/// Where hidden states are smaller than cell states, the last of each direction's params, w_hr,
/// makes them out of those. H. Sak, A. Senior, F. Beaufays, Long short-term memory recurrent neural
/// network architectures for large scale acoustic modeling (2014).
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> lstm(const Tensor& input, TensorList hx,
                                                    TensorList params, bool has_biases,
                                                    int64_t num_layers, double dropout, bool train,
                                                    bool bidirectional, bool batch_first);

/// The same over packed sequences: data [steps of all, in], of which step i has batch_sizes[i]
/// (kLong, in host memory), for the sequences from the first on; batch_sizes never grow. hx has as
/// many as the first step.
ADJOINT_API std::tuple<Tensor, Tensor> rnn_tanh(const Tensor& data, const Tensor& batch_sizes,
                                                const Tensor& hx, TensorList params,
                                                bool has_biases, int64_t num_layers, double dropout,
                                                bool train, bool bidirectional);
ADJOINT_API std::tuple<Tensor, Tensor> rnn_relu(const Tensor& data, const Tensor& batch_sizes,
                                                const Tensor& hx, TensorList params,
                                                bool has_biases, int64_t num_layers, double dropout,
                                                bool train, bool bidirectional);
ADJOINT_API std::tuple<Tensor, Tensor> gru(const Tensor& data, const Tensor& batch_sizes,
                                           const Tensor& hx, TensorList params, bool has_biases,
                                           int64_t num_layers, double dropout, bool train,
                                           bool bidirectional);
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> lstm(const Tensor& data, const Tensor& batch_sizes,
                                                    TensorList hx, TensorList params,
                                                    bool has_biases, int64_t num_layers,
                                                    double dropout, bool train, bool bidirectional);

}  // namespace adjoint
