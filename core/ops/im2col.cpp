// SPDX-License-Identifier: MIT
// im2col, col2im, and what other families take of them.
#include "core/ops/composed.h"
#include "core/ops/windows.h"

namespace adjoint {
namespace {

struct Columns {
  int64_t kernel[2], dilation[2], padding[2], stride[2];
  int64_t windows(int d, int64_t size) const {
    return (size + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d] + 1;
  }
};

Columns read_columns(const char* op, IntArrayRef kernel_size, IntArrayRef dilation,
                     IntArrayRef padding, IntArrayRef stride) {
  Columns c;
  read_directions<2>(kernel_size, op, "kernel_size", c.kernel);
  read_directions<2>(dilation, op, "dilation", c.dilation);
  read_directions<2>(padding, op, "padding", c.padding);
  read_directions<2>(stride, op, "stride", c.stride);
  for (int d = 0; d < 2; ++d) {
    ADJOINT_CHECK(c.kernel[d] > 0, op,
                  ": kernel size should be greater than zero, but got kernel_height: ", c.kernel[0],
                  " kernel_width: ", c.kernel[1]);
    ADJOINT_CHECK(c.dilation[d] > 0, op,
                  ": dilation should be greater than zero, but got dilation_height: ",
                  c.dilation[0], " dilation_width: ", c.dilation[1]);
    ADJOINT_CHECK(c.padding[d] >= 0, op,
                  ": padding should be non-negative, but got pad_height: ", c.padding[0],
                  " pad_width: ", c.padding[1]);
    ADJOINT_CHECK(c.stride[d] > 0, op,
                  ": stride should be greater than zero, but got stride_height: ", c.stride[0],
                  " stride_width: ", c.stride[1]);
  }
  return c;
}

}  // namespace

Tensor add_up_windows(const Tensor& t, int64_t dim, int64_t windows, int64_t kernel, int64_t stride,
                      int64_t dilation, int64_t size, bool kernel_first) {
  DimVector sizes = t.sizes();
  sizes[size_t(dim)] = size;
  Tensor index;
  {
    NoGradGuard no_grad;
    const TensorOptions options = TensorOptions(kLong).device(t.device());
    Tensor start = arange(windows, options) * stride, step = arange(kernel, options) * dilation;
    index = kernel_first ? step.unsqueeze(1) + start : start.unsqueeze(1) + step;
    index = index.reshape({-1});
  }
  return zeros(sizes, t.options()).index_add(dim, index, t);
}

Tensor im2col(const Tensor& self, IntArrayRef kernel_size, IntArrayRef dilation,
              IntArrayRef padding, IntArrayRef stride) {
  const Columns c = read_columns("im2col", kernel_size, dilation, padding, stride);
  ADJOINT_CHECK((self.dim() == 3 || self.dim() == 4) && self.size(-1) != 0 && self.size(-2) != 0 &&
                    self.size(-3) != 0,
                "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other "
                "non-zero dimensions for input, but got: ",
                self.sizes());
  if (self.dim() == 3) {
    return im2col(self.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0);
  }
  const int64_t rows = c.windows(0, self.size(2)), columns = c.windows(1, self.size(3));
  ADJOINT_CHECK(rows > 0 && columns > 0, "Given input with spatial size (", self.size(2), ", ",
                self.size(3), "), kernel_size=(", c.kernel[0], ", ", c.kernel[1], "), dilation=(",
                c.dilation[0], ", ", c.dilation[1], "), padding=(", c.padding[0], ", ",
                c.padding[1], "), calculated shape of the array of sliding blocks as (", rows, ", ",
                columns, "), but its components must be at least one.");
  Tensor padded = constant_pad_nd(self, {c.padding[1], c.padding[1], c.padding[0], c.padding[0]});
  Tensor view = windows_along(padded, 2, c.kernel[0], c.stride[0], c.dilation[0]);
  view = windows_along(view, 3, c.kernel[1], c.stride[1], c.dilation[1]);
  return under_name(
      "Im2ColBackward0",
      view.permute({0, 1, 4, 5, 2, 3})
          .reshape({self.size(0), self.size(1) * c.kernel[0] * c.kernel[1], rows * columns}));
}

Tensor col2im(const Tensor& self, IntArrayRef output_size, IntArrayRef kernel_size,
              IntArrayRef dilation, IntArrayRef padding, IntArrayRef stride) {
  const Columns c = read_columns("col2im", kernel_size, dilation, padding, stride);
  int64_t size[2];
  read_directions<2>(output_size, "col2im", "output_size", size);
  ADJOINT_CHECK((self.dim() == 2 || self.dim() == 3) && self.size(-1) != 0 && self.size(-2) != 0,
                "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
                "non-zero dimensions for input, but got: ",
                self.sizes());
  if (self.dim() == 2) {
    return col2im(self.unsqueeze(0), output_size, kernel_size, dilation, padding, stride)
        .squeeze(0);
  }
  const int64_t elements = c.kernel[0] * c.kernel[1];
  ADJOINT_CHECK(self.size(1) % elements == 0,
                "Expected size of input's dimension 1 to be divisible by the product of "
                "kernel_size, but got input.size(1)=",
                self.size(1), " and kernel_size=(", c.kernel[0], ", ", c.kernel[1], ").");
  const int64_t rows = c.windows(0, size[0]), columns = c.windows(1, size[1]);
  ADJOINT_CHECK(rows > 0 && columns > 0 && self.size(2) == rows * columns, "Given output_size=(",
                size[0], ", ", size[1], "), kernel_size=(", c.kernel[0], ", ", c.kernel[1],
                "), dilation=(", c.dilation[0], ", ", c.dilation[1], "), padding=(", c.padding[0],
                ", ", c.padding[1], "), stride=(", c.stride[0], ", ", c.stride[1],
                "), expected size of input's dimension 2 to match the calculated number of sliding "
                "blocks ",
                rows, " * ", columns, " = ", rows * columns,
                ", but got input.size(2)=", self.size(2), ".");
  const int64_t n = self.size(0), channels = self.size(1) / elements;
  Tensor parts = self.reshape({n, channels, c.kernel[0], c.kernel[1], rows, columns})
                     .permute({0, 1, 2, 4, 3, 5})
                     .reshape({n, channels, c.kernel[0] * rows, c.kernel[1] * columns});
  parts = add_up_windows(parts, 2, rows, c.kernel[0], c.stride[0], c.dilation[0],
                         size[0] + 2 * c.padding[0], true);
  parts = add_up_windows(parts, 3, columns, c.kernel[1], c.stride[1], c.dilation[1],
                         size[1] + 2 * c.padding[1], true);
  return under_name(
      "Col2ImBackward0",
      parts.narrow(2, c.padding[0], size[0]).narrow(3, c.padding[1], size[1]).contiguous());
}

}  // namespace adjoint
