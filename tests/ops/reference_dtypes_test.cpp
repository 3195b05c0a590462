// SPDX-License-Identifier: MIT
// The dtypes of results, for every pair of operands, are PyTorch's; where it throws, so do we.
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "tests/support/ops_reference.h"
#include "tests/support/reference.h"

namespace adjoint {
namespace {

using testing::dtype_of;
using testing::reference;
using testing::short_name;

struct Operand {
  std::optional<Tensor> tensor;
  Scalar number;
};
using Binary = std::function<Tensor(const Operand&, const Operand&)>;

/// f for tensors and, where it takes them, numbers.
template <class F>
Binary binary(F f) {
  return [f](const Operand& a, const Operand& b) -> Tensor {
    if (a.tensor && b.tensor) {
      if constexpr (std::is_invocable_v<F, Tensor, Tensor>) return f(*a.tensor, *b.tensor);
    } else if (a.tensor) {
      if constexpr (std::is_invocable_v<F, Tensor, Scalar>) return f(*a.tensor, b.number);
    } else {
      if constexpr (std::is_invocable_v<F, Scalar, Tensor>) return f(a.number, *b.tensor);
    }
    throw std::logic_error("the operation does not take such operands");
  };
}

// By value: what an in-place operation returns a reference to is a temporary.
#define OPERATION(expression)                                                            \
  binary([](const auto& a, const auto& b) -> std::remove_cvref_t<decltype(expression)> { \
    return expression;                                                                   \
  })

const std::map<std::string, Binary>& binary_operations() {
  static const std::map<std::string, Binary> table = {
      {"add", OPERATION(a + b)},
      {"sub", OPERATION(a - b)},
      {"mul", OPERATION(a * b)},
      {"div", OPERATION(a / b)},
      {"pow", OPERATION(pow(a, b))},
      {"remainder", OPERATION(a % b)},
      {"floor_divide", OPERATION(floor_divide(a, b))},
      // Of a number and a tensor C++ makes the comparison of the tensor and the number.
      {"eq", OPERATION(a == b)},
      {"lt", OPERATION(a < b)},
      {"maximum", OPERATION(maximum(a, b))},
      {"where", OPERATION(where(tensor({true, false}), a, b))},
      {"cat", OPERATION(cat(std::vector<Tensor>{a, b}))},
      {"stack", OPERATION(stack(std::vector<Tensor>{a, b}))},
      {"add_", OPERATION(a.clone().add_(b))},
      {"mul_", OPERATION(a.clone().mul_(b))},
      {"div_", OPERATION(a.clone().div_(b))},
      {"copy_", OPERATION(a.clone().copy_(b))},
      {"fill_", OPERATION(a.clone().fill_(b))},
      {"mm", OPERATION(mm(a.view({1, 2}), b.view({2, 1})))},
  };
  return table;
}

Operand operand(const std::string& kind, const std::string& name) {
  if (kind == "scalar") {
    if (name == "bool") return {std::nullopt, true};
    return {std::nullopt, name == "int" ? Scalar(2) : Scalar(2.5)};
  }
  DimVector sizes = kind == "tensor" ? DimVector{2} : DimVector{};
  return {ones(sizes, dtype_of(name)), {}};
}

/// The result's dtype, or "error".
std::string outcome(const std::function<Tensor()>& f) {
  try {
    return short_name(f().dtype());
  } catch (const Error&) {
    return "error";
  }
}
std::string expected_outcome(const nlohmann::json& row) {
  auto text = row.get<std::string>();
  return text.rfind("error: ", 0) == 0 ? "error" : text;
}

/// Matrix products are of floating-point numbers only.
bool lacks_integers(const std::string& op) { return op == "mm"; }

TEST(ReferenceDtypes, OfTwoOperandsAreThoseOfPyTorch) {
  std::set<std::string> missing;
  for (const auto& table : reference("ops")["promotion"]) {
    std::string op = table["op"], left = table["left"], right = table["right"];
    auto found = binary_operations().find(op);
    if (found == binary_operations().end()) {
      missing.insert(op);
      continue;
    }
    for (size_t r = 0; r < table["rows"].size(); ++r) {
      for (size_t c = 0; c < table["columns"].size(); ++c) {
        std::string row = table["rows"][r], column = table["columns"][c];
        if (lacks_integers(op) && !isFloatingType(dtype_of(row))) {
          missing.insert(op + " of integers");
          continue;
        }
        Operand a = operand(left, row), b = operand(right, column);
        EXPECT_EQ(outcome([&] { return found->second(a, b); }),
                  expected_outcome(table["result"][r][c]))
            << op << " of " << left << " " << row << " and " << right << " " << column;
      }
    }
  }
  EXPECT_EQ(missing, (std::set<std::string>{"dot", "mm of integers"}));
}

using Unary = std::function<Tensor(const Tensor&)>;

const std::map<std::string, Unary>& unary_operations() {
#define OF_X(expression) [](const Tensor& x) -> Tensor { return expression; }
  static const std::map<std::string, Unary> table = {
      {"sum", OF_X(x.sum())},
      {"sum by dim", OF_X(x.sum(0))},
      {"mean", OF_X(x.mean())},
      {"prod", OF_X(x.prod())},
      {"argmax", OF_X(x.argmax())},
      {"max", OF_X(x.max())},
      {"min", OF_X(x.min())},
      {"max by dim", OF_X(std::get<0>(x.max(0)))},
      {"max by dim, indices", OF_X(std::get<1>(x.max(0)))},
      {"all", OF_X(x.all())},
      {"any", OF_X(x.any())},
      {"norm", OF_X(x.norm())},
      {"var", OF_X(x.var())},
      {"logsumexp", OF_X(x.logsumexp(0))},
      {"softmax", OF_X(x.softmax(0))},
      {"log_softmax", OF_X(x.log_softmax(0))},
      {"neg", OF_X(-x)},
      {"abs", OF_X(x.abs())},
      {"exp", OF_X(x.exp())},
      {"log", OF_X(x.log())},
      {"sqrt", OF_X(x.sqrt())},
      {"rsqrt", OF_X(x.rsqrt())},
      {"reciprocal", OF_X(x.reciprocal())},
      {"square", OF_X(x.square())},
      {"sigmoid", OF_X(x.sigmoid())},
      {"tanh", OF_X(x.tanh())},
      {"relu", OF_X(x.relu())},
      {"gelu", OF_X(gelu(x))},
      {"floor", OF_X(x.floor())},
      {"round", OF_X(x.round())},
      {"bitwise_not", OF_X(~x)},
      {"sign", OF_X(x.sign())},
      {"isnan", OF_X(x.isnan())},
      {"logical_not", OF_X(x.logical_not())},
      {"clamp int", OF_X(x.clamp(0, 1))},
      {"clamp float", OF_X(x.clamp(0.5, 1.5))},
      {"pow int", OF_X(x.pow(2))},
      {"pow float", OF_X(x.pow(0.5))},
      {"pow of an int", OF_X(pow(2, x))},
      {"pow of a float", OF_X(pow(2.5, x))},
      {"rsub", OF_X(1 - x)},
      {"rdiv", OF_X(1 / x)},
      {"mm", OF_X(mm(x.view({2, 1}), x.view({1, 2})))},
      {"sum to f64", OF_X(x.sum(kDouble))},
      {"mean to f32", OF_X(x.mean(kFloat))},
      {"exp_", OF_X(x.exp_())},
      {"ones_like", OF_X(ones_like(x))},
      {"full_like", OF_X(full_like(x, 1.5))},
      {"cross_entropy", OF_X(cross_entropy(x.view({1, 2}), tensor({1})))},
      {"mse_loss", OF_X(mse_loss(x, x))},
      {"requires_grad_", OF_X(x.requires_grad_())},
  };
#undef OF_X
  return table;
}

const std::map<std::string, std::function<Tensor()>>& factories() {
#define MADE(expression) []() -> Tensor { return expression; }
  static const std::map<std::string, std::function<Tensor()>> table = {
      {"torch.tensor([1, 2])", MADE(tensor({1, 2}))},
      {"torch.tensor([1.0, 2])", MADE(tensor({1.0, 2}))},
      {"torch.tensor([True, False])", MADE(tensor({true, false}))},
      {"torch.tensor([True, 2])", MADE(tensor({true, 2}))},
      {"torch.tensor(3)", MADE(tensor(3))},
      {"torch.tensor(3.5)", MADE(tensor(3.5))},
      {"torch.zeros(2)", MADE(zeros(2))},
      {"torch.full([2], 1)", MADE(full(2, 1))},
      {"torch.full([2], 1.5)", MADE(full(2, 1.5))},
      {"torch.full([2], True)", MADE(full(2, true))},
      {"torch.arange(3)", MADE(arange(3))},
      {"torch.arange(3.0)", MADE(arange(3.0))},
      {"torch.arange(0, 3, 0.5)", MADE(arange(0, 3, 0.5))},
      {"torch.linspace(0, 1, 3)", MADE(linspace(0, 1, 3))},
      {"torch.eye(2)", MADE(eye(2))},
      {"torch.rand(2)", MADE(rand(2))},
      {"torch.randint(5, [2])", MADE(randint(5, 2))},
      {"torch.randperm(3)", MADE(randperm(3))},
  };
#undef MADE
  return table;
}

TEST(ReferenceDtypes, OfOneOperandAreThoseOfPyTorch) {
  std::set<std::string> missing;
  for (const auto& row : reference("ops")["dtypes"]) {
    std::string op = row["op"], code = row["code"];
    if (op == "factory") {
      EXPECT_EQ(outcome(factories().at(code)), row["result"][""]) << code;
      continue;
    }
    auto found = unary_operations().find(op);
    if (found == unary_operations().end()) {
      missing.insert(op);
      continue;
    }
    for (const auto& [dtype, result] : row["result"].items()) {
      Tensor x = ones(2, dtype_of(dtype));
      if (lacks_integers(op) && !x.is_floating_point()) {
        if (expected_outcome(result) != "error") missing.insert(op + " of " + dtype);
        continue;
      }
      EXPECT_EQ(outcome([&] { return found->second(x); }), expected_outcome(result))
          << code << " of " << dtype;
    }
  }
  EXPECT_EQ(missing, (std::set<std::string>{"cumsum", "mm of i32", "mm of i64", "mm of u8"}));
}

}  // namespace
}  // namespace adjoint
