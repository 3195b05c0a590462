// SPDX-License-Identifier: MIT
#include "adjoint/tensor.h"

#include "adjoint/backend.h"
#include "core/capture/recorder.h"
#include "core/tensor/geometry.h"

namespace adjoint {

void Tensor::throw_undefined() {
  detail::fail<Error>("expected a defined tensor, got an undefined one");
}

void Tensor::throw_dtype(ScalarType expected) const {
  detail::fail<TypeError>("expected scalar type ", expected, " but found ", dtype());
}

void Tensor::check_accessor(size_t dims) const {
  refuse_capture("accessor", kHostRead);
  ADJOINT_CHECK(size_t(dim()) == dims, "TensorAccessor expected ", dims, " dims but tensor has ",
                dim());
  ADJOINT_CHECK(is_cpu(), "accessor: expected a tensor in host memory, got one on ", device());
}

int64_t Tensor::size(int64_t dim) const {
  ADJOINT_CHECK_INDEX(this->dim() > 0, "Dimension specified as ", dim,
                      " but tensor has no dimensions");
  return sizes()[size_t(wrap_dim(dim, this->dim()))];
}
int64_t Tensor::stride(int64_t dim) const {
  ADJOINT_CHECK_INDEX(this->dim() > 0, "Dimension specified as ", dim,
                      " but tensor has no dimensions");
  return strides()[size_t(wrap_dim(dim, this->dim()))];
}

Scalar Tensor::item() const {
  ADJOINT_CHECK(numel() == 1, "a Tensor with ", numel(), " elements cannot be converted to Scalar");
  refuse_capture("item", kHostRead);
  alignas(8) unsigned char bytes[8];
  Stream stream = current_stream(device());
  get_backend(device().type()).copy_to_host(bytes, data_ptr(), element_size(), stream);
  auto as = [&]<class T>(T) { return Scalar(*reinterpret_cast<const T*>(bytes)); };
  switch (dtype()) {
    case kBool:
      return as(bool());
    case kByte:
      return as(uint8_t());
    case kInt:
      return as(int32_t());
    case kLong:
      return as(int64_t());
    case kHalf:
      return as(Half());
    case kBFloat16:
      return as(BFloat16());
    case kFloat:
      return as(float());
    case kDouble:
      return as(double());
    case ScalarType::Undefined:
      break;
  }
  detail::fail<TypeError>("item: expected a tensor with a dtype");
}

}  // namespace adjoint
