// SPDX-License-Identifier: MIT
// The inner loops of convolution: sums over taps of a padded image.
//
// Note [Taps]
// ~~~~~~~~~~~
// A group of input channels is copied, padded with zeros, into planes of one row pitch; with a
// stride of s, rows and columns of equal remainder modulo s stand together, as planes of their own.
// Then output position q = y * pitch + x of every output channel m is
//   result[m][q] = sum over k of weight[m][k] * planes[tap[k] + q]
// where a tap k is a channel and a place in the kernel, and tap[k] does not depend on q: vectors
// run along q, over the ends of rows, and what they compute for the few positions between the rows
// is not looked at. So a 3x3 convolution reads the planes where they are, and no matrix of its
// nine-fold size is made.
//  - The gradient of the input is the same sum over the gradient's planes, with the taps mirrored;
//    with a stride, each remainder of input positions is a problem of its own, with its share of
//    the taps.
//  - The gradient of the weight is, for each m and k, the dot product over q of the gradient and
//    of the planes at tap[k].
//
// Microseconds on one core of a Zen 4 (AVX-512, float, 3x3, a batch of 64), forward / the input's
// gradient / the weight's, beside oneDNN as PyTorch 2.15 calls it:
//   1 -> 8 channels of 28x28:    150 /  275 /  166    oneDNN   397 / 2065 /  258
//   8 -> 16 channels of 13x13:   233 /  425 /  299    oneDNN   230 /  523 /  362
#pragma once

#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

// Register tiles: accumulators, one vector of each operand, and one more fit the registers.
#if defined(__AVX512F__)
inline constexpr int kTapRows = 8, kTapVectors = 3, kDotTaps = 6;
#elif defined(__AVX2__)
inline constexpr int kTapRows = 4, kTapVectors = 3, kDotTaps = 2;
#else
inline constexpr int kTapRows = 4, kTapVectors = 2, kDotTaps = 2;
#endif
inline constexpr int kDotRows = 4;

/// Taps whose planes stay in the first cache while all channels' weights pass.
inline constexpr int64_t kTapBlock = 160;

template <class T>
struct TapTile {
  const T* planes;
  const int64_t* taps;
  const T* weights;  // [k][R]
  const T* init;     // a number for each row, where `result` is not added to
  T* result;
  int64_t pitch;  // of result's rows
  int64_t k;
};

/// R output channels, V vectors of positions; kAdd: to what `result` holds.
template <class T, int R, int V, bool kAdd>
void tap_tile(const TapTile<T>& t) {
  using VT = Vec<T>;
  VT sum[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      sum[r][v] = kAdd ? VT::load(t.result + r * t.pitch + v * VT::size) : VT(t.init[r]);
    }
  }
  const T* w = t.weights;
  for (int64_t k = 0; k < t.k; ++k, w += R) {
    const T* from = t.planes + t.taps[k];
    VT x[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) x[v] = VT::load(from + v * VT::size);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      VT weight(w[r]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] = fma(weight, x[v], sum[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sum[r][v].store(t.result + r * t.pitch + v * VT::size);
  }
}

template <class T>
using TapKernel = void (*)(const TapTile<T>&);

template <class T, int R, bool kAdd>
TapKernel<T> tap_kernel(int vectors) {
  if constexpr (kTapVectors > 2) {
    if (vectors == 3) return tap_tile<T, R, 3, kAdd>;
  }
  return vectors == 2 ? tap_tile<T, R, 2, kAdd> : tap_tile<T, R, 1, kAdd>;
}
template <class T, bool kAdd>
TapKernel<T> tap_kernel(int64_t rows, int vectors) {
  if (rows == kTapRows) return tap_kernel<T, kTapRows, kAdd>(vectors);
  if (rows == 4) return tap_kernel<T, 4, kAdd>(vectors);
  return rows == 2 ? tap_kernel<T, 2, kAdd>(vectors) : tap_kernel<T, 1, kAdd>(vectors);
}

/// Output channels are taken kTapRows at a time, then 4, 2 and 1 of the rest.
constexpr int64_t rows_of_tile(int64_t left) {
  if (left >= kTapRows) return kTapRows;
  return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/// The whole problem: m channels, k taps, `vectors` of positions. weights[first row of a tile * k]
/// begins that tile's [k][R].
template <class T>
struct TapProblem {
  const T* planes;
  const int64_t* taps;
  const T* weights;
  const T* init;  // null: 0
  T* result;
  int64_t m, k, vectors;
};

template <class T>
void run_taps(const TapProblem<T>& p) {
  constexpr int64_t kLanes = Vec<T>::size;
  static constexpr T zeros[kTapRows] = {};
  // Blocks that are as even as may be: a tile that adds a few taps only reads and writes its sums.
  const int64_t blocks = p.k > kTapBlock ? (p.k + kTapBlock - 1) / kTapBlock : 1;
  const int64_t even = (p.k + blocks - 1) / blocks;
  int64_t done = 0;
  do {
    int64_t block = p.k - done < even ? p.k - done : even;
    for (int64_t at = 0; at < p.vectors;) {
      int64_t v = p.vectors - at < kTapVectors ? p.vectors - at : kTapVectors;
      if (p.vectors - at == kTapVectors + 1) v = (kTapVectors + 1) / 2;  // no single one at the end
      for (int64_t row = 0; row < p.m;) {
        int64_t rows = rows_of_tile(p.m - row);
        TapTile<T> t;
        t.planes = p.planes + at * kLanes;
        t.taps = p.taps + done;
        t.weights = p.weights + row * p.k + done * rows;
        t.init = p.init ? p.init + row : zeros;
        t.pitch = p.vectors * kLanes;
        t.result = p.result + row * t.pitch + at * kLanes;
        t.k = block;
        if (done > 0) {
          tap_kernel<T, true>(rows, int(v))(t);
        } else {
          tap_kernel<T, false>(rows, int(v))(t);
        }
        row += rows;
      }
      at += v;
    }
    done += block;
  } while (done < p.k);
}

template <class T>
struct DotTile {
  const T* grad;    // kDotRows or fewer rows, `pitch` apart
  const T* planes;  // at the tile's taps
  const T* valid;   // 1 at positions, 0 between the rows
  int64_t pitch, vectors;
  int64_t units, grad_unit, planes_unit;  // images, and from one to the next
  const int64_t* taps;
  T* sums;  // [R][taps_pitch] vectors, added to
  int64_t taps_pitch;
};

/// R channels of the gradient with S taps. Where the gradient is 0 between the rows, the planes may
/// hold what is not finite: kCareful takes nothing from there.
template <class T, int R, int S, bool kCareful>
void dot_tile(const DotTile<T>& t) {
  using VT = Vec<T>;
  VT sum[R][S];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int s = 0; s < S; ++s) sum[r][s] = VT::load(t.sums + (r * t.taps_pitch + s) * VT::size);
  }
  const T* from[S];
#pragma GCC unroll 8
  for (int s = 0; s < S; ++s) from[s] = t.planes + t.taps[s];
  for (int64_t unit = 0; unit < t.units; ++unit) {
    const T* grad = t.grad + unit * t.grad_unit;
    for (int64_t q = 0; q < t.vectors * VT::size; q += VT::size) {
      VT g[R];
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) g[r] = VT::load(grad + r * t.pitch + q);
#pragma GCC unroll 8
      for (int s = 0; s < S; ++s) {
        VT x = VT::load(from[s] + q);
        if constexpr (kCareful) x = where(VT::load(t.valid + q) != VT(T(0)), x, VT(T(0)));
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sum[r][s] = fma(g[r], x, sum[r][s]);
      }
    }
#pragma GCC unroll 8
    for (int s = 0; s < S; ++s) from[s] += t.planes_unit;
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int s = 0; s < S; ++s) sum[r][s].store(t.sums + (r * t.taps_pitch + s) * VT::size);
  }
}

template <class T>
using DotKernel = void (*)(const DotTile<T>&);

template <class T, int R, bool kCareful>
DotKernel<T> dot_kernel(int taps) {
  if constexpr (kDotTaps == 6) {
    if (taps == 6) return dot_tile<T, R, 6, kCareful>;
    if (taps == 5) return dot_tile<T, R, 5, kCareful>;
    if (taps == 4) return dot_tile<T, R, 4, kCareful>;
    if (taps == 3) return dot_tile<T, R, 3, kCareful>;
  }
  return taps == 2 ? dot_tile<T, R, 2, kCareful> : dot_tile<T, R, 1, kCareful>;
}
template <class T, bool kCareful>
DotKernel<T> dot_kernel(int rows, int taps) {
  if (rows == 4) return dot_kernel<T, 4, kCareful>(taps);
  if (rows == 3) return dot_kernel<T, 3, kCareful>(taps);
  return rows == 2 ? dot_kernel<T, 2, kCareful>(taps) : dot_kernel<T, 1, kCareful>(taps);
}

/// All m x k dot products: m rows of `tile.grad`, k taps.
template <class T, bool kCareful>
void run_dots(DotTile<T> tile, int64_t m, int64_t k) {
  const DotTile<T> first = tile;
  tile.taps_pitch = k;
  int64_t blocks = (k + kDotTaps - 1) / kDotTaps;
  for (int64_t row = 0; row < m; row += kDotRows) {
    int rows = int(m - row < kDotRows ? m - row : kDotRows);
    for (int64_t b = 0; b < blocks; ++b) {
      int64_t begin = k * b / blocks, end = k * (b + 1) / blocks;
      tile.grad = first.grad + row * first.pitch;
      tile.taps = first.taps + begin;
      tile.sums = first.sums + (row * k + begin) * Vec<T>::size;
      dot_kernel<T, kCareful>(rows, int(end - begin))(tile);
    }
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
