// SPDX-License-Identifier: MIT
// The whole of Adjoint.
#pragma once

#include "adjoint/autograd.h"
#include "adjoint/function.h"
#include "adjoint/generator.h"
#include "adjoint/ops.h"
#include "adjoint/tensor.h"
