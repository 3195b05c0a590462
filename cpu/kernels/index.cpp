// SPDX-License-Identifier: MIT
// Selecting by index, and adding and writing at indices.
//
// Note [Adding at indices]
// ~~~~~~~~~~~~~~~~~~~~~~~~
// Equal indices add to one element, or the last one stays. Work is divided so that all that is
// added to one element is added by one thread, in the order of the indices: by rows of the output,
// which each thread picks from all indices, or by the other dimensions. So there are no atomics,
// and the sums are the same for any number of threads.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/index_error.h"
#include "cpu/parallel.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

/// A 1-d or dense list of kInt or kLong.
struct Indices {
  const void* data;
  bool is_long;
  int64_t stride;  // in elements

  explicit Indices(const TensorImpl& t, int64_t step = 1)
      : data(t.data()), is_long(t.dtype() == kLong), stride(step) {}
  ADJOINT_ALWAYS_INLINE int64_t operator[](int64_t i) const {
    return is_long ? static_cast<const int64_t*>(data)[i * stride]
                   : static_cast<const int32_t*>(data)[i * stride];
  }
};

/// The same list, of one type: what is compiled for loops over many indices.
template <class I>
struct TypedIndices {
  const I* data;
  int64_t stride;
  ADJOINT_ALWAYS_INLINE int64_t operator[](int64_t i) const { return data[i * stride]; }
};
template <class F>
ADJOINT_ALWAYS_INLINE void with_indices(const Indices& index, const F& f) {
  if (index.is_long) {
    f(TypedIndices<int64_t>{static_cast<const int64_t*>(index.data), index.stride});
  } else {
    f(TypedIndices<int32_t>{static_cast<const int32_t*>(index.data), index.stride});
  }
}

ADJOINT_ALWAYS_INLINE int64_t checked(int64_t i, const char* op, int64_t dim, int64_t size) {
  if (uint64_t(i) >= uint64_t(size)) [[unlikely]]
    throw_index_error(op, i, dim, size);
  return i;
}

/// Throws unless all of n indices, `step` apart from the first, are in range: before loops that are
/// quicker without a check of each.
template <class List>
ADJOINT_ALWAYS_INLINE void check_run(const List& list, int64_t first, int64_t step, int64_t n,
                                     const char* op, int64_t dim, int64_t size) {
  uint64_t worst = 0;
  if (list.stride * step == 1) {
    for (int64_t i = 0; i < n; ++i) {
      const uint64_t at = uint64_t(int64_t(list.data[first * list.stride + i]));
      worst = at > worst ? at : worst;
    }
  } else {
    for (int64_t i = 0; i < n; ++i) {
      const uint64_t at = uint64_t(list[first + i * step]);
      worst = at > worst ? at : worst;
    }
  }
  if (worst < uint64_t(size)) return;
  for (int64_t i = 0; i < n; ++i) checked(list[first + i * step], op, dim, size);
}

constexpr int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

/// A dense tensor as [outer, size, inner].
struct Slices {
  int64_t outer = 1, size, inner = 1;
  Slices(const TensorImpl& t, int64_t dim) : size(t.sizes()[size_t(dim)]) {
    for (int64_t d = 0; d < dim; ++d) outer *= t.sizes()[size_t(d)];
    for (int64_t d = dim + 1; d < t.dim(); ++d) inner *= t.sizes()[size_t(d)];
  }
};

/// Calls f with a zero of the element type; Half and BFloat16 stand for themselves.
template <class F>
void with_dtype(ScalarType dtype, const F& f) {
  switch (dtype) {
    case kBool:
      return f(bool());
    case kByte:
      return f(uint8_t());
    case kInt:
      return f(int32_t());
    case kLong:
      return f(int64_t());
    case kHalf:
      return f(Half(0, Half::from_bits_t()));
    case kBFloat16:
      return f(BFloat16(0, BFloat16::from_bits_t()));
    case kFloat:
      return f(float());
    case kDouble:
      return f(double());
    default:
      return;
  }
}

/// Calls f with a zero of an unsigned type of the element's size: for what is only copied.
template <class F>
void with_size(ScalarType dtype, const F& f) {
  switch (elementSize(dtype)) {
    case 1:
      return f(uint8_t());
    case 2:
      return f(uint16_t());
    case 4:
      return f(uint32_t());
    default:
      return f(uint64_t());
  }
}

template <class T>
struct ComputeOf {
  using type = T;
};
template <>
struct ComputeOf<Half> {
  using type = float;
};
template <>
struct ComputeOf<BFloat16> {
  using type = float;
};

template <class T>
void add_row(T* to, const T* from, int64_t n) {
  using V = Vec<typename ComputeOf<T>::type>;
  int64_t i = 0;
  for (; i + V::size <= n; i += V::size) (V::load(to + i) + V::load(from + i)).store(to + i);
  if (i < n) {
    int rest = int(n - i);
    (V::load(to + i, rest) + V::load(from + i, rest)).store(to + i, rest);
  }
}

template <class T>
ADJOINT_ALWAYS_INLINE void add_one(T* to, const T* from) {
  if constexpr (__is_same(T, bool)) {
    *to = *to | *from;
  } else if constexpr (__is_same(T, int32_t) || __is_same(T, int64_t)) {
    using Unsigned = typename Wrapping<T>::type;
    *to = T(Unsigned(*to) + Unsigned(*from));
  } else if constexpr (__is_same(T, Half) || __is_same(T, BFloat16)) {
    add_row(to, from, 1);  // conversions of single numbers are not this namespace's
  } else {
    *to = T(*to + *from);
  }
}

struct Add {
  template <class T>
  ADJOINT_ALWAYS_INLINE void one(T* to, const T* from) const {
    add_one(to, from);
  }
  template <class T>
  ADJOINT_ALWAYS_INLINE void row(T* to, const T* from, int64_t n) const {
    add_row(to, from, n);
  }
};
struct Replace {
  template <class T>
  ADJOINT_ALWAYS_INLINE void one(T* to, const T* from) const {
    *to = *from;
  }
  template <class T>
  ADJOINT_ALWAYS_INLINE void row(T* to, const T* from, int64_t n) const {
    __builtin_memcpy(to, from, size_t(n) * sizeof(T));
  }
};

/// f(a, b) takes the place of a.
template <class T, class F>
ADJOINT_ALWAYS_INLINE void combine_one(T* to, const T* from, const F& f) {
  using V = Vec<typename ComputeOf<T>::type>;
  f(V::load(to, 1), V::load(from, 1)).store(to, 1);
}
struct Multiply {
  template <class T>
  ADJOINT_ALWAYS_INLINE void one(T* to, const T* from) const {
    combine_one(to, from, [](auto a, auto b) { return a * b; });
  }
};
struct TakeMaximum {
  template <class T>
  ADJOINT_ALWAYS_INLINE void one(T* to, const T* from) const {
    combine_one(to, from, [](auto a, auto b) { return maximum(a, b); });
  }
};
struct TakeMinimum {
  template <class T>
  ADJOINT_ALWAYS_INLINE void one(T* to, const T* from) const {
    combine_one(to, from, [](auto a, auto b) { return minimum(a, b); });
  }
};

// ---- slices: index_select, index_add, embedding ----------------------------------------------

struct SliceCopy {
  const char* op;
  int64_t dim, zero_row;  // -1: no row is zeros
  int64_t outer, count, size, inner;
};

/// Slices of one element: columns of rows.
template <class U, class List>
void copy_columns(const SliceCopy& s, U* out, const U* self, const List& index) {
  check_run(index, 0, 1, s.count, s.op, s.dim, s.size);
  parallel_for(0, s.outer, max(1, kGrainSize / max(1, s.count)), [&](int64_t begin, int64_t end) {
    const List list = index;
    const int64_t count = s.count;
    for (int64_t o = begin; o < end; ++o) {
      const U* from = self + o * s.size;
      U* to = out + o * count;
      int64_t i = 0;
      for (; i + 4 <= count; i += 4) {
        const U a = from[list[i]], b = from[list[i + 1]], c = from[list[i + 2]],
                d = from[list[i + 3]];
        to[i] = a;
        to[i + 1] = b;
        to[i + 2] = c;
        to[i + 3] = d;
      }
      for (; i < count; ++i) to[i] = from[list[i]];
    }
  });
}

template <class U>
void copy_slices(const SliceCopy& s, U* out, const U* self, const Indices& index) {
  if (s.inner == 1 && s.outer != 1 && s.zero_row < 0) {
    return with_indices(index, [&](const auto& list) { copy_columns(s, out, self, list); });
  }
  parallel_for(0, s.outer * s.count, max(1, kGrainSize / s.inner), [&](int64_t begin, int64_t end) {
    int64_t i = begin % s.count;
    const U* slices = self + begin / s.count * s.size * s.inner;
    for (int64_t at = begin; at < end; ++at, ++i) {
      if (i == s.count) {
        i = 0;
        slices += s.size * s.inner;
      }
      const int64_t row = checked(index[i], s.op, s.dim, s.size);
      U* to = out + at * s.inner;
      const U* from = slices + row * s.inner;
      if (row == s.zero_row) {
        __builtin_memset(to, 0, size_t(s.inner) * sizeof(U));
      } else if (s.inner == 1) {
        *to = *from;
      } else {
        __builtin_memcpy(to, from, size_t(s.inner) * sizeof(U));
      }
    }
  });
}

void copy_slices(const SliceCopy& s, const TensorImpl& out, const TensorImpl& self,
                 const Indices& index) {
  with_size(out.dtype(), [&](auto zero) {
    using U = decltype(zero);
    copy_slices(s, static_cast<U*>(out.data()), static_cast<const U*>(self.data()), index);
  });
}

template <class Write, class T>
void write_slices(const SliceCopy& s, T* out, const T* src, const Indices& index) {
  const Write write;
  auto add = [&](int64_t o, int64_t i, int64_t row) {
    T* to = out + (o * s.size + row) * s.inner;
    const T* from = src + (o * s.count + i) * s.inner;
    if (s.inner == 1) {
      write.one(to, from);
    } else {
      write.row(to, from, s.inner);
    }
  };
  int64_t work = s.count * s.inner;
  with_indices(index, [&](const auto& list) {
    check_run(list, 0, 1, s.count, s.op, s.dim, s.size);
    if (s.outer >= s.size || s.outer * work < kGrainSize) {
      parallel_for(0, s.outer, max(1, kGrainSize / work), [&](int64_t begin, int64_t end) {
        const auto rows = list;
        for (int64_t o = begin; o < end; ++o) {
          if (s.inner == 1) {
            T* to = out + o * s.size;
            const T* from = src + o * s.count;
            for (int64_t i = 0, n = s.count, skipped = s.zero_row; i < n; ++i) {
              if (rows[i] != skipped) write.one(to + rows[i], from + i);
            }
            continue;
          }
          for (int64_t i = 0; i < s.count; ++i) {
            if (rows[i] != s.zero_row) add(o, i, rows[i]);
          }
        }
      });
      return;
    }
    int64_t rows = max(1, s.size * kGrainSize / (s.outer * work));
    parallel_for(0, s.size, rows, [&](int64_t begin, int64_t end) {
      for (int64_t o = 0; o < s.outer; ++o) {
        for (int64_t i = 0; i < s.count; ++i) {
          const int64_t row = list[i];
          if (row >= begin && row < end && row != s.zero_row) add(o, i, row);
        }
      }
    });
  });
}

void add_slices(const SliceCopy& s, const TensorImpl& out, const TensorImpl& src,
                const Indices& index) {
  with_dtype(out.dtype(), [&](auto zero) {
    using T = decltype(zero);
    write_slices<Add>(s, static_cast<T*>(out.data()), static_cast<const T*>(src.data()), index);
  });
}

void index_select_kernel(const Stream&, const Tensor& out, const Tensor& self, int64_t dim,
                         const Tensor& index) {
  const TensorImpl& i = *index.impl();
  Slices s(*self.impl(), dim);
  copy_slices({"index_select", dim, -1, s.outer, i.numel(), s.size, s.inner}, *out.impl(),
              *self.impl(), Indices(i, i.strides()[0]));
}

void index_add_kernel(const Stream&, const Tensor& out, int64_t dim, const Tensor& index,
                      const Tensor& src) {
  const TensorImpl& i = *index.impl();
  Slices s(*out.impl(), dim);
  add_slices({"index_add", dim, -1, s.outer, i.numel(), s.size, s.inner}, *out.impl(), *src.impl(),
             Indices(i, i.strides()[0]));
}

void index_copy_kernel(const Stream&, const Tensor& out, int64_t dim, const Tensor& index,
                       const Tensor& src) {
  const TensorImpl& i = *index.impl();
  Slices slices(*out.impl(), dim);
  const SliceCopy s{"index_copy", dim, -1, slices.outer, i.numel(), slices.size, slices.inner};
  with_size(out.impl()->dtype(), [&](auto zero) {
    using U = decltype(zero);
    write_slices<Replace>(s, static_cast<U*>(out.impl()->data()),
                          static_cast<const U*>(src.impl()->data()), Indices(i, i.strides()[0]));
  });
}

const char kEmbedding[] = "embedding: index out of range in self";

void embedding_kernel(const Stream&, const Tensor& out, const Tensor& weight, const Tensor& indices,
                      int64_t zero_row) {
  Slices s(*weight.impl(), 0);
  copy_slices({kEmbedding, 0, zero_row, 1, indices.impl()->numel(), s.size, s.inner}, *out.impl(),
              *weight.impl(), Indices(*indices.impl()));
}

void embedding_backward_kernel(const Stream&, const Tensor& out, const Tensor& grad,
                               const Tensor& indices, int64_t skip_row) {
  Slices s(*out.impl(), 0);
  add_slices({kEmbedding, 0, skip_row, 1, indices.impl()->numel(), s.size, s.inner}, *out.impl(),
             *grad.impl(), Indices(*indices.impl()));
}

// ---- lines: gather, scatter --------------------------------------------------------------

/// The elements of `index` as lines along `dim`. An index picks an element of `picked`, in the line
/// that it stands in itself; `other` goes element by element with the index.
struct Lines {
  const TensorImpl &index, &picked, &other;
  int64_t dim;
  int64_t last;  // the innermost other dimension, -1 if there is none
  int64_t count = 1;
  const char* op;

  Lines(const char* name, const Tensor& i, const Tensor& p, const Tensor& o, int64_t d)
      : index(*i.impl()), picked(*p.impl()), other(*o.impl()), dim(d), op(name) {
    last = index.dim() - 1 == d ? d - 1 : index.dim() - 1;
    for (int64_t k = 0; k < index.dim(); ++k) {
      if (k != dim) count *= index.sizes()[size_t(k)];
    }
  }

  /// f(element of picked, element of other) for the lines of [begin, end); each line is walked in
  /// order.
  template <class F>
  void walk(int64_t begin, int64_t end, const F& f) const {
    const bool inner_line = dim > last;
    const int64_t length = index.sizes()[size_t(dim)];
    const int64_t size = picked.sizes()[size_t(dim)], stride = picked.strides()[size_t(dim)];
    const int64_t index_along = index.strides()[size_t(dim)];
    const int64_t other_along = other.strides()[size_t(dim)];
    auto across = [&](const TensorImpl& t) { return last < 0 ? 0 : t.strides()[size_t(last)]; };
    const int64_t index_across = across(index), picked_across = across(picked),
                  other_across = across(other);
    with_indices(Indices(index), [&](const auto& list) {
      while (begin < end) {
        int64_t at = begin, i0 = 0, p0 = 0, o0 = 0, run = 1;
        for (int64_t k = index.dim(); k-- > 0;) {
          if (k == dim) continue;
          const int64_t n = index.sizes()[size_t(k)], i = at % n;
          at /= n;
          if (k == last) run = n - i < end - begin ? n - i : end - begin;
          i0 += i * index.strides()[size_t(k)];
          p0 += i * picked.strides()[size_t(k)];
          o0 += i * other.strides()[size_t(k)];
        }
        const auto indices = list;
        for (int64_t a = 0; a < (inner_line ? run : length); ++a) {
          if (!inner_line) {
            const int64_t i = i0 + a * index_along, o = o0 + a * other_along;
            check_run(indices, i, index_across, run, op, dim, size);
            for (int64_t b = 0; b < run; ++b) {
              f(p0 + indices[i + b * index_across] * stride + b * picked_across,
                o + b * other_across);
            }
            continue;
          }
          const int64_t i = i0 + a * index_across, p = p0 + a * picked_across,
                        o = o0 + a * other_across;
          check_run(indices, i, index_along, length, op, dim, size);
          if (index_along * indices.stride == 1 && other_along == 1 && stride == 1) {
            const auto* const line = indices.data + i;
            int64_t b = 0;
            for (; b + 4 <= length; b += 4) {
              f(p + line[b], o + b);
              f(p + line[b + 1], o + b + 1);
              f(p + line[b + 2], o + b + 2);
              f(p + line[b + 3], o + b + 3);
            }
            for (; b < length; ++b) f(p + line[b], o + b);
          } else {
            for (int64_t b = 0; b < length; ++b) {
              f(p + indices[i + b * index_along] * stride, o + b * other_along);
            }
          }
        }
        begin += run;
      }
    });
  }
  template <class F>
  void walk_all(const F& f) const {
    parallel_for(0, count, max(1, kGrainSize / max(1, index.sizes()[size_t(dim)])),
                 [&](int64_t begin, int64_t end) { walk(begin, end, f); });
  }
};

void gather_kernel(const Stream&, const Tensor& out, const Tensor& self, int64_t dim,
                   const Tensor& index) {
  Lines lines("gather", index, self, out, dim);
  with_size(self.impl()->dtype(), [&](auto zero) {
    using U = decltype(zero);
    U* to = static_cast<U*>(lines.other.data());
    const U* from = static_cast<const U*>(lines.picked.data());
    lines.walk_all([&](int64_t p, int64_t o) { to[o] = from[p]; });
  });
}

template <class Write, class T>
void write_elements(const Lines& lines) {
  const Write write;
  T* to = static_cast<T*>(lines.picked.data());
  const T* from = static_cast<const T*>(lines.other.data());
  lines.walk_all([&](int64_t p, int64_t o) { write.one(to + p, from + o); });
}

void scatter_kernel(const Stream&, const Tensor& out, int64_t dim, const Tensor& index,
                    const Tensor& src) {
  Lines lines("scatter", index, out, src, dim);
  with_size(out.impl()->dtype(),
            [&](auto zero) { write_elements<Replace, decltype(zero)>(lines); });
}

void scatter_add_kernel(const Stream&, const Tensor& out, int64_t dim, const Tensor& index,
                        const Tensor& src) {
  Lines lines("scatter_add", index, out, src, dim);
  with_dtype(out.impl()->dtype(), [&](auto zero) { write_elements<Add, decltype(zero)>(lines); });
}

template <class Write>
void scatter_reduce_kernel(const Stream&, const Tensor& out, int64_t dim, const Tensor& index,
                           const Tensor& src) {
  Lines lines("scatter_reduce", index, out, src, dim);
  with_dtype(out.impl()->dtype(), [&](auto zero) {
    if constexpr (!__is_same(decltype(zero), bool)) write_elements<Write, decltype(zero)>(lines);
  });
}

}  // namespace

void register_index_kernels(OpRegistry& registry) {
  registry.set_kernel("index_select", kCPU, index_select_kernel);
  registry.set_kernel("index_add", kCPU, index_add_kernel);
  registry.set_kernel("index_copy", kCPU, index_copy_kernel);
  registry.set_kernel("gather", kCPU, gather_kernel);
  registry.set_kernel("scatter", kCPU, scatter_kernel);
  registry.set_kernel("scatter_prod", kCPU, scatter_reduce_kernel<Multiply>);
  registry.set_kernel("scatter_amax", kCPU, scatter_reduce_kernel<TakeMaximum>);
  registry.set_kernel("scatter_amin", kCPU, scatter_reduce_kernel<TakeMinimum>);
  registry.set_kernel("scatter_add", kCPU, scatter_add_kernel);
  registry.set_kernel("embedding", kCPU, embedding_kernel);
  registry.set_kernel("embedding_backward", kCPU, embedding_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
