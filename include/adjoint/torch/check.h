// SPDX-License-Identifier: MIT
// LibTorch's macros: checks, modules, options. Part of adjoint/torch.h.
#pragma once

#include <sstream>
#include <string>

#include "adjoint/error.h"
#include "adjoint/nn/module.h"
#include "adjoint/warning.h"

namespace adjoint::detail {

/// The parts as a stream writes them.
template <class... Parts>
std::string streamed(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class... Parts>
std::string check_message(const char* condition, const Parts&... parts) {
  if constexpr (sizeof...(parts) == 0) {
    return str("Expected ", condition,
               " to be true, but got false.  (Could this error message be improved?)");
  } else {
    return streamed(parts...);
  }
}

}  // namespace adjoint::detail

#define ADJOINT_TORCH_CHECK_WITH(E, cond, ...)  \
  (__builtin_expect(static_cast<bool>(cond), 1) \
       ? (void)0                                \
       : throw E(::adjoint::detail::check_message(#cond __VA_OPT__(, ) __VA_ARGS__)))

#define TORCH_CHECK(cond, ...) \
  ADJOINT_TORCH_CHECK_WITH(::adjoint::Error, cond __VA_OPT__(, ) __VA_ARGS__)
#define TORCH_CHECK_INDEX(cond, ...) \
  ADJOINT_TORCH_CHECK_WITH(::adjoint::IndexError, cond __VA_OPT__(, ) __VA_ARGS__)
#define TORCH_CHECK_VALUE(cond, ...) \
  ADJOINT_TORCH_CHECK_WITH(::adjoint::ValueError, cond __VA_OPT__(, ) __VA_ARGS__)
#define TORCH_CHECK_TYPE(cond, ...) \
  ADJOINT_TORCH_CHECK_WITH(::adjoint::TypeError, cond __VA_OPT__(, ) __VA_ARGS__)
#define TORCH_CHECK_NOT_IMPLEMENTED(cond, ...) \
  ADJOINT_TORCH_CHECK_WITH(::adjoint::NotImplementedError, cond __VA_OPT__(, ) __VA_ARGS__)
#define TORCH_INTERNAL_ASSERT(cond, ...)           \
  ADJOINT_TORCH_CHECK_WITH(::adjoint::Error, cond, \
                           #cond " INTERNAL ASSERT FAILED" __VA_OPT__(, ) __VA_ARGS__)
#define TORCH_INTERNAL_ASSERT_DEBUG_ONLY(...) TORCH_INTERNAL_ASSERT(__VA_ARGS__)
#define AT_ASSERT(...) TORCH_INTERNAL_ASSERT(__VA_ARGS__)
#define AT_ERROR(...) throw ::adjoint::Error(::adjoint::detail::streamed(__VA_ARGS__))
#define C10_THROW_ERROR(kind, message) throw ::adjoint::kind(message)

#define TORCH_WARN(...) ADJOINT_WARN(::adjoint::detail::streamed(__VA_ARGS__))
#define TORCH_WARN_DEPRECATION(...) \
  ADJOINT_WARN_DEPRECATION(::adjoint::detail::streamed(__VA_ARGS__))
#define TORCH_WARN_ONCE(...) ADJOINT_WARN_ONCE(::adjoint::detail::streamed(__VA_ARGS__))

/// Declares `Name`, the handle of the module class `NameImpl`, or of `Impl`.
#define TORCH_MODULE(Name) ADJOINT_MODULE(Name)
#define TORCH_MODULE_IMPL(Name, ImplType)                      \
  class Name : public ::adjoint::nn::ModuleHolder<ImplType> {  \
   public:                                                     \
    using ::adjoint::nn::ModuleHolder<ImplType>::ModuleHolder; \
    using Impl = ImplType;                                     \
  }

/// An option of a class: getters, and setters that return the object. The initial value follows.
#define TORCH_ARG(T, name)                                 \
 public:                                                   \
  auto name(const T& new_##name)->decltype(*this) {        \
    this->name##_ = new_##name;                            \
    return *this;                                          \
  }                                                        \
  auto name(T&& new_##name)->decltype(*this) {             \
    this->name##_ = std::move(new_##name);                 \
    return *this;                                          \
  }                                                        \
  const T& name() const noexcept { return this->name##_; } \
  T& name() noexcept { return this->name##_; }             \
                                                           \
 private:                                                  \
  T name##_

/// Calls a function with `scalar_t` standing for the C++ type of a dtype.
#define ADJOINT_DISPATCH_CASE(enum_type, type, ...) \
  case enum_type: {                                 \
    using scalar_t [[maybe_unused]] = type;         \
    return __VA_ARGS__();                           \
  }
#define ADJOINT_DISPATCH(TYPE, NAME, CASES)                                               \
  [&] {                                                                                   \
    const ::adjoint::ScalarType dispatched_type = TYPE;                                   \
    switch (dispatched_type) {                                                            \
      CASES default : throw ::adjoint::NotImplementedError(::adjoint::detail::str(        \
                          "\"", NAME, "\" not implemented for '", dispatched_type, "'")); \
    }                                                                                     \
  }()
#define ADJOINT_FLOATING_CASES(...)                            \
  ADJOINT_DISPATCH_CASE(::adjoint::kFloat, float, __VA_ARGS__) \
  ADJOINT_DISPATCH_CASE(::adjoint::kDouble, double, __VA_ARGS__)
#define ADJOINT_INTEGRAL_CASES(...)                             \
  ADJOINT_DISPATCH_CASE(::adjoint::kByte, uint8_t, __VA_ARGS__) \
  ADJOINT_DISPATCH_CASE(::adjoint::kInt, int32_t, __VA_ARGS__)  \
  ADJOINT_DISPATCH_CASE(::adjoint::kLong, int64_t, __VA_ARGS__)
#define AT_DISPATCH_FLOATING_TYPES(TYPE, NAME, ...) \
  ADJOINT_DISPATCH(TYPE, NAME, ADJOINT_FLOATING_CASES(__VA_ARGS__))
#define AT_DISPATCH_INTEGRAL_TYPES(TYPE, NAME, ...) \
  ADJOINT_DISPATCH(TYPE, NAME, ADJOINT_INTEGRAL_CASES(__VA_ARGS__))
#define AT_DISPATCH_ALL_TYPES(TYPE, NAME, ...) \
  ADJOINT_DISPATCH(TYPE, NAME,                 \
                   ADJOINT_FLOATING_CASES(__VA_ARGS__) ADJOINT_INTEGRAL_CASES(__VA_ARGS__))
