// SPDX-License-Identifier: MIT
// How option structs declare their options: `Conv2dOptions(1, 8, 3).padding(1).bias(false)`.
#pragma once

/// An option `name` of type T with its default: a getter, and a setter that returns the options.
#define ADJOINT_OPTION(Class, T, name, initial) \
 public:                                        \
  Class& name(const T& value) {                 \
    name##_ = value;                            \
    return *this;                               \
  }                                             \
  const T& name() const { return name##_; }     \
                                                \
 private:                                       \
  T name##_ = initial
