// SPDX-License-Identifier: MIT
// Element-wise kernels: a functor on numbers becomes a kernel for every layout of its operands.
//
//   elementwise<float, Half(Half, Half)>(stream, iter, Forward<math::Mul>{});
//
// computes in float on operands stored as Half. A functor is trivially copyable, for it travels as
// a kernel's parameter; its operator() is `__device__`. A bool operand beside another compute type
// arrives as bool, and what the functor returns is converted to the output's type.
//
// Note [Vectors]
// One kernel moves 16 bytes of the widest operand at a time; it serves where operands lie dense and
// aligned along the innermost loop or do not move along it, so also for numbers and for rows and
// columns that are broadcast. Everything else takes the other kernel, an element at a time. Both
// call the functor on the same values: one result for an element, wherever it lies.
#pragma once

#include <type_traits>
#include <utility>

#include "core/math/scalar.h"
#include "cuda/dispatch.h"
#include "cuda/loop_plan.h"
#include "cuda/pack.cuh"
#include "cuda/portable.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {

/// core/math's functors as a kernel takes them.
template <class Functor>
struct Forward {
  static constexpr std::tuple<> kernel_pointers{};
  Functor functor;
  template <class... T>
  __device__ __forceinline__ auto operator()(T... x) const {
    return functor.forward(x...);
  }
};
template <class Functor>
struct Backward {
  static constexpr std::tuple<> kernel_pointers{};
  Functor functor;
  template <class... T>
  __device__ __forceinline__ auto operator()(T... x) const {
    return functor.backward(x...);
  }
};
template <class Functor>
Forward(Functor) -> Forward<Functor>;
template <class Functor>
Backward(Functor) -> Backward<Functor>;

namespace detail {
template <class S>
struct Compute {
  using type = math::opmath_t<S>;
  using wrapping = type;
};
template <>
struct Compute<uint8_t> {
  using type = int32_t;
  using wrapping = uint32_t;
};
template <>
struct Compute<int32_t> {
  using type = int32_t;
  using wrapping = uint32_t;
};
template <>
struct Compute<int64_t> {
  using type = int64_t;
  using wrapping = uint64_t;
};
}  // namespace detail

/// The type in which elements stored as S are computed with.
template <class S>
using compute_t = typename detail::Compute<S>::type;
/// The same, but + - * of integers wrap instead of overflowing.
template <class S>
using wrapping_t = typename detail::Compute<S>::wrapping;

inline constexpr int kThreads = 128;

/// Threads for `count` steps of a loop that goes over the grid.
inline LaunchConfig launch_config(int64_t count, cudaStream_t stream, int threads = kThreads,
                                  const char* file = __builtin_FILE(),
                                  int line = __builtin_LINE()) {
  unsigned block = count < threads ? unsigned(count + 31) / 32 * 32 : unsigned(threads);
  constexpr int64_t kMaxBlocks = 1 << 14;
  int64_t blocks = (count + block - 1) / block;
  return {dim3(unsigned(blocks < kMaxBlocks ? blocks : kMaxBlocks)),
          dim3(block),
          stream,
          0,
          file,
          line};
}

namespace detail {

template <class C, class S>
__device__ __forceinline__ auto argument(Stored<S> x) {
  if constexpr (std::is_same_v<S, bool>) {
    return x != 0;
  } else {
    return compute_from<C>(x);
  }
}

template <int Bytes>
struct Word;
template <>
struct Word<1> {
  using type = uint8_t;
};
template <>
struct Word<2> {
  using type = uint16_t;
};
template <>
struct Word<4> {
  using type = uint32_t;
};
template <>
struct Word<8> {
  using type = uint64_t;
};

/// The values of scalar operands: their bits.
template <int N>
struct ScalarOperands {
  static constexpr std::tuple<> kernel_pointers{};
  uint64_t bits[N == 0 ? 1 : N] = {};

  explicit ScalarOperands(const TensorIterator& iter) {
    for (int i = 0; i < N; ++i) {
      if (iter.is_scalar_operand(1 + i)) {
        __builtin_memcpy(&bits[i], iter.data(1 + i), elementSize(iter.dtypes[1 + i]));
      }
    }
  }
  template <class S>
  __device__ __forceinline__ Stored<S> get(int i) const {
    return std::bit_cast<Stored<S>>(typename Word<sizeof(S)>::type(bits[i]));
  }
};

template <class S, int N>
__device__ __forceinline__ Pack<S, N> load_pack(const S* p, uint32_t offset, int n, bool moves,
                                                Stored<S> scalar) {
  if (moves) return n == N ? Pack<S, N>::load(p + offset) : Pack<S, N>::load(p + offset, n);
  if (p) scalar = reinterpret_cast<const Stored<S>*>(p)[offset];
  Pack<S, N> pack;
#pragma unroll
  for (int k = 0; k < N; ++k) pack.v[k] = scalar;
  return pack;
}

template <class C, int N, class F, class Out, class... In>
struct Kernels {
  template <int... I>
  static __device__ __forceinline__ void vectors(const Loops& loops, const F& f,
                                                 const ScalarOperands<sizeof...(In)>& scalars,
                                                 Out* out, const In*... in,
                                                 std::integer_sequence<int, I...>) {
    uint32_t offsets[1 + sizeof...(In)];
    for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < loops.count;
         i += gridDim.x * blockDim.x) {
      loops.locate(i, offsets);
      const uint32_t rest = loops.last == 0 ? loops.numel - offsets[0] : uint32_t(N);
      const int n = rest < uint32_t(N) ? int(rest) : N;
      auto result =
          [&](auto... packs) {
            Pack<Out, N> values;
#pragma unroll
            for (int k = 0; k < N; ++k)
              values.v[k] = stored_from<Out>(f(argument<C, In>(packs.v[k])...));
            return values;
          }(load_pack<In, N>(in, offsets[1 + I], n, loops.moving >> (1 + I) & 1u,
                             scalars.template get<In>(I))...);
      n == N ? result.store(out + offsets[0]) : result.store(out + offsets[0], n);
    }
  }

  template <int... I>
  static __device__ __forceinline__ void elements(const Loops& loops, const F& f,
                                                  const ScalarOperands<sizeof...(In)>& scalars,
                                                  Out* out, const In*... in,
                                                  std::integer_sequence<int, I...>) {
    uint32_t offsets[1 + sizeof...(In)];
    for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < loops.count;
         i += gridDim.x * blockDim.x) {
      loops.locate(i, offsets);
      out[offsets[0]] = stored_from<Out>(
          f(argument<C, In>(in ? reinterpret_cast<const Stored<In>*>(in)[offsets[1 + I]]
                               : scalars.template get<In>(I))...));
    }
  }
};

// One block a multiprocessor is all that is asked for: left to itself, ptxas spills registers on
// sm_100 and sm_120 for the sake of more.
template <class C, int N, class F, class Out, class... In>
__global__ void __launch_bounds__(kThreads, 1)
    elementwise_vectors(Loops loops, F f, ScalarOperands<sizeof...(In)> scalars, Out* out,
                        const In*... in) {
  Kernels<C, N, F, Out, In...>::vectors(loops, f, scalars, out, in...,
                                        std::make_integer_sequence<int, int(sizeof...(In))>());
}
template <class C, class F, class Out, class... In>
__global__ void __launch_bounds__(kThreads, 1)
    elementwise_elements(Loops loops, F f, ScalarOperands<sizeof...(In)> scalars, Out* out,
                         const In*... in) {
  Kernels<C, 1, F, Out, In...>::elements(loops, f, scalars, out, in...,
                                         std::make_integer_sequence<int, int(sizeof...(In))>());
}

constexpr int larger(int a, int b) { return a > b ? a : b; }

template <class C, class Signature>
struct Elementwise;
template <class C, class Out, class... In>
struct Elementwise<C, Out(In...)> {
  static constexpr int lanes() {
    int widest = int(sizeof(Out));
    ((widest = larger(widest, int(sizeof(In)))), ...);
    return 16 / larger(widest, 2);
  }
  template <class F>
  struct Call {
    cudaStream_t stream;
    const TensorIterator& iter;
    const F& f;

    template <int... I>
    void launch_piece(const LoopPiece& piece, std::integer_sequence<int, I...>) const {
      ScalarOperands<int(sizeof...(In))> scalars(iter);
      LaunchConfig where = launch_config(piece.loops.count, stream);
      Out* out = static_cast<Out*>(piece.data[0]);
      if (piece.vectors) {
        launch<elementwise_vectors<C, lanes(), F, Out, In...>>(
            where, piece.loops, f, scalars, out, static_cast<const In*>(piece.data[1 + I])...);
      } else {
        launch<elementwise_elements<C, F, Out, In...>>(
            where, piece.loops, f, scalars, out, static_cast<const In*>(piece.data[1 + I])...);
      }
    }
  };
  template <class F>
  static void run(cudaStream_t stream, const TensorIterator& iter, const F& f) {
    Call<F> call{stream, iter, f};
    for_each_piece(
        iter, lanes(),
        [](const void* context, const LoopPiece& piece) {
          static_cast<const Call<F>*>(context)->launch_piece(
              piece, std::make_integer_sequence<int, int(sizeof...(In))>());
        },
        &call);
  }
};

}  // namespace detail

/// `Signature` is Out(In...) of stored types, in the order of the iterator's operands; `f` gets and
/// gives numbers of C.
template <class C, class Signature, class F>
void elementwise(const Stream& stream, const TensorIterator& iter, const F& f) {
  static_assert(std::is_trivially_copyable_v<F>);
  detail::Elementwise<C, Signature>::run(raw(stream), iter, f);
}

}  // namespace adjoint::cuda
