// SPDX-License-Identifier: MIT
// Fits a curve: a small network learns sin(3x) + x from noisy points.
#include <adjoint/adjoint.h>

#include <cstdio>

using namespace adjoint;

int main() {
  manual_seed(1);
  const auto curve = [](const Tensor& x) { return sin(x * 3) + x; };
  const Tensor x = rand({256, 1}) * 4 - 2;
  const Tensor y = curve(x) + randn({256, 1}) * 0.1;

  nn::Sequential model(nn::Linear(1, 64), nn::Tanh(),   //
                       nn::Linear(64, 64), nn::Tanh(),  //
                       nn::Linear(64, 1));
  optim::Adam optimizer(model->parameters(), optim::AdamOptions(1e-2));
  optim::CosineAnnealingLR schedule(optimizer, 500);

  for (int step = 1; step <= 500; ++step) {
    optimizer.zero_grad();
    const Tensor loss = mse_loss(model(x), y);
    loss.backward();
    optimizer.step();
    schedule.step();
    if (step % 100 == 0) std::printf("step %d  loss %.4f\n", step, loss.item<double>());
  }

  NoGradGuard no_grad;
  const Tensor points = linspace(-2, 2, 9).unsqueeze(1);
  const Tensor fitted = model(points), truth = curve(points);
  std::printf("\n     x   curve  fitted\n");
  for (int64_t i = 0; i < points.size(0); ++i) {
    std::printf("%6.2f  %6.3f  %6.3f\n", points[i].item<double>(), truth[i].item<double>(),
                fitted[i].item<double>());
  }
  std::printf("root mean square error: %.3f\n", mse_loss(fitted, truth).sqrt().item<double>());
}
