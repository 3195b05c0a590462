// SPDX-License-Identifier: MIT
#include "adjoint/nn/packed_sequence.h"

#include "adjoint/autograd.h"

namespace adjoint::nn::utils::rnn {
namespace {

std::vector<int64_t> numbers(const Tensor& list) {
  const Tensor host = list.to(Device(kCPU), kLong).contiguous();
  const int64_t* first = host.data_ptr<int64_t>();
  return std::vector<int64_t>(first, first + host.numel());
}
/// Where step `t` of sequence `i` of [longest, n, *], seen as [longest * n, *], goes to.
Tensor packed_places(const std::vector<int64_t>& batch_sizes, int64_t n, const Tensor& like) {
  std::vector<int64_t> places;
  for (size_t t = 0; t < batch_sizes.size(); ++t) {
    for (int64_t i = 0; i < batch_sizes[t]; ++i) places.push_back(int64_t(t) * n + i);
  }
  return tensor(places).to(like.device());
}

}  // namespace

Tensor invert_permutation(const Tensor& permutation) {
  if (!permutation.defined()) return {};
  NoGradGuard no_grad;
  Tensor places = arange(permutation.numel(), TensorOptions(kLong).device(permutation.device()));
  return zeros_like(places).scatter(0, permutation, places);
}

PackedSequence::PackedSequence(Tensor data, Tensor batch_sizes, Tensor sorted_indices,
                               Tensor unsorted_indices)
    : data_(std::move(data)),
      batch_sizes_(std::move(batch_sizes)),
      sorted_indices_(std::move(sorted_indices)),
      unsorted_indices_(std::move(unsorted_indices)) {
  ADJOINT_CHECK(batch_sizes_.is_cpu(),
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be "
                "created manually. They should be instantiated by functions like pack_sequence and "
                "pack_padded_sequences in nn::utils::rnn.");
  if (!unsorted_indices_.defined()) unsorted_indices_ = invert_permutation(sorted_indices_);
}

PackedSequence PackedSequence::to(const TensorOptions& options) const {
  Tensor data = data_.to(options);
  if (data.is_same(data_)) return *this;
  auto there = [&](const Tensor& t) { return t.defined() ? t.to(data.device()) : t; };
  return PackedSequence(data, batch_sizes_, there(sorted_indices_), there(unsorted_indices_));
}

PackedSequence PackedSequence::pin_memory() const {
  auto pinned = [](const Tensor& t) { return t.defined() ? t.pin_memory() : t; };
  return PackedSequence(data_.pin_memory(), batch_sizes_, pinned(sorted_indices_),
                        pinned(unsorted_indices_));
}

PackedSequence pack_padded_sequence(const Tensor& input, Tensor lengths, bool batch_first,
                                    bool enforce_sorted) {
  ADJOINT_CHECK(input.dim() >= 2,
                "pack_padded_sequence: expected an input of at least 2 dimensions, ", "got ",
                input.sizes());
  ADJOINT_CHECK(lengths.dim() == 1 && lengths.is_cpu(),
                "'lengths' argument should be a 1D CPU int64 tensor, but got ", lengths.dim(), "D ",
                lengths.device(), " ", lengths.dtype(), " tensor");
  Tensor steps = batch_first ? input.transpose(0, 1) : input;  // [longest, n, *]
  const int64_t n = steps.size(1);
  ADJOINT_CHECK(lengths.size(0) == n, "Expected `len(lengths)` to be equal to batch_size, but got ",
                lengths.size(0), " (batch_size=", n, ")");
  lengths = lengths.to(kLong);
  Tensor order;
  if (!enforce_sorted) {
    std::tie(lengths, order) = lengths.sort(-1, /*descending=*/true);
    order = order.to(input.device());
    steps = steps.index_select(1, order);
  }
  const std::vector<int64_t> sorted = numbers(lengths);
  for (size_t i = 0; i < sorted.size(); ++i) {
    ADJOINT_CHECK(sorted[i] > 0,
                  "Length of all samples has to be greater than 0, but found an element in "
                  "'lengths' that is <= 0");
    ADJOINT_CHECK(i == 0 || sorted[i] <= sorted[i - 1],
                  "`lengths` array must be sorted in decreasing order when `enforce_sorted` is "
                  "True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or "
                  "pack_sequence to sidestep this requirement if you do not need ONNX "
                  "exportability.");
  }
  ADJOINT_CHECK(!sorted.empty() && sorted[0] <= steps.size(0),
                "pack_padded_sequence: expected lengths of at most ", steps.size(0), ", got ",
                IntArrayRef(sorted));
  std::vector<int64_t> batch_sizes(size_t(sorted[0]), 0);
  for (int64_t length : sorted) {
    for (int64_t t = 0; t < length; ++t) ++batch_sizes[size_t(t)];
  }
  Tensor data = steps.flatten(0, 1).index_select(0, packed_places(batch_sizes, n, input));
  return PackedSequence(data, tensor(batch_sizes, kCPU), order);
}

std::tuple<Tensor, Tensor> pad_packed_sequence(const PackedSequence& sequence, bool batch_first,
                                               double padding_value,
                                               std::optional<int64_t> total_length) {
  const std::vector<int64_t> batch_sizes = numbers(sequence.batch_sizes());
  ADJOINT_CHECK(!batch_sizes.empty(), "pad_packed_sequence: expected a sequence with steps");
  int64_t longest = int64_t(batch_sizes.size());
  const int64_t n = batch_sizes[0];
  ADJOINT_CHECK_VALUE(!total_length || *total_length >= longest,
                      "Expected total_length to be at least the length of the longest sequence in "
                      "input, but got total_length=",
                      total_length.value_or(0), " and max sequence length being ", longest);
  longest = total_length.value_or(longest);
  DimVector sizes = sequence.data().sizes();
  sizes[0] = longest * n;
  const Tensor places = packed_places(batch_sizes, n, sequence.data());
  Tensor padded = full(sizes, padding_value, sequence.data().options())
                      .index_copy(0, places, sequence.data())
                      .unflatten(0, {longest, n});
  std::vector<int64_t> lengths(size_t(n), 0);
  for (int64_t rows : batch_sizes) {
    for (int64_t i = 0; i < rows; ++i) ++lengths[size_t(i)];
  }
  Tensor length_list = tensor(lengths, kCPU);
  if (sequence.unsorted_indices().defined()) {
    padded = padded.index_select(1, sequence.unsorted_indices());
    length_list = length_list.index_select(0, sequence.unsorted_indices().cpu());
  }
  return {batch_first ? padded.transpose(0, 1) : padded, length_list};
}

PackedSequence pack_sequence(TensorList sequences, bool enforce_sorted) {
  std::vector<int64_t> lengths;
  for (const Tensor& t : sequences) lengths.push_back(t.size(0));
  return pack_padded_sequence(pad_sequence(sequences), tensor(lengths, kCPU), /*batch_first=*/false,
                              enforce_sorted);
}

}  // namespace adjoint::nn::utils::rnn
