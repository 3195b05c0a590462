// SPDX-License-Identifier: MIT
#include "core/util/call_site.h"

#include <dlfcn.h>
#include <link.h>
#include <unwind.h>

#include <string_view>

namespace adjoint {
namespace {

/// The code of libadjoint, where that is a library of its own.
struct OwnCode {
  uintptr_t begin = 0, end = 0;
  bool contains(uintptr_t address) const { return address - begin < end - begin; }
};

OwnCode find_own_code() {
  OwnCode own;
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&capture), &info) == 0 || !info.dli_fname) return own;
  std::string_view file = info.dli_fname;
  file.remove_prefix(file.rfind('/') + 1);
  // A program, or another library, that this one is linked into has code of its own beside.
  if (!file.starts_with("libadjoint.so")) return own;
  dl_iterate_phdr(
      [](dl_phdr_info* image, size_t, void* result) {
        OwnCode code;
        bool is_own = false;
        for (int i = 0; i < image->dlpi_phnum; ++i) {
          const auto& segment = image->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X)) continue;
          code.begin = image->dlpi_addr + segment.p_vaddr;
          code.end = code.begin + segment.p_memsz;
          is_own = code.contains(reinterpret_cast<uintptr_t>(&capture));
        }
        if (is_own) *static_cast<OwnCode*>(result) = code;
        return int(is_own);
      },
      &own);
  return own;
}

struct Capture {
  CallSite& site;
  const OwnCode own;
  const uint32_t limit = own.end != 0 ? 6 : CallSite::kMaxFrames;
};

_Unwind_Reason_Code take_frame(_Unwind_Context* context, void* state) {
  auto& capture = *static_cast<Capture*>(state);
  const uintptr_t address = _Unwind_GetIP(context);
  if (address == 0) return _URC_END_OF_STACK;
  if (capture.own.contains(address)) return _URC_NO_REASON;
  capture.site.frames[capture.site.num_frames++] = reinterpret_cast<void*>(address);
  return capture.site.num_frames == capture.limit ? _URC_END_OF_STACK : _URC_NO_REASON;
}

}  // namespace

void capture(CallSite& site) noexcept {
  static const OwnCode own = find_own_code();
  site.num_frames = 0;
  Capture state{site, own};
  _Unwind_Backtrace(take_frame, &state);
}

std::string SourceFrame::str() const {
  std::string out = file.substr(file.rfind('/') + 1);
  if (line != 0) out += ":" + std::to_string(line);
  if (!function.empty()) out += " in " + function;
  return out;
}

}  // namespace adjoint
