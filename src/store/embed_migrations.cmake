# Writes OUTPUT, a C++ source with every FOLDER/NNNN_name.sql as a raw string, in order.
file(GLOB files "${FOLDER}/*.sql")
list(SORT files)
set(entries "")
foreach(file IN LISTS files)
    get_filename_component(stem "${file}" NAME_WE)
    if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
        message(FATAL_ERROR "${stem}.sql: a migration is named 0001_what_it_does.sql")
    endif()
    string(REGEX REPLACE "^0*([1-9][0-9]*)_.*$" "\\1" number "${stem}")
    file(READ "${file}" text)
    if(text MATCHES "\\)~sql~\"")
        message(FATAL_ERROR "${stem}.sql: holds the delimiter of the generated string")
    endif()
    string(APPEND entries "    {${number}, \"${stem}\", R\"~sql~(${text})~sql~\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"store/migrate.h\"

namespace escucha::store {
namespace {
constexpr Migration kMigrations[] = {
${entries}};
}  // namespace

std::span<const Migration> embedded_migrations() { return kMigrations; }

}  // namespace escucha::store
")
