// SPDX-License-Identifier: MIT
// How far an epoch is: a bar that redraws itself on a terminal, one plain line at the end
// elsewhere.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace support {

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class ProgressBar {
 public:
  ProgressBar(std::string title, int64_t total) : title_(std::move(title)), total_(total) {}

  /// Counts `samples` more as done. True where the bar is due to be drawn, ten times a second at
  /// most: what it is to say need not be computed more often.
  bool advance(int64_t samples) {
    done_ += samples;
    if (!is_terminal() || watch_.seconds() < next_draw_) return false;
    next_draw_ = watch_.seconds() + 0.1;
    return true;
  }

  void draw(const std::string& text) const {
    constexpr int kWidth = 24;
    const int filled = int(kWidth * done_ / total_);
    std::string bar(size_t(filled), '=');
    if (filled < kWidth) bar += '>';
    bar.resize(kWidth, ' ');
    std::printf("\r%s [%s] %s\033[K", title_.c_str(), bar.c_str(), with_rate(text).c_str());
    std::fflush(stdout);
  }

  /// The last line, which stays.
  void finish(const std::string& text) const {
    const char* start = is_terminal() ? "\r\033[K" : "";
    std::printf("%s%s  %s\n", start, title_.c_str(), with_rate(text).c_str());
    std::fflush(stdout);
  }

 private:
  static bool is_terminal() {
    static const bool answer = ::isatty(STDOUT_FILENO) == 1;
    return answer;
  }
  std::string with_rate(const std::string& text) const {
    char rate[48];
    std::snprintf(rate, sizeof rate, "  %.0f samples/s", double(done_) / watch_.seconds());
    return text + rate;
  }

  std::string title_;
  int64_t total_, done_ = 0;
  Stopwatch watch_;
  double next_draw_ = 0;
};

}  // namespace support
