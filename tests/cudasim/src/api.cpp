// SPDX-License-Identifier: MIT
// Errors, faults on demand, and the rules that every call is subject to (api.h).
#include "api.h"

#include <algorithm>
#include <map>

#include "counters.h"
#include "faults.h"
#include "graph.h"
#include "launch.h"
#include "null_mode.h"

namespace cudasim {
namespace {

struct Fault {
  uint64_t calls_left;  // until the one that fails; 0: none fails
  uint64_t times;       // how many calls in succession fail
  cudaError_t status;
};
// The faults that tests have asked for, by the function's name.
std::map<std::string, Fault, std::less<>>& faults() {
  static auto* const instance = new std::map<std::string, Fault, std::less<>>;
  return *instance;
}

cudaError_t fault_of(const char* name) {
  const auto it = faults().find(std::string_view(name));
  if (it == faults().end()) return cudaSuccess;
  Fault& fault = it->second;
  if (--fault.calls_left > 0) return cudaSuccess;
  const cudaError_t status = fault.status;
  if (--fault.times == 0) {
    faults().erase(it);
  } else {
    fault.calls_left = 1;
  }
  return status;
}

struct LaunchFault {
  uint64_t launches_left = 0;
  cudaError_t status = cudaSuccess;
};
LaunchFault& launch_fault() {
  static LaunchFault fault;
  return fault;
}

}  // namespace

bool is_sticky(cudaError_t status) {
  switch (status) {
    case cudaErrorECCUncorrectable:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorMisalignedAddress:
    case cudaErrorLaunchFailure:
      return true;
    default:
      return false;
  }
}

bool refused_in_operation(const char* name) {
  if (!this_thread().in_operation) return false;
  violation("host function", std::string(name) + " is called by a host function of a stream");
  return true;
}

cudaError_t enter(const char* name, unsigned rules) {
  ++live_counters().api_calls[name];
  if (!config().driver) return cudaErrorInsufficientDriver;
  if (config().device_count == 0) return cudaErrorNoDevice;
  Device& device = current_device(engine());
  if (device.sticky != cudaSuccess && !(rules & kInError)) return device.sticky;
  if (const cudaError_t status = fault_of(name); status != cudaSuccess) {
    if (is_sticky(status)) device.sticky = status;
    return status;
  }
  if ((rules & kUnsafeInCapture) && refuse_unsafe_call()) return cudaErrorStreamCaptureUnsupported;
  return cudaSuccess;
}

cudaError_t leave(cudaError_t status) {
  if (status != cudaSuccess) this_thread().last_error = status;
  return status;
}

cudaError_t api_fault(const char* name) {
  if (in_null_mode()) return cudaSuccess;
  const std::lock_guard lock(engine().mutex);
  return enter(name, kInError);
}

void fail_call(std::string_view name, uint64_t nth, cudaError_t status, uint64_t times) {
  const std::lock_guard lock(engine().mutex);
  faults().insert_or_assign(
      std::string(name), Fault{std::max<uint64_t>(nth, 1), std::max<uint64_t>(times, 1), status});
}

void fail_launch(uint64_t nth, cudaError_t status) {
  const std::lock_guard lock(engine().mutex);
  launch_fault() = {nth, status};
}

cudaError_t take_launch_fault() {
  LaunchFault& fault = launch_fault();
  if (fault.launches_left == 0 || --fault.launches_left > 0) return cudaSuccess;
  return fault.status;
}

void clear_faults() {
  const std::lock_guard lock(engine().mutex);
  faults().clear();
  launch_fault() = {};
}

void reseed() {
  const std::lock_guard lock(engine().mutex);
  engine().reseed(config().seed);
  reseed_blocks();
}

void settle() {
  const std::lock_guard lock(engine().mutex);
  for (int i = 0; i < static_cast<int>(engine().devices.size()); ++i) {
    engine().synchronize_device(i);
  }
}

void reset() {
  settle();
  const std::lock_guard lock(engine().mutex);
  clear_faults();
  reset_counters();
  reseed();
  for (Device& device : engine().devices) device.sticky = cudaSuccess;
  this_thread().last_error = cudaSuccess;
  engine().races.clear();
  engine().host_functions = false;
  take_violations();
}

}  // namespace cudasim

using namespace cudasim;

namespace {

cudaError_t last_error(const char* name, bool clear) {
  if (refused_in_operation(name)) return cudaErrorNotPermitted;
  Engine& e = engine();
  const std::lock_guard lock(e.mutex);
  const cudaError_t status = enter(name, kInError);
  if (status != cudaSuccess) return status;
  if (const cudaError_t sticky = current_device(e).sticky; sticky != cudaSuccess) return sticky;
  const cudaError_t last = this_thread().last_error;
  if (clear) this_thread().last_error = cudaSuccess;
  return last;
}

}  // namespace

cudaError_t cudaGetLastError() { return last_error("cudaGetLastError", true); }
cudaError_t cudaPeekAtLastError() { return last_error("cudaPeekAtLastError", false); }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define CUDASIM_NAME(name, value, text) \
  case name:                            \
    return #name;
    CUDASIM_ERRORS(CUDASIM_NAME)
#undef CUDASIM_NAME
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
#define CUDASIM_TEXT(name, value, text) \
  case name:                            \
    return text;
    CUDASIM_ERRORS(CUDASIM_TEXT)
#undef CUDASIM_TEXT
  }
  return "unrecognized error code";
}
