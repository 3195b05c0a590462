// SPDX-License-Identifier: MIT
// Rows of Einstein's sum and its kin.
#include <cmath>
#include <map>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Arrays = std::vector<Array>;

/// Each letter of `equation` ("ab,bc->ac") is an index that runs over its dimension.
Array einstein(const std::string& equation, const Arrays& x) {
  const size_t arrow = equation.find("->");
  std::vector<std::string> terms(1);
  for (char c : equation.substr(0, arrow)) {
    if (c == ',') {
      terms.emplace_back();
    } else {
      terms.back().push_back(c);
    }
  }
  const std::string result = equation.substr(arrow + 2);
  std::map<char, int64_t> sizes;
  for (size_t i = 0; i < terms.size(); ++i) {
    for (size_t d = 0; d < terms[i].size(); ++d) {
      int64_t& size = sizes.try_emplace(terms[i][d], 1).first->second;
      if (size == 1) size = x[i].sizes[d];
    }
  }
  Sizes all, out_sizes;
  std::string letters;
  for (const auto& [letter, size] : sizes) {
    letters += letter;
    all.push_back(size);
  }
  for (char c : result) out_sizes.push_back(sizes[c]);
  Array out(out_sizes);
  for_each_index(all, [&](const Sizes& at) {
    auto index_of = [&](const std::string& term, const Sizes* limits) {
      Sizes index;
      for (size_t d = 0; d < term.size(); ++d) {
        const int64_t i = at[letters.find(term[d])];
        index.push_back(limits && (*limits)[d] == 1 ? 0 : i);
      }
      return index;
    };
    double product = 1;
    for (size_t i = 0; i < terms.size(); ++i) product *= x[i].at(index_of(terms[i], &x[i].sizes));
    out.at(index_of(result, nullptr)) += product;
  });
  return out;
}

struct Form {
  const char* name;
  const char* equation;
  const char* plain;  // the same without an ellipsis, and with a result
  std::vector<Inputs> samples;
  Inputs large;
};

}  // namespace

std::vector<OpCase> einsum_cases() {
  const Inputs large = {values({60, 70}), values({70, 80})};
  const std::vector<Form> forms = {
      {"einsum",
       "ij,jk->ik",
       "ij,jk->ik",
       {{values({2, 3}), values({3, 4})},
        {values({0, 3}), values({3, 2})},
        {values({2, 0}), values({0, 3})}},
       large},
      {"einsum.implicit",
       "ij,jk",
       "ij,jk->ik",
       {{values({2, 3}), values({3, 4})}, {values({0, 3}), values({3, 2})}},
       large},
      {"einsum.order", "ba", "ba->ab", {{values({2, 3})}, {values({0, 3})}}, {values({300, 240})}},
      {"einsum.trace", "ii", "ii->", {{values({3, 3})}, {values({0, 0})}}, {values({300, 300})}},
      {"einsum.diagonal",
       "iij->ij",
       "iij->ij",
       {{values({3, 3, 2})}, {values({0, 0, 2})}},
       {values({100, 100, 5})}},
      {"einsum.sum", "ij->j", "ij->j", {{values({3, 4})}, {values({0, 4})}}, {values({300, 240})}},
      {"einsum.outer",
       "i,j->ij",
       "i,j->ij",
       {{values({3}), values({2})}, {values({0}), values({2})}},
       {values({300}), values({240})}},
      {"einsum.element",
       "ij,ij->i",
       "ij,ij->i",
       {{values({3, 4}), values({3, 4})}, {values({0, 2}), values({0, 2})}},
       {values({300, 240}), values({300, 240})}},
      {"einsum.batch",
       "bij,bjk->bik",
       "bij,bjk->bik",
       {{values({2, 2, 3}), values({2, 3, 2})}, {values({0, 2, 3}), values({0, 3, 2})}},
       {values({6, 50, 60}), values({6, 60, 70})}},
      {"einsum.stretched",
       "ij,jk->ik",
       "ij,jk->ik",
       {{values({2, 1}), values({3, 4})}, {values({2, 1}), values({0, 4})}},
       {values({60, 1}), values({70, 80})}},
      {"einsum.three",
       "ij,jk,kl->il",
       "ij,jk,kl->il",
       {{values({2, 3}), values({3, 2}), values({2, 2})},
        {values({0, 2}), values({2, 2}), values({2, 1})}},
       {values({40, 50}), values({50, 60}), values({60, 40})}},
      {"einsum.ellipsis",
       "...ij,...jk->...ik",
       "aij,ajk->aik",
       {{values({2, 2, 3}), values({2, 3, 2})},
        {values({2, 2, 3}), values({1, 3, 2})},
        {values({0, 2, 3}), values({1, 3, 2})}},
       {values({6, 50, 60}), values({6, 60, 70})}},
      {"einsum.bilinear",
       "bn,anm,bm->ba",
       "bn,anm,bm->ba",
       {{values({2, 2}), values({2, 2, 3}), values({2, 3})},
        {values({0, 2}), values({2, 2, 3}), values({0, 3})}},
       {values({20, 30}), values({20, 30, 10}), values({20, 10})}},
  };
  std::vector<OpCase> rows;
  for (const Form& form : forms) {
    OpCase& row = rows.emplace_back();
    row.name = form.name;
    const std::string equation = form.equation, plain = form.plain;
    row.call = [=](const variable_list& t) { return einsum(equation, t); };
    row.formula = [=](const Arrays& x) { return einstein(plain, x); };
    row.samples = form.samples;
    row.large = form.large;
    row.dtypes = {kFloat, kDouble, kHalf, kBFloat16, kLong};
    row.magnitude = 64;
    row.half_ulps = 4;
    row.sums_in_memory_order = true;
    if (form.samples[0].size() > 2) {
      row.finite_only = "infinities and zeros meet in the order in which operands are multiplied";
    }
  }
  auto x = [] { return zeros({3, 4}); };
  auto fails = [=](const char* phrase, const char* equation, int operands) {
    return error<Error>(phrase, [=] { einsum(equation, variable_list(size_t(operands), x())); });
  };
  rows[0].errors = {
      fails("einsum(): subscript j has size 3 for operand 1 which does not broadcast with "
            "previously seen size 4",
            "ij,jk->ik", 2),
      fails("einsum(): fewer operands were provided than specified in the equation", "ij,jk->ik",
            1),
      fails("einsum(): more operands were provided than specified in the equation", "ij", 2),
      fails("einsum(): the number of subscripts in the equation (3) does not match the number of "
            "dimensions (2) for operand 0 and no ellipsis was given",
            "ijk->ik", 1),
      fails("einsum(): output subscript z does not appear in the equation for any input operand",
            "ij->iz", 1),
      fails("einsum(): output subscript i appears more than once in the output", "ij->ii", 1),
      fails("einsum(): invalid subscript given at index 1 in the equation string, subscripts must "
            "be in [a-zA-Z]",
            "i1->i", 1),
      fails("einsum(): subscript i is repeated for operand 0 but the sizes don't match, 4 != 3",
            "ii->i", 1),
      fails("einsum(): found '.' for operand 0 that is not part of any ellipsis", "i..->i", 1),
      error<ValueError>("einsum(): must specify the equation string and at least one operand",
                        [] { einsum("", {}); })};

  OpCase& tensors = rows.emplace_back();
  tensors.name = "tensordot";
  tensors.call = [](const variable_list& t) { return tensordot(t[0], t[1], {1, 0}, {0, 1}); };
  tensors.formula = [](const Arrays& a) { return einstein("abc,bad->cd", a); };
  tensors.samples = {{values({2, 3, 2}), values({3, 2, 4})},
                     {values({2, 0, 2}), values({0, 2, 4})}};
  tensors.large = {values({20, 30, 40}), values({30, 20, 40})};
  tensors.errors = {error<Error>("contracted dimensions need to match, but first has size 4 in dim "
                                 "1 and second has size 3 in dim 0",
                                 [] {
                                   tensordot(zeros({3, 4}), zeros({3, 4}), 1);
                                 }),
                    error<Error>("both dimension lists should have same length", [] {
                      tensordot(zeros({3, 4}), zeros({3, 4}), {0}, {0, 1});
                    })};
  OpCase& blocks = rows.emplace_back();
  blocks.name = "kron";
  blocks.call = [](const variable_list& t) { return kron(t[0], t[1]); };
  blocks.formula = [](const Arrays& a) {
    Array out({a[0].sizes[0] * a[1].sizes[0], a[0].sizes[1] * a[1].sizes[1]});
    for_each_index(out.sizes, [&](const Sizes& at) {
      const int64_t n = a[1].sizes[0], m = a[1].sizes[1];
      out.at(at) = a[0].at({at[0] / n, at[1] / m}) * a[1].at({at[0] % n, at[1] % m});
    });
    return out;
  };
  blocks.samples = {{values({2, 3}), values({2, 2})}, {values({0, 3}), values({2, 2})}};
  blocks.large = {values({20, 30}), values({10, 10})};
  OpCase& batches = rows.emplace_back();
  batches.name = "baddbmm";
  batches.call = [](const variable_list& t) { return baddbmm(t[0], t[1], t[2], 0.5, -2); };
  batches.formula = [](const Arrays& a) {
    Array p = einstein("bij,bjk->bik", {a[1], a[2]});
    return map(p, a[0], [](double v, double s) { return 0.5 * s - 2 * v; });
  };
  batches.samples = {{values({2}), values({2, 2, 3}), values({2, 3, 2})},
                     {values({2}), values({0, 2, 3}), values({0, 3, 2})}};
  batches.large = {values({70}), values({6, 50, 60}), values({6, 60, 70})};
  OpCase& vector = rows.emplace_back();
  vector.name = "addmv";
  vector.call = [](const variable_list& t) { return addmv(t[0], t[1], t[2]); };
  vector.formula = [](const Arrays& a) {
    return map(einstein("ij,j->i", {a[1], a[2]}), a[0], [](double p, double s) { return p + s; });
  };
  vector.samples = {{values({2}), values({2, 3}), values({3})},
                    {values({0}), values({0, 3}), values({3})}};
  vector.large = {values({300}), values({300, 240}), values({240})};
  OpCase& distances = rows.emplace_back();
  distances.name = "cdist";
  distances.call = [](const variable_list& t) { return cdist(t[0], t[1]); };
  distances.formula = [](const Arrays& a) {
    Array out({a[0].sizes[0], a[1].sizes[0]});
    for_each_index(out.sizes, [&](const Sizes& at) {
      double sum = 0;
      for (int64_t k = 0; k < a[0].sizes[1]; ++k) {
        sum += std::pow(a[0].at({at[0], k}) - a[1].at({at[1], k}), 2);
      }
      out.at(at) = std::sqrt(sum);
    });
    return out;
  };
  distances.samples = {{values({3, 2}), values({4, 2})}, {values({0, 2}), values({4, 2})}};
  distances.large = {values({60, 20}), values({50, 20})};
  distances.errors = {
      error<Error>("X1 and X2 must have the same number of columns. X1: 3 X2: 4", [] {
        cdist(zeros({2, 3}), zeros({2, 4}));
      })};
  for (OpCase& row : rows) {
    row.magnitude = 128;
    row.half_ulps = 8;
    row.sums_in_memory_order = true;
  }
  return rows;
}

}  // namespace adjoint::testing
