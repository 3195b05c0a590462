// SPDX-License-Identifier: MIT
// A service in one process: several threads answer requests with one network, loaded from a file.
#include <adjoint/adjoint.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace adjoint;

namespace {

nn::Sequential make_model() {
  return nn::Sequential(nn::Linear(16, 64), nn::ReLU(), nn::Linear(64, 4));
}

/// Answers requests of any number of threads. The network is only read, so they share it.
class Classifier {
 public:
  explicit Classifier(const std::string& path) : model_(make_model()) {
    model_->load_state_dict(load(path));
    model_->eval();
  }
  /// features [n, 16] -> classes [n]. Throws Error for other shapes; the service goes on.
  Tensor classify(const Tensor& features) {
    NoGradGuard no_grad;  // of this thread: nothing is recorded, nothing is kept
    return model_(features).argmax(1);
  }

 private:
  nn::Sequential model_;
};

}  // namespace

int main() {
  constexpr int kThreads = 4, kRequests = 1000;
  const std::string path = "inference_service.safetensors";
  manual_seed(1);
  save(make_model()->state_dict(), path);

  set_num_threads(1);  // each request on its own thread
  Classifier classifier(path);
  const Tensor features = randn({8, 16});
  const Tensor expected = classifier.classify(features);

  std::atomic<int> answered{0}, refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int request = 0; request < kRequests; ++request) {
        try {
          // Every tenth request is malformed.
          const Tensor input = request % 10 == 0 ? features.t() : features;
          answered += equal(classifier.classify(input), expected);
        } catch (const Error&) {
          ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::remove(path.c_str());
  std::printf("%d requests answered, %d refused\n", answered.load(), refused.load());
}
