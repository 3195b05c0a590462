// SPDX-License-Identifier: MIT
// Datasets and the loader that makes batches of them.
#include <gtest/gtest.h>

#include <adjoint/adjoint.h>
#include <algorithm>

#include "tests/io/temporary_folder.h"

namespace adjoint {
namespace {

std::vector<int64_t> values(const Tensor& t) {
  const Tensor dense = t.to(kCPU, kLong).contiguous();
  const int64_t* data = dense.data_ptr<int64_t>();
  return std::vector<int64_t>(data, data + dense.numel());
}

// Ten examples: [i, 10 * i] and the target -i.
data::TensorDataset ten() {
  const Tensor i = arange(10);
  return data::TensorDataset(stack({i, i * 10}, 1).to(kFloat), -i);
}

std::vector<int64_t> epoch(data::DataLoader& loader) {
  std::vector<int64_t> order;
  for (const data::Batch& batch : loader) {
    EXPECT_EQ(batch.data.dim(), 2);
    EXPECT_EQ(batch.data.size(0), batch.target.size(0));
    const std::vector<int64_t> data = values(batch.data), targets = values(batch.target);
    for (size_t k = 0; k < targets.size(); ++k) {
      EXPECT_EQ(data[2 * k], -targets[k]);
      EXPECT_EQ(data[2 * k + 1], -10 * targets[k]);
      order.push_back(-targets[k]);
    }
  }
  return order;
}

const std::vector<int64_t> kInOrder = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(DataLoader, AnEpochHasEachExampleOnceInTheDatasetsOrder) {
  const auto loader = data::make_data_loader(ten(), 4);
  EXPECT_EQ(loader->size(), 3);
  EXPECT_EQ(epoch(*loader), kInOrder);
  EXPECT_EQ(epoch(*loader), kInOrder);
  std::vector<int64_t> sizes;
  for (const auto& batch : *loader) sizes.push_back(batch.data.size(0));
  EXPECT_EQ(sizes, (std::vector<int64_t>{4, 4, 2}));
}

TEST(DataLoader, ALastBatchThatIsNotFullIsLeftOutOnRequest) {
  const auto loader = data::make_data_loader(ten(), data::DataLoaderOptions(4).drop_last(true));
  EXPECT_EQ(loader->size(), 2);
  EXPECT_EQ(epoch(*loader), (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  const auto none = data::make_data_loader(ten(), data::DataLoaderOptions(11).drop_last(true));
  EXPECT_EQ(none->size(), 0);
  EXPECT_TRUE(epoch(*none).empty());
}

TEST(DataLoader, ABatchLargerThanTheDatasetIsTheWholeOfIt) {
  EXPECT_EQ(epoch(*data::make_data_loader(ten(), INT64_MAX)), kInOrder);
}

TEST(DataLoader, ShufflingGivesEachExampleOnceInAnOrderOfTheSeed) {
  const auto options = data::DataLoaderOptions(3).shuffle(true).seed(5);
  const auto one = data::make_data_loader(ten(), options);
  const auto same = data::make_data_loader(ten(), options);
  const auto other = data::make_data_loader(ten(), data::DataLoaderOptions(options).seed(6));
  const std::vector<int64_t> first = epoch(*one), second = epoch(*one);
  EXPECT_NE(first, kInOrder);
  EXPECT_NE(first, second);
  EXPECT_EQ(epoch(*same), first);
  manual_seed(1);
  rand({10});
  EXPECT_EQ(epoch(*same), second);
  EXPECT_NE(epoch(*other), first);
  std::vector<int64_t> sorted = first;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, kInOrder);
}

TEST(DataLoader, ALoaderGivenTheStateOfAnotherGoesOnAsThatOne) {
  const auto options = data::DataLoaderOptions(3).shuffle(true).seed(5);
  const auto one = data::make_data_loader(ten(), options);
  epoch(*one);
  const Tensor state = one->state();
  const std::vector<int64_t> next = epoch(*one);
  const auto resumed = data::make_data_loader(ten(), options);
  resumed->set_state(state);
  EXPECT_EQ(epoch(*resumed), next);
}

TEST(DataLoader, ABatchIsItsOwnToChange) {
  const auto dataset = std::make_shared<const data::TensorDataset>(ten());
  const auto loader = data::make_data_loader(dataset, 5);
  for (const auto& batch : *loader) batch.data.zero_();
  EXPECT_EQ(epoch(*loader), kInOrder);
  EXPECT_EQ(loader->dataset().size(), 10);
}

TEST(DataLoader, ImpossibleArgumentsAreRefused) {
  EXPECT_THROW(data::make_data_loader(ten(), 0), ValueError);
  EXPECT_THROW(data::make_data_loader(ten(), -1), ValueError);
  EXPECT_THROW(data::DataLoader(nullptr), ValueError);
}

TEST(DataLoader, AnEmptyDatasetHasNoBatches) {
  const auto loader = data::make_data_loader(data::TensorDataset(empty({0, 3})), 4);
  EXPECT_EQ(loader->size(), 0);
  for (const auto& batch : *loader) ADD_FAILURE() << batch.data;
}

TEST(TensorDataset, ExamplesAreRows) {
  const data::TensorDataset dataset = ten();
  EXPECT_EQ(dataset.size(), 10);
  EXPECT_EQ(dataset.get(3).data.cpu().toString(), "tensor([ 3., 30.])");
  EXPECT_EQ(dataset.get(3).target.cpu().toString(), "tensor(-3)");
  EXPECT_THROW(dataset.get(10), IndexError);
  EXPECT_THROW(dataset.get(-1), IndexError);
  EXPECT_FALSE(data::TensorDataset(ones({2, 2})).get(0).target.defined());
}

TEST(TensorDataset, DataAndTargetsOfDifferentLengthsAreRefused) {
  EXPECT_THROW(data::TensorDataset(ones({3, 2}), ones({2})), ValueError);
  EXPECT_THROW(data::TensorDataset(ones({3, 2}), ones({})), ValueError);
  EXPECT_THROW(data::TensorDataset{Tensor()}, ValueError);
  EXPECT_THROW(data::TensorDataset(ones({})), ValueError);
}

// A dataset that has only the examples one by one.
class Squares : public data::Dataset {
 public:
  int64_t size() const override { return 5; }
  data::Example get(int64_t index) const override {
    return {full({2}, index), full({}, index * index)};
  }
};

TEST(Dataset, ExamplesAreStackedIntoBatches) {
  const auto loader = data::make_data_loader(Squares(), 3);
  std::string text;
  for (const auto& batch : *loader)
    text += batch.data.cpu().toString() + batch.target.cpu().toString() + "\n";
  EXPECT_EQ(text,
            "tensor([[0, 0],\n        [1, 1],\n        [2, 2]])tensor([0, 1, 4])\n"
            "tensor([[3, 3],\n        [4, 4]])tensor([ 9, 16])\n");
}

class Mnist : public ::testing::Test {
 protected:
  void put(const std::string& name, const std::string& sample) const {
    folder_.write(name, bytes_of_file(ADJOINT_TESTS_DIR "/data/" + sample));
  }
  std::string message(data::MNIST::Mode mode = data::MNIST::Mode::kTrain) const {
    return message_of<IOError>([&] { data::MNIST(folder_.path(""), mode); });
  }
  void expect_message(const std::string& reason) const {
    EXPECT_NE(message().find(reason), std::string::npos) << message();
  }
  TemporaryFolder folder_;
};

TEST_F(Mnist, ImagesAreScaledAndLabelsAreClasses) {
  put("train-images-idx3-ubyte", "images.idx3-ubyte");
  put("train-labels.idx1-ubyte.gz", "labels.idx1-ubyte.gz");
  const data::MNIST digits(folder_.path(""));
  EXPECT_TRUE(digits.is_train());
  EXPECT_EQ(digits.size(), 5);
  EXPECT_EQ(digits.images().sizes().vec(), (std::vector<int64_t>{5, 1, 4, 3}));
  EXPECT_EQ(digits.images().dtype(), kFloat);
  EXPECT_EQ(digits.images().index({1, 0, 0, 1}).item<float>(), float(37 + 11) / 255);
  EXPECT_EQ(digits.targets().toString(), "tensor([7, 2, 1, 0, 9])");
  const auto loader = data::make_data_loader(digits, 2);
  EXPECT_EQ((*loader->begin()).data.sizes().vec(), (std::vector<int64_t>{2, 1, 4, 3}));
}

TEST_F(Mnist, TestFilesHaveNamesOfTheirOwn) {
  put("t10k-images.idx3-ubyte.gz", "images.idx3-ubyte.gz");
  put("t10k-labels-idx1-ubyte", "labels.idx1-ubyte");
  EXPECT_EQ(data::MNIST(folder_.path(""), data::MNIST::Mode::kTest).size(), 5);
  expect_message("expected train-images-idx3-ubyte or");
}

TEST_F(Mnist, ImagesAndLabelsMustBelongTogether) {
  put("train-images-idx3-ubyte", "images.idx3-ubyte");
  expect_message("expected train-labels-idx1-ubyte or");
  put("train-labels-idx1-ubyte", "four_labels.idx1-ubyte");
  expect_message("expected as many labels as images, got 5 images");
  put("train-labels-idx1-ubyte", "images.idx3-ubyte");
  expect_message("expected labels as 1-dimensional Byte, got [5, 4, 3]");
  put("train-images-idx3-ubyte", "labels.idx1-ubyte");
  expect_message("expected images as 3-dimensional Byte, got [5]");
}

}  // namespace
}  // namespace adjoint
