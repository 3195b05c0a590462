// SPDX-License-Identifier: MIT
// Modules, layers, initialisation.
#pragma once

#include "adjoint/nn/init.h"
#include "adjoint/nn/linear.h"
#include "adjoint/nn/module.h"
#include "adjoint/nn/sequential.h"
