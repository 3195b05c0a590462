// SPDX-License-Identifier: MIT
// Einstein's sum and its kin: dimensions are permuted and merged, so that a matrix product does it.
#include "adjoint/ops/einsum.h"

#include <algorithm>
#include <array>
#include <string>

#include "adjoint/ops/shape.h"
#include "core/ops/composed.h"
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

// Letters are numbered from 0 ('A') to 51 ('z'); behind them come the dimensions of "...", the last
// one first.
constexpr int kLetters = 52, kLabels = kLetters + kMaxDims;
using Labels = SmallVector<int, size_t(kMaxDims)>;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
int label_of(char c) { return c >= 'a' ? c - 'a' + 26 : c - 'A'; }
char letter_of(int label) { return char(label < 26 ? 'A' + label : 'a' + label - 26); }

struct Term {
  std::string letters;     // before and behind the ellipsis
  size_t ellipsis_at = 0;  // in letters
  bool has_ellipsis = false;
};

/// `where`: the part's place in the equation; `what`: for messages.
Term parse_term(std::string_view text, size_t where, const std::string& what) {
  Term term;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ') continue;
    if (c == '.') {
      ADJOINT_CHECK(text.substr(i, 3) == "..." && !term.has_ellipsis, "einsum(): found '.' for ",
                    what,
                    term.has_ellipsis ? " for which an ellipsis was already found"
                                      : " that is not part of any ellipsis");
      term.has_ellipsis = true;
      term.ellipsis_at = term.letters.size();
      i += 2;
      continue;
    }
    ADJOINT_CHECK(is_letter(c), "einsum(): invalid subscript given at index ", where + i,
                  " in the equation string, subscripts must be in [a-zA-Z]");
    term.letters += c;
  }
  return term;
}

struct Equation {
  std::vector<Term> inputs;
  Term output;
  bool has_output = false;
};

Equation parse(std::string_view text) {
  Equation equation;
  const size_t arrow = text.find("->");
  const std::string_view left = text.substr(0, arrow);
  for (size_t at = 0;;) {
    const size_t comma = std::min(left.find(',', at), left.size());
    equation.inputs.push_back(parse_term(left.substr(at, comma - at), at,
                                         detail::str("operand ", equation.inputs.size())));
    if (comma == left.size()) break;
    at = comma + 1;
  }
  if (arrow == std::string_view::npos) return equation;
  equation.has_output = true;
  equation.output = parse_term(text.substr(arrow + 2), arrow + 2, "the output");
  return equation;
}

/// The labels of a term that stands for `dims` dimensions.
Labels labels_of(const Term& term, int64_t dims) {
  Labels labels;
  const int64_t ellipsis = dims - int64_t(term.letters.size());
  for (size_t i = 0; i <= term.letters.size(); ++i) {
    if (term.has_ellipsis && i == term.ellipsis_at) {
      for (int64_t k = ellipsis; k-- > 0;) labels.push_back(kLetters + int(k));
    }
    if (i < term.letters.size()) labels.push_back(label_of(term.letters[i]));
  }
  return labels;
}

/// A tensor with a label for each dimension, none twice.
struct Operand {
  Tensor tensor;
  Labels labels;
  int64_t find(int label) const {
    const auto at = std::find(labels.begin(), labels.end(), label);
    return at == labels.end() ? -1 : at - labels.begin();
  }
};

Operand make_operand(const Tensor& t, const Term& term, size_t number) {
  const int64_t named = int64_t(term.letters.size());
  ADJOINT_CHECK(term.has_ellipsis ? named <= t.dim() : named == t.dim(),
                "einsum(): the number of subscripts in the equation (", named, ")",
                term.has_ellipsis ? " is more than the number of dimensions ("
                                  : " does not match the number of dimensions (",
                t.dim(), ") for operand ", number,
                term.has_ellipsis ? "" : " and no ellipsis was given");
  Operand operand{t, {}};
  const Labels labels = labels_of(term, t.dim());
  for (size_t i = 0; i < labels.size(); ++i) {
    const int64_t before = operand.find(labels[i]);
    if (before < 0) {
      operand.labels.push_back(labels[i]);
      continue;
    }
    // The diagonal of both becomes the last dimension, and moves to where the first one was.
    const int64_t again = int64_t(operand.labels.size());
    const Tensor& whole = operand.tensor;
    ADJOINT_CHECK(whole.size(before) == whole.size(again), "einsum(): subscript ",
                  letter_of(labels[i]), " is repeated for operand ", number,
                  " but the sizes don't match, ", whole.size(again), " != ", whole.size(before));
    operand.tensor = movedim(diagonal(whole, 0, before, again), -1, before);
  }
  return operand;
}

Operand sum_out(Operand operand, const std::array<bool, size_t(kLabels)>& kept) {
  DimVector dims;
  Labels labels;
  for (size_t i = 0; i < operand.labels.size(); ++i) {
    if (kept[size_t(operand.labels[i])]) {
      labels.push_back(operand.labels[i]);
    } else {
      dims.push_back(int64_t(i));
    }
  }
  if (!dims.empty()) operand.tensor = operand.tensor.sum(dims, false, operand.tensor.dtype());
  operand.labels = labels;
  return operand;
}

/// Which dimensions of two operands are of one label: both have it and it stays (batch), both have
/// it and it goes (contracted), one has it (free).
struct Split {
  Labels batch, contracted, free_a, free_b;
};

/// The dimensions in the order of the labels, which the operand has.
Tensor ordered(const Operand& operand, const Labels& first, const Labels& second,
               const Labels& third) {
  DimVector order;
  for (const Labels* labels : {&first, &second, &third}) {
    for (int label : *labels) order.push_back(operand.find(label));
  }
  return operand.tensor.permute(order);
}

/// a * b, summed over what both have and `kept` has not.
Operand multiply(const Operand& a, const Operand& b,
                 const std::array<bool, size_t(kLabels)>& kept) {
  Split split;
  DimVector sizes;
  auto stretched = [&](int label) {
    return a.tensor.size(a.find(label)) != b.tensor.size(b.find(label));
  };
  bool is_product = true;
  for (int label : a.labels) {
    if (b.find(label) < 0) {
      split.free_a.push_back(label);
    } else {
      is_product &= !stretched(label);
      (kept[size_t(label)] ? split.batch : split.contracted).push_back(label);
    }
  }
  for (int label : b.labels) {
    if (a.find(label) < 0) split.free_b.push_back(label);
  }
  Operand out;
  for (const Labels* labels : {&split.batch, &split.free_a, &split.free_b}) {
    for (int label : *labels) out.labels.push_back(label);
  }
  if (is_product && !split.contracted.empty()) {
    Tensor left = ordered(a, split.batch, split.free_a, split.contracted),
           right = ordered(b, split.batch, split.contracted, split.free_b);
    auto numel = [](const Tensor& t, size_t from, size_t n) {
      return numel_of(t.sizes().slice(from, n));
    };
    const size_t batches = split.batch.size(), rows = split.free_a.size(),
                 inner = split.contracted.size(), columns = split.free_b.size();
    const int64_t n = numel(left, 0, batches), k = numel(right, batches, inner);
    for (size_t i = 0; i < batches + rows; ++i) sizes.push_back(left.size(int64_t(i)));
    for (size_t i = 0; i < columns; ++i) sizes.push_back(right.size(int64_t(batches + inner + i)));
    out.tensor = left.reshape({n, numel(left, batches, rows), k})
                     .bmm(right.reshape({n, k, numel(right, batches + inner, columns)}))
                     .reshape(sizes);
    return out;
  }
  // Element by element, with dimensions of size 1 for what an operand has not.
  Labels all = out.labels;
  for (int label : split.contracted) all.push_back(label);
  auto spread = [&](const Operand& operand) {
    Labels own, none;
    for (int label : all) {
      if (operand.find(label) >= 0) own.push_back(label);
    }
    Tensor t = ordered(operand, own, none, none);
    for (size_t i = 0; i < all.size(); ++i) {
      if (operand.find(all[i]) < 0) t = t.unsqueeze(int64_t(i));
    }
    return t;
  };
  return sum_out({spread(a) * spread(b), all}, kept);
}

}  // namespace

Tensor einsum(std::string_view text, TensorList operands) {
  ADJOINT_CHECK_VALUE(!operands.empty(),
                      "einsum(): must specify the equation string and at least one operand");
  const Equation equation = parse(text);
  ADJOINT_CHECK(equation.inputs.size() >= operands.size(),
                "einsum(): more operands were provided than specified in the equation");
  ADJOINT_CHECK(equation.inputs.size() <= operands.size(),
                "einsum(): fewer operands were provided than specified in the equation");
  std::vector<Operand> parts;
  std::array<int, size_t(kLabels)> uses{};  // operands that have the label
  std::array<int64_t, size_t(kLabels)> sizes;
  sizes.fill(1);
  std::string letters;
  int ellipsis = 0;
  for (size_t i = 0; i < operands.size(); ++i) {
    parts.push_back(make_operand(operands[i], equation.inputs[i], i));
    letters += equation.inputs[i].letters;
    for (size_t d = 0; d < parts[i].labels.size(); ++d) {
      const int label = parts[i].labels[d];
      const int64_t size = parts[i].tensor.size(int64_t(d));
      int64_t& common = sizes[size_t(label)];
      ADJOINT_CHECK(size == common || size == 1 || common == 1, "einsum(): subscript ",
                    label < kLetters ? letter_of(label) : '.', " has size ", size, " for operand ",
                    i, " which does not broadcast with previously seen size ", common);
      if (common == 1) common = size;
      ++uses[size_t(label)];
      if (label >= kLetters) ellipsis = std::max(ellipsis, label - kLetters + 1);
    }
  }
  Term output = equation.output;
  if (!equation.has_output) {
    output.has_ellipsis = ellipsis > 0;
    for (int label = 0; label < kLetters; ++label) {
      if (std::count(letters.begin(), letters.end(), letter_of(label)) == 1) {
        output.letters += letter_of(label);
      }
    }
  }
  const Labels result =
      labels_of(output, int64_t(output.letters.size()) + (output.has_ellipsis ? ellipsis : 0));
  std::array<bool, size_t(kLabels)> wanted{};
  for (int label : result) {
    ADJOINT_CHECK(!wanted[size_t(label)], "einsum(): output subscript ", letter_of(label),
                  " appears more than once in the output");
    ADJOINT_CHECK(uses[size_t(label)] > 0, "einsum(): output subscript ", letter_of(label),
                  " does not appear in the equation for any input operand");
    wanted[size_t(label)] = true;
  }
  // What only one operand has and nobody wants is summed first.
  Operand product;
  for (size_t i = 0; i < parts.size(); ++i) {
    std::array<bool, size_t(kLabels)> kept = wanted, later = wanted;
    for (size_t j = 0; j < parts.size(); ++j) {
      for (int label : parts[j].labels) {
        if (j != i) kept[size_t(label)] = true;
        if (j > i) later[size_t(label)] = true;
      }
    }
    Operand part = sum_out(parts[i], kept);
    product = i == 0 ? part : multiply(product, part, later);
  }
  product = sum_out(product, wanted);
  DimVector order;
  bool is_ordered = true;
  for (int label : result) {
    order.push_back(product.find(label));
    is_ordered &= order.back() == int64_t(order.size()) - 1;
  }
  return is_ordered ? product.tensor : product.tensor.permute(order);
}

Tensor tensordot(const Tensor& self, const Tensor& other, int64_t dims) {
  ADJOINT_CHECK(dims >= 0 && dims <= self.dim() && dims <= other.dim(),
                "tensordot expects dims to be in [0, number of dimensions], but got dims=", dims);
  DimVector of_self, of_other;
  for (int64_t d = 0; d < dims; ++d) {
    of_self.push_back(self.dim() - dims + d);
    of_other.push_back(d);
  }
  return tensordot(self, other, of_self, of_other);
}

Tensor tensordot(const Tensor& self, const Tensor& other, IntArrayRef dims_self,
                 IntArrayRef dims_other) {
  ADJOINT_CHECK(dims_self.size() == dims_other.size(),
                "both dimension lists should have same length, got ", dims_self.size(), " and ",
                dims_other.size());
  Operand a{self, {}}, b{other, {}};
  std::array<bool, size_t(kLabels)> kept{};
  int label = 0;
  for (Operand* operand : {&a, &b}) {
    for (int64_t d = 0; d < operand->tensor.dim(); ++d) {
      kept[size_t(label)] = true;
      operand->labels.push_back(label++);
    }
  }
  for (size_t i = 0; i < dims_self.size(); ++i) {
    const int64_t from = wrap_dim(dims_self[i], self.dim()),
                  to = wrap_dim(dims_other[i], other.dim());
    ADJOINT_CHECK(self.size(from) == other.size(to),
                  "contracted dimensions need to match, but first has size ", self.size(from),
                  " in dim ", dims_self[i], " and second has size ", other.size(to), " in dim ",
                  dims_other[i]);
    b.labels[size_t(to)] = a.labels[size_t(from)];
    kept[size_t(a.labels[size_t(from)])] = false;
  }
  return multiply(a, b, kept).tensor;
}

Tensor inner(const Tensor& self, const Tensor& other) {
  if (self.dim() == 0 || other.dim() == 0) return self * other;
  ADJOINT_CHECK(self.size(-1) == other.size(-1),
                "inner() the last dimension must match on both input tensors but got shapes ",
                self.sizes(), " and ", other.sizes());
  return tensordot(self, other, {-1}, {-1});
}

Tensor kron(const Tensor& self, const Tensor& other) {
  const int64_t dims = std::max(self.dim(), other.dim());
  Tensor a = self, b = other;
  while (a.dim() < dims) a = a.unsqueeze(0);
  while (b.dim() < dims) b = b.unsqueeze(0);
  DimVector pairs, order, sizes;  // [a0, a1, .., b0, b1, ..] -> [a0, b0, a1, b1, ..] -> [a0 b0, ..]
  for (int64_t s : a.sizes()) pairs.push_back(s);
  for (int64_t d = 0; d < dims; ++d) {
    pairs.push_back(b.size(d));
    order.push_back(d);
    order.push_back(dims + d);
    sizes.push_back(a.size(d) * b.size(d));
  }
  Tensor products = a.reshape({-1, 1}) * b.reshape({1, -1});
  return products.reshape(pairs).permute(order).reshape(sizes);
}

namespace {

/// beta * self + alpha * product; self is not read where beta is 0.
Tensor scaled_sum(const Tensor& self, const Tensor& product, const Scalar& beta,
                  const Scalar& alpha) {
  Tensor scaled = alpha.toDouble() == 1 ? product : product * alpha;
  Tensor stretched = self.expand(product.sizes());
  return beta.toDouble() == 0 ? scaled : scaled.add(stretched, beta);
}

// The products: how they are made, and the gradients of the first and the second operand.
struct Baddbmm {
  static constexpr const char* kName = "BaddbmmBackward0";
  static Tensor product(const Tensor& a, const Tensor& b) { return a.bmm(b); }
  static Tensor first(const Tensor& grad, const Tensor& b) { return grad.bmm(b.transpose(1, 2)); }
  static Tensor second(const Tensor& grad, const Tensor& a) { return a.transpose(1, 2).bmm(grad); }
};
struct Addbmm {
  static constexpr const char* kName = "AddbmmBackward0";
  static Tensor product(const Tensor& a, const Tensor& b) {
    return a.bmm(b).sum({0}, false, a.dtype());
  }
  static Tensor each(const Tensor& grad, int64_t batches) {
    return grad.unsqueeze(0).expand({batches, grad.size(0), grad.size(1)});
  }
  static Tensor first(const Tensor& grad, const Tensor& b) {
    return each(grad, b.size(0)).bmm(b.transpose(1, 2));
  }
  static Tensor second(const Tensor& grad, const Tensor& a) {
    return a.transpose(1, 2).bmm(each(grad, a.size(0)));
  }
};
struct Addmv {
  static constexpr const char* kName = "AddmvBackward0";
  static Tensor product(const Tensor& a, const Tensor& b) { return a.mv(b); }
  static Tensor first(const Tensor& grad, const Tensor& b) { return grad.outer(b); }
  static Tensor second(const Tensor& grad, const Tensor& a) { return a.t().mv(grad); }
};
struct Addr {
  static constexpr const char* kName = "AddrBackward0";
  static Tensor product(const Tensor& a, const Tensor& b) { return a.outer(b); }
  static Tensor first(const Tensor& grad, const Tensor& b) { return grad.mv(b); }
  static Tensor second(const Tensor& grad, const Tensor& a) { return grad.t().mv(a); }
};

/// beta * self + alpha * (product of first and second)
template <class Product>
struct ScaledSumBackward final : Node {
  SavedTensor first_, second_;  // each only where the other's gradient is wanted
  Scalar beta_ = 1, alpha_ = 1;
  const char* name() const override { return Product::kName; }
  GradList apply(GradList&& grads) override {
    GradList out(3);
    Tensor scaled = alpha_.toDouble() == 1 ? grads[0] : grads[0] * alpha_;
    if (task_should_compute_output(1)) out[1] = Product::first(scaled, second_.unpack(*this));
    if (task_should_compute_output(2)) out[2] = Product::second(scaled, first_.unpack(*this));
    if (task_should_compute_output(0)) {
      out[0] = beta_.toDouble() == 1 ? std::move(grads[0]) : grads[0] * beta_;
    }
    return out;
  }
  void release_variables() override {
    first_.release();
    second_.release();
  }
};

template <class Product>
Tensor add_product(const Tensor& self, const Tensor& first, const Tensor& second,
                   const Scalar& beta, const Scalar& alpha) {
  Tensor out;
  {
    NoGradGuard no_grad;
    out = scaled_sum(self, Product::product(first, second), beta, alpha);
  }
  if (needs_grad(self, first, second)) {
    auto node = make_node<ScaledSumBackward<Product>>(self, first, second);
    node->beta_ = beta;
    node->alpha_ = alpha;
    if (second.requires_grad()) node->first_.save(first);
    if (first.requires_grad()) node->second_.save(second);
    set_history(out, node);
  }
  return out;
}

}  // namespace

Tensor baddbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
               const Scalar& alpha) {
  return add_product<Baddbmm>(self, batch1, batch2, beta, alpha);
}
Tensor addbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
              const Scalar& alpha) {
  return add_product<Addbmm>(self, batch1, batch2, beta, alpha);
}
Tensor addmv(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta,
             const Scalar& alpha) {
  return add_product<Addmv>(self, mat, vec, beta, alpha);
}
Tensor addr(const Tensor& self, const Tensor& vec1, const Tensor& vec2, const Scalar& beta,
            const Scalar& alpha) {
  return add_product<Addr>(self, vec1, vec2, beta, alpha);
}

namespace {

/// `self` cannot take the product in: it would have to have these sizes.
void check_product_sizes(const Tensor& self, IntArrayRef sizes) {
  ADJOINT_CHECK(self.sizes() == sizes, "Bad in-place call: input tensor size ", self.sizes(),
                " and output tensor size ", sizes, " should match");
}

}  // namespace

Tensor& Tensor::baddbmm_(const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
                         const Scalar& alpha) const {
  if (batch1.dim() == 3 && batch2.dim() == 3)
    check_product_sizes(*this, {batch1.size(0), batch1.size(1), batch2.size(2)});
  return become(*this, baddbmm(operand_of_change(*this, batch1), operand_of_change(*this, batch2),
                               beta, alpha));
}
Tensor& Tensor::addbmm_(const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
                        const Scalar& alpha) const {
  if (batch1.dim() == 3 && batch2.dim() == 3)
    check_product_sizes(*this, {batch1.size(1), batch2.size(2)});
  return become(*this, addbmm(operand_of_change(*this, batch1), operand_of_change(*this, batch2),
                              beta, alpha));
}
Tensor& Tensor::addmv_(const Tensor& mat, const Tensor& vec, const Scalar& beta,
                       const Scalar& alpha) const {
  if (mat.dim() == 2 && vec.dim() == 1) {
    ADJOINT_CHECK(dim() != 1 || size(0) == 1 || size(0) == mat.size(0),
                  "size mismatch, got input (", size(0), "), mat (", mat.size(0), "x", mat.size(1),
                  "), vec (", vec.size(0), ")");
    check_product_sizes(*this, {mat.size(0)});
  }
  return become(*this,
                addmv(operand_of_change(*this, mat), operand_of_change(*this, vec), beta, alpha));
}
Tensor& Tensor::addr_(const Tensor& vec1, const Tensor& vec2, const Scalar& beta,
                      const Scalar& alpha) const {
  if (vec1.dim() == 1 && vec2.dim() == 1) {
    ADJOINT_CHECK(sizes() == IntArrayRef({vec1.size(0), vec2.size(0)}),
                  "size mismatch, input: ", sizes(), ", v1: ", vec1.sizes(),
                  ", v2: ", vec2.sizes());
  }
  return become(*this,
                addr(operand_of_change(*this, vec1), operand_of_change(*this, vec2), beta, alpha));
}
Tensor& Tensor::addmm_(const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
                       const Scalar& alpha) const {
  if (mat1.dim() == 2 && mat2.dim() == 2) check_product_sizes(*this, {mat1.size(0), mat2.size(1)});
  return become(*this,
                addmm(operand_of_change(*this, mat1), operand_of_change(*this, mat2), beta, alpha));
}

Tensor cdist(const Tensor& x1, const Tensor& x2, double p) {
  ADJOINT_CHECK(x1.dim() >= 2 && x2.dim() >= 2,
                "cdist only supports at least 2D tensors, X1 got: ", x1.dim(),
                "D, X2 got: ", x2.dim(), "D");
  ADJOINT_CHECK(x1.size(-1) == x2.size(-1),
                "X1 and X2 must have the same number of columns. X1: ", x1.size(-1),
                " X2: ", x2.size(-1));
  return under_name("CdistBackward0", norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, {-1}));
}

}  // namespace adjoint
