# SPDX-License-Identifier: MIT
# Counts the instructions of every row of ${program} by callgrind (${valgrind}) and compares them with
# ${expected}: a row may have up to 3 % more. With ${write} it writes that file instead. Rows of CUDA
# run on a device that does nothing, of the library ${cudasim}.
set(repeats 50)
file(STRINGS ${expected} lines REGEX "^[a-z]")
set(text "# Instructions of a run of each row: see count.cmake.\n")
foreach(line IN LISTS lines)
  string(REGEX MATCH "^([a-z_0-9]+) +([0-9]+)" matched "${line}")
  set(row ${CMAKE_MATCH_1})
  set(before ${CMAKE_MATCH_2})
  set(environment)
  if(row MATCHES "^cuda_")
    set(environment ${CMAKE_COMMAND} -E env ADJOINT_CUDA_LIBRARY=${cudasim} CUDASIM_MODE=null)
  endif()
  execute_process(
    COMMAND ${environment} ${valgrind} --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=measured
      ${program} ${row} ${repeats}
    RESULT_VARIABLE result ERROR_VARIABLE output)
  if(NOT result EQUAL 0 OR NOT output MATCHES "Collected : ([0-9]+)")
    message(FATAL_ERROR "${row} was not counted:\n${output}")
  endif()
  math(EXPR count "${CMAKE_MATCH_1} / ${repeats}")
  math(EXPR limit "${before} * 103 / 100")
  message(STATUS "${row}: ${count} instructions, expected ${before}")
  string(APPEND text "${row} ${count}\n")
  if(count GREATER limit)
    list(APPEND worse "${row}: ${count} instructions, expected at most ${limit}")
  endif()
endforeach()
if(write)
  file(WRITE ${expected} "${text}")
elseif(worse)
  list(JOIN worse "\n" worse)
  message(FATAL_ERROR "what an operation costs has grown:\n${worse}\n"
    "If it must be so, the target overhead_expected writes ${expected} anew.")
endif()
