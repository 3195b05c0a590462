# SPDX-License-Identifier: MIT
# Runs `program` and holds what it prints to the text in the file `expected`; writes the file where
# `write` is on.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${program} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${program} ended with ${result}\n${output}${errors}")
endif()
if(write)
  file(WRITE ${expected} "${output}")
  return()
endif()
file(READ ${expected} text)
if(output STREQUAL text)
  return()
endif()
# The first lines that differ say where to look.
string(REPLACE ";" "," output "${output}")
string(REPLACE ";" "," text "${text}")
string(REGEX REPLACE "[][]" "'" output "${output}")
string(REGEX REPLACE "[][]" "'" text "${text}")
string(REPLACE "\n" ";" output "${output}")
string(REPLACE "\n" ";" text "${text}")
foreach(expected_line got_line IN ZIP_LISTS text output)
  if(NOT expected_line STREQUAL got_line)
    message(FATAL_ERROR "${program} does not print what ${expected} holds\n"
      "expected: ${expected_line}\n     got: ${got_line}")
  endif()
endforeach()
