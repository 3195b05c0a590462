// SPDX-License-Identifier: MIT
// ./dev bench: Adjoint beside LibTorch, PyTorch and JAX, on each device and number of threads asked
// for. Runs the programs of rows by turns, several rounds, so that a machine whose speed drifts
// drifts for all; prints the medians and the ratios, and writes JSON.
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
  std::string program;        // a shell's word or several
  std::string device, where;  // what the program is told, and the reader
  std::string name;
  std::map<std::string, std::vector<double>> times;
  std::vector<std::string> order;

  /// Whether the program finds its device.
  bool can_run() const {
    const std::string command = program + " 1 " + shell_quoted(device) +
                                " --benchmark_min_time=0.001 --benchmark_filter=op/empty";
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }

  void run_once(int threads, double seconds, const std::string& filter) {
    // LibTorch's number of threads does not reach OpenBLAS, which has its own.
    std::string command =
        "OPENBLAS_NUM_THREADS=" + std::to_string(threads) + " " + program + " " +
        std::to_string(threads) + " " + shell_quoted(device) +
        " --benchmark_format=json --benchmark_min_time=" + std::to_string(seconds) +
        (filter.empty() ? "" : " --benchmark_filter=" + shell_quoted(filter)) + " 2>/dev/null";
    const std::string text = output_of(command);
    if (text.find('{') == std::string::npos) return;  // no row of this program matches
    json report = json::parse(text);
    name = report["context"]["library"].get<std::string>() + ", " + where;
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

/// The programs that measure on `device`. Says which of the others are not there.
std::vector<Library> libraries_on(const std::string& device) {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const char* chosen = std::getenv("ADJOINT_PYTHON");
  const std::string python = chosen && *chosen ? chosen : "python3";
  const auto program = [&](const char* name) { return shell_quoted(here / name); };
  const auto script = [&](const char* peer) {
    return shell_quoted(python) + " " + shell_quoted(ADJOINT_PEERS_PY) + " " + peer;
  };
  std::vector<Library> libraries;
  const auto add = [&](const std::string& command) {
    libraries.push_back({command, device, device, "", {}, {}});
    return libraries.back().can_run();
  };
  if (device == "null") {
    const std::string environment =
        "ADJOINT_CUDA_LIBRARY=" + shell_quoted(here.parent_path() / "libadjoint_cudasim.so") +
        " CUDASIM_MODE=null ";
    Library null{environment + program("rows_adjoint"), "cuda", "null device", "", {}, {}};
    if (!null.can_run())
      throw std::runtime_error("the simulated CUDA device was not built: configure with tests");
    return {null};
  }
  std::string absent;
  const auto add_peer = [&](const std::string& command, const char* name) {
    if (add(command)) return;
    libraries.pop_back();
    absent += std::string(absent.empty() ? "" : ", ") + name;
  };
  add(program("rows_adjoint"));
  if (device == "cpu") add(program("handwritten_mlp"));
  add_peer(program("rows_torch"), "LibTorch");
  add_peer(script("torch"), "PyTorch");
  add_peer(script("compile"), "torch.compile");
  add_peer(script("jax"), "JAX");
  if (!absent.empty()) {
    fprintf(
        stderr,
        "bench: not here, or not for device %s: %s (Python: %s; ADJOINT_PYTHON names another)\n",
        device.c_str(), absent.c_str(), python.c_str());
  }
  return libraries;
}

/// Prints the libraries' numbers side by side, and returns them.
json print_table(const std::vector<Library>& libraries, int threads, int rounds) {
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
  for (const auto& [name, c] : comparisons) {
    printf("%s: geometric mean of %d rows %.2fx, slower in %d\n", name.c_str(), c.rows,
           std::exp(c.log_sum / c.rows), c.slower);
  }
  printf("\n");
  json run{{"threads", threads}, {"libraries", json::array()}, {"rows", std::move(rows)}};
  for (const Library& library : libraries) run["libraries"].push_back(library.name);
  return run;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Adjoint beside LibTorch, PyTorch and JAX: operations, backward, training steps");
  int rounds = 5;
  std::vector<int> threads{1, 2};
  double seconds = 0.05;
  std::string filter, file = "bench.json";
  std::vector<std::string> devices{"cpu"};
  app.add_option("--threads", threads, "threads that each library may use: one number, or several")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--device", devices,
                 "cpu, cuda, or null: a CUDA device that does nothing, for the host's share")
      ->capture_default_str();
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
    std::vector<Library> programs;
    for (const std::string& device : devices) {
      for (Library& library : libraries_on(device)) programs.push_back(std::move(library));
    }
    json report{{"processor", cpu_name()},
                {"rounds", rounds},
                {"compiler", __VERSION__},
                {"runs", json::array()}};
    for (int n : threads) {
      std::vector<Library> libraries = programs;
      for (int round = 0; round < rounds; ++round) {
        for (Library& library : libraries) library.run_once(n, seconds, filter);
        if (isatty(2))
          fprintf(stderr, "\rround %d of %d%s", round + 1, rounds, round + 1 == rounds ? "\n" : "");
      }
      std::erase_if(libraries,
                    [&](const Library& l) { return &l != libraries.data() && l.times.empty(); });
      report["runs"].push_back(print_table(libraries, n, rounds));
    }
    std::ofstream out(file);
    out << report.dump(1) << "\n";
    out.close();
    if (!out) throw std::runtime_error("cannot write " + file);
    printf("ratio: time over that of the first column. Numbers: %s\n", file.c_str());
  } catch (const std::exception& e) {
    fprintf(stderr, "bench: %s\n", e.what());
    return 2;
  }
  return 0;
}
