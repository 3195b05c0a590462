// SPDX-License-Identifier: MIT
// Descriptors of cuDNN's graph API: sets of attributes that are finalized, then used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "cuda/cudnn/library.h"

namespace adjoint::cuda {

/// The first failure stays, goes over to what the descriptor is made part of, and is what finalize
/// returns: an operation is described without a look at each step. Needs cudnn_functions().
class CudnnDescriptor {
 public:
  explicit CudnnDescriptor(cudnnBackendDescriptorType_t type)
      : status_(cudnn_functions()->cudnnBackendCreateDescriptor(type, &raw_)) {
    if (status_ != CUDNN_STATUS_SUCCESS) raw_ = nullptr;
  }
  CudnnDescriptor(CudnnDescriptor&& other) noexcept
      : raw_(std::exchange(other.raw_, nullptr)), status_(other.status_) {}
  CudnnDescriptor& operator=(CudnnDescriptor&&) = delete;
  ~CudnnDescriptor() {
    if (raw_) (void)cudnn_functions()->cudnnBackendDestroyDescriptor(raw_);
  }

  template <class T>
  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const T* values,
           size_t count = 1) {
    if (status_ != CUDNN_STATUS_SUCCESS) return;
    status_ = cudnn_functions()->cudnnBackendSetAttribute(raw_, name, type, int64_t(count), values);
  }
  template <size_t N>
  void set(cudnnBackendAttributeName_t name, const int64_t (&values)[N]) {
    set(name, CUDNN_TYPE_INT64, values, N);
  }
  void set(cudnnBackendAttributeName_t name, const CudnnDescriptor& part) {
    if (status_ == CUDNN_STATUS_SUCCESS) status_ = part.status_;
    set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, &part.raw_);
  }
  cudnnStatus_t finalize() {
    if (status_ == CUDNN_STATUS_SUCCESS) status_ = cudnn_functions()->cudnnBackendFinalize(raw_);
    return status_;
  }

  /// How many values there are, of which at most `most` were written; 0 where it fails.
  template <class T>
  size_t get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, T* values,
             size_t most = 1) const {
    int64_t count = 0;
    const cudnnStatus_t status = cudnn_functions()->cudnnBackendGetAttribute(
        raw_, name, type, int64_t(most), &count, values);
    return status == CUDNN_STATUS_SUCCESS && count > 0 ? size_t(count) : 0;
  }
  cudnnStatus_t status() const { return status_; }
  cudnnBackendDescriptor_t raw() const { return raw_; }

 private:
  cudnnBackendDescriptor_t raw_ = nullptr;
  cudnnStatus_t status_;
};

}  // namespace adjoint::cuda
