// SPDX-License-Identifier: MIT
// The one place between the differentiable world and the kernels: every kernel call passes an Op.
//
// An operation is a constant-initialised object (nothing runs at start-up, nothing is lost to the
// linker); its kernels are installed per device by name:
//
//   constinit Op<void(const Stream&, const Tensor& out, const Tensor& x)> my_op{"my_op", {...}};
//   void my_cpu_kernel(const Stream&, const Tensor& out, const Tensor& x);
//   ...
//   op_registry().add(my_op);
//   op_registry().set_kernel("my_op", kCPU, my_cpu_kernel);
//   my_op(stream, out, x);
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include "adjoint/array_ref.h"
#include "adjoint/atomic.h"
#include "adjoint/device.h"
#include "adjoint/export.h"
#include "adjoint/recorded_call.h"
#include "adjoint/scalar_type.h"
#include "adjoint/stream.h"

namespace adjoint {

/// A set of dtypes.
class DtypeSet {
 public:
  constexpr DtypeSet() = default;
  constexpr DtypeSet(std::initializer_list<ScalarType> list) {
    for (ScalarType t : list) bits_ |= uint16_t(1u << unsigned(t));
  }
  constexpr bool contains(ScalarType t) const { return bits_ >> unsigned(t) & 1u; }
  constexpr DtypeSet operator|(DtypeSet o) const {
    DtypeSet r;
    r.bits_ = bits_ | o.bits_;
    return r;
  }

 private:
  uint16_t bits_ = 0;
};
inline constexpr DtypeSet kFloatingDtypes{kHalf, kBFloat16, kFloat, kDouble};
inline constexpr DtypeSet kIntegralDtypes{kByte, kInt, kLong};
inline constexpr DtypeSet kNumericDtypes = kFloatingDtypes | kIntegralDtypes;
inline constexpr DtypeSet kAllDtypes = kNumericDtypes | DtypeSet{kBool};

/// What is known of an operation.
struct OpTraits {
  DtypeSet dtypes = kFloatingDtypes;  ///< of the inputs that a kernel must take
  bool differentiable = true;
  /// A kernel of a backward formula: tested through the operation that it belongs to, which this
  /// names. Null for operations of their own.
  const char* backward_of = nullptr;
};

/// The part of an operation that does not depend on its kernels' signature.
class ADJOINT_API OpDef {
 public:
  const char* name() const { return name_; }
  const OpTraits& traits() const { return traits_; }
  bool has_kernel(DeviceType device) const { return kernels_[size_t(device)].acquire() != nullptr; }

 protected:
  using AnyKernel = void (*)();
  constexpr OpDef(const char* name, const char* signature, OpTraits traits)
      : name_(name), signature_(signature), traits_(traits) {}
  /// The kernel for a device whose slot was found empty: installs the backend's kernels on their
  /// first use, and throws NotImplementedError where there is none.
  AnyKernel resolve(DeviceType device) const;

  const char* name_;
  const char* signature_;
  OpTraits traits_;
  mutable detail::Atomic<AnyKernel> kernels_[kNumDeviceTypes]{};

 private:
  friend class OpRegistry;
};

/// Sees every kernel call of the threads that it is installed on.
class ADJOINT_API DispatchObserver {
 public:
  virtual ~DispatchObserver();
  virtual void before(const OpDef& op, const Stream& stream) = 0;
  virtual void after(const OpDef& op, const Stream& stream) = 0;
};
/// Installs an observer on this thread (null: none) and returns the one before.
ADJOINT_API DispatchObserver* set_dispatch_observer(DispatchObserver* observer) noexcept;

namespace detail {
ADJOINT_API DispatchObserver* dispatch_observer() noexcept;
/// Whether any thread has an observer or a recorder (adjoint/recorded_call.h): the hot path reads
/// this alone.
ADJOINT_API extern Atomic<uint32_t> num_dispatch_observers;

// Signatures are compared as text when kernels are installed: addresses differ between libraries.
template <class Signature>
constexpr const char* signature_of() {
  return __PRETTY_FUNCTION__;
}
}  // namespace detail

template <class Signature>
class Op;

/// An operation whose kernels are called with a stream and `Args`. Kernels are out-variants:
/// outputs exist before the call; a kernel allocates no tensor, never synchronises and reads no
/// device memory on the host.
template <class... Args>
class Op<void(const Stream&, Args...)> : public OpDef {
 public:
  using Kernel = void(const Stream&, Args...);
  constexpr explicit Op(const char* name, OpTraits traits = {})
      : OpDef(name, detail::signature_of<Kernel>(), traits) {}

  void operator()(const Stream& stream, Args... args) const {
    auto any = kernels_[size_t(stream.device().type())].acquire();
    if (any == nullptr) [[unlikely]]
      any = resolve(stream.device().type());
    auto kernel = reinterpret_cast<Kernel*>(any);
    if (detail::num_dispatch_observers.relaxed() != 0) [[unlikely]] {
      run_watched(kernel, stream, static_cast<Args>(args)...);
    } else {
      kernel(stream, static_cast<Args>(args)...);
    }
  }

 private:
  [[gnu::noinline, gnu::cold]] void run_watched(Kernel* kernel, const Stream& stream,
                                                Args... args) const {
    DispatchObserver* observer = detail::dispatch_observer();
    if (observer) observer->before(*this, stream);
    if (detail::CallRecorder* recorder = detail::call_recorder()) {
      detail::record_call<Args...>(*recorder, *this, kernel, stream, args...);
      detail::UnrecordedScope in_kernel;
      kernel(stream, static_cast<Args>(args)...);
    } else {
      kernel(stream, static_cast<Args>(args)...);
    }
    if (observer) observer->after(*this, stream);
  }
};

/// All operations, by name: for installing kernels, errors and introspection; never on the way to
/// a kernel. Safe to use from any thread.
class ADJOINT_API OpRegistry {
 public:
  /// Throws Error if another operation has the name. `op` must live as long as the program.
  void add(OpDef& op);
  /// Throws Error if no operation has the name, if its kernels have another signature, or if the
  /// device has a kernel for it.
  template <class Kernel>
  requires std::is_function_v<Kernel>
  [[gnu::always_inline]] void set_kernel(std::string_view name, DeviceType device, Kernel* kernel) {
    set_any(name, device, reinterpret_cast<void (*)()>(kernel), detail::signature_of<Kernel>());
  }
  /// Null where no operation has the name.
  const OpDef* find(std::string_view name) const;
  std::vector<const OpDef*> ops() const;

 private:
  void set_any(std::string_view name, DeviceType device, void (*kernel)(), const char* signature);
};

/// The registry, with the library's own operations and the CPU's kernels in it.
ADJOINT_API OpRegistry& op_registry();

}  // namespace adjoint
