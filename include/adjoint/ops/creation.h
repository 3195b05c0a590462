// SPDX-License-Identifier: MIT
// Tensors out of values, memory and random numbers. `options` gives dtype (default:
// get_default_dtype(), or kLong where the arguments are integers), device (default:
// get_default_device()) and requires_grad. The *_like forms take those of `self` as the default,
// and lie in memory in its order where it is dense, as in LibTorch. The rules for shapes, dtypes
// and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/generator.h"
#include "adjoint/tensor_class.h"

namespace adjoint {

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
/// `steps` powers of `base`, with exponents from start to end, both included.
ADJOINT_API Tensor logspace(const Scalar& start, const Scalar& end, int64_t steps, double base = 10,
                            const TensorOptions& options = {});
/// A 0-d tensor.
ADJOINT_API Tensor scalar_tensor(const Scalar& value, const TensorOptions& options = {});
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

}  // namespace adjoint
