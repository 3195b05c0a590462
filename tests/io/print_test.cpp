// SPDX-License-Identifier: MIT
// Tensors print as PyTorch prints them: every row of what it printed.
#include <gtest/gtest.h>

#include <adjoint/adjoint.h>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/support/test_device.h"

namespace adjoint {
namespace {

using nlohmann::json;

class RestorePrintOptions {
 public:
  ~RestorePrintOptions() { set_printoptions(saved_); }

 private:
  PrintOptions saved_ = get_printoptions();
};

double number(const json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  return value == "inf" ? inf : -inf;
}

// The row's list of elements, or what its rule gives (tests/reference/printing.py).
std::vector<json> elements(const json& data) {
  if (data.is_array()) return data.get<std::vector<json>>();
  std::vector<json> out;
  if (data.contains("arange")) {
    const json& rule = data["arange"];
    for (int64_t i = 0; i < rule[2].get<int64_t>(); ++i) {
      if (rule[0].is_number_integer() && rule[1].is_number_integer()) {
        out.push_back(rule[0].get<int64_t>() + i * rule[1].get<int64_t>());
      } else {
        out.push_back(rule[0].get<double>() + double(i) * rule[1].get<double>());
      }
    }
  } else {
    const json& cycle = data["cycle"];
    for (size_t i = 0; i < data["n"].get<size_t>(); ++i) out.push_back(cycle[i % cycle.size()]);
  }
  if (data.contains("set")) {
    for (const json& set : data["set"]) out[set[0].get<size_t>()] = set[1];
  }
  return out;
}

Tensor row_tensor(const json& row) {
  static const std::map<std::string, ScalarType> dtypes = {
      {"f32", kFloat}, {"f64", kDouble}, {"f16", kHalf}, {"bf16", kBFloat16},
      {"i64", kLong},  {"i32", kInt},    {"u8", kByte},  {"bool", kBool}};
  const ScalarType dtype = dtypes.at(row["dtype"]);
  const auto sizes = row["shape"].get<std::vector<int64_t>>();
  const std::vector<json> values = elements(row["data"]);
  if (isFloatingType(dtype)) {
    std::vector<double> doubles;
    for (const json& value : values) doubles.push_back(number(value));
    return tensor(doubles, dtype).reshape(sizes);
  }
  std::vector<int64_t> integers;
  for (const json& value : values) {
    integers.push_back(value.is_number_integer() ? value.get<int64_t>() : int64_t(number(value)));
  }
  return tensor(integers, dtype).reshape(sizes);
}

// The same values, computed by an operation whose node has this name.
Tensor computed_by(const std::string& grad_fn, const Tensor& x) {
  if (grad_fn == "AddBackward0") return x + 0;
  if (grad_fn == "SubBackward0") return x - 0;
  if (grad_fn == "MulBackward0") return x * 1;
  if (grad_fn == "DivBackward0") return x / 1;
  if (grad_fn == "PowBackward0") return x.pow(1);
  if (grad_fn == "NegBackward0") return -(-x);
  if (grad_fn == "CloneBackward0") return x.clone();
  if (grad_fn == "ViewBackward0") return x.view(x.sizes());
  if (grad_fn == "TBackward0") return x.t().t();
  if (grad_fn == "PermuteBackward0") return x.permute({0, 1});
  if (grad_fn == "UnsqueezeBackward0") return x[0].unsqueeze(0);
  if (grad_fn == "SumBackward0") return x.sum();
  if (grad_fn == "MeanBackward0") return x.mean();
  if (grad_fn == "ReluBackward0") return x.relu();
  if (grad_fn == "AbsBackward0") return x.abs();
  ADD_FAILURE() << "no operation for " << grad_fn;
  return x;
}

PrintOptions row_options(const json& row) {
  PrintOptions options;
  if (!row.contains("options")) return options;
  const json& given = row["options"];
  options.precision = given.value("precision", options.precision);
  options.threshold = given.value("threshold", options.threshold);
  options.edgeitems = given.value("edgeitems", options.edgeitems);
  options.linewidth = given.value("linewidth", options.linewidth);
  if (given.contains("sci_mode")) options.sci_mode = given["sci_mode"].get<bool>();
  return options;
}

TEST(Printing, EveryTensorPrintsAsPyTorchPrintsIt) {
  testing::DefaultDevice cpu(kCPU);
  RestorePrintOptions restore;
  std::ifstream file(ADJOINT_TESTS_DIR "/reference/data/printing.json");
  const json rows = json::parse(file);
  ASSERT_GE(rows.size(), 300u);
  for (const json& row : rows) {
    SCOPED_TRACE(row["name"].get<std::string>());
    set_printoptions(row_options(row));
    Tensor t = row_tensor(row);
    if (row["requires_grad"].get<bool>()) t.requires_grad_();
    if (row.contains("grad_fn")) t = computed_by(row["grad_fn"], t);
    std::ostringstream stream;
    stream << t;
    EXPECT_EQ(stream.str(), row["text"].get<std::string>());
    EXPECT_EQ(t.toString(), stream.str());
  }
}

TEST(Printing, ATensorThatIsNotContiguousPrintsItsElementsInOrder) {
  testing::DefaultDevice cpu(kCPU);
  const Tensor t = tensor({{1, 2, 3}, {4, 5, 6}}).t();
  EXPECT_EQ(t.toString(), "tensor([[1, 4],\n        [2, 5],\n        [3, 6]])");
  EXPECT_EQ(arange(0, 3000).slice(0, 0, 3000, 2).toString(),
            "tensor([   0,    2,    4,  ..., 2994, 2996, 2998])");
  EXPECT_EQ(tensor({1.5}).expand({2, 2}).toString(),
            "tensor([[1.5000, 1.5000],\n        [1.5000, 1.5000]])");
}

TEST(Printing, NodesHaveTheNamesOfThePythonFrontEnd) {
  const Tensor x = ones({1}, requires_grad());
  auto name = [](const Tensor& t) {
    const std::string text = t.toString();
    const size_t at = text.find("grad_fn=");
    return text.substr(at, text.size() - 1 - at);
  };
  EXPECT_EQ(name(x + 2), "grad_fn=<AddBackward0>");
  EXPECT_EQ(name(x - 2), "grad_fn=<SubBackward0>");
  EXPECT_EQ(name(x - x), "grad_fn=<SubBackward0>");
  EXPECT_EQ(name(2 - x), "grad_fn=<RsubBackward1>");
  EXPECT_EQ(name(x * 2), "grad_fn=<MulBackward0>");
  EXPECT_EQ(name(x / 2), "grad_fn=<DivBackward0>");
  EXPECT_EQ(name(x / x), "grad_fn=<DivBackward0>");
  EXPECT_EQ(name(div(x, 2, "floor")), "grad_fn=<DivBackward2>");
  EXPECT_EQ(name(2 / x), "grad_fn=<MulBackward0>");
  EXPECT_EQ(name(x.norm()), "grad_fn=<LinalgVectorNormBackward0>");
  EXPECT_EQ(name(x.max()), "grad_fn=<MaxBackward1>");
}

TEST(Printing, AnUndefinedTensorSaysSo) { EXPECT_EQ(Tensor().toString(), "tensor(undefined)"); }

TEST(Printing, TheDefaultDtypeIsNotNamed) {
  testing::DefaultDevice cpu(kCPU);
  struct Restore {
    ~Restore() { set_default_dtype(kFloat); }
  } restore;
  const Tensor f64 = tensor(std::vector<double>{0.5}), f32 = tensor(std::vector<float>{0.5f});
  EXPECT_EQ(f64.toString(), "tensor([0.5000], dtype=torch.float64)");
  set_default_dtype(kDouble);
  EXPECT_EQ(f64.toString(), "tensor([0.5000])");
  EXPECT_EQ(f32.toString(), "tensor([0.5000], dtype=torch.float32)");
}

TEST(Printing, ImpossibleOptionsAreRefusedAndChangeNothing) {
  testing::DefaultDevice cpu(kCPU);
  RestorePrintOptions restore;
  PrintOptions options;
  options.precision = -1;
  EXPECT_THROW(set_printoptions(options), ValueError);
  options.precision = 1000000;
  EXPECT_THROW(set_printoptions(options), ValueError);
  options = {};
  options.edgeitems = -1;
  EXPECT_THROW(set_printoptions(options), ValueError);
  EXPECT_EQ(get_printoptions().precision, 4);
  EXPECT_EQ(get_printoptions().edgeitems, 3);
}

TEST(Printing, TheLargestDoubleFitsWithAllItsDecimals) {
  testing::DefaultDevice cpu(kCPU);
  RestorePrintOptions restore;
  PrintOptions options;
  options.precision = 1100;
  options.sci_mode = false;
  set_printoptions(options);
  const Tensor t = tensor(std::vector<double>{std::numeric_limits<double>::max(), 0.5});
  EXPECT_GT(t.toString().size(), size_t(2 * (309 + 1100)));
}

TEST(Printing, ThreadsMayPrintWhileOptionsChange) {
  testing::DefaultDevice cpu(kCPU);
  RestorePrintOptions restore;
  const Tensor t = tensor({0.125, 2.0});
  std::thread setter([] {
    for (int i = 0; i < 200; ++i) {
      PrintOptions options;
      options.precision = i % 2 ? 2 : 4;
      set_printoptions(options);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const std::string text = t.toString();
    EXPECT_TRUE(text == "tensor([0.1250, 2.0000])" || text == "tensor([0.12, 2.00])") << text;
  }
  setter.join();
}

}  // namespace
}  // namespace adjoint
