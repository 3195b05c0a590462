// SPDX-License-Identifier: MIT
// Tensor's methods that are functions of adjoint/ops.h under another form. Included by it.
#pragma once

#include "adjoint/ops.h"

namespace adjoint {

inline Tensor Tensor::operator-() const { return adjoint::neg(*this); }
inline Tensor Tensor::add(const Tensor& other, const Scalar& alpha) const {
  return adjoint::add(*this, other, alpha);
}
inline Tensor Tensor::add(const Scalar& other, const Scalar& alpha) const {
  return adjoint::add(*this, other, alpha);
}
inline Tensor Tensor::sub(const Tensor& other, const Scalar& alpha) const {
  return adjoint::sub(*this, other, alpha);
}
inline Tensor Tensor::sub(const Scalar& other, const Scalar& alpha) const {
  return adjoint::sub(*this, other, alpha);
}
inline Tensor Tensor::mul(const Tensor& other) const { return adjoint::mul(*this, other); }
inline Tensor Tensor::mul(const Scalar& other) const { return adjoint::mul(*this, other); }
inline Tensor Tensor::div(const Tensor& other) const { return adjoint::div(*this, other); }
inline Tensor Tensor::div(const Scalar& other) const { return adjoint::div(*this, other); }
inline Tensor Tensor::pow(const Tensor& exponent) const { return adjoint::pow(*this, exponent); }
inline Tensor Tensor::pow(const Scalar& exponent) const { return adjoint::pow(*this, exponent); }
inline Tensor Tensor::neg() const { return adjoint::neg(*this); }
inline Tensor Tensor::exp() const { return adjoint::exp(*this); }
inline Tensor Tensor::log() const { return adjoint::log(*this); }
inline Tensor Tensor::sqrt() const { return adjoint::sqrt(*this); }
inline Tensor Tensor::rsqrt() const { return adjoint::rsqrt(*this); }
inline Tensor Tensor::reciprocal() const { return adjoint::reciprocal(*this); }
inline Tensor Tensor::square() const { return adjoint::square(*this); }
inline Tensor Tensor::abs() const { return adjoint::abs(*this); }
inline Tensor Tensor::sign() const { return adjoint::sign(*this); }
inline Tensor Tensor::sin() const { return adjoint::sin(*this); }
inline Tensor Tensor::cos() const { return adjoint::cos(*this); }
inline Tensor Tensor::erf() const { return adjoint::erf(*this); }
inline Tensor Tensor::log1p() const { return adjoint::log1p(*this); }
inline Tensor Tensor::log2() const { return adjoint::log2(*this); }
inline Tensor Tensor::log10() const { return adjoint::log10(*this); }
inline Tensor Tensor::expm1() const { return adjoint::expm1(*this); }
inline Tensor Tensor::exp2() const { return adjoint::exp2(*this); }
inline Tensor Tensor::tan() const { return adjoint::tan(*this); }
inline Tensor Tensor::asin() const { return adjoint::asin(*this); }
inline Tensor Tensor::acos() const { return adjoint::acos(*this); }
inline Tensor Tensor::atan() const { return adjoint::atan(*this); }
inline Tensor Tensor::sinh() const { return adjoint::sinh(*this); }
inline Tensor Tensor::cosh() const { return adjoint::cosh(*this); }
inline Tensor Tensor::asinh() const { return adjoint::asinh(*this); }
inline Tensor Tensor::acosh() const { return adjoint::acosh(*this); }
inline Tensor Tensor::atanh() const { return adjoint::atanh(*this); }
inline Tensor Tensor::erfc() const { return adjoint::erfc(*this); }
inline Tensor Tensor::floor() const { return adjoint::floor(*this); }
inline Tensor Tensor::ceil() const { return adjoint::ceil(*this); }
inline Tensor Tensor::round() const { return adjoint::round(*this); }
inline Tensor Tensor::trunc() const { return adjoint::trunc(*this); }
inline Tensor Tensor::frac() const { return adjoint::frac(*this); }
inline Tensor Tensor::sgn() const { return adjoint::sgn(*this); }
inline Tensor Tensor::floor_divide(const Tensor& other) const {
  return adjoint::floor_divide(*this, other);
}
inline Tensor Tensor::floor_divide(const Scalar& other) const {
  return adjoint::floor_divide(*this, other);
}
inline Tensor Tensor::remainder(const Tensor& other) const {
  return adjoint::remainder(*this, other);
}
inline Tensor Tensor::remainder(const Scalar& other) const {
  return adjoint::remainder(*this, other);
}
inline Tensor Tensor::fmod(const Tensor& other) const { return adjoint::fmod(*this, other); }
inline Tensor Tensor::fmod(const Scalar& other) const { return adjoint::fmod(*this, other); }
inline Tensor Tensor::bitwise_and(const Tensor& other) const {
  return adjoint::bitwise_and(*this, other);
}
inline Tensor Tensor::bitwise_and(const Scalar& other) const {
  return adjoint::bitwise_and(*this, other);
}
inline Tensor Tensor::bitwise_or(const Tensor& other) const {
  return adjoint::bitwise_or(*this, other);
}
inline Tensor Tensor::bitwise_or(const Scalar& other) const {
  return adjoint::bitwise_or(*this, other);
}
inline Tensor Tensor::bitwise_xor(const Tensor& other) const {
  return adjoint::bitwise_xor(*this, other);
}
inline Tensor Tensor::bitwise_xor(const Scalar& other) const {
  return adjoint::bitwise_xor(*this, other);
}
inline Tensor Tensor::atan2(const Tensor& other) const { return adjoint::atan2(*this, other); }
inline Tensor Tensor::hypot(const Tensor& other) const { return adjoint::hypot(*this, other); }
inline Tensor Tensor::logical_xor(const Tensor& other) const {
  return adjoint::logical_xor(*this, other);
}
inline Tensor Tensor::div(const Tensor& other,
                          std::optional<std::string_view> rounding_mode) const {
  return adjoint::div(*this, other, rounding_mode);
}
inline Tensor Tensor::div(const Scalar& other,
                          std::optional<std::string_view> rounding_mode) const {
  return adjoint::div(*this, other, rounding_mode);
}
inline Tensor Tensor::lerp(const Tensor& end, const Tensor& weight) const {
  return adjoint::lerp(*this, end, weight);
}
inline Tensor Tensor::lerp(const Tensor& end, const Scalar& weight) const {
  return adjoint::lerp(*this, end, weight);
}
inline Tensor Tensor::addcmul(const Tensor& tensor1, const Tensor& tensor2,
                              const Scalar& value) const {
  return adjoint::addcmul(*this, tensor1, tensor2, value);
}
inline Tensor Tensor::addcdiv(const Tensor& tensor1, const Tensor& tensor2,
                              const Scalar& value) const {
  return adjoint::addcdiv(*this, tensor1, tensor2, value);
}
inline Tensor Tensor::bitwise_not() const { return adjoint::bitwise_not(*this); }
inline Tensor Tensor::hardshrink(const Scalar& lambd) const {
  return adjoint::hardshrink(*this, lambd);
}
inline Tensor Tensor::prelu(const Tensor& weight) const { return adjoint::prelu(*this, weight); }
inline Tensor Tensor::clamp(const std::optional<Tensor>& min,
                            const std::optional<Tensor>& max) const {
  return adjoint::clamp(*this, min, max);
}
inline Tensor Tensor::clamp_min(const Tensor& min) const { return adjoint::clamp_min(*this, min); }
inline Tensor Tensor::clamp_max(const Tensor& max) const { return adjoint::clamp_max(*this, max); }
inline Tensor Tensor::tanh() const { return adjoint::tanh(*this); }
inline Tensor Tensor::sigmoid() const { return adjoint::sigmoid(*this); }
inline Tensor Tensor::relu() const { return adjoint::relu(*this); }
inline Tensor Tensor::clamp(const std::optional<Scalar>& min,
                            const std::optional<Scalar>& max) const {
  return adjoint::clamp(*this, min, max);
}
inline Tensor Tensor::clamp_min(const Scalar& min) const { return adjoint::clamp_min(*this, min); }
inline Tensor Tensor::clamp_max(const Scalar& max) const { return adjoint::clamp_max(*this, max); }
inline Tensor Tensor::maximum(const Tensor& other) const { return adjoint::maximum(*this, other); }
inline Tensor Tensor::minimum(const Tensor& other) const { return adjoint::minimum(*this, other); }
inline Tensor Tensor::masked_fill(const Tensor& mask, const Scalar& value) const {
  return adjoint::masked_fill(*this, mask, value);
}
inline Tensor Tensor::where(const Tensor& condition, const Tensor& other) const {
  return adjoint::where(condition, *this, other);
}
inline Tensor Tensor::eq(const Tensor& other) const { return adjoint::eq(*this, other); }
inline Tensor Tensor::eq(const Scalar& other) const { return adjoint::eq(*this, other); }
inline Tensor Tensor::ne(const Tensor& other) const { return adjoint::ne(*this, other); }
inline Tensor Tensor::ne(const Scalar& other) const { return adjoint::ne(*this, other); }
inline Tensor Tensor::lt(const Tensor& other) const { return adjoint::lt(*this, other); }
inline Tensor Tensor::lt(const Scalar& other) const { return adjoint::lt(*this, other); }
inline Tensor Tensor::le(const Tensor& other) const { return adjoint::le(*this, other); }
inline Tensor Tensor::le(const Scalar& other) const { return adjoint::le(*this, other); }
inline Tensor Tensor::gt(const Tensor& other) const { return adjoint::gt(*this, other); }
inline Tensor Tensor::gt(const Scalar& other) const { return adjoint::gt(*this, other); }
inline Tensor Tensor::ge(const Tensor& other) const { return adjoint::ge(*this, other); }
inline Tensor Tensor::ge(const Scalar& other) const { return adjoint::ge(*this, other); }
inline Tensor Tensor::logical_not() const { return adjoint::logical_not(*this); }
inline Tensor Tensor::logical_and(const Tensor& other) const {
  return adjoint::logical_and(*this, other);
}
inline Tensor Tensor::logical_or(const Tensor& other) const {
  return adjoint::logical_or(*this, other);
}
inline Tensor Tensor::isnan() const { return adjoint::isnan(*this); }
inline bool Tensor::equal(const Tensor& other) const { return adjoint::equal(*this, other); }
inline bool Tensor::allclose(const Tensor& other, double rtol, double atol, bool equal_nan) const {
  return adjoint::allclose(*this, other, rtol, atol, equal_nan);
}
inline Tensor Tensor::sum(std::optional<ScalarType> dtype) const {
  return adjoint::sum(*this, dtype);
}
inline Tensor Tensor::sum(IntArrayRef dims, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::sum(*this, dims, keepdim, dtype);
}
inline Tensor Tensor::mean(std::optional<ScalarType> dtype) const {
  return adjoint::mean(*this, dtype);
}
inline Tensor Tensor::mean(IntArrayRef dims, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::mean(*this, dims, keepdim, dtype);
}
inline Tensor Tensor::prod(std::optional<ScalarType> dtype) const {
  return adjoint::prod(*this, dtype);
}
inline Tensor Tensor::prod(int64_t dim, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::prod(*this, dim, keepdim, dtype);
}
inline Tensor Tensor::var(bool unbiased) const { return adjoint::var(*this, unbiased); }
inline Tensor Tensor::var(IntArrayRef dims, bool unbiased, bool keepdim) const {
  return adjoint::var(*this, dims, unbiased, keepdim);
}
inline Tensor Tensor::std(bool unbiased) const { return adjoint::std(*this, unbiased); }
inline Tensor Tensor::std(IntArrayRef dims, bool unbiased, bool keepdim) const {
  return adjoint::std(*this, dims, unbiased, keepdim);
}
inline Tensor Tensor::max() const { return adjoint::max(*this); }
inline std::tuple<Tensor, Tensor> Tensor::max(int64_t dim, bool keepdim) const {
  return adjoint::max(*this, dim, keepdim);
}
inline Tensor Tensor::min() const { return adjoint::min(*this); }
inline std::tuple<Tensor, Tensor> Tensor::min(int64_t dim, bool keepdim) const {
  return adjoint::min(*this, dim, keepdim);
}
inline Tensor Tensor::argmax(std::optional<int64_t> dim, bool keepdim) const {
  return adjoint::argmax(*this, dim, keepdim);
}
inline Tensor Tensor::argmin(std::optional<int64_t> dim, bool keepdim) const {
  return adjoint::argmin(*this, dim, keepdim);
}
inline Tensor Tensor::all() const { return adjoint::all(*this); }
inline Tensor Tensor::all(int64_t dim, bool keepdim) const {
  return adjoint::all(*this, dim, keepdim);
}
inline Tensor Tensor::any() const { return adjoint::any(*this); }
inline Tensor Tensor::any(int64_t dim, bool keepdim) const {
  return adjoint::any(*this, dim, keepdim);
}
inline Tensor Tensor::norm(const Scalar& p) const { return adjoint::norm(*this, p); }
inline Tensor Tensor::norm(const Scalar& p, IntArrayRef dims, bool keepdim) const {
  return adjoint::norm(*this, p, dims, keepdim);
}
inline Tensor Tensor::logsumexp(IntArrayRef dims, bool keepdim) const {
  return adjoint::logsumexp(*this, dims, keepdim);
}
inline Tensor Tensor::softmax(int64_t dim) const { return adjoint::softmax(*this, dim); }
inline Tensor Tensor::log_softmax(int64_t dim) const { return adjoint::log_softmax(*this, dim); }
inline Tensor Tensor::sum_to_size(IntArrayRef sizes) const {
  return adjoint::sum_to_size(*this, sizes);
}
inline Tensor Tensor::matmul(const Tensor& other) const { return adjoint::matmul(*this, other); }
inline Tensor Tensor::mm(const Tensor& other) const { return adjoint::mm(*this, other); }
inline Tensor Tensor::bmm(const Tensor& other) const { return adjoint::bmm(*this, other); }
inline Tensor Tensor::addmm(const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
                            const Scalar& alpha) const {
  return adjoint::addmm(*this, mat1, mat2, beta, alpha);
}
inline Tensor Tensor::mv(const Tensor& vec) const { return adjoint::mv(*this, vec); }
inline Tensor Tensor::dot(const Tensor& other) const { return adjoint::dot(*this, other); }
inline Tensor Tensor::outer(const Tensor& other) const { return adjoint::outer(*this, other); }
inline Tensor Tensor::isinf() const { return adjoint::isinf(*this); }
inline Tensor Tensor::erfinv() const { return adjoint::erfinv(*this); }
inline Tensor Tensor::logit(std::optional<double> eps) const { return adjoint::logit(*this, eps); }
inline Tensor Tensor::xlogy(const Tensor& other) const { return adjoint::xlogy(*this, other); }
inline Tensor Tensor::xlogy(const Scalar& other) const { return adjoint::xlogy(*this, other); }
inline Tensor Tensor::logaddexp(const Tensor& other) const {
  return adjoint::logaddexp(*this, other);
}
inline Tensor Tensor::logaddexp2(const Tensor& other) const {
  return adjoint::logaddexp2(*this, other);
}
inline Tensor Tensor::sinc() const { return adjoint::sinc(*this); }
inline Tensor Tensor::heaviside(const Tensor& values) const {
  return adjoint::heaviside(*this, values);
}
inline Tensor Tensor::nan_to_num(std::optional<double> nan, std::optional<double> posinf,
                                 std::optional<double> neginf) const {
  return adjoint::nan_to_num(*this, nan, posinf, neginf);
}
inline Tensor Tensor::isposinf() const { return adjoint::isposinf(*this); }
inline Tensor Tensor::isneginf() const { return adjoint::isneginf(*this); }
inline Tensor Tensor::isclose(const Tensor& other, double rtol, double atol, bool equal_nan) const {
  return adjoint::isclose(*this, other, rtol, atol, equal_nan);
}
inline Tensor Tensor::positive() const { return adjoint::positive(*this); }
inline Tensor Tensor::nanmean(IntArrayRef dims, bool keepdim) const {
  return adjoint::nanmean(*this, dims, keepdim);
}
inline Tensor Tensor::dist(const Tensor& other, const Scalar& p) const {
  return adjoint::dist(*this, other, p);
}
inline Tensor Tensor::diagflat(int64_t offset) const { return adjoint::diagflat(*this, offset); }
inline Tensor Tensor::diff(int64_t n, int64_t dim, const std::optional<Tensor>& prepend,
                           const std::optional<Tensor>& append) const {
  return adjoint::diff(*this, n, dim, prepend, append);
}
inline std::vector<Tensor> Tensor::hsplit(int64_t sections) const {
  return adjoint::hsplit(*this, sections);
}
inline std::vector<Tensor> Tensor::vsplit(int64_t sections) const {
  return adjoint::vsplit(*this, sections);
}
inline std::vector<Tensor> Tensor::dsplit(int64_t sections) const {
  return adjoint::dsplit(*this, sections);
}
inline Tensor Tensor::isfinite() const { return adjoint::isfinite(*this); }
inline bool Tensor::is_nonzero() const {
  ADJOINT_CHECK(numel() == 1, "Boolean value of Tensor with ",
                numel() == 0 ? "no" : "more than one",
                numel() == 0 ? " values is ambiguous" : " value is ambiguous");
  return item().to<bool>();
}
inline Tensor Tensor::index_select(int64_t dim, const Tensor& index) const {
  return adjoint::index_select(*this, dim, index);
}
inline Tensor Tensor::gather(int64_t dim, const Tensor& index) const {
  return adjoint::gather(*this, dim, index);
}
inline Tensor Tensor::scatter(int64_t dim, const Tensor& index, const Tensor& src) const {
  return adjoint::scatter(*this, dim, index, src);
}
inline Tensor Tensor::scatter(int64_t dim, const Tensor& index, const Scalar& value) const {
  return adjoint::scatter(*this, dim, index, value);
}
inline Tensor Tensor::scatter_add(int64_t dim, const Tensor& index, const Tensor& src) const {
  return adjoint::scatter_add(*this, dim, index, src);
}
inline Tensor Tensor::scatter_reduce(int64_t dim, const Tensor& index, const Tensor& src,
                                     std::string_view reduce, bool include_self) const {
  return adjoint::scatter_reduce(*this, dim, index, src, reduce, include_self);
}
inline Tensor Tensor::index_add(int64_t dim, const Tensor& index, const Tensor& src,
                                const Scalar& alpha) const {
  return adjoint::index_add(*this, dim, index, src, alpha);
}
inline Tensor Tensor::index_copy(int64_t dim, const Tensor& index, const Tensor& src) const {
  return adjoint::index_copy(*this, dim, index, src);
}
inline Tensor Tensor::index_fill(int64_t dim, const Tensor& index, const Scalar& value) const {
  return adjoint::index_fill(*this, dim, index, value);
}
inline Tensor Tensor::index_fill(int64_t dim, const Tensor& index, const Tensor& value) const {
  return adjoint::index_fill(*this, dim, index, value);
}
inline Tensor Tensor::masked_select(const Tensor& mask) const {
  return adjoint::masked_select(*this, mask);
}
inline Tensor Tensor::masked_scatter(const Tensor& mask, const Tensor& source) const {
  return adjoint::masked_scatter(*this, mask, source);
}
inline Tensor Tensor::nonzero() const { return adjoint::nonzero(*this); }
inline std::vector<Tensor> Tensor::nonzero_numpy() const { return adjoint::nonzero_numpy(*this); }
inline Tensor Tensor::argwhere() const { return adjoint::argwhere(*this); }
inline Tensor Tensor::count_nonzero(IntArrayRef dims) const {
  return adjoint::count_nonzero(*this, dims);
}
inline Tensor Tensor::take(const Tensor& index) const { return adjoint::take(*this, index); }
inline Tensor Tensor::take_along_dim(const Tensor& indices, std::optional<int64_t> dim) const {
  return adjoint::take_along_dim(*this, indices, dim);
}
inline Tensor Tensor::cumsum(int64_t dim, std::optional<ScalarType> dtype) const {
  return adjoint::cumsum(*this, dim, dtype);
}
inline Tensor Tensor::cumprod(int64_t dim, std::optional<ScalarType> dtype) const {
  return adjoint::cumprod(*this, dim, dtype);
}
inline Tensor Tensor::logcumsumexp(int64_t dim) const { return adjoint::logcumsumexp(*this, dim); }
inline std::tuple<Tensor, Tensor> Tensor::cummax(int64_t dim) const {
  return adjoint::cummax(*this, dim);
}
inline std::tuple<Tensor, Tensor> Tensor::cummin(int64_t dim) const {
  return adjoint::cummin(*this, dim);
}
inline std::tuple<Tensor, Tensor> Tensor::sort(int64_t dim, bool descending) const {
  return adjoint::sort(*this, dim, descending);
}
inline Tensor Tensor::argsort(int64_t dim, bool descending) const {
  return adjoint::argsort(*this, dim, descending);
}
inline std::tuple<Tensor, Tensor> Tensor::topk(int64_t k, int64_t dim, bool largest,
                                               bool sorted) const {
  return adjoint::topk(*this, k, dim, largest, sorted);
}
inline Tensor Tensor::squeeze(IntArrayRef dims) const { return adjoint::squeeze(*this, dims); }
inline Tensor Tensor::unflatten(int64_t dim, IntArrayRef sizes) const {
  return adjoint::unflatten(*this, dim, sizes);
}
inline Tensor Tensor::movedim(IntArrayRef source, IntArrayRef destination) const {
  return adjoint::movedim(*this, source, destination);
}
inline Tensor Tensor::diagonal(int64_t offset, int64_t dim1, int64_t dim2) const {
  return adjoint::diagonal(*this, offset, dim1, dim2);
}
inline Tensor Tensor::unfold(int64_t dimension, int64_t size, int64_t step) const {
  return adjoint::unfold(*this, dimension, size, step);
}
inline std::vector<Tensor> Tensor::tensor_split(int64_t sections, int64_t dim) const {
  return adjoint::tensor_split(*this, sections, dim);
}
inline Tensor Tensor::tile(IntArrayRef dims) const { return adjoint::tile(*this, dims); }
inline Tensor Tensor::repeat_interleave(int64_t repeats, std::optional<int64_t> dim) const {
  return adjoint::repeat_interleave(*this, repeats, dim);
}
inline Tensor Tensor::repeat_interleave(const Tensor& repeats, std::optional<int64_t> dim,
                                        std::optional<int64_t> output_size) const {
  return adjoint::repeat_interleave(*this, repeats, dim, output_size);
}
inline Tensor Tensor::flip(IntArrayRef dims) const { return adjoint::flip(*this, dims); }
inline Tensor Tensor::fliplr() const { return adjoint::fliplr(*this); }
inline Tensor Tensor::flipud() const { return adjoint::flipud(*this); }
inline Tensor Tensor::rot90(int64_t k, IntArrayRef dims) const {
  return adjoint::rot90(*this, k, dims);
}
inline Tensor Tensor::roll(IntArrayRef shifts, IntArrayRef dims) const {
  return adjoint::roll(*this, shifts, dims);
}
inline Tensor Tensor::tril(int64_t diagonal) const { return adjoint::tril(*this, diagonal); }
inline Tensor Tensor::triu(int64_t diagonal) const { return adjoint::triu(*this, diagonal); }
inline Tensor Tensor::diag(int64_t diagonal) const { return adjoint::diag(*this, diagonal); }
inline Tensor Tensor::diag_embed(int64_t offset, int64_t dim1, int64_t dim2) const {
  return adjoint::diag_embed(*this, offset, dim1, dim2);
}
inline Tensor Tensor::trace() const { return adjoint::trace(*this); }
inline Tensor Tensor::amax(IntArrayRef dims, bool keepdim) const {
  return adjoint::amax(*this, dims, keepdim);
}
inline Tensor Tensor::amin(IntArrayRef dims, bool keepdim) const {
  return adjoint::amin(*this, dims, keepdim);
}
inline std::tuple<Tensor, Tensor> Tensor::aminmax(std::optional<int64_t> dim, bool keepdim) const {
  return adjoint::aminmax(*this, dim, keepdim);
}
inline Tensor Tensor::median() const { return adjoint::median(*this); }
inline std::tuple<Tensor, Tensor> Tensor::median(int64_t dim, bool keepdim) const {
  return adjoint::median(*this, dim, keepdim);
}
inline std::tuple<Tensor, Tensor> Tensor::kthvalue(int64_t k, int64_t dim, bool keepdim) const {
  return adjoint::kthvalue(*this, k, dim, keepdim);
}
inline std::tuple<Tensor, Tensor> Tensor::mode(int64_t dim, bool keepdim) const {
  return adjoint::mode(*this, dim, keepdim);
}
inline Tensor Tensor::nansum(IntArrayRef dims, bool keepdim) const {
  return adjoint::nansum(*this, dims, keepdim);
}
inline Tensor Tensor::inner(const Tensor& other) const { return adjoint::inner(*this, other); }
inline Tensor Tensor::kron(const Tensor& other) const { return adjoint::kron(*this, other); }
inline Tensor Tensor::baddbmm(const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
                              const Scalar& alpha) const {
  return adjoint::baddbmm(*this, batch1, batch2, beta, alpha);
}
inline Tensor Tensor::addbmm(const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
                             const Scalar& alpha) const {
  return adjoint::addbmm(*this, batch1, batch2, beta, alpha);
}
inline Tensor Tensor::addmv(const Tensor& mat, const Tensor& vec, const Scalar& beta,
                            const Scalar& alpha) const {
  return adjoint::addmv(*this, mat, vec, beta, alpha);
}
inline Tensor Tensor::addr(const Tensor& vec1, const Tensor& vec2, const Scalar& beta,
                           const Scalar& alpha) const {
  return adjoint::addr(*this, vec1, vec2, beta, alpha);
}
inline Tensor Tensor::msort() const { return adjoint::msort(*this); }
inline Tensor Tensor::bincount(const Tensor& weights, int64_t minlength) const {
  return adjoint::bincount(*this, weights, minlength);
}
inline Tensor Tensor::histc(int64_t bins, const Scalar& min, const Scalar& max) const {
  return adjoint::histc(*this, bins, min, max);
}
inline Tensor Tensor::bernoulli() const { return adjoint::bernoulli(*this); }
inline Tensor Tensor::multinomial(int64_t num_samples, bool replacement) const {
  return adjoint::multinomial(*this, num_samples, replacement);
}

// Methods under the name of a function.
inline Tensor t(const Tensor& self) { return self.t(); }
inline Tensor transpose(const Tensor& self, int64_t dim0, int64_t dim1) {
  return self.transpose(dim0, dim1);
}
inline Tensor permute(const Tensor& self, IntArrayRef dims) { return self.permute(dims); }
inline Tensor reshape(const Tensor& self, IntArrayRef sizes) { return self.reshape(sizes); }
inline Tensor flatten(const Tensor& self, int64_t start_dim = 0, int64_t end_dim = -1) {
  return self.flatten(start_dim, end_dim);
}
inline Tensor squeeze(const Tensor& self) { return self.squeeze(); }
inline Tensor squeeze(const Tensor& self, int64_t dim) { return self.squeeze(dim); }
inline Tensor unsqueeze(const Tensor& self, int64_t dim) { return self.unsqueeze(dim); }
inline Tensor select(const Tensor& self, int64_t dim, int64_t index) {
  return self.select(dim, index);
}
inline Tensor slice(const Tensor& self, int64_t dim = 0,
                    std::optional<int64_t> start = std::nullopt,
                    std::optional<int64_t> end = std::nullopt, int64_t step = 1) {
  return self.slice(dim, start, end, step);
}
inline Tensor narrow(const Tensor& self, int64_t dim, int64_t start, int64_t length) {
  return self.narrow(dim, start, length);
}
inline Tensor as_strided(const Tensor& self, IntArrayRef sizes, IntArrayRef strides,
                         std::optional<int64_t> storage_offset = std::nullopt) {
  return self.as_strided(sizes, strides, storage_offset);
}
inline std::vector<Tensor> chunk(const Tensor& self, int64_t chunks, int64_t dim = 0) {
  return self.chunk(chunks, dim);
}
inline std::vector<Tensor> split(const Tensor& self, int64_t split_size, int64_t dim = 0) {
  return self.split(split_size, dim);
}
inline std::vector<Tensor> split_with_sizes(const Tensor& self, IntArrayRef split_sizes,
                                            int64_t dim = 0) {
  return self.split_with_sizes(split_sizes, dim);
}
inline std::vector<Tensor> unbind(const Tensor& self, int64_t dim = 0) { return self.unbind(dim); }
inline Tensor clone(const Tensor& self) { return self.clone(); }
inline Tensor detach(const Tensor& self) { return self.detach(); }

}  // namespace adjoint
