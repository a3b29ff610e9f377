#include "api/detail/idempotency.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/detail/columns.h"
#include "base/log.h"
#include "identity/passwords.h"

namespace escucha::api {

namespace json = boost::json;

/// Marks a key as being worked on while it lives.
class Idempotency::InWork {
public:
    InWork(Idempotency& owner, Name name) : owner_{owner}, name_{std::move(name)} {
        const std::scoped_lock lock{owner_.mutex_};
        is_first_ = owner_.in_work_.insert(name_).second;
    }
    InWork(const InWork&) = delete;
    InWork& operator=(const InWork&) = delete;
    ~InWork() {
        if (!is_first_) return;
        const std::scoped_lock lock{owner_.mutex_};
        owner_.in_work_.erase(name_);
    }
    [[nodiscard]] bool is_first() const { return is_first_; }

private:
    Idempotency& owner_;
    Name name_;
    bool is_first_ = false;
};

namespace {

constexpr std::size_t kMaxKeyLength = 100;

/// Programs share their maker, and the operator's have none: each has keys of its own.
std::string key_of(const Call& call, const std::string& header) {
    std::string key = call.company().to_string() + ' ';
    if (call.who.key) key += call.who.key->to_string();
    return key + ' ' + header;
}

std::string fingerprint(const Call& call) {
    return identity::sha256_hex(call.request.path + '\n' + call.request.body);
}

/// The stored answer: its headers and its body.
std::string pack(const net::Response& response) {
    json::object headers;
    for (const auto& [name, value] : response.headers) headers[name] = value;
    return json::serialize(
        json::object{{"headers", std::move(headers)}, {"body", response.text()}});
}

net::Response unpack(std::int64_t status, const std::string& text) {
    net::Response response{static_cast<unsigned>(status), {}, {}};
    json::error_code ignored;
    const json::value stored = json::parse(text, ignored);
    if (!stored.is_object()) return response;
    for (const auto& [name, value] : stored.at("headers").as_object()) {
        response.with(std::string{name}, std::string{value.as_string()});
    }
    response.body = std::string{stored.at("body").as_string()};
    return response.with("Idempotency-Replayed", "true");
}

Attempt<std::optional<net::Response>> find_answer(Call& call, const std::string& key) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT request_hash, status, response FROM idempotency_key"
                              " WHERE user_id = ? AND key = ? AND created_at_us > ?",
                              {call.who.user, key, call.now - Idempotency::kKept}));
    if (!row) return std::optional<net::Response>{};
    Columns columns{*row};
    const std::string hash = columns.text();
    const auto status = columns.next<std::int64_t>();
    const std::string text = columns.text();
    ESC_TRY(columns.done());
    if (hash != fingerprint(call)) return Problem{Code::IdempotencyConflict};
    return std::optional{unpack(status, text)};
}

void keep_answer(Call& call, const std::string& key, const net::Response& response) {
    const std::string hash = fingerprint(call);
    const std::string text = pack(response);
    const auto kept =
        call.services.journal.write([&](store::Connection& connection) -> Result<void> {
            ESC_TRY(connection.execute("DELETE FROM idempotency_key WHERE created_at_us <= ?",
                                       {call.now - Idempotency::kKept}));
            ESC_TRY(connection.execute(
                "INSERT INTO idempotency_key (user_id, key, company_id, request_hash, status,"
                " response, created_at_us) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (user_id, key) DO NOTHING",
                {call.who.user, key, call.company(), hash, response.status, text, call.now}));
            return ok();
        });
    // The work is done all the same; only a repeat would do it again.
    if (!kept) log::warn("idempotency_not_kept", {{"detail", kept.error().message()}});
}

}  // namespace

Answer Idempotency::once(Call& call, const std::string& header, Answer (*run)(Call&)) {
    if (header.size() > kMaxKeyLength) return Problem{Code::BadRequest};
    const std::string key = key_of(call, header);
    const InWork mark{*this, {call.who.user.to_string(), key}};
    if (!mark.is_first()) return Problem{Code::Conflict};
    ESC_TRY(auto before, find_answer(call, key));
    if (before) return std::move(*before);
    auto answer = run(call);
    const net::Response response =
        answer ? std::move(answer).value() : to_response(answer.error(), call.language);
    const bool is_final = response.status < 500 && response.status != 409 && response.status != 429;
    // Nor is the request's fingerprint kept: a password can be guessed from it.
    if (is_final && !call.is_secret && std::holds_alternative<std::string>(response.body)) {
        keep_answer(call, key, response);
    }
    return response;
}

}  // namespace escucha::api
