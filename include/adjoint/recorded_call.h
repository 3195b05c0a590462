// SPDX-License-Identifier: MIT
// A kernel call that is kept to be made again (adjoint/capture.h): the kernel and copies of its
// arguments. For those who write operations with arguments of a new kind.
//
// An argument can be kept where it is a Tensor, a trivially copyable type, or an ArrayRef of such.
// A struct that tells of memory has
//   template <class F> void for_each_operand(const F& f);
// which calls f(tensor) for each Tensor in it, and f(data, impl) for each address `void*& data` in
// the memory of the tensor `impl`.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <tuple>
#include <type_traits>
#include <vector>

#include "adjoint/array_ref.h"
#include "adjoint/export.h"
#include "adjoint/stream.h"
#include "adjoint/tensor_class.h"

namespace adjoint {

class OpDef;
struct PhiloxArgs;
struct TensorIterator;

namespace detail {

struct RecordedCall {
  using Run = void(const RecordedCall&);
  Run* run;
  void (*destroy)(RecordedCall&) noexcept;
  const OpDef* op;
  Stream stream;
  /// Of a kernel that is called with an iterator and plain values: its iterator, and what calls it
  /// with another.
  TensorIterator* iterator = nullptr;
  void (*run_over)(const RecordedCall&, const TensorIterator&) = nullptr;
};

/// Takes down the kernel calls of a thread.
class ADJOINT_API CallRecorder {
 public:
  virtual ~CallRecorder();
  /// Memory for a call, aligned to 16 bytes, which lives as long as the recording.
  virtual void* allocate(size_t nbytes) = 0;
  virtual void add(RecordedCall& call) = 0;
  // The arguments of the call added last, in the place where they are kept.
  virtual void argument(Tensor& t) = 0;
  virtual void argument(void*& data, const TensorImpl& of) = 0;
  virtual void argument(PhiloxArgs& numbers) = 0;
  /// Throws Error: calls of the operation cannot be kept.
  [[noreturn]] virtual void refuse_arguments(const OpDef& op) = 0;
};

/// This thread's; null where it has none.
ADJOINT_API CallRecorder* call_recorder() noexcept;
/// Installs it (null: none) and returns the one before.
ADJOINT_API CallRecorder* set_call_recorder(CallRecorder* recorder) noexcept;

/// No recorder on this thread for a while: what a kernel or a recorder does itself is not taken
/// down.
class UnrecordedScope {
 public:
  UnrecordedScope() noexcept : recorder_(set_call_recorder(nullptr)) {}
  ~UnrecordedScope() { set_call_recorder(recorder_); }
  UnrecordedScope(const UnrecordedScope&) = delete;
  UnrecordedScope& operator=(const UnrecordedScope&) = delete;

 private:
  CallRecorder* recorder_;
};

template <class T>
concept HasOperands = requires(T& t) {
  t.for_each_operand([](auto&...) {});
};
template <class T>
inline constexpr bool is_recordable =
    (std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>) || HasOperands<T>;
template <>
inline constexpr bool is_recordable<Tensor> = true;
template <class T>
inline constexpr bool is_recordable<ArrayRef<T>> = is_recordable<T> && !std::is_same_v<T, bool>;

template <class T>
void tell_argument(CallRecorder& recorder, T& argument) {
  if constexpr (std::is_same_v<T, Tensor> || std::is_same_v<T, PhiloxArgs>) {
    recorder.argument(argument);
  } else if constexpr (HasOperands<T>) {
    argument.for_each_operand([&](auto&... operand) { recorder.argument(operand...); });
  }
}

/// A kept argument: the bytes of a value, of which some may never have been written.
template <class T>
class RecordedArg {
 public:
  explicit RecordedArg(const T& value) { std::memcpy(bytes_, &value, sizeof(T)); }
  T& get() { return *std::launder(reinterpret_cast<T*>(bytes_)); }
  const T& get() const { return *std::launder(reinterpret_cast<const T*>(bytes_)); }
  void tell(CallRecorder& recorder) { tell_argument(recorder, get()); }

 private:
  alignas(T) unsigned char bytes_[sizeof(T)];
};
template <class T>
requires(!std::is_trivially_copyable_v<T>) class RecordedArg<T> {
 public:
  explicit RecordedArg(const T& value) : value_(value) {}
  T& get() { return value_; }
  const T& get() const { return value_; }
  void tell(CallRecorder& recorder) { tell_argument(recorder, value_); }

 private:
  T value_;
};
template <class T>
class RecordedArg<ArrayRef<T>> {
 public:
  explicit RecordedArg(ArrayRef<T> values) : values_(values.begin(), values.end()) {}
  ArrayRef<T> get() const { return values_; }
  void tell(CallRecorder& recorder) {
    for (T& value : values_) tell_argument(recorder, value);
  }

 private:
  std::vector<T> values_;
};

/// Whether a kernel's arguments are an iterator and values that tell of no memory.
template <class... Args>
inline constexpr bool is_over_iterator = false;
template <class... Values>
inline constexpr bool is_over_iterator<const TensorIterator&, Values...> =
    ((std::is_trivially_copyable_v<std::remove_cvref_t<Values>> &&
      !HasOperands<std::remove_cvref_t<Values>> &&
      !std::is_same_v<std::remove_cvref_t<Values>, PhiloxArgs>)&&...);

template <class... Args>
struct RecordedCallOf final : RecordedCall {
  using Kernel = void(const Stream&, Args...);
  template <class T>
  using Arg = RecordedArg<std::remove_cv_t<std::remove_reference_t<T>>>;

  RecordedCallOf(const OpDef& op, Kernel* kernel, const Stream& stream,
                 const std::remove_reference_t<Args>&... arguments)
      : RecordedCall{run_kernel, destroy_this, &op, stream},
        kernel(kernel),
        args(Arg<Args>(arguments)...) {
    if constexpr (is_over_iterator<Args...>) {
      iterator = &std::get<0>(args).get();
      run_over = run_kernel_over;
    }
  }
  static void run_kernel(const RecordedCall& self) {
    const auto& call = static_cast<const RecordedCallOf&>(self);
    std::apply([&](const auto&... arg) { call.kernel(call.stream, arg.get()...); }, call.args);
  }
  static void run_kernel_over(const RecordedCall& self, const TensorIterator& other) {
    const auto& call = static_cast<const RecordedCallOf&>(self);
    std::apply([&](const auto&,
                   const auto&... values) { call.kernel(call.stream, other, values.get()...); },
               call.args);
  }
  static void destroy_this(RecordedCall& self) noexcept {
    static_cast<RecordedCallOf&>(self).~RecordedCallOf();
  }

  Kernel* kernel;
  std::tuple<Arg<Args>...> args;
};

template <class... Args>
void record_call(CallRecorder& recorder, const OpDef& op, void (*kernel)(const Stream&, Args...),
                 const Stream& stream, const std::remove_reference_t<Args>&... args) {
  if constexpr ((is_recordable<std::remove_cv_t<std::remove_reference_t<Args>>> && ...)) {
    using Call = RecordedCallOf<Args...>;
    static_assert(alignof(Call) <= 16);
    auto* call = new (recorder.allocate(sizeof(Call))) Call(op, kernel, stream, args...);
    recorder.add(*call);
    std::apply([&](auto&... arg) { (arg.tell(recorder), ...); }, call->args);
  } else {
    recorder.refuse_arguments(op);
  }
}

}  // namespace detail
}  // namespace adjoint
