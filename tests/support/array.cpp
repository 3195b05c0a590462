// SPDX-License-Identifier: MIT
#include "tests/support/array.h"

#include <algorithm>
#include <cstring>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"

namespace adjoint::testing {

Array::Array(Sizes s, double value)
    : sizes(std::move(s)), values(size_t(testing::numel_of(sizes)), value) {}
Array::Array(Sizes s, std::vector<double> v) : sizes(std::move(s)), values(std::move(v)) {}
double& Array::at(const Sizes& index) { return values[size_t(ravel(index, sizes))]; }
double Array::at(const Sizes& index) const { return values[size_t(ravel(index, sizes))]; }

int64_t numel_of(const Sizes& sizes) {
  int64_t n = 1;
  for (int64_t s : sizes) n *= s;
  return n;
}

Sizes unravel(int64_t flat, const Sizes& sizes) {
  Sizes index(sizes.size());
  for (size_t d = sizes.size(); d-- > 0;) {
    index[d] = flat % sizes[d];
    flat /= sizes[d];
  }
  return index;
}

int64_t ravel(const Sizes& index, const Sizes& sizes) {
  int64_t flat = 0;
  for (size_t d = 0; d < sizes.size(); ++d) flat = flat * sizes[d] + index[d];
  return flat;
}

void for_each_index(const Sizes& sizes, const std::function<void(const Sizes&)>& f) {
  for (int64_t i = 0, n = numel_of(sizes); i < n; ++i) f(unravel(i, sizes));
}

Sizes broadcast(const Sizes& a, const Sizes& b) {
  Sizes out(std::max(a.size(), b.size()));
  for (size_t i = 1; i <= out.size(); ++i) {
    int64_t sa = i <= a.size() ? a[a.size() - i] : 1, sb = i <= b.size() ? b[b.size() - i] : 1;
    out[out.size() - i] = sa == 1 ? sb : sa;
  }
  return out;
}

Array broadcast_to(const Array& a, const Sizes& sizes) {
  Array out(sizes);
  size_t extra = sizes.size() - a.sizes.size();
  for_each_index(sizes, [&](const Sizes& index) {
    Sizes from(index.begin() + long(extra), index.end());
    for (size_t d = 0; d < from.size(); ++d) {
      if (a.sizes[d] == 1) from[d] = 0;
    }
    out.at(index) = a.at(from);
  });
  return out;
}

Array map(const Array& a, const std::function<double(double)>& f) {
  Array out = a;
  for (double& v : out.values) v = f(v);
  return out;
}

Array map(const Array& a, const Array& b, const std::function<double(double, double)>& f) {
  Sizes sizes = broadcast(a.sizes, b.sizes);
  Array out = broadcast_to(a, sizes), other = broadcast_to(b, sizes);
  for (size_t i = 0; i < out.values.size(); ++i) out.values[i] = f(out.values[i], other.values[i]);
  return out;
}

Array map(const Array& a, const Array& b, const Array& c,
          const std::function<double(double, double, double)>& f) {
  Sizes sizes = broadcast(broadcast(a.sizes, b.sizes), c.sizes);
  Array out = broadcast_to(a, sizes), y = broadcast_to(b, sizes), z = broadcast_to(c, sizes);
  for (size_t i = 0; i < out.values.size(); ++i) {
    out.values[i] = f(out.values[i], y.values[i], z.values[i]);
  }
  return out;
}

Sizes all_dims(const Array& a) {
  Sizes dims;
  for (int64_t d = 0; d < a.dim(); ++d) dims.push_back(d);
  return dims;
}

Array reduce(const Array& a, Sizes dims, bool keepdim,
             const std::function<double(const std::vector<double>&)>& f) {
  for (int64_t& d : dims) d = d < 0 ? d + a.dim() : d;
  auto is_reduced = [&](size_t d) {
    return std::find(dims.begin(), dims.end(), int64_t(d)) != dims.end();
  };
  Sizes kept = a.sizes, dropped;
  for (size_t d = 0; d < a.sizes.size(); ++d) {
    if (is_reduced(d)) {
      kept[d] = 1;
    } else {
      dropped.push_back(a.sizes[d]);
    }
  }
  std::vector<std::vector<double>> groups(size_t(numel_of(kept)));
  for_each_index(a.sizes, [&](const Sizes& index) {
    Sizes to = index;
    for (size_t d = 0; d < to.size(); ++d) to[d] = is_reduced(d) ? 0 : to[d];
    groups[size_t(ravel(to, kept))].push_back(a.at(index));
  });
  Array out(keepdim ? kept : dropped);
  for (size_t i = 0; i < groups.size(); ++i) out.values[i] = f(groups[i]);
  return out;
}

Array along(const Array& a, int64_t dim,
            const std::function<std::vector<double>(const std::vector<double>&)>& f) {
  if (a.dim() == 0) return Array({}, f(a.values));
  size_t d = size_t(dim < 0 ? dim + a.dim() : dim);
  Sizes outer = a.sizes;
  outer[d] = std::min<int64_t>(outer[d], 1);
  Array out(a.sizes);
  for_each_index(outer, [&](Sizes index) {
    std::vector<double> line;
    for (index[d] = 0; index[d] < a.sizes[d]; ++index[d]) line.push_back(a.at(index));
    line = f(line);
    for (index[d] = 0; index[d] < a.sizes[d]; ++index[d]) out.at(index) = line[size_t(index[d])];
  });
  return out;
}

Array permuted(const Array& a, const Sizes& order) {
  Sizes sizes(order.size());
  for (size_t d = 0; d < order.size(); ++d) sizes[d] = a.sizes[size_t(order[d])];
  Array out(sizes);
  for_each_index(sizes, [&](const Sizes& index) {
    Sizes from(index.size());
    for (size_t d = 0; d < order.size(); ++d) from[size_t(order[d])] = index[d];
    out.at(index) = a.at(from);
  });
  return out;
}

Array matrix_product(const Array& a, const Array& b) {
  Array out({a.sizes[0], b.sizes[1]});
  for (int64_t i = 0; i < a.sizes[0]; ++i) {
    for (int64_t j = 0; j < b.sizes[1]; ++j) {
      for (int64_t k = 0; k < a.sizes[1]; ++k) out.at({i, j}) += a.at({i, k}) * b.at({k, j});
    }
  }
  return out;
}

Array row(const Array& a, int64_t i) {
  Array out(Sizes(a.sizes.begin() + 1, a.sizes.end()));
  std::copy_n(a.values.begin() + i * out.numel(), out.numel(), out.values.begin());
  return out;
}

namespace {

template <class F>
void with_type(ScalarType dtype, F f) {
  switch (dtype) {
    case kBool:
      return f(bool());
    case kByte:
      return f(uint8_t());
    case kInt:
      return f(int32_t());
    case kLong:
      return f(int64_t());
    case kHalf:
      return f(Half());
    case kBFloat16:
      return f(BFloat16());
    case kFloat:
      return f(float());
    case kDouble:
      return f(double());
    case ScalarType::Undefined:
      break;
  }
}

}  // namespace

Array to_array(const Tensor& t) {
  NoGradGuard no_grad;
  Tensor host = t.detach().cpu();
  Array out(host.sizes().vec());
  Sizes strides = host.strides().vec();
  with_type(host.dtype(), [&]<class T>(T) {
    const T* data = static_cast<const T*>(host.data_ptr());
    for (int64_t i = 0; i < out.numel(); ++i) {
      Sizes index = unravel(i, out.sizes);
      int64_t offset = 0;
      for (size_t d = 0; d < index.size(); ++d) offset += index[d] * strides[d];
      out.values[size_t(i)] = double(data[offset]);
    }
  });
  return out;
}

Tensor to_tensor(const Array& a, ScalarType dtype, Device device) {
  Tensor host = empty(a.sizes, TensorOptions(dtype).device(kCPU));
  with_type(dtype, [&]<class T>(T) {
    T* data = static_cast<T*>(host.data_ptr());
    for (size_t i = 0; i < a.values.size(); ++i) data[i] = Scalar(a.values[i]).to<T>();
  });
  return host.to(device);
}

std::string text_of(const Sizes& sizes) {
  std::string out;
  append(out, IntArrayRef(sizes));
  return out;
}

}  // namespace adjoint::testing
