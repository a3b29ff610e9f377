#include "api/detail/dispatcher.h"

#include <algorithm>

#include <sodium.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/detail/cookie.h"
#include "api/detail/json.h"
#include "base/check.h"
#include "base/log.h"
#include "identity/api_keys.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kApi = "/api/";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::size_t kMaxJsonDepth = 16;

// The pages use no script or style but their own files: nothing inline. Sound is played from blobs.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
// Nothing else is a document; should a browser take it for one, it does nothing.
constexpr std::string_view kDataPolicy = "default-src 'none'; frame-ancestors 'none'";

bool is_probe(std::string_view path) {
    return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view part = path.substr(0, path.find('/'));
        parts.push_back(part);
        path.remove_prefix(part.size());
    }
    return parts;
}

/// The values of the template's {names}; nullopt when the path is another.
std::optional<std::vector<std::string>> fit(std::string_view pattern, std::string_view path) {
    const auto wanted = split(pattern);
    const auto given = split(path);
    if (wanted.size() != given.size()) return std::nullopt;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].starts_with('{')) {
            auto value = net::percent_decode(given[i]);
            if (!value || value->empty()) return std::nullopt;
            values.push_back(std::move(*value));
        } else if (wanted[i] != given[i]) {
            return std::nullopt;
        }
    }
    return values;
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

bool is_same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && !a.empty() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// "http://host:port" -> "host:port".
std::string_view authority_of(std::string_view origin) {
    const std::size_t at = origin.find("://");
    return at == std::string_view::npos ? std::string_view{} : origin.substr(at + 3);
}

/// A route without a known declaration is a mistake of ours: the server does not start with it.
std::vector<Access> access_of_routes(const Contract& contract) {
    std::vector<Access> all;
    for (const Route& route : routes()) {
        const json::object* operation = contract.operation(route.path, lower(route.method));
        ESC_CHECK(operation != nullptr);
        const auto access = declared_access(*operation);
        ESC_CHECK(access.has_value());
        all.push_back(*access);
    }
    return all;
}

bool is_unsafe(std::string_view method) { return method != "GET" && method != "HEAD"; }

}  // namespace

Dispatcher::Dispatcher(Config config,
                       server::ControlPort& port,
                       const store::Database& database,
                       store::Journal& journal,
                       std::function<void()> on_news)
    : config_{std::move(config)},
      database_{database},
      contract_{openapi_json()},
      masking_{contract_},
      access_{access_of_routes(contract_)},
      reads_{journal, ids_, database_},
      services_{config_,
                port,
                database_,
                journal,
                contract_,
                listening_,
                ids_,
                feed_,
                reveals_,
                verifying_,
                exports_,
                reads_},
      auditor_{*config_.audit},
      files_{config_.web_root},
      feed_{journal, std::move(on_news)},
      door_{config_.rates},
      exports_{{.folder = config_.exports_dir,
                .recordings_dir = config_.recordings_dir,
                .recording_keys = config_.recording_keys,
                .audit = config_.audit},
               database_,
               journal} {}

Dispatcher::Match Dispatcher::match(const net::Request& request) const {
    Match found;
    for (std::size_t i = 0; i < routes().size(); ++i) {
        const Route& route = routes()[i];
        auto values = fit(route.path, request.path);
        if (!values) continue;
        if (route.method == request.method) return {&route, access_[i], std::move(*values), {}};
        found.allowed += (found.allowed.empty() ? "" : ", ") + std::string{route.method};
    }
    return found;
}

bool Dispatcher::is_slow(const net::Request& request) const {
    return std::ranges::any_of(routes(), [&request](const Route& route) {
        return route.pace == Pace::Slow && route.method == request.method &&
               fit(route.path, request.path).has_value();
    });
}

bool Dispatcher::takes_large_body(const net::Request& request) const {
    // Who has neither cookie nor token is refused before the body is read.
    const bool has_credentials = !request.cookie(session_cookie(request.scheme)).empty() ||
                                 !request.header("authorization").empty();
    const Match found = match(request);
    return has_credentials && found.route != nullptr && found.route->body == Body::Large;
}

net::Response Dispatcher::handle(const net::Request& request) {
    const bool is_api = request.path.starts_with(kApi);
    net::Response response = probe(request);
    const bool is_probed = response.status != 0;
    const Language language = parse_accept_language(request.header("accept-language"));
    if (!is_probed && is_api) {
        Match found = match(request);
        if (found.route != nullptr) {
            auto answered = answer(request, std::move(found), language);
            response =
                answered ? std::move(answered).value() : to_response(answered.error(), language);
        } else if (!found.allowed.empty()) {
            response = to_response(Problem{Code::MethodNotAllowed}, language);
            response.with("Allow", found.allowed);
        } else {
            response = to_response(Problem{Code::NotFound}, language);
        }
    } else if (!is_probed && is_unsafe(request.method)) {
        response = to_response(Problem{Code::MethodNotAllowed}, language);
    } else if (!is_probed) {
        response = files_.serve(request);
    }
    finish(response, request);
    return response;
}

std::optional<net::Response> Dispatcher::turn_away(const net::Request& request) {
    const auto wait_s = door_.turn_away(request, read_clocks().mono);
    if (!wait_s) return std::nullopt;
    Problem problem{Code::TooManyRequests};
    problem.retry_after_s = *wait_s;
    net::Response response =
        to_response(problem, parse_accept_language(request.header("accept-language")));
    finish(response, request);
    return response;
}

void Dispatcher::finish(net::Response& response, const net::Request& request) {
    const bool is_api = request.path.starts_with(kApi) || is_probe(request.path);
    if (is_api && response.header("cache-control").empty()) {
        response.with("Cache-Control", "no-store");
    }
    response.with("Content-Security-Policy", std::string{is_api ? kDataPolicy : kPagePolicy});
    if (request.scheme == net::Scheme::Https && config_.hsts.count() > 0) {
        response.with("Strict-Transport-Security",
                      "max-age=" + std::to_string(std::chrono::seconds{config_.hsts}.count()));
    }
    response.with("X-Content-Type-Options", "nosniff")
        .with("X-Frame-Options", "DENY")
        .with("Referrer-Policy", "no-referrer")
        .with("Cross-Origin-Opener-Policy", "same-origin")
        .with("Permissions-Policy", "camera=(), geolocation=(), microphone=(self)");
    ++answers_[std::min(response.status / 100, 5U)];
}

/// Health, readiness, figures for the monitor and the contract; status 0 for anything else.
net::Response Dispatcher::probe(const net::Request& request) {
    net::Response none{0, {}, {}};
    if (is_unsafe(request.method)) return none;
    if (request.path == "/healthz") return json_response(json::object{{"status", "ok"}});
    if (request.path == "/readyz") {
        json::array missing;
        for (const std::string& line : services_.port.not_ready())
            missing.push_back(json::string{line});
        const bool is_ready = missing.empty();
        return json_response(json::object{{"ready", is_ready}, {"missing", std::move(missing)}},
                             is_ready ? 200 : 503);
    }
    if (request.path == "/metrics") {
        return net::Response{200, {{"Content-Type", "text/plain; version=0.0.4"}}, metrics()};
    }
    if (request.path == "/api/v1/openapi.json") {
        net::Response document{
            200, {{"Content-Type", "application/json"}}, std::string{openapi_json()}};
        return document.with("Cache-Control", "no-cache");
    }
    return none;
}

Answer Dispatcher::answer(const net::Request& request, Match match, Language language) {
    ESC_TRY(auto lease, connections_.take());
    Call call{.services = services_,
              .request = request,
              .db = *lease,
              .now = read_clocks().wall,
              .language = language,
              .who = {},
              .session_token = {},
              .path = std::move(match.values),
              .query = {},
              .body = {}};
    const Route& route = *match.route;
    const Access access = match.access;
    ESC_TRY(authenticate(call, access.kind));
    const json::object& operation = *contract_.operation(route.path, lower(route.method));
    AuditTrail trail{auditor_, call, route, access.kind, operation};
    if (!access.admits(call.who.permissions)) {
        ESC_TRY(trail.refuse());
        return Problem{Code::Forbidden};
    }
    ESC_TRY(check_person(call, route, access.kind));
    ESC_TRY(read_query(call, operation));
    ESC_TRY(read_body(call, operation));
    ESC_TRY(trail.begin());
    const std::string key{request.header("idempotency-key")};
    const bool is_repeatable = request.method == "POST" && access.kind != Access::Kind::Public;
    auto answered = is_repeatable && !key.empty() ? idempotency_.once(call, key, route.handler)
                                                  : route.handler(call);
    if (!answered && status_of(answered.error().code) >= 500) {
        connections_.forget();
        doorkeepers_.forget();
    }
    if (answered) mask(call, route.path, operation, answered.value());
    ESC_TRY(trail.end(answered));
    return answered;
}

// After the handler and after a kept answer is repeated: whatever leaves has been here.
void Dispatcher::mask(Call& call,
                      std::string_view pattern,
                      const json::object& operation,
                      net::Response& response) const {
    auto* body = std::get_if<std::string>(&response.body);
    if (body == nullptr || response.header("content-type") != "application/json") return;
    CallViewer viewer{call, pattern};
    masking_.mask(operation, response.status, *body, viewer);
}

namespace {

/// What is about a person at a page, and no business of a program's.
bool is_personal(const Route& route) {
    return route.path.starts_with("/api/v1/session") || route.path.starts_with("/api/v1/me");
}

/// What somebody with a one-time password may do: choose another, or leave.
bool leads_to_a_password(const Route& route) {
    return route.handler == get_session || route.handler == sign_out ||
           route.handler == change_own_password;
}

}  // namespace

Attempt<void> Dispatcher::check_person(const Call& call,
                                       const Route& route,
                                       Access::Kind kind) const {
    if (kind == Access::Kind::Public) return BOOST_OUTCOME_V2_NAMESPACE::success();
    if (call.who.key && is_personal(route)) return Problem{Code::Forbidden};
    if (call.who.must_change_password && !leads_to_a_password(route)) {
        return Problem{Code::PasswordChangeRequired};
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Attempt<void> Dispatcher::recognise_key(Call& call,
                                        store::Connection& everybody,
                                        std::string_view key) {
    ESC_TRY(call.who, identity::resolve_api_key(everybody, key, call.now));
    const identity::ApiKeyId id = *call.who.key;
    if (touched_.is_new(id.to_string(), call.now)) {
        const auto touched = services_.journal.write([&](store::Connection& connection) {
            return identity::touch_api_key(connection, id, call.now);
        });
        if (!touched) log::warn("api_key_not_touched", {{"detail", touched.error().message()}});
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Attempt<void> Dispatcher::authenticate(Call& call, Access::Kind kind) {
    if (kind == Access::Kind::Public) {
        ESC_TRY(call.db.see(std::nullopt));
        return check_origin(call);
    }
    ESC_TRY(auto doorkeeper, doorkeepers_.take());
    ESC_TRY(recognise(call, *doorkeeper));
    ESC_TRY(call.db.see(call.company()));
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Attempt<void> Dispatcher::recognise(Call& call, store::Connection& everybody) {
    const net::Request& request = call.request;
    const std::string_view authorization = request.header("authorization");
    if (authorization.starts_with(kBearer)) {
        const std::string_view bearer = authorization.substr(kBearer.size());
        if (bearer.starts_with(identity::kApiKeyPrefix)) {
            return recognise_key(call, everybody, bearer);
        }
        if (!is_same_secret(bearer, config_.operator_token)) return Problem{Code::NotSignedIn};
        // The operator works for one company: the one named, else the first.
        const std::string_view key = request.header("escucha-company");
        ESC_TRY(const auto row,
                everybody.query_one("SELECT id FROM company WHERE key = ? OR ? = ''"
                                    " ORDER BY created_at_us, id LIMIT 1",
                                    {key, key}));
        if (!row) return Problem{Code::NotFound};
        ESC_TRY(call.who.company, row->get<CompanyId>(0));
        call.who.login = call.who.name = "escuchactl";
        call.who.role = "administrator";
        call.who.permissions = identity::Permissions::all();
        call.who.language = "es";
        return BOOST_OUTCOME_V2_NAMESPACE::success();
    }
    call.session_token = request.cookie(session_cookie(request.scheme));
    if (call.session_token.empty()) return Problem{Code::NotSignedIn};
    ESC_TRY(call.who, identity::resolve(everybody, call.session_token, call.now, config_.sessions));
    if (is_unsafe(request.method)) {
        ESC_TRY(check_origin(call));
        ESC_TRY(identity::check_csrf(call.who, request.header("x-csrf-token")));
    }
    if (touched_.is_new(call.session_token, call.now)) {
        // Puts the idle expiry off; should it fail, that only comes nearer.
        const auto touched = services_.journal.write([&](store::Connection& connection) {
            return identity::touch(connection, call.session_token, call.now);
        });
        if (!touched) log::warn("session_not_touched", {{"detail", touched.error().message()}});
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Attempt<void> Dispatcher::check_origin(const Call& call) const {
    const std::string_view origin = call.request.header("origin");
    // Browsers send it with every unsafe request; programs need not. A page that came in the clear
    // may be anybody's and does not act on one that came by HTTPS.
    const bool is_plain = origin.starts_with("http:");
    const bool is_lesser = is_plain && call.request.scheme == net::Scheme::Https;
    if (origin.empty() || (!is_lesser && authority_of(origin) == call.request.header("host"))) {
        return BOOST_OUTCOME_V2_NAMESPACE::success();
    }
    return Problem{Code::BadOrigin};
}

Attempt<void> Dispatcher::read_query(Call& call, const json::object& operation) const {
    auto query = net::parse_query(call.request.query);
    if (!query) return Problem{Code::BadRequest};
    call.query = std::move(*query);
    auto faults = contract_.check_query(operation, call.query);
    if (faults.empty()) return BOOST_OUTCOME_V2_NAMESPACE::success();
    Problem problem{Code::BadField};
    problem.faults = std::move(faults);
    return problem;
}

Attempt<void> Dispatcher::read_body(Call& call, const json::object& operation) const {
    const json::value* schema = contract_.body_schema(operation);
    if (schema == nullptr) return BOOST_OUTCOME_V2_NAMESPACE::success();
    const std::string type = lower(call.request.header("content-type"));
    if (type.substr(0, type.find(';')) != "application/json") {
        return Problem{Code::UnsupportedMediaType};
    }
    json::error_code error;
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    json::value body = json::parse(call.request.body, error, {}, options);
    if (error) {
        return Problem{Code::BadJson,
                       {"El contenido no es JSON correcto: " + error.message() + ".",
                        "The content is not correct JSON: " + error.message() + "."}};
    }
    auto faults = contract_.check(*schema, body);
    if (!faults.empty()) {
        Problem problem{Code::BadField};
        problem.faults = std::move(faults);
        return problem;
    }
    call.body = std::move(body.as_object());
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

std::variant<net::Response, std::unique_ptr<net::FrameSource>> Dispatcher::open_stream(
    const net::Request& request) {
    const Language language = parse_accept_language(request.header("accept-language"));
    const auto refusal = [&](const Problem& problem) {
        net::Response response = to_response(problem, language);
        finish(response, request);
        return response;
    };
    if (request.path != "/api/v1/events") return refusal(Problem{Code::NotFound});
    auto lease = connections_.take();
    if (!lease) return refusal(Problem{lease.error()});
    Call call{.services = services_,
              .request = request,
              .db = *lease.value(),
              .now = read_clocks().wall,
              .language = language,
              .who = {},
              .session_token = {},
              .path = {},
              .query = {},
              .body = {}};
    if (auto same = check_origin(call); !same) return refusal(same.error());
    if (auto known = authenticate(call, Access::Kind::SignedIn); !known)
        return refusal(known.error());
    const json::object& operation = *contract_.operation("/api/v1/events", "get");
    const auto access = declared_access(operation);
    ESC_CHECK(access.has_value());
    if (!access->admits(call.who.permissions)) return refusal(Problem{Code::Forbidden});
    if (call.who.must_change_password) return refusal(Problem{Code::PasswordChangeRequired});
    if (auto read = read_query(call, operation); !read) return refusal(read.error());
    std::optional<std::int64_t> since;
    if (const auto text = call.query_text("since")) {
        since = 0;
        std::from_chars(text->data(), text->data() + text->size(), *since);
    }
    std::string key;
    if (call.who.key) key = request.header("authorization").substr(kBearer.size());
    const auto still_may =
        [this, token = call.session_token, key, access = *access, company = call.company()] {
            if (token.empty() && key.empty()) return true;
            auto connection = doorkeepers_.take();
            // A store in trouble is no reason to send people away.
            if (!connection) return true;
            const WallTime now = read_clocks().wall;
            const auto found =
                key.empty() ? identity::resolve(*connection.value(), token, now, config_.sessions)
                            : identity::resolve_api_key(*connection.value(), key, now);
            if (!found) return Problem{found.error()}.code != Code::NotSignedIn;
            return found.value().company == company && access.admits(found.value().permissions);
        };
    return std::make_unique<EventStream>(
        feed_, masking_, connections_, call.company(), since, call.who.permissions, still_may);
}

net::Response Dispatcher::withhold(const net::Request& request) {
    net::Response response =
        to_response(not_audited(), parse_accept_language(request.header("accept-language")));
    finish(response, request);
    return response;
}

net::Response Dispatcher::refuse(unsigned status) {
    const Code code = status == 413 || status == 431 ? Code::TooLarge
                      : status == 503                ? Code::Unavailable
                      : status == 500                ? Code::Internal
                                                     : Code::BadRequest;
    net::Response response = to_response(Problem{code}, Language::Es);
    response.status = status;
    net::Request nobody;
    nobody.path = kApi;
    finish(response, nobody);
    return response;
}

std::string Dispatcher::metrics() {
    std::string out;
    const auto add = [&out](std::string_view name, std::string_view labels, std::uint64_t value) {
        out += std::string{name} + std::string{labels} + ' ' + std::to_string(value) + '\n';
    };
    for (std::size_t hundreds = 1; hundreds < answers_.size(); ++hundreds) {
        add("escucha_api_answers_total",
            "{status=\"" + std::to_string(hundreds) + "xx\"}",
            answers_[hundreds]);
    }
    if (server_) {
        const auto counters = server_();
        add("escucha_api_connections_total", "", counters.connections);
        add("escucha_api_requests_total", "", counters.requests);
        add("escucha_api_refused_total", "", counters.refused);
        add("escucha_api_streams_total", "", counters.streams);
        add("escucha_api_open_connections", "", counters.open_connections);
        add("escucha_api_open_streams", "", counters.open_streams);
    }
    const Door::Counters& turned_away = door_.turned_away();
    add("escucha_api_turned_away_total", "{limit=\"address\"}", turned_away.address);
    add("escucha_api_turned_away_total", "{limit=\"session\"}", turned_away.session);
    add("escucha_api_turned_away_total", "{limit=\"sign_in\"}", turned_away.sign_in);
    const auto journal = services_.journal.counters();
    add("escucha_journal_events_total", "", journal.events);
    add("escucha_journal_commits_total", "", journal.commits);
    add("escucha_journal_failures_total", "", journal.failures);
    add("escucha_journal_queued", "", journal.queued);
    add("escucha_journal_slowest_commit_us",
        "",
        static_cast<std::uint64_t>(journal.slowest_commit.count()));
    const auto audited = auditor_.log.counters();
    add("escucha_audit_entries_total", "", audited.entries);
    add("escucha_audit_commits_total", "", audited.commits);
    add("escucha_audit_refused_total", "", audited.refused);
    return out + services_.port.metrics();
}

}  // namespace escucha::api
