// SPDX-License-Identifier: MIT
// Values at the edges (NaN, infinities, zeros, ties, no elements) and gradients at kinks are
// PyTorch's.
#include <functional>
#include <map>
#include <set>

#include "tests/support/ops_reference.h"
#include "tests/support/reference.h"

namespace adjoint {
namespace {

using nlohmann::json;
using testing::difference;
using testing::read_number;
using testing::reference;
using testing::Zeros;

/// One row: the tensors, and the rest of the arguments by position or name.
struct Call {
  std::vector<Tensor> in;
  json args, kwargs;

  const json* find(size_t position, const char* name) const {
    if (position < args.size()) return &args[position];
    return kwargs.contains(name) ? &kwargs[name] : nullptr;
  }
  bool has(size_t position, const char* name) const { return find(position, name) != nullptr; }
  Scalar number(size_t position, const char* name, Scalar otherwise = 0) const {
    const json* value = find(position, name);
    return value ? read_number(*value) : otherwise;
  }
  int64_t integer(size_t position, const char* name) const {
    return number(position, name).toLong();
  }
  bool flag(size_t position, const char* name) const { return number(position, name).toBool(); }
  std::optional<Scalar> optional(size_t position, const char* name) const {
    if (!has(position, name)) return std::nullopt;
    return number(position, name);
  }
  std::vector<int64_t> integers(size_t position, const char* name) const {
    const json& value = *find(position, name);
    if (value.is_array()) return value.get<std::vector<int64_t>>();
    return {value.get<int64_t>()};
  }
  std::optional<int64_t> dim() const {
    if (!has(0, "dim")) return std::nullopt;
    return integer(0, "dim");
  }
  bool keepdim() const { return flag(1, "keepdim"); }
};

using Results = std::vector<Tensor>;
using Operation = std::function<Results(const Call&)>;

/// Of all elements, or along dimensions with values and indices.
template <class Full, class ByDim>
Operation extremum(Full full, ByDim by_dim) {
  return [=](const Call& c) -> Results {
    if (!c.dim()) return {full(c.in[0])};
    auto [values, indices] = by_dim(c.in[0], *c.dim(), c.keepdim());
    return {values, indices};
  };
}

#define OPERATION(...) [](const Call& c) -> Results { return {__VA_ARGS__}; }

const std::map<std::string, Operation>& operations() {
  static const std::map<std::string, Operation> table = {
      {"add", OPERATION(add(c.in[0], c.in[1], c.number(0, "alpha", 1)))},
      {"sub", OPERATION(sub(c.in[0], c.in[1], c.number(0, "alpha", 1)))},
      {"mul", OPERATION(c.in[0] * c.in[1])},
      {"div", OPERATION(c.kwargs.contains("rounding_mode")
                            ? div(c.in[0], c.in[1], c.kwargs["rounding_mode"].get<std::string>())
                            : c.in[0] / c.in[1])},
      {"floor_divide", OPERATION(floor_divide(c.in[0], c.in[1]))},
      {"remainder", OPERATION(c.in[0] % c.in[1])},
      {"fmod", OPERATION(fmod(c.in[0], c.in[1]))},
      {"round", OPERATION(c.in[0].round())},
      {"neg", OPERATION(-c.in[0])},
      {"abs", OPERATION(c.in[0].abs())},
      {"sign", OPERATION(c.in[0].sign())},
      {"exp", OPERATION(c.in[0].exp())},
      {"log", OPERATION(c.in[0].log())},
      {"sqrt", OPERATION(c.in[0].sqrt())},
      {"relu", OPERATION(c.in[0].relu())},
      {"gelu", OPERATION(gelu(c.in[0]))},
      {"sigmoid", OPERATION(c.in[0].sigmoid())},
      {"tanh", OPERATION(c.in[0].tanh())},
      {"pow",
       OPERATION(c.in.size() == 2 ? pow(c.in[0], c.in[1]) : pow(c.in[0], c.number(0, "exponent")))},
      {"maximum", OPERATION(maximum(c.in[0], c.in[1]))},
      {"minimum", OPERATION(minimum(c.in[0], c.in[1]))},
      {"eq", OPERATION(c.in[0] == c.in[1])},
      {"lt", OPERATION(c.in[0] < c.in[1])},
      {"where", OPERATION(where(c.in[0], c.in[1], c.in[2]))},
      {"clamp",
       OPERATION(c.in.size() > 1 ? c.in[0].clamp(c.in[1], c.in[2])
                                 : c.in[0].clamp(c.optional(0, "min"), c.optional(1, "max")))},
      {"sum",
       OPERATION(c.has(0, "dim") ? c.in[0].sum(c.integers(0, "dim"), c.keepdim()) : c.in[0].sum())},
      {"mean", OPERATION(c.has(0, "dim") ? c.in[0].mean(c.integers(0, "dim")) : c.in[0].mean())},
      {"prod", OPERATION(c.in[0].prod())},
      {"std", OPERATION(c.in[0].std())},
      {"all", OPERATION(c.in[0].all())},
      {"any", OPERATION(c.in[0].any())},
      {"max", extremum([](const Tensor& x) { return max(x); },
                       [](const Tensor& x, int64_t dim, bool keep) { return max(x, dim, keep); })},
      {"min", extremum([](const Tensor& x) { return min(x); },
                       [](const Tensor& x, int64_t dim, bool keep) { return min(x, dim, keep); })},
      {"argmax", OPERATION(argmax(c.in[0], c.dim(), c.keepdim()))},
      {"argmin", OPERATION(argmin(c.in[0], c.dim(), c.keepdim()))},
      {"norm", OPERATION(c.has(1, "dim") ? c.in[0].norm(c.number(0, "p"), c.integers(1, "dim"),
                                                        c.flag(2, "keepdim"))
                                         : c.in[0].norm(c.number(0, "p", 2)))},
      {"softmax", OPERATION(c.in[0].softmax(c.integer(0, "dim")))},
      {"log_softmax", OPERATION(c.in[0].log_softmax(c.integer(0, "dim")))},
      {"logsumexp", OPERATION(c.in[0].logsumexp(c.integers(0, "dim")))},
      {"matmul", OPERATION(matmul(c.in[0], c.in[1]))},
      {"gather", OPERATION(c.in[0].gather(c.integer(0, "dim"), c.in[1]))},
      {"index_select", OPERATION(c.in[0].index_select(c.integer(0, "dim"), c.in[1]))},
      {"arange",
       OPERATION(arange(c.number(0, "start"), c.number(1, "end"), c.number(2, "step", 1)))},
      {"linspace",
       OPERATION(linspace(c.number(0, "start"), c.number(1, "end"), c.integer(2, "steps")))},
      {"max_pool2d", OPERATION(max_pool2d(c.in[0], c.integers(0, "kernel_size")))},
      {"eye", OPERATION(eye(c.integer(0, "n"), c.integer(1, "m")))},
  };
  return table;
}
#undef OPERATION

/// Forms that Adjoint's operation of that name does not have.
bool is_missing(const json& row) {
  return operations().count(row["op"]) == 0 || row["name"] == "matmul i64";
}

void check_row(const json& row) {
  SCOPED_TRACE(row["name"]);
  Call call{{}, row["args"], row["kwargs"]};
  for (const json& input : row["inputs"]) call.in.push_back(testing::to_tensor(input));
  if (row.contains("grads")) {
    for (const Tensor& t : call.in) {
      if (t.is_floating_point()) t.requires_grad_();
    }
  }
  const Operation& run = operations().at(row["op"]);
  if (row.contains("error")) {
    // Of integers in a tensor only the CPU looks at the divisors.
    if (row["error"] == "ZeroDivisionError" && !call.in[1].is_cpu()) return;
    EXPECT_THROW(run(call), Error);
    return;
  }
  Results got = run(call);
  ASSERT_EQ(got.size(), row["outputs"].size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(difference(got[i], row["outputs"][i]), "");
  if (!row.contains("grads")) return;
  got[0].sum().backward();
  for (size_t i = 0; i < call.in.size(); ++i) {
    const Tensor& grad = call.in[i].grad();
    ASSERT_EQ(grad.defined(), !row["grads"][i].is_null()) << "gradient " << i;
    if (!grad.defined()) continue;
    EXPECT_EQ(difference(grad, row["grads"][i], Zeros::Unsigned), "") << "gradient " << i;
  }
}

TEST(ReferenceValues, AtTheEdgesAndGradientsAtKinksAreThoseOfPyTorch) {
  std::map<std::string, int> missing;
  for (const json& row : reference("ops")["values"]) {
    if (is_missing(row)) {
      ++missing[row["op"]];
    } else {
      check_row(row);
    }
  }
  std::map<std::string, int> expected = {{"amax", 3}, {"amin", 3}, {"matmul", 1}};
  EXPECT_EQ(missing, expected);
}

}  // namespace
}  // namespace adjoint
