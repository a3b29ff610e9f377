# Everything the product links, from Debian 12's packages. Headers come in as SYSTEM.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
# EXACT: Boost 1.74 is Debian's default and cannot be mixed with 1.81.
find_package(Boost 1.81 EXACT REQUIRED COMPONENTS json url)

foreach(package IN ITEMS sqlite3 libpq libsodium opus speexdsp sndfile libcares libcurl fmt spdlog)
    string(TOUPPER "${package}" upper)
    pkg_check_modules(${upper} REQUIRED IMPORTED_TARGET ${package})
endforeach()

# libre's headers look at the macros of its own build, which its .pc file does not carry.
find_library(RE_LIBRARY NAMES libre.a REQUIRED)
find_path(RE_INCLUDE re/re.h REQUIRED)
add_library(escucha_libre INTERFACE)
target_include_directories(escucha_libre SYSTEM INTERFACE "${RE_INCLUDE}/re")
target_compile_definitions(escucha_libre INTERFACE
    HAVE_INET6 HAVE_STDBOOL_H HAVE_INTTYPES_H HAVE_SYS_TIME_H HAVE_UNISTD_H HAVE_INET_NTOP)
target_link_libraries(escucha_libre INTERFACE
    "${RE_LIBRARY}" OpenSSL::SSL OpenSSL::Crypto z resolv Threads::Threads)

find_library(DATE_TZ_LIBRARY NAMES date-tz REQUIRED)

# rapidcheck and doctest are headers and, for the first, one archive.
find_library(RAPIDCHECK_LIBRARY NAMES rapidcheck)
add_library(escucha_rapidcheck INTERFACE)
if(RAPIDCHECK_LIBRARY)
    target_link_libraries(escucha_rapidcheck INTERFACE "${RAPIDCHECK_LIBRARY}")
endif()
add_library(PkgConfig::RAPIDCHECK ALIAS escucha_rapidcheck)
