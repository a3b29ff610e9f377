#include "sip/detail/registrar.h"

#include <algorithm>

#include "sip/detail/record.h"
#include "sip/detail/text.h"
#include "sip/errc.h"

namespace escucha::sip::detail {

namespace {

constexpr std::size_t kMaxContactBytes = 512;

Address without_port(Address address) {
    address.port = 0;
    return address;
}

bool is_same_contact(const std::string& a, const std::string& b) {
    if (a == b) return true;
    const auto left = parse_uri(a);
    const auto right = parse_uri(b);
    return left && right && same_uri(*left, *right);
}

// Where a phone on UDP listens: where it sent from, unless it says, without a NAT in between, that
// it listens on another port of the same machine.
Flow binding_flow(const Flow& flow, const Message& request, const Uri& contact) {
    if (is_stream(flow.transport) || request.via.has_rport) return flow;
    const auto named = Address::parse_host(contact.host, contact.port.value_or(5060));
    if (!named || !named->same_host(flow.remote) || named->port == 0) return flow;
    Flow symmetric = flow;
    symmetric.remote.port = named->port;
    return symmetric;
}

std::string contact_lines(const std::vector<Binding>& bindings, Instant now) {
    std::string lines;
    for (const Binding& binding : bindings) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(binding.expires - now);
        lines.append("Contact: <").append(binding.uri).append(">;expires=");
        lines.append(std::to_string(std::max<std::int64_t>(left.count(), 0))).append("\r\n");
    }
    return lines;
}

}  // namespace

void Registrar::set_phones(std::vector<Phone> phones, Effects& effects) {
    std::unordered_map<std::string, Account, TextHash, std::equal_to<>> kept;
    realms_.clear();
    for (Phone& phone : phones) {
        ++realms_[phone.realm];
        Account account;
        if (const auto old = phones_.find(phone.username); old != phones_.end()) {
            account.bindings = std::move(old->second.bindings);
            phones_.erase(old);
        }
        const std::string username = phone.username;
        account.phone = std::move(phone);
        kept.emplace(username, std::move(account));
    }
    for (auto& [username, account] : phones_) {
        if (drop(account, [](const Binding&) { return true; }) == 0) continue;
        effects.push_back(
            Unregistered{.username = username, .reason = UnregisteredReason::PhoneDeleted});
    }
    phones_ = std::move(kept);
}

const Phone* Registrar::phone(std::string_view username) const {
    const auto found = phones_.find(username);
    return found == phones_.end() ? nullptr : &found->second.phone;
}

bool Registrar::serves_realm(std::string_view realm) const {
    return realms_.find(realm) != realms_.end();
}

Registrar::Reply Registrar::handle(const std::string& username,
                                   const Message& request,
                                   const Flow& flow,
                                   Now now,
                                   Effects& effects) {
    Account& account = phones_.find(username)->second;
    drop(account, [&](const Binding& binding) { return binding.expires <= now.mono; });
    // RFC 3261 §10.3 step 7: an older request of the same registration changes nothing.
    const bool is_late =
        std::any_of(account.bindings.begin(), account.bindings.end(), [&](const Binding& binding) {
            return binding.call_id == request.call_id && binding.cseq >= request.cseq;
        });
    if (is_late) return {.status = 500, .headers = {}};
    if (request.find(HeaderId::Contact) == "*") {
        return remove_all(username, account, request, effects);
    }
    std::vector<Change> changes;
    if (auto refusal = read_changes(request, changes)) return *refusal;

    const bool was_registered = !account.bindings.empty();
    for (const Change& change : changes) apply(account, change, request, flow, now.mono);
    if (account.bindings.empty()) {
        if (was_registered) {
            effects.push_back(
                Unregistered{.username = username, .reason = UnregisteredReason::Removed});
        }
    } else if (!changes.empty()) {
        const auto latest = std::max_element(
            account.bindings.begin(), account.bindings.end(), [](const auto& a, const auto& b) {
                return a.expires < b.expires;
            });
        due_.push({.at = latest->expires, .username = username});
        for (const Binding& binding : account.bindings) {
            if (binding.expires < latest->expires) due_.push({binding.expires, username});
        }
        effects.push_back(Registered{
            .username = username,
            .contacts = account.bindings.size(),
            .expires = std::chrono::ceil<std::chrono::seconds>(latest->expires - now.mono),
            .is_over_tls = std::ranges::all_of(account.bindings, [](const Binding& binding) {
                return binding.flow.transport == Transport::Tls;
            })});
    }
    return {.status = 200, .headers = contact_lines(account.bindings, now.mono)};
}

std::optional<Registrar::Reply> Registrar::read_changes(const Message& request,
                                                        std::vector<Change>& changes) const {
    std::chrono::seconds usual = timing_.default_expires;
    // RFC 3261 §20.19: a malformed value counts as the default.
    if (const auto given = parse_number(request.find(HeaderId::Expires), 0xFFFF'FFFF)) {
        usual = std::chrono::seconds{*given};
    }
    for (const Header& header : request.headers) {
        if (header.id != HeaderId::Contact) continue;
        std::string_view rest = header.value;
        std::string_view element;
        while (next_element(rest, element)) {
            const auto contact = parse_name_addr(element);
            if (!contact || !contact->uri.is_sip() || contact->uri.text.size() > kMaxContactBytes) {
                return Reply{.status = 400, .headers = {}};
            }
            std::chrono::seconds expires = usual;
            if (const auto given = find_param(contact->params, "expires")) {
                const auto number = parse_number(*given, 0xFFFF'FFFF);
                if (number) expires = std::chrono::seconds{*number};
            }
            if (expires.count() > 0 && expires < timing_.min_expires) {
                return Reply{.status = 423,
                             .headers = "Min-Expires: " +
                                        std::to_string(timing_.min_expires.count()) + "\r\n"};
            }
            changes.push_back({.uri = std::string{contact->uri.text},
                               .expires = std::min(expires, timing_.max_expires)});
            if (changes.size() > limits_.bindings_per_phone) {
                return Reply{.status = 400, .headers = {}};
            }
        }
    }
    return std::nullopt;
}

Registrar::Reply Registrar::remove_all(const std::string& username,
                                       Account& account,
                                       const Message& request,
                                       Effects& effects) {
    const bool is_alone =
        std::count_if(request.headers.begin(), request.headers.end(), [](const Header& header) {
            return header.id == HeaderId::Contact;
        }) == 1;
    if (!is_alone || parse_number(request.find(HeaderId::Expires), 0xFFFF'FFFF) != 0U) {
        return {.status = 400, .headers = {}};
    }
    if (drop(account, [](const Binding&) { return true; }) > 0) {
        effects.push_back(
            Unregistered{.username = username, .reason = UnregisteredReason::Removed});
    }
    return {.status = 200, .headers = {}};
}

void Registrar::apply(
    Account& account, const Change& change, const Message& request, const Flow& flow, Instant now) {
    drop(account, [&](const Binding& old) { return is_same_contact(old.uri, change.uri); });
    if (change.expires.count() == 0) return;
    if (account.bindings.size() >= limits_.bindings_per_phone) {
        // A phone that restarts on a new port each time leaves its old ones behind.
        const auto oldest = std::min_element(
            account.bindings.begin(), account.bindings.end(), [](const auto& a, const auto& b) {
                return a.order < b.order;
            });
        const std::uint64_t order = oldest->order;
        drop(account, [&](const Binding& old) { return old.order == order; });
    }
    const auto uri = parse_uri(change.uri);
    account.bindings.push_back({.uri = change.uri,
                                .flow = uri ? binding_flow(flow, request, *uri) : flow,
                                .expires = now + change.expires,
                                .call_id = std::string{request.call_id},
                                .cseq = request.cseq,
                                .order = ++order_});
    ++binding_count_;
    add_source(flow);
}

template <typename Predicate>
std::size_t Registrar::drop(Account& account, Predicate is_gone) {
    return std::erase_if(account.bindings, [&](const Binding& binding) {
        if (!is_gone(binding)) return false;
        remove_source(binding.flow);
        --binding_count_;
        return true;
    });
}

std::vector<Binding> Registrar::find_all(std::string_view username, Instant now) const {
    std::vector<Binding> live;
    const auto found = phones_.find(username);
    if (found == phones_.end()) return live;
    std::ranges::copy_if(found->second.bindings,
                         std::back_inserter(live),
                         [now](const Binding& binding) { return binding.expires > now; });
    std::ranges::sort(live, std::ranges::greater{}, &Binding::order);
    return live;
}

const Binding* Registrar::find(std::string_view username, Instant now) const {
    const auto found = phones_.find(username);
    if (found == phones_.end()) return nullptr;
    const Binding* best = nullptr;
    for (const Binding& binding : found->second.bindings) {
        if (binding.expires > now && (best == nullptr || binding.order > best->order)) {
            best = &binding;
        }
    }
    return best;
}

void Registrar::add_source(const Flow& flow) { ++sources_[without_port(flow.remote)]; }

void Registrar::remove_source(const Flow& flow) {
    const auto found = sources_.find(without_port(flow.remote));
    if (found != sources_.end() && --found->second == 0) sources_.erase(found);
}

bool Registrar::has_source(const Address& source) const {
    return sources_.contains(without_port(source));
}

bool Registrar::is_bound(std::string_view username, const Flow& flow) const {
    const auto found = phones_.find(username);
    if (found == phones_.end()) return false;
    const auto& bindings = found->second.bindings;
    return std::any_of(bindings.begin(), bindings.end(), [&](const Binding& binding) {
        return binding.flow.transport == flow.transport && binding.flow.remote == flow.remote;
    });
}

void Registrar::connection_closed(std::uint64_t connection, Effects& effects) {
    for (auto& [username, account] : phones_) {
        const std::size_t gone = drop(account, [&](const Binding& binding) {
            return is_stream(binding.flow.transport) && binding.flow.connection == connection;
        });
        if (gone > 0 && account.bindings.empty()) {
            effects.push_back(
                Unregistered{.username = username, .reason = UnregisteredReason::ConnectionClosed});
        }
    }
}

std::optional<Instant> Registrar::next_wakeup() const {
    if (due_.empty()) return std::nullopt;
    return due_.top().at;
}

void Registrar::wake(Instant now, Effects& effects) {
    while (!due_.empty() && due_.top().at <= now) {
        const std::string username = due_.top().username;
        due_.pop();
        const auto found = phones_.find(username);
        if (found == phones_.end()) continue;
        const std::size_t gone =
            drop(found->second, [&](const Binding& binding) { return binding.expires <= now; });
        if (gone > 0 && found->second.bindings.empty()) {
            effects.push_back(
                Unregistered{.username = username, .reason = UnregisteredReason::Expired});
        }
    }
}

std::string Registrar::save(Now now) const {
    RecordWriter writer{"reg1"};
    for (const auto& [username, account] : phones_) {
        for (const Binding& binding : account.bindings) {
            const WallTime expires = now.wall + (binding.expires - now.mono);
            writer.add(username);
            writer.add(binding.uri);
            writer.add_flow(binding.flow);
            writer.add(std::to_string(to_micros(expires)));
            writer.add(binding.call_id);
            writer.add(std::to_string(binding.cseq));
        }
    }
    return writer.take();
}

Result<std::vector<std::string>> Registrar::restore(std::string_view saved, Now now) {
    RecordReader reader{saved, "reg1"};
    std::vector<std::pair<std::string, Binding>> read;
    while (reader.ok() && !reader.at_end()) {
        const std::string username{reader.text()};
        Binding binding;
        binding.uri = reader.text();
        binding.flow = reader.flow();
        const auto expires = reader.number(0x7FFF'FFFF'FFFF'FFFF);
        binding.call_id = reader.text();
        binding.cseq = static_cast<std::uint32_t>(reader.number(0xFFFF'FFFF));
        if (!parse_uri(binding.uri)) return fail(Errc::Malformed, "binding");
        const auto left = from_micros(static_cast<std::int64_t>(expires)) - now.wall;
        // A clock that jumped must not make a binding eternal.
        binding.expires = now.mono + std::min<Duration>(left, timing_.max_expires);
        read.emplace_back(username, std::move(binding));
    }
    if (!reader.ok()) return fail(Errc::Malformed, "registrations");
    std::vector<std::string> reachable;
    for (auto& [username, binding] : read) {
        const auto found = phones_.find(username);
        if (found == phones_.end() || binding.expires <= now.mono) continue;
        if (is_stream(binding.flow.transport)) continue;
        if (found->second.bindings.size() >= limits_.bindings_per_phone) continue;
        add_source(binding.flow);
        ++binding_count_;
        binding.order = ++order_;
        due_.push({.at = binding.expires, .username = username});
        found->second.bindings.push_back(std::move(binding));
        if (reachable.empty() || reachable.back() != username) reachable.push_back(username);
    }
    return reachable;
}

}  // namespace escucha::sip::detail
