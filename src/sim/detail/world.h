#pragma once

#include "sim/day.h"
#include "sim/detail/clock.h"
#include "sim/detail/ledger.h"

namespace escucha::sim {

class Shell;
class Media;
class Callers;
class Desks;
class Outsiders;

/// The simulated world: its parts find one another here. Owned by `run_day`.
struct World {
    const Options& options;
    const Flows& flows;
    Clock& clock;
    Dice& dice;
    Ledger& ledger;
    Shell* shell = nullptr;
    Media* media = nullptr;
    Callers* callers = nullptr;
    Desks* desks = nullptr;
    Outsiders* outsiders = nullptr;
};

}  // namespace escucha::sim
