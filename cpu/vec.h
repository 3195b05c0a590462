// SPDX-License-Identifier: MIT
// Vec<T>: one vector register of T in the width of the instruction set being compiled for.
//
// Note [One result per element]
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
// The result of an element must not depend on where it stands: in the body of a loop or in its
// tail, in a contiguous or a strided operand, in this thread's range or the next one's. Otherwise
// x[3:] would compute other bits than x, and the number of threads would change a training run.
// So there is no scalar twin of any function: tails and strided operands are gathered into a
// padded register and take the same path.
#pragma once

#include "cpu/vec_base.h"   // registers, masks, arithmetic
#include "cpu/vec_float.h"  // rounding, square root, fused multiply-add
#include "cpu/vec_math.h"   // exp, log, tanh, ...
