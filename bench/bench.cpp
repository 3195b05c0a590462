// SPDX-License-Identifier: MIT
// ./dev bench: Adjoint beside LibTorch, on each device asked for. Runs the programs of rows by
// turns, several rounds, so that a machine whose speed drifts drifts for all; prints the medians
// and the ratios, and writes JSON.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using nlohmann::json;

std::string shell_quoted(const std::string& word) {
  std::string out = "'";
  for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string out;
  std::array<char, 65536> buffer;
  while (size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
  if (pclose(pipe) != 0) throw std::runtime_error("this program failed: " + command);
  return out;
}

/// Times of one library on one device: name of the row to nanoseconds, one for each round.
struct Library {
  std::string program, device, name;
  std::map<std::string, std::vector<double>> times;
  std::vector<std::string> order;

  /// Whether the program finds its device.
  bool can_run() const {
    const std::string command = shell_quoted(program) + " 1 " + shell_quoted(device) +
                                " --benchmark_min_time=0.001 --benchmark_filter=op/empty";
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }

  void run_once(int threads, double seconds, const std::string& filter) {
    std::string command =
        shell_quoted(program) + " " + std::to_string(threads) + " " + shell_quoted(device) +
        " --benchmark_format=json --benchmark_min_time=" + std::to_string(seconds) +
        (filter.empty() ? "" : " --benchmark_filter=" + shell_quoted(filter)) + " 2>/dev/null";
    const std::string text = output_of(command);
    if (text.find('{') == std::string::npos) return;  // no row of this program matches
    json report = json::parse(text);
    name = report["context"]["library"].get<std::string>() + ", " + device;
    for (const json& row : report["benchmarks"]) {
      std::string key = row["name"];
      // A row of a device that works behind the host's back is the same row.
      if (constexpr std::string_view suffix = "/manual_time"; key.ends_with(suffix))
        key.resize(key.size() - suffix.size());
      if (!times.contains(key)) order.push_back(key);
      // One thread's own time: that is not lengthened by other programs of the machine.
      const bool alone = threads == 1 && device == "cpu";
      times[key].push_back(row[alone ? "cpu_time" : "real_time"]);
    }
  }
};

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v.size() % 2 ? v[v.size() / 2] : (v[v.size() / 2 - 1] + v[v.size() / 2]) / 2;
}

/// Half of the distance from the smallest to the largest, relative to the median.
double spread(const std::vector<double>& v) {
  auto [low, high] = std::minmax_element(v.begin(), v.end());
  return (*high - *low) / 2 / median(v);
}

std::string readable(double ns) {
  char text[32];
  if (ns < 1e3) {
    snprintf(text, sizeof text, "%.1f ns", ns);
  } else if (ns < 1e6) {
    snprintf(text, sizeof text, "%.2f us", ns / 1e3);
  } else {
    snprintf(text, sizeof text, "%.2f ms", ns / 1e6);
  }
  return text;
}

/// A library that does not replay steps shows its eager ones beside replays. Null where it has no
/// such row.
const std::vector<double>* times_of(const Library& library, const std::string& key) {
  constexpr std::string_view kReplay = "replay/";
  auto found = library.times.find(key);
  if (found == library.times.end() && key.starts_with(kReplay))
    found = library.times.find("step/" + key.substr(kReplay.size()));
  return found == library.times.end() ? nullptr : &found->second;
}

/// How the rows of the first library compare with another's.
struct Comparison {
  double log_sum = 0;
  int rows = 0;
  int slower = 0;

  void add(double ratio) {
    log_sum += std::log(ratio);
    ++rows;
    slower += ratio < 1;
  }
};

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Adjoint beside LibTorch: operations, backward, training steps");
  int threads = 1, rounds = 5;
  double seconds = 0.05;
  std::string filter, file = "bench.json";
  std::vector<std::string> devices{"cpu"};
  app.add_option("--threads", threads, "threads that each library may use")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--device", devices, "cpu or cuda, or both")->capture_default_str();
  app.add_option("--rounds", rounds, "runs of each program")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--seconds", seconds, "least time for each row in a run")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--filter", filter, "only rows that match this regular expression");
  bool table = false;
  app.add_flag("--table", table,
               "the table of operations: small, medium, large, contiguous and not");
  app.add_option("--json", file, "where to write the numbers")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  // The table is long: its rows run only when they are asked for.
  if (filter.empty()) filter = table ? "^table/" : "-^table/";
  try {
    std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    std::vector<Library> libraries;
    for (const std::string& device : devices) {
      libraries.push_back({here / "rows_adjoint", device, "", {}, {}});
      if (device == "cpu") libraries.push_back({here / "handwritten_mlp", device, "", {}, {}});
      if (!std::filesystem::exists(here / "rows_torch")) continue;
      Library torch{here / "rows_torch", device, "", {}, {}};
      if (torch.can_run()) {
        libraries.push_back(torch);
      } else {
        fprintf(stderr, "bench: this LibTorch has no device %s: Adjoint alone there\n",
                device.c_str());
      }
    }
    for (int round = 0; round < rounds; ++round) {
      for (Library& library : libraries) library.run_once(threads, seconds, filter);
      if (isatty(2))
        fprintf(stderr, "\rround %d of %d%s", round + 1, rounds, round + 1 == rounds ? "\n" : "");
    }

    const Library& first = libraries[0];
    int width = 0;
    for (const std::string& key : first.order) width = std::max(width, int(key.size()));
    printf("%s, %d thread%s, medians of %d rounds (+- half the range)\n\n", cpu_name().c_str(),
           threads, threads == 1 ? "" : "s", rounds);
    printf("%-*s %20s", width, "", first.name.c_str());
    for (size_t i = 1; i < libraries.size(); ++i)
      printf(" %24s %8s", libraries[i].name.c_str(), "ratio");
    printf("\n");
    json rows = json::array();
    std::map<std::string, Comparison> comparisons;
    for (const std::string& key : first.order) {
      double a = median(first.times.at(key));
      bool slower = false;
      printf("%-*s %12s +-%3.0f %%", width, key.c_str(), readable(a).c_str(),
             spread(first.times.at(key)) * 100);
      json row{{"name", key}, {"ns", json::object()}};
      for (const Library& library : libraries) {
        const std::vector<double>* found = times_of(library, key);
        if (!found) {
          printf(" %24s %8s", "", "");
          continue;
        }
        const std::vector<double>& times = *found;
        row["ns"][library.name] = times;
        if (&library == &first) continue;
        double b = median(times);
        printf("     %12s +-%3.0f %% %7.2fx", readable(b).c_str(), spread(times) * 100, b / a);
        comparisons[library.name].add(b / a);
        slower |= b < a;
      }
      if (slower) printf("  slower");
      printf("\n");
      rows.push_back(std::move(row));
    }
    json report{{"processor", cpu_name()}, {"threads", threads},         {"rounds", rounds},
                {"compiler", __VERSION__}, {"libraries", json::array()}, {"rows", std::move(rows)}};
    for (const Library& library : libraries) report["libraries"].push_back(library.name);
    std::ofstream out(file);
    out << report.dump(1) << "\n";
    out.close();
    if (!out) throw std::runtime_error("cannot write " + file);
    printf("\nratio: time over that of the first column. Numbers: %s\n", file.c_str());
    for (const auto& [name, c] : comparisons) {
      printf("%s: geometric mean of %d rows %.2fx, slower in %d\n", name.c_str(), c.rows,
             std::exp(c.log_sum / c.rows), c.slower);
    }
  } catch (const std::exception& e) {
    fprintf(stderr, "bench: %s\n", e.what());
    return 2;
  }
  return 0;
}
