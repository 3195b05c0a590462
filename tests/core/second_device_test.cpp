// SPDX-License-Identifier: MIT
// A backend of somebody else's: the library runs on it without knowing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/memory.h"
#include "adjoint/op_registry.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"
#include "tests/support/fake_backend.h"

namespace adjoint::testing {
namespace {

using Lines = std::vector<std::string>;

class SecondDevice : public ::testing::Test {
 protected:
  void SetUp() override { backend.clear(); }
  void TearDown() override {
    EXPECT_EQ(backend.races(), Lines{});
    EXPECT_EQ(current_stream(kFakeDevice).id(), 0u);
  }
  static int64_t count(const std::string& line) {
    Lines log = fake_backend().log();
    return std::count(log.begin(), log.end(), line);
  }
  static int64_t count_events() {
    int64_t n = 0;
    for (const std::string& line : fake_backend().log())
      n += line.starts_with("record") || line.starts_with("wait");
    return n;
  }
  static Tensor leaf(double value) {
    return full({3}, value, TensorOptions(kFloat).device(kFakeDevice).requires_grad(true));
  }
  static Stream stream(uint32_t id) { return FakeBackend::stream(id); }

  FakeBackend& backend = fake_backend();
  DefaultDevice cpu_{kCPU};  // the first device is the host's
};

TEST_F(SecondDevice, TensorsAreMadeAndCopiedThereAndBack) {
  Tensor host = tensor({{1., 2., 3.}, {4., 5., 6.}});
  Tensor there = host.to(kFakeDevice);
  EXPECT_EQ(there.device(), kFakeDevice);
  EXPECT_EQ(there.device().str(), "privateuseone:0");
  EXPECT_TRUE(is_close(there.cpu(), host));
  EXPECT_TRUE(is_close(there.t().cpu(), host.t().contiguous()));
  EXPECT_TRUE(is_close(host.t().to(kFakeDevice).cpu(), host.t().contiguous()));
  EXPECT_TRUE(is_close(there.to(kDouble).cpu(), host.to(kDouble)));
  EXPECT_TRUE(is_close(there.to(kCPU, kDouble), host.to(kDouble)));
  EXPECT_TRUE(is_close(host.to(kFakeDevice, kDouble).cpu(), host.to(kDouble)));
  EXPECT_TRUE(is_close((there + there * 2).cpu(), host * 3));
  EXPECT_EQ(there[1][2].item<float>(), 6.0f);
  EXPECT_TRUE(there.to(kPrivateUse1).is_same(there)) << "no index means the current device";
}

TEST_F(SecondDevice, CopiesIntoPartsOfTensorsAcrossDevices) {
  Tensor there = zeros({2, 3}, kFakeDevice), here = zeros({2, 3});
  there.t()[1].copy_(tensor({7., 8.}));
  EXPECT_TRUE(is_close(there.cpu(), tensor({{0., 7., 0.}, {0., 8., 0.}})));
  here.select(1, 2).copy_(there.select(1, 1));
  EXPECT_TRUE(is_close(here, tensor({{0., 0., 7.}, {0., 0., 8.}})));
  there.copy_(tensor({1., 2., 3.}));
  EXPECT_TRUE(is_close(there.cpu(), tensor({{1., 2., 3.}, {1., 2., 3.}})));
}

TEST_F(SecondDevice, AsTheDefaultItIsWhereFactoriesPutTensors) {
  const Device before = get_default_device();
  set_default_device(kFakeDevice);
  EXPECT_EQ(ones({2}).device(), kFakeDevice);
  EXPECT_EQ(tensor({1., 2.}).device(), kFakeDevice);
  EXPECT_EQ(randperm(3).device(), kFakeDevice);
  EXPECT_EQ(ones({2}, kCPU).device(), kCPU);
  EXPECT_EQ(ones_like(ones({2}, kCPU)).device(), kCPU);
  float blob[2] = {1, 2};
  EXPECT_EQ(from_blob(blob, {2}).device(), kCPU);
  set_default_device(before);
  EXPECT_EQ(ones({2}).device().type(), before.type());
  EXPECT_TRUE(throws<Error>("expected a device that is there, got privateuseone:1 of 1",
                            [] { set_default_device(Device(kPrivateUse1, 1)); }));
  EXPECT_EQ(get_default_device(), before);
}

TEST_F(SecondDevice, AMissingKernelSaysWhichDeviceHasOne) {
  Tensor there = ones({2}, kFakeDevice);
  EXPECT_TRUE(throws<NotImplementedError>(
      "[exp] no kernel for device 'privateuseone'; available on: cpu", [&] { there.exp(); }));
}

TEST_F(SecondDevice, DevicesDoNotMixButForNumbers) {
  Tensor there = ones({2}, kFakeDevice), here = ones({2});
  EXPECT_TRUE(
      throws<Error>("Expected all tensors to be on the same device, but found at least two "
                    "devices, privateuseone:0 and cpu",
                    [&] { there + here; }));
  EXPECT_TRUE(is_close((there + tensor(2.0f)).cpu(), tensor({3., 3.})));
  EXPECT_TRUE(is_close((tensor(2.0f) * there).cpu(), tensor({2., 2.})));
}

TEST_F(SecondDevice, BackwardStaysOnTheDevice) {
  Tensor x = leaf(2), w = leaf(3);
  (x * w + x).sum().backward();
  EXPECT_EQ(x.grad().device(), kFakeDevice);
  EXPECT_TRUE(is_close(x.grad().cpu(), full({3}, 4.0)));
  EXPECT_TRUE(is_close(w.grad().cpu(), full({3}, 2.0)));
}

TEST_F(SecondDevice, BackwardOnOneStreamMakesNoEventAndDoesNotWait) {
  Tensor x = leaf(2), y = (x * x + x).sum();
  backend.clear();
  y.backward();
  EXPECT_EQ(count_events(), 0);
  EXPECT_EQ(count("synchronize 0"), 0);
  EXPECT_EQ(count("copy_to_host on 0"), 0);
}

TEST_F(SecondDevice, ANodeRunsOnTheStreamOfItsForward) {
  Tensor x = leaf(2), y;
  Event made;
  made.record(stream(0));
  {
    StreamGuard guard(stream(1));
    made.wait(stream(1));
    y = x * x;
  }
  Event done;
  done.record(stream(1));
  done.wait(stream(0));
  Tensor z = y.sum();
  backend.clear();
  z.backward();
  EXPECT_EQ(count("mul on 1"), 2) << "the product's node";
  EXPECT_EQ(count("mul on 0"), 0);
  EXPECT_TRUE(is_close(x.grad().cpu(), full({3}, 4.0)));
}

TEST_F(SecondDevice, EventsAreMadeOnlyWhereStreamsDiffer) {
  Tensor x = leaf(2), y;
  stream(0).synchronize();
  {
    StreamGuard guard(stream(1));
    y = x * x * x * x;  // three nodes on stream 1, the leaf on stream 0
  }
  backend.clear();
  {
    StreamGuard guard(stream(1));
    y.backward(full({3}, 1.0f, kFakeDevice));
  }
  // Only the gradients of the leaf cross, one for each of its uses.
  EXPECT_EQ(count("record on 1"), 4);
  EXPECT_EQ(count("wait on 0"), 4);
  EXPECT_EQ(count("record on 0"), 1) << "at the end the caller's stream waits for the leaf's";
  EXPECT_EQ(count("wait on 1"), 1);
  stream(1).synchronize();
  stream(0).synchronize();
  EXPECT_TRUE(is_close(x.grad().cpu(), full({3}, 32.0)));
}

TEST_F(SecondDevice, TheCallersStreamWaitsForLeavesOnOtherStreams) {
  Tensor x;
  {
    StreamGuard guard(stream(2));
    x = leaf(2);
  }
  stream(2).synchronize();
  (x * x).sum().backward();
  EXPECT_TRUE(is_close((x.grad() * 1).cpu(), full({3}, 4.0)));
}

TEST_F(SecondDevice, TheCallersStreamWaitsForCapturedGradients) {
  Tensor x;
  {
    StreamGuard guard(stream(2));
    x = leaf(2);
  }
  stream(2).synchronize();
  Tensor g = autograd::grad({(x * x).sum()}, {x}).at(0);
  EXPECT_TRUE(is_close((g * 1).cpu(), full({3}, 4.0)));
}

TEST_F(SecondDevice, AGradientHandedInOnTheCallersStreamIsWaitedFor) {
  Tensor x = leaf(2), y;
  stream(0).synchronize();
  {
    StreamGuard guard(stream(1));
    y = x * 3;
  }
  StreamGuard guard(stream(3));
  y.backward(full({3}, 1.0f, kFakeDevice));
  EXPECT_TRUE(is_close((x.grad() * 1).cpu(), full({3}, 3.0)));
}

TEST_F(SecondDevice, SumsAreMadeOnTheStreamOfTheirUser) {
  Tensor x = leaf(2), y, a, b;
  stream(0).synchronize();
  {
    StreamGuard guard(stream(1));
    y = x * 2;
  }
  stream(1).synchronize();
  {
    StreamGuard guard(stream(2));
    a = y * 3;
  }
  {
    StreamGuard guard(stream(3));
    b = y * 4;
  }
  stream(2).synchronize();
  stream(3).synchronize();
  Tensor z = (a + b).sum();
  backend.clear();
  z.backward();
  EXPECT_EQ(count("add on 1"), 1);
  EXPECT_TRUE(is_close((x.grad() * 1).cpu(), full({3}, 14.0)));
}

TEST_F(SecondDevice, AGraphMayCrossBetweenDevices) {
  Tensor x = leaf(2);
  Tensor here = (x * x).to(kCPU).exp().log();
  (here.to(kFakeDevice) * x).sum().backward();
  EXPECT_TRUE(is_close(x.grad().cpu(), full({3}, 12.0), {16, 4}));
  EXPECT_EQ(x.grad().device(), kFakeDevice);
}

TEST_F(SecondDevice, AGradientThatComesFromTheHostIsWaitedFor) {
  Tensor x = leaf(2), y;
  stream(0).synchronize();
  {
    StreamGuard guard(stream(1));
    y = x * x;
  }
  stream(1).synchronize();
  // Runs backward with stream 0 current: the copy to the device goes there, its use to stream 1.
  y.to(kCPU).sum().backward();
  EXPECT_TRUE(is_close((x.grad() * 1).cpu(), full({3}, 4.0)));
}

TEST_F(SecondDevice, ALeafOnTheHostOfAGraphOnTheDevice) {
  Tensor x = full({3}, 2.0, requires_grad());
  backend.clear();
  Tensor there = x.to(kFakeDevice);
  (there * there).sum().backward();
  EXPECT_EQ(x.grad().device(), Device(kCPU));
  EXPECT_TRUE(is_close(x.grad(), full({3}, 4.0)));
  EXPECT_EQ(count_events(), 0);
}

TEST_F(SecondDevice, EventsAreGivenBack) {
  int64_t before = backend.events_alive();
  {
    Event a;
    EXPECT_TRUE(a.query()) << "never recorded";
    a.wait(stream(1));
    a.record(stream(1));
    Event b = std::move(a);
    b.wait(stream(2));
    EXPECT_EQ(backend.events_alive(), before + 1);
    Event c;
    c.record(stream(3));
    c = std::move(b);
    EXPECT_EQ(backend.events_alive(), before + 1);
    c.synchronize();
  }
  EXPECT_EQ(backend.events_alive(), before);
}

TEST_F(SecondDevice, MemoryIsGivenBack) {
  int64_t before = memory_stats(kFakeDevice).allocated;
  {
    Tensor x = leaf(2);
    (x * x).sum().backward();
    EXPECT_GT(memory_stats(kFakeDevice).allocated, before);
  }
  EXPECT_EQ(memory_stats(kFakeDevice).allocated, before);
}

TEST_F(SecondDevice, OnlyOneBackendMayHaveADeviceType) {
  static FakeBackend another;
  EXPECT_TRUE(throws<Error>("device type 'privateuseone' has a backend already",
                            [] { register_backend(another); }));
  EXPECT_TRUE(has_backend(kPrivateUse1));
}

// The checker itself: what it is there to find.
TEST(FakeBackend, ReportsAWaitThatIsMissing) {
  FakeBackend& backend = fake_backend();
  backend.clear();
  Tensor x = ones({3}, kFakeDevice);
  {
    StreamGuard guard(FakeBackend::stream(1));
    x.add_(1);
  }
  ASSERT_FALSE(backend.races().empty());
  EXPECT_EQ(backend.races()[0], "add on 1 reads what stream 0 wrote, and did not wait for it");
  backend.clear();
  Event written;
  written.record(FakeBackend::stream(1));
  written.wait(FakeBackend::stream(0));
  x.add_(1);
  EXPECT_EQ(backend.races(), Lines{});
}

}  // namespace
}  // namespace adjoint::testing
