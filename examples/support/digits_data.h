// SPDX-License-Identifier: MIT
// Images of handwritten digits, [n, 1, rows, columns] in [0, 1], with their labels.
#pragma once

#include <string>

#include "adjoint/adjoint.h"

namespace support {

struct DigitsData {
  adjoint::data::TensorDataset train, test;

  DigitsData to(adjoint::Device device) const {
    auto moved = [&](const adjoint::data::TensorDataset& set) {
      return adjoint::data::TensorDataset(set.data().to(device), set.targets().to(device));
    };
    return {moved(train), moved(test)};
  }
};

/// The UCI digits, 8x8 pixels of 0 to 16 and a label in each row of a CSV file. A fifth of them,
/// always the same, is for testing.
inline DigitsData read_uci_digits(const std::string& path) {
  using namespace adjoint;
  const Tensor table = data::read_csv(path);
  ADJOINT_CHECK_WITH(IOError, table.size(1) == 65, path,
                     ": expected 64 pixels and a label in each row, got ", table.size(1),
                     " numbers");
  const Tensor images = table.narrow(1, 0, 64).reshape({-1, 1, 8, 8}) / 16;
  const Tensor labels = table.select(1, 64).to(kLong);

  Generator generator(0);
  const Tensor order = randperm(table.size(0), kLong, &generator);
  const int64_t tests = table.size(0) / 5;
  auto part = [&](const Tensor& rows) {
    return data::TensorDataset(images.index_select(0, rows), labels.index_select(0, rows));
  };
  return {part(order.slice(0, tests)), part(order.slice(0, 0, tests))};
}

/// MNIST's four files in a folder.
inline DigitsData read_mnist(const std::string& folder) {
  using adjoint::data::MNIST;
  return {MNIST(folder, MNIST::Mode::kTrain), MNIST(folder, MNIST::Mode::kTest)};
}

}  // namespace support
