#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/rng.h"
#include "demo/demo.h"
#include "store/sql.h"

namespace escucha::demo::detail {

struct Caller {
    CustomerId id;
    std::string number;
    bool is_family = false;  ///< Calls the grandparents' line.
};

struct DemoAgent {
    AgentId id;
    UserId user;
    std::vector<std::string> queues;  ///< By key.
};

struct DemoLine {
    LineId id;
    FlowId flow;
    std::string dialled;
};

/// What the parts of the loader hand to one another. Everything is written in one transaction.
struct World {
    const Options& options;
    std::string data_folder;
    std::string flows_folder;
    store::Connection& connection;
    Rng rng;
    WallTime founded;  ///< Before the first event of the history.
    CompanyId company;
    std::int64_t reference_key = 0;
    std::string zone;
    std::map<std::string, QueueId> queues;  ///< By key.
    std::map<std::string, DemoLine> lines;  ///< By dialled number.
    std::vector<DemoAgent> agents;
    std::vector<Caller> callers;
    std::int64_t events = 0;
};

/// Company, queues, lines, trunks, users, phones, reasons, topics, outcomes, calendars, flows.
Result<void> load_directory(World& world);
/// Adds each flow of the folder that is new or differs from its newest version, and publishes it.
/// The number added.
Result<std::int64_t> load_flows(World& world);
/// Customers, their numbers, accounts and orders: those of the file, and others made up until they are
/// `count`. The number of customers.
Result<std::int64_t> load_customers(World& world, int count);
/// The days before `options.now`, as events.
Result<void> load_history(World& world);

}  // namespace escucha::demo::detail
