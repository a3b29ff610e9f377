#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "server/control_port.h"

namespace escucha::api::testing {

/// A centre that is what the test says: a floor to be looked at, and a list of what was commanded.
class FakeControlPort final : public server::ControlPort {
public:
    Result<server::Floor> floor(CompanyId company) override;
    Result<server::AgentView> agent(CompanyId company, AgentId agent) override;
    Result<server::ContactView> contact(CompanyId company, ContactId contact) override;
    Result<void> command(CompanyId company, server::Command command) override;
    Result<std::vector<server::TraceLine>> trace(CompanyId company, ContactId contact) override;
    Result<void> reload() override;
    Result<std::vector<server::SipBan>> sip_bans() override;
    Result<std::vector<server::TrunkView>> trunks() override;
    Result<void> lift_sip_ban(std::string source) override;
    std::string metrics() override { return "escucha_fake_calls 7\n"; }
    std::vector<std::string> not_ready() override;

    /// Changes the centre under its lock.
    void change(const std::function<void(FakeControlPort&)>& how);

    CompanyId company;
    server::Floor view;
    std::vector<server::Command> commands;
    std::vector<server::SipBan> bans;
    std::vector<server::TrunkView> carriers;
    std::vector<std::string> missing;
    std::error_code refusal;  ///< What commands answer, when set.
    std::string refusal_detail = "fake";
    int reloads = 0;

private:
    std::mutex mutex_;
};

}  // namespace escucha::api::testing
