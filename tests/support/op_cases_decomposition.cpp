// SPDX-License-Identifier: MIT
// Rows of matrix decompositions. Their inputs are made well-conditioned within the calls, and what
// is given up to signs is compared in forms that do not depend on them.
#include <cmath>

#include "adjoint/ops/decomposition.h"
#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Arrays = std::vector<Array>;

/// One matrix.
struct Matrix {
  int64_t n, m;
  std::vector<double> values;
  Matrix(int64_t n, int64_t m) : n(n), m(m), values(size_t(n * m)) {}
  double& operator()(int64_t i, int64_t j) { return values[size_t(i * m + j)]; }
  double operator()(int64_t i, int64_t j) const { return values[size_t(i * m + j)]; }
};
using Matrices = std::vector<Matrix>;

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix out(a.n, b.m);
  for (int64_t i = 0; i < a.n; ++i) {
    for (int64_t j = 0; j < b.m; ++j) {
      for (int64_t k = 0; k < a.m; ++k) out(i, j) += a(i, k) * b(k, j);
    }
  }
  return out;
}
Matrix transposed(const Matrix& a) {
  Matrix out(a.m, a.n);
  for (int64_t i = 0; i < a.n; ++i) {
    for (int64_t j = 0; j < a.m; ++j) out(j, i) = a(i, j);
  }
  return out;
}
/// scale * a + shift * 1
Matrix moved(Matrix a, double scale, double shift) {
  for (double& v : a.values) v *= scale;
  for (int64_t i = 0; i < a.n; ++i) a(i, i) += shift;
  return a;
}
double trace(const Matrix& a) {
  double sum = 0;
  for (int64_t i = 0; i < a.n; ++i) sum += a(i, i);
  return sum;
}
/// Eliminates in the columns of `a`, in whatever order of rows, and does the same in `b`: what is
/// left of b is a^-1 b. Returns the determinant.
double eliminate(Matrix a, Matrix& b) {
  double determinant = 1;
  for (int64_t k = 0; k < a.n; ++k) {
    int64_t p = k;
    for (int64_t i = k + 1; i < a.n; ++i) {
      if (std::abs(a(i, k)) > std::abs(a(p, k))) p = i;
    }
    if (p != k) {
      determinant = -determinant;
      for (int64_t j = 0; j < a.m; ++j) std::swap(a(k, j), a(p, j));
      for (int64_t j = 0; j < b.m; ++j) std::swap(b(k, j), b(p, j));
    }
    const double pivot = a(k, k);
    determinant *= pivot;
    for (int64_t j = 0; j < a.m; ++j) a(k, j) /= pivot;
    for (int64_t j = 0; j < b.m; ++j) b(k, j) /= pivot;
    for (int64_t i = 0; i < a.n; ++i) {
      const double factor = a(i, k);
      if (i == k) continue;
      for (int64_t j = 0; j < a.m; ++j) a(i, j) -= factor * a(k, j);
      for (int64_t j = 0; j < b.m; ++j) b(i, j) -= factor * b(k, j);
    }
  }
  return determinant;
}
Matrix solved(const Matrix& a, Matrix b) {
  eliminate(a, b);
  return b;
}
Matrix inverse_of(const Matrix& a) { return solved(a, moved(Matrix(a.n, a.n), 1, 1)); }

/// f for each matrix of the batch, which all inputs have alike; f gives a result for each of
/// `shapes`, which stand behind the batch's sizes.
template <class F>
Arrays for_each_matrix(const Arrays& x, const std::vector<Sizes>& shapes, const F& f) {
  Arrays out;
  const Sizes batch(x[0].sizes.begin(), x[0].sizes.end() - 2);
  for (const Sizes& shape : shapes) {
    Sizes sizes = batch;
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    out.emplace_back(sizes);
  }
  for (int64_t i = 0; i < numel_of(batch); ++i) {
    Matrices in;
    for (const Array& a : x) {
      Matrix& one = in.emplace_back(a.size(-2), a.size(-1));
      std::copy_n(a.values.begin() + i * one.n * one.m, one.n * one.m, one.values.begin());
    }
    const Matrices results = f(in);
    for (size_t k = 0; k < results.size(); ++k) {
      const auto& values = results[k].values;
      std::copy(values.begin(), values.end(), out[k].values.begin() + i * int64_t(values.size()));
    }
  }
  return out;
}
Sizes matrix_sizes(const Array& a) { return {a.size(-2), a.size(-1)}; }
Matrix scalar(double v) {
  Matrix out(1, 1);
  out(0, 0) = v;
  return out;
}

Tensor shifted(const Tensor& a, double scale, double shift) {
  return scale * a + shift * eye(a.size(-1), a.options());
}
Tensor positive_definite(const Tensor& a) { return shifted(matmul(a, a.mT()), 1, 2); }
Tensor symmetric(const Tensor& a) { return (a + a.mT()) * 0.5; }
Matrix positive_definite(const Matrix& a) { return moved(product(a, transposed(a)), 1, 2); }

/// Row by row.
Matrix cholesky_factor(const Matrix& a) {
  Matrix l(a.n, a.n);
  for (int64_t i = 0; i < a.n; ++i) {
    for (int64_t j = 0; j <= i; ++j) {
      double rest = a(i, j);
      for (int64_t k = 0; k < j; ++k) rest -= l(i, k) * l(j, k);
      l(i, j) = i == j ? std::sqrt(rest) : rest / l(j, j);
    }
  }
  return l;
}
Matrix triangle(Matrix a, bool upper, bool unit) {
  for (int64_t i = 0; i < a.n; ++i) {
    for (int64_t j = 0; j < a.m; ++j) {
      if (upper ? j < i : j > i) a(i, j) = 0;
      if (unit && i == j) a(i, j) = 1;
    }
  }
  return a;
}
/// P, L and U, column by column of L, as Crout does.
Matrices lu_factors(const Matrix& a) {
  const int64_t k = std::min(a.n, a.m);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < a.n; ++i) rows.push_back(i);
  Matrix l(a.n, k), u(k, a.m), p(a.n, a.n);
  for (int64_t j = 0; j < k; ++j) {
    Matrix left(a.n, 1);
    int64_t best = j;
    for (int64_t i = j; i < a.n; ++i) {
      left(i, 0) = a(rows[size_t(i)], j);
      for (int64_t t = 0; t < j; ++t) left(i, 0) -= l(i, t) * u(t, j);
      if (std::abs(left(i, 0)) > std::abs(left(best, 0))) best = i;
    }
    std::swap(rows[size_t(j)], rows[size_t(best)]);
    std::swap(left(j, 0), left(best, 0));
    for (int64_t t = 0; t < j; ++t) std::swap(l(j, t), l(best, t));
    l(j, j) = 1;
    for (int64_t i = j + 1; i < a.n; ++i) l(i, j) = left(i, 0) / left(j, 0);
    for (int64_t c = j; c < a.m; ++c) {
      u(j, c) = a(rows[size_t(j)], c);
      for (int64_t t = 0; t < j; ++t) u(j, c) -= l(j, t) * u(t, c);
    }
  }
  for (int64_t i = 0; i < a.n; ++i) p(rows[size_t(i)], i) = 1;
  return {p, l, u};
}
/// Gram and Schmidt's, with a positive diagonal of R.
Matrices qr_factors(const Matrix& a) {
  const int64_t k = std::min(a.n, a.m);
  Matrix q(a.n, k);
  for (int64_t j = 0; j < k; ++j) {
    for (int64_t i = 0; i < a.n; ++i) q(i, j) = a(i, j);
    for (int64_t pass = 0; pass < 2; ++pass) {
      for (int64_t t = 0; t < j; ++t) {
        double along = 0;
        for (int64_t i = 0; i < a.n; ++i) along += q(i, t) * q(i, j);
        for (int64_t i = 0; i < a.n; ++i) q(i, j) -= along * q(i, t);
      }
    }
    double norm = 0;
    for (int64_t i = 0; i < a.n; ++i) norm += q(i, j) * q(i, j);
    for (int64_t i = 0; i < a.n; ++i) q(i, j) /= std::sqrt(norm);
  }
  return {q, triangle(product(transposed(q), a), true, false)};
}
/// tr a, tr a^2, tr a^3.
Matrix power_sums(const Matrix& a) {
  Matrix out(1, 3);
  const Matrix square = product(a, a);
  out(0, 0) = trace(a);
  out(0, 1) = trace(square);
  out(0, 2) = trace(product(square, a));
  return out;
}
Tensor power_sums(const Tensor& values) {
  return stack(
      {values.sum({-1}), (values * values).sum({-1}), (values * values * values).sum({-1})}, -1);
}

std::vector<Inputs> square_samples() {
  return {{values({3, 3})}, {values({1, 1})},    {values({2, 2, 2})},
          {values({0, 0})}, {values({0, 2, 2})}, {values({11, 11})}};
}

}  // namespace

std::vector<OpCase> decomposition_cases() {
  std::vector<OpCase> rows;
  auto add = [&](const char* name) -> OpCase& {
    OpCase& row = rows.emplace_back();
    row.name = name;
    row.samples = square_samples();
    row.large = {values({120, 7, 7})};
    row.dtypes = {kFloat, kDouble};
    row.ulps = 128;
    row.magnitude = 32;
    row.finite_only = "where a NaN goes is the order of elimination's affair";
    return row;
  };
  const auto rectangles = std::vector<Inputs>{
      {values({3, 3})}, {values({2, 4})},    {values({4, 2})},    {values({1, 1})},
      {values({0, 3})}, {values({2, 3, 2})}, {values({0, 2, 3})}, {values({9, 12})}};

  for (bool upper : {false, true}) {
    OpCase& row = add(upper ? "cholesky.upper" : "cholesky");
    row.call = [=](const variable_list& t) {
      return linalg_cholesky(positive_definite(t[0]), upper);
    };
    row.formula = [=](const Arrays& x) {
      return for_each_matrix(x, {matrix_sizes(x[0])}, [=](const Matrices& a) {
        const Matrix l = cholesky_factor(positive_definite(a[0]));
        return Matrices{upper ? transposed(l) : l};
      });
    };
    row.third_order = !upper;
    if (upper) continue;
    row.errors = {
        error<LinAlgError>("linalg.cholesky: The factorization could not be completed because the "
                           "input is not positive-definite (the leading minor of order 2 is not "
                           "positive-definite).",
                           [] {
                             linalg_cholesky(tensor({{1., 2.}, {2., 1.}}).to(test_device()));
                           }),
        error<LinAlgError>("linalg.cholesky: (Batch element 1): The factorization",
                           [] {
                             linalg_cholesky(stack({eye(2), -eye(2)}).to(test_device()));
                           }),
        error<Error>("linalg.cholesky: A must be batches of square matrices, but they are 2 by 3 "
                     "matrices",
                     [] {
                       linalg_cholesky(zeros({2, 3}));
                     }),
        error<Error>("linalg.cholesky: The input tensor A must have at least 2 dimensions.",
                     [] { linalg_cholesky(zeros({2})); }),
        error<NotImplementedError>("linalg.cholesky: Expected a floating point or complex tensor "
                                   "as input. Got Long",
                                   [] {
                                     linalg_cholesky(zeros({2, 2}, kLong));
                                   }),
        error<NotImplementedError>("Low precision dtypes not supported. Got Half", [] {
          linalg_cholesky(zeros({2, 2}, kHalf));
        })};
  }

  for (int form = 0; form < 8; ++form) {
    const bool upper = form & 1, left = !(form & 2), unit = form & 4;
    OpCase& row = add("solve_triangular");
    if (form != 0) {
      row.name +=
          std::string(upper ? ".upper" : ".lower") + (left ? "" : "_right") + (unit ? "_unit" : "");
    }
    row.samples = {{values({3, 3}), left ? values({3, 2}) : values({2, 3})},
                   {values({2, 2, 2}), values({2, 2, 2})},
                   {values({0, 0}), left ? values({0, 2}) : values({2, 0})},
                   {values({3, 3}), left ? values({3, 0}) : values({0, 3})},
                   {values({11, 11}), left ? values({11, 1}) : values({1, 11})}};
    row.large = {values({120, 7, 7}), values({120, 7, 7})};
    row.call = [=](const variable_list& t) {
      return linalg_solve_triangular(shifted(t[0], 0.25, 3), t[1], upper, left, unit);
    };
    row.formula = [=](const Arrays& x) {
      return for_each_matrix(x, {matrix_sizes(x[1])}, [=](const Matrices& a) {
        const Matrix t = triangle(moved(a[0], 0.25, 3), upper, unit);
        return Matrices{left ? solved(t, a[1])
                             : transposed(solved(transposed(t), transposed(a[1])))};
      });
    };
    if (form != 0) continue;
    row.errors = {
        error<Error>("linalg.solve_triangular: Incompatible shapes of A and B for the equation AX "
                     "= B (3x3 and 2x1)",
                     [] {
                       linalg_solve_triangular(eye(3), zeros({2, 1}), true);
                     }),
        error<Error>("for the equation XA = B (3x3 and 2x1)",
                     [] {
                       linalg_solve_triangular(eye(3), zeros({2, 1}), true, false);
                     }),
        error<Error>("linalg.solve_triangular: The input tensor B must have at least 2 dimensions.",
                     [] { linalg_solve_triangular(eye(3), zeros({3}), true); })};
  }

  OpCase& lu = add("lu_factor");
  lu.samples = rectangles;
  lu.call = [](const variable_list& t) {
    auto [packed, pivots, info] = linalg_lu_factor_ex(t[0]);
    return packed;
  };
  lu.formula = [](const Arrays& x) {
    return for_each_matrix(x, {matrix_sizes(x[0])}, [](const Matrices& a) {
      const Matrices f = lu_factors(a[0]);
      Matrix out(a[0].n, a[0].m);
      for (int64_t i = 0; i < out.n; ++i) {
        for (int64_t j = 0; j < out.m; ++j) out(i, j) = j < i ? f[1](i, j) : f[2](i, j);
      }
      return Matrices{out};
    });
  };
  lu.third_order = true;
  lu.errors = {
      error<LinAlgError>("torch.linalg.lu_factor: (Batch element 1): U[1,1] is zero and using it "
                         "on lu_solve would result in a division by zero.",
                         [] {
                           linalg_lu_factor(stack({eye(3), zeros({3, 3})}).to(test_device()));
                         }),
      error<Error>("torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: [3] "
                   "instead",
                   [] { linalg_lu_factor(zeros({3})); }),
      error<Error>("linalg.lu_factor: LU without pivoting is not implemented",
                   [] { linalg_lu_factor(eye(2), false); })};

  OpCase& unpacked = add("lu_factor.unpacked");
  unpacked.covers = {"pivots_to_permutation"};
  unpacked.samples = rectangles;
  unpacked.call = [](const variable_list& t) {
    auto [p, l, u] = linalg_lu(t[0]);
    return variable_list{p, l, u};
  };
  unpacked.formula = [](const Arrays& x) {
    const int64_t n = x[0].size(-2), m = x[0].size(-1), k = std::min(n, m);
    return for_each_matrix(x, {{n, n}, {n, k}, {k, m}},
                           [](const Matrices& a) { return lu_factors(a[0]); });
  };

  OpCase& resolved = add("linalg_lu_solve");
  resolved.samples = {{values({3, 3}), values({3, 2})},
                      {values({2, 2, 2}), values({2, 2, 1})},
                      {values({0, 0}), values({0, 2})}};
  resolved.large = {values({120, 7, 7}), values({120, 7, 7})};
  resolved.call = [](const variable_list& t) {
    auto [packed, pivots, info] = linalg_lu_factor_ex(shifted(t[0].flip({-2}), 0.25, 3));
    return variable_list{linalg_lu_solve(packed, pivots, t[1]),
                         linalg_lu_solve(packed, pivots, t[1], true, true),
                         linalg_lu_solve(packed, pivots, t[1].mT(), false)};
  };
  resolved.formula = [](const Arrays& x) {
    const int64_t n = x[1].size(-2), m = x[1].size(-1);
    return for_each_matrix(x, {{n, m}, {n, m}, {m, n}}, [](const Matrices& in) {
      Matrix flipped = in[0];
      for (int64_t i = 0; i < flipped.n; ++i) {
        for (int64_t j = 0; j < flipped.m; ++j) flipped(i, j) = in[0](flipped.n - 1 - i, j);
      }
      const Matrix a = moved(flipped, 0.25, 3), b = in[1];
      return Matrices{solved(a, b), solved(transposed(a), b), transposed(solved(transposed(a), b))};
    });
  };

  for (bool left : {true, false}) {
    OpCase& row = add(left ? "linalg_solve" : "linalg_solve.right");
    row.covers = {"lu_factor", "solve_triangular", "pivots_to_permutation"};
    row.samples = {{values({3, 3}), left ? values({3, 2}) : values({2, 3})},
                   {values({2, 2, 2}), values({2, 2, 2})},
                   {values({0, 0}), left ? values({0, 2}) : values({2, 0})},
                   {values({11, 11}), left ? values({11, 1}) : values({1, 11})}};
    row.large = {values({120, 7, 7}), values({120, 7, 7})};
    row.call = [=](const variable_list& t) {
      return linalg_solve(shifted(t[0], 0.25, -3), t[1], left);
    };
    row.formula = [=](const Arrays& x) {
      return for_each_matrix(x, {matrix_sizes(x[1])}, [=](const Matrices& in) {
        const Matrix a = moved(in[0], 0.25, -3);
        return Matrices{left ? solved(a, in[1])
                             : transposed(solved(transposed(a), transposed(in[1])))};
      });
    };
    row.third_order = left;
    if (!left) continue;
    row.errors = {
        error<LinAlgError>(
            "torch.linalg.solve: The solver failed because the input matrix is "
            "singular.",
            [] {
              linalg_solve(zeros({3, 3}, test_device()), zeros({3, 1}, test_device()));
            }),
        error<LinAlgError>("torch.linalg.solve: (Batch element 1): The solver failed",
                           [] {
                             linalg_solve(stack({eye(3), zeros({3, 3})}).to(test_device()),
                                          zeros({3, 1}, test_device()));
                           }),
        error<Error>("linalg.solve: Incompatible shapes of A and B for the equation AX = B (3x3 "
                     "and 2x1)",
                     [] {
                       linalg_solve(eye(3), zeros({2, 1}));
                     }),
        error<Error>("linalg.solve: Expected A and B to have the same dtype, but found A of type "
                     "Float and B of type Double instead",
                     [] {
                       linalg_solve(eye(3), zeros({3, 1}, kDouble));
                     }),
        error<Error>("The size of tensor a (5) must match the size of tensor b (2)", [] {
          linalg_solve(eye(3).expand({2, 3, 3}), zeros({5, 3, 1}));
        })};
  }

  OpCase& vectors = add("linalg_solve.vector");
  vectors.samples = {{values({3, 3}), values({3})},
                     {values({2, 2, 2}), values({2, 2})},
                     {values({0, 3, 3}), values({0, 3})}};
  vectors.large = {values({120, 7, 7}), values({120, 7})};
  vectors.call = [](const variable_list& t) { return linalg_solve(shifted(t[0], 0.25, 3), t[1]); };
  vectors.formula = [](const Arrays& x) {
    Array columns = x[1];
    columns.sizes.push_back(1);
    return for_each_matrix({x[0], columns}, {{x[1].size(-1)}}, [](const Matrices& in) {
      return Matrices{solved(moved(in[0], 0.25, 3), in[1])};
    });
  };

  OpCase& inverse = add("linalg_inv");
  inverse.call = [](const variable_list& t) { return linalg_inv(shifted(t[0], 0.25, 3)); };
  inverse.formula = [](const Arrays& x) {
    return for_each_matrix(x, {matrix_sizes(x[0])}, [](const Matrices& in) {
      return Matrices{inverse_of(moved(in[0], 0.25, 3))};
    });
  };
  inverse.errors = {
      error<LinAlgError>("linalg.inv: The diagonal element 3 is zero, the inversion could not be "
                         "completed because the input matrix is singular.",
                         [] {
                           linalg_inv(diag(tensor({1., 2., 0.})).to(test_device()));
                         }),
      error<LinAlgError>("linalg.inv: (Batch element 1): The diagonal element 1 is zero", [] {
        linalg_inv(stack({eye(3), zeros({3, 3})}).to(test_device()));
      })};

  OpCase& determinant = add("linalg_det");
  determinant.call = [](const variable_list& t) { return linalg_det(shifted(t[0], 0.5, -1)); };
  determinant.formula = [](const Arrays& x) {
    return for_each_matrix(x, {{}}, [](const Matrices& in) {
      Matrix none(in[0].n, 0);
      return Matrices{scalar(eliminate(moved(in[0], 0.5, -1), none))};
    });
  };
  OpCase& logarithm = add("linalg_slogdet");
  logarithm.call = [](const variable_list& t) { return linalg_slogdet(shifted(t[0], 0.5, -1)); };
  logarithm.formula = [](const Arrays& x) {
    return for_each_matrix(x, {{}, {}}, [](const Matrices& in) {
      Matrix none(in[0].n, 0);
      const double d = eliminate(moved(in[0], 0.5, -1), none);
      return Matrices{scalar(d < 0 ? -1 : 1), scalar(std::log(std::abs(d)))};
    });
  };

  OpCase& qr = add("qr");
  qr.samples = rectangles;
  qr.call = [](const variable_list& t) {
    auto [q, r] = linalg_qr(t[0]);
    const Tensor signs = sign(r.diagonal(0, -2, -1));
    return variable_list{q * signs.unsqueeze(-2), r * signs.unsqueeze(-1)};
  };
  qr.formula = [](const Arrays& x) {
    const int64_t n = x[0].size(-2), m = x[0].size(-1), k = std::min(n, m);
    return for_each_matrix(x, {{n, k}, {k, m}}, [](const Matrices& a) { return qr_factors(a[0]); });
  };
  qr.third_order = true;
  qr.errors = {
      error<Error>("qr received unrecognized mode 'x' but expected one of 'reduced' (default), "
                   "'r', or 'complete'",
                   [] { linalg_qr(eye(2), "x"); }),
      error<Error>(
          "The QR decomposition is not differentiable when mode='complete' and nrows > "
          "ncols.",
          [] {
            std::get<0>(linalg_qr(ones({3, 2}).requires_grad_(), "complete")).sum().backward();
          }),
      error<Error>("The derivative of linalg.qr depends on Q, which is not computed when mode='r'.",
                   [] {
                     std::get<1>(linalg_qr(ones({3, 2}).requires_grad_(), "r")).sum().backward();
                   })};

  for (bool upper : {false, true}) {
    OpCase& row = add(upper ? "eigh.upper" : "eigh");
    row.call = [=](const variable_list& t) {
      auto [l, v] = linalg_eigh(symmetric(t[0]), upper ? "U" : "L");
      return variable_list{power_sums(l), matmul(v * (l * l).unsqueeze(-2), v.mT())};
    };
    row.formula = [](const Arrays& x) {
      return for_each_matrix(x, {{3}, matrix_sizes(x[0])}, [](const Matrices& in) {
        Matrix a = in[0];
        for (int64_t i = 0; i < a.n; ++i) {
          for (int64_t j = 0; j < a.n; ++j) a(i, j) = (in[0](i, j) + in[0](j, i)) / 2;
        }
        return Matrices{power_sums(a), product(a, a)};
      });
    };
    row.third_order = !upper;
    if (upper) continue;
    row.errors = {error<Error>("Expected UPLO argument to be 'L' or 'U', but got x",
                               [] { linalg_eigh(eye(2), "x"); })};
  }

  OpCase& svd_row = add("svd");
  svd_row.samples = rectangles;
  svd_row.call = [](const variable_list& t) {
    auto [u, s, vh] = linalg_svd(t[0], false);
    return variable_list{power_sums(s * s), matmul(u * s.unsqueeze(-2), vh),
                         matmul(u * (s * s).unsqueeze(-2), u.mT()),
                         matmul(vh.mT() * (s * s).unsqueeze(-2), vh)};
  };
  svd_row.formula = [](const Arrays& x) {
    const int64_t n = x[0].size(-2), m = x[0].size(-1);
    return for_each_matrix(x, {{3}, {n, m}, {n, n}, {m, m}}, [](const Matrices& in) {
      const Matrix left = product(in[0], transposed(in[0]));
      return Matrices{power_sums(left), in[0], left, product(transposed(in[0]), in[0])};
    });
  };
  svd_row.magnitude = 256;
  svd_row.third_order = true;
  svd_row.errors = {
      error<LinAlgError>("linalg.svd: (Batch element 0): The algorithm failed to converge because "
                         "the input matrix contained non-finite values.",
                         [] {
                           linalg_svd(full({2, 2, 2}, NAN, test_device()));
                         }),
      error<Error>("linalg.svd: The input tensor A must have at least 2 dimensions.",
                   [] { linalg_svd(zeros({3})); })};

  OpCase& pseudo = add("linalg_pinv");
  pseudo.samples = {{values({4, 2})}, {values({2, 4})}, {values({2, 3, 2})}, {values({0, 3})}};
  pseudo.large = {values({120, 7, 4})};
  pseudo.call = [](const variable_list& t) { return linalg_pinv(t[0]); };
  pseudo.formula = [](const Arrays& x) {
    return for_each_matrix(x, {{x[0].size(-1), x[0].size(-2)}}, [](const Matrices& in) {
      const Matrix &a = in[0], t = transposed(a);
      return Matrices{a.n >= a.m ? product(inverse_of(product(t, a)), t)
                                 : product(t, inverse_of(product(a, t)))};
    });
  };
  return rows;
}

}  // namespace adjoint::testing
