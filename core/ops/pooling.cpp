// SPDX-License-Identifier: MIT
// max_pool2d; max_pool1d is that of images of height 1.
#include "core/ops/pooling.h"

#include "core/ops/elementwise.h"
#include "core/ops/windows.h"

namespace adjoint {
namespace {

constinit Op<MaxPool2dKernel> max_pool2d_op{"max_pool2d"};
constinit Op<MaxPool2dBackwardKernel> max_pool2d_backward_op{"max_pool2d_backward",
                                                             {.backward_of = "max_pool2d"}};

struct MaxPool2dBackward final : Node {
  SavedTensor indices_;
  DimVector sizes_;
  Pool2dParams params_;
  const char* name() const override { return "MaxPool2DWithIndicesBackward0"; }
  GradList apply(GradList&& grads) override {
    const Tensor& g = grads[0];
    Tensor indices = indices_.unpack(*this);
    if (GradMode::is_enabled()) {
      Tensor flat = zeros({sizes_[0], sizes_[1], sizes_[2] * sizes_[3]}, g.options());
      return {flat.scatter_add(2, indices.flatten(2), g.flatten(2)).reshape(sizes_)};
    }
    Tensor out = make_output(sizes_, g.dtype(), stream_for(g));
    if (out.numel() != 0) {
      max_pool2d_backward_op(stream_for(g), out, g.contiguous(), indices, params_,
                             GradWrite::Overwrite);
    }
    return {out};
  }
  void release_variables() override { indices_.release(); }
};

/// With dilation, a window that begins in the padding may step over all of a small image.
bool meets_every_window(const Pool2dParams& p, int d, int64_t input, int64_t windows) {
  for (int64_t i = 0; i < windows && i * p.stride[d] < p.padding[d]; ++i) {
    int64_t outside = p.padding[d] - i * p.stride[d];
    int64_t first = (outside + p.dilation[d] - 1) / p.dilation[d] * p.dilation[d] - outside;
    if (first >= input) return false;
  }
  return true;
}

}  // namespace

int64_t pooled_size(const Pool2dParams& p, int d, int64_t input, bool ceil_mode) {
  int64_t span = input + 2 * p.padding[d] - p.dilation[d] * (p.kernel[d] - 1) - 1;
  if (ceil_mode) span += p.stride[d] - 1;
  int64_t steps = span < 0 ? -((-span + p.stride[d] - 1) / p.stride[d]) : span / p.stride[d];
  // The last window must begin in the input or in the padding on its left.
  if (ceil_mode && steps * p.stride[d] >= input + p.padding[d]) --steps;
  return steps + 1;
}

void register_pooling_ops(OpRegistry& registry) {
  registry.add(max_pool2d_op);
  registry.add(max_pool2d_backward_op);
}

namespace {

struct Pooled {
  Tensor values, indices;
};

Pooled pool(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride, IntArrayRef padding,
            IntArrayRef dilation, bool ceil_mode) {
  Pool2dParams p;
  read_directions<2>(kernel_size, "max_pool2d", "kernel_size", p.kernel);
  read_directions<2>(stride.empty() ? kernel_size : stride, "max_pool2d", "stride", p.stride);
  read_directions<2>(padding, "max_pool2d", "padding", p.padding);
  read_directions<2>(dilation, "max_pool2d", "dilation", p.dilation);
  ADJOINT_CHECK(p.stride[0] != 0 && p.stride[1] != 0, "max_pool2d: stride should not be zero");
  ADJOINT_CHECK(p.kernel[0] > 0 && p.kernel[1] > 0,
                "max_pool2d: kernel size should be greater than zero, but got kH: ", p.kernel[0],
                " kW: ", p.kernel[1]);
  ADJOINT_CHECK(p.stride[0] > 0 && p.stride[1] > 0,
                "max_pool2d: stride should be greater than zero, but got dH: ", p.stride[0],
                " dW: ", p.stride[1]);
  ADJOINT_CHECK(p.dilation[0] > 0 && p.dilation[1] > 0,
                "max_pool2d: dilation should be greater than zero, but got dilationH: ",
                p.dilation[0], " dilationW: ", p.dilation[1]);
  bool has_elements = input.dim() == 3 || input.dim() == 4;
  for (int64_t d = input.dim() - 3; has_elements && d < input.dim(); ++d) {
    has_elements = input.size(d) != 0;
  }
  ADJOINT_CHECK(has_elements,
                "max_pool2d: non-empty 3D or 4D (batch mode) tensor expected for input, got ",
                input.sizes());
  if (input.dim() == 3) {
    const Pooled one = pool(input.unsqueeze(0), kernel_size, stride, padding, dilation, ceil_mode);
    return {one.values.squeeze(0), one.indices.squeeze(0)};
  }
  DimVector sizes = input.sizes();
  for (int d = 0; d < 2; ++d) {
    ADJOINT_CHECK(p.padding[d] >= 0, "pad must be non-negative, but got pad: ", p.padding[d]);
    ADJOINT_CHECK(p.padding[d] <= ((p.kernel[d] - 1) * p.dilation[d] + 1) / 2,
                  "pad should be at most half of effective kernel size, but got pad=", p.padding[d],
                  ", kernel_size=", p.kernel[d], " and dilation=", p.dilation[d]);
    sizes[size_t(2 + d)] = pooled_size(p, d, input.size(2 + d), ceil_mode);
  }
  ADJOINT_CHECK(sizes[2] > 0 && sizes[3] > 0, "Given input size: (", input.size(1), "x",
                input.size(2), "x", input.size(3), "). Calculated output size: (", sizes[1], "x",
                sizes[2], "x", sizes[3], "). Output size is too small");
  for (int d = 0; d < 2; ++d) {
    ADJOINT_CHECK(meets_every_window(p, d, input.size(2 + d), sizes[size_t(2 + d)]),
                  "max_pool2d: expected every window to have an element of the input, got ",
                  input.sizes(), " with padding=", p.padding[d], " and dilation=", p.dilation[d]);
  }
  ADJOINT_CHECK(input.size(2) * input.size(3) <= INT32_MAX,
                "max_pool2d: expected fewer than 2^31 elements in a plane, got ", input.sizes());
  check_dtype(max_pool2d_op, input.dtype());
  Stream stream = stream_for(input);
  Tensor out = make_output(sizes, input.dtype(), stream);
  Tensor indices = make_output(sizes, kInt, stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    max_pool2d_op(stream, out, indices, input.contiguous(), p);
  }
  if (needs_grad(input)) {
    auto node = make_node<MaxPool2dBackward>(input);
    node->indices_.save(indices);
    node->sizes_ = input.sizes();
    node->params_ = p;
    set_history(out, node);
  }
  return {out, indices};
}

Pooled pool_lines(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride,
                  IntArrayRef padding, IntArrayRef dilation, bool ceil_mode) {
  ADJOINT_CHECK(input.dim() == 2 || input.dim() == 3,
                "max_pool1d() Expected 2D or 3D input tensor, but got ", input.sizes());
  ADJOINT_CHECK(
      kernel_size.size() == 1 && stride.size() <= 1 && padding.size() == 1 && dilation.size() == 1,
      "max_pool1d() expected kernel_size, stride, padding and dilation of one number "
      "each, got ",
      kernel_size, ", ", stride, ", ", padding, " and ", dilation);
  const int64_t step = stride.empty() ? kernel_size[0] : stride[0];
  const Pooled out = pool(input.unsqueeze(-2), {1, kernel_size[0]}, {1, step}, {0, padding[0]},
                          {1, dilation[0]}, ceil_mode);
  return {out.values.squeeze(-2), out.indices.squeeze(-2)};
}

/// Of as many directions as output_size has numbers.
Tensor unpool(const Tensor& self, const Tensor& indices, IntArrayRef output_size) {
  ADJOINT_CHECK(indices.dtype() == kLong,
                "elements in indices should be type int64 but got: ", indices.dtype());
  ADJOINT_CHECK(self.sizes() == indices.sizes(),
                "Expected shape of indices to be same as that of the input tensor (", self.sizes(),
                ") but got indices tensor with shape: ", indices.sizes());
  const int64_t first = self.dim() - int64_t(output_size.size());
  DimVector flat = self.sizes().slice(0, size_t(first)), sizes = flat;
  flat.push_back(numel_of(output_size));
  for (int64_t size : output_size) sizes.push_back(size);
  return zeros(flat, self.options())
      .scatter(-1, indices.flatten(first), self.flatten(first))
      .reshape(sizes);
}

}  // namespace

Tensor max_pool2d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride,
                  IntArrayRef padding, IntArrayRef dilation, bool ceil_mode) {
  return pool(input, kernel_size, stride, padding, dilation, ceil_mode).values;
}
std::tuple<Tensor, Tensor> max_pool2d_with_indices(const Tensor& input, IntArrayRef kernel_size,
                                                   IntArrayRef stride, IntArrayRef padding,
                                                   IntArrayRef dilation, bool ceil_mode) {
  const Pooled out = pool(input, kernel_size, stride, padding, dilation, ceil_mode);
  return {out.values, out.indices.to(kLong)};
}
Tensor max_pool1d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride,
                  IntArrayRef padding, IntArrayRef dilation, bool ceil_mode) {
  return pool_lines(input, kernel_size, stride, padding, dilation, ceil_mode).values;
}
std::tuple<Tensor, Tensor> max_pool1d_with_indices(const Tensor& input, IntArrayRef kernel_size,
                                                   IntArrayRef stride, IntArrayRef padding,
                                                   IntArrayRef dilation, bool ceil_mode) {
  const Pooled out = pool_lines(input, kernel_size, stride, padding, dilation, ceil_mode);
  return {out.values, out.indices.to(kLong)};
}

Tensor max_unpool2d(const Tensor& self, const Tensor& indices, IntArrayRef output_size) {
  ADJOINT_CHECK(output_size.size() == 2,
                "There should be exactly two elements (height, width) in output_size, but got ",
                output_size.size(), " elements.");
  ADJOINT_CHECK(self.dim() == 3 || self.dim() == 4,
                "Input to max_unpooling2d should be a 3d or 4d Tensor, but got a tensor with ",
                self.dim(), " dimensions.");
  return unpool(self, indices, output_size);
}
Tensor max_unpool3d(const Tensor& self, const Tensor& indices, IntArrayRef output_size,
                    IntArrayRef stride, IntArrayRef padding) {
  ADJOINT_CHECK(output_size.size() == 3,
                "There should be exactly three elements (depth, height, width) in output_size, but "
                "got ",
                output_size.size(), " elements.");
  ADJOINT_CHECK(
      stride.size() == 3,
      "There should be exactly three elements (depth, height, width) in stride, but got: ",
      stride.size(), " elements.");
  ADJOINT_CHECK(padding.size() == 3,
                "There should be exactly three elements (depth, height, width) in padding, but "
                "got: ",
                padding.size(), " elements.");
  ADJOINT_CHECK(stride[0] > 0 && stride[1] > 0 && stride[2] > 0,
                "strides should be greater than zero, but got stride: ", stride);
  ADJOINT_CHECK(self.dim() == 4 || self.dim() == 5,
                "Input to max_unpooling3d should be a 4d or 5d Tensor, but got a tensor with ",
                self.dim(), " dimensions.");
  return unpool(self, indices, output_size);
}

}  // namespace adjoint
