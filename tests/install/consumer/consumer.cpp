// SPDX-License-Identifier: MIT
// The smallest program that uses an installed Adjoint.
#include <adjoint/adjoint.h>

#include <iostream>

int main() { std::cout << adjoint::ones({2}) + 1 << '\n'; }
