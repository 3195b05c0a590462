// SPDX-License-Identifier: MIT
// Libraries that are opened by name: what dlopen and dlsym would find.
#include "cudasim_library.h"

#include <string_view>

#include "cudnn.h"

namespace cudasim {
namespace {

struct Function {
  std::string_view name;
  void* address;
};
#define CUDASIM_FUNCTION(name) \
  Function { #name, reinterpret_cast < void*>(&name) }
const Function cudnn_functions[] = {
    CUDASIM_FUNCTION(cudnnGetVersion),
    CUDASIM_FUNCTION(cudnnGetErrorString),
    CUDASIM_FUNCTION(cudnnGetLastErrorString),
    CUDASIM_FUNCTION(cudnnCreate),
    CUDASIM_FUNCTION(cudnnDestroy),
    CUDASIM_FUNCTION(cudnnSetStream),
    CUDASIM_FUNCTION(cudnnBackendCreateDescriptor),
    CUDASIM_FUNCTION(cudnnBackendDestroyDescriptor),
    CUDASIM_FUNCTION(cudnnBackendSetAttribute),
    CUDASIM_FUNCTION(cudnnBackendGetAttribute),
    CUDASIM_FUNCTION(cudnnBackendFinalize),
    CUDASIM_FUNCTION(cudnnBackendExecute),
};
#undef CUDASIM_FUNCTION

char cudnn_library;

}  // namespace

void* open_library(const char* name) {
  return std::string_view(name) == "libcudnn.so.9" ? &cudnn_library : nullptr;
}

void* find_symbol(void* library, const char* name) {
  if (library != &cudnn_library) return nullptr;
  for (const Function& function : cudnn_functions) {
    if (function.name == name) return function.address;
  }
  return nullptr;
}

}  // namespace cudasim
