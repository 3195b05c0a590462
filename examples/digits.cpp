// SPDX-License-Identifier: MIT
// Trains a multi-layer perceptron and a convolutional network to read handwritten digits.
//
//   digits                            trains both on the images in examples/data
//   digits --load digits_out/cnn.safetensors    evaluates a network that was saved
//   digits --data mnist --epochs 5    trains on MNIST's files in the folder mnist
#include <adjoint/adjoint.h>

#include "support/command_line.h"
#include "support/digits_data.h"
#include "support/line_chart.h"
#include "support/meter.h"
#include "support/progress_bar.h"
#include "support/text.h"

using namespace adjoint;
using support::format;

namespace {

constexpr int64_t kClasses = 10;

struct Settings {
  std::string model = "both", device, data, load, out = "digits_out";
  int64_t epochs = 30, batch_size = 32, seed = 1, threads = 0;
};

/// What an epoch ended with.
struct Epoch {
  double train_loss, train_accuracy, test_loss, test_accuracy;
};

nn::Sequential make_mlp(int64_t inputs) {
  return nn::Sequential(nn::Flatten(),                                          //
                        nn::Linear(inputs, 256), nn::ReLU(), nn::Dropout(0.2),  //
                        nn::Linear(256, 128), nn::ReLU(), nn::Dropout(0.2),     //
                        nn::Linear(128, kClasses));
}

nn::Sequential make_cnn(int64_t rows, int64_t columns) {
  auto convolution = [](int64_t in, int64_t out) {
    return nn::Conv2d(nn::Conv2dOptions(in, out, 3).padding(1));
  };
  return nn::Sequential(convolution(1, 16), nn::ReLU(), nn::MaxPool2d(2),   //
                        convolution(16, 32), nn::ReLU(), nn::MaxPool2d(2),  //
                        nn::Flatten(), nn::Dropout(0.25),                   //
                        nn::Linear(32 * (rows / 4) * (columns / 4), 64), nn::ReLU(),
                        nn::Linear(64, kClasses));
}

nn::Sequential make_model(const std::string& name, const Tensor& images) {
  const int64_t rows = images.size(2), columns = images.size(3);
  return name == "mlp" ? make_mlp(rows * columns) : make_cnn(rows, columns);
}

/// Accuracy and loss on a dataset. Counts [label, prediction] in `confusion` if given.
support::Meter evaluate(nn::Sequential& model, const data::TensorDataset& set, Device device,
                        Tensor* confusion = nullptr) {
  NoGradGuard no_grad;
  model->eval();
  support::Meter meter(device);
  const auto loader = data::make_data_loader(set, 1000);
  for (const data::Batch& batch : *loader) {
    const Tensor logits = model(batch.data);
    meter.add(logits, batch.target, cross_entropy(logits, batch.target));
    if (!confusion) continue;
    const Tensor cell = batch.target * kClasses + logits.argmax(1);
    confusion->view({-1}).copy_(confusion->view({-1}).index_add(0, cell, ones_like(cell)));
  }
  return meter;
}

std::vector<Epoch> train(const std::string& name, nn::Sequential& model,
                         const support::DigitsData& digits, Device device, const Settings& s) {
  auto loader = data::make_data_loader(
      digits.train, data::DataLoaderOptions(s.batch_size).shuffle(true).seed(uint64_t(s.seed)));
  optim::AdamW optimizer(model->parameters(), optim::AdamWOptions(3e-3).weight_decay(0.05));
  optim::CosineAnnealingLR schedule(optimizer, s.epochs);

  std::vector<Epoch> history;
  for (int64_t epoch = 1; epoch <= s.epochs; ++epoch) {
    support::ProgressBar bar(format("%s epoch %2ld/%ld", name.c_str(), epoch, s.epochs),
                             digits.train.size());
    support::Meter meter(device);
    auto progress = [&] {
      return format("loss %.4f  accuracy %6.2f %%", meter.loss(), 100 * meter.accuracy());
    };
    model->train();
    for (const data::Batch& batch : *loader) {
      optimizer.zero_grad();
      const Tensor logits = model(batch.data);
      const Tensor loss = cross_entropy(logits, batch.target);
      loss.backward();
      optimizer.step();
      meter.add(logits, batch.target, loss);
      if (bar.advance(batch.target.size(0))) bar.draw(progress());
    }
    schedule.step();
    const support::Meter test = evaluate(model, digits.test, device);
    history.push_back({meter.loss(), meter.accuracy(), test.loss(), test.accuracy()});
    bar.finish(progress() + format("  test %6.2f %%", 100 * test.accuracy()));
  }
  return history;
}

void report(const std::string& name, nn::Sequential& model, const data::TensorDataset& test,
            Device device) {
  Tensor confusion = zeros({kClasses, kClasses}, adjoint::device(device).dtype(kLong));
  const support::Meter meter = evaluate(model, test, device, &confusion);
  std::printf("%s test accuracy: %.2f %% (%ld of %ld)\n", name.c_str(), 100 * meter.accuracy(),
              meter.hits(), meter.count());
  std::printf("confusion matrix, a row a label, a column a prediction:\n     ");
  for (int64_t digit = 0; digit < kClasses; ++digit) std::printf("%5ld", digit);
  const Tensor counts = confusion.cpu();
  for (int64_t i = 0; i < kClasses * kClasses; ++i) {
    if (i % kClasses == 0) std::printf("\n%5ld", i / kClasses);
    std::printf("%5ld", counts.data_ptr<int64_t>()[i]);
  }
  std::printf("\n");
}

/// The network as NAME.safetensors, the learning curve as NAME.svg and, in full precision,
/// NAME.csv.
void save_results(const std::string& name, nn::Sequential& model, const std::vector<Epoch>& history,
                  const std::string& folder) {
  const std::string path = folder + "/" + name;
  save(model->state_dict(), path + ".safetensors", {{"model", name}});

  support::Curve train_loss{"train", {}}, test_loss{"test", {}}, train_accuracy = train_loss,
                                                                 test_accuracy = test_loss;
  std::string csv = "epoch,train_loss,train_accuracy,test_loss,test_accuracy\n";
  for (const Epoch& e : history) {
    train_loss.values.push_back(e.train_loss);
    test_loss.values.push_back(e.test_loss);
    train_accuracy.values.push_back(100 * e.train_accuracy);
    test_accuracy.values.push_back(100 * e.test_accuracy);
    csv += format("%zu,%.17g,%.17g,%.17g,%.17g\n", train_loss.values.size(), e.train_loss,
                  e.train_accuracy, e.test_loss, e.test_accuracy);
  }
  support::write_file(path + ".csv", csv);
  support::write_file(
      path + ".svg",
      support::line_chart("Handwritten digits: " + name,
                          {{"loss", {train_loss, test_loss}, 0, 1},
                           {"accuracy, %", {train_accuracy, test_accuracy}, 90, 100}}));
  std::printf("wrote %s.safetensors, .svg and .csv\n", path.c_str());
}

void train_and_report(const std::string& name, const support::DigitsData& digits, Device device,
                      const Settings& s) {
  manual_seed(uint64_t(s.seed));
  nn::Sequential model = make_model(name, digits.train.data());
  model->to(device);
  const support::Stopwatch watch;
  const std::vector<Epoch> history = train(name, model, digits, device, s);
  std::printf("%s trained in %.1f s\n", name.c_str(), watch.seconds());
  report(name, model, digits.test, device);
  save_results(name, model, history, s.out);
}

void load_and_report(const support::DigitsData& digits, Device device, const Settings& s) {
  Metadata metadata;
  const TensorDict state = load(s.load, device, &metadata);
  const std::string* name = metadata.find("model");
  ADJOINT_CHECK_WITH(IOError, name && (*name == "mlp" || *name == "cnn"), s.load,
                     ": expected a file that digits saved, got one of ",
                     name ? *name : "unknown origin");
  nn::Sequential model = make_model(*name, digits.test.data());
  model->to(device);
  model->load_state_dict(state);
  report(*name, model, digits.test, device);
}

void run(const Settings& s) {
  if (s.threads != 0) set_num_threads(int(s.threads));
  const Device device = support::find_device(s.device);
  const support::DigitsData digits =
      (s.data.empty() ? support::read_uci_digits(ADJOINT_EXAMPLES_DIR "/data/digits.csv.gz")
                      : support::read_mnist(s.data))
          .to(device);
  std::printf("%ld images of %ld x %ld to train on, %ld to test, on %s\n", digits.train.size(),
              digits.train.data().size(2), digits.train.data().size(3), digits.test.size(),
              device.str().c_str());
  if (!s.load.empty()) return load_and_report(digits, device, s);
  support::make_folder(s.out);
  for (const char* name : {"mlp", "cnn"})
    if (s.model == "both" || s.model == name) train_and_report(name, digits, device, s);
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app("Trains networks to read handwritten digits.", "digits");
  app.add_option("--model", s.model, "Network to train")
      ->capture_default_str()
      ->check(support::one_of({"mlp", "cnn", "both"}));
  app.add_option("--device", s.device, "cpu, cuda or cuda:N; default: the best there is");
  app.add_option("--epochs", s.epochs, "Times to go through the images")
      ->capture_default_str()
      ->check(support::whole_number(1, 100000));
  app.add_option("--batch-size", s.batch_size, "Images in a step")
      ->capture_default_str()
      ->check(support::whole_number(1, 1000000));
  app.add_option("--seed", s.seed, "Of all random numbers; results depend on nothing else")
      ->capture_default_str()
      ->check(support::whole_number(0, INT64_MAX));
  app.add_option("--threads", s.threads, "CPU threads; default: one a core")
      ->check(support::whole_number(1, 1024));
  app.add_option("--data", s.data, "Folder of MNIST's four files; default: the UCI digits");
  app.add_option("--load", s.load, "Evaluates the network in this file instead of training");
  app.add_option("--out", s.out, "Folder for the networks and their learning curves")
      ->capture_default_str();
  return support::run(app, argc, argv, [&] { run(s); });
}
