// SPDX-License-Identifier: MIT
// Optimizers and learning-rate schedulers.
#pragma once

#include "adjoint/optim/adam.h"
#include "adjoint/optim/lr_scheduler.h"
#include "adjoint/optim/sgd.h"
