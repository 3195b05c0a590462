# SPDX-License-Identifier: MIT
# The install rules: library, public headers, and the files by which CMake (find_package) and
# pkg-config find them. All paths in those are relative, so that the installed tree can be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/adjoint)
install(TARGETS adjoint adjoint_torch EXPORT adjointTargets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/adjoint DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT adjointTargets NAMESPACE adjoint:: DESTINATION ${package_dir})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/adjointConfig.cmake.in ${PROJECT_BINARY_DIR}/adjointConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/adjointConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/adjointConfig.cmake ${PROJECT_BINARY_DIR}/adjointConfigVersion.cmake
  DESTINATION ${package_dir})

# A static library brings what it is linked with, and its users compile without import attributes.
if(BUILD_SHARED_LIBS)
  set(pc_cflags "")
  set(pc_libs "")
else()
  set(pc_cflags " -DADJOINT_STATIC")
  set(pc_libs " -lz -pthread -ldl")
endif()
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/adjoint.pc.in ${PROJECT_BINARY_DIR}/adjoint.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/adjoint.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
