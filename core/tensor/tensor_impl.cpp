// SPDX-License-Identifier: MIT
#include "adjoint/tensor_impl.h"

#include "adjoint/node.h"
#include "core/autograd/autograd_meta.h"
#include "core/autograd/mode.h"
#include "core/util/pool.h"

namespace adjoint {

void* TensorImpl::operator new(size_t size) { return pool_allocate(size); }
void TensorImpl::operator delete(void* p) noexcept { pool_deallocate(p, sizeof(TensorImpl)); }

TensorImpl::TensorImpl(intrusive_ptr<Storage> storage, ScalarType dtype, IntArrayRef sizes)
    : dtype_(dtype),
      storage_(std::move(storage)),
      inference_((detail::autograd_mode & detail::kInferenceMode) != 0) {
  set_contiguous_geometry(sizes);
  data_ = storage_->data();
}

TensorImpl::TensorImpl(intrusive_ptr<Storage> storage, ScalarType dtype, IntArrayRef sizes,
                       IntArrayRef strides, int64_t storage_offset)
    : dtype_(dtype),
      storage_offset_(storage_offset),
      storage_(std::move(storage)),
      inference_((detail::autograd_mode & detail::kInferenceMode) != 0) {
  set_geometry(sizes, strides);
  // Of a tensor without elements no kernel is to get an address that is not one.
  if (numel_ != 0)
    data_ = static_cast<char*>(storage_->data()) + storage_offset * int64_t(elementSize(dtype));
}

TensorImpl::~TensorImpl() {
  if (auto* meta = meta_.acquire()) detail::AutogradMeta::destroy(meta);
}

void TensorImpl::set_contiguous_geometry(IntArrayRef sizes) {
  ADJOINT_CHECK_VALUE(sizes.size() <= size_t(kMaxDims), "a tensor can have at most ", kMaxDims,
                      " dimensions, got sizes ", sizes);
  dim_ = uint8_t(sizes.size());
  int64_t stride = 1;
  numel_ = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    sizes_[i] = sizes[i];
    strides_[i] = stride;
    stride *= sizes[i] > 1 ? sizes[i] : 1;
    numel_ *= sizes[i];
  }
  contiguous_ = true;
}

void TensorImpl::set_geometry(IntArrayRef sizes, IntArrayRef strides) {
  dim_ = uint8_t(sizes.size());
  numel_ = 1;
  contiguous_ = true;
  for (size_t i = sizes.size(); i-- > 0;) {
    sizes_[i] = sizes[i];
    strides_[i] = strides[i];
    if (sizes[i] != 1 && strides[i] != numel_) contiguous_ = false;
    numel_ *= sizes[i];
  }
  if (numel_ == 0) contiguous_ = true;
}

void TensorImpl::set_own_version() {
  own_version_ = intrusive_ptr<SharedVersion>::adopt(new SharedVersion());
}

void TensorImpl::set_data(const TensorImpl& other) {
  if (has_version() && !own_version_) {
    uint32_t changes = version().current();
    set_own_version();
    own_version_->set(changes);
  }
  if (detail::AutogradMeta* meta = meta_.acquire(); meta && storage_ != other.storage_) {
    meta->flat.reset();
  }
  inference_ = other.inference_;
  storage_ = other.storage_;
  storage_offset_ = other.storage_offset_;
  data_ = other.data_;
  dtype_ = other.dtype_;
  set_geometry(other.sizes(), other.strides());
}

void TensorImpl::set_grad_fn(intrusive_ptr<Node> fn, uint32_t output_nr) noexcept {
  requires_grad_.store_relaxed(bool(fn));
  grad_fn_ = std::move(fn);
  output_nr_ = output_nr;
  if (view_base_) view_version_.store_release(version().current());
}

detail::AutogradMeta& TensorImpl::ensure_meta() {
  if (auto* meta = meta_.acquire()) return *meta;
  auto* fresh = new detail::AutogradMeta();
  detail::AutogradMeta* expected = nullptr;
  if (meta_.compare_exchange(expected, fresh)) return *fresh;
  delete fresh;
  return *expected;
}

}  // namespace adjoint
