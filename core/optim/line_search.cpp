// SPDX-License-Identifier: MIT
#include "core/optim/line_search.h"

#include <algorithm>
#include <cmath>

namespace adjoint::optim {
namespace {

constexpr double kDecrease = 1e-4, kCurvature = 0.9;
constexpr int kMaxIterations = 25;

/// The minimum of the cubic through two points with their slopes, within [low, high]; the middle
/// where the cubic has none.
double cubic_minimum(const LinePoint& a, const LinePoint& b, double low, double high) {
  const LinePoint &left = a.t <= b.t ? a : b, &right = a.t <= b.t ? b : a;
  const double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
  const double square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const double d2 = std::sqrt(square);
  const double share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
  return std::min(std::max(right.t - (right.t - left.t) * share, low), high);
}

class Search {
 public:
  Search(LineFunction& function, const LinePoint& start) : function_(function), start_(start) {}

  LineSearchResult run(double t, double largest, double tolerance_change) {
    if (!bracket(t)) zoom(largest, tolerance_change);
    return {*low_, evaluations_};
  }

 private:
  LinePoint evaluate(double t) {
    ++evaluations_;
    return function_.at(t);
  }
  bool is_too_high(const LinePoint& p) const {
    return p.loss > start_.loss + kDecrease * p.t * start_.slope;
  }
  bool is_flat(const LinePoint& p) const { return std::abs(p.slope) <= -kCurvature * start_.slope; }
  void keep(const LinePoint& a, const LinePoint& b) {
    ends_[0] = a;
    ends_[1] = b;
    order();
  }
  void order() {
    const bool first_is_low = ends_[0].loss <= ends_[1].loss;
    low_ = &ends_[first_is_low ? 0 : 1];
    high_ = &ends_[first_is_low ? 1 : 0];
  }

  /// Goes on until there is a minimum in between; true where a point is good enough by itself.
  bool bracket(double t) {
    LinePoint previous = start_, now = evaluate(t);
    for (; iterations_ < kMaxIterations; ++iterations_) {
      if (is_too_high(now) || (iterations_ > 1 && now.loss >= previous.loss)) {
        keep(previous, now);
        return false;
      }
      if (is_flat(now)) {
        keep(now, now);
        return true;
      }
      if (now.slope >= 0) {
        keep(previous, now);
        return false;
      }
      const double next =
          cubic_minimum(previous, now, now.t + 0.01 * (now.t - previous.t), now.t * 10);
      previous = now;
      now = evaluate(next);
    }
    keep(start_, now);
    return true;
  }

  /// Narrows the bracket down.
  void zoom(double largest, double tolerance_change) {
    bool was_insufficient = false;
    while (iterations_ < kMaxIterations &&
           std::abs(ends_[1].t - ends_[0].t) * largest >= tolerance_change) {
      const double left = std::min(ends_[0].t, ends_[1].t);
      const double right = std::max(ends_[0].t, ends_[1].t);
      double t = cubic_minimum(ends_[0], ends_[1], left, right);
      // Twice in a row close to an end, or on it: a tenth of the way in.
      const double margin = 0.1 * (right - left);
      if (std::min(right - t, t - left) < margin) {
        if (was_insufficient || t >= right || t <= left) {
          t = std::abs(t - right) < std::abs(t - left) ? right - margin : left + margin;
          was_insufficient = false;
        } else {
          was_insufficient = true;
        }
      } else {
        was_insufficient = false;
      }
      const LinePoint now = evaluate(t);
      ++iterations_;
      if (is_too_high(now) || now.loss >= low_->loss) {
        *high_ = now;
        order();
        continue;
      }
      const bool is_done = is_flat(now);
      if (!is_done && now.slope * (high_->t - low_->t) >= 0) *high_ = *low_;
      *low_ = now;
      if (is_done) return;
    }
  }

  LineFunction& function_;
  const LinePoint& start_;
  LinePoint ends_[2];
  LinePoint *low_ = nullptr, *high_ = nullptr;
  int64_t evaluations_ = 0;
  int iterations_ = 0;
};

}  // namespace

LineSearchResult strong_wolfe(LineFunction& function, const LinePoint& start, double t,
                              double largest, double tolerance_change) {
  return Search(function, start).run(t, largest, tolerance_change);
}

}  // namespace adjoint::optim
