// SPDX-License-Identifier: MIT
// adjoint-bench: is this network faster on the CPU or on the GPU, from which batch size on, and
// why?
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "adjoint/adjoint.h"
#include "bench/devices/report.h"

namespace {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

/// Why there is none, or nothing.
std::string missing_gpu() {
  try {
    adjoint::empty({1}, adjoint::kCUDA);
    return "";
  } catch (const adjoint::Error& e) {
    const std::string& message = e.message();
    return message.substr(0, message.find('\n'));
  }
}

/// As NVIDIA's driver tells it.
std::string gpu_name() {
  std::error_code none;
  for (const auto& gpu : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", none)) {
    std::ifstream info(gpu.path() / "information");
    for (std::string line; std::getline(info, line);) {
      const size_t name = line.find_first_not_of(" \t", 6);
      if (line.starts_with("Model:") && name != std::string::npos) return line.substr(name);
    }
  }
  return "a CUDA device";
}

std::string compiler() {
#ifdef __clang__
  return std::string("Clang ") + __clang_version__ + " with" ADJOINT_BENCH_FLAGS;
#else
  return "GCC " __VERSION__ " with" ADJOINT_BENCH_FLAGS;
#endif
}

void write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  std::ofstream out(path);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Forward, backward and training step of a network on the CPU and on the GPU");
  devices::Settings settings{"784-128-10", "relu", 5, 0.05};
  std::vector<int64_t> batches{1, 8, 64, 512};
  int threads = 1;
  std::string json, csv, svg;
  bool cpu_only = false;
  app.add_option("network", settings.network, "cnn, or the widths of a perceptron")
      ->capture_default_str();
  app.add_option("--activation", settings.activation, "relu, tanh or gelu")->capture_default_str();
  app.add_option("--batches", batches, "batch sizes")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--threads", threads, "of the CPU")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--rounds", settings.rounds, "measurements of each time")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seconds", settings.seconds, "least time of a measurement")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--cpu-only", cpu_only, "leave the GPU alone");
  app.add_option("--json", json, "write the numbers there");
  app.add_option("--csv", csv, "write the numbers there");
  app.add_option("--svg", svg, "draw a chart there");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    std::sort(batches.begin(), batches.end());
    batches.erase(std::unique(batches.begin(), batches.end()), batches.end());
    adjoint::set_num_threads(threads);
    devices::Report report{settings,
                           threads,
                           processor_name(),
                           compiler(),
                           "Adjoint " ADJOINT_VERSION,
                           cpu_only ? "not asked for" : missing_gpu(),
                           {}};
    report.devices.push_back({adjoint::Device(adjoint::kCPU), {}});
    if (report.gpu.empty()) {
      report.devices.push_back({adjoint::Device("cuda:0"), {}});
      report.gpu = gpu_name();
    }
    for (devices::DeviceResult& device : report.devices) {
      for (int64_t batch : batches)
        device.times.push_back(devices::measure(settings, batch, device.device));
    }
    std::fputs(as_text(report).c_str(), stdout);
    write_file(json, as_json(report));
    write_file(csv, as_csv(report));
    write_file(svg, as_svg(report));
    for (const devices::DeviceResult& device : report.devices) {
      for (const devices::Times& t : device.times) {
        if (!t.replay_is_same) return 1;
      }
    }
    return devices::largest_difference(report) <= 1e-4 ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "adjoint-bench: %s\n", e.what());
    return 2;
  }
}
