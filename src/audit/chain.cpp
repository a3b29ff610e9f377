#include "audit/chain.h"

#include <sodium.h>

#include "base/check.h"

namespace escucha::audit {
namespace {

constexpr std::string_view kEntryPurpose = "escucha audit entry 1";

void write_id(ByteWriter& out, const Uuid& id) {
    out.write(id.high);
    out.write(id.low);
}

}  // namespace

std::string_view word(ActorKind kind) {
    switch (kind) {
        case ActorKind::User:
            return "user";
        case ActorKind::Operator:
            return "operator";
        case ActorKind::ApiKey:
            return "api_key";
    }
    return {};
}

std::string_view word(Outcome outcome) {
    switch (outcome) {
        case Outcome::Allowed:
            return "allowed";
        case Outcome::Refused:
            return "refused";
    }
    return {};
}

std::optional<ActorKind> parse_actor_kind(std::string_view text) {
    for (const ActorKind kind : {ActorKind::User, ActorKind::Operator, ActorKind::ApiKey}) {
        if (text == word(kind)) return kind;
    }
    return std::nullopt;
}

std::optional<Outcome> parse_outcome(std::string_view text) {
    for (const Outcome outcome : {Outcome::Allowed, Outcome::Refused}) {
        if (text == word(outcome)) return outcome;
    }
    return std::nullopt;
}

void Linker::encode(const Entry& entry, Bytes& bytes) {
    ByteWriter out{bytes};
    out.write_text(kEntryPurpose);
    write_id(out, entry.company.value());
    out.write(static_cast<std::uint64_t>(entry.number));
    out.write(static_cast<std::uint64_t>(to_micros(entry.at)));
    out.write_text(word(entry.who.kind));
    out.write_text(entry.who.id);
    out.write_text(entry.session);
    out.write_text(entry.action);
    out.write_text(word(entry.outcome));
    out.write_text(entry.object_kind);
    out.write_text(entry.object_id);
    out.write(static_cast<std::uint32_t>(entry.customers.size()));
    for (const CustomerId& customer : entry.customers) write_id(out, customer.value());
    out.write(static_cast<std::uint8_t>(entry.contact ? 1 : 0));
    if (entry.contact) write_id(out, entry.contact->value());
    out.write_text(entry.reason);
    out.write_text(entry.details);
}

Hash Linker::link(const Hash& previous, const Entry& entry) {
    buffer_.clear();
    ByteWriter{buffer_}.write_bytes(std::as_bytes(std::span{previous}));
    encode(entry, buffer_);
    Hash hash{};
    ESC_CHECK(crypto_generichash(hash.data(),
                                 hash.size(),
                                 reinterpret_cast<const unsigned char*>(buffer_.data()),
                                 buffer_.size(),
                                 nullptr,
                                 0) == 0);
    return hash;
}

}  // namespace escucha::audit
