// SPDX-License-Identifier: MIT
#include <adjoint/adjoint.h>

namespace lib = adjoint;
#define ROWS_REPLAY
#include "rows.h"

int main(int argc, char** argv) {
  return rows::run(argc, argv, "Adjoint",
                   [] { adjoint::current_stream(rows::device).synchronize(); });
}
