// SPDX-License-Identifier: MIT
// Sequences of different lengths, packed step by step without padding.
#pragma once

#include <optional>
#include <tuple>

#include "adjoint/ops.h"

namespace adjoint::nn::utils::rnn {

/// The steps of sequences in the order of their lengths, the longest first: those of step 0 of all,
/// then those of step 1 of all that have one, ... What pack_padded_sequence and pack_sequence make.
class ADJOINT_API PackedSequence {
 public:
  /// data [steps of all, *]; batch_sizes (kLong, in host memory): how many sequences have each
  /// step. Sequence i of the packed order is sequence sorted_indices[i] of the caller's, where that
  /// is defined; unsorted_indices is the inverse. Throws Error for batch_sizes of another device.
  explicit PackedSequence(Tensor data, Tensor batch_sizes, Tensor sorted_indices = {},
                          Tensor unsorted_indices = {});

  const Tensor& data() const { return data_; }
  const Tensor& batch_sizes() const { return batch_sizes_; }
  const Tensor& sorted_indices() const { return sorted_indices_; }
  const Tensor& unsorted_indices() const { return unsorted_indices_; }

  PackedSequence to(const TensorOptions& options) const;
  PackedSequence pin_memory() const;
  PackedSequence cuda() const { return to(TensorOptions(data_.dtype()).device(kCUDA)); }
  PackedSequence cpu() const { return to(TensorOptions(data_.dtype()).device(kCPU)); }
  bool is_cuda() const { return data_.is_cuda(); }
  bool is_pinned() const { return data_.is_pinned(); }

 private:
  Tensor data_, batch_sizes_, sorted_indices_, unsorted_indices_;
};

ADJOINT_API Tensor invert_permutation(const Tensor& permutation);

/// Of input [longest, n, *], or [n, longest, *] with batch_first, the first lengths[i] (kLong, in
/// host memory) steps of each sequence. Throws Error for a length below 1, as many lengths as are
/// no batch, and for lengths that grow, unless enforce_sorted is off: then the sequences are
/// sorted.
ADJOINT_API PackedSequence pack_padded_sequence(const Tensor& input, Tensor lengths,
                                                bool batch_first = false,
                                                bool enforce_sorted = true);
/// Back: the sequences, padded to the longest or to total_length, and their lengths. Throws Error
/// for a total_length below the longest.
ADJOINT_API std::tuple<Tensor, Tensor> pad_packed_sequence(
    const PackedSequence& sequence, bool batch_first = false, double padding_value = 0.0,
    std::optional<int64_t> total_length = std::nullopt);
/// Of sequences [l, *], one tensor each.
ADJOINT_API PackedSequence pack_sequence(TensorList sequences, bool enforce_sorted = true);
using adjoint::pad_sequence;

}  // namespace adjoint::nn::utils::rnn
