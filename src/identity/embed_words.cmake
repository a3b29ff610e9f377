# Writes OUTPUT, a C++ source with the lines of WORDS that are no comment, as one raw string.
file(READ "${WORDS}" text)
string(REGEX REPLACE "#[^\n]*\n" "" text "${text}")
file(WRITE "${OUTPUT}" "#include \"identity/detail/common_passwords.h\"

namespace escucha::identity {

std::string_view common_passwords() {
    return R\"~words~(${text})~words~\";
}

}  // namespace escucha::identity
")
