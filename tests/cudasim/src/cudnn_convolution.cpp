// SPDX-License-Identifier: MIT
#include "cudnn_convolution.h"

namespace cudasim::cudnn {

Operation operation_of(const State& operation) {
  switch (operation.type) {
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
      return {ConvolutionPass::kForward,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
      return {ConvolutionPass::kBackwardData,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    default:
      return {ConvolutionPass::kBackwardFilter,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }
}

ConvolutionArguments::Image image_of(const State& tensor) {
  ConvolutionArguments::Image image;
  tensor.read(CUDNN_ATTR_TENSOR_DIMENSIONS, image.sizes, 4);
  tensor.read(CUDNN_ATTR_TENSOR_STRIDES, image.strides, 4);
  return image;
}

cudnnStatus_t describe(const State& operation, ConvolutionArguments& c) {
  const Operation names = operation_of(operation);
  const State& convolution = operation.part(names.convolution);
  const State& x = operation.part(names.x);
  c.pass = names.pass;
  c.x = image_of(x);
  c.w = image_of(operation.part(names.w));
  c.y = image_of(operation.part(names.y));
  int64_t after[2];
  convolution.read(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, c.padding, 2);
  convolution.read(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, after, 2);
  convolution.read(CUDNN_ATTR_CONVOLUTION_DILATIONS, c.dilation, 2);
  convolution.read(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, c.stride, 2);
  const auto type = x.get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE);
  c.type = type == CUDNN_DATA_HALF       ? CUDA_R_16F
           : type == CUDNN_DATA_BFLOAT16 ? CUDA_R_16BF
                                         : CUDA_R_32F;
  for (int d = 0; d < 2; ++d) {
    const int64_t padded = c.x.sizes[2 + d] + c.padding[d] + after[d];
    const int64_t kernel = c.dilation[d] * (c.w.sizes[2 + d] - 1) + 1;
    REQUIRE(c.y.sizes[2 + d] == (padded - kernel) / c.stride[d] + 1, BAD_PARAM_SHAPE_MISMATCH);
  }
  REQUIRE(c.y.sizes[0] == c.x.sizes[0], BAD_PARAM_SHAPE_MISMATCH);
  REQUIRE(c.y.sizes[1] == c.w.sizes[0], BAD_PARAM_SHAPE_MISMATCH);
  REQUIRE(c.x.sizes[1] % c.w.sizes[1] == 0, BAD_PARAM_SHAPE_MISMATCH);
  REQUIRE(c.w.sizes[0] % (c.x.sizes[1] / c.w.sizes[1]) == 0, BAD_PARAM_SHAPE_MISMATCH);
  return CUDNN_STATUS_SUCCESS;
}

namespace {
bool has_channels_last(const ConvolutionArguments::Image& image) {
  return image.sizes[1] > 1 && image.strides[1] == 1 && image.sizes[2] * image.sizes[3] > 1;
}

}  // namespace

cudnnStatus_t check_support(const State& operation) {
  const Operation names = operation_of(operation);
  const State& convolution = operation.part(names.convolution);
  const auto type = operation.part(names.x).get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE);
  for (int tensor : {names.w, names.y}) {
    REQUIRE(operation.part(tensor).get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE) == type,
            NOT_SUPPORTED_DATA_TYPE);
  }
  REQUIRE(type != CUDNN_DATA_DOUBLE, NOT_SUPPORTED_DATA_TYPE);
  REQUIRE(convolution.get<cudnnDataType_t>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE) == CUDNN_DATA_FLOAT,
          NOT_SUPPORTED_DATA_TYPE);
  REQUIRE(convolution.get<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE) ==
              CUDNN_CROSS_CORRELATION,
          NOT_SUPPORTED);
  REQUIRE(operation.get<float>(names.alpha) == 1, NOT_SUPPORTED);
  REQUIRE(operation.get<float>(names.beta) == 0, NOT_SUPPORTED);
  REQUIRE(has_channels_last(image_of(operation.part(names.x))) ==
              has_channels_last(image_of(operation.part(names.y))),
          NOT_SUPPORTED_LAYOUT);
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cudasim::cudnn
