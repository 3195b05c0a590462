// SPDX-License-Identifier: MIT
// What can be said of a launch before it runs.
#include "launch.h"

#include <cstring>

#include "cudasim.h"
#include "kernel_attributes.h"
#include "memory.h"

namespace cudasim {
namespace {

thread_local LaunchSite next_site;
thread_local const void* next_workspace = nullptr;

// Without the namespaces that it is in, which end at a "::" outside of all brackets.
std::string unqualified(const std::string& name) {
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i + 1 < name.size(); ++i) {
    if (std::strchr("<({", name[i]) != nullptr) ++depth;
    if (std::strchr(">)}", name[i]) != nullptr) --depth;
    if (depth == 0 && name[i] == ':' && name[i + 1] == ':') begin = i + 2;
  }
  return name.substr(begin);
}

bool dimensions_fit(const Launch& launch) {
  const dim3 grid = launch.grid, block = launch.block;
  return grid.x >= 1 && grid.y >= 1 && grid.z >= 1 && grid.x <= 0x7fffffff && grid.y <= 65535 &&
         grid.z <= 65535 && block.x >= 1 && block.y >= 1 && block.z >= 1 && block.x <= 1024 &&
         block.y <= 1024 && block.z <= 64 && uint64_t{block.x} * block.y * block.z <= 1024;
}

}  // namespace

void name_next_launch(const char* pretty_function, const char* file, int line) {
  next_site = {pretty_function, file, line};
}

void name_workspace_of_next_launch(const void* workspace) { next_workspace = workspace; }

const void* take_launch_workspace() { return std::exchange(next_workspace, nullptr); }

LaunchSite take_launch_site() { return std::exchange(next_site, {}); }

// From "... [with auto kernel = adjoint::k<float>; Args = ...]", or "... [kernel = &k, Args =
// ...]".
std::string Launch::kernel_name() const {
  if (site.pretty_function == nullptr) return "(unnamed)";
  const char* key = " = ";
  const char* found = std::strstr(site.pretty_function, key);
  if (found == nullptr) return site.pretty_function;
  const char* begin = found + std::strlen(key);
  if (*begin == '&') ++begin;
  const char* end = begin;
  for (int depth = 0; *end != '\0'; ++end) {
    if (std::strchr("<({", *end) != nullptr) ++depth;
    if (std::strchr(">)}", *end) != nullptr) --depth;
    if (depth == 0 && (*end == ';' || *end == ',' || *end == ']')) break;
  }
  return unqualified(std::string(begin, end));
}

constexpr uintptr_t kFirstPage = 4096;

cudaError_t validate_launch(const Launch& launch, int) {
  if (!dimensions_fit(launch)) return cudaErrorInvalidConfiguration;
  if (launch.shared_bytes > max_dynamic_shared_bytes(launch.function)) return cudaErrorInvalidValue;
  for (const Access& access : launch.accesses) {
    Allocation found;
    if (access.role == Role::unknown || find_allocation(access.pointer, &found)) continue;
    // A view into an empty tensor, whose memory is null: nothing lies there, and to read it faults.
    if (reinterpret_cast<uintptr_t>(access.pointer) < kFirstPage) continue;
    const bool device = is_reserved_address(access.pointer);
    violation("bad pointer", "kernel " + launch.kernel_name() + " (" + launch.site.file + ":" +
                                 std::to_string(launch.site.line) + "): parameter " +
                                 std::to_string(access.parameter) +
                                 (device ? " points to device memory that is not allocated"
                                         : " points to host memory that is not pinned"));
    return cudaErrorIllegalAddress;
  }
  return cudaSuccess;
}

}  // namespace cudasim
