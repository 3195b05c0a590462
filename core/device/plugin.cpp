// SPDX-License-Identifier: MIT
#include "core/device/plugin.h"

#include <dlfcn.h>

#include <cstdlib>

#include "adjoint/error.h"
#include "adjoint/op_registry.h"

// Entries that are linked into the program; null where they are not.
extern "C" [[gnu::weak, gnu::visibility("default")]] adjoint::Backend* adjoint_cuda_backend(
    const adjoint::PluginHost& host, std::string& why_not);

namespace adjoint {
namespace {

struct Plugin {
  DeviceType type;
  PluginEntry* linked;
  const char* library;
  const char* entry;
  const char* variable;  // of the environment, that names another library
};
const Plugin plugins[] = {
    {kCUDA, adjoint_cuda_backend, "libadjoint_cuda.so", "adjoint_cuda_backend",
     "ADJOINT_CUDA_LIBRARY"},
};

// The folder that this code was loaded from, with a slash at the end.
std::string own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&load_backend), &info) == 0 || !info.dli_fname)
    return "";
  std::string path = info.dli_fname;
  size_t slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash + 1);
}

void* open(const std::string& path, std::string& errors) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* error = dlerror();
    errors += (errors.empty() ? "" : "; ") + std::string(error ? error : path);
  }
  return library;
}

PluginEntry* find_entry(const Plugin& plugin, std::string& why_not) {
  const char* named = std::getenv(plugin.variable);
  const bool has_name = named && *named;
  if (plugin.linked && !has_name) return plugin.linked;
  std::string errors;
  void* library = nullptr;
  if (has_name) {
    library = open(named, errors);
  } else {
    if (std::string folder = own_folder(); !folder.empty())
      library = open(folder + plugin.library, errors);
    if (!library) library = open(plugin.library, errors);
  }
  if (!library) {
    why_not = detail::str("the library ", has_name ? named : plugin.library,
                          ", which holds its backend, could not be ", "loaded (", errors,
                          "); build or install it, or name its file in ", plugin.variable);
    return nullptr;
  }
  auto* entry = reinterpret_cast<PluginEntry*>(dlsym(library, plugin.entry));
  if (!entry) {
    const char* error = dlerror();
    why_not = detail::str("the library ", has_name ? named : plugin.library,
                          " is no backend of Adjoint's (", error ? error : "it has no entry", ")");
  }
  return entry;
}

}  // namespace

Backend* load_backend(DeviceType type, std::string& why_not) noexcept {
  try {
    for (const Plugin& plugin : plugins) {
      if (plugin.type != type) continue;
      PluginEntry* entry = find_entry(plugin, why_not);
      return entry ? entry({ADJOINT_VERSION, &op_registry()}, why_not) : nullptr;
    }
    why_not = detail::str(
        "no backend for it is registered in this program; hand one to register_backend() first");
  } catch (const std::exception& e) {
    try {
      why_not = e.what();
    } catch (...) {
    }
  }
  return nullptr;
}

}  // namespace adjoint
