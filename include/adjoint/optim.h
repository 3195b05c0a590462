// SPDX-License-Identifier: MIT
// Optimizers and learning-rate schedulers.
#pragma once

#include "adjoint/optim/adagrad.h"
#include "adjoint/optim/adam.h"
#include "adjoint/optim/lbfgs.h"
#include "adjoint/optim/lr_scheduler.h"
#include "adjoint/optim/reduce_lr_on_plateau.h"
#include "adjoint/optim/rmsprop.h"
#include "adjoint/optim/sgd.h"
