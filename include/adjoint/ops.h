// SPDX-License-Identifier: MIT
// The operations on tensors.
//
// Unless said otherwise: an operation has a gradient of any order; tensors of different shapes
// broadcast (sizes are aligned at the last dimension; sizes 1 and missing ones stretch) and those
// of different dtypes compute in promoteTypes of them, where a Scalar or a 0-d tensor only counts
// if it is of a higher kind (bool < integral < floating point); all tensors must be on one device;
// dimensions may be negative. Wrong shapes, dtypes and devices throw Error or TypeError,
// wrong dimensions and indices IndexError, impossible other values ValueError.
#pragma once

#include <optional>
#include <tuple>
#include <vector>

#include "adjoint/generator.h"
#include "adjoint/tensor.h"

namespace adjoint {

// ---- Making tensors
// ------------------------------------------------------------------------------ `options` gives
// dtype (default: get_default_dtype(), or kLong where the arguments are integers), device (default:
// get_default_device()) and requires_grad. The *_like forms take those of `self` as the default.

/// Memory as it comes.
ADJOINT_API Tensor empty(IntArrayRef sizes, const TensorOptions& options = {});
ADJOINT_API Tensor empty_like(const Tensor& self, const TensorOptions& options = {});
ADJOINT_API Tensor empty_strided(IntArrayRef sizes, IntArrayRef strides,
                                 const TensorOptions& options = {});
ADJOINT_API Tensor zeros(IntArrayRef sizes, const TensorOptions& options = {});
ADJOINT_API Tensor zeros_like(const Tensor& self, const TensorOptions& options = {});
ADJOINT_API Tensor ones(IntArrayRef sizes, const TensorOptions& options = {});
ADJOINT_API Tensor ones_like(const Tensor& self, const TensorOptions& options = {});
/// The dtype's default is that of the value's kind: bool, kLong or the default dtype.
ADJOINT_API Tensor full(IntArrayRef sizes, const Scalar& value, const TensorOptions& options = {});
ADJOINT_API Tensor full_like(const Tensor& self, const Scalar& value,
                             const TensorOptions& options = {});
/// start, start + step, ... up to but not including end. Throws ValueError for a step of 0 or one
/// that leads away from end.
ADJOINT_API Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step,
                          const TensorOptions& options = {});
ADJOINT_API Tensor arange(const Scalar& start, const Scalar& end,
                          const TensorOptions& options = {});
ADJOINT_API Tensor arange(const Scalar& end, const TensorOptions& options = {});
/// `steps` values from start to end, both included.
ADJOINT_API Tensor linspace(const Scalar& start, const Scalar& end, int64_t steps,
                            const TensorOptions& options = {});
/// [n, m] with ones on the diagonal.
ADJOINT_API Tensor eye(int64_t n, const TensorOptions& options = {});
ADJOINT_API Tensor eye(int64_t n, int64_t m, const TensorOptions& options = {});
/// Uniform in [0, 1). `generator`: null takes default_generator().
ADJOINT_API Tensor rand(IntArrayRef sizes, const TensorOptions& options = {},
                        Generator* generator = nullptr);
ADJOINT_API Tensor rand_like(const Tensor& self, const TensorOptions& options = {});
/// Normal with mean 0 and variance 1.
ADJOINT_API Tensor randn(IntArrayRef sizes, const TensorOptions& options = {},
                         Generator* generator = nullptr);
ADJOINT_API Tensor randn_like(const Tensor& self, const TensorOptions& options = {});
/// Integers uniform in [low, high); dtype kLong by default.
ADJOINT_API Tensor randint(int64_t low, int64_t high, IntArrayRef sizes,
                           const TensorOptions& options = {}, Generator* generator = nullptr);
ADJOINT_API Tensor randint(int64_t high, IntArrayRef sizes, const TensorOptions& options = {},
                           Generator* generator = nullptr);
/// A random order of 0 .. n-1; dtype kLong by default.
ADJOINT_API Tensor randperm(int64_t n, const TensorOptions& options = {},
                            Generator* generator = nullptr);

namespace detail {
/// Nested braced lists of numbers, as `tensor({{1., 2.}, {3., 4.}})` takes them.
class ADJOINT_API TensorData {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> TensorData(T value)
      : scalar_(value), dtype_(natural_dtype<T>()) {}
  TensorData(Half value) : scalar_(value), dtype_(kHalf) {}
  TensorData(BFloat16 value) : scalar_(value), dtype_(kBFloat16) {}
  TensorData(std::initializer_list<TensorData> list);

  bool is_scalar() const { return is_scalar_; }
  const Scalar& scalar() const { return scalar_; }
  const DimVector& sizes() const { return sizes_; }
  ScalarType dtype() const { return dtype_; }
  const std::vector<TensorData>& children() const { return children_; }

 private:
  template <class T>
  static ScalarType natural_dtype() {
    if constexpr (std::is_same_v<T, bool>) return kBool;
    if constexpr (std::is_floating_point_v<T>) return get_default_dtype();
    return kLong;
  }
  bool is_scalar_ = true;
  Scalar scalar_;
  DimVector sizes_;
  ScalarType dtype_;
  std::vector<TensorData> children_;
};
ADJOINT_API Tensor tensor_from(const TensorData& data, const TensorOptions& options);
ADJOINT_API Tensor tensor_from(const void* data, ScalarType dtype, size_t n,
                               const TensorOptions& options);
ADJOINT_API Tensor wrap_blob(void* data, IntArrayRef sizes, IntArrayRef strides,
                             void (*deleter)(void*, void*) noexcept, void* context,
                             const TensorOptions& options);
}  // namespace detail

/// The values of a number or of nested braced lists, e.g. `tensor({{1., 2.}, {3., 4.}})`: dtype
/// bool, kLong or the default dtype unless options say otherwise. Throws ValueError for ragged
/// lists.
inline Tensor tensor(const detail::TensorData& data, const TensorOptions& options = {}) {
  return detail::tensor_from(data, options);
}
inline Tensor tensor(std::initializer_list<detail::TensorData> data,
                     const TensorOptions& options = {}) {
  return detail::tensor_from(detail::TensorData(data), options);
}
/// A copy of the values, 1-d, of T's dtype unless options say otherwise.
template <class T>
Tensor tensor(const std::vector<T>& values, const TensorOptions& options = {}) {
  return detail::tensor_from(values.data(), scalar_type_of<T>, values.size(), options);
}

/// A tensor on memory of the caller's, which `deleter(data)` gives back when the last tensor that
/// shares it is gone. options.dtype() must be the memory's. `strides` count elements.
template <class Deleter>
requires std::is_invocable_v<Deleter, void*> Tensor from_blob(void* data, IntArrayRef sizes,
                                                              IntArrayRef strides, Deleter deleter,
                                                              const TensorOptions& options = {}) {
  auto call = [](void* context, void* memory) noexcept {
    auto* d = static_cast<Deleter*>(context);
    try {
      (*d)(memory);
    } catch (...) {
      // A deleter has nobody to report to.
    }
    delete d;
  };
  auto* context = new Deleter(std::move(deleter));
  try {
    return detail::wrap_blob(data, sizes, strides, call, context, options);
  } catch (...) {
    delete context;  // no tensor was made: the memory stays the caller's
    throw;
  }
}
template <class Deleter>
requires std::is_invocable_v<Deleter, void*> Tensor from_blob(void* data, IntArrayRef sizes,
                                                              Deleter deleter,
                                                              const TensorOptions& options = {}) {
  DimVector strides(sizes.size(), 1);
  for (size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
  return from_blob(data, sizes, strides, std::move(deleter), options);
}
/// Borrows the memory: it must outlive every tensor that shares it.
ADJOINT_API Tensor from_blob(void* data, IntArrayRef sizes, const TensorOptions& options = {});

// ---- Arithmetic
// ----------------------------------------------------------------------------------
/// self + alpha * other
ADJOINT_API Tensor add(const Tensor& self, const Tensor& other, const Scalar& alpha = 1);
ADJOINT_API Tensor add(const Tensor& self, const Scalar& other, const Scalar& alpha = 1);
/// self - alpha * other. Throws Error for bool tensors.
ADJOINT_API Tensor sub(const Tensor& self, const Tensor& other, const Scalar& alpha = 1);
ADJOINT_API Tensor sub(const Tensor& self, const Scalar& other, const Scalar& alpha = 1);
/// other - alpha * self
ADJOINT_API Tensor rsub(const Tensor& self, const Scalar& other, const Scalar& alpha = 1);
ADJOINT_API Tensor mul(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor mul(const Tensor& self, const Scalar& other);
/// True division: floating point also for integers.
ADJOINT_API Tensor div(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor div(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor div(const Scalar& self, const Tensor& other);
/// self ** exponent, as C's pow. Throws Error for integers to negative integer powers.
ADJOINT_API Tensor pow(const Tensor& self, const Tensor& exponent);
ADJOINT_API Tensor pow(const Tensor& self, const Scalar& exponent);
ADJOINT_API Tensor pow(const Scalar& self, const Tensor& exponent);
/// Element-wise, NaN where either is. The gradient at equal values is halved between the two; at
/// NaN both get all of it.
ADJOINT_API Tensor maximum(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor minimum(const Tensor& self, const Tensor& other);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator+(const Tensor& a, const Scalar& b) { return add(a, b); }
inline Tensor operator+(const Scalar& a, const Tensor& b) { return add(b, a); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator-(const Tensor& a, const Scalar& b) { return sub(a, b); }
inline Tensor operator-(const Scalar& a, const Tensor& b) { return rsub(b, a); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator*(const Tensor& a, const Scalar& b) { return mul(a, b); }
inline Tensor operator*(const Scalar& a, const Tensor& b) { return mul(b, a); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator/(const Tensor& a, const Scalar& b) { return div(a, b); }
inline Tensor operator/(const Scalar& a, const Tensor& b) { return div(a, b); }

// ---- Functions of one element
// -------------------------------------------------------------------- Those with irrational values
// give floating point (the default dtype) for integers.
ADJOINT_API Tensor neg(const Tensor& self);
ADJOINT_API Tensor exp(const Tensor& self);
ADJOINT_API Tensor log(const Tensor& self);
ADJOINT_API Tensor sqrt(const Tensor& self);
ADJOINT_API Tensor rsqrt(const Tensor& self);
ADJOINT_API Tensor reciprocal(const Tensor& self);
ADJOINT_API Tensor square(const Tensor& self);
/// The gradient at 0 is 0.
ADJOINT_API Tensor abs(const Tensor& self);
/// -1, 0 or 1, and 0 of NaN; the gradient is 0.
ADJOINT_API Tensor sign(const Tensor& self);
ADJOINT_API Tensor sin(const Tensor& self);
ADJOINT_API Tensor cos(const Tensor& self);
/// 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
ADJOINT_API Tensor erf(const Tensor& self);
/// Bounds are included; NaN stays. The gradient is 1 strictly within the bounds, else 0.
ADJOINT_API Tensor clamp(const Tensor& self, const std::optional<Scalar>& min = std::nullopt,
                         const std::optional<Scalar>& max = std::nullopt);
ADJOINT_API Tensor clamp_min(const Tensor& self, const Scalar& min);
ADJOINT_API Tensor clamp_max(const Tensor& self, const Scalar& max);

// ---- Activations
// ---------------------------------------------------------------------------------
ADJOINT_API Tensor tanh(const Tensor& self);
ADJOINT_API Tensor sigmoid(const Tensor& self);
/// log(sigmoid(x)), safe from overflow; floating-point tensors only.
ADJOINT_API Tensor log_sigmoid(const Tensor& self);
/// max(x, 0); the gradient at 0 is 0.
ADJOINT_API Tensor relu(const Tensor& self);
/// x * Phi(x); `approximate` is "none" (by erf) or "tanh".
/// D. Hendrycks, K. Gimpel, Gaussian error linear units (2016).
ADJOINT_API Tensor gelu(const Tensor& self, std::string_view approximate = "none");
/// exp(x) / sum(exp(x)) along `dim`, in `dtype` if given.
ADJOINT_API Tensor softmax(const Tensor& self, int64_t dim,
                           std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor log_softmax(const Tensor& self, int64_t dim,
                               std::optional<ScalarType> dtype = std::nullopt);
/// Zeroes elements with probability p and scales the others by 1 / (1 - p); nothing where not
/// `train`.
ADJOINT_API Tensor dropout(const Tensor& self, double p, bool train);

// ---- Comparisons: bool tensors without gradient
// --------------------------------------------------
ADJOINT_API Tensor eq(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor eq(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor ne(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor ne(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor lt(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor lt(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor le(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor le(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor gt(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor gt(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor ge(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor ge(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor isnan(const Tensor& self);
ADJOINT_API Tensor isinf(const Tensor& self);
ADJOINT_API Tensor isfinite(const Tensor& self);
/// Of truth values (not 0), as bool.
ADJOINT_API Tensor logical_not(const Tensor& self);
ADJOINT_API Tensor logical_and(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor logical_or(const Tensor& self, const Tensor& other);
/// Of all elements or along `dim`, as bool (kByte of kByte); NaN is true.
ADJOINT_API Tensor all(const Tensor& self);
ADJOINT_API Tensor all(const Tensor& self, int64_t dim, bool keepdim = false);
ADJOINT_API Tensor any(const Tensor& self);
ADJOINT_API Tensor any(const Tensor& self, int64_t dim, bool keepdim = false);
/// Same shape and equal values; NaN equals nothing.
ADJOINT_API bool equal(const Tensor& self, const Tensor& other);
/// |self - other| <= atol + rtol * |other| everywhere. Throws Error for different dtypes.
ADJOINT_API bool allclose(const Tensor& self, const Tensor& other, double rtol = 1e-5,
                          double atol = 1e-8, bool equal_nan = false);

inline Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
inline Tensor operator==(const Tensor& a, const Scalar& b) { return eq(a, b); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
inline Tensor operator!=(const Tensor& a, const Scalar& b) { return ne(a, b); }
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<(const Tensor& a, const Scalar& b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator<=(const Tensor& a, const Scalar& b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>(const Tensor& a, const Scalar& b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
inline Tensor operator>=(const Tensor& a, const Scalar& b) { return ge(a, b); }
inline Tensor operator==(const Scalar& a, const Tensor& b) { return eq(b, a); }
inline Tensor operator!=(const Scalar& a, const Tensor& b) { return ne(b, a); }
inline Tensor operator<(const Scalar& a, const Tensor& b) { return gt(b, a); }
inline Tensor operator<=(const Scalar& a, const Tensor& b) { return ge(b, a); }
inline Tensor operator>(const Scalar& a, const Tensor& b) { return lt(b, a); }
inline Tensor operator>=(const Scalar& a, const Tensor& b) { return le(b, a); }
inline Tensor operator!(const Tensor& a) { return logical_not(a); }
/// Of bool tensors, as masks; throw TypeError for others.
ADJOINT_API Tensor operator~(const Tensor& a);
ADJOINT_API Tensor operator&(const Tensor& a, const Tensor& b);
ADJOINT_API Tensor operator|(const Tensor& a, const Tensor& b);
ADJOINT_API Tensor operator^(const Tensor& a, const Tensor& b);
inline Tensor operator&&(const Tensor& a, const Tensor& b) { return logical_and(a, b); }
inline Tensor operator||(const Tensor& a, const Tensor& b) { return logical_or(a, b); }

/// `self` where `condition` (bool) holds, `other` elsewhere. All broadcast.
ADJOINT_API Tensor where(const Tensor& condition, const Tensor& self, const Tensor& other);
ADJOINT_API Tensor where(const Tensor& condition, const Tensor& self, const Scalar& other);
ADJOINT_API Tensor where(const Tensor& condition, const Scalar& self, const Tensor& other);
ADJOINT_API Tensor where(const Tensor& condition, const Scalar& self, const Scalar& other);
/// `value` where `mask` (bool, broadcast) holds.
ADJOINT_API Tensor masked_fill(const Tensor& self, const Tensor& mask, const Scalar& value);

// ---- Reductions
// ---------------------------------------------------------------------------------- `dims`: the
// dimensions to reduce, all if empty; they are left out of the result, or kept with size 1 if
// `keepdim`. Integers and bools are summed in kLong; 16-bit floats accumulate in float.
ADJOINT_API Tensor sum(const Tensor& self, std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor sum(const Tensor& self, IntArrayRef dims, bool keepdim = false,
                       std::optional<ScalarType> dtype = std::nullopt);
/// Throws TypeError for integers, unless `dtype` is a floating-point type.
ADJOINT_API Tensor mean(const Tensor& self, std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor mean(const Tensor& self, IntArrayRef dims, bool keepdim = false,
                        std::optional<ScalarType> dtype = std::nullopt);
/// The product; 1 of no elements. The gradient is right beside zeros too.
ADJOINT_API Tensor prod(const Tensor& self, std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor prod(const Tensor& self, int64_t dim, bool keepdim = false,
                        std::optional<ScalarType> dtype = std::nullopt);
/// The mean square of deviations from the mean, `unbiased` with a divisor less by 1, and its root,
/// whose gradient at 0 is 0. Throw Error for integers.
ADJOINT_API Tensor var(const Tensor& self, bool unbiased = true);
ADJOINT_API Tensor var(const Tensor& self, IntArrayRef dims, bool unbiased, bool keepdim = false);
ADJOINT_API Tensor std(const Tensor& self, bool unbiased = true);
ADJOINT_API Tensor std(const Tensor& self, IntArrayRef dims, bool unbiased, bool keepdim = false);
/// NaN if any is. Ties share the gradient evenly. Throws Error for no elements.
ADJOINT_API Tensor max(const Tensor& self);
ADJOINT_API Tensor min(const Tensor& self);
/// Values and indices (kLong) along `dim`; of ties, the first, which gets the gradient.
ADJOINT_API std::tuple<Tensor, Tensor> max(const Tensor& self, int64_t dim, bool keepdim = false);
ADJOINT_API std::tuple<Tensor, Tensor> min(const Tensor& self, int64_t dim, bool keepdim = false);
inline Tensor max(const Tensor& self, const Tensor& other) { return maximum(self, other); }
inline Tensor min(const Tensor& self, const Tensor& other) { return minimum(self, other); }
/// The index (kLong) of the first largest; of the flattened tensor where `dim` is not given.
ADJOINT_API Tensor argmax(const Tensor& self, std::optional<int64_t> dim = std::nullopt,
                          bool keepdim = false);
ADJOINT_API Tensor argmin(const Tensor& self, std::optional<int64_t> dim = std::nullopt,
                          bool keepdim = false);
/// (sum |x|^p)^(1/p); p may be 0 (the count of non-zeros) and infinity. The gradient at 0 is 0.
ADJOINT_API Tensor norm(const Tensor& self, const Scalar& p = 2);
ADJOINT_API Tensor norm(const Tensor& self, const Scalar& p, IntArrayRef dims,
                        bool keepdim = false);
/// log(sum(exp(x))), safe from overflow.
ADJOINT_API Tensor logsumexp(const Tensor& self, IntArrayRef dims, bool keepdim = false);
/// Adds up what broadcasting had stretched: `sizes` must be broadcastable to self's.
ADJOINT_API Tensor sum_to_size(const Tensor& self, IntArrayRef sizes);

// ---- Matrix products
// -----------------------------------------------------------------------------
/// [n, k] x [k, m] -> [n, m]
ADJOINT_API Tensor mm(const Tensor& self, const Tensor& mat2);
/// [b, n, k] x [b, k, m] -> [b, n, m]
ADJOINT_API Tensor bmm(const Tensor& self, const Tensor& mat2);
/// [n, m] x [m] -> [n]
ADJOINT_API Tensor mv(const Tensor& self, const Tensor& vec);
/// [n] x [n] -> []
ADJOINT_API Tensor dot(const Tensor& self, const Tensor& other);
/// [n] x [m] -> [n, m]
ADJOINT_API Tensor outer(const Tensor& self, const Tensor& other);
/// beta * self + alpha * (mat1 x mat2); self broadcasts to [n, m], and is not read where beta is 0.
ADJOINT_API Tensor addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2,
                         const Scalar& beta = 1, const Scalar& alpha = 1);
/// As NumPy's: vectors, matrices, and batches of them that broadcast.
ADJOINT_API Tensor matmul(const Tensor& self, const Tensor& other);
/// input [*, in] x weight [out, in]^T + bias [out] -> [*, out]; bias may be undefined.
ADJOINT_API Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias = {});

// ---- Joining and selecting
// -----------------------------------------------------------------------
/// Along an existing dimension; the other sizes must be equal.
ADJOINT_API Tensor cat(TensorList tensors, int64_t dim = 0);
/// Along a new dimension; all sizes must be equal.
ADJOINT_API Tensor stack(TensorList tensors, int64_t dim = 0);
/// The slices of `self` along `dim` at `index` (1-d, kInt or kLong). Throws IndexError.
ADJOINT_API Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index);
/// self, with the slices of `src` added along `dim` at `index` (1-d); equal indices add up.
ADJOINT_API Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index,
                             const Tensor& src);
/// out[i][j] = self[index[i][j]][j] for dim 0, and so on. `index` (kLong) has self's number of
/// dimensions and nowhere but along `dim` a larger size. Throws IndexError.
ADJOINT_API Tensor gather(const Tensor& self, int64_t dim, const Tensor& index);
/// self, with out[index[i][j]][j] += src[i][j] for dim 0, and so on.
ADJOINT_API Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index,
                               const Tensor& src);
/// Values in order along `dim` and the indices (kLong) that they had. Stable; NaN is the largest.
ADJOINT_API std::tuple<Tensor, Tensor> sort(const Tensor& self, int64_t dim = -1,
                                            bool descending = false);
ADJOINT_API Tensor argsort(const Tensor& self, int64_t dim = -1, bool descending = false);
/// The `k` largest (or smallest) values along `dim`, in order, and their indices (kLong); of ties,
/// the first. `sorted` is taken for LibTorch's sake: they always are. Throws Error unless k is in
/// [0, size of dim].
ADJOINT_API std::tuple<Tensor, Tensor> topk(const Tensor& self, int64_t k, int64_t dim = -1,
                                            bool largest = true, bool sorted = true);
/// Rows of `weight` [n, d] at `indices` (any shape) -> [*, d]. Row `padding_idx` (-1: none) gets no
/// gradient. Throws IndexError.
ADJOINT_API Tensor embedding(const Tensor& weight, const Tensor& indices, int64_t padding_idx = -1);

// ---- Convolution and pooling; images are [batch, channels, height, width]
// ------------------------
/// input [n, c, h, w], weight [o, c / groups, kh, kw], bias [o] or undefined. Lists of one number
/// stand for both directions.
ADJOINT_API Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                          IntArrayRef stride = 1, IntArrayRef padding = 0, IntArrayRef dilation = 1,
                          int64_t groups = 1);
/// `stride` empty: the kernel's size. Of ties the first gets the gradient; NaN counts as largest.
ADJOINT_API Tensor max_pool2d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {},
                              IntArrayRef padding = 0, IntArrayRef dilation = 1,
                              bool ceil_mode = false);

// ---- Normalization
// -------------------------------------------------------------------------------
/// (x - mean) / sqrt(var + eps) * weight + bias over the last normalized_shape.size() dimensions,
/// with the biased variance. weight and bias, of normalized_shape, may be undefined.
/// J. L. Ba, J. R. Kiros, G. E. Hinton, Layer normalization (2016).
ADJOINT_API Tensor layer_norm(const Tensor& input, IntArrayRef normalized_shape,
                              const Tensor& weight = {}, const Tensor& bias = {},
                              double eps = 1e-5);
/// Per channel (dimension 1) of [n, c, *]. When training, with the batch's mean and biased
/// variance, and running_mean and running_var (if defined) move towards the batch's, the variance
/// unbiased, by `momentum`; otherwise with the running ones. S. Ioffe, C. Szegedy, Batch
/// normalization (2015).
ADJOINT_API Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                              const Tensor& running_mean, const Tensor& running_var, bool training,
                              double momentum = 0.1, double eps = 1e-5);

// ---- Losses
// --------------------------------------------------------------------------------------
enum class Reduction : int8_t { None, Mean, Sum };

/// (input - target)^2
ADJOINT_API Tensor mse_loss(const Tensor& input, const Tensor& target,
                            Reduction reduction = Reduction::Mean);
/// -weight[target] * input[target] for log-probabilities input [n, c, *] (or [c]) and classes
/// target [n, *] (or 0-d, kLong). Mean divides by the sum of the weights. Targets equal to
/// ignore_index count nothing. Throws IndexError for other targets outside [0, c).
ADJOINT_API Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                            Reduction reduction = Reduction::Mean, int64_t ignore_index = -100);
/// nll_loss(log_softmax(input, 1), target, ...); with label_smoothing e the target is e / c plus
/// 1 - e at the class. A floating-point target of input's shape gives class probabilities.
ADJOINT_API Tensor cross_entropy(const Tensor& input, const Tensor& target,
                                 const Tensor& weight = {}, Reduction reduction = Reduction::Mean,
                                 int64_t ignore_index = -100, double label_smoothing = 0.0);
/// -weight * (pos_weight * t * log s(x) + (1 - t) * log(1 - s(x))) with the sigmoid s, safe from
/// overflow. weight and pos_weight broadcast and may be undefined.
ADJOINT_API Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                                    const Tensor& weight = {},
                                                    const Tensor& pos_weight = {},
                                                    Reduction reduction = Reduction::Mean);

// ---- Views and copies: see Tensor's methods
// ------------------------------------------------------
/// The shape that tensors of these shapes broadcast to. Throws Error.
ADJOINT_API DimVector broadcast_shapes(IntArrayRef a, IntArrayRef b);
/// The dtype that an operation on both computes in: 0-d tensors count only by a higher kind.
ADJOINT_API ScalarType result_type(const Tensor& a, const Tensor& b);
ADJOINT_API ScalarType result_type(const Tensor& a, const Scalar& b);

/// CPU threads that one operation may use; 1: all on the caller's. Throws ValueError below 1.
ADJOINT_API void set_num_threads(int n);
ADJOINT_API int get_num_threads();

}  // namespace adjoint

#include "adjoint/tensor_methods.h"
