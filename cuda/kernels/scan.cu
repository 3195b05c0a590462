// SPDX-License-Identifier: MIT
// Scans along a dimension: a line is walked by one thread, or, where lines are long and few, tile
// by tile by a block. Which of the two is a function of the sizes alone, and so is the order in
// which a block adds up.
#include "core/math/scan.h"

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cuda/dispatch.h"
#include "cuda/fast_divider.cuh"
#include "cuda/portable.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kShortLine = 32, kManyLines = 16384;

/// The lines of a dense tensor.
struct Lines {
  static constexpr std::tuple<> kernel_pointers{};
  int64_t count = 1, n;
  FastDivider64 inner;
  bool reverse;

  Lines(const TensorImpl& t, int64_t dim, bool from_the_end)
      : n(t.sizes()[size_t(dim)]), reverse(from_the_end) {
    int64_t below = 1;
    for (int64_t d = 0; d < t.dim(); ++d) {
      if (d != dim) count *= t.sizes()[size_t(d)];
      if (d > dim) below *= t.sizes()[size_t(d)];
    }
    inner = FastDivider64(uint64_t(below));
  }
  bool by_threads() const { return n <= kShortLine || count >= kManyLines; }
  /// Of the i-th element of a line in the walk's direction.
  __device__ int64_t offset(int64_t line, int64_t i) const {
    const uint64_t outer = inner.divide(uint64_t(line));
    const int64_t below = int64_t(inner.modulo(uint64_t(line), outer));
    return (int64_t(outer) * n + (reverse ? n - 1 - i : i)) * int64_t(inner.divisor) + below;
  }
};

// A scan has the State of what was so far; states are joined, the earlier one first.

template <class S, class Step>
struct SimpleScan {
  using State = math::opmath_t<S>;
  const S* in;
  S* out;
  static constexpr auto kernel_pointers = std::tuple(&SimpleScan::in, &SimpleScan::out);
  __device__ State load(int64_t at, int64_t) const { return compute_from<State>(in[at]); }
  __device__ State join(State a, State b) const { return Step{}(a, b); }
  __device__ void store(int64_t at, State s) const { out[at] = stored_from<S>(s); }
};

/// y -> x + a * y
template <class S>
struct RecurrenceScan {
  using C = math::opmath_t<S>;
  struct State {
    C x, a;
  };
  const S *x, *a;
  S* out;
  static constexpr auto kernel_pointers =
      std::tuple(&RecurrenceScan::x, &RecurrenceScan::a, &RecurrenceScan::out);
  __device__ State load(int64_t at, int64_t) const {
    return {compute_from<C>(x[at]), compute_from<C>(a[at])};
  }
  __device__ State join(State first, State then) const {
    return {then.x + then.a * first.x, then.a * first.a};
  }
  __device__ void store(int64_t at, State s) const { out[at] = stored_from<S>(s.x); }
};

template <class S, bool largest>
struct ExtremumScan {
  using C = math::opmath_t<S>;
  struct State {
    C value;
    int64_t index;
  };
  const S* in;
  S* values;
  int64_t* indices;
  static constexpr auto kernel_pointers =
      std::tuple(&ExtremumScan::in, &ExtremumScan::values, &ExtremumScan::indices);
  __device__ State load(int64_t at, int64_t i) const { return {compute_from<C>(in[at]), i}; }
  __device__ State join(State a, State b) const {
    return math::Overtakes<largest>{}(b.value, a.value) ? b : a;
  }
  __device__ void store(int64_t at, State s) const {
    values[at] = stored_from<S>(s.value);
    indices[at] = s.index;
  }
};

template <class Scan>
__global__ void __launch_bounds__(kThreads) scan_threads_kernel(Scan scan, Lines lines) {
  const int64_t line = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (line >= lines.count) return;
  auto state = scan.load(lines.offset(line, 0), 0);
  scan.store(lines.offset(line, 0), state);
  for (int64_t i = 1; i < lines.n; ++i) {
    const int64_t at = lines.offset(line, i);
    state = scan.join(state, scan.load(at, i));
    scan.store(at, state);
  }
}

/// In a tile, each thread joins with what stands 1, 2, 4, ... before it. W. D. Hillis, G. L.
/// Steele, Data parallel algorithms (1986).
template <class Scan>
__global__ void __launch_bounds__(kThreads) scan_blocks_kernel(Scan scan, Lines lines) {
  using State = typename Scan::State;
  SHARED_ARRAY(State, states, 2 * kThreads);
  SHARED(State, carry);
  const int me = int(threadIdx.x);
  const int64_t line = blockIdx.x;
  for (int64_t first = 0; first < lines.n; first += kThreads) {
    const int64_t i = first + me, at = lines.offset(line, i < lines.n ? i : lines.n - 1);
    State mine = scan.load(at, i);
    if (first > 0 && me == 0) mine = scan.join(carry, mine);
    State* now = states;
    State* next = states + kThreads;
    now[me] = mine;
    for (int distance = 1; distance < kThreads; distance *= 2) {
      __syncthreads();
      if (me >= distance) mine = scan.join(now[me - distance], mine);
      next[me] = mine;
      State* const swapped = now;
      now = next;
      next = swapped;
    }
    if (i < lines.n) scan.store(at, mine);
    // The last thread's carry is of the whole tile: only a whole one has another behind it.
    if (me == kThreads - 1) carry = mine;
    __syncthreads();
  }
}

template <class Scan>
void run(const Stream& stream, const Scan& scan, const Lines& lines) {
  if (lines.by_threads()) {
    launch<scan_threads_kernel<Scan>>(
        {unsigned((lines.count + kThreads - 1) / kThreads), kThreads, raw(stream)}, scan, lines);
  } else {
    launch<scan_blocks_kernel<Scan>>({unsigned(lines.count), kThreads, raw(stream)}, scan, lines);
  }
}

template <class S, class Step>
void scan_typed(const Stream& stream, const Tensor& out, const Tensor& self, int64_t dim,
                bool reverse) {
  const SimpleScan<S, Step> scan{static_cast<const S*>(self.impl()->data()),
                                 static_cast<S*>(out.impl()->data())};
  run(stream, scan, Lines(*out.impl(), dim, reverse));
}

template <class Step>
void sum_kernel(const Stream& stream, const Tensor& out, const Tensor& self, int64_t dim,
                bool reverse) {
  dispatch<float, double, int64_t, Half, BFloat16>(out.impl()->dtype(), [&]<class S>() {
    scan_typed<S, Step>(stream, out, self, dim, reverse);
  });
}

void logcumsumexp_kernel(const Stream& stream, const Tensor& out, const Tensor& self, int64_t dim,
                         bool reverse) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    scan_typed<S, math::RunningLogSum>(stream, out, self, dim, reverse);
  });
}

void recurrence_kernel(const Stream& stream, const Tensor& out, const Tensor& x, const Tensor& a,
                       int64_t dim, bool reverse) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    const RecurrenceScan<S> scan{static_cast<const S*>(x.impl()->data()),
                                 static_cast<const S*>(a.impl()->data()),
                                 static_cast<S*>(out.impl()->data())};
    run(stream, scan, Lines(*out.impl(), dim, reverse));
  });
}

template <bool largest>
void extremum_kernel(const Stream& stream, const Tensor& values, const Tensor& indices,
                     const Tensor& self, int64_t dim) {
  dispatch_all(self.impl()->dtype(), [&]<class S>() {
    const ExtremumScan<S, largest> scan{static_cast<const S*>(self.impl()->data()),
                                        static_cast<S*>(values.impl()->data()),
                                        static_cast<int64_t*>(indices.impl()->data())};
    run(stream, scan, Lines(*self.impl(), dim, false));
  });
}

}  // namespace

void register_scan_kernels(OpRegistry& registry) {
  registry.set_kernel("cumsum", kCUDA, sum_kernel<math::RunningSum>);
  registry.set_kernel("cumprod", kCUDA, sum_kernel<math::RunningProduct>);
  registry.set_kernel("logcumsumexp", kCUDA, logcumsumexp_kernel);
  registry.set_kernel("linear_recurrence", kCUDA, recurrence_kernel);
  registry.set_kernel("cummax", kCUDA, extremum_kernel<true>);
  registry.set_kernel("cummin", kCUDA, extremum_kernel<false>);
}

}  // namespace adjoint::cuda
