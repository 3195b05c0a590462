// SPDX-License-Identifier: MIT
// What every function of the API does first: count, fail on demand, refuse where the device is in
// error, where there is none, inside host functions and while a stream is captured.
#pragma once

#include "engine.h"

namespace cudasim {

/// Of an API function.
enum Rules : unsigned {
  kPlain = 0,
  kUnsafeInCapture = 1,  // see cudaThreadExchangeStreamCaptureMode
  kInError = 2,          // works, too, when the device is in error
};

/// Under the engine's lock.
cudaError_t enter(const char* name, unsigned rules);
cudaError_t leave(cudaError_t status);
/// True, and a violation noted, where a host function calls the API.
bool refused_in_operation(const char* name);

/// Runs the body of an API function: `cudaError_t body(Engine&)`.
template <class Body>
cudaError_t api(const char* name, unsigned rules, Body&& body) {
  if (refused_in_operation(name)) return cudaErrorNotPermitted;
  Engine& e = engine();
  const std::lock_guard lock(e.mutex);
  const cudaError_t status = enter(name, rules);
  return leave(status == cudaSuccess ? body(e) : status);
}

/// The state of the current device.
inline Device& current_device(Engine& e) {
  return e.devices[static_cast<size_t>(this_thread().device)];
}
/// Errors that a context does not survive.
bool is_sticky(cudaError_t status);

inline Site site_of(const char* name, const void* caller, const CUstream_st& stream) {
  Site site;
  site.what = name;
  site.caller = caller;
  site.stream = stream.number;
  return site;
}

}  // namespace cudasim
