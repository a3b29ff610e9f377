#include "store/testing/temporary_folder.h"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <system_error>

#include "base/check.h"

namespace escucha::store::testing {

namespace {

// In memory where the system offers it: the tests fail disks on purpose, not by waiting for them.
std::filesystem::path base() {
    const std::filesystem::path memory{"/dev/shm"};
    if (::access(memory.c_str(), W_OK) == 0) return memory;
    return std::filesystem::temp_directory_path();
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (base() / "escucha-XXXXXX").string();
    ESC_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace escucha::store::testing
