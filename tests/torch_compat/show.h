// SPDX-License-Identifier: MIT
// How the programs here write what they have computed, so that one text is right for every
// LibTorch: numbers with four digits, errors as whether their distinctive phrase was there.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>

/// Small numbers of both signs, different in each element.
inline torch::Tensor numbers(at::IntArrayRef sizes, double shift = 0, double scale = 1) {
  int64_t n = 1;
  for (int64_t size : sizes) n *= size;
  return (((torch::arange(n, torch::kFloat32) + shift) * 1.7).sin() * scale).view(sizes);
}
/// By that rule: generators of random numbers differ.
inline void set_parameters(torch::nn::Module& module, double scale = 1) {
  torch::NoGradGuard no_grad;
  double shift = 0;
  for (auto& parameter : module.named_parameters()) {
    parameter.value().copy_(numbers(parameter->sizes(), shift++, scale));
  }
}

inline void show(const std::string& name, const torch::Tensor& t) {
  std::cout << name << ": ";
  if (!t.defined()) {
    std::cout << "undefined\n";
    return;
  }
  std::cout << t.scalar_type() << " " << t.sizes();
  torch::Tensor flat = t.detach().to(torch::kCPU, torch::kDouble).contiguous().view({-1});
  for (int64_t i = 0; i < flat.numel(); ++i) {
    char text[64];
    double value = flat[i].item<double>();
    std::snprintf(text, sizeof text, " %.4f", std::fabs(value) < 5e-5 ? 0.0 : value);
    std::cout << text;
  }
  std::cout << "\n";
}

inline void show(const std::string& name, bool value) {
  std::cout << name << ": " << (value ? "yes" : "no") << "\n";
}

/// "CopySlices" of "torch::autograd::CopySlices".
inline std::string without_scope(const std::string& name) {
  size_t scope = name.rfind("::");
  return scope == std::string::npos ? name : name.substr(scope + 2);
}

inline void show_node(const std::string& name, const torch::Tensor& t) {
  std::cout << name << ": " << (t.grad_fn() ? without_scope(t.grad_fn()->name()) : "none") << "\n";
}

/// Whether `f` throws an exception that says `phrase`; what it says instead where it does not.
template <class F>
void show_error(const std::string& name, F f, const std::string& phrase) {
  std::cout << name << ": ";
  try {
    f();
    std::cout << "nothing thrown\n";
  } catch (const std::exception& e) {
    std::string what = e.what();
    bool found = what.find(phrase) != std::string::npos;
    std::cout << (found ? "\"" + phrase + "\"" : "another message: " + what) << "\n";
  }
}
