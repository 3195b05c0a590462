// SPDX-License-Identifier: MIT
// Warnings. The library prints nothing: what it has to say goes to a handler of the program's, and
// without one it is lost.
//
//   adjoint::StreamWarningHandler to_stderr(std::cerr);
//   adjoint::WarningUtils::set_default_warning_handler(&to_stderr);
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "adjoint/atomic.h"
#include "adjoint/error.h"
#include "adjoint/export.h"

namespace adjoint {

struct SourceLocation {
  const char* function = "";
  const char* file = "";
  uint32_t line = 0;
};

class ADJOINT_API Warning {
 public:
  class UserWarning {};
  class DeprecationWarning {};
  using warning_variant_t = std::variant<UserWarning, DeprecationWarning>;

  /// `verbatim`: the message needs no word about where it came from.
  Warning(warning_variant_t type, const SourceLocation& source_location, std::string msg,
          bool verbatim)
      : type_(type), source_location_(source_location), msg_(std::move(msg)), verbatim_(verbatim) {}

  warning_variant_t type() const noexcept { return type_; }
  /// Where in the library, or in the program, the warning was given.
  const SourceLocation& source_location() const noexcept { return source_location_; }
  const std::string& msg() const noexcept { return msg_; }
  bool verbatim() const noexcept { return verbatim_; }

 private:
  warning_variant_t type_;
  SourceLocation source_location_;
  std::string msg_;
  bool verbatim_;
};
using UserWarning = Warning::UserWarning;
using DeprecationWarning = Warning::DeprecationWarning;

/// Base of the program's handlers.
class ADJOINT_API WarningHandler {
 public:
  virtual ~WarningHandler();
  /// Called on the thread that the warning comes from, in the middle of the call that it is about.
  /// What it throws leaves that call. Here: drops the warning.
  virtual void process(const Warning& warning);
};

/// Writes each warning as a line, "[W file.cpp:42] Warning: message", into a stream that outlives
/// it. May serve several threads.
class ADJOINT_API StreamWarningHandler final : public WarningHandler {
 public:
  explicit StreamWarningHandler(std::ostream& out);
  ~StreamWarningHandler() override;
  void process(const Warning& warning) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Hands a warning to this thread's handler.
ADJOINT_API void warn(const Warning& warning);

namespace WarningUtils {

/// Makes `handler` this thread's (null: the default handler again). It must live until it is
/// replaced.
ADJOINT_API void set_warning_handler(WarningHandler* handler) noexcept;
/// This thread's handler, or else the default one; never null.
ADJOINT_API WarningHandler* get_warning_handler() noexcept;
/// The handler of all threads that have set none (null: one that drops warnings, as at start). It
/// must live until it is replaced and may be called from any of them at once.
ADJOINT_API void set_default_warning_handler(WarningHandler* handler) noexcept;

/// Sets this thread's handler and restores the one before at the end of the scope.
class ADJOINT_API WarningHandlerGuard {
 public:
  explicit WarningHandlerGuard(WarningHandler* handler) noexcept;
  ~WarningHandlerGuard();
  WarningHandlerGuard(const WarningHandlerGuard&) = delete;
  WarningHandlerGuard& operator=(const WarningHandlerGuard&) = delete;

 private:
  WarningHandler* previous_;
};

/// Whether what is said once is said every time; in all threads, off at start.
ADJOINT_API void set_warnAlways(bool setting) noexcept;
ADJOINT_API bool get_warnAlways() noexcept;

/// Sets it, and restores what was before at the end of the scope.
struct ADJOINT_API WarnAlways {
  explicit WarnAlways(bool setting = true) noexcept;
  ~WarnAlways();
  WarnAlways(const WarnAlways&) = delete;
  WarnAlways& operator=(const WarnAlways&) = delete;

 private:
  bool previous_;
};

}  // namespace WarningUtils

namespace detail {
/// Whether this thread has a handler: messages that nobody hears need not be made.
ADJOINT_API bool warnings_are_heard() noexcept;
}  // namespace detail
}  // namespace adjoint

#define ADJOINT_WARN_WITH(kind, ...)                                                    \
  (::adjoint::detail::warnings_are_heard()                                              \
       ? ::adjoint::warn(::adjoint::Warning(                                            \
             kind(), ::adjoint::SourceLocation{__func__, __FILE__, uint32_t(__LINE__)}, \
             ::adjoint::detail::str(__VA_ARGS__), false))                               \
       : (void)0)
/// Gives a warning whose message is made of the arguments.
#define ADJOINT_WARN(...) ADJOINT_WARN_WITH(::adjoint::UserWarning, __VA_ARGS__)
#define ADJOINT_WARN_DEPRECATION(...) ADJOINT_WARN_WITH(::adjoint::DeprecationWarning, __VA_ARGS__)
/// Gives it the first time that it is heard, and then only under set_warnAlways(true).
#define ADJOINT_WARN_ONCE(...)                                                          \
  do {                                                                                  \
    static constinit ::adjoint::detail::Atomic<bool> adjoint_warned_{false};            \
    if (::adjoint::detail::warnings_are_heard() &&                                      \
        (!adjoint_warned_.exchange(true) || ::adjoint::WarningUtils::get_warnAlways())) \
      ADJOINT_WARN(__VA_ARGS__);                                                        \
  } while (false)
