// SPDX-License-Identifier: MIT
// Places in sorted sequences: searchsorted, bucketize.
#include "adjoint/ops/order.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// All are dense and `out` is of kLong; `sequence` [n], or [lines, n] for values [lines, m].
constinit Op<void(const Stream&, const Tensor& out, const Tensor& sequence, const Tensor& values,
                  bool right)>
    searchsorted_op{"searchsorted", {.dtypes = kNumericDtypes, .differentiable = false}};

}  // namespace

void register_search_ops(OpRegistry& registry) { registry.add(searchsorted_op); }

Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& values, bool out_int32,
                    bool right) {
  NoGradGuard no_grad;
  check_same_device("searchsorted", sorted_sequence, values);
  const IntArrayRef lines = sorted_sequence.sizes();
  ADJOINT_CHECK(!lines.empty(),
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor "
                "dimension is 1, got boundaries of dimension 0");
  const bool one_sequence = lines.size() == 1;
  ADJOINT_CHECK(one_sequence ||
                    (values.dim() == sorted_sequence.dim() &&
                     values.sizes().slice(0, lines.size() - 1) == lines.slice(0, lines.size() - 1)),
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
                "dimensions of boundaries tensor and input value tensor must match, but we got "
                "boundaries tensor ",
                lines, " and input value tensor ", values.sizes());
  const ScalarType dtype = promoteTypes(sorted_sequence.dtype(), values.dtype());
  check_dtype(searchsorted_op, dtype);
  Tensor out = make_output(values.sizes(), kLong, stream_for(values));
  if (out.numel() != 0) {
    const int64_t n = lines[lines.size() - 1];
    Tensor sequence = sorted_sequence.to(dtype).contiguous(),
           wanted = values.to(dtype).contiguous();
    if (n == 0) {
      out.zero_();
    } else if (one_sequence) {
      searchsorted_op(stream_for(values), out, sequence, wanted, right);
    } else {
      const int64_t m = values.size(-1);
      searchsorted_op(stream_for(values), out.view({-1, m}), sequence.view({-1, n}),
                      wanted.view({-1, m}), right);
    }
  }
  return out_int32 ? out.to(kInt) : out;
}

Tensor bucketize(const Tensor& self, const Tensor& boundaries, bool out_int32, bool right) {
  ADJOINT_CHECK(boundaries.dim() == 1, "boundaries tensor must be 1 dimension, but got dim(",
                boundaries.dim(), ")");
  return searchsorted(boundaries, self, out_int32, right);
}

}  // namespace adjoint
