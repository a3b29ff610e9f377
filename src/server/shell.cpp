#include "server/shell.h"

#include <fmt/format.h>

#include "base/errc.h"
#include "calendar/zone.h"
#include "server/detail/strand.h"
#include "store/projections.h"

namespace escucha::server {

namespace {

class ShellOnStrand final : public Shell {
public:
    ShellOnStrand(const Config& config,
                  const store::Database& database,
                  store::Journal& journal,
                  recording::Keyring& keys)
        : config_{config}, database_{database}, strand_{config_, database, journal, keys} {}

    Result<void> start() { return strand_.start(); }

    void stop(std::chrono::seconds deadline) override { strand_.stop(deadline); }

    Result<Floor> floor(CompanyId company) override {
        ESC_TRY(auto floor, strand_.ask<Floor>([this, company]() -> Result<Floor> {
            Floor out;
            out.seq = strand_.journal().last_committed();
            out.taken_at = read_clocks().wall;
            out.queues = strand_.centre().queues(company);
            out.agents = strand_.centre().agents(company);
            out.contacts = strand_.centre().contacts(company);
            return out;
        }));
        ESC_TRY(add_todays_figures(company, floor));
        return floor;
    }

    Result<AgentView> agent(CompanyId company, AgentId agent) override {
        return strand_.ask<AgentView>([this, company, agent]() -> Result<AgentView> {
            auto view = strand_.centre().agent(company, agent);
            if (!view) return fail(Errc::NotFound, "no such agent");
            return std::move(*view);
        });
    }

    Result<ContactView> contact(CompanyId company, ContactId contact) override {
        return strand_.ask<ContactView>([this, company, contact]() -> Result<ContactView> {
            auto view = strand_.centre().contact(company, contact);
            if (!view) return fail(Errc::NotFound, "the contact is not live");
            return std::move(*view);
        });
    }

    Result<void> command(CompanyId company, Command command) override {
        return strand_.command(company, std::move(command));
    }

    Result<std::vector<TraceLine>> trace(CompanyId company, ContactId contact) override {
        using Lines = std::vector<TraceLine>;
        return strand_.ask<Lines>([this, company, contact]() -> Result<Lines> {
            auto lines = strand_.centre().trace_of(company, contact);
            if (!lines) return fail(Errc::NotFound, "no flight recorder of this call is kept");
            return std::move(*lines);
        });
    }

    Result<void> reload() override { return strand_.reload(); }

    Result<std::vector<SipBan>> sip_bans() override {
        using Bans = std::vector<SipBan>;
        return strand_.ask<Bans>([this]() -> Result<Bans> { return strand_.sip_bans(); });
    }

    Result<void> lift_sip_ban(std::string source) override {
        return strand_.ask<void>([this, source = std::move(source)]() -> Result<void> {
            if (strand_.lift_sip_ban(source)) return ok();
            return fail(Errc::NotFound, "no such ban");
        });
    }

    Result<std::vector<TrunkView>> trunks() override {
        using Views = std::vector<TrunkView>;
        return strand_.ask<Views>([this]() -> Result<Views> { return strand_.trunks(); });
    }

    std::string metrics() override {
        auto text =
            strand_.ask<std::string>([this]() -> Result<std::string> { return strand_.metrics(); });
        const auto counts = strand_.journal().counters();
        return (text ? text.value() : std::string{}) +
               fmt::format(
                   "# TYPE escucha_journal_events_total counter\n"
                   "escucha_journal_events_total {}\n"
                   "# TYPE escucha_journal_commits_total counter\n"
                   "escucha_journal_commits_total {}\n"
                   "# TYPE escucha_journal_failures_total counter\n"
                   "escucha_journal_failures_total {}\n",
                   counts.events,
                   counts.commits,
                   counts.failures);
    }

    std::vector<std::string> not_ready() override {
        std::vector<std::string> missing;
        if (!strand_.is_media_ready())
            missing.emplace_back("media: the media process is not there");
        if (auto trouble = strand_.journal().trouble(); !trouble.empty()) {
            missing.push_back("journal: " + trouble);
        }
        return missing;
    }

private:
    Result<void> add_todays_figures(CompanyId company, Floor& floor) {
        ESC_TRY(auto connection, database_.connect(store::Access::ReadOnly));
        ESC_TRY(auto zone,
                connection.query_one("SELECT zone FROM company WHERE id = ?", {company}));
        if (!zone) return ok();
        ESC_TRY(auto name, zone->get<std::string>(0));
        const auto today = store::local_day(floor.taken_at, name);
        ESC_TRY(
            auto rows,
            connection.query("SELECT queue_id, answered, abandoned, answered_20s FROM queue_day "
                             "WHERE company_id = ? AND day = ?",
                             {company, today}));
        for (const auto& row : rows) {
            ESC_TRY(auto fields, (row.as<QueueId, std::int64_t, std::int64_t, std::int64_t>()));
            for (QueueView& queue : floor.queues) {
                if (queue.id != std::get<0>(fields)) continue;
                queue.answered_today = static_cast<std::uint32_t>(std::get<1>(fields));
                queue.abandoned_today = static_cast<std::uint32_t>(std::get<2>(fields));
                queue.answered_within_20s_today = static_cast<std::uint32_t>(std::get<3>(fields));
            }
        }
        return ok();
    }

    Config config_;
    store::Database database_;
    Strand strand_;
};

}  // namespace

Result<std::unique_ptr<Shell>> Shell::start(const Config& config,
                                            const store::Database& database,
                                            store::Journal& journal,
                                            recording::Keyring& keys) {
    auto shell = std::make_unique<ShellOnStrand>(config, database, journal, keys);
    ESC_TRY(shell->start());
    return std::unique_ptr<Shell>{std::move(shell)};
}

}  // namespace escucha::server
