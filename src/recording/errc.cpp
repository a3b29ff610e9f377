#include "recording/errc.h"

#include <string>

namespace escucha::recording {
namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "recording"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::NotARecording:
                return "not a recording";
            case Errc::UnknownKey:
                return "its key is not in the key file";
            case Errc::Damaged:
                return "the recording is damaged";
            case Errc::BadKeyFile:
                return "not a key file";
            case Errc::OpenKeyFile:
                return "the key file may be read by others: chmod 600";
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

}  // namespace escucha::recording
