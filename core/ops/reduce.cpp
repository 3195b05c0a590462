// SPDX-License-Identifier: MIT
// sum, mean, all and any.
#include "core/ops/reduce.h"

#include <algorithm>

namespace adjoint {
namespace {

constinit ReduceOp sum_op{"sum", {.dtypes = kFloatingDtypes | DtypeSet{kLong}}};
constinit ReduceOp mean_op{"mean"};
// Input and output are bool; for an empty input true and false.
constinit ReduceOp all_op{"all", {.dtypes = {kBool}, .differentiable = false}};
constinit ReduceOp any_op{"any", {.dtypes = {kBool}, .differentiable = false}};

struct SumBackward final : Node {
  DimVector sizes_;
  uint32_t mask_ = 0;
  const char* name_ = "SumBackward0";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    return {unreduce(grads[0], sizes_, mask_).expand(sizes_)};
  }
};
struct MeanBackward final : Node {
  DimVector sizes_;
  uint32_t mask_ = 0;
  int64_t count_ = 1;
  const char* name_ = "MeanBackward0";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    return {unreduce(grads[0], sizes_, mask_).expand(sizes_) / Scalar(count_)};
  }
};

ScalarType sum_dtype(const Tensor& self, std::optional<ScalarType> dtype) {
  if (dtype) return *dtype;
  return isFloatingType(self.dtype()) ? self.dtype() : kLong;
}

Tensor sum_over(const Tensor& self, uint32_t mask, bool keepdim, std::optional<ScalarType> dtype,
                const char* name) {
  ScalarType result = sum_dtype(self, dtype);
  ScalarType compute = isFloatingType(result) ? result : kLong;
  Tensor out = run_reduce(sum_op, self, mask, keepdim, compute, compute);
  if (result != compute) out = out.to(result);
  if (needs_grad(self) && isFloatingType(result)) {
    auto node = make_node<SumBackward>(self);
    node->sizes_ = self.sizes();
    node->mask_ = mask;
    node->name_ = name;
    set_history(out, node);
  }
  return out;
}

Tensor mean_over(const Tensor& self, uint32_t mask, bool keepdim, std::optional<ScalarType> dtype,
                 const char* name) {
  ScalarType result = dtype.value_or(self.dtype());
  ADJOINT_CHECK_TYPE(isFloatingType(result),
                     "mean(): could not infer output dtype. Input dtype must be either a "
                     "floating point or complex dtype. Got: ",
                     result);
  Tensor out = run_reduce(mean_op, self, mask, keepdim, result, result);
  if (needs_grad(self)) {
    auto node = make_node<MeanBackward>(self);
    node->sizes_ = self.sizes();
    node->mask_ = mask;
    node->count_ = self.numel() / std::max<int64_t>(out.numel(), 1);
    node->name_ = name;
    set_history(out, node);
  }
  return out;
}

/// Bytes, which were truth values once, give bytes.
Tensor truth(const ReduceOp& op, const Tensor& self, uint32_t mask, bool keepdim) {
  Tensor out = run_reduce(op, self, mask, keepdim, kBool, kBool);
  return self.dtype() == kByte ? out.to(kByte) : out;
}

}  // namespace

void register_reduce_ops(OpRegistry& registry) {
  registry.add(sum_op);
  registry.add(mean_op);
  registry.add(all_op);
  registry.add(any_op);
}

Tensor unreduce(const Tensor& reduced, IntArrayRef input_sizes, uint32_t mask) {
  if (reduced.dim() == int64_t(input_sizes.size())) return reduced;
  return reduced.reshape(reduced_sizes(input_sizes, mask, true));
}

Tensor sum(const Tensor& self, std::optional<ScalarType> dtype) {
  return sum_over(self, dim_mask({}, self.dim()), false, dtype, "SumBackward0");
}
Tensor sum(const Tensor& self, IntArrayRef dims, bool keepdim, std::optional<ScalarType> dtype) {
  return sum_over(self, dim_mask(dims, self.dim()), keepdim, dtype, "SumBackward1");
}
Tensor mean(const Tensor& self, std::optional<ScalarType> dtype) {
  return mean_over(self, dim_mask({}, self.dim()), false, dtype, "MeanBackward0");
}
Tensor mean(const Tensor& self, IntArrayRef dims, bool keepdim, std::optional<ScalarType> dtype) {
  return mean_over(self, dim_mask(dims, self.dim()), keepdim, dtype, "MeanBackward1");
}

Tensor nansum(const Tensor& self, IntArrayRef dims, bool keepdim) {
  if (!self.is_floating_point()) return sum(self, dims, keepdim);
  return sum(masked_fill(self, isnan(self), 0), dims, keepdim);
}
Tensor nanmean(const Tensor& self, IntArrayRef dims, bool keepdim) {
  ADJOINT_CHECK(self.is_floating_point(),
                "nanmean(): expected input to have floating point or complex dtype but got ",
                self.dtype());
  Tensor count = sum(logical_not(isnan(self)), dims, keepdim);
  return nansum(self, dims, keepdim) / count;
}

Tensor all(const Tensor& self) { return truth(all_op, self, dim_mask({}, self.dim()), false); }
Tensor all(const Tensor& self, int64_t dim, bool keepdim) {
  return truth(all_op, self, dim_mask(dim, self.dim()), keepdim);
}
Tensor any(const Tensor& self) { return truth(any_op, self, dim_mask({}, self.dim()), false); }
Tensor any(const Tensor& self, int64_t dim, bool keepdim) {
  return truth(any_op, self, dim_mask(dim, self.dim()), keepdim);
}

Tensor sum_to_size(const Tensor& self, IntArrayRef sizes) {
  if (self.sizes() == sizes) return self;
  int64_t extra = self.dim() - int64_t(sizes.size());
  uint32_t mask = 0;
  bool fits = extra >= 0;
  for (int64_t d = 0; fits && d < self.dim(); ++d) {
    int64_t wanted = d < extra ? 1 : sizes[size_t(d - extra)], have = self.sizes()[size_t(d)];
    fits = wanted == have || wanted == 1;
    if (d < extra || (wanted == 1 && have != 1)) mask |= 1u << d;
  }
  ADJOINT_CHECK(fits, "size {", sizes, "} is not expandable to size {", self.sizes(), "}.");
  Tensor out = sum_over(self, mask, true, self.dtype(), "SumBackward1");
  return extra > 0 ? out.reshape(sizes) : out;
}

}  // namespace adjoint
