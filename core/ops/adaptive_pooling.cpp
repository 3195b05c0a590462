// SPDX-License-Identifier: MIT
// adaptive_avg_pool and adaptive_max_pool: as many windows as asked for, as even as may be.
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

struct Sizes2d {
  int64_t in[2], out[2];
  bool is_even() const {
    return out[0] > 0 && out[1] > 0 && in[0] % out[0] == 0 && in[1] % out[1] == 0;
  }
};

Sizes2d read_sizes(const char* op, const Tensor& input, IntArrayRef output_size) {
  ADJOINT_CHECK(input.dim() == 3 || input.dim() == 4, op, ": Expected 3D or 4D tensor, but got ",
                input.sizes());
  ADJOINT_CHECK(output_size.size() == 1 || output_size.size() == 2, op,
                ": output_size must be 2, got ", output_size);
  Sizes2d s{{input.size(-2), input.size(-1)}, {output_size[0], output_size.back()}};
  for (int d = 0; d < 2; ++d) {
    ADJOINT_CHECK(s.out[d] >= 0, op,
                  ": elements of output_size must be greater than or equal to 0 "
                  "but received ",
                  output_size);
    ADJOINT_CHECK(s.in[d] > 0, op,
                  ": Expected input to have non-zero size for non-batch dimensions, but input has "
                  "sizes ",
                  input.sizes(), " with dimension ", input.dim() - 2 + d, " being empty");
  }
  return s;
}

int64_t first_of(int64_t i, int64_t in, int64_t out) { return i * in / out; }
int64_t end_of(int64_t i, int64_t in, int64_t out) { return ((i + 1) * in + out - 1) / out; }

/// [out, in]: row i averages its window.
Tensor averaging(int64_t in, int64_t out, const Tensor& like) {
  NoGradGuard no_grad;
  const TensorOptions options = TensorOptions(kLong).device(like.device());
  Tensor row = arange(out, options).unsqueeze(1), column = arange(in, options);
  Tensor inside = ((column + 1) * out > row * in) & (column * out < (row + 1) * in);
  Tensor weight = inside.to(like.dtype());
  return weight / weight.sum(1, /*keepdim=*/true);
}

DimVector one_dimensional(const char* op, const Tensor& input, IntArrayRef output_size) {
  ADJOINT_CHECK(input.dim() == 2 || input.dim() == 3, op, ": Expected 2D or 3D tensor, but got ",
                input.sizes());
  ADJOINT_CHECK(output_size.size() == 1, op, ": output_size must be one number, got ", output_size);
  return {1, output_size[0]};
}

}  // namespace

Tensor adaptive_avg_pool2d(const Tensor& input, IntArrayRef output_size) {
  const Sizes2d s = read_sizes("adaptive_avg_pool2d", input, output_size);
  if (s.out[0] == 1 && s.out[1] == 1) return input.mean({-2, -1}, /*keepdim=*/true);
  if (s.is_even() && input.numel() != 0) {
    return avg_pool2d(input, {s.in[0] / s.out[0], s.in[1] / s.out[1]});
  }
  Tensor out = input;
  if (s.in[1] != s.out[1]) out = matmul(out, averaging(s.in[1], s.out[1], input).t());
  if (s.in[0] != s.out[0]) out = matmul(averaging(s.in[0], s.out[0], input), out);
  return out;
}

Tensor adaptive_avg_pool1d(const Tensor& input, IntArrayRef output_size) {
  const DimVector size = one_dimensional("adaptive_avg_pool1d", input, output_size);
  return adaptive_avg_pool2d(input.unsqueeze(-2), size).squeeze(-2);
}

Tensor adaptive_max_pool2d(const Tensor& input, IntArrayRef output_size) {
  const Sizes2d s = read_sizes("adaptive_max_pool2d", input, output_size);
  if (s.is_even() && input.numel() != 0) {
    return max_pool2d(input, {s.in[0] / s.out[0], s.in[1] / s.out[1]});
  }
  DimVector sizes = input.sizes();
  sizes[sizes.size() - 2] = s.out[0];
  sizes[sizes.size() - 1] = s.out[1];
  std::vector<Tensor> windows;
  for (int64_t i = 0; i < s.out[0]; ++i) {
    Tensor rows = input.slice(-2, first_of(i, s.in[0], s.out[0]), end_of(i, s.in[0], s.out[0]));
    for (int64_t j = 0; j < s.out[1]; ++j) {
      Tensor window = rows.slice(-1, first_of(j, s.in[1], s.out[1]), end_of(j, s.in[1], s.out[1]));
      windows.push_back(std::get<0>(window.flatten(-2).max(-1)));
    }
  }
  if (windows.empty()) return input.new_empty(sizes);
  return stack(windows, -1).reshape(sizes);
}

Tensor adaptive_max_pool1d(const Tensor& input, IntArrayRef output_size) {
  const DimVector size = one_dimensional("adaptive_max_pool1d", input, output_size);
  return adaptive_max_pool2d(input.unsqueeze(-2), size).squeeze(-2);
}

}  // namespace adjoint
