// SPDX-License-Identifier: MIT
// Rows of dropout where nothing is left to chance.
#include "tests/support/op_cases.h"

namespace adjoint::testing {

std::vector<OpCase> dropout_cases() {
  std::vector<OpCase> rows;
  OpCase& off = rows.emplace_back();
  off.name = "no_dropout.evaluation";
  off.call = [](const variable_list& t) { return dropout(t[0], 0.5, false); };
  off.formula = [](const std::vector<Array>& x) { return x[0]; };
  off.samples = unary_samples(values({}));
  off.large = {values({kManyElements})};
  off.errors = {error<Error>("dropout probability has to be between 0 and 1, but got 1.5",
                             [] { dropout(zeros({2}), 1.5, true); })};
  OpCase& all = rows.emplace_back(off);
  all.name = "dropout.everything";
  all.call = [](const variable_list& t) { return dropout(t[0], 1.0, true); };
  all.formula = [](const std::vector<Array>& x) { return map(x[0], [](double) { return 0.0; }); };
  all.finite_only = "0 times infinity, or zero: what is dropped is not looked at";
  all.errors.clear();
  OpCase& none = rows.emplace_back(all);
  none.name = "no_dropout.nothing";
  none.call = [](const variable_list& t) { return dropout(t[0], 0.0, true); };
  none.formula = [](const std::vector<Array>& x) { return x[0]; };
  return rows;
}

}  // namespace adjoint::testing
