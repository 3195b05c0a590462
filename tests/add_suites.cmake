# SPDX-License-Identifier: MIT
# Included by ctest: makes a test of each GoogleTest suite of `program`. GTEST_FILTER in the
# environment narrows what is run, as it does for the program itself.
cmake_policy(VERSION 3.25)
get_filename_component(name ${program} NAME)
execute_process(COMMAND ${program} --gtest_list_tests
  OUTPUT_VARIABLE listing ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  # Not built, or broken: a test that says so.
  add_test(${name} ${program} --gtest_list_tests)
  return()
endif()

macro(add_suite)
  if(suite AND tests)
    if(DEFINED ENV{GTEST_FILTER})
      list(JOIN tests ":" filter)
    else()
      set(filter "${suite}*")
    endif()
    string(REGEX REPLACE "\\.$" "" title "${name}/${suite}")
    add_test("${title}" ${program} --gtest_color=no "--gtest_filter=${filter}")
  endif()
endmacro()

string(REGEX REPLACE " *#[^\n]*" "" listing "${listing}")  # the values of parameters
string(REPLACE "\n" ";" listing "${listing}")
set(suite "")
foreach(line IN LISTS listing)
  if(line MATCHES "^  (.+)$")
    list(APPEND tests "${suite}${CMAKE_MATCH_1}")
  elseif(line MATCHES "\\.$")
    add_suite()
    set(suite "${line}")
    set(tests "")
  endif()
endforeach()
add_suite()
