// SPDX-License-Identifier: MIT
// Kernels, from cudaLaunchKernelEx to the stream.
#include <algorithm>

#include "api.h"
#include "blocks.h"
#include "faults.h"
#include "launch.h"

namespace cudasim {
namespace {

// The name of a launch's kernel, for as long as the program lives.
const std::string& name_of(const Launch& launch) {
  static auto* const names = new std::map<std::pair<const void*, const char*>, std::string>;
  auto [it, added] = names->try_emplace({launch.function, launch.site.pretty_function});
  if (added) it->second = launch.kernel_name();
  return it->second;
}

uint64_t checksum(const RangeAccess& range) {
  const auto* data = static_cast<const unsigned char*>(
      translate_address(reinterpret_cast<const void*>(range.begin)));
  uint64_t sum = 0;
  for (size_t i = 0; i < range.end - range.begin; ++i) sum = (sum ^ data[i]) * 0x100000001B3u;
  return sum;
}

// Everything that the launch may access; `unknown`: of what may be read or written.
void collect_uses(const Launch& launch, Work& work, std::vector<RangeAccess>& unknown) {
  const std::string who = describe(work.site);
  const void* const workspace = take_launch_workspace();
  for (const Access& access : launch.accesses) {
    RangeAccess range;
    if (!range_of(access.pointer, who, &range)) continue;
    range.write = access.role == Role::write;
    const auto same = std::find_if(work.uses.begin(), work.uses.end(), [&](const Use& use) {
      return use.access.begin == range.begin && use.access.end == range.end;
    });
    if (same == work.uses.end()) {
      work.uses.push_back({range, work.site, access.pointer != workspace});
    } else {
      same->access.write |= range.write;
    }
    if (access.role == Role::unknown &&
        std::find(unknown.begin(), unknown.end(), range) == unknown.end()) {
      unknown.push_back(range);
    }
  }
}

// A kernel can use another device's memory only where peer access is enabled.
bool reaches_memory(const Launch& launch, int device) {
  return std::all_of(launch.accesses.begin(), launch.accesses.end(), [&](const Access& access) {
    if (memory_kind(access.pointer) != MemoryKind::device) return true;
    const int owner = device_of(access.pointer);
    const auto& peers = engine().devices[static_cast<size_t>(device)].peers;
    return owner == device || peers.contains(owner);
  });
}

cudaError_t run(const Launch& launch, const std::vector<RangeAccess>& unknown, const Site& site,
                cudaError_t fault, const Operation& operation) {
  if (fault != cudaSuccess) return fault;
  std::vector<uint64_t> sums;
  for (const RangeAccess& range : unknown) sums.push_back(checksum(range));
  run_grid(launch);
  const std::string who = describe(site);
  for (const Access& access : launch.accesses) {
    if (access.role != Role::read) check_redzones(access.pointer, who);
  }
  for (size_t i = 0; i < unknown.size(); ++i) {
    if (checksum(unknown[i]) == sums[i]) continue;
    engine().races.access({unknown[i].begin, unknown[i].end, true}, operation, site);
  }
  return cudaSuccess;
}

}  // namespace

cudaError_t submit_launch(Launch&& launch, cudaStream_t handle) {
  return api("cudaLaunchKernelEx", kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream || stream->device != this_thread().device) return cudaErrorInvalidResourceHandle;
    const cudaError_t status = validate_launch(launch, stream->device);
    if (status != cudaSuccess) return status;

    Work work;
    work.type = Work::Type::kernel;
    const std::string& name = name_of(launch);
    work.kernel = &name;
    work.library = this_thread().library_calls > 0;
    work.site.kind = Site::Kind::kernel;
    work.site.what = name.c_str();
    work.site.file = launch.site.file;
    work.site.line = launch.site.line;
    work.site.stream = stream->number;
    std::vector<RangeAccess> unknown;
    collect_uses(launch, work, unknown);
    cudaError_t fault = stream->capture ? cudaSuccess : take_launch_fault();
    if (!reaches_memory(launch, stream->device)) {
      violation("peer access", describe(work.site) + " is given memory of a device that device " +
                                   std::to_string(stream->device) + " has no access to");
      fault = cudaErrorIllegalAddress;
    }
    // Work is copied: std::function asks for that.
    work.run = [launch = std::make_shared<const Launch>(std::move(launch)),
                unknown = std::move(unknown), site = work.site, fault](const Operation& operation) {
      return run(*launch, unknown, site, fault, operation);
    };
    return e.submit(*stream, std::move(work));
  });
}

}  // namespace cudasim
