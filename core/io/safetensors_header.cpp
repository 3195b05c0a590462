// SPDX-License-Identifier: MIT
// The header is read event by event, so that what is too much for the format is refused where it
// stands: nothing is built of it first, and a key that stands twice is seen.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/io/safetensors.h"

namespace adjoint {
namespace {

using nlohmann::json;

struct DtypeName {
  ScalarType dtype;
  const char* name;
};
constexpr DtypeName kDtypeNames[] = {
    {kBool, "BOOL"}, {kByte, "U8"},       {kInt, "I32"},   {kLong, "I64"},
    {kHalf, "F16"},  {kBFloat16, "BF16"}, {kFloat, "F32"}, {kDouble, "F64"},
};

class HeaderReader final : public nlohmann::json_sax<json> {
 public:
  HeaderReader(SafetensorsHeader& header, const InputFile& file) : header_(header), file_(file) {}

  bool start_object(size_t) override {
    switch (place_) {
      case Place::Start:
        place_ = Place::Names;
        return true;
      case Place::Name:
        place_ = name_ == "__metadata__" ? Place::Metadata : Place::Fields;
        return true;
      default:
        unexpected("an object");
    }
  }
  bool end_object() override {
    switch (place_) {
      case Place::Names:
        place_ = Place::End;
        return true;
      case Place::Metadata:
        place_ = Place::Names;
        return true;
      default:
        finish_entry();
        return true;
    }
  }
  bool key(std::string& text) override {
    switch (place_) {
      case Place::Names:
        start_entry(text);
        return true;
      case Place::Metadata:
        if (header_.metadata.contains(text)) twice(text);
        name_ = text;
        place_ = Place::MetadataValue;
        return true;
      default:
        start_field(text);
        return true;
    }
  }
  bool string(std::string& text) override {
    if (place_ == Place::MetadataValue) {
      header_.metadata.insert(name_, text);
      place_ = Place::Metadata;
      return true;
    }
    if (place_ != Place::Dtype) unexpected("a string");
    for (const DtypeName& known : kDtypeNames)
      if (text == known.name) entry().dtype = known.dtype;
    if (entry().dtype == ScalarType::Undefined) {
      file_.fail("tensor ", excerpt(name_),
                 ": expected a dtype of BOOL, U8, I32, I64, F16, BF16, F32, F64, got ",
                 excerpt(text));
    }
    place_ = Place::Fields;
    return true;
  }
  bool start_array(size_t) override {
    if (place_ == Place::Shape) {
      place_ = Place::Size;
    } else if (place_ == Place::Offsets) {
      place_ = Place::Offset;
    } else {
      unexpected("an array");
    }
    return true;
  }
  bool end_array() override {
    if (place_ == Place::Offset && offsets_ != 2) {
      file_.fail("tensor ", excerpt(name_), ": expected two data_offsets, got ", offsets_);
    }
    place_ = Place::Fields;
    return true;
  }
  bool number_unsigned(uint64_t value) override {
    if (place_ == Place::Size) {
      if (entry().sizes.size() == size_t(kMaxDims)) {
        file_.fail("tensor ", excerpt(name_), ": expected at most ", kMaxDims, " dimensions");
      }
      if (value > uint64_t(std::numeric_limits<int64_t>::max())) {
        file_.fail("tensor ", excerpt(name_), ": size ", value, " is too large");
      }
      entry().sizes.push_back(int64_t(value));
    } else if (place_ == Place::Offset) {
      if (offsets_ == 0) entry().begin = value;
      if (offsets_ == 1) entry().end = value;
      ++offsets_;
    } else {
      unexpected("a number");
    }
    return true;
  }
  bool number_integer(int64_t) override { unexpected("a negative number"); }
  bool number_float(double, const std::string&) override { unexpected("a number with a fraction"); }
  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a truth value"); }
  bool binary(json::binary_t&) override { unexpected("binary data"); }
  bool parse_error(size_t position, const std::string&, const json::exception&) override {
    file_.fail("expected JSON in the header, got an error at its byte ", position);
  }

 private:
  enum class Place {
    Start,
    Names,          // in the outer object
    Name,           // behind a name in it
    Metadata,       // in the object of __metadata__
    MetadataValue,  // behind a name in it
    Fields,         // in the object of a tensor
    Dtype,          // behind "dtype"
    Shape,          // behind "shape"
    Size,           // in the array behind it
    Offsets,        // behind "data_offsets"
    Offset,         // in the array behind it
    End,
  };

  SafetensorsEntry& entry() { return header_.entries.back(); }

  void start_entry(const std::string& name) {
    name_ = name;
    place_ = Place::Name;
    if (name == "__metadata__") {
      if (has_metadata_) twice(name);
      has_metadata_ = true;
      return;
    }
    header_.entries.push_back({name, ScalarType::Undefined, {}, 0, 0});
    has_dtype_ = has_shape_ = has_offsets_ = false;
    offsets_ = 0;
  }

  void start_field(const std::string& field) {
    auto once = [&](bool& has, Place place) {
      if (has) twice(field);
      has = true;
      place_ = place;
    };
    if (field == "dtype") {
      once(has_dtype_, Place::Dtype);
    } else if (field == "shape") {
      once(has_shape_, Place::Shape);
    } else if (field == "data_offsets") {
      once(has_offsets_, Place::Offsets);
    } else {
      file_.fail("tensor ", excerpt(name_), ": expected dtype, shape and data_offsets, got ",
                 excerpt(field));
    }
  }

  void finish_entry() {
    const char* missing = !has_dtype_     ? "dtype"
                          : !has_shape_   ? "shape"
                          : !has_offsets_ ? "data_offsets"
                                          : nullptr;
    if (missing) file_.fail("tensor ", excerpt(name_), ": expected a ", missing, ", got none");
    place_ = Place::Names;
  }

  [[noreturn]] void unexpected(const char* what) const {
    const char* expected = "a name";
    switch (place_) {
      case Place::Start:
        expected = "an object";
        break;
      case Place::Name:
        expected = "an object for the tensor";
        break;
      case Place::MetadataValue:
        expected = "a string as metadata";
        break;
      case Place::Dtype:
        expected = "a string as dtype";
        break;
      case Place::Shape:
        expected = "an array as shape";
        break;
      case Place::Size:
        expected = "a whole number of at least 0 as a size";
        break;
      case Place::Offsets:
        expected = "an array as data_offsets";
        break;
      case Place::Offset:
        expected = "a whole number of at least 0 as an offset";
        break;
      default:
        break;
    }
    file_.fail("header, at ", excerpt(name_), ": expected ", expected, ", got ", what);
  }
  [[noreturn]] void twice(const std::string& key) const {
    file_.fail("header: expected each key once, got ", excerpt(key), " twice");
  }

  SafetensorsHeader& header_;
  const InputFile& file_;
  Place place_ = Place::Start;
  std::string name_;
  bool has_metadata_ = false, has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
  int offsets_ = 0;
};

/// Bytes of a tensor; all of its strides fit int64, too.
uint64_t bytes_of(const SafetensorsEntry& entry, const InputFile& file) {
  int64_t stretched = int64_t(elementSize(entry.dtype));
  uint64_t bytes = elementSize(entry.dtype);
  bool overflow = false;
  for (int64_t size : entry.sizes) {
    overflow |= __builtin_mul_overflow(stretched, size > 1 ? size : 1, &stretched);
    bytes *= uint64_t(size);
  }
  if (overflow) {
    file.fail("tensor ", excerpt(entry.name), ": shape ", IntArrayRef(entry.sizes),
              " is too large");
  }
  return bytes;
}

void check_names(const SafetensorsHeader& header, const InputFile& file) {
  std::vector<std::string_view> names;
  for (const SafetensorsEntry& entry : header.entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    file.fail("header: expected each key once, got ", excerpt(*twice), " twice");
  }
}

void check_places(const SafetensorsHeader& header, uint64_t data_size, const InputFile& file) {
  std::vector<const SafetensorsEntry*> entries;
  for (const SafetensorsEntry& entry : header.entries) {
    const uint64_t bytes = bytes_of(entry, file);
    if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
      file.fail("tensor ", excerpt(entry.name), ": expected ", bytes, " bytes for ",
                IntArrayRef(entry.sizes), " of ", safetensors_dtype(entry.dtype),
                ", got data_offsets [", entry.begin, ", ", entry.end, "]");
    }
    entries.push_back(&entry);
  }
  std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  uint64_t at = 0;
  for (const SafetensorsEntry* entry : entries) {
    if (entry->begin != at) {
      file.fail("tensor ", excerpt(entry->name), ": expected its data to begin at ", at,
                ", where the data before it ends, got ", entry->begin);
    }
    at = entry->end;
  }
  if (at != data_size) {
    file.fail("expected ", at, " bytes of data behind the header, got ", data_size);
  }
}

}  // namespace

const char* safetensors_dtype(ScalarType dtype) {
  for (const DtypeName& known : kDtypeNames)
    if (known.dtype == dtype) return known.name;
  return "?";
}

SafetensorsHeader parse_safetensors_header(std::string_view text, uint64_t data_size,
                                           const InputFile& file) {
  SafetensorsHeader header;
  if (text.empty() || text[0] != '{') file.fail("expected a header that begins with '{'");
  HeaderReader reader(header, file);
  json::sax_parse(text.begin(), text.end(), &reader);
  check_names(header, file);
  check_places(header, data_size, file);
  return header;
}

}  // namespace adjoint
