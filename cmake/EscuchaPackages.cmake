# Everything the product links, from Debian 12's packages. Headers come in as SYSTEM.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
# EXACT: Boost 1.74 is Debian's default and cannot be mixed with 1.81.
find_package(Boost 1.81 EXACT REQUIRED COMPONENTS json url)

foreach(package IN ITEMS sqlite3 libpq libsodium libarchive speexdsp spandsp opus sndfile libcurl libcares fmt spdlog
                        jemalloc)
    string(TOUPPER "${package}" upper)
    pkg_check_modules(${upper} REQUIRED IMPORTED_TARGET ${package})
endforeach()

find_library(DATE_TZ_LIBRARY NAMES date-tz REQUIRED)

# rapidcheck and doctest are headers and, for the first, one archive.
find_library(RAPIDCHECK_LIBRARY NAMES rapidcheck)
add_library(escucha_rapidcheck INTERFACE)
if(RAPIDCHECK_LIBRARY)
    target_link_libraries(escucha_rapidcheck INTERFACE "${RAPIDCHECK_LIBRARY}")
endif()
add_library(PkgConfig::RAPIDCHECK ALIAS escucha_rapidcheck)
