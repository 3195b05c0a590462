// SPDX-License-Identifier: MIT
// Parameters and gradients, laid out in segments: Note [Flat parameters].
#include <algorithm>

#include "adjoint/autograd.h"
#include "adjoint/nn/module.h"
#include "adjoint/nn/utils.h"
#include "core/autograd/flat_parameters.h"
#include "core/capture/recorder.h"

namespace adjoint::nn {
namespace {

constexpr int64_t kAlignment = 64;

/// Parameters that go into one segment, in their order.
struct Group {
  std::vector<Tensor> members;
  std::vector<int64_t> offsets;
  int64_t numel = 0;

  bool takes(const Tensor& t) const {
    return members[0].dtype() == t.dtype() && members[0].device() == t.device();
  }
  void add(const Tensor& t) {
    const int64_t step = kAlignment / int64_t(elementSize(t.dtype()));
    numel = (numel + step - 1) / step * step;
    members.push_back(t);
    offsets.push_back(numel);
    numel += t.numel();
  }
  bool is_flat() const {
    const detail::FlatSlot* last = nullptr;
    for (size_t i = 0; i < members.size(); ++i) {
      const detail::FlatSlot* slot = detail::flat_slot(members[i]);
      if (!slot || (last ? !last->is_followed_by(*slot) : slot->index != 0)) return false;
      last = slot;
    }
    return last->segment->numel == numel;
  }
};

Tensor part_of(const Tensor& segment, const Tensor& like, int64_t offset) {
  return segment.narrow(0, offset, like.numel()).view(like.sizes()).data();
}

void flatten(const Group& group) {
  if (group.is_flat()) return;
  const TensorOptions options = group.members[0].options();
  const Tensor values = zeros({group.numel}, options), grads = zeros({group.numel}, options);
  const auto segment =
      std::make_shared<const detail::FlatSegment>(detail::FlatSegment{group.numel});
  for (size_t i = 0; i < group.members.size(); ++i) {
    const Tensor& parameter = group.members[i];
    const int64_t offset = group.offsets[i];
    const Tensor value = part_of(values, parameter, offset);
    value.copy_(parameter.detach());
    auto slot = std::make_unique<detail::FlatSlot>(
        detail::FlatSlot{segment, i, offset, part_of(grads, parameter, offset)});
    Tensor& grad = parameter.mutable_grad();
    const bool moves = grad.defined() && !grad.requires_grad() && grad.is_contiguous() &&
                       grad.dtype() == parameter.dtype() && grad.device() == parameter.device() &&
                       grad.sizes() == parameter.sizes();
    if (moves) {
      slot->grad.copy_(grad);
      grad = slot->grad;
    }
    parameter.set_data(value);
    detail::set_flat_slot(parameter, std::move(slot));
  }
}

}  // namespace

void utils::flatten_parameters(const std::vector<Tensor>& parameters) {
  refuse_capture("flatten_parameters", "it moves the memory that a replay works on");
  NoGradGuard no_grad;
  for (const Tensor& t : parameters) {
    ADJOINT_CHECK_VALUE(!t.defined() || t.is_leaf(),
                        "flatten_parameters: expected leaf tensors, got one with grad_fn=",
                        t.defined() && t.grad_fn() ? t.grad_fn()->name() : "");
  }
  std::vector<Group> groups;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Tensor& t = parameters[i];
    const auto begin = parameters.begin(), here = begin + std::ptrdiff_t(i);
    const bool known = std::any_of(begin, here, [&](const Tensor& o) { return o.is_same(t); });
    if (known || !t.defined() || t.numel() == 0 || !t.is_contiguous() || t.is_inference() ||
        !t.is_floating_point()) {
      continue;
    }
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.takes(t); });
    if (group == groups.end()) group = groups.emplace(groups.end());
    group->add(t);
  }
  for (const Group& group : groups) flatten(group);
}

void Module::flatten_parameters() { utils::flatten_parameters(parameters()); }

}  // namespace adjoint::nn
