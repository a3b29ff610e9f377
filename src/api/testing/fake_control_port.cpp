#include "api/testing/fake_control_port.h"

#include <algorithm>

#include "base/errc.h"

namespace escucha::api::testing {
namespace {

AgentId agent_of(const server::Command& command) {
    return std::visit([](const auto& one) { return one.agent; }, command);
}

}  // namespace

Result<server::Floor> FakeControlPort::floor(CompanyId asked) {
    const std::scoped_lock lock{mutex_};
    if (asked != company) return server::Floor{};
    return view;
}

Result<server::AgentView> FakeControlPort::agent(CompanyId asked, AgentId agent) {
    const std::scoped_lock lock{mutex_};
    const auto found = std::ranges::find(view.agents, agent, &server::AgentView::id);
    if (asked != company || found == view.agents.end()) return fail(Errc::NotFound, "agent");
    return *found;
}

Result<server::ContactView> FakeControlPort::contact(CompanyId asked, ContactId contact) {
    const std::scoped_lock lock{mutex_};
    const auto found = std::ranges::find(view.contacts, contact, &server::ContactView::id);
    if (asked != company || found == view.contacts.end()) return fail(Errc::NotFound, "contact");
    return *found;
}

Result<void> FakeControlPort::command(CompanyId asked, server::Command command) {
    const std::scoped_lock lock{mutex_};
    const auto known = std::ranges::find(view.agents, agent_of(command), &server::AgentView::id);
    if (asked != company || known == view.agents.end()) return fail(Errc::NotFound, "agent");
    if (refusal) return Error{refusal, refusal_detail};
    commands.push_back(std::move(command));
    return ok();
}

Result<std::vector<server::TraceLine>> FakeControlPort::trace(CompanyId asked, ContactId contact) {
    const std::scoped_lock lock{mutex_};
    const auto found = std::ranges::find(view.contacts, contact, &server::ContactView::id);
    if (asked != company || found == view.contacts.end()) return fail(Errc::NotFound, "contact");
    return std::vector<server::TraceLine>{
        {from_micros(1), "sip_in", "INVITE sip:100@example.com CSeq 1"},
        {from_micros(2), "decision", "flow servicio version 3"}};
}

Result<void> FakeControlPort::reload() {
    const std::scoped_lock lock{mutex_};
    ++reloads;
    return ok();
}

std::vector<std::string> FakeControlPort::not_ready() {
    const std::scoped_lock lock{mutex_};
    return missing;
}

void FakeControlPort::change(const std::function<void(FakeControlPort&)>& how) {
    const std::scoped_lock lock{mutex_};
    how(*this);
}

Result<std::vector<server::TrunkView>> FakeControlPort::trunks() {
    const std::scoped_lock lock{mutex_};
    return carriers;
}

Result<std::vector<server::SipBan>> FakeControlPort::sip_bans() {
    const std::scoped_lock lock{mutex_};
    return bans;
}

Result<void> FakeControlPort::lift_sip_ban(std::string source) {
    const std::scoped_lock lock{mutex_};
    if (std::erase_if(bans, [&](const auto& ban) { return ban.source == source; }) > 0) return ok();
    return fail(Errc::NotFound, "no such ban");
}

}  // namespace escucha::api::testing
