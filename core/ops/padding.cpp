// SPDX-License-Identifier: MIT
// constant_pad_nd, pad.
#include <algorithm>

#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// What was added falls away, and what was cut off gets zeros.
struct ConstantPadNdBackward final : Node {
  std::vector<int64_t> pad_;
  const char* name() const override { return "ConstantPadNdBackward0"; }
  GradList apply(GradList&& grads) override { return {constant_pad_nd(grads[0], pad_)}; }
};

/// `f(dim, before, behind)` for each dimension that `pad` has numbers for, the last one first.
template <class F>
void for_each_padded(const Tensor& self, IntArrayRef pad, F f) {
  for (size_t i = 0; i < pad.size() / 2; ++i) {
    f(self.dim() - 1 - int64_t(i), pad[2 * i], pad[2 * i + 1]);
  }
}

void check_length(const Tensor& self, IntArrayRef pad) {
  ADJOINT_CHECK(pad.size() % 2 == 0, "Length of pad must be even but instead it equals ",
                pad.size());
  ADJOINT_CHECK(int64_t(pad.size()) <= 2 * self.dim(),
                "Length of pad should be no more than twice the number of dimensions of the input. "
                "Pad length is ",
                pad.size(), " while the input has ", self.dim(), " dimensions");
}

Tensor replicated(const Tensor& self, int64_t dim, int64_t before, int64_t behind) {
  ADJOINT_CHECK(self.size(dim) > 0, "pad: expected a dimension with elements to replicate, got ",
                self.sizes());
  TensorOptions indices = TensorOptions(kLong).device(self.device());
  return self.index_select(
      dim, arange(-before, self.size(dim) + behind, indices).clamp(0, self.size(dim) - 1));
}

Tensor reflected(const Tensor& self, int64_t dim, int64_t before, int64_t behind) {
  const int64_t n = self.size(dim);
  ADJOINT_CHECK(before < n && behind < n,
                "Padding size should be less than the corresponding input dimension, but got: "
                "padding (",
                before, ", ", behind, ") at dimension ", dim, " of input ", self.sizes());
  // |i| mirrors at 0, and n - 1 - |n - 1 - i| at the other end.
  Tensor index = arange(-before, n + behind, TensorOptions(kLong).device(self.device())).abs();
  return self.index_select(dim, (n - 1) - ((n - 1) - index).abs());
}

Tensor circular(const Tensor& self, int64_t dim, int64_t before, int64_t behind) {
  const int64_t n = self.size(dim);
  ADJOINT_CHECK(before <= n && behind <= n,
                "Padding value causes wrapping around more than once, got (", before, ", ", behind,
                ") at dimension ", dim, " of input ", self.sizes());
  // What is cut off is not wrapped around.
  Tensor rest = self.slice(dim, std::max<int64_t>(-before, 0), n + std::min<int64_t>(behind, 0));
  const int64_t end = rest.size(dim);
  return cat({rest.slice(dim, end - std::max<int64_t>(before, 0)), rest,
              rest.slice(dim, 0, std::max<int64_t>(behind, 0))},
             dim);
}

}  // namespace

Tensor constant_pad_nd(const Tensor& self, IntArrayRef pad, const Scalar& value) {
  check_length(self, pad);
  DimVector sizes = self.sizes();
  Tensor out;
  {
    NoGradGuard no_grad;
    Tensor kept = self;
    for_each_padded(self, pad, [&](int64_t dim, int64_t before, int64_t behind) {
      const int64_t n = self.size(dim);
      sizes[size_t(dim)] = n + before + behind;
      ADJOINT_CHECK(n + before + behind >= 0, "The input size ", n, ", plus negative padding ",
                    before, " and ", behind,
                    ", resulted in a negative output size, which is invalid. Check dimension ", dim,
                    " of your input.");
      kept = kept.slice(dim, std::max<int64_t>(-before, 0), n + std::min<int64_t>(behind, 0));
    });
    out = full(sizes, value, self.options());
    Tensor place = out;
    for_each_padded(self, pad, [&](int64_t dim, int64_t before, int64_t) {
      place = place.narrow(dim, std::max<int64_t>(before, 0), kept.size(dim));
    });
    place.copy_(kept);
  }
  if (needs_grad(self)) {
    auto node = make_node<ConstantPadNdBackward>(self);
    for (int64_t p : pad) node->pad_.push_back(-p);
    set_history(out, node);
  }
  return out;
}

Tensor pad(const Tensor& self, IntArrayRef pad, std::string_view mode,
           std::optional<double> value) {
  check_length(self, pad);
  if (mode == "constant") return constant_pad_nd(self, pad, value.value_or(0));
  ADJOINT_CHECK(!value || *value == 0, "Padding mode \"", mode,
                "\" doesn't take in value argument");
  ADJOINT_CHECK(mode == "reflect" || mode == "replicate" || mode == "circular",
                "Unrecognised padding mode ", mode);
  ADJOINT_CHECK(int64_t(pad.size()) / 2 < self.dim(),
                "Only 2D, 3D, 4D, 5D padding with non-constant "
                "padding are supported for now, got an input of ",
                self.dim(), " dimensions and a pad of ", pad.size(), " numbers");
  Tensor out = self;
  for_each_padded(self, pad, [&](int64_t dim, int64_t before, int64_t behind) {
    if (before == 0 && behind == 0) return;
    out = mode == "reflect"     ? reflected(out, dim, before, behind)
          : mode == "replicate" ? replicated(out, dim, before, behind)
                                : circular(out, dim, before, behind);
  });
  return out;
}

Tensor pad_sequence(TensorList sequences, bool batch_first, double padding_value) {
  ADJOINT_CHECK(!sequences.empty(), "received an empty list of sequences");
  int64_t longest = 0;
  for (const Tensor& t : sequences) {
    ADJOINT_CHECK(t.dim() > 0, "pad_sequence: expected sequences of at least one dimension");
    longest = std::max(longest, t.size(0));
  }
  std::vector<Tensor> padded;
  for (const Tensor& t : sequences) {
    std::vector<int64_t> behind(size_t(2 * t.dim()), 0);
    behind.back() = longest - t.size(0);
    padded.push_back(t.size(0) == longest ? t : constant_pad_nd(t, behind, padding_value));
  }
  return stack(padded, batch_first ? 0 : 1);
}

}  // namespace adjoint
