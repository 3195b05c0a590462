// SPDX-License-Identifier: MIT
// Copies: between layouts, dtypes and devices; and filling.
#include "adjoint/backend.h"
#include "core/autograd/view_history.h"
#include "core/capture/recorder.h"
#include "core/ops/composed.h"
#include "core/ops/elementwise.h"
#include "core/ops/fill.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

/// The output may have another dtype than the input.
constinit ElementwiseOp copy_op{"copy", {.dtypes = kAllDtypes}};
constinit ScaledOp fill_op{"fill", {.dtypes = kAllDtypes}};

/// In place: what `self` was before gets no gradient.
struct CopyBackwards final : Node {
  Stream source_;
  const char* name() const override { return "CopyBackwards"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(1)) out[1] = grads[0].to(source_.device());
    return out;
  }
};
struct FillBackward final : Node {
  const char* name_ = "FillBackward2";
  const char* name() const override { return name_; }
  GradList apply(GradList&&) override { return GradList(1); }
};
struct FillTensorBackward final : Node {
  const char* name() const override { return "FillBackward3"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(1)) out[1] = grads[0].sum();
    return out;
  }
};
struct CloneBackward final : Node {
  const char* name() const override { return "CloneBackward0"; }
  GradList apply(GradList&& grads) override { return {std::move(grads[0])}; }
};
/// What the copies of an element get adds up.
struct RepeatBackward final : Node {
  DimVector sizes_, repeats_;  // as many of the one as of the other
  const char* name() const override { return "RepeatBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor grad = std::move(grads[0]);
    for (size_t d = 0; d < sizes_.size(); ++d) {
      if (repeats_[d] == 1) continue;
      DimVector parted = grad.sizes();
      parted[d] = sizes_[d];
      parted.insert(d, repeats_[d]);
      grad = grad.reshape(parted).sum(int64_t(d));
    }
    return {std::move(grad)};
  }
};
/// The engine converts the dtype back.
struct ToCopyBackward final : Node {
  const char* name() const override { return "ToCopyBackward0"; }
  GradList apply(GradList&& grads) override {
    return {
        grads[0].to(next_edge(0).function->input_metadata(next_edge(0).input_nr).stream.device())};
  }
};

// What crosses is dense and of the destination's dtype.
struct Crossing {
  Tensor from, to;
  Crossing(const Tensor& dst, const Tensor& src)
      : from(src.to(dst.dtype()).contiguous()),
        to(dst.is_contiguous() ? dst : empty(dst.sizes(), dst.options())) {}
};

// One side is the host.
void copy_across(const Tensor& dst, const Tensor& src, bool non_blocking) {
  refuse_capture(
      dst.is_cpu() ? "copy to the host" : "copy from the host",
      dst.is_cpu() ? kHostRead : "write new data into the step's inputs between replays");
  Crossing c(dst, src);
  if (dst.is_cpu()) {
    get_backend(src.device().type())
        .copy_to_host(c.to.data_ptr(), c.from.data_ptr(), c.from.nbytes(), stream_for(src),
                      non_blocking);
  } else {
    ADJOINT_CHECK(src.is_cpu(), "copy_: cannot copy between devices ", src.device(), " and ",
                  dst.device());
    get_backend(dst.device().type())
        .copy_from_host(c.to.data_ptr(), c.from.data_ptr(), c.from.nbytes(), stream_for(dst),
                        non_blocking);
  }
  if (!c.to.is_same(dst)) copy_op(stream_for(dst), TensorIterator(dst, c.to));
}

// Two devices of one type. The source's stream copies when the destination's has come so far, and
// the destination's goes on when the copy is done: so the memory of either belongs to its own
// stream again.
void copy_peer(const Tensor& dst, const Tensor& src) {
  refuse_capture("copy between devices", "a step works on one stream");
  Crossing c(dst, src);
  Stream ours = stream_for(src), theirs = stream_for(dst);
  Event ready, done;
  ready.record(theirs);
  ready.wait(ours);
  get_backend(src.device().type())
      .copy_peer(c.to.data_ptr(), dst.device().index(), c.from.data_ptr(), src.device().index(),
                 c.from.nbytes(), ours);
  done.record(ours);
  done.wait(theirs);
  if (!c.to.is_same(dst)) copy_op(theirs, TensorIterator(dst, c.to));
}

void copy_values(const Tensor& dst, const Tensor& src, bool non_blocking = false) {
  if (dst.numel() == 0) return;
  NoGradGuard no_grad;
  if (dst.device() == src.device()) {
    copy_op(stream_for(dst), TensorIterator(dst, src));
    return;
  }
  Tensor values = src.sizes() == dst.sizes() ? src : src.expand(dst.sizes());
  if (dst.device().type() == src.device().type()) {
    copy_peer(dst, values);
  } else {
    copy_across(dst, values, non_blocking);
  }
}

// A copy to the host that nobody waits for needs pinned memory there.
Tensor copy_of(const Tensor& t, ScalarType dtype, Device device, bool non_blocking = false) {
  bool pinned = non_blocking && device.is_cpu() &&
                get_backend(t.device().type()).pinned_allocator() != nullptr;
  Tensor out = pinned ? make_pinned(t.sizes(), dtype, device)
                      : make_output(t.sizes(), dtype, current_stream(device));
  copy_values(out, t, non_blocking);
  return out;
}

}  // namespace

void register_copy_ops(OpRegistry& registry) {
  registry.add(copy_op);
  registry.add(fill_op);
}

Tensor make_pinned(IntArrayRef sizes, ScalarType dtype, Device device) {
  refuse_capture("pin_memory", "pinned memory is for copies from and to the host");
  ADJOINT_CHECK(device.is_cpu(), "cannot pin a tensor on ", device,
                ": only dense CPU tensors can be pinned");
  auto storage =
      Storage::allocate(size_t(numel_of(sizes)) * elementSize(dtype), Stream(), pinned_allocator());
  return Tensor(intrusive_ptr<TensorImpl>::adopt(new TensorImpl(std::move(storage), dtype, sizes)));
}

bool Tensor::is_pinned() const {
  return is_cpu() && numel() != 0 && adjoint::is_pinned(data_ptr());
}

Tensor Tensor::pin_memory() const {
  if (is_pinned()) return *this;
  Tensor out = make_pinned(sizes(), dtype(), device());
  copy_values(out, *this);
  if (needs_grad(*this)) set_history(out, make_node<CloneBackward>(*this));
  return out;
}

void Tensor::record_stream(const Stream& stream) const {
  checked().storage()->record_stream(stream);
}

Tensor& Tensor::copy_(const Tensor& src, bool non_blocking) const {
  if (is_same(src)) return const_cast<Tensor&>(*this);
  check_inplace(*this, src);
  DimVector sizes = broadcast_shapes(this->sizes(), src.sizes());
  ADJOINT_CHECK(this->sizes() == sizes, "output with shape ", this->sizes(),
                " doesn't match the broadcast shape ", IntArrayRef(sizes));
  bool overlaps = src.impl()->storage() == impl_->storage();
  copy_values(*this, overlaps ? src.detach().clone() : src, non_blocking);
  bump_version(*this);
  if (needs_grad(*this, src)) {
    auto node = make_node<CopyBackwards>(*this, src);
    node->source_ = src.impl()->stream();
    rebase_history(*this, node);
  }
  return const_cast<Tensor&>(*this);
}

Tensor& become(const Tensor& self, const Tensor& result) {
  check_inplace(self, result.requires_grad());
  ADJOINT_CHECK(self.sizes() == result.sizes(), "output with shape ", self.sizes(),
                " doesn't match the broadcast shape ", result.sizes());
  ADJOINT_CHECK(isFloatingType(self.dtype()) || !isFloatingType(result.dtype()), "result type ",
                result.dtype(), " can't be cast to the desired output type ", self.dtype());
  copy_values(self, result);
  bump_version(self);
  take_history(self, result);
  return const_cast<Tensor&>(self);
}

void fill_new(const Tensor& self, const Scalar& value) {
  if (self.numel() != 0) fill_op(stream_for(self), TensorIterator(self), value);
}

namespace {

Tensor& fill_named(const char* name, const Tensor& self, const Scalar& value) {
  check_history_change(self, self.requires_grad());
  if (self.is_contiguous()) {
    fill_new(self, value);
  } else {
    Geometry once = geometry_of(self);
    for (size_t d = 0; d < once.sizes.size(); ++d) {
      if (once.strides[d] == 0 && once.sizes[d] > 1)
        once.sizes[d] = 1;  // what expand shows several times
    }
    fill_new(self.detach().as_strided(once.sizes, once.strides), value);
  }
  bump_version(self);
  if (needs_grad(self)) {
    auto node = make_node<FillBackward>(self);
    node->name_ = name;
    rebase_history(self, node);
  }
  return const_cast<Tensor&>(self);
}

}  // namespace

Tensor& Tensor::fill_(const Scalar& value) const {
  return fill_named("FillBackward2", *this, value);
}
Tensor& Tensor::fill_(const Tensor& value) const {
  ADJOINT_CHECK(value.dim() == 0,
                "fill_ only supports 0-dimension value tensor but got tensor with ", value.dim(),
                " dimensions.");
  check_inplace(*this, value);
  copy_values(*this, value);
  bump_version(*this);
  if (needs_grad(*this, value)) rebase_history(*this, make_node<FillTensorBackward>(*this, value));
  return const_cast<Tensor&>(*this);
}
Tensor& Tensor::zero_() const { return fill_named("ZeroBackward0", *this, 0); }

Tensor Tensor::clone() const {
  Tensor out = copy_of(*this, dtype(), device());
  if (needs_grad(*this)) set_history(out, make_node<CloneBackward>(*this));
  return out;
}
Tensor Tensor::contiguous() const { return is_contiguous() ? *this : clone(); }

Tensor Tensor::to(Device device, ScalarType dtype, bool non_blocking, bool copy) const {
  bool same_device =
      device.type() == this->device().type() && (!device.has_index() || device == this->device());
  if (same_device && dtype == this->dtype() && !copy) return *this;
  Tensor out;
  if (same_device && !is_contiguous()) {
    out = make_output_like(*this, dtype, stream_for(*this));
    copy_values(out, *this);
  } else {
    out = copy_of(*this, dtype, same_device ? this->device() : device, non_blocking);
  }
  if (isFloatingType(dtype) && needs_grad(*this))
    set_history(out, make_node<ToCopyBackward>(*this));
  return out;
}
Tensor Tensor::to(ScalarType dtype, bool non_blocking, bool copy) const {
  return to(device(), dtype, non_blocking, copy);
}
Tensor Tensor::to(Device device, bool non_blocking, bool copy) const {
  return to(device, dtype(), non_blocking, copy);
}
Tensor Tensor::to(const TensorOptions& options, bool non_blocking, bool copy) const {
  return to(options.device_opt().value_or(device()), options.dtype_opt().value_or(dtype()),
            non_blocking, copy);
}

Tensor Tensor::repeat(IntArrayRef repeats) const {
  ADJOINT_CHECK(int64_t(repeats.size()) >= dim(),
                "Number of dimensions of repeat dims can not be smaller than number of "
                "dimensions of tensor: got ",
                repeats.size(), " for ", dim());
  // [a, b] -> [1, a, 1, b] -> [r0, a, r1, b] -> [r0 * a, r1 * b]; a dimension at a time keeps the
  // number of dimensions small.
  Tensor out = detach();
  while (out.dim() < int64_t(repeats.size())) out = out.unsqueeze(0);
  DimVector stretched = out.sizes();
  for (size_t d = 0; d < repeats.size(); ++d) {
    ADJOINT_CHECK(repeats[d] >= 0, "repeat: numbers of repetitions must not be negative, got ",
                  repeats);
    if (repeats[d] == 1) continue;
    DimVector expanded = out.sizes(), merged = out.sizes();
    expanded.insert(d, repeats[d]);
    merged[d] *= repeats[d];
    out = out.unsqueeze(int64_t(d)).expand(expanded).reshape(merged);
  }
  if (out.impl()->storage() == impl_->storage()) out = out.clone();
  if (needs_grad(*this)) {
    auto node = make_node<RepeatBackward>(*this);
    node->sizes_ = stretched;
    node->repeats_ = repeats;
    set_history(out, node);
  }
  return out;
}

}  // namespace adjoint
