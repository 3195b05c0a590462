// SPDX-License-Identifier: MIT
// One row per form of an operation: how to call it, what it should give, on which inputs. The tests
// of tests/ops walk the rows; a new operation is tested by adding its row to the file of its family
// (op_cases_<family>.cpp).
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <tuple>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {

/// How to make an input. Numbers are the same in every run.
struct Input {
  enum class Kind { Values, Index, Mask };
  Sizes sizes = {};
  Kind kind = Kind::Values;
  double low = -2, high = 2;
  std::vector<double> kinks = {};  ///< values keep 0.05 away from these
  bool is_distinct = false;        ///< no two values are closer than 0.01
  bool is_rounded = false;         ///< multiples of 1/2, so that some are equal
  bool has_gradient = true;
  ScalarType dtype = ScalarType::Undefined;  ///< Undefined: the one under test

  Input between(double from, double to) const;
  Input away_from(std::vector<double> values) const;
  Input distinct() const;
  Input rounded() const;
  Input no_grad() const;
};
using Inputs = std::vector<Input>;

/// Numbers of the dtype under test, uniform in [-2, 2].
Input values(Sizes sizes);
/// Integers in [0, n), kLong.
Input indices(Sizes sizes, int64_t n);
/// Truth values, kBool.
Input mask(Sizes sizes);

/// An operation on tensors: any callable that takes the list of inputs and returns a tensor, a
/// tuple of two or a list.
class Call {
 public:
  Call() = default;
  template <class F>
  Call(F f) : function_([f](const variable_list& t) { return list(f(t)); }) {}
  variable_list operator()(const variable_list& inputs) const { return function_(inputs); }

 private:
  static variable_list list(Tensor t) { return {std::move(t)}; }
  static variable_list list(std::tuple<Tensor, Tensor> t) {
    return {std::get<0>(t), std::get<1>(t)};
  }
  static variable_list list(variable_list t) { return t; }
  std::function<variable_list(const variable_list&)> function_;
};

/// The same on arrays, written without the library.
class Formula {
 public:
  Formula() = default;
  template <class F>
  Formula(F f) : function_([f](const std::vector<Array>& a) { return list(f(a)); }) {}
  std::vector<Array> operator()(const std::vector<Array>& inputs) const {
    return function_(inputs);
  }

 private:
  static std::vector<Array> list(Array a) { return {std::move(a)}; }
  static std::vector<Array> list(std::vector<Array> a) { return a; }
  std::function<std::vector<Array>(const std::vector<Array>&)> function_;
};

/// The dtype of a result, from that of the inputs.
enum class Gives {
  Same,
  Bool,
  Long,
  Floating,  ///< the default dtype for integers
  Sum,       ///< kLong for integers
  Truth,     ///< kBool, but for kByte
  Double,
};
ScalarType result_dtype(Gives gives, ScalarType input);

/// A call that must throw: `check` runs it and looks at the exception.
struct ErrorCase {
  std::string phrase = {};
  std::function<::testing::AssertionResult()> check = {};
};
/// The call must throw an E whose message has the phrase.
template <class E, class F>
ErrorCase error(const std::string& phrase, F call) {
  return {phrase, [phrase, call] { return throws<E>(phrase, call); }};
}

struct OpCase {
  /// The operation's name in the op registry, with the form behind a dot: "sum.dim".
  std::string name = {};
  /// Operations of the registry that the row tests beside that one; the row must run them.
  std::vector<std::string> covers = {};
  Call call = {};
  Formula formula = {};
  std::vector<Inputs> samples = {};
  /// For what happens with several threads; large enough that they are used.
  Inputs large = {};
  std::vector<ScalarType> dtypes = {kFloat, kDouble, kHalf, kBFloat16};
  std::vector<Gives> gives = {Gives::Same};
  /// What rounding a formula of several steps may add up to: Note [Tolerances].
  double ulps = 4;
  double half_ulps = 1;
  double magnitude = 2;
  bool differentiable = true;
  bool third_order = false;  ///< differentiated three times on every device, not on the CPU alone
  /// Adds up in the order of memory: another layout rounds otherwise.
  bool sums_in_memory_order = false;
  /// Why it is not run on NaN and infinities, on empty inputs; null where it is.
  const char* finite_only = nullptr;
  const char* never_empty = nullptr;
  std::vector<ErrorCase> errors = {};

  /// The name up to the dot.
  std::string op() const { return name.substr(0, name.find('.')); }
  /// The file that the row stands in, for messages.
  const char* file = "";
};
/// What GoogleTest prints of a row.
void PrintTo(const OpCase* row, std::ostream* out);

inline const std::vector<ScalarType> kFloats{kFloat, kDouble, kHalf, kBFloat16};
inline const std::vector<ScalarType> kFloatsAndIntegers{kFloat, kDouble, kHalf, kBFloat16,
                                                        kLong,  kInt,    kByte};
inline const std::vector<ScalarType> kEveryDtype{kFloat, kDouble, kHalf, kBFloat16,
                                                 kLong,  kInt,    kByte, kBool};

/// All rows, of all families.
const std::vector<OpCase>& op_cases();
/// Those that the predicate holds for, as parameters of tests.
std::vector<const OpCase*> op_cases_where(const std::function<bool(const OpCase&)>& predicate);

/// Tensors for a sample, contiguous, on the test device; the same ones for the same arguments.
/// `record`: those that have a gradient require it.
variable_list make_inputs(const OpCase& row, const Inputs& sample, ScalarType dtype,
                          bool record = false);
std::vector<Array> to_arrays(const variable_list& tensors);

// The families: each file gives its rows.
std::vector<OpCase> unary_cases();
std::vector<OpCase> trigonometric_cases();
std::vector<OpCase> special_cases();
std::vector<OpCase> rounding_cases();
std::vector<OpCase> rectifier_cases();
std::vector<OpCase> ternary_cases();
std::vector<OpCase> binary_cases();
std::vector<OpCase> compare_cases();
std::vector<OpCase> reduce_cases();
std::vector<OpCase> softmax_cases();
std::vector<OpCase> sort_cases();
std::vector<OpCase> matmul_cases();
std::vector<OpCase> index_cases();
std::vector<OpCase> scatter_cases();
std::vector<OpCase> masked_cases();
std::vector<OpCase> scan_cases();
std::vector<OpCase> shape_cases();
std::vector<OpCase> order_cases();
std::vector<OpCase> einsum_cases();
std::vector<OpCase> conv_cases();
std::vector<OpCase> dropout_cases();
std::vector<OpCase> pooling_cases();
std::vector<OpCase> volume_cases();
std::vector<OpCase> normalization_cases();
std::vector<OpCase> loss_cases();
std::vector<OpCase> view_cases();
std::vector<OpCase> copy_cases();
std::vector<OpCase> creation_cases();
std::vector<OpCase> composed_cases();
std::vector<OpCase> margin_cases();
std::vector<OpCase> decomposition_cases();
std::vector<OpCase> layer_cases();
std::vector<OpCase> resampling_cases();

/// Shapes that every operation of one, two element-wise inputs is tried on: 0-d, empty, one
/// dimension to four, broadcasting.
std::vector<Inputs> unary_samples(const Input& like);
std::vector<Inputs> binary_samples(const Input& a, const Input& b);
/// More elements than one thread takes.
inline constexpr int64_t kManyElements = 70'001;

}  // namespace adjoint::testing
