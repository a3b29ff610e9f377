#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "store/sql.h"

namespace escucha::demo {

/// The demo: the company "Luz del Valle" with its people, phones, lines, flows, customers and a month
/// of history, read from `data_folder` (demo/data) and `flows_folder` (demo/flows); and "Aguas de la
/// Vega", which began today and is served by some of the same people, from `partner_folder`
/// (demo/partner).

struct Options {
    std::string data_folder;
    std::string flows_folder;
    std::string partner_folder;
    WallTime now;            ///< History ends the day before, so that today's figures start at 0.
    std::uint64_t seed = 1;  ///< The same seed, data and day make the same rows.
    int history_days = 30;
};

struct Report {
    bool was_loaded =
        false;  ///< The demo was there already; only flows newer than the stored are added.
    std::int64_t customers = 0;
    std::int64_t events = 0;
    std::int64_t flows = 0;
};

/// Loads the demo into a migrated database; harmless when it is there. The journal must not be
/// open: history is appended straight to it. Errors: those of the store, and `InvalidArgument` with
/// the file and the place in it.
Result<Report> load(const store::Database& database, const Options& options);

/// Removes the demo's companies with everything that hangs from them, and loads them again. Refuses
/// (`Conflict`) when the installation holds another company.
Result<Report> reset(const store::Database& database, const Options& options);

}  // namespace escucha::demo
