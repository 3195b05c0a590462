// SPDX-License-Identifier: MIT
// What is stated about cuDNN's header, of the stand-in and of NVIDIA's.
#include "cudnn_api.h"
