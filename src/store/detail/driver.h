#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "store/sql.h"
#include "store/value.h"

namespace escucha::store::detail {

/// What an engine must do for a Connection. One implementation per engine.
class Driver {
public:
    struct Outcome {
        Rows rows;
        std::int64_t changed = 0;
    };

    Driver() = default;
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    virtual ~Driver() = default;

    [[nodiscard]] virtual Engine engine() const = 0;
    virtual Result<Outcome> run(std::string_view sql, std::span<const Param> params) = 0;
    virtual Result<void> script(std::string_view sql) = 0;
    /// `Connection::see`, of an engine that has a wall.
    virtual Result<void> see(std::optional<CompanyId>) { return ok(); }
};

}  // namespace escucha::store::detail
