// SPDX-License-Identifier: MIT
// Decompositions of one matrix by a team: a thread of the CPU alone, or a block of CUDA's.
//
// A Team has rank() and size(), the same as place and number in two dimensions (row() of rows(),
// column() of columns()), and sync(), behind which all see what all have written. Every member
// comes here with the same arguments, so that what one decides from the matrix alone, all decide.
// Matrices are row-major; work memory is the caller's. Members never write one element between two
// syncs that another reads there.
#pragma once

#include <stdint.h>

#include <limits>

#include "core/math/scalar.h"

// Of loops that several places call: on the CPU they are called. nvcc's calls would spill
// registers, and so would loops that it unrolls within each other.
#if defined(__CUDACC__)
#define HOST_DEVICE_CALLED HOST_DEVICE
#else
#define HOST_DEVICE_CALLED inline __attribute__((noinline))
#endif
#if defined(__CUDA_ARCH__)  // the host's compiler, too, sees what nvcc compiles
#define ROLLED _Pragma("unroll 1")
#else
#define ROLLED
#endif

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// A team of one.
struct Alone {
  HOST_DEVICE int64_t rank() const { return 0; }
  HOST_DEVICE int64_t size() const { return 1; }
  HOST_DEVICE int64_t row() const { return 0; }
  HOST_DEVICE int64_t rows() const { return 1; }
  HOST_DEVICE int64_t column() const { return 0; }
  HOST_DEVICE int64_t columns() const { return 1; }
  HOST_DEVICE void sync() const {}
};

/// In eight sums side by side, the same everywhere.
template <class T>
HOST_DEVICE_CALLED T dot(const T* x, const T* y, int64_t n) {
  T sums[8] = {};
  int64_t i = 0;
  ROLLED
  for (; i + 8 <= n; i += 8) {
    for (int k = 0; k < 8; ++k) sums[k] += x[i + k] * y[i + k];
  }
  for (int k = 0; k < 7; ++k) {
    if (i + k < n) sums[k] += x[i + k] * y[i + k];
  }
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

/// f(i, j) for the elements of an [n, m] matrix, divided between the team.
template <class Team, class F>
HOST_DEVICE void for_each_element(const Team& team, int64_t n, int64_t m, const F& f) {
  ROLLED
  for (int64_t i = team.row(); i < n; i += team.rows()) {
    ROLLED
    for (int64_t j = team.column(); j < m; j += team.columns()) f(i, j);
  }
}

/// The lower triangle of a [n, n] as L with L L^T = a, zeros above. Returns 0, or the order of the
/// first leading minor that is not positive. Column by column; rows are read along memory.
template <class T, class Team>
HOST_DEVICE int cholesky(const Team& team, T* a, int64_t n) {
  int info = 0;
  for (int64_t j = 0; j < n && info == 0; ++j) {
    for (int64_t i = j + team.rank(); i < n; i += team.size()) {
      a[i * n + j] -= dot(a + i * n, a + j * n, j);
    }
    team.sync();
    const T pivot = a[j * n + j];
    if (!(pivot > T(0))) {
      info = int(j + 1);
    } else {
      const T root = sqrt(pivot);
      team.sync();
      for (int64_t i = j + team.rank(); i < n; i += team.size()) {
        a[i * n + j] = i == j ? root : a[i * n + j] / root;
      }
    }
    team.sync();
  }
  for_each_element(team, n, n, [&](int64_t i, int64_t j) {
    if (j > i) a[i * n + j] = T(0);
  });
  return info;
}

/// x [n, m] becomes the solution of a x = x, `a` [n, n] being triangular; with `unit`, with ones on
/// its diagonal, which is not read.
template <class T, class Team>
HOST_DEVICE void solve_triangular(const Team& team, const T* a, T* x, int64_t n, int64_t m,
                                  bool upper, bool unit) {
  if (m == 1) {
    if (team.rank() != 0) return;
    for (int64_t step = 0; step < n; ++step) {
      const int64_t i = upper ? n - 1 - step : step;
      const T known = upper ? dot(a + i * n + i + 1, x + i + 1, n - 1 - i) : dot(a + i * n, x, i);
      x[i] = unit ? x[i] - known : (x[i] - known) / a[i * n + i];
    }
    return;
  }
  for (int64_t step = 0; step < n; ++step) {
    const int64_t i = upper ? n - 1 - step : step;
    T* const row = x + i * m;
    for (int64_t k = upper ? i + 1 : 0; k < (upper ? n : i); ++k) {
      const T factor = a[i * n + k];
      const T* const other = x + k * m;
      for (int64_t c = team.rank(); c < m; c += team.size()) row[c] -= factor * other[c];
    }
    if (unit) continue;
    const T diagonal = a[i * n + i];
    for (int64_t c = team.rank(); c < m; c += team.size()) row[c] /= diagonal;
  }
}

/// a [m, n] as P L U by the largest element of each column: L below the diagonal, where it has
/// ones, U on it and above. Row i was swapped with row pivots[i] - 1, for each i in turn. Returns
/// 0, or the number, from 1, of the first element of U's diagonal that is 0.
template <class T, class Team>
HOST_DEVICE int lu_factor(const Team& team, T* a, int32_t* pivots, int64_t m, int64_t n) {
  int info = 0;
  for (int64_t k = 0; k < (m < n ? m : n); ++k) {
    int64_t p = k;
    T best = abs(a[k * n + k]);
    for (int64_t i = k + 1; i < m; ++i) {
      const T x = abs(a[i * n + k]);
      if (x > best) {
        best = x;
        p = i;
      }
    }
    team.sync();
    if (team.rank() == 0) pivots[k] = int32_t(p + 1);
    if (p != k) {
      for (int64_t j = team.rank(); j < n; j += team.size()) {
        const T x = a[k * n + j];
        a[k * n + j] = a[p * n + j];
        a[p * n + j] = x;
      }
    }
    team.sync();
    const T pivot = a[k * n + k];
    if (pivot == T(0)) {
      if (info == 0) info = int(k + 1);
      continue;
    }
    for (int64_t i = k + 1 + team.rank(); i < m; i += team.size()) a[i * n + k] /= pivot;
    team.sync();
    for (int64_t i = k + 1 + team.row(); i < m; i += team.rows()) {
      const T factor = a[i * n + k];
      const T* const top = a + k * n;
      T* const row = a + i * n;
      for (int64_t j = k + 1 + team.column(); j < n; j += team.columns()) row[j] -= factor * top[j];
    }
    team.sync();
  }
  return info;
}

/// Where rows come from that were swapped as `pivots` of lu_factor say.
HOST_DEVICE void permutation_of(const int32_t* pivots, int64_t* permutation, int64_t k, int64_t m) {
  for (int64_t i = 0; i < m; ++i) permutation[i] = i;
  for (int64_t i = 0; i < k; ++i) {
    const int64_t p = pivots[i] - 1;
    if (p < 0 || p >= m) continue;
    const int64_t x = permutation[i];
    permutation[i] = permutation[p];
    permutation[p] = x;
  }
}

/// x becomes (1 - tau v v^T) x, v being 1 at first and then rest[1..n).
template <class T>
HOST_DEVICE_CALLED void reflect(const T* rest, T tau, T* x, int64_t n) {
  const T scale = tau * (x[0] + dot(rest + 1, x + 1, n - 1));
  x[0] -= scale;
  ROLLED
  for (int64_t i = 1; i < n; ++i) x[i] -= scale * rest[i];
}

/// Work memory of qr, in elements.
HOST_DEVICE int64_t qr_work(int64_t m, int64_t n, int64_t columns_of_q) {
  return (n + columns_of_q) * m + (m < n ? m : n);
}
/// a [m, n] = q [m, kq] r [kr, n] by Householder's reflections: the diagonal of r has the sign that
/// LAPACK's has. kq is 0 (no q), min(m, n) or m; kr is min(m, n) or m.
template <class T, class Team>
HOST_DEVICE void qr(const Team& team, const T* a, T* q, T* r, T* work, int64_t m, int64_t n,
                    int64_t kq, int64_t kr) {
  const int64_t steps = m < n ? m : n;
  T *const columns = work, *const q_columns = columns + n * m, *const taus = q_columns + kq * m;
  for_each_element(team, m, n, [&](int64_t i, int64_t j) { columns[j * m + i] = a[i * n + j]; });
  ROLLED
  for (int64_t k = 0; k < steps; ++k) {
    team.sync();
    T* const v = columns + k * m + k;
    const int64_t length = m - k;
    const T alpha = v[0];
    T largest = T(0);
    ROLLED
    for (int64_t i = 1; i < length; ++i) largest = maximum(largest, abs(v[i]));
    T beta = alpha, tau = T(0), scale = T(1);
    if (largest != T(0)) {
      largest = maximum(largest, abs(alpha));
      T squares = (alpha / largest) * (alpha / largest);
      ROLLED
      for (int64_t i = 1; i < length; ++i) squares += (v[i] / largest) * (v[i] / largest);
      const T norm = largest * sqrt(squares);
      beta = alpha > T(0) || (alpha == T(0) && !(T(1) / alpha < T(0))) ? -norm : norm;
      tau = (beta - alpha) / beta;
      scale = alpha - beta;
    }
    team.sync();
    ROLLED
    for (int64_t i = 1 + team.rank(); i < length; i += team.size()) v[i] /= scale;
    if (team.rank() == 0) {
      v[0] = beta;
      taus[k] = tau;
    }
    team.sync();
    ROLLED
    for (int64_t j = k + 1 + team.rank(); j < n; j += team.size()) {
      if (tau != T(0)) reflect(v, tau, columns + j * m + k, length);
    }
  }
  team.sync();
  for_each_element(team, kr, n, [&](int64_t i, int64_t j) {
    r[i * n + j] = i <= j ? columns[j * m + i] : T(0);
  });
  ROLLED
  for (int64_t j = team.rank(); j < kq; j += team.size()) {
    T* const column = q_columns + j * m;
    ROLLED
    for (int64_t i = 0; i < m; ++i) column[i] = T(i == j);
    ROLLED
    for (int64_t k = (j < steps ? j : steps - 1); k >= 0; --k) {
      if (taus[k] != T(0)) reflect(columns + k * m + k, taus[k], column + k, m - k);
    }
    ROLLED
    for (int64_t i = 0; i < m; ++i) q[i * kq + j] = column[i];
  }
}

/// Two of n rows, p < q, that pair k of a tournament's round meets; false where one has nobody to
/// meet. In n - 1 rounds, or n where that is odd, each two meet once.
struct Pair {
  int64_t p, q;
};
HOST_DEVICE_CALLED bool pair_of(int64_t round, int64_t k, int64_t n, Pair& pair) {
  const int others = int(n % 2 == 0 ? n - 1 : n);
  int p = int(round) + int(k), q = k == 0 ? others : int(round) - int(k);
  if (p >= others) p -= others;
  if (q < 0) q += others;
  pair = {p < q ? p : q, p < q ? q : p};
  return pair.q < n;
}
HOST_DEVICE int64_t rounds_of(int64_t n) { return n % 2 == 0 ? n - 1 : n; }
HOST_DEVICE int64_t pairs_of(int64_t n) { return (n + 1) / 2; }

/// The largest magnitude; NaN or infinite where an element is.
template <class T>
HOST_DEVICE_CALLED T largest_magnitude(const T* a, int64_t n) {
  T largest = T(0);
  ROLLED
  for (int64_t i = 0; i < n; ++i) largest = maximum(largest, abs(a[i]));
  return largest;
}

/// The rotation that makes off-diagonal `gamma` between `alpha` and `beta` zero.
template <class T>
HOST_DEVICE_CALLED void rotation_of(T alpha, T beta, T gamma, T& c, T& s) {
  const T zeta = (beta - alpha) / (T(2) * gamma), size = abs(zeta);
  // A square may overflow: then the tangent is 1 / (2 zeta), as near as the type has it.
  const T root = size > T(1e15) ? size : sqrt(T(1) + zeta * zeta);
  const T tangent = (zeta < T(0) ? T(-1) : T(1)) / (size + root);
  c = T(1) / sqrt(T(1) + tangent * tangent);
  s = c * tangent;
}
template <class T>
HOST_DEVICE void rotate(T& x, T& y, T c, T s) {
  const T kept = x;
  x = c * kept - s * y;
  y = s * kept + c * y;
}

constexpr int kMaxSweeps = 60;

/// Work memory of eigh, in elements.
HOST_DEVICE int64_t eigh_work(int64_t n) { return 2 * n * n + 3 * pairs_of(n) + n; }
/// values [n] rising and vectors [n, n], in columns, of the symmetric matrix whose lower triangle
/// `a` has: Jacobi's rotations, in rounds of pairs that do not touch each other. NaN where an
/// element is not finite.
template <class T, class Team>
HOST_DEVICE void eigh(const Team& team, const T* a, T* values, T* vectors, T* work, int64_t n) {
  T *const b = work, *const v = b + n * n, *const cosines = v + n * n;
  T *const sines = cosines + pairs_of(n), *const turned = sines + pairs_of(n),
           *const diagonal = turned + pairs_of(n);
  for_each_element(team, n, n, [&](int64_t i, int64_t j) {
    b[i * n + j] = i >= j ? a[i * n + j] : a[j * n + i];
    v[i * n + j] = T(i == j);
  });
  team.sync();
  const T largest = largest_magnitude(b, n * n);
  const bool finite = largest - largest == T(0);
  const T small = largest * std::numeric_limits<T>::epsilon() / T(4);
  ROLLED
  for (int sweep = 0; finite && sweep < kMaxSweeps; ++sweep) {
    ROLLED
    for (int64_t k = team.rank(); k < pairs_of(n); k += team.size()) turned[k] = T(0);
    ROLLED
    for (int64_t round = 0; round < rounds_of(n); ++round) {
      ROLLED
      for (int64_t k = team.rank(); k < pairs_of(n); k += team.size()) {
        Pair pair;
        cosines[k] = T(1);
        sines[k] = T(0);
        if (!pair_of(round, k, n, pair)) continue;
        const T off = b[pair.p * n + pair.q];
        if (!(abs(off) > small)) continue;
        rotation_of(b[pair.p * n + pair.p], b[pair.q * n + pair.q], off, cosines[k], sines[k]);
        turned[k] = T(1);
      }
      team.sync();
      ROLLED
      for (int64_t k = team.row(); k < pairs_of(n); k += team.rows()) {
        Pair pair;
        const T c = cosines[k], s = sines[k];
        if (s == T(0) || !pair_of(round, k, n, pair)) continue;
        T *const bp = b + pair.p * n, *const bq = b + pair.q * n;
        T *const vp = v + pair.p * n, *const vq = v + pair.q * n;
        ROLLED
        for (int64_t i = team.column(); i < n; i += team.columns()) rotate(bp[i], bq[i], c, s);
        ROLLED
        for (int64_t i = team.column(); i < n; i += team.columns()) rotate(vp[i], vq[i], c, s);
      }
      team.sync();
      ROLLED
      for (int64_t i = team.row(); i < n; i += team.rows()) {
        T* const row = b + i * n;
        ROLLED
        for (int64_t k = team.column(); k < pairs_of(n); k += team.columns()) {
          Pair pair;
          if (sines[k] == T(0) || !pair_of(round, k, n, pair)) continue;
          rotate(row[pair.p], row[pair.q], cosines[k], sines[k]);
          if (i == pair.p) row[pair.q] = T(0);
          if (i == pair.q) row[pair.p] = T(0);
        }
      }
      team.sync();
    }
    bool any = false;
    ROLLED
    for (int64_t k = 0; k < pairs_of(n); ++k) any = any || turned[k] != T(0);
    team.sync();
    if (!any) break;
  }
  ROLLED
  for (int64_t i = team.rank(); i < n; i += team.size()) diagonal[i] = b[i * n + i];
  team.sync();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  ROLLED
  for (int64_t j = team.rank(); j < n; j += team.size()) {
    int64_t place = finite ? 0 : j;
    ROLLED
    for (int64_t i = 0; finite && i < n; ++i) {
      place += int64_t(diagonal[i] < diagonal[j] || (diagonal[i] == diagonal[j] && i < j));
    }
    values[place] = finite ? diagonal[j] : nan;
    ROLLED
    for (int64_t i = 0; i < n; ++i) vectors[i * n + place] = finite ? v[j * n + i] : nan;
  }
}

/// Columns `first` and on of u [m, n] become unit vectors at right angles to each other and to
/// those in front; `x` is work memory of m elements. For one member of a team.
template <class T>
HOST_DEVICE_CALLED void complete_columns(T* u, T* x, int64_t first, int64_t m, int64_t n) {
  ROLLED
  for (int64_t j = first; j < n; ++j) {
    int64_t best = 0;
    T most = T(-1);  // of the unit vectors, the one that the columns in front explain least
    ROLLED
    for (int64_t i = 0; i < m; ++i) {
      const T left = T(1) - dot(u + i * n, u + i * n, j);
      if (left > most) {
        most = left;
        best = i;
      }
    }
    ROLLED
    for (int64_t i = 0; i < m; ++i) x[i] = T(i == best);
    ROLLED
    for (int pass = 0; pass < 2; ++pass) {
      ROLLED
      for (int64_t k = 0; k < j; ++k) {
        T along = T(0);
        ROLLED
        for (int64_t i = 0; i < m; ++i) along += x[i] * u[i * n + k];
        ROLLED
        for (int64_t i = 0; i < m; ++i) x[i] -= along * u[i * n + k];
      }
    }
    const T norm = sqrt(dot(x, x, m));
    ROLLED
    for (int64_t i = 0; i < m; ++i) u[i * n + j] = x[i] / norm;
  }
}

/// Work memory of svd, in elements.
HOST_DEVICE int64_t svd_work(int64_t m, int64_t n) { return n * m + n * n + pairs_of(n) + n + m; }
/// a [m, n], m >= n, = u [m, n] diag(s) v [n, n]^T, s falling: Hestenes' one-sided rotations of
/// columns until each two are at right angles. Returns 0, or 1 and NaNs where an element is not
/// finite.
template <class T, class Team>
HOST_DEVICE int svd(const Team& team, const T* a, T* u, T* s, T* v, T* work, int64_t m, int64_t n) {
  T *const columns = work, *const turns = columns + n * m, *const turned = turns + n * n;
  T *const norms = turned + pairs_of(n), *const spare = norms + n;
  const T largest = largest_magnitude(a, m * n);
  const bool finite = largest - largest == T(0);
  const T unit = largest > T(0) ? largest : T(1);
  for_each_element(team, m, n,
                   [&](int64_t i, int64_t j) { columns[j * m + i] = a[i * n + j] / unit; });
  for_each_element(team, n, n, [&](int64_t i, int64_t j) { turns[i * n + j] = T(i == j); });
  const T epsilon = std::numeric_limits<T>::epsilon(), right = epsilon * sqrt(T(m));
  ROLLED
  for (int sweep = 0; finite && sweep < kMaxSweeps; ++sweep) {
    team.sync();
    ROLLED
    for (int64_t k = team.rank(); k < pairs_of(n); k += team.size()) turned[k] = T(0);
    ROLLED
    for (int64_t round = 0; round < rounds_of(n); ++round) {
      team.sync();
      ROLLED
      for (int64_t k = team.rank(); k < pairs_of(n); k += team.size()) {
        Pair pair;
        if (!pair_of(round, k, n, pair)) continue;
        T *const x = columns + pair.p * m, *const y = columns + pair.q * m;
        const T alpha = dot(x, x, m), beta = dot(y, y, m), gamma = dot(x, y, m);
        if (!(abs(gamma) > right * sqrt(alpha) * sqrt(beta))) continue;
        T c, sine;
        rotation_of(alpha, beta, gamma, c, sine);
        ROLLED
        for (int64_t i = 0; i < m; ++i) rotate(x[i], y[i], c, sine);
        T *const vx = turns + pair.p * n, *const vy = turns + pair.q * n;
        ROLLED
        for (int64_t i = 0; i < n; ++i) rotate(vx[i], vy[i], c, sine);
        turned[k] = T(1);
      }
    }
    team.sync();
    bool any = false;
    ROLLED
    for (int64_t k = 0; k < pairs_of(n); ++k) any = any || turned[k] != T(0);
    if (!any) break;
  }
  team.sync();
  ROLLED
  for (int64_t j = team.rank(); j < n; j += team.size()) {
    norms[j] = sqrt(dot(columns + j * m, columns + j * m, m));
  }
  team.sync();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const T none = largest_magnitude(norms, n) * epsilon * epsilon;
  ROLLED
  for (int64_t j = team.rank(); j < n; j += team.size()) {
    int64_t place = finite ? 0 : j;
    ROLLED
    for (int64_t i = 0; finite && i < n; ++i) {
      place += int64_t(norms[i] > norms[j] || (norms[i] == norms[j] && i < j));
    }
    s[place] = finite ? norms[j] * unit : nan;
    ROLLED
    for (int64_t i = 0; i < n; ++i) v[i * n + place] = finite ? turns[j * n + i] : nan;
    ROLLED
    for (int64_t i = 0; i < m; ++i) {
      u[i * n + place] = !finite ? nan : norms[j] > none ? columns[j * m + i] / norms[j] : T(0);
    }
  }
  team.sync();
  if (team.rank() == 0 && finite) {
    int64_t rank = 0;
    ROLLED
    for (int64_t j = 0; j < n; ++j) rank += int64_t(norms[j] > none);
    complete_columns(u, spare, rank, m, n);
  }
  return finite ? 0 : 1;
}

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
