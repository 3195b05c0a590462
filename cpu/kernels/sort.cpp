// SPDX-License-Identifier: MIT
// sort: each line as numbers that are ordered like its elements, by insertion where it is short or
// few of them are kept, by radix where it is long. Both are stable.
#include <new>

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "core/math/sort_key.h"
#include "cpu/isa.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

constexpr int64_t kInsertedLine = 48;
constexpr int64_t kInsertedKept = 16;
constexpr int kDigitBits = 8, kDigits = 1 << kDigitBits;

constexpr int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

template <class Key>
struct Keyed {
  Key key;
  uint32_t place;
};

/// Work memory of a range of lines: the thread's, but for very long lines.
struct Work {
  static constexpr size_t kKept = size_t{1} << 22;
  void* data;
  size_t nbytes;

  explicit Work(size_t n)
      : data(n <= kKept ? scratch(Scratch::kSort, n) : ::operator new(n)), nbytes(n) {}
  ~Work() {
    if (nbytes > kKept) ::operator delete(data);
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
};

template <class K>
void sort_by_insertion(K* items, int64_t n) {
  for (int64_t i = 1; i < n; ++i) {
    const K item = items[i];
    int64_t at = i;
    for (; at > 0 && item.key < items[at - 1].key; --at) items[at] = items[at - 1];
    items[at] = item;
  }
}

/// The first `kept` of the sorted items, where they are few: most items are behind the last of
/// them.
template <class K, class F>
void select_by_insertion(K* items, int64_t kept, int64_t n, const F& item_at) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) {
    const K item = item_at(i);
    if (count == kept && item.key >= items[kept - 1].key) continue;
    int64_t at = count < kept ? count++ : kept - 1;
    for (; at > 0 && item.key < items[at - 1].key; --at) items[at] = items[at - 1];
    items[at] = item;
  }
}

/// Returns where the sorted items are: in `items` or in `other`.
template <class K>
K* sort_by_radix(K* items, K* other, int64_t n) {
  for (unsigned shift = 0; shift < 8 * sizeof(items->key); shift += kDigitBits) {
    int64_t starts[kDigits] = {};
    auto digit = [&](const K& item) { return size_t(item.key >> shift) & (kDigits - 1); };
    for (int64_t i = 0; i < n; ++i) ++starts[digit(items[i])];
    if (starts[digit(items[0])] == n) continue;
    int64_t sum = 0;
    for (int64_t& start : starts) {
      const int64_t count = start;
      start = sum;
      sum += count;
    }
    for (int64_t i = 0; i < n; ++i) other[starts[digit(items[i])]++] = items[i];
    K* sorted = other;
    other = items;
    items = sorted;
  }
  return items;
}

template <class T>
void sort_lines(const TensorImpl& values, const TensorImpl& indices, const TensorImpl& self,
                int64_t dim, bool descending) {
  using Key = typename math::SortKey<T>::type;
  using K = Keyed<Key>;
  const int64_t n = self.sizes()[size_t(dim)], kept = values.sizes()[size_t(dim)];
  int64_t inner = 1;  // of the outputs, which are dense
  for (int64_t d = dim + 1; d < self.dim(); ++d) inner *= self.sizes()[size_t(d)];
  const int64_t lines = values.numel() / kept, along = self.strides()[size_t(dim)];
  const T* const data = static_cast<const T*>(self.data());
  T* const out = static_cast<T*>(values.data());
  int64_t* const places = static_cast<int64_t*>(indices.data());
  const Key flip = descending ? Key(~Key(0)) : Key(0);
  parallel_for(0, lines, max(1, kGrainSize / 16 / n), [&](int64_t begin, int64_t end) {
    const Work work(size_t(n > kInsertedLine ? 2 * n : n) * sizeof(K));
    K* const items = static_cast<K*>(work.data);
    for (int64_t line = begin; line < end; ++line) {
      const T* from = data;
      int64_t at = line;
      for (int64_t d = self.dim(); d-- > 0;) {
        if (d == dim) continue;
        from += at % self.sizes()[size_t(d)] * self.strides()[size_t(d)];
        at /= self.sizes()[size_t(d)];
      }
      auto item_at = [&](int64_t i) -> K {
        return {Key(math::SortKey<T>::of(from[i * along]) ^ flip), uint32_t(i)};
      };
      const K* sorted = items;
      if (kept <= kInsertedKept && kept < n) {
        select_by_insertion(items, kept, n, item_at);
      } else {
        for (int64_t i = 0; i < n; ++i) items[i] = item_at(i);
        if (n > kInsertedLine) {
          sorted = sort_by_radix(items, items + n, n);
        } else {
          sort_by_insertion(items, n);
        }
      }
      const int64_t to = line / inner * inner * kept + line % inner;
      for (int64_t i = 0; i < kept; ++i) {
        out[to + i * inner] = from[sorted[i].place * along];
        places[to + i * inner] = sorted[i].place;
      }
    }
  });
}

void sort_kernel(const Stream&, const Tensor& values, const Tensor& indices, const Tensor& self,
                 int64_t dim, bool descending) {
  const TensorImpl &v = *values.impl(), &i = *indices.impl(), &s = *self.impl();
  switch (s.dtype()) {
    case kBool:
      return sort_lines<bool>(v, i, s, dim, descending);
    case kByte:
      return sort_lines<uint8_t>(v, i, s, dim, descending);
    case kInt:
      return sort_lines<int32_t>(v, i, s, dim, descending);
    case kLong:
      return sort_lines<int64_t>(v, i, s, dim, descending);
    case kHalf:
      return sort_lines<Half>(v, i, s, dim, descending);
    case kBFloat16:
      return sort_lines<BFloat16>(v, i, s, dim, descending);
    case kFloat:
      return sort_lines<float>(v, i, s, dim, descending);
    case kDouble:
      return sort_lines<double>(v, i, s, dim, descending);
    default:
      return;
  }
}

}  // namespace

void register_sort_kernels(OpRegistry& registry) { registry.set_kernel("sort", kCPU, sort_kernel); }

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
