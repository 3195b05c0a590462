// SPDX-License-Identifier: MIT
// Where in the program the library was called from: return addresses, which are cheap to take, and
// the functions, files and lines that they stand for, which are not.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace adjoint {

/// Return addresses, from the innermost call outwards.
struct CallSite {
  static constexpr uint32_t kMaxFrames = 32;
  uint32_t num_frames = 0;
  void* frames[kMaxFrames];
  std::span<void* const> addresses() const { return {frames, num_frames}; }
};

/// The calls that led here, without those inside of libadjoint where that is a shared library. Of
/// these, eight; of a program that holds the library itself, so that the addresses cannot tell,
/// kMaxFrames in all.
void capture(CallSite& site) noexcept;
/// What capture() does where libunwind is not installed, in ten times the time.
void capture_without_libunwind(CallSite& site) noexcept;

struct SourceFrame {
  std::string function;  ///< "Net::forward"; empty where it is not known
  std::string file;      ///< as the compiler was given it; without a line, "program+0x1234"
  int line = 0;          ///< 0: not known
  /// "model.cpp:42 in Net::forward"
  std::string str() const;
};

/// Finds what addresses stand for. Holds the debug information that it has read: for one report.
class Symbolizer {
 public:
  Symbolizer();
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  /// The calls outside of namespaces adjoint and std, inlined ones too, from the innermost
  /// outwards.
  std::vector<SourceFrame> frames(const CallSite& site);

 private:
  struct DebugInfo;
  struct Frame {
    std::string symbol;  // mangled, or else qualified
    SourceFrame source;
  };
  const std::vector<Frame>& frames_at(void* address);

  DebugInfo* debug_info_ = nullptr;
  std::unordered_map<void*, std::vector<Frame>> known_;
};

/// "Net::forward" of "adjoint::Tensor Net::forward<float>(int) const".
std::string function_name(const std::string& demangled);

}  // namespace adjoint
