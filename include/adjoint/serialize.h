// SPDX-License-Identifier: MIT
// Tensors in files.
//
// The format is safetensors (https://github.com/huggingface/safetensors, "Format"): eight bytes
// with the length of the header, little-endian; the header, JSON, with dtype, shape and place of
// each tensor by name; and the elements, row-major and little-endian. Nothing in it is executed on
// load.
#pragma once

#include <iosfwd>
#include <string>

#include "adjoint/device.h"
#include "adjoint/ordered_dict.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// Named tensors, as a module's state_dict() gives them.
using TensorDict = OrderedDict<std::string, Tensor>;
/// What a file says of itself, as free text.
using Metadata = OrderedDict<std::string, std::string>;

/// Writes tensors of any device and layout; gradients are not written. The file is whole or is not
/// there at all: it is written beside `path` under another name, flushed to the disk and renamed,
/// taking the place of a file that was there. Throws ValueError for undefined tensors and names
/// that are not UTF-8 or "__metadata__", and IOError where the file cannot be written.
ADJOINT_API void save(const TensorDict& tensors, const std::string& path,
                      const Metadata& metadata = Metadata());
/// A file of one tensor, named "tensor".
ADJOINT_API void save(const Tensor& tensor, const std::string& path);
/// What save writes to a file, to a stream. Throw ValueError as save does, and IOError where the
/// stream fails.
ADJOINT_API void save(const TensorDict& tensors, std::ostream& out,
                      const Metadata& metadata = Metadata());
ADJOINT_API void save(const Tensor& tensor, std::ostream& out);

/// All tensors of a file, in the order of its header, without gradient history, on `device`. Files
/// are not trusted: throws IOError, which says what was expected and what was found, for one that
/// cannot be read, that is cut off or overlong, whose header is not as the format wants it (also: a
/// name that stands twice, a size that does not fit the shape, gaps and overlaps), or that has
/// tensors of a dtype or with more dimensions than there are here.
/// `metadata`: where not null, takes the file's.
ADJOINT_API TensorDict load(const std::string& path, Device device = kCPU,
                            Metadata* metadata = nullptr);
/// The tensor of a file that has one only, on `tensor`'s device if that is defined, else on the
/// CPU. Throws IOError as above, and where the file has not exactly one tensor.
ADJOINT_API void load(Tensor& tensor, const std::string& path);
/// From what is left of a stream, all of which must be such a file.
ADJOINT_API TensorDict load(std::istream& in, Device device = kCPU, Metadata* metadata = nullptr);
ADJOINT_API void load(Tensor& tensor, std::istream& in);

}  // namespace adjoint
