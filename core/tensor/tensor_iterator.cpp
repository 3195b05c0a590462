// SPDX-License-Identifier: MIT
#include "core/tensor/tensor_iterator.h"

#include <cstring>
#include <utility>

namespace adjoint {
namespace {

template <class T>
void store(unsigned char* to, const Scalar& value) {
  T v = value.to<T>();
  std::memcpy(to, &v, sizeof v);
}

void store_scalar(unsigned char* to, const Scalar& value, ScalarType dtype) {
  switch (dtype) {
    case kBool:
      return store<bool>(to, value);
    case kByte:
      return store<uint8_t>(to, value);
    case kInt:
      return store<int32_t>(to, value);
    case kLong:
      return store<int64_t>(to, value);
    case kHalf:
      return store<Half>(to, value);
    case kBFloat16:
      return store<BFloat16>(to, value);
    case kFloat:
      return store<float>(to, value);
    case kDouble:
      return store<double>(to, value);
    case ScalarType::Undefined:
      break;
  }
}

}  // namespace

TensorIterator::TensorIterator(const Tensor& out) {
  Operand operands[] = {{&out, nullptr, {}}};
  build(operands, 1, out.sizes());
}
TensorIterator::TensorIterator(const Tensor& out, const Tensor& a) {
  const Tensor* tensors[] = {&out, &a};
  if (build_dense(tensors, 2)) return;
  Operand operands[] = {{&out, nullptr, {}}, {&a, nullptr, {}}};
  build(operands, 2, out.sizes());
}
TensorIterator::TensorIterator(const Tensor& out, const Tensor& a, const Tensor& b) {
  const Tensor* tensors[] = {&out, &a, &b};
  if (build_dense(tensors, 3)) return;
  Operand operands[] = {{&out, nullptr, {}}, {&a, nullptr, {}}, {&b, nullptr, {}}};
  build(operands, 3, out.sizes());
}
TensorIterator::TensorIterator(const Tensor& out, const Tensor& a, const Tensor& b,
                               const Tensor& c) {
  Operand operands[] = {
      {&out, nullptr, {}}, {&a, nullptr, {}}, {&b, nullptr, {}}, {&c, nullptr, {}}};
  build(operands, 4, out.sizes());
}
TensorIterator::TensorIterator(const Tensor& out, const Tensor& a, const Scalar& b,
                               ScalarType scalar_dtype) {
  Operand operands[] = {{&out, nullptr, {}}, {&a, nullptr, {}}, {nullptr, &b, scalar_dtype}};
  build(operands, 3, out.sizes());
}
TensorIterator::TensorIterator(const Tensor& out, const Scalar& a, const Tensor& b,
                               ScalarType scalar_dtype) {
  Operand operands[] = {{&out, nullptr, {}}, {nullptr, &a, scalar_dtype}, {&b, nullptr, {}}};
  build(operands, 3, out.sizes());
}

TensorIterator TensorIterator::reduction(const Tensor& out, const Tensor& in) {
  TensorIterator iter;
  Operand operands[] = {{&out, nullptr, {}}, {&in, nullptr, {}}};
  iter.build(operands, 2, in.sizes());
  iter.is_reduction = true;
  return iter;
}

bool TensorIterator::is_linear(int operand) const {
  if (is_scalar[operand]) return false;
  int64_t step = int64_t(elementSize(dtypes[operand]));
  for (int d = 0; d < ndim; ++d) {
    if (shape[d] != 1 && strides[operand][d] != step) return false;
    step *= shape[d];
  }
  return true;
}

bool TensorIterator::build_dense(const Tensor* const* operands, int n) {
  int64_t total = operands[0]->impl()->numel();
  for (int i = 0; i < n; ++i) {
    // Inputs broadcast to the output, so that equal numbers of elements mean equal shapes but for
    // sizes of 1, which move nothing.
    const TensorImpl& impl = *operands[i]->impl();
    if (!impl.is_contiguous() || impl.numel() != total) return false;
    dtypes[i] = impl.dtype();
    pointers[i] = impl.data();
    impls[i] = &impl;
    strides[i][0] = int64_t(elementSize(impl.dtype()));
  }
  num_operands = n;
  numel = shape[0] = total;
  return true;
}

void TensorIterator::build(const Operand* operands, int n, IntArrayRef sizes) {
  num_operands = n;
  numel = numel_of(sizes);
  bool dense = true;
  for (int i = 0; i < n; ++i) {
    const Operand& operand = operands[i];
    if (operand.scalar) {
      dtypes[i] = operand.dtype;
      is_scalar[i] = true;
      store_scalar(scalars[i], *operand.scalar, operand.dtype);
      continue;
    }
    const TensorImpl& impl = *operand.tensor->impl();
    dtypes[i] = impl.dtype();
    pointers[i] = impl.data();
    impls[i] = &impl;
    dense = dense && impl.is_contiguous() && impl.numel() == numel;
  }
  if (dense) {
    ndim = 1;
    shape[0] = numel;
    for (int i = 0; i < n; ++i) strides[i][0] = is_scalar[i] ? 0 : int64_t(elementSize(dtypes[i]));
    return;
  }
  ndim = int(sizes.size());
  for (int d = 0; d < ndim; ++d) shape[d] = sizes[size_t(ndim - 1 - d)];
  for (int i = 0; i < n; ++i) {
    for (int d = 0; d < ndim; ++d) strides[i][d] = 0;
    if (is_scalar[i]) continue;
    const TensorImpl& impl = *operands[i].tensor->impl();
    int64_t dims = impl.dim(), element = int64_t(elementSize(dtypes[i]));
    for (int64_t d = 0; d < dims; ++d) {
      size_t from_end = size_t(dims - 1 - d);
      if (impl.sizes()[from_end] != 1) strides[i][d] = impl.strides()[from_end] * element;
    }
  }
  order_and_coalesce(n > 1 && !is_scalar[1] ? 1 : 0);
}

// Loops go from the smallest stride to the largest, by the output first and the first input next,
// so that the innermost walks memory; neighbours that form one longer loop for all operands become
// one.
void TensorIterator::order_and_coalesce(int key_operand) {
  auto should_swap = [&](int a, int b) {  // a is inside of b now
    for (int key : {0, key_operand}) {
      int64_t sa = strides[key][a], sb = strides[key][b];
      if (sa == 0 || sb == 0 || sa == sb) continue;
      return sa > sb;
    }
    return false;
  };
  for (int i = 1; i < ndim; ++i) {
    for (int j = i; j > 0 && should_swap(j - 1, j); --j) {
      std::swap(shape[j - 1], shape[j]);
      for (int op = 0; op < num_operands; ++op) std::swap(strides[op][j - 1], strides[op][j]);
    }
  }
  int last = 0;
  for (int d = 1; d < ndim; ++d) {
    bool merge = shape[last] == 1 || shape[d] == 1;
    if (!merge) {
      merge = true;
      for (int op = 0; op < num_operands; ++op)
        merge = merge && strides[op][d] == strides[op][last] * shape[last];
    }
    if (!merge) {
      ++last;
      shape[last] = shape[d];
      for (int op = 0; op < num_operands; ++op) strides[op][last] = strides[op][d];
    } else if (shape[last] == 1) {
      shape[last] = shape[d];
      for (int op = 0; op < num_operands; ++op) strides[op][last] = strides[op][d];
    } else if (shape[d] != 1) {
      shape[last] *= shape[d];
    }
  }
  if (ndim == 0) {
    shape[0] = 1;
    for (int op = 0; op < num_operands; ++op) strides[op][0] = 0;
  }
  ndim = last + 1;
}

}  // namespace adjoint
