// SPDX-License-Identifier: MIT
// What a pair of headers, the stand-in's or NVIDIA's, makes of numbers.
#pragma once

#include <cstdint>

struct Float16Conversions {
  float (*to_float)(uint16_t);
  uint16_t (*from_float[5])(float);  // the default, to nearest, toward zero, down, up
  uint16_t (*from_double)(double);
  uint16_t (*from_int)(int);
  uint16_t (*from_unsigned)(unsigned);
  uint16_t (*from_int64)(long long);
  uint16_t (*from_uint64)(unsigned long long);
  uint16_t (*add)(uint16_t, uint16_t);
  uint16_t (*subtract)(uint16_t, uint16_t);
  uint16_t (*multiply)(uint16_t, uint16_t);
  uint16_t (*divide)(uint16_t, uint16_t);
  uint16_t (*negate)(uint16_t);
  bool (*less)(uint16_t, uint16_t);
  bool (*equal)(uint16_t, uint16_t);
  bool (*is_nan)(uint16_t);
  int (*is_inf)(uint16_t);  // half only
  uint32_t (*pair_from_floats)(float, float);
};

struct HeaderValues {
  Float16Conversions half, bfloat16;
};

HeaderValues stand_in_values();
