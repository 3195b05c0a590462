// SPDX-License-Identifier: MIT
// What a program may ask of the engine beside backward() and grad() (adjoint/autograd.h).
#pragma once

#include <utility>

#include "adjoint/export.h"

namespace adjoint::autograd {

/// A function of the user's that a backward calls at its end.
class ADJOINT_API EngineCallback {
 public:
  virtual ~EngineCallback();
  virtual void call() = 0;
};

class ADJOINT_API Engine {
 public:
  static Engine& get_default_engine();

  /// From a node or hook: calls `callback()` once, when the backward that runs on this thread (of
  /// nested ones the innermost) has run all its nodes; in the order in which callbacks came, those
  /// that a callback queues included. None is called where a node or hook throws. Throws Error
  /// outside of a backward.
  template <class F>
  void queue_callback(F callback) {
    struct Holder final : EngineCallback {
      explicit Holder(F f) : function(std::move(f)) {}
      void call() override { function(); }
      F function;
    };
    queue(new Holder(std::move(callback)));
  }

 private:
  Engine() = default;
  void queue(EngineCallback* callback);  // takes it over
};

}  // namespace adjoint::autograd
