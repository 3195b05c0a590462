// SPDX-License-Identifier: MIT
// Anomaly mode: which operation a NaN or an error of backward comes from. Compiled with debug
// information, since the tests look for their own lines.
#include "adjoint/anomaly.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "adjoint/adjoint.h"
#include "adjoint/warning.h"

// What a program has: functions outside of the library's namespace.
namespace program {

using namespace adjoint;

int line_of_log = 0, line_of_scaling = 0, line_of_failing = 0;

[[gnu::noinline]] Tensor scaled_log(const Tensor& x) {
  line_of_log = __LINE__ + 1;
  Tensor y = log(x);
  return y * 1;
}

struct NetImpl : nn::Module {
  NetImpl() {
    first = register_module("first", nn::Sequential(nn::Linear(2, 2), nn::ReLU()));
    second = register_module("second", nn::Linear(2, 1));
  }
  Tensor forward(const Tensor& x) {
    nn::ModuleScope scope(*this);
    Tensor hidden = first(x);
    line_of_scaling = __LINE__ + 1;
    Tensor y = scaled_log(hidden * 0 + 1);
    return second(y);
  }
  nn::Sequential first{nullptr};
  nn::Linear second{nullptr};
};
ADJOINT_MODULE(Net);

/// Multiplies, and fails on the way back.
template <class E>
struct Failing : autograd::Function<Failing<E>> {
  static Tensor forward(autograd::AutogradContext*, Tensor x) { return x * 2; }
  static autograd::variable_list backward(autograd::AutogradContext*, autograd::variable_list) {
    throw E("the dog ate it");
  }
};

template <class E>
[[gnu::noinline]] Tensor failing(const Tensor& x) {
  line_of_failing = __LINE__ + 1;
  Tensor y = Failing<E>::apply(x);
  return y;
}

}  // namespace program

namespace adjoint::testing {
namespace {

using autograd::AnomalyMode;
using autograd::DetectAnomalyGuard;
using autograd::ForwardCheck;
using program::scaled_log;

struct Listener : WarningHandler {
  void process(const Warning& warning) override { heard.push_back(warning.msg()); }
  std::vector<std::string> heard;
};

/// The message of what f() throws.
template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

#ifdef ADJOINT_HAVE_LIBDW
std::string at_line(int line, const std::string& function) {
  return "anomaly_test.cpp:" + std::to_string(line) + " in " + function;
}
#else
// The program does not show its symbols, so that it is all that is known.
std::string at_line(int, const std::string&) { return "autograd_tests+0x"; }
#endif

TEST(Anomaly, IsOffAtStartAndRestoredByItsGuard) {
  EXPECT_FALSE(AnomalyMode::is_enabled());
  EXPECT_TRUE(AnomalyMode::should_check_nan());
  {
    DetectAnomalyGuard outer(false);
    EXPECT_TRUE(AnomalyMode::is_enabled());
    EXPECT_FALSE(AnomalyMode::should_check_nan());
    {
      DetectAnomalyGuard inner;
      EXPECT_TRUE(AnomalyMode::should_check_nan());
    }
    EXPECT_TRUE(AnomalyMode::is_enabled());
    EXPECT_FALSE(AnomalyMode::should_check_nan());
  }
  EXPECT_FALSE(AnomalyMode::is_enabled());
  EXPECT_TRUE(AnomalyMode::should_check_nan());
}

TEST(Anomaly, TheGuardSaysOnceThatItIsSlow) {
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  WarningUtils::WarnAlways always;
  DetectAnomalyGuard detect;
  ASSERT_EQ(listener.heard.size(), 1u);
  EXPECT_TRUE(has(listener.heard[0], "This mode should be enabled only for debugging"));
}

TEST(Anomaly, ANanOfABackwardFunctionThrowsWithTheLineOfItsForward) {
  DetectAnomalyGuard detect;
  Tensor x = tensor({0., 1.}, requires_grad());
  Tensor y = scaled_log(x * 0);  // d log(0) = 1/0, and 0 * inf is the gradient of x
  const std::string message = message_of<Error>([&] { (y * tensor({0., 0.})).sum().backward(); });
  EXPECT_TRUE(has(message, "Function 'LogBackward0' returned nan values in its 0th output."))
      << message;
  EXPECT_TRUE(has(message, "2 of 2 elements are nan")) << message;
  EXPECT_TRUE(has(message, "forward: ")) << message;
  EXPECT_TRUE(has(message, at_line(program::line_of_log, "program::scaled_log"))) << message;
}

TEST(Anomaly, ThrowsAtTheFirstFunctionThatMakesNan) {
  DetectAnomalyGuard detect;
  Tensor x = tensor({0.f}, requires_grad());
  // 1/x and its square: infinite gradients pass, the first NaN is that of the product with 0.
  Tensor y = (x * 3).sqrt() * 0;
  const std::string message = message_of<Error>([&] { y.sum().backward(); });
  EXPECT_TRUE(has(message, "Function 'SqrtBackward0' returned nan values in its 0th output."))
      << message;
  EXPECT_FALSE(x.grad().defined());
}

TEST(Anomaly, InfinitiesAndFiniteGradientsPass) {
  DetectAnomalyGuard detect;
  Tensor x = tensor({0., 4.}, requires_grad());
  x.sqrt().sum().backward();
  EXPECT_EQ(x.grad()[1].item<double>(), 0.25);
}

TEST(Anomaly, WithoutCheckOfNanNothingIsThrown) {
  DetectAnomalyGuard detect(false);
  Tensor x = tensor({0.f}, requires_grad());
  (x.sqrt() * 0).sum().backward();
  EXPECT_TRUE(x.grad().isnan().item<bool>());
}

TEST(Anomaly, NamesTheModuleThatRan) {
  DetectAnomalyGuard detect;
  program::Net net;
  Tensor out = net(ones({1, 2}));
  const Tensor nan = full({1, 1}, std::numeric_limits<double>::quiet_NaN());
  const std::string message = message_of<Error>([&] { out.backward(nan, true); });
  EXPECT_TRUE(has(message, ", module Net.second")) << message;

  // Of an operation of the library's own layers, the line that called the outermost of them.
  const std::vector<std::string> first = {"Net.first.0", "Net.first.1"};
  const std::string graph = graph_to_string(out, net);
  for (const std::string& path : first) EXPECT_TRUE(has(graph, "module " + path + ")")) << graph;
  EXPECT_TRUE(has(graph, "module Net.second)")) << graph;
  EXPECT_TRUE(has(graph, at_line(program::line_of_scaling - 2, "program::NetImpl::forward")))
      << graph;
  EXPECT_TRUE(has(graph, at_line(program::line_of_scaling, "program::NetImpl::forward"))) << graph;
}

TEST(Anomaly, ModulesWithoutAScopeAroundThemAreNamedAsTheyAreRegistered) {
  DetectAnomalyGuard detect;
  program::Net net;
  EXPECT_TRUE(has(graph_to_string(net->second(ones({1, 2}))), "module second)"));
  nn::Linear alone(2, 1);
  EXPECT_TRUE(has(graph_to_string(alone(ones({1, 2}))), "module Linear)"));
}

TEST(Anomaly, AModuleIsOverWhenItsForwardThrows) {
  DetectAnomalyGuard detect;
  nn::Linear layer(2, 1);
  EXPECT_THROW(layer(ones({1, 3})), Error);
  EXPECT_EQ(nn::ModuleScope::current(), nullptr);
}

TEST(Anomaly, WithoutItNothingIsNoted) {
  program::Net net;
  const std::string graph = graph_to_string(net(ones({1, 2})), net);
  EXPECT_FALSE(has(graph, "module")) << graph;
  EXPECT_FALSE(has(graph, "anomaly_test")) << graph;
}

TEST(Anomaly, AnErrorThatANodeThrowsTakesTheForwardsLineAndKeepsItsClass) {
  Tensor x = tensor({1.f}, requires_grad()), y;
  {
    DetectAnomalyGuard detect;
    y = program::failing<IndexError>(x);
  }
  const std::string message = message_of<IndexError>([&] { y.sum().backward(); });
  EXPECT_TRUE(has(message, "the dog ate it\n  forward: ")) << message;
  EXPECT_TRUE(has(message, at_line(program::line_of_failing, "program::failing"))) << message;
}

TEST(Anomaly, ModifiedTensorsAreFoundWithTheLineOfTheOperation) {
  DetectAnomalyGuard detect(false);
  Tensor x = tensor({1., 2.}, requires_grad());
  Tensor input = x * 1;
  Tensor y = scaled_log(input);
  input.add_(1);
  const std::string message = message_of<Error>([&] { y.sum().backward(); });
  EXPECT_TRUE(has(message, "modified by an inplace operation")) << message;
  EXPECT_TRUE(has(message, at_line(program::line_of_log, "program::scaled_log"))) << message;
}

TEST(Anomaly, ForeignExceptionsPassUnchangedWithAWarning) {
  DetectAnomalyGuard detect;
  Tensor x = tensor({1.f}, requires_grad());
  Tensor y = program::failing<std::runtime_error>(scaled_log(x));
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  EXPECT_EQ(message_of<std::runtime_error>([&] { y.sum().backward(); }), "the dog ate it");
  ASSERT_EQ(listener.heard.size(), 1u);
  EXPECT_TRUE(has(listener.heard[0], "Error detected in "));
  EXPECT_TRUE(has(listener.heard[0], "Traceback of forward call that caused the error:\n"));
}

TEST(Anomaly, WarnsWithATracebackOfTheForwardCall) {
  DetectAnomalyGuard detect;
  Tensor x = tensor({0.f}, requires_grad());
  Tensor y = scaled_log(x) * 0;
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  EXPECT_THROW(y.sum().backward(), Error);
  ASSERT_EQ(listener.heard.size(), 1u);
  EXPECT_TRUE(
      has(listener.heard[0],
          "Error detected in LogBackward0. Traceback of forward call that caused the error:"));
  EXPECT_TRUE(has(listener.heard[0], at_line(program::line_of_log, "program::scaled_log")));
}

TEST(Anomaly, SaysWhenTheForwardWasNotWatched) {
  Tensor x = tensor({0.f}, requires_grad());
  Tensor y = x.log() * 0;
  DetectAnomalyGuard detect;
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  const std::string message = message_of<Error>([&] { y.sum().backward(); });
  EXPECT_TRUE(has(message, "forward: not known")) << message;
  ASSERT_EQ(listener.heard.size(), 1u);
  EXPECT_TRUE(has(listener.heard[0], "No forward pass information available."));
}

TEST(Anomaly, ANodeThatABackwardFunctionMadeNamesTheForwardBehindIt) {
  DetectAnomalyGuard detect;
  Tensor x = tensor({0.25}, requires_grad());
  Tensor y = scaled_log(x);
  Tensor slope = autograd::grad({y}, {x}, {}, true, true)[0];  // 1 / x
  Listener listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  const Tensor nan = tensor({std::numeric_limits<double>::quiet_NaN()});
  const std::string message = message_of<Error>([&] { slope.backward(nan); });
  EXPECT_TRUE(has(message, "returned nan values")) << message;
  EXPECT_TRUE(has(message, "induced by LogBackward0, forward: ")) << message;
  EXPECT_TRUE(has(message, at_line(program::line_of_log, "program::scaled_log"))) << message;
  ASSERT_EQ(listener.heard.size(), 2u);
  EXPECT_TRUE(has(listener.heard[1],
                  "Previous calculation was induced by LogBackward0. Traceback "
                  "of forward call that induced the previous calculation:"));
}

TEST(Anomaly, ThreadsThatFailAtOnceEachTellOfTheirOwnForward) {
  DetectAnomalyGuard detect;
  auto fail = [](bool by_log, std::string& message) {
    Tensor x = tensor({0.f}, requires_grad());
    Tensor y = by_log ? scaled_log(x) * 0 : program::failing<Error>(x);
    message = message_of<Error>([&] { y.sum().backward(); });
  };
  std::string of_log, of_failing;
  std::thread other(fail, true, std::ref(of_log));
  fail(false, of_failing);
  other.join();
  EXPECT_TRUE(has(of_log, at_line(program::line_of_log, "program::scaled_log"))) << of_log;
  EXPECT_TRUE(has(of_failing, at_line(program::line_of_failing, "program::failing"))) << of_failing;
}

TEST(Anomaly, TheEngineGoesOnAfterAnError) {
  Tensor x = tensor({0., 1.}, requires_grad());
  {
    DetectAnomalyGuard detect;
    EXPECT_THROW((x.log() * 0).sum().backward(), Error);
  }
  (x * 3).sum().backward();
  EXPECT_EQ(x.grad()[0].item<double>(), 3.0);
}

class ForwardChecked {
 public:
  explicit ForwardChecked(ForwardCheck check) { AnomalyMode::set_check_forward(check); }
  ~ForwardChecked() { AnomalyMode::set_check_forward(ForwardCheck::Off); }
};

TEST(Anomaly, TheForwardThatMakesNanIsNamedWhereThatIsAskedFor) {
  ForwardChecked checked(ForwardCheck::Nan);
  EXPECT_EQ(AnomalyMode::check_forward(), ForwardCheck::Nan);
  Tensor x = tensor({-1., 0., 1.}, requires_grad());
  x.log();  // anomaly mode is off
  DetectAnomalyGuard detect;
  const std::string message = message_of<Error>([&] { scaled_log(x); });
  EXPECT_TRUE(has(message, "Function 'Log' returned nan values in its 0th output of the forward."))
      << message;
  EXPECT_TRUE(has(message, "1 of 3 elements is nan")) << message;
  EXPECT_TRUE(has(message, at_line(program::line_of_log, "program::scaled_log"))) << message;
  AnomalyMode::set_check_forward(ForwardCheck::Off);
  scaled_log(x);
}

TEST(Anomaly, InfinitiesOfTheForwardAreFoundWhereTheyAreAskedFor) {
  Tensor x = tensor({0., 1.}, requires_grad());
  DetectAnomalyGuard detect;
  {
    ForwardChecked checked(ForwardCheck::Nan);
    x.log();
  }
  ForwardChecked checked(ForwardCheck::NonFinite);
  const std::string message = message_of<Error>([&] { x.log(); });
  EXPECT_TRUE(has(message, "returned infinite values in its 0th output of the forward."))
      << message;
}

TEST(Anomaly, AnInputThatIsNotFiniteItselfIsNamed) {
  ForwardChecked checked(ForwardCheck::Nan);
  DetectAnomalyGuard detect;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Tensor x = tensor({1.f, nan}, requires_grad());
  const std::string message = message_of<Error>([&] { x * 2; });
  EXPECT_TRUE(has(message, "its input 0, a leaf, has 1 nan and 0 infinite elements of 2"))
      << message;
}

}  // namespace
}  // namespace adjoint::testing
