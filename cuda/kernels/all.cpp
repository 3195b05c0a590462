// SPDX-License-Identifier: MIT
// The one list of families: a new file in cuda/kernels adds its declaration and its call.
#include "adjoint/op_registry.h"

namespace adjoint::cuda {

void register_activation_kernels(OpRegistry&);
void register_advanced_index_kernels(OpRegistry&);
void register_binary_kernels(OpRegistry&);
void register_bitwise_kernels(OpRegistry&);
void register_clip_grad_kernels(OpRegistry&);
void register_comparison_kernels(OpRegistry&);
void register_convolution_kernels(OpRegistry&);
void register_copy_kernels(OpRegistry&);
void register_cross_entropy_kernels(OpRegistry&);
void register_division_kernels(OpRegistry&);
void register_decomposition_kernels(OpRegistry&);
void register_dropout_kernels(OpRegistry&);
void register_extremum_kernels(OpRegistry&);
void register_index_kernels(OpRegistry&);
void register_grad_scaler_kernels(OpRegistry&);
void register_index_add_kernels(OpRegistry&);
void register_loss_kernels(OpRegistry&);
void register_loss_ring_kernels(OpRegistry&);
void register_masked_kernels(OpRegistry&);
void register_matmul_kernels(OpRegistry&);
void register_norm_kernels(OpRegistry&);
void register_normalization_kernels(OpRegistry&);
void register_optim_kernels(OpRegistry&);
void register_pooling_kernels(OpRegistry&);
void register_pow_kernels(OpRegistry&);
void register_random_kernels(OpRegistry&);
void register_rectifier_kernels(OpRegistry&);
void register_reduce_kernels(OpRegistry&);
void register_replay_values_kernels(OpRegistry&);
void register_rounding_kernels(OpRegistry&);
void register_scan_kernels(OpRegistry&);
void register_search_kernels(OpRegistry&);
void register_select_kernels(OpRegistry&);
void register_softmax_kernels(OpRegistry&);
void register_sort_kernels(OpRegistry&);
void register_ternary_kernels(OpRegistry&);
void register_trigonometric_kernels(OpRegistry&);
void register_unary_kernels(OpRegistry&);

void register_kernels(OpRegistry& registry) {
  register_activation_kernels(registry);
  register_advanced_index_kernels(registry);
  register_binary_kernels(registry);
  register_bitwise_kernels(registry);
  register_clip_grad_kernels(registry);
  register_comparison_kernels(registry);
  register_convolution_kernels(registry);
  register_copy_kernels(registry);
  register_cross_entropy_kernels(registry);
  register_division_kernels(registry);
  register_decomposition_kernels(registry);
  register_dropout_kernels(registry);
  register_extremum_kernels(registry);
  register_index_kernels(registry);
  register_grad_scaler_kernels(registry);
  register_index_add_kernels(registry);
  register_loss_kernels(registry);
  register_loss_ring_kernels(registry);
  register_masked_kernels(registry);
  register_matmul_kernels(registry);
  register_norm_kernels(registry);
  register_normalization_kernels(registry);
  register_optim_kernels(registry);
  register_pooling_kernels(registry);
  register_pow_kernels(registry);
  register_random_kernels(registry);
  register_rectifier_kernels(registry);
  register_reduce_kernels(registry);
  register_replay_values_kernels(registry);
  register_rounding_kernels(registry);
  register_scan_kernels(registry);
  register_search_kernels(registry);
  register_select_kernels(registry);
  register_softmax_kernels(registry);
  register_sort_kernels(registry);
  register_ternary_kernels(registry);
  register_trigonometric_kernels(registry);
  register_unary_kernels(registry);
}

}  // namespace adjoint::cuda
