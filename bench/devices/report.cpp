// SPDX-License-Identifier: MIT
#include "bench/devices/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace devices {

using nlohmann::json;

namespace {

std::string format(const char* pattern, auto... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string readable(double seconds) {
  if (seconds < 1e-6) return format("%.0f ns", seconds * 1e9);
  if (seconds < 1e-3) return format("%.2f us", seconds * 1e6);
  return format("%.2f ms", seconds * 1e3);
}

const DeviceResult* gpu_of(const Report& report) {
  return report.devices.size() > 1 ? &report.devices[1] : nullptr;
}

json as_json(const Time& time) { return {{"seconds", time.median}, {"spread", time.spread}}; }

std::string recommendation(const Report& report) {
  if (!gpu_of(report)) return "Placement: the CPU, since no GPU was measured.\n";
  const std::optional<double> batch = crossover(report);
  if (!batch) return "Placement: the CPU is faster at every batch size.\n";
  if (*batch == 0) return "Placement: the GPU is faster at every batch size.\n";
  return format("Placement: the CPU below a batch of about %.0f, the GPU from there on.\n", *batch);
}

}  // namespace

double best_step(const Times& times) { return std::min(times.step.median, times.replay.median); }

std::optional<double> crossover(const Report& report) {
  const DeviceResult* gpu = gpu_of(report);
  if (!gpu) return std::nullopt;
  const std::vector<Times>&cpu_times = report.devices[0].times, &gpu_times = gpu->times;
  auto advantage = [&](size_t i) {
    return std::log(best_step(cpu_times[i]) / best_step(gpu_times[i]));
  };
  size_t first = cpu_times.size();  // from here on the GPU wins
  while (first > 0 && advantage(first - 1) > 0) --first;
  if (first == cpu_times.size()) return std::nullopt;
  if (first == 0) return 0;
  const double before = -advantage(first - 1), after = advantage(first);
  const double low = std::log(double(cpu_times[first - 1].batch)),
               high = std::log(double(cpu_times[first].batch));
  return std::exp(low + (high - low) * before / (before + after));
}

double largest_difference(const Report& report) {
  double largest = 0;
  for (const DeviceResult& other : report.devices) {
    for (size_t i = 0; i < other.times.size(); ++i) {
      const std::vector<double>&a = report.devices[0].times[i].losses, &b = other.times[i].losses;
      for (size_t k = 0; k < a.size(); ++k) {
        const double difference = std::abs(a[k] - b[k]) / (1 + std::abs(a[k]));
        if (!(difference <= largest)) largest = difference;  // NaN too
      }
    }
  }
  return largest;
}

std::string as_text(const Report& report) {
  const Settings& s = report.settings;
  std::string out = format("%s, %s, %d thread%s; %s; %s\n", s.network.c_str(), s.activation.c_str(),
                           report.threads, report.threads == 1 ? "" : "s", report.processor.c_str(),
                           report.library.c_str());
  out += "GPU: " + report.gpu + "\n";
  out += format("compiled by %s; medians of %d rounds (+- half the range)\n\n",
                report.compiler.c_str(), s.rounds);
  out += format("%8s  %-7s %11s %11s %11s %6s %11s %8s  %s\n", "batch", "device", "forward",
                "backward", "step", "+-", "replay", "speed-up", "bound by");
  for (size_t i = 0; i < report.devices[0].times.size(); ++i) {
    for (const DeviceResult& d : report.devices) {
      const Times& t = d.times[i];
      out += format(
          "%8lld  %-7s %11s %11s %11s %4.0f %% %11s %7.2fx  %s%s\n",
          static_cast<long long>(t.batch), d.device.str().c_str(),
          readable(t.forward.median).c_str(), readable(t.backward.median).c_str(),
          readable(t.step.median).c_str(), t.step.spread * 100, readable(t.replay.median).c_str(),
          best_step(report.devices[0].times[i]) / best_step(t), bound_of(t, d.device).c_str(),
          t.replay_is_same ? "" : "; REPLAY DIFFERS FROM EAGER");
    }
  }
  out += "\nspeed-up: the CPU's faster step over this device's\n" + recommendation(report);
  if (gpu_of(report)) {
    const double difference = largest_difference(report);
    out += format("Losses of both devices differ by %.1e at most%s.\n", difference,
                  difference <= 1e-4 ? "" : ": MORE THAN ROUNDING");
  }
  return out;
}

std::string as_json(const Report& report) {
  json devices = json::array();
  for (const DeviceResult& d : report.devices) {
    json rows = json::array();
    for (const Times& t : d.times) {
      rows.push_back({{"batch", t.batch},
                      {"forward", as_json(t.forward)},
                      {"backward", as_json(t.backward)},
                      {"step", as_json(t.step)},
                      {"replay", as_json(t.replay)},
                      {"enqueue", as_json(t.enqueue)},
                      {"copy", as_json(t.copy)},
                      {"bound_by", bound_of(t, d.device)},
                      {"losses", t.losses},
                      {"replay_is_same", t.replay_is_same}});
    }
    devices.push_back({{"device", d.device.str()}, {"rows", std::move(rows)}});
  }
  const std::optional<double> batch = crossover(report);
  return json{{"network", report.settings.network},
              {"activation", report.settings.activation},
              {"threads", report.threads},
              {"rounds", report.settings.rounds},
              {"processor", report.processor},
              {"gpu", report.gpu},
              {"compiler", report.compiler},
              {"library", report.library},
              {"devices", std::move(devices)},
              {"crossover_batch", batch ? json(*batch) : json()},
              {"largest_difference_of_losses", largest_difference(report)}}
             .dump(1) +
         "\n";
}

std::string as_csv(const Report& report) {
  std::string out =
      "device,batch,forward_s,backward_s,step_s,replay_s,enqueue_s,copy_s,step_spread,bound_by\n";
  for (const DeviceResult& d : report.devices) {
    for (const Times& t : d.times) {
      out += format("%s,%lld,%.4g,%.4g,%.4g,%.4g,%.4g,%.4g,%.3g,%s\n", d.device.str().c_str(),
                    static_cast<long long>(t.batch), t.forward.median, t.backward.median,
                    t.step.median, t.replay.median, t.enqueue.median, t.copy.median, t.step.spread,
                    bound_of(t, d.device).c_str());
    }
  }
  return out;
}

std::string as_svg(const Report& report) {
  constexpr double kWidth = 720, kHeight = 440, kLeft = 80, kRight = 150, kTop = 40, kBottom = 50;
  const std::vector<Times>& first = report.devices[0].times;
  double fastest = first[0].step.median, slowest = fastest;
  for (const DeviceResult& d : report.devices) {
    for (const Times& t : d.times) {
      fastest = std::min({fastest, t.step.median, t.replay.median});
      slowest = std::max({slowest, t.step.median, t.replay.median});
    }
  }
  const double low_x = std::log(double(first.front().batch)),
               high_x = std::max(low_x + 1e-9, std::log(double(first.back().batch)));
  const double low_y = std::floor(std::log10(fastest)),
               high_y = std::max(low_y + 1, std::ceil(std::log10(slowest)));
  auto x_of = [&](int64_t batch) {
    return kLeft + (std::log(double(batch)) - low_x) / (high_x - low_x) * (kWidth - kLeft - kRight);
  };
  auto y_of = [&](double seconds) {
    return kHeight - kBottom -
           (std::log10(seconds) - low_y) / (high_y - low_y) * (kHeight - kTop - kBottom);
  };
  std::string out = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
      "font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
      "<text x=\"%.0f\" y=\"22\" font-size=\"14\">Time of a training step: %s, %s</text>\n",
      kWidth, kHeight, kLeft, report.settings.network.c_str(), report.settings.activation.c_str());
  for (double decade = low_y; decade <= high_y; ++decade) {
    const double y = y_of(std::pow(10, decade));
    out += format(
        "<line x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>"
        "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
        kLeft, kWidth - kRight, y, y, kLeft - 8, y + 4, readable(std::pow(10, decade)).c_str());
  }
  for (const Times& t : first) {
    out += format("<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%lld</text>\n", x_of(t.batch),
                  kHeight - kBottom + 18, static_cast<long long>(t.batch));
  }
  out += format("<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">batch size</text>\n",
                (kLeft + kWidth - kRight) / 2, kHeight - 12);
  constexpr const char* kColors[] = {"#1f77b4", "#2ca02c"};
  for (size_t d = 0; d < report.devices.size(); ++d) {
    for (bool replayed : {false, true}) {
      std::string points;
      double y = 0;
      for (const Times& t : report.devices[d].times) {
        y = y_of((replayed ? t.replay : t.step).median);
        points += format("%.1f,%.1f ", x_of(t.batch), y);
      }
      const char* color = kColors[d % 2];
      out += "<polyline points=\"" + points + "\" fill=\"none\" stroke=\"" + color +
             "\" stroke-width=\"2\"" + (replayed ? " stroke-dasharray=\"6 4\"" : "") + "/>";
      out += format("<text x=\"%.0f\" y=\"%.1f\" fill=\"%s\">%s, %s</text>\n", kWidth - kRight + 8,
                    y + (replayed ? 12 : -2), color, report.devices[d].device.str().c_str(),
                    replayed ? "replay" : "eager");
    }
  }
  return out + "</svg>\n";
}

}  // namespace devices
