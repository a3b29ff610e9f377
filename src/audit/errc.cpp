#include "audit/errc.h"

#include <string>

namespace escucha::audit {
namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "audit"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::BadKeyFile:
                return "not a key file of the audit log";
            case Errc::OpenKeyFile:
                return "the audit log's key file may be read by others: chmod 600";
            case Errc::NoKeyFile:
                return "there is no key file of the audit log";
            case Errc::Io:
                return "input or output failed";
        }
        return "unknown";
    }
};

}  // namespace

const std::error_category& category() {
    static const Category kCategory;
    return kCategory;
}

}  // namespace escucha::audit
