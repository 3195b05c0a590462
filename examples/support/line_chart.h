// SPDX-License-Identifier: MIT
// Curves over epochs as an SVG image.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "text.h"

namespace support {

/// One value an epoch.
struct Curve {
  std::string name;
  std::vector<double> values;
};

/// Some curves on common axes. The vertical axis goes from `low` to `high`.
struct Panel {
  std::string title;
  std::vector<Curve> curves;
  double low, high;
};

namespace detail {

constexpr double kWidth = 400, kHeight = 260;  // of a panel's axes
constexpr double kLeft = 56, kTop = 48;        // room for labels
constexpr const char* kColors[] = {"#2563eb", "#ea580c", "#16a34a", "#9333ea"};

inline std::string label(double x, double y, const char* anchor, const std::string& text) {
  return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor) + text +
         "</text>\n";
}

inline std::string draw(const Panel& panel) {
  size_t epochs = 1;
  for (const Curve& curve : panel.curves) epochs = std::max(epochs, curve.values.size());
  auto x_of = [&](size_t epoch) {
    return epochs < 2 ? kWidth / 2 : kWidth * double(epoch) / double(epochs - 1);
  };
  auto y_of = [&](double value) {
    const double share = (value - panel.low) / (panel.high - panel.low);
    return kHeight * (1 - std::clamp(share, 0.0, 1.0));
  };

  std::string svg = label(kWidth / 2, -24, "middle", panel.title);
  svg += label(kWidth / 2, kHeight + 36, "middle", "epoch");
  for (int tick = 0; tick <= 4; ++tick) {
    const double value = panel.low + (panel.high - panel.low) * tick / 4, y = y_of(value);
    svg += format("<line x1=\"0\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", kWidth, y,
                  y);
    svg += label(-6, y + 4, "end", format("%.3g", value));
  }
  svg += label(x_of(0), kHeight + 18, "middle", "1");
  if (epochs > 1) svg += label(kWidth, kHeight + 18, "middle", std::to_string(epochs));

  for (size_t i = 0; i < panel.curves.size(); ++i) {
    const Curve& curve = panel.curves[i];
    const char* color = kColors[i % std::size(kColors)];
    svg += format("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\" points=\"", color);
    for (size_t epoch = 0; epoch < curve.values.size(); ++epoch)
      svg += format("%.1f,%.1f ", x_of(epoch), y_of(curve.values[epoch]));
    svg += "\"/>\n<g fill=\"" + std::string(color) + "\">" +
           label(kWidth - 110.0 * double(i), -6, "end", curve.name) + "</g>\n";
  }
  return svg;
}

}  // namespace detail

/// The panels side by side, under a title.
inline std::string line_chart(const std::string& title, const std::vector<Panel>& panels) {
  using namespace detail;
  const double step = kWidth + kLeft + 24;
  const double width = step * double(panels.size()), height = kHeight + kTop + 84;
  std::string svg = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" "
      "fill=\"white\"/>\n",
      width, height, width);
  svg += label(width / 2, 24, "middle", title);
  for (size_t i = 0; i < panels.size(); ++i) {
    svg += format("<g transform=\"translate(%g %g)\">\n", kLeft + step * double(i), kTop + 24);
    svg += draw(panels[i]) + "</g>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace support
