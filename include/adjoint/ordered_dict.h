// SPDX-License-Identifier: MIT
// OrderedDict: a dictionary that is walked in the order in which its items were inserted. Named
// parameters, state dictionaries and files of tensors are such.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "adjoint/error.h"

namespace adjoint {

/// Keys are unique and need an operator<. Finding one takes O(log n) comparisons.
template <class Key, class Value>
class OrderedDict {
 public:
  class Item {
   public:
    Item(Key key, Value value) : pair_(std::move(key), std::move(value)) {}
    const Key& key() const noexcept { return pair_.first; }
    Value& value() noexcept { return pair_.second; }
    const Value& value() const noexcept { return pair_.second; }
    /// `*item` and `item->` stand for the value.
    Value& operator*() { return value(); }
    const Value& operator*() const { return value(); }
    Value* operator->() { return &value(); }
    const Value* operator->() const { return &value(); }
    const std::pair<Key, Value>& pair() const noexcept { return pair_; }

   private:
    std::pair<Key, Value> pair_;
  };
  using Iterator = typename std::vector<Item>::iterator;
  using ConstIterator = typename std::vector<Item>::const_iterator;

  /// `key_description` is what messages call a key, e.g. "Parameter".
  explicit OrderedDict(std::string key_description = "Key")
      : key_description_(std::move(key_description)) {}
  /// Throws Error where a key stands twice.
  OrderedDict(std::initializer_list<Item> items) : OrderedDict() {
    for (const Item& item : items) insert(item.key(), item.value());
  }

  const std::string& key_description() const noexcept { return key_description_; }
  size_t size() const noexcept { return items_.size(); }
  bool is_empty() const noexcept { return items_.empty(); }
  bool empty() const noexcept { return items_.empty(); }
  Iterator begin() { return items_.begin(); }
  ConstIterator begin() const { return items_.begin(); }
  Iterator end() { return items_.end(); }
  ConstIterator end() const { return items_.end(); }
  /// Throws Error where there are no items.
  Item& front() { return items_[first("front")]; }
  const Item& front() const { return items_[first("front")]; }
  Item& back() { return items_[first("back") + items_.size() - 1]; }
  const Item& back() const { return items_[first("back") + items_.size() - 1]; }

  /// Null where there is no such key. Inserting and erasing end the pointer's life.
  Value* find(const Key& key) noexcept {
    const size_t at = place_of(key);
    return holds(at, key) ? &items_[by_key_[at]].value() : nullptr;
  }
  const Value* find(const Key& key) const noexcept {
    return const_cast<OrderedDict*>(this)->find(key);
  }
  bool contains(const Key& key) const noexcept { return find(key) != nullptr; }
  /// The value of a key. Throws Error where there is none: nothing is inserted.
  Value& operator[](const Key& key) {
    Value* value = find(key);
    ADJOINT_CHECK(value, key_description_, " '", key, "' is not defined");
    return *value;
  }
  const Value& operator[](const Key& key) const { return const_cast<OrderedDict&>(*this)[key]; }
  /// The item at a place in the order. Throws IndexError.
  Item& operator[](size_t index) {
    ADJOINT_CHECK_INDEX(index < items_.size(), "OrderedDict: index ", index,
                        " is out of range for ", items_.size(), " items");
    return items_[index];
  }
  const Item& operator[](size_t index) const { return const_cast<OrderedDict&>(*this)[index]; }

  /// Puts a new item last; returns its value. Throws Error where the key is already there.
  Value& insert(Key key, Value value) {
    const size_t at = place_of(key);
    ADJOINT_CHECK(!holds(at, key), key_description_, " '", key, "' already defined");
    if (by_key_.size() == by_key_.capacity()) by_key_.reserve(2 * by_key_.size() + 1);
    items_.emplace_back(std::move(key), std::move(value));
    by_key_.insert(by_key_.begin() + std::ptrdiff_t(at), items_.size() - 1);
    return items_.back().value();
  }
  /// Inserts all items of `other`, in its order. Throws Error at the first key already there.
  void update(const OrderedDict& other) {
    reserve(size() + other.size());
    for (const Item& item : other) insert(item.key(), item.value());
  }
  /// Throws Error where there is no such key.
  void erase(const Key& key) {
    const size_t at = place_of(key);
    ADJOINT_CHECK(holds(at, key), key_description_, " '", key, "' is not defined");
    const size_t item = by_key_[at];
    items_.erase(items_.begin() + std::ptrdiff_t(item));
    by_key_.erase(by_key_.begin() + std::ptrdiff_t(at));
    for (size_t& i : by_key_) i -= i > item;
  }
  void clear() {
    items_.clear();
    by_key_.clear();
  }
  void reserve(size_t capacity) {
    items_.reserve(capacity);
    by_key_.reserve(capacity);
  }

  std::vector<Key> keys() const {
    std::vector<Key> out;
    out.reserve(size());
    for (const Item& item : items_) out.push_back(item.key());
    return out;
  }
  std::vector<Value> values() const {
    std::vector<Value> out;
    out.reserve(size());
    for (const Item& item : items_) out.push_back(item.value());
    return out;
  }
  std::vector<std::pair<Key, Value>> pairs() const {
    std::vector<std::pair<Key, Value>> out;
    out.reserve(size());
    for (const Item& item : items_) out.push_back(item.pair());
    return out;
  }
  const std::vector<Item>& items() const noexcept { return items_; }

 private:
  // The first place in by_key_ whose key is not less.
  size_t place_of(const Key& key) const noexcept {
    size_t from = 0, to = by_key_.size();
    while (from < to) {
      const size_t middle = from + (to - from) / 2;
      if (items_[by_key_[middle]].key() < key) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }
  bool holds(size_t place, const Key& key) const noexcept {
    return place < by_key_.size() && !(key < items_[by_key_[place]].key());
  }
  size_t first(const char* function) const {
    ADJOINT_CHECK(!items_.empty(), "Called ", function, "() on an empty OrderedDict");
    return 0;
  }

  std::vector<Item> items_;
  std::vector<size_t> by_key_;  // indices of items_, in the order of their keys
  std::string key_description_;
};

}  // namespace adjoint
