// SPDX-License-Identifier: MIT
// The whole of Adjoint.
#pragma once

#include "adjoint/anomaly.h"
#include "adjoint/autograd.h"
#include "adjoint/autograd_functional.h"
#include "adjoint/capture.h"
#include "adjoint/checkpoint.h"
#include "adjoint/context.h"
#include "adjoint/cuda.h"
#include "adjoint/data.h"
#include "adjoint/device_guard.h"
#include "adjoint/diagnostics.h"
#include "adjoint/function.h"
#include "adjoint/generator.h"
#include "adjoint/nn.h"
#include "adjoint/ops.h"
#include "adjoint/optim.h"
#include "adjoint/ordered_dict.h"
#include "adjoint/saved_tensor_hooks.h"
#include "adjoint/serialize.h"
#include "adjoint/tensor.h"
#include "adjoint/warning.h"
