// SPDX-License-Identifier: MIT
#include "core/capture/random_states.h"

#include "adjoint/ops.h"
#include "core/capture/recorder.h"
#include "core/capture/replay_values.h"

namespace adjoint {
namespace {

uint64_t blocks(const Reservation& r) { return (r.count + 3) / 4; }

}  // namespace

void RandomStates::keep_on_device(const Stream& stream) {
  if (reservations_.empty()) return;
  detail::UnrecordedScope own_work;
  constexpr int64_t words = sizeof(PhiloxState) / sizeof(int64_t);
  on_device_ = empty({int64_t(reservations_.size()) * words}, dtype(kLong).device(stream.device()));
  expected_.resize(reservations_.size());
  auto* live = static_cast<PhiloxState*>(on_device_.data_ptr());
  for (Reservation& r : reservations_) {
    uint64_t advance = 0;
    for (const Reservation& other : reservations_) {
      if (other.generator == r.generator) advance += blocks(other);
    }
    for (PhiloxArgs* user : r.users) user->live = live;
    r.users.back()->advance = advance;
    ++live;
  }
}

void RandomStates::reserve() {
  bool as_expected = is_known_;
  is_known_ = false;
  for (size_t i = 0; i < reservations_.size(); ++i) {
    Reservation& r = reservations_[i];
    r.state = r.generator->reserve(r.count);
    if (on_device_.defined()) {
      as_expected = as_expected && r.state == expected_[i];
      expected_[i] = r.state;
    } else {
      for (PhiloxArgs* user : r.users) user->state = r.state;
    }
  }
  if (!on_device_.defined()) return;
  if (!as_expected)
    write_values(on_device_, expected_.data(), expected_.size() * sizeof(PhiloxState));
  for (size_t i = 0; i < reservations_.size(); ++i)
    expected_[i].offset += reservations_[i].users.back()->advance;
}

}  // namespace adjoint
