// SPDX-License-Identifier: MIT
// Modules, layers, losses, initialisation.
#pragma once

#include "adjoint/nn/activation.h"
#include "adjoint/nn/convolution.h"
#include "adjoint/nn/dropout.h"
#include "adjoint/nn/embedding.h"
#include "adjoint/nn/functional.h"
#include "adjoint/nn/init.h"
#include "adjoint/nn/linear.h"
#include "adjoint/nn/loss.h"
#include "adjoint/nn/module.h"
#include "adjoint/nn/normalization.h"
#include "adjoint/nn/pooling.h"
#include "adjoint/nn/sequential.h"
#include "adjoint/nn/summary.h"
#include "adjoint/nn/utils.h"
