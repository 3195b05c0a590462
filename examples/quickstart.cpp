#include <adjoint/adjoint.h>

#include <iostream>

using namespace adjoint;

int main() {
  manual_seed(0);
  Tensor x = randn({256, 2});
  Tensor y =
      (x.select(1, 0) * x.select(1, 1)).unsqueeze(1);  // to learn: the product of two numbers

  nn::Sequential net(nn::Linear(2, 32), nn::Tanh(), nn::Linear(32, 1));
  optim::Adam optimizer(net->parameters(), /*lr=*/0.01);

  for (int step = 0; step <= 500; ++step) {
    optimizer.zero_grad();
    Tensor loss = mse_loss(net->forward(x), y);
    loss.backward();
    optimizer.step();
    if (step % 100 == 0) std::cout << step << "  " << loss << "\n";
  }
}
