// SPDX-License-Identifier: MIT
// The matrix product: which way to compute it, blocks for the caches, tiles for the registers.
#include "cpu/kernels/gemm.h"

#include "cpu/kernels/gemm_pack.h"
#include "cpu/kernels/gemm_tile.h"
#include "cpu/scratch.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace gemm_detail {

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

/// `n` things in `parts` parts that are as even as may be: the first few are longer by one.
struct Parts {
  int64_t size, longer;
  Parts(int64_t n, int64_t parts) : size(n), longer(0) {
    if (parts > 1) {
      size = n / parts;
      longer = n % parts;
    }
  }
  int64_t operator[](int64_t i) const { return size + (i < longer ? 1 : 0); }
};

// Note [Blocks of gemm]
// ~~~~~~~~~~~~~~~~~~~~~
// A block of B, of kBlockK rows and kBlockN columns, stays in the L2 cache while the rows of A
// pass. C is read and written once for each block of k, and A read once for each block of columns:
// long blocks of few columns move the least memory. (At 2048^3 blocks of 256 by 384 floats gave 81
// % of the peak, these 88 %.) Measured with bench/gemm_bench, one thread of an AVX-512 processor
// whose peak was 116 GFLOP/s, NN, best of six; libxsmm is its kernel for one shape, which packs
// nothing and was called directly:
//             here   oneDNN 2.6   OpenBLAS 0.3.21   libxsmm 1.17
//   64^3       113        76            113              116
//   96^3       113       103            113              117
//   128^3      112       105             98               55
//   192^3      110       107            100              117
//   256^3      109       105            100              117
//   384^3      105       107             96              112
//   512^3      104       105             95               41
// and in an earlier run, of a peak of 115:
//   64^3 NT               105     75     83
//   256^3 NT              108    107    101
//   1024^3 NN / NT    101 / 103  101 / 93  89 / 89
//   2048^3 NN             100    103     93
//   64x128x784 NT         108    100     90
//   128x784x64 TN         107    110     97
// So none of these libraries is called: where they are faster it is by less than a call costs at
// the sizes of small networks, or at some shapes only.
inline constexpr int64_t kBlockK = 512;
#if defined(__AVX512F__)
template <class T>
inline constexpr int64_t kBlockN = 1152 / sizeof(T);
#else
template <class T>
inline constexpr int64_t kBlockN = 768 / sizeof(T);  // processors of smaller caches
#endif

template <class T>
inline constexpr TileKernels<T, kTileRows, kTileVectors> kTiles{};
template <class T>
inline constexpr TileKernels<T, 1, kRowVectors> kRow{};

/// The rows of a tile of A, rounded up to vectors.
template <class T>
inline constexpr int64_t kTileWidth = ceil_div(kTileRows, kLanes<T>) * kLanes<T>;

/// B is packed if the tiles can't read it as it lies, or if it is larger than the L1 cache likes
/// and read for enough rows of A to pay for the copy. (Measured; with short tiles it pays earlier.)
template <class T>
bool packs_b(const GemmArgs<T>& g) {
  if (g.b_col != 1 && g.n > 1) return true;
  const int64_t bytes = g.k * g.n * int64_t{sizeof(T)};
  return bytes > (1 << 16) ? g.m >= 48 : kTileRows < 8 && bytes > (1 << 14) && g.m >= 96;
}

/// Rows of A that are columns in memory touch one cache line in each step of k, at long strides all
/// in a few cache sets. They are packed if that is so and there are enough columns to pay for it.
template <class T>
bool packs_a(const GemmArgs<T>& g) {
  return g.a_col * int64_t{sizeof(T)} >= 2048 && g.m > 1 && g.n >= 16 * kLanes<T>;
}

/// All rows and one block of columns, by register tiles over blocks of k.
template <class T>
void multiply_columns(const GemmArgs<T>& g) {
  constexpr int64_t kWidth = kLanes<T>;
  const bool pack_a = packs_a(g), pack_b = packs_b(g);
  const int64_t vectors = ceil_div(g.n, kWidth);
  const Parts panels(vectors, ceil_div(vectors, g.m == 1 ? kRowVectors : kTileVectors));
  const Parts rows(g.m, ceil_div(g.m, kTileRows));
  const Parts blocks(g.k, ceil_div(g.k, kBlockK));
  T* packed_a = nullptr;
  T* packed_b = nullptr;
  if (pack_a || pack_b) {
    const int64_t a_size = min(g.k, kBlockK) * kTileWidth<T>;
    const int64_t b_size = min(g.k, kBlockK) * vectors * kWidth;
    const size_t size = static_cast<size_t>(a_size + (pack_b ? b_size : 0));
    packed_a = static_cast<T*>(scratch(Scratch::kGemm, size * sizeof(T)));
    packed_b = packed_a + a_size;
  }
  TileArgs<T> t;
  t.a_row = pack_a ? 1 : g.a_row;
  t.a_col = pack_a ? kTileWidth<T> : g.a_col;
  t.c_row = g.c_row;
  t.last_lanes = g.n - (vectors - 1) * kWidth;

  int64_t p = 0, block = 0;
  do {
    t.k = blocks[block++];
    t.add = g.accumulate || p > 0;
    int64_t row = 0;
    for (int64_t i = 0; row < g.m; row += rows[i++]) {
      t.a = g.a + row * g.a_row + p * g.a_col;
      if (pack_a) {
        pack_columns(t.a, g.a_col, g.a_row, t.k, rows[i], kTileWidth<T>, packed_a);
        t.a = packed_a;
      }
      const auto& kernels = g.m == 1 ? kRow<T>.of[0] : kTiles<T>.of[rows[i] - 1];
      int64_t first = 0;
      for (int64_t j = 0; first < vectors; first += panels[j++]) {
        const int64_t column = first * kWidth, width = panels[j] * kWidth;
        t.b = g.b + p * g.b_row + column * g.b_col;
        t.b_row = g.b_row;
        if (pack_b) {
          T* panel = packed_b + column * t.k;
          if (row == 0) {
            pack_columns(t.b, g.b_row, g.b_col, t.k, min(width, g.n - column), width, panel);
          }
          t.b = panel;
          t.b_row = width;
        }
        t.c = g.c + row * g.c_row + column;
        t.bias = g.bias && p == 0 ? g.bias + column : nullptr;
        const bool partial = column + width > g.n;
        kernels[panels[j] - 1][partial](t);
      }
    }
    p += t.k;
  } while (p < g.k);
}

/// Empty operands may be null, and null has no next row or column.
template <class T>
GemmArgs<T> without_steps(GemmArgs<T> g) {
  g.a_row = g.b_col = 0;
  return g;
}

/// Rows [i, i + m) and columns [j, j + n) of a product.
template <class T>
GemmArgs<T> slice(GemmArgs<T> g, int64_t i, int64_t m, int64_t j, int64_t n) {
  g.m = m;
  g.n = n;
  g.a += i * g.a_row;
  g.b += j * g.b_col;
  g.c += i * g.c_row + j;
  if (g.bias) g.bias += j;
  return g;
}

template <class T>
void multiply_by_tiles(const GemmArgs<T>& g) {
  if (g.n <= kBlockN<T>) return multiply_columns(g);
  for (int64_t j = 0; j < g.n; j += kBlockN<T>) {
    multiply_columns(slice(g, 0, g.m, j, min(kBlockN<T>, g.n - j)));
  }
}

/// C as the transpose of B^T A^T: vectors run along the rows of C.
template <class T>
void multiply_transposed(const GemmArgs<T>& g) {
  const bool in_place = g.n == 1 && g.c_row == 1 && !g.bias;
  for (int64_t i = 0; i < g.m; i += kBlockN<T>) {
    const int64_t rows = min(kBlockN<T>, g.m - i);
    const int64_t width = ceil_div(rows, kLanes<T>) * kLanes<T>;
    T* c = g.c + i * g.c_row;
    T* out = c;
    if (!in_place) {
      const size_t size = static_cast<size_t>(g.n * width);
      out = static_cast<T*>(scratch(Scratch::kGemmResult, size * sizeof(T)));
    }
    multiply_columns(GemmArgs<T>{g.n, rows, g.k, g.b, g.b_col, g.b_row, g.a + i * g.a_row, g.a_col,
                                 g.a_row, out, width, in_place && g.accumulate, nullptr});
    if (!in_place) {
      write_transposed(out, width, rows, g.n, c, g.c_row, g.accumulate, g.bias);
    }
  }
}

template <class T>
inline constexpr int kDotRows = kLanes<T> >= 8 ? kLanes<T> / 4 : 1;

/// Squares of dot products along k.
template <class T>
void multiply_by_dots(const GemmArgs<T>& g) {
  DotArgs<T> d;
  d.k = g.k;
  d.add = g.accumulate;
  if (g.n == 1) {  // a column is the row of the transposed product
    d.a = g.b;
    d.a_row = 0;
    d.b_row = g.a_row;
    d.c_row = 0;
    d.c_col = g.c_row;
    d.bias = g.bias;
    d.bias_col = 0;
    d.rows = 1;
    for (int64_t i = 0; i < g.m; i += kLanes<T>) {
      d.b = g.a + i * g.a_row;
      d.c = g.c + i * g.c_row;
      d.columns = min(kLanes<T>, g.m - i);
      dots<T, 1>(d);
    }
    return;
  }
  const int64_t rows = g.m == 1 ? 1 : kDotRows<T>;
  const int64_t columns = kLanes<T> / rows;
  const auto kernel = g.m == 1 ? dots<T, 1> : dots<T, kDotRows<T>>;
  d.a_row = g.a_row;
  d.b_row = g.b_col;
  d.c_row = g.c_row;
  d.c_col = 1;
  d.bias_col = 1;
  for (int64_t j = 0; j < g.n; j += columns) {
    d.b = g.b + j * g.b_col;
    d.bias = g.bias ? g.bias + j : nullptr;
    d.columns = min(columns, g.n - j);
    for (int64_t i = 0; i < g.m; i += rows) {
      d.a = g.a + i * g.a_row;
      d.c = g.c + i * g.c_row + j;
      d.rows = min(rows, g.m - i);
      kernel(d);
    }
  }
}

template <class T>
using Method = void (*)(const GemmArgs<T>&);

// The width of C up to which it may be computed transposed: that takes work memory.
inline constexpr int64_t kTransposedColumns = 128;

/// The method with the fewest vector instructions, counted roughly. It is chosen by the whole
/// product, also for a part of it: Note [Order of sums in gemm].
template <class T>
Method<T> choose_method(const GemmArgs<T>& g) {
  constexpr int64_t kWidth = kLanes<T>;
  const bool along_k = (g.a_col == 1 && g.b_row == 1) || g.k == 1;
  const bool b_ready = g.b_col == 1 || g.n == 1;
  if (along_k && (g.m == 1 || g.n == 1) && !(g.m == 1 && g.b_col == 1)) return multiply_by_dots<T>;
  const int64_t tiles = g.m * ceil_div(g.n, kWidth) * g.k + (b_ready ? 0 : g.n * g.k / 6);
  int64_t best = tiles;
  Method<T> method = multiply_by_tiles<T>;
  if (along_k && !b_ready) {
    const int64_t squares = ceil_div(g.m, kDotRows<T>) * ceil_div(g.n, kWidth / kDotRows<T>);
    const int64_t dots = squares * kWidth * (ceil_div(g.k, kWidth) + 3);
    if (dots < best) {
      best = dots;
      method = multiply_by_dots<T>;
    }
  }
  if (g.n <= kTransposedColumns) {
    const int64_t transposed =
        g.n * ceil_div(g.m, kWidth) * g.k + (g.a_row == 1 ? 0 : g.m * g.k / 6) + g.m * g.n / 2;
    if (transposed < best) method = multiply_transposed<T>;
  }
  return method;
}

/// C is divided among threads in tiles of these sizes.
struct TileGrid {
  int64_t rows, columns, row_tiles, column_tiles;
};
template <class T>
TileGrid tile_grid(const GemmArgs<T>& g) {
  constexpr int64_t kRows = 4 * kTileRows;
  TileGrid grid;
  grid.rows = kRows;
  grid.columns = g.m < 16 * kRows ? 4 * kLanes<T> : kBlockN<T>;
  grid.row_tiles = ceil_div(g.m, grid.rows);
  grid.column_tiles = ceil_div(g.n, grid.columns);
  return grid;
}

}  // namespace gemm_detail

template <class T>
void gemm(const GemmArgs<T>& args) {
  if (args.m == 0 || args.n == 0) return;
  if (args.k == 0) return gemm_detail::multiply_by_tiles(gemm_detail::without_steps(args));
  gemm_detail::choose_method(args)(args);
}

template <class T>
int64_t gemm_tile_count(const GemmArgs<T>& args) {
  const auto grid = gemm_detail::tile_grid(args);
  return grid.row_tiles * grid.column_tiles;
}

template <class T>
void gemm_tiles(const GemmArgs<T>& args, int64_t begin, int64_t end) {
  const auto grid = gemm_detail::tile_grid(args);
  if (begin == 0 && end == grid.row_tiles * grid.column_tiles) return gemm(args);
  const auto method = gemm_detail::choose_method(args);
  const auto g = args.k == 0 ? gemm_detail::without_steps(args) : args;
  while (begin < end) {
    const int64_t column = begin / grid.row_tiles * grid.columns;
    const int64_t row_tile = begin % grid.row_tiles;
    const int64_t tiles = gemm_detail::min(grid.row_tiles - row_tile, end - begin);
    const int64_t row = row_tile * grid.rows;
    method(gemm_detail::slice(g, row, gemm_detail::min(tiles * grid.rows, g.m - row), column,
                              gemm_detail::min(grid.columns, g.n - column)));
    begin += tiles;
  }
}

template <class T>
int64_t gemm_grain(const GemmArgs<T>& args) {
  constexpr int64_t kWorth = 1 << 18;  // multiplications that take some microseconds
  const auto grid = gemm_detail::tile_grid(args);
  const int64_t tile =
      gemm_detail::min(grid.rows, args.m) * gemm_detail::min(grid.columns, args.n) * args.k;
  return tile < kWorth ? gemm_detail::ceil_div(kWorth, tile > 0 ? tile : 1) : 1;
}

#define ADJOINT_INSTANTIATE_GEMM(T)                               \
  template void gemm(const GemmArgs<T>&);                         \
  template int64_t gemm_tile_count(const GemmArgs<T>&);           \
  template void gemm_tiles(const GemmArgs<T>&, int64_t, int64_t); \
  template int64_t gemm_grain(const GemmArgs<T>&)
ADJOINT_INSTANTIATE_GEMM(float);
ADJOINT_INSTANTIATE_GEMM(double);
#undef ADJOINT_INSTANTIATE_GEMM

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
