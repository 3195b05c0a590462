// SPDX-License-Identifier: MIT
// Activations, softmax and losses against what PyTorch computed: values, and gradients both by the
// fused kernels and by the formulas that can be differentiated again.
#include <functional>
#include <map>

#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

using nlohmann::json;
using Function = std::function<Tensor(const json& options, const std::vector<Tensor>& inputs)>;

Tensor option_tensor(const json& options, const char* name, const Tensor& input) {
  return options.contains(name) ? to_tensor(options[name]).to(input.dtype()) : Tensor();
}
Reduction reduction_of(const json& options) {
  std::string name = options.value("reduction", "mean");
  return name == "none" ? Reduction::None : name == "sum" ? Reduction::Sum : Reduction::Mean;
}

const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all{
      {"ReLU", [](const json&, const auto& in) { return relu(in[0]); }},
      {"Sigmoid", [](const json&, const auto& in) { return sigmoid(in[0]); }},
      {"Tanh", [](const json&, const auto& in) { return tanh(in[0]); }},
      {"GELU", [](const json& o,
                  const auto& in) { return gelu(in[0], o["approximate"].get<std::string>()); }},
      {"SiLU", [](const json&, const auto& in) { return silu(in[0]); }},
      {"ELU", [](const json& o, const auto& in) { return elu(in[0], o.value("alpha", 1.0)); }},
      {"LeakyReLU",
       [](const json& o, const auto& in) {
         return leaky_relu(in[0], o.value("negative_slope", 0.01));
       }},
      {"Softplus",
       [](const json& o, const auto& in) {
         return softplus(in[0], o.value("beta", 1.0), o.value("threshold", 20.0));
       }},
      {"Softmax",
       [](const json& o, const auto& in) { return softmax(in[0], o["dim"].get<int64_t>()); }},
      {"LogSoftmax",
       [](const json& o, const auto& in) { return log_softmax(in[0], o["dim"].get<int64_t>()); }},
      {"MSELoss",
       [](const json& o, const auto& in) { return mse_loss(in[0], in[1], reduction_of(o)); }},
      {"NLLLoss",
       [](const json& o, const auto& in) {
         return nll_loss(in[0], in[1], option_tensor(o, "weight", in[0]), reduction_of(o),
                         o.value("ignore_index", -100));
       }},
      {"CrossEntropyLoss",
       [](const json& o, const auto& in) {
         return cross_entropy(in[0], in[1], option_tensor(o, "weight", in[0]), reduction_of(o),
                              o.value("ignore_index", -100), o.value("label_smoothing", 0.0));
       }},
      {"BCEWithLogitsLoss",
       [](const json& o, const auto& in) {
         return binary_cross_entropy_with_logits(in[0], in[1], option_tensor(o, "weight", in[0]),
                                                 option_tensor(o, "pos_weight", in[0]),
                                                 reduction_of(o));
       }},
  };
  return all;
}

void check_case(const json& row, const Function& f, ScalarType dtype, bool create_graph) {
  SCOPED_TRACE(row["name"].get<std::string>() + " " + dtype_name(dtype) +
               (create_graph ? " composed" : " fused"));
  std::vector<Tensor> inputs, wanted;
  std::vector<std::string> names;
  for (const char* name : {"input", "target"}) {
    if (!row["inputs"].contains(name)) continue;
    Tensor t = to_tensor(row["inputs"][name]);
    if (t.is_floating_point()) t = t.to(dtype);
    if (row["grads"].contains(name)) {
      wanted.push_back(t.requires_grad_());
      names.push_back(name);
    }
    inputs.push_back(t);
  }
  Tensor out = f(row["options"], inputs);
  EXPECT_EQ(out.dtype(), dtype);
  EXPECT_TRUE(close(out, to_tensor(row["output"])));
  Tensor grad_output = to_tensor(row["grad_output"]).to(dtype);
  variable_list grads = autograd::grad({out}, wanted, {grad_output}, std::nullopt, create_graph);
  for (size_t i = 0; i < grads.size(); ++i) {
    EXPECT_TRUE(close(grads[i], to_tensor(row["grads"][names[i]]))) << "gradient of " << names[i];
    EXPECT_EQ(grads[i].requires_grad(), create_graph && grads[i].grad_fn() != nullptr);
  }
}

TEST(ReferenceCases, ValuesAndGradientsAreThoseOfPyTorch) {
  std::map<std::string, int> met;
  for (const json& row : reference("modules")["cases"]) {
    auto f = functions().find(row["module"].get<std::string>());
    if (f == functions().end()) continue;
    ++met[f->first];
    for (ScalarType dtype : {kDouble, kFloat}) {
      for (bool create_graph : {false, true}) check_case(row, f->second, dtype, create_graph);
    }
  }
  for (const auto& [name, f] : functions()) EXPECT_GT(met[name], 0) << name;
}

TEST(ReferenceCases, ExtremeValuesAreThoseOfPyTorch) {
  const std::map<std::string, std::function<Tensor(const Tensor&, const json&)>> ops{
      {"relu", [](const Tensor& x, const json&) { return relu(x); }},
      {"gelu", [](const Tensor& x, const json&) { return gelu(x); }},
      {"sigmoid", [](const Tensor& x, const json&) { return sigmoid(x); }},
      {"tanh", [](const Tensor& x, const json&) { return tanh(x); }},
      {"softmax", [](const Tensor& x, const json& a) { return softmax(x, a[0].get<int64_t>()); }},
      {"log_softmax",
       [](const Tensor& x, const json& a) { return log_softmax(x, a[0].get<int64_t>()); }},
      {"logsumexp", [](const Tensor& x, const json& a) { return logsumexp(x, to_ints(a[0])); }},
  };
  int met = 0;
  for (const json& row : reference("ops")["values"]) {
    auto f = ops.find(row["op"].get<std::string>());
    if (f == ops.end()) continue;
    ++met;
    for (bool create_graph : {false, true}) {
      SCOPED_TRACE(row["name"].get<std::string>());
      Tensor x = to_tensor(row["inputs"][0]).requires_grad_();
      Tensor y = f->second(x, row["args"]);
      EXPECT_TRUE(close(y, to_tensor(row["outputs"][0])));
      if (!row.contains("grads")) continue;
      Tensor ones = ones_like(y);
      if (row.contains("grad_outputs")) ones = to_tensor(row["grad_outputs"][0]);
      EXPECT_TRUE(close(autograd::grad({y}, {x}, {ones}, std::nullopt, create_graph)[0],
                        to_tensor(row["grads"][0])));
    }
  }
  EXPECT_GE(met, 15);
}

}  // namespace
}  // namespace adjoint::testing
