// SPDX-License-Identifier: MIT
#include "cuda/cudnn/library.h"

#include <cstdlib>

#include "cuda/cudnn/cudnn.h"
#include "cuda/portable.cuh"

namespace adjoint::cuda {
namespace {

static_assert(CUDNN_MAJOR == 9);

struct Loaded {
  bool complete = true;
  CudnnFunctions functions{};
};

template <class Function>
void find(void* library, const char* name, Function& function, bool& complete) {
  function = reinterpret_cast<Function>(find_symbol(library, name));
  complete = complete && function;
}

Loaded load() {
  const char* named = std::getenv("ADJOINT_CUDNN_LIBRARY");
  Loaded loaded;
  void* library = open_library(named && *named ? named : "libcudnn.so.9");
  if (!library) return {false, {}};
#define ADJOINT_CUDNN_FIND(name) find(library, #name, loaded.functions.name, loaded.complete);
  ADJOINT_CUDNN_FUNCTIONS(ADJOINT_CUDNN_FIND)
#undef ADJOINT_CUDNN_FIND
  if (loaded.complete && loaded.functions.cudnnGetVersion() / 10000 != CUDNN_MAJOR) {
    loaded.complete = false;
  }
  return loaded;
}

}  // namespace

const CudnnFunctions* cudnn_functions() noexcept {
  static const Loaded loaded = load();
  return loaded.complete ? &loaded.functions : nullptr;
}

bool has_cudnn() noexcept { return cudnn_functions() != nullptr; }

}  // namespace adjoint::cuda
