// SPDX-License-Identifier: MIT
// Tensor: an n-dimensional array that records how it was computed.
//
// A Tensor is a handle: copies share the array. Operations that return a tensor are also free
// functions of the same name (adjoint/ops.h), where their contracts are written.
#pragma once

#include <concepts>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "adjoint/array_ref.h"
#include "adjoint/device.h"
#include "adjoint/error.h"
#include "adjoint/indexing.h"
#include "adjoint/scalar.h"
#include "adjoint/scalar_type.h"
#include "adjoint/tensor_accessor.h"
#include "adjoint/tensor_impl.h"
#include "adjoint/tensor_options.h"

namespace adjoint {

class Tensor;
using TensorList = ArrayRef<Tensor>;
namespace detail {
class TensorHook;
template <class F>
class TensorHookOf;
template <class F>
class PostAccumulateHookOf;
}  // namespace detail

class ADJOINT_API Tensor {
 public:
  /// An undefined tensor: it has no array, and only defined() and the like may be asked of it.
  Tensor() = default;
  explicit Tensor(intrusive_ptr<TensorImpl> impl) noexcept : impl_(std::move(impl)) {}
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(const Tensor& other) & noexcept {
    impl_ = other.impl_;
    return *this;
  }
  Tensor& operator=(Tensor&& other) & noexcept {
    impl_ = std::move(other.impl_);
    return *this;
  }
  /// `t[0] = value`, `t.index({...}) = value`: copies into the part named on the left.
  Tensor& operator=(const Tensor& value) && { return copy_(value); }
  Tensor& operator=(Tensor&& value) && { return copy_(value); }
  Tensor& operator=(const Scalar& value) && { return fill_(value); }

  bool defined() const noexcept { return bool(impl_); }
  /// The same array object, not merely equal values.
  bool is_same(const Tensor& other) const noexcept { return impl_ == other.impl_; }
  TensorImpl* impl() const noexcept { return impl_.get(); }
  const intrusive_ptr<TensorImpl>& impl_ptr() const noexcept { return impl_; }
  intrusive_ptr<TensorImpl> release() noexcept { return std::move(impl_); }
  void reset() noexcept { impl_.reset(); }
  uint32_t use_count() const noexcept { return impl_ ? impl_->use_count() : 0; }

  // Geometry and memory.
  IntArrayRef sizes() const { return checked().sizes(); }
  IntArrayRef strides() const { return checked().strides(); }
  /// `dim` may be negative. Throws IndexError.
  int64_t size(int64_t dim) const;
  int64_t stride(int64_t dim) const;
  int64_t dim() const { return checked().dim(); }
  int64_t ndimension() const { return dim(); }
  int64_t numel() const { return checked().numel(); }
  ScalarType dtype() const { return checked().dtype(); }
  ScalarType scalar_type() const { return dtype(); }
  Device device() const { return checked().device(); }
  size_t element_size() const { return elementSize(dtype()); }
  size_t itemsize() const { return element_size(); }
  size_t nbytes() const { return size_t(numel()) * element_size(); }
  int64_t storage_offset() const { return checked().storage_offset(); }
  TensorOptions options() const { return TensorOptions(dtype()).device(device()); }
  bool is_contiguous() const { return checked().is_contiguous(); }
  bool is_cpu() const { return device().is_cpu(); }
  bool is_cuda() const { return device().is_cuda(); }
  /// Every tensor here is dense.
  bool is_sparse() const noexcept { return false; }
  /// Whether its memory is page-locked host memory, from and to which non-blocking copies do not
  /// wait.
  bool is_pinned() const;
  /// A copy in pinned memory; this tensor where it lies there. Throws Error for tensors of a
  /// device.
  Tensor pin_memory() const;
  /// Says that work on `stream` uses the tensor, which was not made there: its memory is given to
  /// nobody else before that work is done.
  void record_stream(const Stream& stream) const;
  bool is_floating_point() const { return isFloatingType(dtype()); }
  bool is_complex() const { return false; }
  bool is_signed() const { return dtype() != kByte && dtype() != kBool; }
  bool is_same_size(const Tensor& other) const { return sizes() == other.sizes(); }
  /// The index of its device; -1 on the CPU.
  int64_t get_device() const { return is_cpu() ? -1 : device().index(); }
  void* data_ptr() const { return checked().data(); }
  /// The first element. Throws TypeError where T is not the dtype's type.
  template <class T>
  T* data_ptr() const {
    check_dtype(scalar_type_of<T>);
    return static_cast<T*>(data_ptr());
  }
  template <class T>
  const T* const_data_ptr() const {
    return data_ptr<T>();
  }
  template <class T>
  T* mutable_data_ptr() const {
    return data_ptr<T>();
  }
  /// The elements by their indices. Throws TypeError where T is not the dtype's type, and Error for
  /// a tensor of other than N dimensions or outside of host memory.
  template <class T, size_t N>
  TensorAccessor<T, N> accessor() const& {
    static_assert(N > 0, "accessor is used for indexing tensor, for scalars use *data_ptr<T>()");
    check_accessor(N);
    return {data_ptr<T>(), sizes().data(), strides().data()};
  }
  template <class T, size_t N>
  TensorAccessor<T, N> accessor() && = delete;
  /// The only element, on whatever device. Throws Error unless numel() is 1.
  Scalar item() const;
  template <class T>
  T item() const {
    return item().to<T>();
  }
  /// Whether the only element is not 0. Throws Error unless numel() is 1.
  bool is_nonzero() const;
  /// In-place changes so far, which a tensor shares with its views. Throws Error for an inference
  /// tensor.
  int64_t _version() const;

  // Autograd (adjoint/autograd.h).
  bool requires_grad() const noexcept { return impl_ && impl_->requires_grad(); }
  /// Throws Error for a non-leaf set to false, for dtypes that have no gradient, and for an
  /// inference tensor outside of inference mode.
  const Tensor& requires_grad_(bool value = true) const;
  const Tensor& set_requires_grad(bool value) const { return requires_grad_(value); }
  bool is_leaf() const noexcept;
  /// The node that computed this tensor; null for a leaf.
  intrusive_ptr<Node> grad_fn() const;
  uint32_t output_nr() const { return checked().output_nr(); }
  /// The accumulated gradient; undefined before the first backward.
  const Tensor& grad() const;
  Tensor& mutable_grad() const;
  /// Keeps the gradient of a non-leaf in grad().
  void retain_grad() const;
  bool retains_grad() const noexcept;
  /// Accumulates into the leaves the gradient of this tensor, weighted by `gradient` (of this
  /// tensor's shape; may be left out for one element). `retain_graph` keeps what is needed for a
  /// second call (default: create_graph); `create_graph` makes the gradients differentiable.
  /// `inputs`: only these receive gradients, and they need not be leaves.
  void backward(const Tensor& gradient = {}, std::optional<bool> retain_graph = std::nullopt,
                bool create_graph = false, std::optional<TensorList> inputs = std::nullopt) const;
  /// Shares the array, not the graph.
  Tensor detach() const;
  const Tensor& detach_() const;
  /// As detach(), and in-place changes of the one are not seen by the other's saved-tensor checks.
  Tensor data() const;
  Tensor tensor_data() const { return data(); }
  Tensor variable_data() const { return data(); }
  /// Takes the array of `other`: shape, dtype and memory change, graph and grad stay. Throws Error
  /// where this tensor requires grad and the dtype can have none.
  void set_data(const Tensor& other) const;
  /// Whether it shares the history of another tensor, _base(): in-place changes of the one are in
  /// the graph of the other.
  bool is_view() const noexcept;
  bool _is_view() const noexcept { return is_view(); }
  /// The tensor, no view itself, that a view is of. Throws Error where this is no view.
  Tensor _base() const;
  /// Whether it was made in inference mode (InferenceMode).
  bool is_inference() const { return checked().is_inference(); }
  /// Calls `hook(grad)` whenever the gradient of this tensor is computed, before it is used; a
  /// defined tensor that it returns takes the gradient's place. Hooks run in the order of their
  /// registration. After an in-place change, hooks registered before see the gradient of what the
  /// tensor was then. `grad` is undefined where only other outputs of the same operation have
  /// one. Returns a handle for remove_hook. Throws Error unless the tensor requires grad; backward
  /// throws where a hook's result has another shape, dtype or device.
  template <class F>
  unsigned register_hook(F hook) const {
    return add_hook(new detail::TensorHookOf<F>(std::move(hook)));
  }
  /// A hook may remove itself or others while it runs. Throws IndexError for a handle that no hook
  /// was registered under since the last in-place change.
  void remove_hook(unsigned handle) const;
  /// Calls `hook(tensor)` whenever backward has added to the grad() of this leaf, which may be
  /// used and reset there. Returns a handle. Throws Error for a non-leaf.
  template <class F>
  unsigned register_post_accumulate_grad_hook(F hook) const {
    return add_post_accumulate_hook(new detail::PostAccumulateHookOf<F>(std::move(hook)));
  }
  void remove_post_accumulate_grad_hook(unsigned handle) const;

  // Printing.
  std::string toString() const;

  // Views: they share the array.
  Tensor view(IntArrayRef sizes) const;
  Tensor view_as(const Tensor& other) const;
  Tensor reshape(IntArrayRef sizes) const;
  Tensor reshape_as(const Tensor& other) const;
  Tensor flatten(int64_t start_dim = 0, int64_t end_dim = -1) const;
  Tensor t() const;
  Tensor transpose(int64_t dim0, int64_t dim1) const;
  Tensor permute(IntArrayRef dims) const;
  Tensor expand(IntArrayRef sizes) const;
  Tensor expand_as(const Tensor& other) const;
  Tensor select(int64_t dim, int64_t index) const;
  Tensor slice(int64_t dim = 0, std::optional<int64_t> start = std::nullopt,
               std::optional<int64_t> end = std::nullopt, int64_t step = 1) const;
  Tensor narrow(int64_t dim, int64_t start, int64_t length) const;
  Tensor squeeze() const;
  Tensor squeeze(int64_t dim) const;
  Tensor squeeze(IntArrayRef dims) const;
  Tensor unsqueeze(int64_t dim) const;
  Tensor as_strided(IntArrayRef sizes, IntArrayRef strides,
                    std::optional<int64_t> storage_offset = std::nullopt) const;
  std::vector<Tensor> chunk(int64_t chunks, int64_t dim = 0) const;
  std::vector<Tensor> split(int64_t split_size, int64_t dim = 0) const;
  /// Pieces of these sizes, which add up to the dimension's.
  std::vector<Tensor> split(IntArrayRef split_sizes, int64_t dim = 0) const {
    return split_with_sizes(split_sizes, dim);
  }
  std::vector<Tensor> split_with_sizes(IntArrayRef split_sizes, int64_t dim = 0) const;
  std::vector<Tensor> unbind(int64_t dim = 0) const;
  Tensor unflatten(int64_t dim, IntArrayRef sizes) const;
  Tensor movedim(IntArrayRef source, IntArrayRef destination) const;
  Tensor moveaxis(IntArrayRef source, IntArrayRef destination) const {
    return movedim(source, destination);
  }
  Tensor swapaxes(int64_t axis0, int64_t axis1) const { return transpose(axis0, axis1); }
  Tensor swapdims(int64_t dim0, int64_t dim1) const { return transpose(dim0, dim1); }
  Tensor ravel() const { return contiguous().view({-1}); }
  Tensor broadcast_to(IntArrayRef sizes) const { return expand(sizes); }
  Tensor diagonal(int64_t offset = 0, int64_t dim1 = 0, int64_t dim2 = 1) const;
  Tensor unfold(int64_t dimension, int64_t size, int64_t step) const;
  std::vector<Tensor> tensor_split(int64_t sections, int64_t dim = 0) const;
  std::vector<Tensor> hsplit(int64_t sections) const;
  std::vector<Tensor> vsplit(int64_t sections) const;
  std::vector<Tensor> dsplit(int64_t sections) const;
  /// In place: this tensor shows the same memory in the shape that the functions of these names
  /// give. They return this tensor.
  Tensor& t_() const;
  Tensor& transpose_(int64_t dim0, int64_t dim1) const;
  Tensor& swapaxes_(int64_t axis0, int64_t axis1) const { return transpose_(axis0, axis1); }
  Tensor& squeeze_() const;
  Tensor& squeeze_(int64_t dim) const;
  Tensor& unsqueeze_(int64_t dim) const;
  /// To these sizes, row-major. Elements keep their places in memory; where it is too small, this
  /// tensor alone moves to new memory, the rest of which is as it comes. Throws Error where the
  /// tensor requires grad.
  Tensor& resize_(IntArrayRef sizes) const;
  Tensor& resize_as_(const Tensor& other) const { return resize_(other.sizes()); }
  /// The last two dimensions exchanged.
  Tensor mT() const { return transpose(-2, -1); }
  /// New tensors of this one's dtype and device, unless options say otherwise.
  Tensor new_empty(IntArrayRef sizes, const TensorOptions& options = {}) const;
  Tensor new_zeros(IntArrayRef sizes, const TensorOptions& options = {}) const;
  Tensor new_ones(IntArrayRef sizes, const TensorOptions& options = {}) const;
  Tensor new_full(IntArrayRef sizes, const Scalar& value, const TensorOptions& options = {}) const;
  Tensor operator[](int64_t index) const;
  /// index({index})
  Tensor operator[](const Tensor& index) const;
  /// What the indices name, one for each dimension, as NumPy does: a view where they are integers,
  /// slices and None; a copy where tensors are among them. Those tensors broadcast, and their
  /// dimensions stand where the dimensions stood that they index: in front where others are
  /// between those. A negative index counts from the end. A mask (kBool, kByte) indexes as many
  /// dimensions as it has: it waits for a device. Throws IndexError.
  Tensor index(ArrayRef<TensorIndex> indices) const;
  Tensor index(std::initializer_list<TensorIndex> indices) const {
    return index(ArrayRef<TensorIndex>(indices));
  }
  /// Writes `value`, which broadcasts, to what index(indices) names; of equal indices the last one
  /// counts. With `accumulate`, adds to it, of equal indices each. Returns this tensor. Throws
  /// Error for another dtype or a shape that does not broadcast.
  const Tensor& index_put_(ArrayRef<TensorIndex> indices, const Tensor& value,
                           bool accumulate = false) const;
  const Tensor& index_put_(ArrayRef<TensorIndex> indices, const Scalar& value,
                           bool accumulate = false) const;
  const Tensor& index_put_(std::initializer_list<TensorIndex> indices, const Tensor& value,
                           bool accumulate = false) const {
    return index_put_(ArrayRef<TensorIndex>(indices), value, accumulate);
  }
  const Tensor& index_put_(std::initializer_list<TensorIndex> indices, const Scalar& value,
                           bool accumulate = false) const {
    return index_put_(ArrayRef<TensorIndex>(indices), value, accumulate);
  }
  /// A copy with that change.
  Tensor index_put(ArrayRef<TensorIndex> indices, const Tensor& value,
                   bool accumulate = false) const;
  Tensor index_put(std::initializer_list<TensorIndex> indices, const Tensor& value,
                   bool accumulate = false) const {
    return index_put(ArrayRef<TensorIndex>(indices), value, accumulate);
  }

  // Copies.
  Tensor contiguous() const;
  Tensor clone() const;
  Tensor to(ScalarType dtype, bool non_blocking = false, bool copy = false) const;
  Tensor to(Device device, bool non_blocking = false, bool copy = false) const;
  Tensor to(DeviceType type, bool non_blocking = false, bool copy = false) const {
    return to(Device(type), non_blocking, copy);
  }
  Tensor to(Device device, ScalarType dtype, bool non_blocking = false, bool copy = false) const;
  Tensor to(const TensorOptions& options, bool non_blocking = false, bool copy = false) const;
  Tensor to(const Tensor& other) const { return to(other.device(), other.dtype()); }
  Tensor type_as(const Tensor& other) const { return to(other); }
  Tensor cpu() const { return to(Device(kCPU)); }
  Tensor cuda() const { return to(Device(kCUDA)); }
  Tensor toType(ScalarType dtype) const { return to(dtype); }
  /// In place: `src`'s values, broadcast and converted. With `non_blocking`, a copy between a
  /// device and pinned host memory returns at once: the host's side may be changed or read after a
  /// wait for the stream. So do to(), cpu() and cuda().
  Tensor& copy_(const Tensor& src, bool non_blocking = false) const;
  Tensor sum_to_size(IntArrayRef sizes) const;
  Tensor repeat(IntArrayRef repeats) const;
  Tensor tile(IntArrayRef dims) const;
  Tensor repeat_interleave(int64_t repeats, std::optional<int64_t> dim = std::nullopt) const;
  Tensor repeat_interleave(const Tensor& repeats, std::optional<int64_t> dim = std::nullopt,
                           std::optional<int64_t> output_size = std::nullopt) const;
  Tensor flip(IntArrayRef dims) const;
  Tensor fliplr() const;
  Tensor flipud() const;
  Tensor rot90(int64_t k = 1, IntArrayRef dims = {0, 1}) const;
  Tensor roll(IntArrayRef shifts, IntArrayRef dims = {}) const;
  Tensor tril(int64_t diagonal = 0) const;
  Tensor triu(int64_t diagonal = 0) const;
  Tensor diag(int64_t diagonal = 0) const;
  Tensor diag_embed(int64_t offset = 0, int64_t dim1 = -2, int64_t dim2 = -1) const;
  Tensor diagflat(int64_t offset = 0) const;
  Tensor trace() const;
  Tensor diff(int64_t n = 1, int64_t dim = -1, const std::optional<Tensor>& prepend = std::nullopt,
              const std::optional<Tensor>& append = std::nullopt) const;

  // Arithmetic.
  Tensor operator-() const;
  Tensor add(const Tensor& other, const Scalar& alpha = 1) const;
  Tensor add(const Scalar& other, const Scalar& alpha = 1) const;
  Tensor sub(const Tensor& other, const Scalar& alpha = 1) const;
  Tensor sub(const Scalar& other, const Scalar& alpha = 1) const;
  Tensor mul(const Tensor& other) const;
  Tensor mul(const Scalar& other) const;
  Tensor div(const Tensor& other) const;
  Tensor div(const Scalar& other) const;
  /// `rounding_mode` of the quotient: "floor", "trunc" or none.
  Tensor div(const Tensor& other, std::optional<std::string_view> rounding_mode) const;
  Tensor div(const Scalar& other, std::optional<std::string_view> rounding_mode) const;
  Tensor floor_divide(const Tensor& other) const;
  Tensor floor_divide(const Scalar& other) const;
  Tensor remainder(const Tensor& other) const;
  Tensor remainder(const Scalar& other) const;
  Tensor fmod(const Tensor& other) const;
  Tensor fmod(const Scalar& other) const;
  Tensor atan2(const Tensor& other) const;
  Tensor hypot(const Tensor& other) const;
  Tensor lerp(const Tensor& end, const Tensor& weight) const;
  Tensor lerp(const Tensor& end, const Scalar& weight) const;
  Tensor addcmul(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor addcdiv(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor pow(const Tensor& exponent) const;
  Tensor pow(const Scalar& exponent) const;
  Tensor neg() const;
  Tensor exp() const;
  Tensor log() const;
  Tensor sqrt() const;
  Tensor rsqrt() const;
  Tensor reciprocal() const;
  Tensor square() const;
  Tensor abs() const;
  Tensor sign() const;
  Tensor sin() const;
  Tensor cos() const;
  Tensor erf() const;
  Tensor log1p() const;
  Tensor log2() const;
  Tensor log10() const;
  Tensor expm1() const;
  Tensor exp2() const;
  Tensor tan() const;
  Tensor asin() const;
  Tensor acos() const;
  Tensor atan() const;
  Tensor sinh() const;
  Tensor cosh() const;
  Tensor asinh() const;
  Tensor acosh() const;
  Tensor atanh() const;
  Tensor erfc() const;
  Tensor floor() const;
  Tensor ceil() const;
  Tensor round() const;
  Tensor trunc() const;
  Tensor frac() const;
  Tensor sgn() const;
  Tensor erfinv() const;
  Tensor logit(std::optional<double> eps = std::nullopt) const;
  Tensor xlogy(const Tensor& other) const;
  Tensor xlogy(const Scalar& other) const;
  Tensor logaddexp(const Tensor& other) const;
  Tensor logaddexp2(const Tensor& other) const;
  Tensor sinc() const;
  Tensor heaviside(const Tensor& values) const;
  Tensor nan_to_num(std::optional<double> nan = std::nullopt,
                    std::optional<double> posinf = std::nullopt,
                    std::optional<double> neginf = std::nullopt) const;
  Tensor tanh() const;
  Tensor sigmoid() const;
  Tensor relu() const;
  Tensor hardshrink(const Scalar& lambd = 0.5) const;
  Tensor prelu(const Tensor& weight) const;
  Tensor clamp(const std::optional<Scalar>& min,
               const std::optional<Scalar>& max = std::nullopt) const;
  Tensor clamp(const std::optional<Tensor>& min = std::nullopt,
               const std::optional<Tensor>& max = std::nullopt) const;
  Tensor clamp_min(const Scalar& min) const;
  Tensor clamp_min(const Tensor& min) const;
  Tensor clamp_max(const Scalar& max) const;
  Tensor clamp_max(const Tensor& max) const;
  Tensor maximum(const Tensor& other) const;
  Tensor minimum(const Tensor& other) const;
  Tensor masked_fill(const Tensor& mask, const Scalar& value) const;
  Tensor where(const Tensor& condition, const Tensor& other) const;
  Tensor eq(const Tensor& other) const;
  Tensor eq(const Scalar& other) const;
  Tensor ne(const Tensor& other) const;
  Tensor ne(const Scalar& other) const;
  Tensor lt(const Tensor& other) const;
  Tensor lt(const Scalar& other) const;
  Tensor le(const Tensor& other) const;
  Tensor le(const Scalar& other) const;
  Tensor gt(const Tensor& other) const;
  Tensor gt(const Scalar& other) const;
  Tensor ge(const Tensor& other) const;
  Tensor ge(const Scalar& other) const;
  Tensor logical_not() const;
  Tensor logical_and(const Tensor& other) const;
  Tensor logical_or(const Tensor& other) const;
  Tensor logical_xor(const Tensor& other) const;
  Tensor bitwise_not() const;
  Tensor bitwise_and(const Tensor& other) const;
  Tensor bitwise_and(const Scalar& other) const;
  Tensor bitwise_or(const Tensor& other) const;
  Tensor bitwise_or(const Scalar& other) const;
  Tensor bitwise_xor(const Tensor& other) const;
  Tensor bitwise_xor(const Scalar& other) const;
  Tensor isnan() const;
  Tensor isinf() const;
  Tensor isfinite() const;
  Tensor isposinf() const;
  Tensor isneginf() const;
  Tensor isclose(const Tensor& other, double rtol = 1e-5, double atol = 1e-8,
                 bool equal_nan = false) const;
  bool equal(const Tensor& other) const;
  bool allclose(const Tensor& other, double rtol = 1e-5, double atol = 1e-8,
                bool equal_nan = false) const;

  // In place: they return this tensor.
  Tensor& fill_(const Scalar& value) const;
  /// Throws Error for a value of more than 0 dimensions.
  Tensor& fill_(const Tensor& value) const;
  Tensor& zero_() const;
  Tensor& add_(const Tensor& other, const Scalar& alpha = 1) const;
  Tensor& add_(const Scalar& other, const Scalar& alpha = 1) const;
  Tensor& sub_(const Tensor& other, const Scalar& alpha = 1) const;
  Tensor& sub_(const Scalar& other, const Scalar& alpha = 1) const;
  Tensor& mul_(const Tensor& other) const;
  Tensor& mul_(const Scalar& other) const;
  Tensor& div_(const Tensor& other) const;
  Tensor& div_(const Scalar& other) const;
  Tensor& div_(const Tensor& other, std::optional<std::string_view> rounding_mode) const;
  Tensor& div_(const Scalar& other, std::optional<std::string_view> rounding_mode) const;
  Tensor& floor_divide_(const Tensor& other) const;
  Tensor& floor_divide_(const Scalar& other) const;
  Tensor& remainder_(const Tensor& other) const;
  Tensor& remainder_(const Scalar& other) const;
  Tensor& fmod_(const Tensor& other) const;
  Tensor& fmod_(const Scalar& other) const;
  Tensor& atan2_(const Tensor& other) const;
  Tensor& hypot_(const Tensor& other) const;
  Tensor& lerp_(const Tensor& end, const Tensor& weight) const;
  Tensor& lerp_(const Tensor& end, const Scalar& weight) const;
  Tensor& addcmul_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor& addcdiv_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value = 1) const;
  Tensor& pow_(const Tensor& exponent) const;
  Tensor& pow_(const Scalar& exponent) const;
  Tensor& neg_() const;
  Tensor& exp_() const;
  Tensor& log_() const;
  Tensor& sqrt_() const;
  Tensor& abs_() const;
  Tensor& square_() const;
  Tensor& rsqrt_() const;
  Tensor& reciprocal_() const;
  Tensor& sign_() const;
  Tensor& sin_() const;
  Tensor& cos_() const;
  Tensor& erf_() const;
  Tensor& log1p_() const;
  Tensor& log2_() const;
  Tensor& log10_() const;
  Tensor& expm1_() const;
  Tensor& exp2_() const;
  Tensor& tan_() const;
  Tensor& asin_() const;
  Tensor& acos_() const;
  Tensor& atan_() const;
  Tensor& sinh_() const;
  Tensor& cosh_() const;
  Tensor& asinh_() const;
  Tensor& acosh_() const;
  Tensor& atanh_() const;
  Tensor& erfc_() const;
  Tensor& floor_() const;
  Tensor& ceil_() const;
  Tensor& round_() const;
  Tensor& trunc_() const;
  Tensor& frac_() const;
  Tensor& sgn_() const;
  Tensor& erfinv_() const;
  Tensor& logit_(std::optional<double> eps = std::nullopt) const;
  Tensor& xlogy_(const Tensor& other) const;
  Tensor& xlogy_(const Scalar& other) const;
  Tensor& sinc_() const;
  Tensor& nan_to_num_(std::optional<double> nan = std::nullopt,
                      std::optional<double> posinf = std::nullopt,
                      std::optional<double> neginf = std::nullopt) const;
  Tensor& logical_not_() const;
  Tensor& logical_and_(const Tensor& other) const;
  Tensor& logical_or_(const Tensor& other) const;
  Tensor& logical_xor_(const Tensor& other) const;
  /// 0 or 1 in the tensor's own dtype. A floating-point tensor's gradient, and that of `other`, is
  /// zero.
  Tensor& eq_(const Tensor& other) const;
  Tensor& eq_(const Scalar& other) const;
  Tensor& ne_(const Tensor& other) const;
  Tensor& ne_(const Scalar& other) const;
  Tensor& lt_(const Tensor& other) const;
  Tensor& lt_(const Scalar& other) const;
  Tensor& le_(const Tensor& other) const;
  Tensor& le_(const Scalar& other) const;
  Tensor& gt_(const Tensor& other) const;
  Tensor& gt_(const Scalar& other) const;
  Tensor& ge_(const Tensor& other) const;
  Tensor& ge_(const Scalar& other) const;
  Tensor& bitwise_not_() const;
  Tensor& bitwise_and_(const Tensor& other) const;
  Tensor& bitwise_and_(const Scalar& other) const;
  Tensor& bitwise_or_(const Tensor& other) const;
  Tensor& bitwise_or_(const Scalar& other) const;
  Tensor& bitwise_xor_(const Tensor& other) const;
  Tensor& bitwise_xor_(const Scalar& other) const;
  Tensor& cumsum_(int64_t dim) const;
  Tensor& cumprod_(int64_t dim) const;
  Tensor& tanh_() const;
  Tensor& sigmoid_() const;
  Tensor& relu_() const;
  Tensor& clamp_(const std::optional<Scalar>& min = std::nullopt,
                 const std::optional<Scalar>& max = std::nullopt) const;
  Tensor& clamp_min_(const Scalar& min) const;
  Tensor& clamp_max_(const Scalar& max) const;
  Tensor& masked_fill_(const Tensor& mask, const Scalar& value) const;
  Tensor& tril_(int64_t diagonal = 0) const;
  Tensor& triu_(int64_t diagonal = 0) const;
  /// Random numbers of default_generator(): integers uniform in [from, to) or [0, to), where `to`
  /// is by default the first that the dtype can't hold (of floating point: 2 to the power of its
  /// digits); of the exponential distribution with rate `lambd`, never 0.
  Tensor& random_(int64_t from, std::optional<int64_t> to) const;
  Tensor& random_(int64_t to) const { return random_(0, to); }
  Tensor& random_() const { return random_(0, std::nullopt); }
  Tensor& exponential_(double lambd = 1) const;
  /// Random numbers of default_generator(): uniform in [from, to), normal, 1 with probability p.
  Tensor& uniform_(double from = 0, double to = 1) const;
  Tensor& normal_(double mean = 0, double std = 1) const;
  Tensor& bernoulli_(double p = 0.5) const;
  Tensor& operator+=(const Tensor& other) { return add_(other); }
  Tensor& operator+=(const Scalar& other) { return add_(other); }
  Tensor& operator-=(const Tensor& other) { return sub_(other); }
  Tensor& operator-=(const Scalar& other) { return sub_(other); }
  Tensor& operator*=(const Tensor& other) { return mul_(other); }
  Tensor& operator*=(const Scalar& other) { return mul_(other); }
  Tensor& operator/=(const Tensor& other) { return div_(other); }
  Tensor& operator/=(const Scalar& other) { return div_(other); }
  Tensor& operator&=(const Tensor& other) { return bitwise_and_(other); }
  Tensor& operator&=(const Scalar& other) { return bitwise_and_(other); }
  Tensor& operator|=(const Tensor& other) { return bitwise_or_(other); }
  Tensor& operator|=(const Scalar& other) { return bitwise_or_(other); }
  Tensor& operator^=(const Tensor& other) { return bitwise_xor_(other); }
  Tensor& operator^=(const Scalar& other) { return bitwise_xor_(other); }

  // Other names of the same.
  Tensor absolute() const { return abs(); }
  Tensor negative() const { return neg(); }
  Tensor fix() const { return trunc(); }
  Tensor arcsin() const { return asin(); }
  Tensor arccos() const { return acos(); }
  Tensor arctan() const { return atan(); }
  Tensor arcsinh() const { return asinh(); }
  Tensor arccosh() const { return acosh(); }
  Tensor arctanh() const { return atanh(); }
  Tensor positive() const;
  Tensor arctan2(const Tensor& other) const { return atan2(other); }
  Tensor subtract(const Tensor& other, const Scalar& alpha = 1) const { return sub(other, alpha); }
  Tensor& subtract_(const Tensor& other, const Scalar& alpha = 1) const {
    return sub_(other, alpha);
  }
  Tensor multiply(const Tensor& other) const { return mul(other); }
  Tensor& multiply_(const Tensor& other) const { return mul_(other); }
  Tensor divide(const Tensor& other) const { return div(other); }
  Tensor& divide_(const Tensor& other) const { return div_(other); }
  Tensor true_divide(const Tensor& other) const { return div(other); }
  Tensor& true_divide_(const Tensor& other) const { return div_(other); }
  Tensor not_equal(const Tensor& other) const { return ne(other); }
  Tensor less(const Tensor& other) const { return lt(other); }
  Tensor less_equal(const Tensor& other) const { return le(other); }
  Tensor greater(const Tensor& other) const { return gt(other); }
  Tensor greater_equal(const Tensor& other) const { return ge(other); }
  Tensor& not_equal_(const Tensor& other) const { return ne_(other); }
  Tensor& less_(const Tensor& other) const { return lt_(other); }
  Tensor& less_equal_(const Tensor& other) const { return le_(other); }
  Tensor& greater_(const Tensor& other) const { return gt_(other); }
  Tensor& greater_equal_(const Tensor& other) const { return ge_(other); }
  Tensor clip(const std::optional<Tensor>& min = std::nullopt,
              const std::optional<Tensor>& max = std::nullopt) const {
    return clamp(min, max);
  }
  Tensor subtract(const Scalar& other, const Scalar& alpha = 1) const { return sub(other, alpha); }
  Tensor& subtract_(const Scalar& other, const Scalar& alpha = 1) const {
    return sub_(other, alpha);
  }
  Tensor multiply(const Scalar& other) const { return mul(other); }
  Tensor& multiply_(const Scalar& other) const { return mul_(other); }
  Tensor divide(const Scalar& other) const { return div(other); }
  Tensor& divide_(const Scalar& other) const { return div_(other); }
  Tensor true_divide(const Scalar& other) const { return div(other); }
  Tensor& true_divide_(const Scalar& other) const { return div_(other); }
  Tensor not_equal(const Scalar& other) const { return ne(other); }
  Tensor less(const Scalar& other) const { return lt(other); }
  Tensor less_equal(const Scalar& other) const { return le(other); }
  Tensor greater(const Scalar& other) const { return gt(other); }
  Tensor greater_equal(const Scalar& other) const { return ge(other); }
  Tensor& not_equal_(const Scalar& other) const { return ne_(other); }
  Tensor& less_(const Scalar& other) const { return lt_(other); }
  Tensor& less_equal_(const Scalar& other) const { return le_(other); }
  Tensor& greater_(const Scalar& other) const { return gt_(other); }
  Tensor& greater_equal_(const Scalar& other) const { return ge_(other); }
  Tensor clip(const std::optional<Scalar>& min,
              const std::optional<Scalar>& max = std::nullopt) const {
    return clamp(min, max);
  }
  Tensor& clip_(const std::optional<Scalar>& min = std::nullopt,
                const std::optional<Scalar>& max = std::nullopt) const {
    return clamp_(min, max);
  }
  Tensor& absolute_() const { return abs_(); }
  Tensor& negative_() const { return neg_(); }
  Tensor& fix_() const { return trunc_(); }

  // Reductions.
  Tensor sum(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor sum(IntArrayRef dims, bool keepdim = false,
             std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor mean(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor mean(IntArrayRef dims, bool keepdim = false,
              std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor prod(std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor prod(int64_t dim, bool keepdim = false,
              std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor var(bool unbiased = true) const;
  Tensor var(IntArrayRef dims, bool unbiased, bool keepdim = false) const;
  Tensor std(bool unbiased = true) const;
  Tensor std(IntArrayRef dims, bool unbiased, bool keepdim = false) const;
  Tensor max() const;
  std::tuple<Tensor, Tensor> max(int64_t dim, bool keepdim = false) const;
  Tensor min() const;
  std::tuple<Tensor, Tensor> min(int64_t dim, bool keepdim = false) const;
  Tensor argmax(std::optional<int64_t> dim = std::nullopt, bool keepdim = false) const;
  Tensor argmin(std::optional<int64_t> dim = std::nullopt, bool keepdim = false) const;
  Tensor amax(IntArrayRef dims = {}, bool keepdim = false) const;
  Tensor amin(IntArrayRef dims = {}, bool keepdim = false) const;
  std::tuple<Tensor, Tensor> aminmax(std::optional<int64_t> dim = std::nullopt,
                                     bool keepdim = false) const;
  Tensor median() const;
  std::tuple<Tensor, Tensor> median(int64_t dim, bool keepdim = false) const;
  std::tuple<Tensor, Tensor> kthvalue(int64_t k, int64_t dim = -1, bool keepdim = false) const;
  std::tuple<Tensor, Tensor> mode(int64_t dim = -1, bool keepdim = false) const;
  Tensor nansum(IntArrayRef dims = {}, bool keepdim = false) const;
  Tensor nanmean(IntArrayRef dims = {}, bool keepdim = false) const;
  Tensor dist(const Tensor& other, const Scalar& p = 2) const;
  Tensor all() const;
  Tensor all(int64_t dim, bool keepdim = false) const;
  Tensor any() const;
  Tensor any(int64_t dim, bool keepdim = false) const;
  Tensor norm(const Scalar& p = 2) const;
  Tensor norm(const Scalar& p, IntArrayRef dims, bool keepdim = false) const;
  Tensor logsumexp(IntArrayRef dims, bool keepdim = false) const;
  Tensor softmax(int64_t dim) const;
  Tensor log_softmax(int64_t dim) const;

  // Matrix products.
  Tensor matmul(const Tensor& other) const;
  Tensor mm(const Tensor& other) const;
  Tensor bmm(const Tensor& other) const;
  Tensor mv(const Tensor& vec) const;
  Tensor dot(const Tensor& other) const;
  Tensor outer(const Tensor& other) const;
  Tensor inner(const Tensor& other) const;
  Tensor kron(const Tensor& other) const;
  Tensor baddbmm(const Tensor& batch1, const Tensor& batch2, const Scalar& beta = 1,
                 const Scalar& alpha = 1) const;
  Tensor addbmm(const Tensor& batch1, const Tensor& batch2, const Scalar& beta = 1,
                const Scalar& alpha = 1) const;
  Tensor addmv(const Tensor& mat, const Tensor& vec, const Scalar& beta = 1,
               const Scalar& alpha = 1) const;
  Tensor addr(const Tensor& vec1, const Tensor& vec2, const Scalar& beta = 1,
              const Scalar& alpha = 1) const;
  Tensor addmm(const Tensor& mat1, const Tensor& mat2, const Scalar& beta = 1,
               const Scalar& alpha = 1) const;
  Tensor vdot(const Tensor& other) const { return dot(other); }
  Tensor ger(const Tensor& vec2) const { return outer(vec2); }
  /// In place: they return this tensor.
  Tensor& baddbmm_(const Tensor& batch1, const Tensor& batch2, const Scalar& beta = 1,
                   const Scalar& alpha = 1) const;
  Tensor& addbmm_(const Tensor& batch1, const Tensor& batch2, const Scalar& beta = 1,
                  const Scalar& alpha = 1) const;
  Tensor& addmv_(const Tensor& mat, const Tensor& vec, const Scalar& beta = 1,
                 const Scalar& alpha = 1) const;
  Tensor& addr_(const Tensor& vec1, const Tensor& vec2, const Scalar& beta = 1,
                const Scalar& alpha = 1) const;
  Tensor& addmm_(const Tensor& mat1, const Tensor& mat2, const Scalar& beta = 1,
                 const Scalar& alpha = 1) const;

  // Decompositions.
  Tensor cholesky_solve(const Tensor& factor, bool upper = false) const;
  Tensor cholesky_inverse(bool upper = false) const;
  std::tuple<Tensor, Tensor> triangular_solve(const Tensor& A, bool upper = true,
                                              bool transpose = false,
                                              bool unitriangular = false) const;
  Tensor inverse() const;
  Tensor det() const;
  std::tuple<Tensor, Tensor> slogdet() const;
  Tensor logdet() const;
  Tensor matrix_power(int64_t n) const;
  std::tuple<Tensor, Tensor, Tensor> svd(bool some = true, bool compute_uv = true) const;
  Tensor pinverse(double rcond = 1e-15) const;

  // Selecting by index.
  Tensor index_select(int64_t dim, const Tensor& index) const;
  Tensor gather(int64_t dim, const Tensor& index) const;
  Tensor scatter(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor scatter(int64_t dim, const Tensor& index, const Scalar& value) const;
  Tensor scatter_add(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor scatter_reduce(int64_t dim, const Tensor& index, const Tensor& src,
                        std::string_view reduce, bool include_self = true) const;
  Tensor index_add(int64_t dim, const Tensor& index, const Tensor& src,
                   const Scalar& alpha = 1) const;
  Tensor index_copy(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor index_fill(int64_t dim, const Tensor& index, const Scalar& value) const;
  Tensor index_fill(int64_t dim, const Tensor& index, const Tensor& value) const;
  Tensor masked_select(const Tensor& mask) const;
  Tensor masked_scatter(const Tensor& mask, const Tensor& source) const;
  Tensor nonzero() const;
  std::vector<Tensor> nonzero_numpy() const;
  Tensor argwhere() const;
  Tensor count_nonzero(IntArrayRef dims = {}) const;
  Tensor take(const Tensor& index) const;
  Tensor take_along_dim(const Tensor& indices, std::optional<int64_t> dim = std::nullopt) const;
  /// In place: they return this tensor.
  Tensor& scatter_(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor& scatter_(int64_t dim, const Tensor& index, const Scalar& value) const;
  Tensor& scatter_add_(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor& scatter_reduce_(int64_t dim, const Tensor& index, const Tensor& src,
                          std::string_view reduce, bool include_self = true) const;
  Tensor& index_add_(int64_t dim, const Tensor& index, const Tensor& src,
                     const Scalar& alpha = 1) const;
  Tensor& index_copy_(int64_t dim, const Tensor& index, const Tensor& src) const;
  Tensor& index_fill_(int64_t dim, const Tensor& index, const Scalar& value) const;
  Tensor& index_fill_(int64_t dim, const Tensor& index, const Tensor& value) const;
  Tensor& masked_scatter_(const Tensor& mask, const Tensor& source) const;

  // Scans along a dimension.
  Tensor cumsum(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor cumprod(int64_t dim, std::optional<ScalarType> dtype = std::nullopt) const;
  Tensor logcumsumexp(int64_t dim) const;
  std::tuple<Tensor, Tensor> cummax(int64_t dim) const;
  std::tuple<Tensor, Tensor> cummin(int64_t dim) const;

  std::tuple<Tensor, Tensor> sort(int64_t dim = -1, bool descending = false) const;
  Tensor argsort(int64_t dim = -1, bool descending = false) const;
  Tensor msort() const;
  Tensor bincount(const Tensor& weights = {}, int64_t minlength = 0) const;
  Tensor histc(int64_t bins = 100, const Scalar& min = 0, const Scalar& max = 0) const;
  Tensor bernoulli() const;
  Tensor multinomial(int64_t num_samples, bool replacement = false) const;
  std::tuple<Tensor, Tensor> topk(int64_t k, int64_t dim = -1, bool largest = true,
                                  bool sorted = true) const;

 private:
  TensorImpl& checked() const {
    if (!impl_) [[unlikely]]
      throw_undefined();
    return *impl_;
  }
  unsigned add_hook(detail::TensorHook* hook) const;
  unsigned add_post_accumulate_hook(detail::TensorHook* hook) const;
  [[noreturn]] static void throw_undefined();
  void check_dtype(ScalarType expected) const {
    if (dtype() != expected) [[unlikely]]
      throw_dtype(expected);
  }
  [[noreturn]] void throw_dtype(ScalarType expected) const;
  void check_accessor(size_t dims) const;

  intrusive_ptr<TensorImpl> impl_;
};

namespace detail {

/// A user's function from a gradient to the one that takes its place (undefined: it stays).
class ADJOINT_API TensorHook {
 public:
  virtual ~TensorHook();
  virtual Tensor call(const Tensor& grad) = 0;
};

template <class F>
class TensorHookOf final : public TensorHook {
 public:
  explicit TensorHookOf(F function) : function_(std::move(function)) {}
  Tensor call(const Tensor& grad) override {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const Tensor&>>) {
      function_(grad);
      return {};
    } else {
      return function_(grad);
    }
  }

 private:
  F function_;
};

template <class F>
class PostAccumulateHookOf final : public TensorHook {
 public:
  explicit PostAccumulateHookOf(F function) : function_(std::move(function)) {}
  Tensor call(const Tensor& leaf) override {
    function_(leaf);
    return {};
  }

 private:
  F function_;
};

}  // namespace detail

namespace detail {
ADJOINT_API std::ostream& print(std::ostream& out, const Tensor& tensor);
}
/// As PyTorch prints a tensor: `tensor([[3., 3.],\n        [3., 3.]], grad_fn=<AddBackward0>)`. A
/// template, so that adjoint/torch.h can be more special.
template <std::same_as<Tensor> T>
std::ostream& operator<<(std::ostream& out, const T& tensor) {
  return detail::print(out, tensor);
}

}  // namespace adjoint
