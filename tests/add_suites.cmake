# SPDX-License-Identifier: MIT
# Included by ctest: makes a test of each GoogleTest suite of `program`, and several of a suite with
# very many tests, for one `run`: cpu, cudasim (a second time, on the simulated CUDA device) or gpu.
# GTEST_FILTER in the environment narrows what is run, as it does for the program itself.
cmake_policy(VERSION 3.25)
set(tests_per_shard 100)
get_filename_component(name ${program} NAME)
set(device cpu)
if(NOT run STREQUAL cpu)
  set(device cuda)
  string(APPEND name ".${run}")
endif()
execute_process(COMMAND ${program} --gtest_list_tests
  OUTPUT_VARIABLE listing ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  # Not built, or broken: a test that says so.
  add_test(${name} ${program} --gtest_list_tests)
  return()
endif()

# Uses `suite`, as "Suite.", and the names of its `tests`.
macro(add_suite)
  list(LENGTH tests count)
  math(EXPR shards "(${count} + ${tests_per_shard} - 1) / ${tests_per_shard}")
  set(filter "${suite}*")
  if(DEFINED ENV{GTEST_FILTER})
    list(JOIN tests ":" filter)
  endif()
  string(REGEX REPLACE "\\.$" "" title "${name}/${suite}")
  foreach(shard RANGE 1 ${shards})
    set(part "${title}")
    if(shards GREATER 1)
      set(part "${title} ${shard} of ${shards}")
    endif()
    math(EXPR index "${shard} - 1")
    add_test("${part}" ${program} --gtest_color=no "--gtest_filter=${filter}")
    set_tests_properties("${part}" PROPERTIES
      LABELS ${run}
      ENVIRONMENT "ADJOINT_TEST_DEVICE=${device};GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index}")
  endforeach()
endmacro()

string(REGEX REPLACE " *#[^\n]*" "" listing "${listing}")  # the values of parameters
string(REPLACE "\n" ";" listing "${listing}")
set(tests "")
foreach(line IN LISTS listing)
  if(line MATCHES "^  (.+)$")
    list(APPEND tests "${suite}${CMAKE_MATCH_1}")
  elseif(line MATCHES "\\.$")
    if(tests)
      add_suite()
    endif()
    set(suite "${line}")
    set(tests "")
  endif()
endforeach()
if(tests)
  add_suite()
endif()
