// SPDX-License-Identifier: MIT
// What conformance is stated with.
#pragma once

#include <concepts>
#include <type_traits>

/// A function, one of an overload set perhaps, that has exactly this type.
#define SIGNATURE(name, ...) static_assert(requires { static_cast<__VA_ARGS__>(&name); })
/// An enumerator or a macro of this value.
#define VALUE(name, value) static_assert(static_cast<long long>(name) == (value))
/// A member of this type.
#define FIELD(structure, member, ...) \
  static_assert(std::is_same_v<decltype(structure::member), __VA_ARGS__>)
/// Call shapes that compile, and what they give.
#define CALL(result, ...) static_assert(std::is_same_v<decltype(__VA_ARGS__), result>)
