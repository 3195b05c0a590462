// SPDX-License-Identifier: MIT
// Reference counts inside the objects they count, and the pointer that keeps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "adjoint/atomic.h"

namespace adjoint {

/// A T has `void retain() noexcept` and `void release() noexcept`, and starts with one reference.
template <class T>
class intrusive_ptr {
 public:
  constexpr intrusive_ptr() = default;
  constexpr intrusive_ptr(std::nullptr_t) {}
  intrusive_ptr(const intrusive_ptr& other) noexcept : p_(other.p_) {
    if (p_) p_->retain();
  }
  intrusive_ptr(intrusive_ptr&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  template <class U>
  requires std::is_convertible_v<U*, T*> intrusive_ptr(intrusive_ptr<U> other)
  noexcept : p_(other.detach()) {}
  ~intrusive_ptr() {
    if (p_) p_->release();
  }
  intrusive_ptr& operator=(intrusive_ptr other) noexcept {
    std::swap(p_, other.p_);
    return *this;
  }

  /// Takes over the caller's reference.
  static intrusive_ptr adopt(T* p) noexcept {
    intrusive_ptr r;
    r.p_ = p;
    return r;
  }
  /// Adds a reference.
  static intrusive_ptr share(T* p) noexcept {
    if (p) p->retain();
    return adopt(p);
  }
  /// Hands the reference to the caller.
  T* detach() noexcept { return std::exchange(p_, nullptr); }
  void reset() noexcept { *this = intrusive_ptr(); }

  T* get() const noexcept { return p_; }
  T* operator->() const noexcept { return p_; }
  T& operator*() const noexcept { return *p_; }
  explicit operator bool() const noexcept { return p_ != nullptr; }
  friend bool operator==(const intrusive_ptr& a, const intrusive_ptr& b) { return a.p_ == b.p_; }
  friend bool operator==(const intrusive_ptr& a, std::nullptr_t) { return a.p_ == nullptr; }

 private:
  T* p_ = nullptr;
};

namespace detail {

class RefCount {
 public:
  void add() noexcept { count_.add_relaxed(1); }
  /// True for the last reference. A sole owner needs no atomic subtraction: nobody else could add
  /// one.
  bool drop() noexcept { return count_.acquire() == 1 || count_.subtract(1) == 1; }
  /// As drop(), for objects that try_add() may find through a raw pointer: the count really falls
  /// to 0.
  bool drop_to_zero() noexcept { return count_.subtract(1) == 1; }
  /// Adds a reference unless the last one is gone.
  bool try_add() noexcept {
    uint32_t n = count_.relaxed();
    while (n != 0) {
      if (count_.compare_exchange(n, n + 1)) return true;
    }
    return false;
  }
  uint32_t load() const noexcept { return count_.acquire(); }

 private:
  Atomic<uint32_t> count_{1};
};

}  // namespace detail
}  // namespace adjoint
