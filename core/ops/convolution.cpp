// SPDX-License-Identifier: MIT
// conv2d and conv_transpose2d; conv1d and conv_transpose1d are those of images of height 1.
//
// Note [Convolution, differentiated]
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
// With y = C(x, w), and <a, b> for the sum of all a * b, three operations are each linear in both
// of their operands:
//   <g, C(x, w)> = <I(g, w), x> = <W(g, x), w>
// where I gives the gradient of the input and W that of the weight. Read from right to left, the
// same line gives the gradients of I and W: for a gradient h of I(g, w), that of g is C(h, w) and
// that of w is W(g, h); for a gradient h of W(g, x), that of g is C(x, h) and that of x is I(g, h).
// So the three are closed under differentiation, and there are gradients of any order. A transposed
// convolution is I itself.
#include "core/ops/convolution.h"

#include "core/autograd/flat_parameters.h"
#include "core/ops/convolution_checks.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constinit Op<Conv2dKernel> conv2d_op{"conv2d"};
constinit Op<Conv2dBackwardInputKernel> backward_input_op{"conv2d_backward_input",
                                                          {.backward_of = "conv2d"}};
constinit Op<Conv2dBackwardWeightKernel> backward_weight_op{"conv2d_backward_weight",
                                                            {.backward_of = "conv2d"}};

Tensor convolution(const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const Conv2dParams& params);
Tensor backward_input(const Tensor& grad, const Tensor& weight, IntArrayRef sizes,
                      const Conv2dParams& params);
/// Into `out`, where it is defined.
Tensor backward_weight(const Tensor& grad, const Tensor& input, IntArrayRef sizes,
                       const Conv2dParams& params, Tensor out = {});

/// What the nodes of all three keep: both operands, each where the other's gradient is wanted.
struct BilinearNode : Node {
  SavedTensor first_, second_;
  DimVector first_sizes_, second_sizes_;
  Conv2dParams params_;

  void keep(const Tensor& first, const Tensor& second) {
    first_sizes_ = first.sizes();
    second_sizes_ = second.sizes();
    if (second.requires_grad()) first_.save(first);
    if (first.requires_grad()) second_.save(second);
  }
  void release_variables() final {
    first_.release();
    second_.release();
  }
};

/// C(x, w) + bias
struct ConvolutionBackward final : BilinearNode {
  const char* name() const override { return "ConvolutionBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    const Tensor& g = grads[0];
    if (task_should_compute_output(0)) {
      out[0] = backward_input(g, second_.unpack(*this), first_sizes_, params_);
    }
    if (task_should_compute_output(1)) {
      out[1] = backward_weight(g, first_.unpack(*this), second_sizes_, params_,
                               detail::claim_gradient_place(*this, 1));
    }
    if (num_outputs() > 2 && task_should_compute_output(2)) out[2] = g.sum({0, 2, 3});
    return out;
  }
};

/// I(g, w)
struct ConvolutionBackwardInputBackward final : BilinearNode {
  const char* name() const override { return "ConvolutionBackwardBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    const Tensor& h = grads[0];
    if (task_should_compute_output(0)) {
      out[0] = convolution(h, second_.unpack(*this), Tensor(), params_);
    }
    if (task_should_compute_output(1)) {
      out[1] = backward_weight(first_.unpack(*this), h, second_sizes_, params_);
    }
    return out;
  }
};

/// W(g, x)
struct ConvolutionBackwardWeightBackward final : BilinearNode {
  const char* name() const override { return "ConvolutionBackwardBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    const Tensor& h = grads[0];
    if (task_should_compute_output(0)) {
      out[0] = convolution(second_.unpack(*this), h, Tensor(), params_);
    }
    if (task_should_compute_output(1)) {
      out[1] = backward_input(first_.unpack(*this), h, second_sizes_, params_);
    }
    return out;
  }
};

/// I(x, w) + bias
struct ConvolutionTransposedBackward final : BilinearNode {
  const char* name() const override { return "ConvolutionBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    const Tensor& g = grads[0];
    if (task_should_compute_output(0)) {
      out[0] = convolution(g, second_.unpack(*this), Tensor(), params_);
    }
    if (task_should_compute_output(1)) {
      out[1] = backward_weight(first_.unpack(*this), g, second_sizes_, params_);
    }
    if (num_outputs() > 2 && task_should_compute_output(2)) out[2] = g.sum({0, 2, 3});
    return out;
  }
};

Tensor convolution(const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const Conv2dParams& params) {
  DimVector sizes{input.size(0), weight.size(0),
                  params.output_size(0, input.size(2), weight.size(2)),
                  params.output_size(1, input.size(3), weight.size(3))};
  Stream stream = stream_for(input);
  Tensor out = make_output(sizes, input.dtype(), stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    conv2d_op(stream, out, input, weight.contiguous(), bias.defined() ? bias.contiguous() : bias,
              params);
  }
  if (needs_grad(input, weight, bias)) {
    auto node = bias.defined() ? make_node<ConvolutionBackward>(input, weight, bias)
                               : make_node<ConvolutionBackward>(input, weight);
    node->keep(input, weight);
    node->params_ = params;
    set_history(out, node);
  }
  return out;
}

Tensor backward_input(const Tensor& grad, const Tensor& weight, IntArrayRef sizes,
                      const Conv2dParams& params) {
  Stream stream = stream_for(grad);
  Tensor out = make_output(sizes, grad.dtype(), stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    backward_input_op(stream, out, grad, weight.contiguous(), params, GradWrite::Overwrite);
  }
  if (needs_grad(grad, weight)) {
    auto node = make_node<ConvolutionBackwardInputBackward>(grad, weight);
    node->keep(grad, weight);
    node->params_ = params;
    set_history(out, node);
  }
  return out;
}

Tensor backward_weight(const Tensor& grad, const Tensor& input, IntArrayRef sizes,
                       const Conv2dParams& params, Tensor out) {
  Stream stream = stream_for(grad);
  if (!out.defined()) out = make_output(sizes, grad.dtype(), stream);
  if (out.numel() != 0) {
    backward_weight_op(stream, out, grad, input, params, GradWrite::Overwrite);
  }
  if (needs_grad(grad, input)) {
    auto node = make_node<ConvolutionBackwardWeightBackward>(grad, input);
    node->keep(grad, input);
    node->params_ = params;
    set_history(out, node);
  }
  return out;
}

Conv2dParams checked_params(const Tensor& input, const Tensor& weight, const Tensor& bias,
                            IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation,
                            int64_t groups) {
  Conv2dParams p = read_conv_params<2, Conv2dParams>("conv2d", stride, padding, dilation, groups);
  ADJOINT_CHECK(weight.dim() == 4,
                "conv2d: expected weight of shape [out_channels, in_channels / groups, kernel "
                "height, kernel width], got ",
                weight.sizes());
  check_conv_groups(weight, groups);
  if (bias.defined()) {
    ADJOINT_CHECK(bias.dim() == 1 && bias.size(0) == weight.size(0), "Given weight of size ",
                  weight.sizes(), ", expected bias to be 1-dimensional with ", weight.size(0),
                  " elements, but got bias of size ", bias.sizes(), " instead");
  }
  check_conv_input<2>(input, weight, p);
  return p;
}

void check_dtypes(const char* op, const Tensor& input, const Tensor& weight, const Tensor& bias) {
  for (const Tensor* other : {&weight, &bias}) {
    if (!other->defined()) continue;
    check_same_device(op, input, *other);
    ADJOINT_CHECK(other->dtype() == input.dtype(), op, ": expected scalar type ", input.dtype(),
                  " but found ", other->dtype());
  }
  check_dtype(conv2d_op, input.dtype());
}

/// The shape of I(x, w).
DimVector transposed_sizes(const Tensor& input, const Tensor& weight, const Tensor& bias,
                           const Conv2dParams& p, const int64_t* output_padding) {
  constexpr const char* op = "conv_transpose2d";
  ADJOINT_CHECK(weight.dim() == 4, op,
                ": expected weight of shape [in_channels, out_channels / groups, kernel height, "
                "kernel width], got ",
                weight.sizes());
  ADJOINT_CHECK(weight.size(0) % p.groups == 0 && weight.size(0) > 0, "Given groups=", p.groups,
                ", expected weight to be divisible by ", p.groups,
                " at dimension 0, but got weight of size ", weight.sizes(), " instead");
  check_transposed_channels(input, weight, bias, p.groups);
  const int64_t channels = weight.size(1) * p.groups;
  DimVector sizes{input.size(0), channels, 0, 0};
  for (int d = 0; d < 2; ++d) {
    ADJOINT_CHECK(output_padding[d] >= 0 && output_padding[d] < p.stride[d], op,
                  ": output padding must be smaller than stride, but got output_padding=",
                  output_padding[d], " and stride=", p.stride[d]);
    sizes[size_t(2 + d)] = (input.size(2 + d) - 1) * p.stride[d] - 2 * p.padding[d] +
                           p.dilation[d] * (weight.size(2 + d) - 1) + output_padding[d] + 1;
  }
  ADJOINT_CHECK(sizes[2] > 0 && sizes[3] > 0, "Given input size per channel: (", input.size(2),
                " x ", input.size(3), "). Calculated output size per channel: (", sizes[2], " x ",
                sizes[3], "). Output size is too small");
  return sizes;
}

/// Of a list for one direction, that of both: the height of 1 has `other`.
DimVector behind(int64_t other, IntArrayRef list, const char* op, const char* name) {
  ADJOINT_CHECK(list.size() == 1, op, ": expected ", name,
                " to be a single integer value, but got ", list);
  return {other, list[0]};
}

void check_1d(const char* op, const Tensor& input, const Tensor& weight) {
  ADJOINT_CHECK(input.dim() == 2 || input.dim() == 3,
                "Expected 2D (unbatched) or 3D (batched) input to ", op,
                ", but got input of size: ", input.sizes());
  ADJOINT_CHECK(weight.dim() == 3, op,
                ": expected weight of 3 dimensions, [channels, channels / groups, kernel], got ",
                weight.sizes());
}

}  // namespace

void register_convolution_ops(OpRegistry& registry) {
  registry.add(conv2d_op);
  registry.add(backward_input_op);
  registry.add(backward_weight_op);
}

Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
  ADJOINT_CHECK(input.dim() == 3 || input.dim() == 4,
                "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: ",
                input.sizes());
  if (input.dim() == 3) {
    return conv2d(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0);
  }
  Conv2dParams params = checked_params(input, weight, bias, stride, padding, dilation, groups);
  check_dtypes("conv2d", input, weight, bias);
  return convolution(input, weight, bias, params);
}

Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntArrayRef stride,
              IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
  check_1d("conv1d", input, weight);
  return conv2d(input.unsqueeze(-2), weight.unsqueeze(-2), bias,
                behind(1, stride, "conv1d", "stride"), behind(0, padding, "conv1d", "padding"),
                behind(1, dilation, "conv1d", "dilation"), groups)
      .squeeze(-2);
}

Tensor conv_transpose2d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                        IntArrayRef stride, IntArrayRef padding, IntArrayRef output_padding,
                        int64_t groups, IntArrayRef dilation) {
  constexpr const char* op = "conv_transpose2d";
  ADJOINT_CHECK(input.dim() == 3 || input.dim() == 4, "Expected 3D (unbatched) or 4D (batched) ",
                "input to ", op, ", but got input of size: ", input.sizes());
  if (input.dim() == 3) {
    return conv_transpose2d(input.unsqueeze(0), weight, bias, stride, padding, output_padding,
                            groups, dilation)
        .squeeze(0);
  }
  Conv2dParams params = read_conv_params<2, Conv2dParams>(op, stride, padding, dilation, groups);
  int64_t more[2];
  read_conv_numbers<2>(output_padding, op, "output_padding", more);
  const DimVector sizes = transposed_sizes(input, weight, bias, params, more);
  check_dtypes(op, input, weight, bias);
  Tensor out;
  {
    NoGradGuard no_grad;
    out = backward_input(input, weight, sizes, params);
    if (bias.defined()) out.add_(bias.reshape({1, -1, 1, 1}));
  }
  if (needs_grad(input, weight, bias)) {
    auto node = bias.defined() ? make_node<ConvolutionTransposedBackward>(input, weight, bias)
                               : make_node<ConvolutionTransposedBackward>(input, weight);
    node->keep(input, weight);
    node->params_ = params;
    set_history(out, node);
  }
  return out;
}

Tensor conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                        IntArrayRef stride, IntArrayRef padding, IntArrayRef output_padding,
                        int64_t groups, IntArrayRef dilation) {
  constexpr const char* op = "conv_transpose1d";
  check_1d(op, input, weight);
  return conv_transpose2d(input.unsqueeze(-2), weight.unsqueeze(-2), bias,
                          behind(1, stride, op, "stride"), behind(0, padding, op, "padding"),
                          behind(0, output_padding, op, "output_padding"), groups,
                          behind(1, dilation, op, "dilation"))
      .squeeze(-2);
}

}  // namespace adjoint
