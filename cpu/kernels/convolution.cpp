// SPDX-License-Identifier: MIT
// conv2d and its gradients: the images as planes (Note [Taps]), divided among threads.
//
// Note [Order of sums in convolution]
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
// Each element of the output and of the input's gradient is summed by one thread. The weight's
// gradient sums over all images: they are divided into chunks, by the shape alone; a chunk is
// summed by one thread, and the chunks' sums are added in their order. So the results are the same
// for any number of threads.
#include "core/ops/convolution.h"

#include "adjoint/tensor.h"
#include "cpu/kernels/convolution_taps.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

// Work memory for planes and results is about this large where a row of the image lets it be, so
// that it stays in the second cache.
constexpr int64_t kBlockBytes = 1 << 18;
constexpr int64_t kWeightBytes = 1 << 20;

constexpr int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
constexpr int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
constexpr int64_t ceil_div(int64_t a, int64_t b) { return a > 0 ? (a + b - 1) / b : -(-a / b); }

template <class T, class S>
ADJOINT_ALWAYS_INLINE T read(const S* p) {
  if constexpr (__is_same(T, S)) return *p;
  return T(Vec<T>::load(p, 1).v[0]);
}

template <class T, class S>
void copy_row(T* to, const S* from, int64_t stride, int64_t n) {
  using V = Vec<T>;
  for (int64_t i = 0; i < n; i += V::size) {
    int lanes = int(min(V::size, n - i));
    V x = stride != 1 ? V::load_strided(from + i * stride, stride * int64_t(sizeof(S)), lanes)
          : lanes == V::size ? V::load(from + i)
                             : V::load(from + i, lanes);
    if (lanes == V::size) {
      x.store(to + i);
    } else {
      x.store(to + i, lanes);
    }
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

/// How many rows a block has, of `total`: about as many as `bytes_per_row` lets.
int64_t rows_per_block(int64_t total, int64_t bytes_per_row) {
  int64_t blocks = ceil_div(total, max(1, kBlockBytes / max(1, bytes_per_row)));
  return ceil_div(total, max(1, blocks));
}
int64_t tasks_worth_a_thread(int64_t multiplications) {
  return max(1, (1 << 18) / max(1, multiplications));
}

/// weights[row * k + ...] as TapProblem wants them; `at(m, k)` points to one.
template <class T, class At>
void pack_weights(T* to, int64_t m, int64_t k, const At& at) {
  for (int64_t row = 0; row < m;) {
    int64_t rows = rows_of_tile(m - row);
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t r = 0; r < rows; ++r) *to++ = read<T>(at(row + r, i));
    }
    row += rows;
  }
}

// ---- forward ---------------------------------------------------------------------------------

template <class T, class S>
void forward(const Tensor& out, const Tensor& input, const Tensor& weight, const Tensor& bias,
             const Conv2dParams& params) {
  const Geometry2d g(*input.impl(), *out.impl(), *weight.impl(), params);
  const Images<const S> images(input);
  const Images<S> results(out);
  const S* weights = static_cast<const S*>(weight.impl()->data());
  const S* biases = bias.defined() ? static_cast<const S*>(bias.impl()->data()) : nullptr;
  const int64_t k = g.in * g.kernel();
  const int64_t m_block = min(
      g.out, max(kTapRows, kWeightBytes / int64_t(sizeof(T)) / max(1, k) / kTapRows * kTapRows));
  const int64_t m_blocks = ceil_div(g.out, m_block);
  const InputPlanes one_row(g, 1);
  const int64_t rows = rows_per_block(g.output[0], (g.in * g.stride[0] * g.stride[1] + m_block) *
                                                       one_row.pitch * int64_t(sizeof(T)));
  const int64_t row_blocks = ceil_div(g.output[0], rows);
  const InputPlanes planes(g, rows);
  const int64_t tasks = g.groups * m_blocks * g.n * row_blocks;
  const int64_t grain = tasks_worth_a_thread(m_block * k * rows * one_row.pitch);

  parallel_for(0, tasks, grain, [&](int64_t begin, int64_t end) {
    const int64_t plane_numel = g.in * planes.channel;
    T* in = work<T>(Scratch::kConvolutionInput, plane_numel + kSlack<T>);
    clear(in + plane_numel, kSlack<T>);
    const int64_t pitch = vectors_for<T>(rows, planes.pitch, g.output[1]) * Vec<T>::size;
    T* result = work<T>(Scratch::kConvolutionResult, m_block * pitch + kSlack<T>);
    int64_t* taps = work<int64_t>(Scratch::kConvolutionWeights, k + (m_block * (k + 1)));
    T* packed = reinterpret_cast<T*>(taps + k);
    T* init = packed + m_block * k;
    planes.taps(taps, g.in);
    int64_t packed_for = -1;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t block = task % row_blocks, image = task / row_blocks % g.n;
      const int64_t part = task / row_blocks / g.n;  // group and block of its channels
      const int64_t group = part / m_blocks, m0 = part % m_blocks * m_block;
      const int64_t m = min(m_block, g.out - m0), first = group * g.out + m0;
      if (part != packed_for) {
        packed_for = part;
        pack_weights(packed, m, k,
                     [&](int64_t row, int64_t i) { return weights + (first + row) * k + i; });
        for (int64_t i = 0; i < m; ++i) init[i] = biases ? read<T>(biases + first + i) : T(0);
      }
      const int64_t y0 = block * rows, y_count = min(rows, g.output[0] - y0);
      planes.fill(in, images, image, group * g.in, g.in, y0);
      const int64_t vectors = vectors_for<T>(y_count, planes.pitch, g.output[1]);
      run_taps(TapProblem<T>{in, taps, packed, init, result, m, k, vectors});
      for (int64_t i = 0; i < m; ++i) {
        S* to = results.data + image * results.image_step + (first + i) * results.channel_step +
                y0 * results.step[0];
        const T* from = result + i * vectors * Vec<T>::size;
        for (int64_t y = 0; y < y_count; ++y) {
          write_row(to + y * results.step[0], 1, from + y * planes.pitch, g.output[1], false);
        }
      }
    }
  });
}

// ---- the input's gradient ----------------------------------------------------------------------

template <class T, class S>
void backward_input(const Tensor& grad_input, const Tensor& grad, const Tensor& weight,
                    const Conv2dParams& params, GradWrite write) {
  const Geometry2d g(*grad_input.impl(), *grad.impl(), *weight.impl(), params);
  const Images<const S> grads(grad);
  const Images<S> results(grad_input);
  const S* weights = static_cast<const S*>(weight.impl()->data());
  const bool add = write == GradWrite::Accumulate;
  const int64_t phases = g.stride[0] * g.stride[1], k_most = g.out * g.kernel();
  const int64_t m_block = min(g.in, max(kTapRows, kWeightBytes / int64_t(sizeof(T)) /
                                                      max(1, k_most) / kTapRows * kTapRows));
  const int64_t m_blocks = ceil_div(g.in, m_block);
  const int64_t shift[] = {g.places[0].max_shift(), g.places[1].max_shift()};
  const int64_t most[] = {ceil_div(g.input[0], g.stride[0]), ceil_div(g.input[1], g.stride[1])};
  const int64_t most_pitch = most[1] + shift[1];
  const int64_t rows = rows_per_block(most[0], (g.out + m_block) * most_pitch * int64_t(sizeof(T)));
  const int64_t row_blocks = ceil_div(most[0], rows);
  const int64_t tasks = g.groups * phases * m_blocks * g.n * row_blocks;
  const int64_t grain = tasks_worth_a_thread(m_block * k_most / phases * rows * most_pitch);

  parallel_for(0, tasks, grain, [&](int64_t begin, int64_t end) {
    T* in = work<T>(Scratch::kConvolutionInput, g.out * (rows + shift[0]) * most_pitch + kSlack<T>);
    const int64_t most_vectors = vectors_for<T>(rows, most_pitch, most[1]);
    T* result =
        work<T>(Scratch::kConvolutionResult, m_block * most_vectors * Vec<T>::size + kSlack<T>);
    int64_t* taps = work<int64_t>(Scratch::kConvolutionWeights, k_most + m_block * k_most);
    T* packed = reinterpret_cast<T*>(taps + k_most);
    int64_t prepared_for = -1, k = 0;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t block = task % row_blocks, image = task / row_blocks % g.n;
      const int64_t part = task / row_blocks / g.n;
      const int64_t m0 = part % m_blocks * m_block, m = min(m_block, g.in - m0);
      const int64_t phase = part / m_blocks % phases, group = part / m_blocks / phases;
      const int64_t remainder[] = {phase / g.stride[1], phase % g.stride[1]};
      // Positions u = remainder + stride * i of the padded input that lie in the input.
      int64_t first[2], count[2];
      for (int d = 0; d < 2; ++d) {
        first[d] = ceil_div(g.padding[d] - remainder[d], g.stride[d]);
        count[d] = ceil_div(g.padding[d] + g.input[d] - remainder[d], g.stride[d]) - first[d];
      }
      const int64_t i0 = block * rows, i_count = min(rows, count[0] - i0);
      if (i_count <= 0 || count[1] <= 0) continue;
      const int64_t pitch = count[1] + shift[1], plane = (rows + shift[0]) * pitch;
      if (part != prepared_for) {
        prepared_for = part;
        // tap (o, y, x) of this phase is used at shift[] - its own shift.
        k = 0;
        for (int64_t o = 0; o < g.out; ++o) {
          for (int64_t ky = 0; ky < g.places[0].count; ++ky) {
            if (g.places[0].plane(ky) != remainder[0]) continue;
            for (int64_t kx = 0; kx < g.places[1].count; ++kx) {
              if (g.places[1].plane(kx) != remainder[1]) continue;
              // Where the weight of channel 0 is; its place in the planes afterwards.
              taps[k++] = (o * g.in * g.places[0].count + ky) * g.places[1].count + kx;
            }
          }
        }
        const S* group_weights = weights + group * g.out * g.in * g.kernel();
        pack_weights(packed, m, k, [&](int64_t row, int64_t i) {
          return group_weights + taps[i] + (m0 + row) * g.kernel();
        });
        for (int64_t i = 0; i < k; ++i) {
          const int64_t kx = taps[i] % g.places[1].count,
                        ky = taps[i] / g.places[1].count % (g.in * g.places[0].count),
                        o = taps[i] / (g.in * g.kernel());
          taps[i] = o * plane + (shift[0] - g.places[0].shift(ky)) * pitch + shift[1] -
                    g.places[1].shift(kx);
        }
      }
      Window w{{first[0] + i0 - shift[0], first[1] - shift[1]}, {1, 1}, rows + shift[0], pitch};
      for (int64_t o = 0; o < g.out; ++o) {
        fill_plane(in + o * plane, grads, image, group * g.out + o, w);
      }
      clear(in + g.out * plane, kSlack<T>);
      const int64_t vectors = vectors_for<T>(i_count, pitch, count[1]);
      run_taps(TapProblem<T>{in, taps, packed, nullptr, result, m, k, vectors});
      for (int64_t c = 0; c < m; ++c) {
        const T* from = result + c * vectors * Vec<T>::size;
        S* channel = results.data + image * results.image_step +
                     (group * g.in + m0 + c) * results.channel_step;
        for (int64_t i = 0; i < i_count; ++i) {
          const int64_t y = remainder[0] + g.stride[0] * (first[0] + i0 + i) - g.padding[0];
          const int64_t x = remainder[1] + g.stride[1] * first[1] - g.padding[1];
          write_row(channel + y * results.step[0] + x, g.stride[1], from + i * pitch, count[1],
                    add);
        }
      }
    }
  });
}

// ---- the weight's gradient ---------------------------------------------------------------------

// One tile's sums are of at most so many taps (or one channel's) and channels of the gradient.
constexpr int64_t kTileTaps = 96, kTileRows = 16;
// Chunks of images whose sums are added at the end.
constexpr int64_t kChunks = 8, kUnitsPerChunk = 16, kPartialBytes = 1 << 22;

template <class T, class S>
struct WeightGradient {
  const Geometry2d g;
  const Images<const S> grads, images;
  int64_t rows, row_blocks, chunks, k;  // k: taps of a group
  int64_t m_block, c_block, m_blocks, c_blocks;
  InputPlanes planes;
  int64_t vectors, pitch;  // of the gradient's rows
  int64_t fill;            // units in work memory at once

  WeightGradient(const Tensor& grad_weight, const Tensor& grad, const Tensor& input,
                 const Conv2dParams& params)
      : g(*input.impl(), *grad.impl(), *grad_weight.impl(), params),
        grads(grad),
        images(input),
        k(g.in * g.kernel()),
        m_block(min(g.out, kTileRows)),
        c_block(min(g.in, max(1, kTileTaps / g.kernel()))),
        m_blocks(ceil_div(g.out, m_block)),
        c_blocks(ceil_div(g.in, c_block)),
        planes(g, 1) {
    const int64_t phases = g.stride[0] * g.stride[1];
    rows = rows_per_block(g.output[0],
                          (c_block * phases + m_block) * planes.pitch * int64_t(sizeof(T)));
    row_blocks = ceil_div(g.output[0], rows);
    planes.rows = rows + g.places[0].max_shift();
    planes.plane = planes.rows * planes.pitch;
    planes.channel = planes.plane * phases;
    vectors = vectors_for<T>(rows, planes.pitch, g.output[1]);
    pitch = vectors * Vec<T>::size;
    const int64_t bytes = unit_numel() * int64_t(sizeof(T));
    fill = max(1, min(units(), kBlockBytes / 2 / bytes));
    chunks = max(1, min(kChunks, units() / kUnitsPerChunk));
    chunks = max(1, min(chunks, kPartialBytes / int64_t(sizeof(T)) / (g.groups * g.out * k)));
  }
  /// A unit is a block of rows of an image.
  int64_t units() const { return g.n * row_blocks; }
  int64_t unit_numel() const { return c_block * planes.channel + m_block * pitch; }

  void fill_unit(int64_t unit, int64_t group, int64_t m0, int64_t m, int64_t c0, int64_t c,
                 T* input, T* grad) const {
    const int64_t image = unit / row_blocks, y0 = unit % row_blocks * rows;
    planes.fill(input, images, image, group * g.in + c0, c, y0);
    // Columns from the output's width on are zeros.
    for (int64_t i = 0; i < m; ++i) {
      const S* from =
          grads.data + image * grads.image_step + (group * g.out + m0 + i) * grads.channel_step;
      T* to = grad + i * pitch;
      for (int64_t y = 0; y < rows; ++y) {
        T* row = to + y * planes.pitch;
        const int64_t columns = min(planes.pitch, pitch - y * planes.pitch);
        const int64_t used = y0 + y < g.output[0] ? g.output[1] : 0;
        copy_row(row, from + (y0 + y) * grads.step[0], grads.step[1], used);
        for (int64_t x = used; x < columns; ++x) row[x] = 0;
      }
      for (int64_t q = rows * planes.pitch; q < pitch; ++q) to[q] = 0;
    }
  }

  /// The sums of a chunk for channels [m0, m0 + m) and [c0, c0 + c) of a group; false where a sum
  /// is NaN.
  template <bool kCareful>
  bool tile(int64_t chunk, int64_t group, int64_t m0, int64_t m, int64_t c0, int64_t c,
            const int64_t* taps, T* partial) const {
    const int64_t tile_k = c * g.kernel();
    T* sums = work<T>(Scratch::kConvolutionResult, m * tile_k * Vec<T>::size + pitch);
    T* valid = sums + m * tile_k * Vec<T>::size;
    clear(sums, m * tile_k * Vec<T>::size + pitch);
    if constexpr (kCareful) {
      for (int64_t y = 0; y < rows; ++y) {
        for (int64_t x = 0; x < g.output[1]; ++x) valid[y * planes.pitch + x] = 1;
      }
    }
    // Neighbouring units' planes stand behind each other, so do their gradients.
    T* input = work<T>(Scratch::kConvolutionInput, fill * unit_numel() + kSlack<T>);
    T* grad = input + fill * c_block * planes.channel + kSlack<T>;
    clear(grad - kSlack<T>, kSlack<T>);
    const int64_t from = units() * chunk / chunks, to = units() * (chunk + 1) / chunks;
    for (int64_t unit = from; unit < to; unit += fill) {
      const int64_t count = min(fill, to - unit);
      for (int64_t u = 0; u < count; ++u) {
        fill_unit(unit + u, group, m0, m, c0, c, input + u * c_block * planes.channel,
                  grad + u * m_block * pitch);
      }
      DotTile<T> t;
      t.grad = grad;
      t.planes = input;
      t.valid = valid;
      t.pitch = pitch;
      t.vectors = vectors;
      t.units = count;
      t.grad_unit = m_block * pitch;
      t.planes_unit = c_block * planes.channel;
      t.taps = taps;
      t.sums = sums;
      run_dots<T, kCareful>(t, m, tile_k);
    }
    bool finite = true;
    for (int64_t i = 0; i < m; ++i) {
      T* row = partial + (group * g.out + m0 + i) * k + c0 * g.kernel();
      for (int64_t j = 0; j < tile_k; ++j) {
        row[j] = reduce_add(Vec<T>::load(sums + (i * tile_k + j) * Vec<T>::size));
        finite = finite && row[j] == row[j];
      }
    }
    return finite;
  }

  void run(T* partials) const {
    const int64_t tiles = g.groups * m_blocks * c_blocks;
    const int64_t work_per_task =
        ceil_div(units(), chunks) * m_block * c_block * g.kernel() * pitch;
    parallel_for(
        0, chunks * tiles, tasks_worth_a_thread(work_per_task), [&](int64_t begin, int64_t end) {
          int64_t* taps = work<int64_t>(Scratch::kConvolutionWeights, c_block * g.kernel());
          planes.taps(taps, c_block);
          for (int64_t task = begin; task < end; ++task) {
            const int64_t chunk = task / tiles, at = task % tiles;
            const int64_t group = at / (m_blocks * c_blocks),
                          m0 = at / c_blocks % m_blocks * m_block, c0 = at % c_blocks * c_block;
            const int64_t m = min(m_block, g.out - m0), c = min(c_block, g.in - c0);
            T* partial = partials + chunk * g.groups * g.out * k;
            if (!tile<false>(chunk, group, m0, m, c0, c, taps, partial)) {
              tile<true>(chunk, group, m0, m, c0, c, taps, partial);
            }
          }
        });
  }
};

template <class T, class S>
void backward_weight(const Tensor& grad_weight, const Tensor& grad, const Tensor& input,
                     const Conv2dParams& params, GradWrite write) {
  const int64_t numel = grad_weight.impl()->numel();
  S* out = static_cast<S*>(grad_weight.impl()->data());
  const bool add = write == GradWrite::Accumulate;
  if (grad.impl()->numel() == 0) {
    if (!add) __builtin_memset(out, 0, size_t(numel) * sizeof(S));
    return;
  }
  const WeightGradient<T, S> problem(grad_weight, grad, input, params);
  T* partials = work<T>(Scratch::kConvolutionPartials, problem.chunks * numel + kSlack<T>);
  problem.run(partials);
  for (int64_t chunk = 1; chunk < problem.chunks; ++chunk) {
    const T* more = partials + chunk * numel;
    for (int64_t i = 0; i < numel; ++i) partials[i] += more[i];
  }
  write_row(out, 1, partials, numel, add);
}

// ---- by dtype ----------------------------------------------------------------------------------

void conv2d_kernel(const Stream&, const Tensor& out, const Tensor& input, const Tensor& weight,
                   const Tensor& bias, const Conv2dParams& p) {
  switch (out.impl()->dtype()) {
    case kFloat:
      return forward<float, float>(out, input, weight, bias, p);
    case kDouble:
      return forward<double, double>(out, input, weight, bias, p);
    case kHalf:
      return forward<float, Half>(out, input, weight, bias, p);
    case kBFloat16:
      return forward<float, BFloat16>(out, input, weight, bias, p);
    default:
      return;
  }
}

void backward_input_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                           const Tensor& weight, const Conv2dParams& p, GradWrite write) {
  switch (grad.impl()->dtype()) {
    case kFloat:
      return backward_input<float, float>(grad_input, grad, weight, p, write);
    case kDouble:
      return backward_input<double, double>(grad_input, grad, weight, p, write);
    case kHalf:
      return backward_input<float, Half>(grad_input, grad, weight, p, write);
    case kBFloat16:
      return backward_input<float, BFloat16>(grad_input, grad, weight, p, write);
    default:
      return;
  }
}

void backward_weight_kernel(const Stream&, const Tensor& grad_weight, const Tensor& grad,
                            const Tensor& input, const Conv2dParams& p, GradWrite write) {
  switch (grad.impl()->dtype()) {
    case kFloat:
      return backward_weight<float, float>(grad_weight, grad, input, p, write);
    case kDouble:
      return backward_weight<double, double>(grad_weight, grad, input, p, write);
    case kHalf:
      return backward_weight<float, Half>(grad_weight, grad, input, p, write);
    case kBFloat16:
      return backward_weight<float, BFloat16>(grad_weight, grad, input, p, write);
    default:
      return;
  }
}

}  // namespace

void register_convolution_kernels(OpRegistry& registry) {
  registry.set_kernel("conv2d", kCPU, conv2d_kernel);
  registry.set_kernel("conv2d_backward_input", kCPU, backward_input_kernel);
  registry.set_kernel("conv2d_backward_weight", kCPU, backward_weight_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
