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

/// Return addresses that go into a site: those that follow the library's own.
class Collector {
 public:
  explicit Collector(CallSite& site) : site_(site) { site_.num_frames = 0; }

  /// False where that was the last one that is wanted.
  bool add(uintptr_t address) {
    if (own().contains(address)) return true;
    site_.frames[site_.num_frames++] = reinterpret_cast<void*>(address);
    return site_.num_frames != (library_is_apart() ? kFramesOfProgram : CallSite::kMaxFrames);
  }
  /// How many addresses to look at.
  static int reach() { return library_is_apart() ? kFramesOfProgram + 12 : CallSite::kMaxFrames; }

 private:
  static constexpr uint32_t kFramesOfProgram = 8;
  static bool library_is_apart() { return own().end != 0; }
  static const OwnCode& own() {
    static const OwnCode code = find_own_code();
    return code;
  }
  CallSite& site_;
};

_Unwind_Reason_Code take_frame(_Unwind_Context* context, void* collector) {
  const uintptr_t address = _Unwind_GetIP(context);
  if (address == 0 || !static_cast<Collector*>(collector)->add(address)) return _URC_END_OF_STACK;
  return _URC_NO_REASON;
}

/// libunwind's, where the machine has it: it remembers the layout of frames that it has seen, and
/// takes a tenth of the time of the compiler's own unwinder. At the end of a thread it takes a lock
/// after ThreadSanitizer has let the thread go, which crashes there.
using Backtrace = int (*)(void** addresses, int size);
Backtrace find_fast_backtrace() {
  if (dlsym(RTLD_DEFAULT, "__tsan_init")) return nullptr;
  void* library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
  return library ? reinterpret_cast<Backtrace>(dlsym(library, "unw_backtrace")) : nullptr;
}

}  // namespace

void capture_without_libunwind(CallSite& site) noexcept {
  Collector collector(site);
  _Unwind_Backtrace(take_frame, &collector);
}

void capture(CallSite& site) noexcept {
  static const Backtrace fast_backtrace = find_fast_backtrace();
  if (!fast_backtrace) {
    capture_without_libunwind(site);
    return;
  }
  Collector collector(site);
  void* addresses[CallSite::kMaxFrames];
  const int count = fast_backtrace(addresses, Collector::reach());
  for (int i = 0; i < count; ++i) {
    if (!collector.add(reinterpret_cast<uintptr_t>(addresses[i]))) break;
  }
}

std::string SourceFrame::str() const {
  std::string out = file.substr(file.rfind('/') + 1);
  if (line != 0) out += ":" + std::to_string(line);
  if (!function.empty()) out += " in " + function;
  return out;
}

}  // namespace adjoint
