// SPDX-License-Identifier: MIT
#include "adjoint/serialize.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <istream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "core/io/file.h"
#include "core/io/safetensors.h"

namespace adjoint {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are written as they lie");

constexpr const char* kSingleName = "tensor";

std::string json_string(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    detail::fail<ValueError>("save: expected names and metadata in UTF-8");
  }
}

void check_savable(const TensorDict& tensors) {
  for (const auto& item : tensors) {
    ADJOINT_CHECK_VALUE(item.value().defined(), "save: expected defined tensors, got an undefined ",
                        item.key());
    ADJOINT_CHECK_VALUE(item.key() != "__metadata__", "save: no tensor can be named __metadata__");
  }
}

/// Larger elements first, behind a header of a multiple of eight bytes: so all are aligned.
std::vector<const TensorDict::Item*> in_data_order(const TensorDict& tensors) {
  std::vector<const TensorDict::Item*> order;
  for (const auto& item : tensors) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->value().element_size() > b->value().element_size();
  });
  return order;
}

std::string header_text(const TensorDict& tensors, const Metadata& metadata,
                        const std::vector<const TensorDict::Item*>& order) {
  OrderedDict<const TensorDict::Item*, uint64_t> begins;
  begins.reserve(order.size());
  uint64_t at = 0;
  for (const TensorDict::Item* item : order) {
    begins.insert(item, at);
    at += item->value().nbytes();
  }
  std::string out = "{";
  if (!metadata.empty()) {
    out += "\"__metadata__\":{";
    for (const auto& item : metadata) {
      if (out.back() != '{') out += ',';
      out += json_string(item.key()) + ":" + json_string(item.value());
    }
    out += '}';
  }
  for (const auto& item : tensors) {
    if (out.size() > 1) out += ',';
    const Tensor& t = item.value();
    const uint64_t begin = begins[&item];
    out += json_string(item.key()) + ":{\"dtype\":\"" + safetensors_dtype(t.dtype()) +
           "\",\"shape\":[";
    for (int64_t size : t.sizes()) {
      if (out.back() != '[') out += ',';
      out += std::to_string(size);
    }
    out += detail::str("],\"data_offsets\":[", begin, ",", begin + t.nbytes(), "]}");
  }
  out += '}';
  out.resize((out.size() + 7) / 8 * 8, ' ');
  ADJOINT_CHECK_VALUE(out.size() <= kMaxSafetensorsHeader,
                      "save: expected names and metadata of at most ", kMaxSafetensorsHeader,
                      " bytes, got ", out.size());
  return out;
}

Tensor read_tensor(const SafetensorsEntry& entry, uint64_t data_begin, const InputFile& file) {
  Tensor out = empty(entry.sizes, dtype(entry.dtype).device(kCPU));
  const size_t n = out.nbytes();
  auto* bytes = static_cast<unsigned char*>(out.data_ptr());
  const size_t got = file.read_at(data_begin + entry.begin, bytes, n);
  if (got != n) {
    file.fail("tensor ", excerpt(entry.name), ": expected ", n, " bytes, got ", got);
  }
  if (entry.dtype == kBool) {
    // Any other value in a bool is undefined behaviour.
    const auto bad = std::find_if(bytes, bytes + n, [](unsigned char b) { return b > 1; });
    if (bad != bytes + n) {
      file.fail("tensor ", excerpt(entry.name), ": expected 0 or 1 as truth values, got ",
                unsigned(*bad));
    }
  }
  return out;
}

/// `write(data, n)` takes the bytes of the file one after the other.
template <class Write>
void write_all(const TensorDict& tensors, const Metadata& metadata, const Write& write) {
  const auto order = in_data_order(tensors);
  const std::string header = header_text(tensors, metadata, order);
  const NoGradGuard no_grad;
  const uint64_t length = header.size();
  write(&length, sizeof length);
  write(header.data(), header.size());
  for (const TensorDict::Item* item : order) {
    const Tensor dense = item->value().detach().cpu().contiguous();
    if (dense.nbytes() > 0) write(dense.data_ptr(), dense.nbytes());
  }
}

TensorDict read_all(const InputFile& file, Device device, Metadata* metadata) {
  uint64_t length = 0;
  if (file.read_at(0, &length, sizeof length) != sizeof length) {
    file.fail("expected a safetensors file, whose first 8 bytes are its header's length, got ",
              file.size(), " bytes");
  }
  const uint64_t left = file.size() - sizeof length;
  if (length > kMaxSafetensorsHeader || length > left) {
    file.fail("expected a header of at most ", std::min(left, kMaxSafetensorsHeader),
              " bytes, got a length of ", length);
  }
  std::string text(size_t(length), '\0');
  if (file.read_at(sizeof length, text.data(), text.size()) != text.size()) {
    file.fail("expected a header of ", length, " bytes, got the end of the file");
  }
  SafetensorsHeader header = parse_safetensors_header(text, left - length, file);
  TensorDict out;
  out.reserve(header.entries.size());
  for (SafetensorsEntry& entry : header.entries) {
    Tensor tensor = read_tensor(entry, sizeof length + length, file).to(device);
    out.insert(std::move(entry.name), std::move(tensor));
  }
  if (metadata) *metadata = std::move(header.metadata);
  return out;
}

Tensor only_tensor(TensorDict tensors, const std::string& place) {
  ADJOINT_CHECK_WITH(IOError, tensors.size() == 1, "load: ", place, ": expected one tensor, got ",
                     tensors.size());
  return std::move(tensors.front().value());
}

Device device_of(const Tensor& tensor) { return tensor.defined() ? tensor.device() : Device(kCPU); }

}  // namespace

void save(const TensorDict& tensors, const std::string& path, const Metadata& metadata) {
  check_savable(tensors);
  std::optional<OutputFile> file;  // made when all is known to be savable
  write_all(tensors, metadata, [&](const void* data, size_t n) {
    if (!file) file.emplace("save", path);
    file->write(data, n);
  });
  file->commit();
}
void save(const TensorDict& tensors, std::ostream& out, const Metadata& metadata) {
  check_savable(tensors);
  write_all(tensors, metadata, [&](const void* data, size_t n) {
    out.write(static_cast<const char*>(data), std::streamsize(n));
  });
  ADJOINT_CHECK_WITH(IOError, out.good(), "save: cannot write to the stream");
}

void save(const Tensor& tensor, const std::string& path) {
  save(TensorDict({{kSingleName, tensor}}), path);
}
void save(const Tensor& tensor, std::ostream& out) {
  save(TensorDict({{kSingleName, tensor}}), out);
}

TensorDict load(const std::string& path, Device device, Metadata* metadata) {
  return read_all(InputFile("load", path), device, metadata);
}
TensorDict load(std::istream& in, Device device, Metadata* metadata) {
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  ADJOINT_CHECK_WITH(IOError, !in.bad(), "load: cannot read from the stream");
  return read_all(InputFile("load", "stream", std::move(bytes)), device, metadata);
}

void load(Tensor& tensor, const std::string& path) {
  tensor = only_tensor(load(path, device_of(tensor)), path);
}
void load(Tensor& tensor, std::istream& in) {
  tensor = only_tensor(load(in, device_of(tensor)), "stream");
}

}  // namespace adjoint
