// SPDX-License-Identifier: MIT
// How a launch is written down: the kernel, copies of its arguments, what it may access.
//
// Note [What a kernel accesses]
// Nobody instruments a kernel's loads and stores; the types of its parameters tell. A parameter
// `const T*` is read, `T*` is written. A struct that has
//   static constexpr auto kernel_pointers = std::tuple(&S::p, &S::q);
// tells the same of the members listed: pointers, arrays of pointers, structs of this kind. In
// other structs every aligned 8-byte word that lies in device memory counts as a pointer of unknown
// role. Device pointers are replaced by addresses of the memory behind them (Note [Two address
// ranges] in src/memory.h) just before the kernel runs.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "cudasim/types.h"

namespace cudasim {

enum class Role : uint8_t { read, write, unknown };

/// A pointer that a kernel was given.
struct Access {
  const void* pointer;  ///< as the host sees it; never null
  Role role;
  uint8_t parameter;  ///< counted from 0
};

/// Where a launch was written.
struct LaunchSite {
  const char* pretty_function = nullptr;  ///< of a function with the kernel as template argument
  const char* file = "";
  int line = 0;
};

/// A kernel with copies of its arguments.
class KernelCall {
 public:
  virtual ~KernelCall() = default;
  /// Readies the arguments for operator(): device pointers become addresses that can be accessed.
  virtual void translate() = 0;
  /// What one thread of the grid does.
  virtual void operator()() const = 0;
};

struct Launch {
  LaunchSite site;
  const void* function;  ///< the kernel's address
  dim3 grid, block;
  size_t shared_bytes;
  std::unique_ptr<KernelCall> call;
  std::vector<Access> accesses;

  /// The kernel's name, for reports: "softmax_kernel<float>".
  std::string kernel_name() const;
};

/// Says which kernel the calling thread's next cudaLaunchKernelEx launches, and where.
void name_next_launch(const char* pretty_function, const char* file, int line);
/// What name_next_launch said since the last call.
LaunchSite take_launch_site();

/// In the mode that runs nothing: a launch on this thread. False in other modes.
bool launched_in_null_mode();

/// Enqueues.
cudaError_t submit_launch(Launch&& launch, cudaStream_t stream);

bool is_device_address(const void* address);
/// The memory behind a device address; other addresses are themselves.
void* translate_address(const void* address);

namespace detail {

template <class T>
concept ListsPointers = requires {
  T::kernel_pointers;
};

template <class T>
void collect(const T& argument, uint8_t parameter, std::vector<Access>& accesses) {
  if constexpr (std::is_pointer_v<T>) {
    using Pointee = std::remove_pointer_t<T>;
    if constexpr (!std::is_function_v<Pointee>) {
      if (argument != nullptr) {
        accesses.push_back({const_cast<const void*>(static_cast<const volatile void*>(argument)),
                            std::is_const_v<Pointee> ? Role::read : Role::write, parameter});
      }
    }
  } else if constexpr (std::is_array_v<T>) {
    for (const auto& element : argument) collect(element, parameter, accesses);
  } else if constexpr (ListsPointers<T>) {
    std::apply([&](auto... member) { (collect(argument.*member, parameter, accesses), ...); },
               T::kernel_pointers);
  } else if constexpr (std::is_class_v<T>) {
    for (size_t at = 0; at + sizeof(void*) <= sizeof(T); at += sizeof(void*)) {
      const void* word;
      std::memcpy(&word, reinterpret_cast<const char*>(&argument) + at, sizeof word);
      if (is_device_address(word)) accesses.push_back({word, Role::unknown, parameter});
    }
  }
}

template <class T>
void translate(T& argument) {
  if constexpr (std::is_pointer_v<T>) {
    if constexpr (!std::is_function_v<std::remove_pointer_t<T>>) {
      argument = static_cast<T>(
          translate_address(const_cast<const void*>(static_cast<const volatile void*>(argument))));
    }
  } else if constexpr (std::is_class_v<T>) {
    for (size_t at = 0; at + sizeof(void*) <= sizeof(T); at += sizeof(void*)) {
      char* place = reinterpret_cast<char*>(&argument) + at;
      const void* word;
      std::memcpy(&word, place, sizeof word);
      if (!is_device_address(word)) continue;
      word = translate_address(word);
      std::memcpy(place, &word, sizeof word);
    }
  }
}

template <class... Params>
class TypedCall final : public KernelCall {
 public:
  TypedCall(void (*kernel)(Params...), const Params&... arguments)
      : kernel_(kernel), arguments_(arguments...), translated_(arguments...) {}

  void translate() override {
    translated_ = arguments_;
    std::apply([](auto&... argument) { (detail::translate(argument), ...); }, translated_);
  }
  void operator()() const override { std::apply(kernel_, translated_); }

 private:
  void (*kernel_)(Params...);
  std::tuple<Params...> arguments_, translated_;
};

template <class... Params>
cudaError_t launch(const cudaLaunchConfig_t& config, void (*kernel)(Params...),
                   Params... arguments) {
  static_assert((std::is_trivially_copyable_v<Params> && ...),
                "parameters of a kernel are copied as bytes");
  static_assert((sizeof(Params) + ... + 0) <= 4096, "a kernel has at most 4 KB of parameters");
  if (launched_in_null_mode()) [[unlikely]]
    return cudaSuccess;
  Launch launch{take_launch_site(),
                reinterpret_cast<const void*>(kernel),
                config.gridDim,
                config.blockDim,
                config.dynamicSmemBytes,
                std::make_unique<TypedCall<Params...>>(kernel, arguments...),
                {}};
  [[maybe_unused]] uint8_t parameter = 0;
  (collect(arguments, parameter++, launch.accesses), ...);
  return submit_launch(std::move(launch), config.stream);
}

}  // namespace detail
}  // namespace cudasim

template <class... Params, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Params...),
                               Arguments&&... arguments) {
  return cudasim::detail::launch<Params...>(*config, kernel, std::forward<Arguments>(arguments)...);
}
