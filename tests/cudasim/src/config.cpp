// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <stdexcept>

#include "cudasim.h"

namespace cudasim {
namespace {

// The enumerator whose name is in the environment variable.
template <class Enum>
void read(const char* variable, std::initializer_list<std::pair<const char*, Enum>> names,
          Enum* value) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return;
  for (const auto& [name, enumerator] : names) {
    if (std::string(text) == name) {
      *value = enumerator;
      return;
    }
  }
  throw std::invalid_argument(std::string(variable) + ": there is no '" + text + "'");
}

Config from_environment() {
  Config config;
  read("CUDASIM_MODE", {{"eager", Mode::eager}, {"lazy", Mode::lazy}, {"null", Mode::null}},
       &config.mode);
  read("CUDASIM_ORDER",
       {{"mixed", Order::mixed},
        {"forward", Order::forward},
        {"reverse", Order::reverse},
        {"random", Order::random},
        {"priority", Order::priority}},
       &config.order);
  if (const char* seed = std::getenv("CUDASIM_SEED")) config.seed = std::strtoull(seed, nullptr, 0);
  return config;
}

}  // namespace

Config& config() {
  static Config config = from_environment();
  return config;
}

}  // namespace cudasim
