// SPDX-License-Identifier: MIT
// The one object behind a Tensor: geometry, memory and place in the graph. For those who write
// operations and kernels; programs use Tensor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adjoint/array_ref.h"
#include "adjoint/device.h"
#include "adjoint/export.h"
#include "adjoint/intrusive_ptr.h"
#include "adjoint/scalar_type.h"
#include "adjoint/storage.h"

namespace adjoint {

class Node;
namespace detail {
struct AutogradMeta;
}

/// How a differentiable view came about. All but Default forbid in-place changes that are recorded:
/// they would have to go around the function that made the view.
enum class CreationMeta : uint8_t {
  Default,
  InCustomFunction,  ///< returned by a Function of the user's
  MultiOutputNode,   ///< one of several views that one operation returned
  NoGradMode,        ///< while nothing was recorded
  InferenceMode,     ///< of a normal tensor, in inference mode
};

class ADJOINT_API TensorImpl {
 public:
  /// A view of `storage` with the given geometry; strides and offset count elements.
  TensorImpl(intrusive_ptr<Storage> storage, ScalarType dtype, IntArrayRef sizes,
             IntArrayRef strides, int64_t storage_offset);
  /// As above with row-major strides, from the storage's start.
  TensorImpl(intrusive_ptr<Storage> storage, ScalarType dtype, IntArrayRef sizes);
  ~TensorImpl();
  TensorImpl(const TensorImpl&) = delete;
  TensorImpl& operator=(const TensorImpl&) = delete;

  IntArrayRef sizes() const noexcept { return {sizes_, size_t(dim_)}; }
  IntArrayRef strides() const noexcept { return {strides_, size_t(dim_)}; }
  int64_t dim() const noexcept { return dim_; }
  int64_t numel() const noexcept { return numel_; }
  ScalarType dtype() const noexcept { return dtype_; }
  Device device() const noexcept { return storage_->device(); }
  const Stream& stream() const noexcept { return storage_->stream(); }
  bool is_contiguous() const noexcept { return contiguous_; }
  int64_t storage_offset() const noexcept { return storage_offset_; }
  const intrusive_ptr<Storage>& storage() const noexcept { return storage_; }
  /// The first element.
  void* data() const noexcept { return data_; }
  uint32_t use_count() const noexcept { return ref_.load(); }

  VersionCounter& version() const noexcept {
    return own_version_ ? *own_version_ : storage_->version();
  }
  /// Counts in-place changes apart from the storage's other tensors, as `.data()` does.
  void set_own_version();
  /// Counts them with `other`, of the same storage, and is an inference tensor where that is one.
  void share_version(const TensorImpl& other) noexcept {
    own_version_ = other.own_version_;
    inference_ = other.inference_;
  }
  /// Counts an in-place change: views of the memory have a new grad_fn when next asked.
  void bump_version() noexcept { version().bump(); }
  /// Made in inference mode: backward cannot save it, and it changes in place only there.
  bool is_inference() const noexcept { return inference_; }
  /// Whether its in-place changes are counted: not those of inference tensors.
  bool has_version() const noexcept { return !inference_ || own_version_; }

  /// Shows the same memory, from the same first element, in another way.
  void set_sizes_and_strides(IntArrayRef sizes, IntArrayRef strides) {
    set_geometry(sizes, strides);
  }
  /// Takes the memory, dtype and geometry of `other`, as set_data does. The place in the graph and
  /// the count of changes stay.
  void set_data(const TensorImpl& other);

  bool requires_grad() const noexcept {
    return requires_grad_.relaxed() || (view_base_ && view_base_->requires_grad_.relaxed());
  }
  const intrusive_ptr<Node>& grad_fn_unchecked() const noexcept { return grad_fn_; }
  uint32_t output_nr() const noexcept { return output_nr_; }
  void set_requires_grad_flag(bool value) noexcept { requires_grad_.store_relaxed(value); }
  void set_grad_fn(intrusive_ptr<Node> fn, uint32_t output_nr) noexcept;
  /// A differentiable view: the tensor (no view itself) whose history it shares. Its grad_fn is of
  /// one count of changes; where the memory was changed since, it is made anew (is_stale_view).
  const intrusive_ptr<TensorImpl>& view_base() const noexcept { return view_base_; }
  CreationMeta creation_meta() const noexcept { return creation_meta_; }
  void set_creation_meta(CreationMeta meta) noexcept { creation_meta_ = meta; }
  bool is_stale_view() const noexcept {
    return view_base_ && view_version_.acquire() != version().current();
  }
  void set_view_base(intrusive_ptr<TensorImpl> base, CreationMeta meta) noexcept {
    view_base_ = std::move(base);
    creation_meta_ = meta;
    view_version_.store_relaxed(version().current());
  }
  void make_view_stale() noexcept { view_version_.store_relaxed(version().current() - 1); }
  /// What few tensors have: a gradient, hooks. Null until asked for.
  detail::AutogradMeta* meta() const noexcept { return meta_.acquire(); }
  detail::AutogradMeta& ensure_meta();

  void retain() noexcept { ref_.add(); }
  void release() noexcept {
    if (ref_.drop()) delete this;
  }
  static void* operator new(size_t size);
  static void operator delete(void* p) noexcept;

 private:
  void set_geometry(IntArrayRef sizes, IntArrayRef strides);
  void set_contiguous_geometry(IntArrayRef sizes);

  detail::RefCount ref_;
  ScalarType dtype_;
  uint8_t dim_ = 0;
  bool contiguous_ = true;
  detail::Atomic<bool> requires_grad_;
  void* data_ = nullptr;
  int64_t numel_ = 1;
  int64_t storage_offset_ = 0;
  intrusive_ptr<Storage> storage_;
  intrusive_ptr<Node> grad_fn_;
  detail::Atomic<detail::AutogradMeta*> meta_;
  intrusive_ptr<SharedVersion> own_version_;
  intrusive_ptr<TensorImpl> view_base_;
  detail::Atomic<uint32_t> view_version_;
  uint32_t output_nr_ = 0;
  CreationMeta creation_meta_ = CreationMeta::Default;
  bool inference_;
  int64_t sizes_[kMaxDims];
  int64_t strides_[kMaxDims];
};

}  // namespace adjoint
