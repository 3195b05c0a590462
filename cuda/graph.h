// SPDX-License-Identifier: MIT
// A recorded step as a CUDA graph.
#pragma once

#include <memory>

#include "adjoint/backend.h"

namespace adjoint::cuda {

/// Backend::make_graph.
std::unique_ptr<Graph> make_graph(GraphWork& work, const Stream& stream);

}  // namespace adjoint::cuda
