// SPDX-License-Identifier: MIT
// Warnings and who hears them.
#include "adjoint/warning.h"

#include <gtest/gtest.h>

#include <iomanip>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "adjoint/torch/check.h"

namespace adjoint::testing {
namespace {

struct Listener : WarningHandler {
  void process(const Warning& warning) override {
    heard.push_back(warning.msg());
    last = warning.source_location();
  }
  std::vector<std::string> heard;
  SourceLocation last;
};

using Heard = std::vector<std::string>;

void warn_once() { ADJOINT_WARN_ONCE("once"); }

TEST(Warning, IsHeardByTheHandlerOfTheThread) {
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  const uint32_t line = __LINE__ + 1;
  ADJOINT_WARN("a size of ", 3, " is odd");
  EXPECT_EQ(listener.heard, Heard{"a size of 3 is odd"});
  EXPECT_EQ(listener.last.line, line);
  EXPECT_NE(std::string(listener.last.file).find("warning_test.cpp"), std::string::npos);
}

TEST(Warning, IsDroppedSilentlyWithoutAHandler) {
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  ADJOINT_WARN("nobody hears");
  warn(Warning(UserWarning(), {}, "nobody hears", false));
  EXPECT_EQ(::testing::internal::GetCapturedStderr() + ::testing::internal::GetCapturedStdout(),
            "");
}

TEST(Warning, MakesNoMessageThatNobodyHears) {
  int made = 0;
  auto message = [&] { return ++made; };
  ADJOINT_WARN("number ", message());
  EXPECT_EQ(made, 0);
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  ADJOINT_WARN("number ", message());
  EXPECT_EQ(made, 1);
}

TEST(Warning, TheGuardBringsBackTheHandlerBefore) {
  Listener outer, inner;
  WarningHandler* at_start = WarningUtils::get_warning_handler();
  {
    WarningUtils::WarningHandlerGuard guard(&outer);
    {
      WarningUtils::WarningHandlerGuard guard(&inner);
      EXPECT_EQ(WarningUtils::get_warning_handler(), &inner);
      ADJOINT_WARN("inside");
    }
    EXPECT_EQ(WarningUtils::get_warning_handler(), &outer);
    ADJOINT_WARN("outside");
  }
  EXPECT_EQ(WarningUtils::get_warning_handler(), at_start);
  EXPECT_EQ(inner.heard, Heard{"inside"});
  EXPECT_EQ(outer.heard, Heard{"outside"});
}

TEST(Warning, HandlersBelongToTheirThreads) {
  Listener mine, theirs, everybodys;
  WarningUtils::set_default_warning_handler(&everybodys);
  WarningUtils::WarningHandlerGuard guard(&mine);
  std::thread([&] {
    ADJOINT_WARN("to the default");
    WarningUtils::set_warning_handler(&theirs);
    ADJOINT_WARN("to theirs");
  }).join();
  ADJOINT_WARN("to mine");
  WarningUtils::set_default_warning_handler(nullptr);
  EXPECT_EQ(everybodys.heard, Heard{"to the default"});
  EXPECT_EQ(theirs.heard, Heard{"to theirs"});
  EXPECT_EQ(mine.heard, Heard{"to mine"});
}

TEST(Warning, OnceIsOnceUnlessAskedForAlways) {
  warn_once();  // not heard, and so not counted
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  warn_once();
  warn_once();
  EXPECT_EQ(listener.heard.size(), 1u);
  {
    WarningUtils::WarnAlways always;
    EXPECT_TRUE(WarningUtils::get_warnAlways());
    warn_once();
    warn_once();
  }
  EXPECT_FALSE(WarningUtils::get_warnAlways());
  warn_once();
  EXPECT_EQ(listener.heard.size(), 3u);
}

TEST(Warning, TellsADeprecationFromTheRest) {
  struct Kinds : WarningHandler {
    void process(const Warning& warning) override {
      deprecations.push_back(std::holds_alternative<DeprecationWarning>(warning.type()));
    }
    std::vector<bool> deprecations;
  } kinds;
  WarningUtils::WarningHandlerGuard guard(&kinds);
  ADJOINT_WARN("new");
  ADJOINT_WARN_DEPRECATION("old");
  EXPECT_EQ(kinds.deprecations, (std::vector<bool>{false, true}));
}

TEST(Warning, AStreamHandlerWritesALine) {
  std::ostringstream out;
  StreamWarningHandler handler(out);
  WarningUtils::WarningHandlerGuard guard(&handler);
  warn(Warning(UserWarning(), {"f", "/src/model.cpp", 42}, "sizes differ", false));
  warn(Warning(DeprecationWarning(), {"f", "model.cpp", 43}, "use g", false));
  EXPECT_EQ(out.str(),
            "[W model.cpp:42] Warning: sizes differ\n[W model.cpp:43] DeprecationWarning: use g\n");
}

TEST(Warning, LibTorchsMacrosTakeWhatAStreamTakes) {
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  for (int i = 0; i < 2; ++i) TORCH_WARN_ONCE("once ", std::setw(3), 7);
  TORCH_WARN("always");
  TORCH_WARN_DEPRECATION("old");
  EXPECT_EQ(listener.heard, (Heard{"once   7", "always", "old"}));
}

TEST(Warning, AHandlerMayThrow) {
  struct Strict : WarningHandler {
    void process(const Warning& warning) override { throw Error(warning.msg()); }
  } strict;
  WarningUtils::WarningHandlerGuard guard(&strict);
  EXPECT_THROW(ADJOINT_WARN("no"), Error);
}

TEST(Warning, AnErrorTakesContextAndStaysOfItsClass) {
  try {
    try {
      throw IndexError("index 7 is out of range");
    } catch (Error& error) {
      error.add_context("forward: model.cpp:42");
      throw;
    }
  } catch (const IndexError& error) {
    EXPECT_STREQ(error.what(), "index 7 is out of range\n  forward: model.cpp:42");
  }
}

}  // namespace
}  // namespace adjoint::testing
