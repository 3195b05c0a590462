// SPDX-License-Identifier: MIT
// Wrong arguments throw with PyTorch's text, or with what tells it from other errors.
#include <functional>
#include <map>

#include "tests/support/reference.h"

namespace adjoint {
namespace {

using testing::reference;

/// x is float [2, 3], v float [3], k long [3], a float [3] with gradient.
struct Operands {
  Tensor x = ones({2, 3}), v = ones(3), k = ones(3, kLong);
  Tensor a = ones(3, requires_grad());
};
struct Row {
  std::function<void(const Operands&)> run;
  /// Of PyTorch's text, what ours has; all of it if null.
  const char* phrase = nullptr;
};

#define RUN(...)                        \
  [](const Operands& o) {               \
    const auto& [x, v, k, a] = o;       \
    (void)x, (void)v, (void)k, (void)a; \
    __VA_ARGS__;                        \
  }

const std::map<std::string, Row>& rows() {
  using indexing::Slice;
  static const std::map<std::string, Row> table = {
      {"index too large", {RUN(v[5])}},
      {"index too small", {RUN(v[-4])}},
      {"index too large in dim 1", {RUN(x.index({0, 3}))}},
      {"index of a 0-d tensor", {RUN(tensor(1.0)[0]), "invalid index of a 0-dim tensor"}},
      {"too many indices", {RUN(v.index({0, 0}))}},
      {"select dim", {RUN(v.select(1, 0))}},
      {"select index", {RUN(v.select(0, 3))}},
      {"narrow too long", {RUN(v.narrow(0, 2, 2))}},
      {"narrow start", {RUN(v.narrow(0, 4, 1))}},
      {"narrow negative length", {RUN(v.narrow(0, 0, -1))}},
      {"slice step", {RUN(v.slice(0, std::nullopt, std::nullopt, -1)), "step must be"}},
      {"dim out of range", {RUN(v.sum(1))}},
      {"dim out of range, negative", {RUN(x.sum(-3))}},
      {"dim of a 0-d tensor", {RUN(tensor(1.0).sum(1))}},
      {"dim twice", {RUN(x.sum({0, 0}))}},
      {"transpose dim", {RUN(x.transpose(0, 2))}},
      {"t of 3-d", {RUN(ones({1, 1, 1}).t())}},
      {"permute length",
       {RUN(x.permute(0)),
        "number of dimensions in the tensor input does not match the length of the desired "
        "ordering of dimensions i.e. input.dim() = 2 is not equal to len(dims) = 1"}},
      {"permute twice", {RUN(x.permute({0, 0}))}},
      {"unsqueeze dim", {RUN(v.unsqueeze(3))}},
      {"squeeze dim", {RUN(v.squeeze(1))}},
      {"flatten dims", {RUN(x.flatten(1, 0))}},
      {"view size", {RUN(x.view(4))}},
      {"view -1 does not divide", {RUN(x.view({4, -1}))}},
      {"view two -1", {RUN(x.view({-1, -1}))}},
      {"view negative size", {RUN(x.view({-2, 3}))}},
      {"view of strides", {RUN(x.t().view(6))}},
      {"reshape size", {RUN(x.reshape(7))}},
      {"reshape -1 of nothing", {RUN(ones({0, 3}).reshape({0, -1}))}},
      {"expand", {RUN(v.expand(4))}},
      {"expand of 2-d", {RUN(x.expand({2, 4}))}},
      {"expand to fewer dims",
       {RUN(x.expand(3)),
        "the number of sizes provided (1) must be greater or equal to the number of dimensions in "
        "the tensor (2)"}},
      {"expand -1 in front",
       {RUN(v.expand({-1, 3})), "isn't allowed in a leading, non-existing dimension 0"}},
      {"negative size", {RUN(zeros(-1)), "negative"}},
      {"add shapes", {RUN(x + ones(2))}},
      {"add shapes 2-d", {RUN(ones({2, 3}) + ones({3, 2}))}},
      {"mul shapes", {RUN(ones({4, 1, 3}) * ones(2))}},
      {"in-place broadcast", {RUN(v.add_(x))}},
      {"in-place cast", {RUN(k.add_(1.5))}},
      {"in-place cast of tensors", {RUN(k.mul_(v))}},
      {"in-place div", {RUN(k.div_(2))}},
      {"in-place cast to bool", {RUN(tensor({true}).add_(tensor({1})))}},
      {"copy_ shape", {RUN(v.copy_(ones(2)))}},
      {"assign shape", {RUN(x.index_put_({0}, ones(2))), "(3) must match the"}},
      {"assign to expanded",
       {RUN(ones(1).expand(3).add_(1)),
        "more than one element of the written-to tensor refers to a single memory location"}},
      {"sub of bools",
       {RUN(tensor({true}) - tensor({true})), "Subtraction, the `-` operator, with"}},
      {"sub of a bool and a number",
       {RUN(rsub(tensor({true}), true)), "Subtraction, the `-` operator, with"}},
      {"neg of bools", {RUN(-tensor({true}))}},
      {"mean of integers", {RUN(k.mean())}},
      {"softmax of integers", {RUN(k.softmax(0)), "not implemented for 'Long'"}},
      {"norm of integers", {RUN(k.norm())}},
      {"integer to a negative power", {RUN(k.pow(-1))}},
      {"max of nothing", {RUN(ones(0).max())}},
      {"max of nothing by dim", {RUN(ones({2, 0}).max(1))}},
      {"argmax of nothing", {RUN(ones(0).argmax())}},
      {"argmax of nothing by dim", {RUN(ones({2, 0}).argmax(1))}},
      {"clamp without bounds", {RUN(v.clamp())}},
      {"mm shapes", {RUN(mm(x, x)), "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"}},
      {"mm dims", {RUN(mm(v, x)), "self must be a matrix"}},
      {"mm dims, second", {RUN(mm(x, v)), "mat2 must be a matrix"}},
      {"mm dtypes", {RUN(mm(x, x.t().to(kDouble))), "to have the same dtype, but got: float"}},
      {"mm dtypes, integers",
       {RUN(mm(x, ones({3, 2}, kLong))), "to have the same dtype, but got: float"}},
      {"matmul shapes",
       {RUN(matmul(x, x)), "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"}},
      {"matmul vectors", {RUN(matmul(v, ones(2)))}},
      {"matmul matrix and vector", {RUN(matmul(x, ones(2)))}},
      {"matmul vector and matrix",
       {RUN(matmul(v, x)), "mat1 and mat2 shapes cannot be multiplied (1x3 and 2x3)"}},
      {"matmul of a 0-d tensor", {RUN(matmul(tensor(1.0), v))}},
      {"matmul batches", {RUN(matmul(ones({2, 2, 3}), ones({3, 3, 2})))}},
      {"bmm dims", {RUN(bmm(x, x))}},
      {"bmm batches", {RUN(bmm(ones({2, 2, 3}), ones({3, 3, 2})))}},
      {"bmm shapes", {RUN(bmm(ones({2, 2, 3}), ones({2, 2, 3})))}},
      {"addmm bias", {RUN(addmm(ones(4), x, x.t())), "at non-singleton dimension 1"}},
      {"addmm shapes",
       {RUN(addmm(v, x, x)), "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"}},
      {"cat shapes", {RUN(cat(std::vector<Tensor>{x, ones({2, 2})}))}},
      {"cat dims", {RUN(cat(std::vector<Tensor>{x, v}))}},
      {"cat of nothing", {RUN(cat(std::vector<Tensor>{})), "expected a non-empty list of Tensors"}},
      {"cat of 0-d", {RUN(cat(std::vector<Tensor>{tensor(1.0), tensor(2.0)}))}},
      {"cat dim", {RUN(cat(std::vector<Tensor>{v, v}, 1))}},
      {"stack shapes", {RUN(stack(std::vector<Tensor>{v, ones(2)}))}},
      {"stack of nothing", {RUN(stack(std::vector<Tensor>{}))}},
      {"item of several", {RUN(v.item())}},
      {"item of none", {RUN(ones(0).item())}},
      {"linspace steps", {RUN(linspace(0, 1, -1))}},
      {"arange step 0", {RUN(arange(0, 3, 0))}},
      {"arange step sign", {RUN(arange(0, 3, -1))}},
      {"eye negative", {RUN(eye(-1)), "must be greater or equal to 0, got -1"}},
      {"randint range", {RUN(randint(3, 3, 2)), "from=3 >= to=3"}},
      {"randperm negative", {RUN(randperm(-1)), "-1"}},
      {"index_select index", {RUN(x.index_select(1, tensor({3}))), "out of"}},
      {"index_select dim", {RUN(v.index_select(1, tensor({0})))}},
      {"index_select dtype", {RUN(v.index_select(0, ones(2)))}},
      {"index_select index dims", {RUN(v.index_select(0, zeros({1, 1}, kLong)))}},
      {"gather index", {RUN(x.gather(1, tensor({{3}})))}},
      {"gather negative index", {RUN(x.gather(1, tensor({{-1}})))}},
      {"gather dims", {RUN(x.gather(1, tensor({0})))}},
      {"gather dtype", {RUN(x.gather(1, ones({1, 1})))}},
      {"gather index larger", {RUN(x.gather(1, zeros({3, 1}, kLong)))}},
      {"embedding index", {RUN(embedding(ones({5, 2}), tensor({5}))), "out of"}},
      {"embedding negative index", {RUN(embedding(ones({5, 2}), tensor({-1}))), "out of"}},
      {"embedding dtype", {RUN(embedding(ones({5, 2}), ones(1))), "Long, Int"}},
      {"embedding weight", {RUN(embedding(v, tensor({1})))}},
      {"linear shapes",
       {RUN(linear(x, ones({4, 2}))), "mat1 and mat2 shapes cannot be multiplied"}},
      {"layer_norm shape", {RUN(layer_norm(x, 2))}},
      {"layer_norm weight", {RUN(layer_norm(x, 3, ones(2)))}},
      {"dropout p", {RUN(dropout(x, 1.5, true))}},
      {"cross_entropy target too large", {RUN(cross_entropy(x, tensor({0, 3})))}},
      {"cross_entropy target negative", {RUN(cross_entropy(x, tensor({0, -1})))}},
      {"cross_entropy batch", {RUN(cross_entropy(x, tensor({0, 1, 2})))}},
      {"cross_entropy target dtype", {RUN(cross_entropy(x, ones(2)))}},
      {"cross_entropy target i32", {RUN(cross_entropy(x, zeros(2, kInt)))}},
      {"cross_entropy weight", {RUN(cross_entropy(x, tensor({0, 1}), ones(2)))}},
      {"cross_entropy label_smoothing",
       {RUN(cross_entropy(x, tensor({0, 1}), {}, Reduction::Mean, -100, 2.0))}},
      {"nll_loss dims", {RUN(nll_loss(tensor(1.0), tensor(0)))}},
      {"nll_loss batch", {RUN(nll_loss(x, tensor({0})))}},
      {"nll_loss target dims", {RUN(nll_loss(x, tensor({{0, 1}})))}},
      {"nll_loss target i32", {RUN(nll_loss(x, zeros(2, kInt)))}},
      {"bce_with_logits shapes",
       {RUN(binary_cross_entropy_with_logits(x, v)), "must be the same as input size"}},
      {"mse_loss shapes", {RUN(mse_loss(x, ones(4)))}},
      {"where condition", {RUN(where(x, x, x))}},
      {"where shapes", {RUN(where(tensor({true, false}), v, v))}},
      {"backward of a vector", {RUN((a * 2).backward())}},
      {"backward of no graph", {RUN(v.sum().backward())}},
      {"backward twice",
       {RUN(Tensor s = (a * a).sum(); s.backward(); s.backward()),
        "Trying to backward through the graph a second time"}},
      {"requires_grad_ of integers", {RUN(k.requires_grad_()), "dtype can require gradients"}},
      {"requires_grad integers",
       {RUN(ones(2, TensorOptions(kLong).requires_grad(true))), "can require gradients"}},
      {"requires_grad_ off on a result",
       {RUN((a * 1).requires_grad_(false)), "you can only change requires_grad flags of leaf"}},
      {"leaf in place", {RUN(a.add_(1))}},
      {"leaf view in place", {RUN(a[0].mul_(2))}},
      {"leaf assigned", {RUN(a.index_put_({0}, 1))}},
      {"saved modified",
       {RUN(Tensor y = a.exp(); Tensor z = y * y; y.add_(1); z.sum().backward()),
        "one of the variables needed for gradient computation has been modified by an inplace "
        "operation"}},
      {"retain_grad without grad", {RUN(v.retain_grad())}},
      {"item with grad of several", {RUN((a * 2).item())}},
      {"hook without grad",
       {RUN(v.register_hook([](const Tensor&) {})), "that doesn't require gradient"}},
  };
  return table;
}
#undef RUN

/// The message; "nothing was thrown" if so.
std::string message_of(const Row& row) {
  try {
    row.run(Operands());
    testing::settle_test_device();
  } catch (const Error& e) {
    return e.message();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ReferenceErrors, OfOperationsSayWhatThoseOfPyTorchSay) {
  size_t checked = 0;
  for (const auto& error : reference("ops")["errors"]) {
    std::string name = error["name"], text = error["text"];
    auto found = rows().find(name);
    if (found == rows().end()) continue;
    ++checked;
    const char* phrase = found->second.phrase;
    std::string expected = phrase ? phrase : text;
    EXPECT_TRUE(contains(text, expected)) << name << ": PyTorch says: " << text;
    std::string message = message_of(found->second);
    EXPECT_TRUE(contains(message, expected))
        << name << ": " << message << "\n  instead of: " << expected;
  }
  EXPECT_EQ(checked, rows().size()) << "a row's name is not in the reference";
  // Modules, optimizers, convolution and what is more of autograd have tests of their own; the
  // others are of operations that Adjoint does not have.
  EXPECT_EQ(reference("ops")["errors"].size() - checked, 70u);
}

TEST(ReferenceErrors, IndicesAndDimensionsAreIndexErrors) {
  for (const auto& error : reference("ops")["errors"]) {
    auto found = rows().find(error["name"]);
    if (found == rows().end() || error["type"] != "IndexError") continue;
    EXPECT_THROW(
        {
          found->second.run(Operands());
          testing::settle_test_device();
        },
        IndexError)
        << error["name"];
  }
}

}  // namespace
}  // namespace adjoint
