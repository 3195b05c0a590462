// SPDX-License-Identifier: MIT
// Descriptors of cuDNN's graph API: what a program sets in them, and what each needs.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cudnn.h"

namespace cudasim::cudnn {

struct State;
using Shared = std::shared_ptr<const State>;

struct Value {
  cudnnBackendAttributeType_t type;
  int64_t count;
  std::vector<char> bytes;
  std::vector<Shared> parts;
};

/// What a descriptor refers to, and what it was made part of keeps.
struct State {
  cudnnBackendDescriptorType_t type{};
  bool finalized = false;
  std::map<int, Value> values;

  bool has(int name) const { return values.count(name) != 0; }
  template <class T>
  void read(int name, T* to, size_t count = 1) const {
    std::memcpy(to, values.at(name).bytes.data(), count * sizeof(T));
  }
  template <class T>
  T get(int name) const {
    T value;
    read(name, &value);
    return value;
  }
  const State& part(int name) const { return *values.at(name).parts.at(0); }
};
struct Descriptor {
  std::shared_ptr<State> state = std::make_shared<State>();
};
inline Descriptor* of(cudnnBackendDescriptor_t raw) { return static_cast<Descriptor*>(raw); }

/// Of the calling thread, until it is asked for.
std::string& last_error();
cudnnStatus_t fail(cudnnStatus_t status, const char* why);
#define REQUIRE(condition, status) \
  if (!(condition)) return fail(CUDNN_STATUS_##status, #condition " does not hold")

template <class T>
Value value_of(cudnnBackendAttributeType_t type, const std::vector<T>& values) {
  Value value{type, int64_t(values.size()), {}, {}};
  value.bytes.resize(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(value.bytes.data(), values.data(), value.bytes.size());
  return value;
}

/// What a program must set.
struct Attribute {
  int name;
  cudnnBackendAttributeType_t type;
  int64_t count;
};
struct Requirements {
  cudnnBackendDescriptorType_t type;
  std::vector<Attribute> attributes;
};
/// Null where the type is none that there is.
const Requirements* requirements_of(cudnnBackendDescriptorType_t type);
/// Bytes of a value.
size_t size_of(cudnnBackendAttributeType_t type);

}  // namespace cudasim::cudnn
