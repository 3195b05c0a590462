// SPDX-License-Identifier: MIT
// The one list of families: a new file in core/ops with operations that have kernels adds its line.
#include "core/dispatch/op_families.h"

#include "adjoint/op_registry.h"

namespace adjoint {

void register_activation_ops(OpRegistry&);
void register_adagrad_ops(OpRegistry&);
void register_adam_ops(OpRegistry&);
void register_advanced_index_ops(OpRegistry&);
void register_binary_ops(OpRegistry&);
void register_bitwise_ops(OpRegistry&);
void register_cholesky_ops(OpRegistry&);
void register_clip_grad_ops(OpRegistry&);
void register_comparison_ops(OpRegistry&);
void register_convolution_ops(OpRegistry&);
void register_copy_ops(OpRegistry&);
void register_creation_ops(OpRegistry&);
void register_cross_entropy_ops(OpRegistry&);
void register_division_ops(OpRegistry&);
void register_dropout_ops(OpRegistry&);
void register_extremum_ops(OpRegistry&);
void register_grad_scaler_ops(OpRegistry&);
void register_index_add_ops(OpRegistry&);
void register_index_ops(OpRegistry&);
void register_loss_ops(OpRegistry&);
void register_loss_ring_ops(OpRegistry&);
void register_lu_ops(OpRegistry&);
void register_masked_ops(OpRegistry&);
void register_matmul_ops(OpRegistry&);
void register_norm_ops(OpRegistry&);
void register_normalization_ops(OpRegistry&);
void register_orthogonal_ops(OpRegistry&);
void register_pooling_ops(OpRegistry&);
void register_pow_ops(OpRegistry&);
void register_prod_ops(OpRegistry&);
void register_random_ops(OpRegistry&);
void register_rectifier_ops(OpRegistry&);
void register_reduce_ops(OpRegistry&);
void register_replay_values_ops(OpRegistry&);
void register_rmsprop_ops(OpRegistry&);
void register_rounding_ops(OpRegistry&);
void register_scan_ops(OpRegistry&);
void register_scatter_ops(OpRegistry&);
void register_search_ops(OpRegistry&);
void register_select_ops(OpRegistry&);
void register_sgd_ops(OpRegistry&);
void register_softmax_ops(OpRegistry&);
void register_sort_ops(OpRegistry&);
void register_special_ops(OpRegistry&);
void register_ternary_ops(OpRegistry&);
void register_trigonometric_ops(OpRegistry&);
void register_unary_ops(OpRegistry&);

void register_ops(OpRegistry& registry) {
  register_activation_ops(registry);
  register_adagrad_ops(registry);
  register_adam_ops(registry);
  register_advanced_index_ops(registry);
  register_binary_ops(registry);
  register_bitwise_ops(registry);
  register_cholesky_ops(registry);
  register_clip_grad_ops(registry);
  register_comparison_ops(registry);
  register_convolution_ops(registry);
  register_copy_ops(registry);
  register_creation_ops(registry);
  register_cross_entropy_ops(registry);
  register_division_ops(registry);
  register_dropout_ops(registry);
  register_extremum_ops(registry);
  register_grad_scaler_ops(registry);
  register_index_add_ops(registry);
  register_index_ops(registry);
  register_loss_ops(registry);
  register_loss_ring_ops(registry);
  register_lu_ops(registry);
  register_masked_ops(registry);
  register_matmul_ops(registry);
  register_norm_ops(registry);
  register_normalization_ops(registry);
  register_orthogonal_ops(registry);
  register_pooling_ops(registry);
  register_pow_ops(registry);
  register_prod_ops(registry);
  register_random_ops(registry);
  register_rectifier_ops(registry);
  register_reduce_ops(registry);
  register_replay_values_ops(registry);
  register_rmsprop_ops(registry);
  register_rounding_ops(registry);
  register_scan_ops(registry);
  register_scatter_ops(registry);
  register_search_ops(registry);
  register_select_ops(registry);
  register_sgd_ops(registry);
  register_softmax_ops(registry);
  register_sort_ops(registry);
  register_special_ops(registry);
  register_ternary_ops(registry);
  register_trigonometric_ops(registry);
  register_unary_ops(registry);
}

}  // namespace adjoint
