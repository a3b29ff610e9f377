# Compiler settings and the two functions every folder uses: escucha_library() and escucha_program().

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

option(ESCUCHA_TESTS "Build the unit tests" ON)
option(ESCUCHA_FUZZ "Build the fuzz targets (clang)" OFF)
# Headers are most of what a file costs. Where nobody edits, one file a library takes a third of the
# time; `dev` keeps files apart, so that each must include what it uses.
option(ESCUCHA_UNITY "Compile each library as one file" OFF)
option(ESCUCHA_BENCH "Build the benchmarks" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
    set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
    add_link_options(-fuse-ld=mold)
endif()

add_library(escucha_options INTERFACE)
target_compile_options(escucha_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor -Werror)
# g++ 12 sees a mismatch where Asio's coroutine frames pair aligned_alloc with their own delete.
target_compile_options(escucha_options INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
if(ESCUCHA_UNITY)
    # What is private to a joined file looks to g++ as if it came from a header.
    target_compile_options(escucha_options INTERFACE
        $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
target_include_directories(escucha_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_definitions(escucha_options INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
    BOOST_ASIO_NO_DEPRECATED ESCUCHA_VERSION="${PROJECT_VERSION}")

# escucha_library(acd DEPS base [PACKAGES Boost::json ...])
#
# The target escucha_<name> from every .cpp of the folder that is not a test, benchmark or fuzz
# target; escucha_<name>_test from *_test.cpp; one escucha_fuzz_<stem> per *_fuzz.cpp.
function(escucha_library name)
    cmake_parse_arguments(ARG "" "" "DEPS;PACKAGES;TEST_DEPS" ${ARGN})
    file(GLOB all CONFIGURE_DEPENDS "*.cpp" "detail/*.cpp")
    set(tests ${all})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    set(fuzzers ${all})
    list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")
    set(benches ${all})
    list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
    set(sources ${all})
    list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cpp$")

    set(deps escucha_options)
    foreach(dep IN LISTS ARG_DEPS)
        list(APPEND deps "escucha_${dep}")
    endforeach()

    if(sources)
        add_library(escucha_${name} STATIC ${sources})
        target_link_libraries(escucha_${name} PUBLIC ${deps} ${ARG_PACKAGES})
        if(ESCUCHA_UNITY)
            set_target_properties(escucha_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
        endif()
    else()
        add_library(escucha_${name} INTERFACE)
        target_link_libraries(escucha_${name} INTERFACE ${deps} ${ARG_PACKAGES})
    endif()

    if(ESCUCHA_TESTS AND tests)
        set(test_deps "")
        foreach(dep IN LISTS ARG_TEST_DEPS)
            list(APPEND test_deps "escucha_${dep}")
        endforeach()
        add_executable(escucha_${name}_test ${tests} "${CMAKE_SOURCE_DIR}/cmake/test_main.cpp")
        target_link_libraries(escucha_${name}_test PRIVATE escucha_${name} ${test_deps}
                              PkgConfig::RAPIDCHECK)
        target_compile_definitions(escucha_${name}_test PRIVATE
            ESCUCHA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        add_test(NAME ${name} COMMAND escucha_${name}_test)
    endif()
    if(ESCUCHA_FUZZ)
        foreach(source IN LISTS fuzzers)
            get_filename_component(stem "${source}" NAME_WE)
            add_executable(escucha_${stem} "${source}")
            target_link_libraries(escucha_${stem} PRIVATE escucha_${name} -fsanitize=fuzzer)
        endforeach()
    endif()
    if(ESCUCHA_BENCH)
        foreach(source IN LISTS benches)
            get_filename_component(stem "${source}" NAME_WE)
            add_executable(escucha_${stem} "${source}")
            target_link_libraries(escucha_${stem} PRIVATE escucha_${name})
        endforeach()
    endif()
endfunction()

# escucha_program(escuchad DEPS server api): every .cpp of the folder.
function(escucha_program name)
    cmake_parse_arguments(ARG "" "" "DEPS;PACKAGES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "*.cpp")
    add_executable(${name} ${sources})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
    target_link_libraries(${name} PRIVATE escucha_options ${ARG_PACKAGES})
    foreach(dep IN LISTS ARG_DEPS)
        target_link_libraries(${name} PRIVATE "escucha_${dep}")
    endforeach()
endfunction()
