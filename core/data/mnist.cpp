// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include "adjoint/data.h"
#include "adjoint/ops.h"

namespace adjoint::data::datasets {
namespace {

/// The first of the names that the file may have.
std::string find_file(const std::string& root, const std::string& name, const char* kind) {
  for (const char* joint : {"-", "."}) {
    for (const char* ending : {"", ".gz"}) {
      const std::string path = root + "/" + name + joint + kind + ending;
      struct stat status;
      if (::stat(path.c_str(), &status) == 0) return path;
    }
  }
  detail::fail<IOError>("MNIST: expected ", name, "-", kind, " or ", name, "-", kind,
                        ".gz in the folder ", root, ", found neither");
}

Tensor read(const std::string& path, int64_t dim, const char* what) {
  Tensor t = read_idx(path);
  ADJOINT_CHECK_WITH(IOError, t.dim() == dim && t.dtype() == kByte, "MNIST: ", path, ": expected ",
                     what, " as ", dim, "-dimensional Byte, got ", t.sizes(), " of ", t.dtype());
  return t;
}

TensorDataset read_both(const std::string& root, bool train) {
  const std::string name = train ? "train" : "t10k";
  const std::string images_path = find_file(root, name + "-images", "idx3-ubyte");
  const std::string labels_path = find_file(root, name + "-labels", "idx1-ubyte");
  const Tensor images = read(images_path, 3, "images"), labels = read(labels_path, 1, "labels");
  ADJOINT_CHECK_WITH(IOError, images.size(0) == labels.size(0),
                     "MNIST: expected as many labels as images, got ", images.size(0),
                     " images in ", images_path, " and ", labels.size(0), " labels in ",
                     labels_path);
  return TensorDataset(images.unsqueeze(1).to(kFloat).div_(255), labels.to(kLong));
}

}  // namespace

MNIST::MNIST(const std::string& root, Mode mode)
    : TensorDataset(read_both(root, mode == Mode::kTrain)), mode_(mode) {}

}  // namespace adjoint::data::datasets
