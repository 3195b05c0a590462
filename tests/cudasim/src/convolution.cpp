// SPDX-License-Identifier: MIT
#include "convolution.h"

#include <algorithm>
#include <memory>

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "tf32.h"

namespace cudasim {
namespace {

using Image = ConvolutionArguments::Image;

/// Numbers as they lie in memory, as floats; not kept, and not on the stack, which is a fiber's.
class Numbers {
 public:
  explicit Numbers(int64_t count)
      : count_(size_t(count)), values_(std::make_unique<float[]>(count_)) {}
  float& operator[](int64_t i) { return values_[size_t(i)]; }
  float padded(int64_t i) const { return i < 0 ? 0 : values_[size_t(i)]; }

  template <class S>
  void read(const S* from, bool tf32) {
    for (size_t i = 0; i < count_; ++i) {
      values_[i] = tf32 ? round_to_tf32(float(from[i])) : float(from[i]);
    }
  }
  template <class S>
  void write(S* to) const {
    for (size_t i = 0; i < count_; ++i) to[i] = S(values_[i]);
  }

 private:
  size_t count_;
  std::unique_ptr<float[]> values_;
};

int64_t at(const Image& image, int64_t i, int64_t j, int64_t k, int64_t l) {
  const int64_t* s = image.strides;
  return i * s[0] + j * s[1] + k * s[2] + l * s[3];
}

constexpr int64_t kPadding = -1;
/// Calls f(offset in x, in w, in y) for all that are multiplied with one another; beyond the image,
/// where a 0 is multiplied, the first is kPadding.
template <class F>
void for_each_product(const ConvolutionArguments& c, const F& f) {
  const int64_t groups = c.x.sizes[1] / c.w.sizes[1], rows = c.w.sizes[0] / groups;
  for (int64_t n = 0; n < c.y.sizes[0]; ++n) {
    for (int64_t o = 0; o < c.y.sizes[1]; ++o) {
      for (int64_t i = 0; i < c.y.sizes[2] * c.y.sizes[3]; ++i) {
        const int64_t row = i / c.y.sizes[3], column = i % c.y.sizes[3];
        const int64_t to = at(c.y, n, o, row, column);
        for (int64_t channel = 0; channel < c.w.sizes[1]; ++channel) {
          for (int64_t ky = 0; ky < c.w.sizes[2]; ++ky) {
            const int64_t y = row * c.stride[0] - c.padding[0] + ky * c.dilation[0];
            for (int64_t kx = 0; kx < c.w.sizes[3]; ++kx) {
              const int64_t x = column * c.stride[1] - c.padding[1] + kx * c.dilation[1];
              const bool is_inside = y >= 0 && y < c.x.sizes[2] && x >= 0 && x < c.x.sizes[3];
              f(is_inside ? at(c.x, n, o / rows * c.w.sizes[1] + channel, y, x) : kPadding,
                at(c.w, o, channel, ky, kx), to);
            }
          }
        }
      }
    }
  }
}

template <class S>
void convolve(const ConvolutionArguments& c) {
  const bool forward = c.pass == ConvolutionPass::kForward;
  const bool to_data = c.pass == ConvolutionPass::kBackwardData;
  const bool to_filter = c.pass == ConvolutionPass::kBackwardFilter;
  Numbers x(c.x.extent()), w(c.w.extent()), y(c.y.extent());
  const S* first = static_cast<const S*>(c.first);
  const S* second = static_cast<const S*>(c.second);
  S* out = static_cast<S*>(c.out);
  if (forward) {
    x.read(first, c.tf32), w.read(second, c.tf32);
    for_each_product(c, [&](int64_t i, int64_t j, int64_t k) { y[k] += x.padded(i) * w[j]; });
    y.write(out);
  } else if (to_data) {
    y.read(first, c.tf32), w.read(second, c.tf32);
    for_each_product(c, [&](int64_t i, int64_t j, int64_t k) {
      if (i != kPadding) x[i] += y[k] * w[j];
    });
    x.write(out);
  } else if (to_filter) {
    x.read(first, c.tf32), y.read(second, c.tf32);
    for_each_product(c, [&](int64_t i, int64_t j, int64_t k) { w[j] += x.padded(i) * y[k]; });
    w.write(out);
  }
}

__global__ void convolution_kernel(ConvolutionArguments c) {
  if (c.workspace.data) c.workspace.use();
  switch (c.type) {
    case CUDA_R_16F:
      return convolve<__half>(c);
    case CUDA_R_16BF:
      return convolve<__nv_bfloat16>(c);
    default:
      return convolve<float>(c);
  }
}

}  // namespace

cudaError_t launch_convolution(const LibraryFunction& function,
                               const ConvolutionArguments& arguments, cudaStream_t stream) {
  return launch_library_kernel(function, stream, convolution_kernel, arguments);
}

}  // namespace cudasim
