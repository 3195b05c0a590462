// SPDX-License-Identifier: MIT
// Random numbers. Which number an element gets is said in core/math/philox.h, so that it is the
// same on every device and for any number of threads.
#include <limits>
#include <utility>

#include "core/capture/recorder.h"
#include "core/math/philox.h"
#include "core/math/philox_state.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constexpr OpTraits random_of(DtypeSet dtypes) {
  return {.dtypes = dtypes, .differentiable = false};
}

// `out` is dense. A double takes two draws, the other types one: draws 2i and 2i + 1, or draw i.
/// Uniform in [from, to). 16-bit floats have as many random digits as they can hold below 1.
constinit Op<void(const Stream&, const Tensor& out, double from, double to, PhiloxArgs)> uniform_op{
    "uniform", random_of(kFloatingDtypes)};
/// Elements 2k and 2k + 1 are one Box-Muller pair.
constinit Op<void(const Stream&, const Tensor& out, double mean, double std, PhiloxArgs)> normal_op{
    "normal", random_of(kFloatingDtypes)};
/// Integers in [low, low + range); from range kWideRange on two draws each.
constinit Op<void(const Stream&, const Tensor& out, int64_t low, uint64_t range, PhiloxArgs)>
    random_op{"random", random_of(kNumericDtypes)};
/// 1 with probability p, else 0; one draw each.
constinit Op<void(const Stream&, const Tensor& out, double p, PhiloxArgs)> bernoulli_op{
    "bernoulli", random_of(kAllDtypes)};

Generator& generator_or_default(Generator* generator) {
  return generator ? *generator : default_generator();
}
PhiloxState reserve(const Tensor& out, int draws_each, Generator* generator) {
  return generator_or_default(generator).reserve(uint64_t(out.numel()) * uint64_t(draws_each));
}

void fill_uniform(const Tensor& out, double from, double to, Generator* generator) {
  check_dtype(uniform_op, out.dtype());
  if (out.numel() == 0) return;
  uniform_op(stream_for(out), out, from, to,
             reserve(out, out.dtype() == kDouble ? 2 : 1, generator));
}
void fill_normal(const Tensor& out, double mean, double std, Generator* generator) {
  check_dtype(normal_op, out.dtype());
  if (out.numel() == 0) return;
  normal_op(stream_for(out), out, mean, std,
            reserve(out, out.dtype() == kDouble ? 2 : 1, generator));
}

void fill_bernoulli(const Tensor& out, double p, Generator* generator) {
  check_dtype(bernoulli_op, out.dtype());
  if (out.numel() != 0) bernoulli_op(stream_for(out), out, p, reserve(out, 1, generator));
}

void fill_random(const Tensor& out, int64_t low, uint64_t range, Generator* generator) {
  check_dtype(random_op, out.dtype());
  if (out.numel() == 0) return;
  random_op(stream_for(out), out, low, range,
            reserve(out, range < math::kWideRange ? 1 : 2, generator));
}
/// One more than the largest integer of the dtype, of floating point: than the last one before
/// there are gaps.
uint64_t end_of(ScalarType dtype) {
  switch (dtype) {
    case kByte:
      return 1u << 8;
    case kInt:
      return uint64_t{1} << 31;
    case kHalf:
      return 1u << 11;
    case kBFloat16:
      return 1u << 8;
    case kFloat:
      return 1u << 24;
    case kDouble:
      return uint64_t{1} << 53;
    default:
      return uint64_t{1} << 63;
  }
}
double smallest_of(ScalarType dtype) {
  return dtype == kDouble ? std::numeric_limits<double>::min()
         : dtype == kHalf ? 0x1p-14
                          : double(std::numeric_limits<float>::min());
}

template <class Fill>
Tensor filled(IntArrayRef sizes, const TensorOptions& options, const Fill& fill) {
  Tensor out = empty(sizes, options.requires_grad(false));
  fill(out);
  if (options.requires_grad()) out.requires_grad_();
  return out;
}
template <class Fill>
Tensor filled_like(const Tensor& self, const TensorOptions& options, const Fill& fill) {
  Tensor out = empty_like(self, options.requires_grad(false));
  fill(out);
  if (options.requires_grad()) out.requires_grad_();
  return out;
}

/// What was in the tensor before gets no gradient.
struct RandomBackward final : Node {
  const char* name_ = "";
  const char* name() const override { return name_; }
  GradList apply(GradList&&) override { return GradList(1); }
};

template <class Fill>
Tensor& fill_in_place(const Tensor& self, const char* node_name, const Fill& fill) {
  check_inplace(self);
  if (self.is_contiguous()) {
    fill(self);
    bump_version(self);
  } else {
    NoGradGuard no_grad;
    Tensor dense = empty(self.sizes(), self.options());
    fill(dense);
    self.copy_(dense);
  }
  if (needs_grad(self)) {
    auto node = make_node<RandomBackward>(self);
    node->name_ = node_name;
    rebase_history(self, node);
  }
  return const_cast<Tensor&>(self);
}

}  // namespace

void register_random_ops(OpRegistry& registry) {
  registry.add(uniform_op);
  registry.add(normal_op);
  registry.add(random_op);
  registry.add(bernoulli_op);
}

Tensor rand(IntArrayRef sizes, const TensorOptions& options, Generator* generator) {
  return filled(sizes, options, [=](const Tensor& t) { fill_uniform(t, 0, 1, generator); });
}
Tensor rand_like(const Tensor& self, const TensorOptions& options) {
  return filled_like(self, options, [](const Tensor& t) { fill_uniform(t, 0, 1, nullptr); });
}
Tensor randn(IntArrayRef sizes, const TensorOptions& options, Generator* generator) {
  return filled(sizes, options, [=](const Tensor& t) { fill_normal(t, 0, 1, generator); });
}
Tensor randn_like(const Tensor& self, const TensorOptions& options) {
  return filled_like(self, options, [](const Tensor& t) { fill_normal(t, 0, 1, nullptr); });
}

Tensor randint(int64_t low, int64_t high, IntArrayRef sizes, const TensorOptions& options,
               Generator* generator) {
  ADJOINT_CHECK(low < high, "random_ expects 'from' to be less than 'to', but got from=", low,
                " >= to=", high);
  uint64_t range = uint64_t(high) - uint64_t(low);
  TensorOptions o = options.dtype_opt() ? options : options.dtype(kLong);
  return filled(sizes, o, [=](const Tensor& t) { fill_random(t, low, range, generator); });
}
Tensor randint(int64_t high, IntArrayRef sizes, const TensorOptions& options,
               Generator* generator) {
  return randint(0, high, sizes, options, generator);
}

// On the host for every device: an exchange of elements one after the other (R. Durstenfeld,
// Algorithm 235, 1964). Step i takes draws 2i and 2i + 1.
Tensor randperm(int64_t n, const TensorOptions& options, Generator* generator) {
  refuse_capture("randperm", "the host makes it, and a replay runs nothing on the host");
  TensorOptions o = options.dtype_opt() ? options : options.dtype(kLong);
  Tensor order = empty({n}, TensorOptions(kLong).device(kCPU));
  int64_t* p = static_cast<int64_t*>(order.data_ptr());
  for (int64_t i = 0; i < n; ++i) p[i] = i;
  PhiloxState state = reserve(order, 2, generator);
  math::PhiloxBlock block;
  for (int64_t i = 0; i < n; ++i) {
    if (i % 2 == 0) block = math::philox(state.seed, state.offset + uint64_t(i) / 2);
    const uint32_t* draws = block.words + i % 2 * 2;
    uint64_t bits = draws[0] | uint64_t(draws[1]) << 32;
    std::swap(p[i], p[i + int64_t(math::below(bits, uint64_t(n - i)))]);
  }
  Tensor out = order.to(o.device(), o.dtype());
  if (o.requires_grad()) out.requires_grad_();
  return out;
}

Tensor& Tensor::random_(int64_t from, std::optional<int64_t> to) const {
  ADJOINT_CHECK(!to || from < *to,
                "random_ expects 'from' to be less than 'to', but got from=", from,
                " >= to=", to.value_or(0));
  const uint64_t range = to ? uint64_t(*to) - uint64_t(from) : end_of(dtype()) - uint64_t(from);
  return fill_in_place(*this,
                       to && from == 0 ? "RandomBackward1"
                       : to            ? "RandomBackward0"
                                       : "RandomBackward2",
                       [=](const Tensor& t) { fill_random(t, from, range, nullptr); });
}
Tensor& Tensor::exponential_(double lambd) const {
  ADJOINT_CHECK(lambd > 0, "exponential_ expects lambda > 0.0, but found lambda=", lambd);
  ADJOINT_CHECK(is_floating_point(),
                "Exponential distribution is a continuous probability "
                "distribution. dtype must be a floating point but you specified ",
                dtype());
  return fill_in_place(*this, "ExponentialBackward0", [=](const Tensor& t) {
    NoGradGuard no_grad;
    // 1 - u is in (0, 1], of which 1 would give 0.
    Tensor out = t.data();
    fill_uniform(out, 0, 1, nullptr);
    out.neg_().add_(1).log_().mul_(-1 / lambd);
    out.clamp_(smallest_of(t.dtype()));
  });
}
Tensor& Tensor::uniform_(double from, double to) const {
  ADJOINT_CHECK(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from,
                " > to=", to);
  return fill_in_place(*this, "UniformBackward0",
                       [=](const Tensor& t) { fill_uniform(t, from, to, nullptr); });
}
Tensor& Tensor::normal_(double mean, double std) const {
  ADJOINT_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
  return fill_in_place(*this, "NormalBackward0",
                       [=](const Tensor& t) { fill_normal(t, mean, std, nullptr); });
}
Tensor& Tensor::bernoulli_(double p) const {
  ADJOINT_CHECK(p >= 0 && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  return fill_in_place(*this, "BernoulliBackward2",
                       [=](const Tensor& t) { fill_bernoulli(t, p, nullptr); });
}

}  // namespace adjoint
