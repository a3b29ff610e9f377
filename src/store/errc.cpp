#include "store/errc.h"

#include <string>

namespace escucha::store {
namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "store"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::Busy:
                return "the database is busy";
            case Errc::Unique:
                return "a row with this key exists";
            case Errc::Constraint:
                return "the database refused the row";
            case Errc::BadStatement:
                return "the database refused the statement";
            case Errc::TypeMismatch:
                return "a column holds another type";
            case Errc::Full:
                return "no room left";
            case Errc::Io:
                return "the database failed";
            case Errc::Corrupt:
                return "the database is damaged";
            case Errc::Closed:
                return "the database is closed";
            case Errc::NewerSchema:
                return "the database belongs to a newer version";
            case Errc::ChangedMigration:
                return "a migration was changed after it was applied";
            case Errc::Unsupported:
                return "not offered on this database";
            case Errc::BadUrl:
                return "not a database address";
        }
        return "unknown";
    }
};

}  // namespace

const std::error_category& store_category() {
    static const Category category;
    return category;
}

}  // namespace escucha::store
