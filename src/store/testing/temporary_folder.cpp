#include "store/testing/temporary_folder.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include "base/check.h"

namespace escucha::store::testing {

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "escucha-XXXXXX").string();
    ESC_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace escucha::store::testing
