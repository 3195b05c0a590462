// SPDX-License-Identifier: MIT
#include "adjoint/warning.h"

#include <mutex>
#include <ostream>

namespace adjoint {
namespace {

constinit thread_local WarningHandler* handler_of_thread = nullptr;
constinit detail::Atomic<WarningHandler*> default_handler{nullptr};
constinit detail::Atomic<bool> warn_always{false};

}  // namespace

WarningHandler::~WarningHandler() = default;
void WarningHandler::process(const Warning&) {}

struct StreamWarningHandler::State {
  std::mutex mutex;
  std::ostream& out;
};

StreamWarningHandler::StreamWarningHandler(std::ostream& out) : state_(new State{{}, out}) {}
StreamWarningHandler::~StreamWarningHandler() = default;

void StreamWarningHandler::process(const Warning& warning) {
  std::string_view file = warning.source_location().file;
  file.remove_prefix(file.rfind('/') + 1);
  const bool deprecation = std::holds_alternative<DeprecationWarning>(warning.type());
  const std::string line =
      detail::str("[W ", file, ":", warning.source_location().line, "] ",
                  deprecation ? "DeprecationWarning: " : "Warning: ", warning.msg(), "\n");
  std::lock_guard lock(state_->mutex);
  state_->out << line << std::flush;
}

void warn(const Warning& warning) { WarningUtils::get_warning_handler()->process(warning); }

namespace WarningUtils {

void set_warning_handler(WarningHandler* handler) noexcept { handler_of_thread = handler; }

WarningHandler* get_warning_handler() noexcept {
  static WarningHandler& dropping = *new WarningHandler();
  if (handler_of_thread) return handler_of_thread;
  WarningHandler* handler = default_handler.acquire();
  return handler ? handler : &dropping;
}

void set_default_warning_handler(WarningHandler* handler) noexcept {
  default_handler.store_release(handler);
}

WarningHandlerGuard::WarningHandlerGuard(WarningHandler* handler) noexcept
    : previous_(std::exchange(handler_of_thread, handler)) {}
WarningHandlerGuard::~WarningHandlerGuard() { handler_of_thread = previous_; }

void set_warnAlways(bool setting) noexcept { warn_always.store_relaxed(setting); }
bool get_warnAlways() noexcept { return warn_always.relaxed(); }

WarnAlways::WarnAlways(bool setting) noexcept : previous_(warn_always.exchange(setting)) {}
WarnAlways::~WarnAlways() { set_warnAlways(previous_); }

}  // namespace WarningUtils

bool detail::warnings_are_heard() noexcept {
  return handler_of_thread || default_handler.acquire();
}

}  // namespace adjoint
