// SPDX-License-Identifier: MIT
// Images as planes (Note [Taps]): what conv2d's kernels have in common.
//
// Note [Order of sums in convolution]
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
// Each element of the output and of the input's gradient is summed by one thread. The weight's
// gradient sums over all images: they are divided into chunks, by the shape alone; a chunk is
// summed by one thread, and the chunks' sums are added in their order. So the results are the same
// for any number of threads.
#pragma once

#include "adjoint/tensor.h"
#include "core/ops/convolution.h"
#include "cpu/kernels/convolution_taps.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// conv2d's kernel for the weight's gradient.
void conv2d_backward_weight_kernel(const Stream&, const Tensor& grad_weight, const Tensor& grad,
                                   const Tensor& input, const Conv2dParams& p, GradWrite write);

namespace convolution {

/// Work memory for planes and results is about this large where a row of the image lets it be, so
/// that it stays in the second cache.
inline constexpr int64_t kBlockBytes = 1 << 18;

constexpr int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
constexpr int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
constexpr int64_t ceil_div(int64_t a, int64_t b) { return a > 0 ? (a + b - 1) / b : -(-a / b); }

template <class T, class S>
ADJOINT_ALWAYS_INLINE T read(const S* p) {
  if constexpr (__is_same(T, S)) return *p;
  return T(Vec<T>::load(p, 1).v[0]);
}

/// Rows of an image mostly follow each other: what is fetched ahead are rows that come next.
template <class T, class S>
void copy_row(T* to, const S* from, int64_t stride, int64_t n) {
  using V = Vec<T>;
  constexpr int64_t kAhead = 4096 / int64_t(sizeof(S));
  int64_t i = 0;
  if (stride == 1) {
    for (; i + V::size <= n; i += V::size) {
      __builtin_prefetch(from + i + kAhead);
      V::load(from + i).store(to + i);
    }
    if (i < n) V::load(from + i, int(n - i)).store(to + i, int(n - i));
    return;
  }
  for (; i < n; i += V::size) {
    const int lanes = int(min(V::size, n - i));
    V::load_strided(from + i * stride, stride * int64_t(sizeof(S)), lanes).store(to + i, lanes);
  }
}

/// `to` with `stride` elements between neighbours, added to if `add`.
template <class T, class S>
void write_row(S* to, int64_t stride, const T* from, int64_t n, bool add) {
  using V = Vec<T>;
  for (int64_t i = 0; i < n; i += V::size) {
    int lanes = int(min(V::size, n - i));
    V x = V::load(from + i);  // planes are padded to whole vectors
    S* at = to + i * stride;
    if (stride == 1 && lanes == V::size) {
      if (add) x = V::load(at) + x;
      x.store(at);
    } else if (stride == 1) {
      if (add) x = V::load(at, lanes) + x;
      x.store(at, lanes);
    } else {
      int64_t bytes = stride * int64_t(sizeof(S));
      if (add) x = V::load_strided(at, bytes, lanes) + x;
      x.store_strided(at, bytes, lanes);
    }
  }
}

/// Images of any strides.
template <class S>
struct Images {
  S* data;
  int64_t n, channels, size[2];
  int64_t image_step, channel_step, step[2];

  explicit Images(const Tensor& t) : Images(*t.impl()) {}
  explicit Images(const TensorImpl& t)
      : data(static_cast<S*>(t.data())),
        n(t.sizes()[0]),
        channels(t.sizes()[1]),
        size{t.sizes()[2], t.sizes()[3]},
        image_step(t.strides()[0]),
        channel_step(t.strides()[1]),
        step{t.strides()[2], t.strides()[3]} {}
};

/// A part of one channel, as a plane: element (r, c) is the image's at first + (r, c) * every, 0
/// outside of the image.
struct Window {
  int64_t first[2], every[2], rows, columns;
};

template <class T, class S>
void fill_plane(T* to, const Images<S>& images, int64_t image, int64_t channel, const Window& w) {
  const S* base = images.data + image * images.image_step + channel * images.channel_step;
  int64_t begin = max(0, min(w.columns, ceil_div(-w.first[1], w.every[1])));
  int64_t end = max(begin, min(w.columns, ceil_div(images.size[1] - w.first[1], w.every[1])));
  const bool whole_rows = begin == 0 && end == w.columns && w.columns == images.size[1] &&
                          w.every[0] == 1 && w.every[1] == 1 && w.first[0] >= 0 &&
                          w.first[0] + w.rows <= images.size[0];
  if (whole_rows && images.step[1] == 1 && images.step[0] == w.columns) {
    return copy_row(to, base + w.first[0] * w.columns, 1, w.rows * w.columns);
  }
  for (int64_t r = 0; r < w.rows; ++r, to += w.columns) {
    int64_t y = w.first[0] + r * w.every[0];
    if (y < 0 || y >= images.size[0]) {
      for (int64_t c = 0; c < w.columns; ++c) to[c] = 0;
      continue;
    }
    for (int64_t c = 0; c < begin; ++c) to[c] = 0;
    copy_row(to + begin,
             base + y * images.step[0] + (w.first[1] + begin * w.every[1]) * images.step[1],
             w.every[1] * images.step[1], end - begin);
    for (int64_t c = end; c < w.columns; ++c) to[c] = 0;
  }
}

/// The kernel's places in one direction: place i reads plane `plane(i)`, `shift(i)` further on.
struct Places {
  int64_t count, stride, dilation;
  int64_t plane(int64_t i) const { return i * dilation % stride; }
  int64_t shift(int64_t i) const { return i * dilation / stride; }
  int64_t max_shift() const { return shift(count - 1); }
  bool uses(int64_t plane_index) const {
    for (int64_t i = 0; i < count; ++i) {
      if (plane(i) == plane_index) return true;
    }
    return false;
  }
};

/// What the three operations have in common.
struct Geometry2d {
  int64_t n, groups, in, out;  // channels of a group
  int64_t input[2], output[2], padding[2], stride[2];
  Places places[2];

  Geometry2d(const TensorImpl& image, const TensorImpl& result, const TensorImpl& weight,
             const Conv2dParams& p)
      : n(image.sizes()[0]),
        groups(p.groups),
        in(weight.sizes()[1]),
        out(weight.sizes()[0] / p.groups) {
    for (size_t d = 0; d < 2; ++d) {
      input[d] = image.sizes()[2 + d];
      output[d] = result.sizes()[2 + d];
      padding[d] = p.padding[d];
      stride[d] = p.stride[d];
      places[d] = {weight.sizes()[2 + d], p.stride[d], p.dilation[d]};
    }
  }
  int64_t kernel() const { return places[0].count * places[1].count; }
};

/// The input's planes for `rows` rows of the output from `y0` on.
struct InputPlanes {
  const Geometry2d& g;
  int64_t rows, pitch, plane, channel;  // of a plane; elements of a plane and of a channel

  InputPlanes(const Geometry2d& geometry, int64_t output_rows)
      : g(geometry),
        rows(output_rows + g.places[0].max_shift()),
        pitch(g.output[1] + g.places[1].max_shift()),
        plane(rows * pitch),
        channel(plane * g.stride[0] * g.stride[1]) {}

  template <class T, class S>
  void fill(T* to, const Images<S>& images, int64_t image, int64_t first_channel, int64_t channels,
            int64_t y0) const {
    for (int64_t a = 0; a < g.stride[0]; ++a) {
      if (!g.places[0].uses(a)) continue;
      for (int64_t b = 0; b < g.stride[1]; ++b) {
        if (!g.places[1].uses(b)) continue;
        Window w{{y0 * g.stride[0] + a - g.padding[0], b - g.padding[1]},
                 {g.stride[0], g.stride[1]},
                 rows,
                 pitch};
        for (int64_t c = 0; c < channels; ++c) {
          fill_plane(to + c * channel + (a * g.stride[1] + b) * plane, images, image,
                     first_channel + c, w);
        }
      }
    }
  }
  void taps(int64_t* to, int64_t channels) const {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t ky = 0; ky < g.places[0].count; ++ky) {
        for (int64_t kx = 0; kx < g.places[1].count; ++kx) {
          *to++ = c * channel +
                  (g.places[0].plane(ky) * g.stride[1] + g.places[1].plane(kx)) * plane +
                  g.places[0].shift(ky) * pitch + g.places[1].shift(kx);
        }
      }
    }
  }
};

template <class T>
T* work(Scratch user, int64_t n) {
  return static_cast<T*>(scratch(user, size_t(n) * sizeof(T)));
}
/// Loads of whole vectors reach past the last plane.
template <class T>
constexpr int64_t kSlack = kTapVectors* Vec<T>::size;
template <class T>
void clear(T* to, int64_t n) {
  __builtin_memset(to, 0, size_t(n) * sizeof(T));
}

template <class T>
int64_t vectors_for(int64_t rows, int64_t pitch, int64_t columns) {
  return ceil_div((rows - 1) * pitch + columns, Vec<T>::size);
}

/// How many rows a block has, of `total`: about as many as fit `bytes`.
inline int64_t rows_per_block(int64_t total, int64_t bytes_per_row, int64_t bytes = kBlockBytes) {
  int64_t blocks = ceil_div(total, max(1, bytes / max(1, bytes_per_row)));
  return ceil_div(total, max(1, blocks));
}
inline int64_t tasks_worth_a_thread(int64_t multiplications) {
  return max(1, (1 << 18) / max(1, multiplications));
}

}  // namespace convolution
}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
