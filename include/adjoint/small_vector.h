// SPDX-License-Identifier: MIT
// A vector whose first N elements need no heap.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <new>
#include <utility>

namespace adjoint {

template <class T, size_t N>
class SmallVector {
 public:
  SmallVector() noexcept : data_(inline_data()) {}
  explicit SmallVector(size_t n) : SmallVector() {
    reserve(n);
    while (size_ < n) emplace_back();
  }
  SmallVector(std::initializer_list<T> list) : SmallVector() {
    reserve(list.size());
    for (const T& v : list) emplace_back(v);
  }
  SmallVector(const SmallVector& other) : SmallVector() {
    reserve(other.size_);
    for (const T& v : other) emplace_back(v);
  }
  SmallVector(SmallVector&& other) noexcept : SmallVector() { take(other); }
  SmallVector& operator=(SmallVector&& other) noexcept {
    if (this == &other) return *this;
    clear_and_free();
    take(other);
    return *this;
  }
  SmallVector& operator=(const SmallVector& other) { return *this = SmallVector(other); }
  ~SmallVector() { clear_and_free(); }

  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }
  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](size_t i) noexcept { return data_[i]; }
  const T& operator[](size_t i) const noexcept { return data_[i]; }
  T& back() noexcept { return data_[size_ - 1]; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == capacity_) [[unlikely]] {
      T value(std::forward<Args>(args)...);  // the arguments may point into this vector
      reserve(capacity_ * 2);
      return *new (data_ + size_++) T(std::move(value));
    }
    return *new (data_ + size_++) T(std::forward<Args>(args)...);
  }
  void push_back(T value) { emplace_back(std::move(value)); }
  void pop_back() noexcept { data_[--size_].~T(); }
  void clear() noexcept {
    while (size_) pop_back();
  }
  void reserve(size_t n) {
    if (n <= capacity_) return;
    T* wider = static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(alignof(T))));
    for (size_t i = 0; i < size_; ++i) {
      new (wider + i) T(std::move(data_[i]));
      data_[i].~T();
    }
    free_heap();
    data_ = wider;
    capacity_ = n;
  }

 private:
  T* inline_data() noexcept { return reinterpret_cast<T*>(inline_); }
  void free_heap() noexcept {
    if (data_ != inline_data()) ::operator delete(data_, std::align_val_t(alignof(T)));
  }
  void clear_and_free() noexcept {
    clear();
    free_heap();
    data_ = inline_data();
    capacity_ = N;
  }
  void take(SmallVector& other) noexcept {
    if (other.data_ != other.inline_data()) {
      data_ = std::exchange(other.data_, other.inline_data());
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, N);
      return;
    }
    for (size_t i = 0; i < other.size_; ++i) new (data_ + i) T(std::move(other.data_[i]));
    size_ = other.size_;
    other.clear();
  }

  T* data_;
  size_t size_ = 0;
  size_t capacity_ = N;
  alignas(T) unsigned char inline_[N * sizeof(T)];
};

}  // namespace adjoint
