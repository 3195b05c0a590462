# SPDX-License-Identifier: MIT
# One run of the install test, in work_dir; kind is shared or static.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect_greeting who)
  if(NOT output STREQUAL "tensor([2., 2.])\n")
    message(FATAL_ERROR "the program built with ${who}: expected tensor([2., 2.]), got: ${output}")
  endif()
endfunction()

load_cache(${build_dir} READ_WITH_PREFIX build_
  ADJOINT_CPU_ISAS ADJOINT_WARNINGS_AS_ERRORS BUILD_SHARED_LIBS CMAKE_BUILD_TYPE CMAKE_CXX_COMPILER CMAKE_GENERATOR PKG_CONFIG)
set(toolchain -G ${build_CMAKE_GENERATOR}
  -D CMAKE_CXX_COMPILER=${build_CMAKE_CXX_COMPILER} -D CMAKE_BUILD_TYPE=${build_CMAKE_BUILD_TYPE})
set(shared OFF)
if(kind STREQUAL "shared")
  set(shared ON)
endif()

# The kind that is built already is installed from there. The other is built with the same flags in a
# folder beside it, so that ccache has its objects, also where it rewrites paths to relative ones.
if((build_BUILD_SHARED_LIBS AND NOT shared) OR (shared AND NOT build_BUILD_SHARED_LIBS))
  set(other_build_dir ${build_dir}-${kind})
  string(REPLACE ";" "\;" isas "${build_ADJOINT_CPU_ISAS}")
  run(${CMAKE_COMMAND} -S ${source_dir} -B ${other_build_dir} ${toolchain}
    -D BUILD_SHARED_LIBS=${shared} -D "ADJOINT_CPU_ISAS=${isas}"
    -D ADJOINT_WARNINGS_AS_ERRORS=${build_ADJOINT_WARNINGS_AS_ERRORS}
    -D ADJOINT_BUILD_TESTS=OFF -D ADJOINT_BUILD_EXAMPLES=OFF -D ADJOINT_CUDA=OFF)
  run(${CMAKE_COMMAND} --build ${other_build_dir})
  set(build_dir ${other_build_dir})
endif()

set(prefix "${work_dir}/moved here")
file(REMOVE_RECURSE ${work_dir}/installed "${prefix}" ${work_dir}/consumer)
run(${CMAKE_COMMAND} --install ${build_dir} --prefix ${work_dir}/installed)
file(RENAME ${work_dir}/installed "${prefix}")

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${work_dir}/consumer ${toolchain}
  -D "CMAKE_PREFIX_PATH=${prefix}")
run(${CMAKE_COMMAND} --build ${work_dir}/consumer)
run(${work_dir}/consumer/consumer)
expect_greeting(find_package)
run(${work_dir}/consumer/torch_consumer)
if(NOT output STREQUAL " 2\n 2\n[ CPUFloatType{2} ]\n")
  message(FATAL_ERROR "the program with LibTorch's names: expected two twos, got: ${output}")
endif()

file(GLOB_RECURSE pc "${prefix}/*/adjoint.pc")
cmake_path(GET pc PARENT_PATH pc_dir)
run(${CMAKE_COMMAND} -E env "PKG_CONFIG_PATH=${pc_dir}" ${build_PKG_CONFIG} --cflags --libs adjoint)
separate_arguments(flags UNIX_COMMAND "${output}")
list(FILTER flags INCLUDE REGEX "^-L")
string(REGEX REPLACE "^-L" "" library_dir "${flags}")
separate_arguments(flags UNIX_COMMAND "${output}")
run(${build_CMAKE_CXX_COMPILER} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/consumer/consumer.cpp
  -o ${work_dir}/consumer/by_pkg_config ${flags} "-Wl,-rpath,${library_dir}")
run(${work_dir}/consumer/by_pkg_config)
expect_greeting(pkg-config)
