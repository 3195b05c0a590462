// SPDX-License-Identifier: MIT
// How a program finds CUDA's backend, and what it says where it does not.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

const std::string build_dir = ADJOINT_BINARY_DIR;

/// What tests/cuda/probe prints with these variables in its environment.
std::string probe(const std::string& variables) {
  std::string command = "env " + variables + " '" + build_dir + "/tests/cuda_probe' 2>&1";
  std::string text;
  if (FILE* output = popen(command.c_str(), "r")) {
    for (int c = fgetc(output); c != EOF; c = fgetc(output)) text += char(c);
    text += "exit " + std::to_string(pclose(output));
  }
  return text;
}

bool has(const std::string& text, const char* part) { return text.find(part) != text.npos; }

TEST(Plugin, ALibraryThatIsNamedIsLoadedAtTheFirstUse) {
  std::string text = probe("ADJOINT_CUDA_LIBRARY='" + build_dir + "/libadjoint_cudasim.so'");
  EXPECT_TRUE(has(text, "available: 1\n")) << text;
  EXPECT_TRUE(has(text, "tensor([2., 2.])")) << text;
  EXPECT_TRUE(has(text, "exit 0")) << text;
}

TEST(Plugin, WithoutCudnnConvolutionsAreOurs) {
  const std::string library = "ADJOINT_CUDA_LIBRARY='" + build_dir + "/libadjoint_cudasim.so'";
  std::string text = probe(library);
  EXPECT_TRUE(has(text, "cudnn: 1\n") && has(text, "convolved: 4\n")) << text;
  text = probe(library + " ADJOINT_CUDNN_LIBRARY=/nowhere/libcudnn.so.9");
  EXPECT_TRUE(has(text, "cudnn: 0\n") && has(text, "convolved: 4\n")) << text;
  EXPECT_TRUE(has(text, "exit 0")) << text;
}

TEST(Plugin, ALibraryThatIsMissingIsNamedInTheError) {
  std::string text = probe("ADJOINT_CUDA_LIBRARY=/nowhere/libnothing.so");
  EXPECT_TRUE(has(text, "available: 0\ndevices: 0\n")) << text;
  EXPECT_TRUE(has(text, "Could not use device 'cuda': the library /nowhere/libnothing.so")) << text;
  EXPECT_TRUE(has(text, "ADJOINT_CUDA_LIBRARY")) << text;
  EXPECT_TRUE(has(text, "cpu: tensor([3., 3.])")) << text;
  EXPECT_TRUE(has(text, "exit 0")) << text;
}

TEST(Plugin, ALibraryThatHoldsNoBackendIsRefused) {
  std::string text = probe("ADJOINT_CUDA_LIBRARY='" + build_dir + "/libadjoint.so'");
  EXPECT_TRUE(has(text, "libadjoint.so is no backend of Adjoint's")) << text;
  EXPECT_TRUE(has(text, "cpu: tensor([3., 3.])")) << text;
}

#ifdef ADJOINT_HAVE_CUDA
TEST(Plugin, WithoutAGpuTheRealLibrarySaysWhyAndWhatToDo) {
  std::string text =
      probe("CUDA_VISIBLE_DEVICES=-1 ADJOINT_CUDA_LIBRARY='" + build_dir + "/libadjoint_cuda.so'");
  EXPECT_TRUE(has(text, "available: 0\ndevices: 0\n")) << text;
  EXPECT_TRUE(has(text, "error: Could not use device 'cuda': no NVIDIA ")) << text;
  EXPECT_TRUE(has(text, "install a newer driver") || has(text, "check nvidia-smi")) << text;
  EXPECT_TRUE(has(text, "Device(kCPU)")) << text;
  EXPECT_TRUE(has(text, "cpu: tensor([3., 3.])")) << text;
  EXPECT_TRUE(has(text, "exit 0")) << text;
}
#endif

}  // namespace
