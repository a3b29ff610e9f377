#include "sip/detail/diversion.h"

#include <algorithm>
#include <array>

#include "sip/detail/text.h"

namespace escucha::sip::detail {

namespace {

constexpr std::uint64_t kMaxCounter = kMostDiversions;
constexpr std::size_t kMaxIndexBytes = 64;
constexpr std::uint64_t kMaxStatus = 699;

/// A number without what people write between its digits; empty when it is none.
std::string number_of(const Uri& uri) {
    std::string number = unescape_user(uri.user);
    number = number.substr(0, number.find(';'));  // parameters of a telephone number
    drop_separators(number);
    constexpr std::string_view kMarks = "+*#_";
    const bool is_fit = number.size() <= kMaxDivertedBytes &&
                        std::ranges::all_of(number,
                                            [&](char c) {
                                                return (c >= '0' && c <= '9') ||
                                                       (c >= 'a' && c <= 'z') ||
                                                       (c >= 'A' && c <= 'Z') ||
                                                       kMarks.find(c) != std::string_view::npos;
                                            }) &&
                        !iequals(number, "anonymous") && !iequals(number, "unavailable") &&
                        !iequals(number, "unknown");
    return is_fit ? number : std::string{};
}

struct Word {
    std::string_view text;
    DiversionReason reason;
};

// RFC 5806 §4; what it has in detail is one of fewer here.
DiversionReason reason_of(std::string_view text) {
    static constexpr std::array<Word, 11> kReasons{
        {{"unknown", DiversionReason::Unknown},
         {"user-busy", DiversionReason::Busy},
         {"no-answer", DiversionReason::NoAnswer},
         {"unavailable", DiversionReason::Unavailable},
         {"unconditional", DiversionReason::Unconditional},
         {"time-of-day", DiversionReason::Unconditional},
         {"do-not-disturb", DiversionReason::DoNotDisturb},
         {"deflection", DiversionReason::Deflection},
         {"follow-me", DiversionReason::Unconditional},
         {"out-of-service", DiversionReason::Unavailable},
         {"away", DiversionReason::Unavailable}}};
    const std::string plain = unquote(text);
    for (const Word& word : kReasons) {
        if (iequals(word.text, plain)) return word.reason;
    }
    return DiversionReason::Unknown;
}

// RFC 4458 §3 has the cause of the target; RFC 4244 that of who sent it on, as they answered it.
enum class CauseOf { Target, Answer };
DiversionReason reason_of(int cause, CauseOf whose) {
    switch (cause) {
        case 300:
        case 301:
        case 302:
        case 305:
        case 380:
            return DiversionReason::Unconditional;
        case 486:
        case 600:
            return DiversionReason::Busy;
        case 408:
            return DiversionReason::NoAnswer;
        case 480:
            return whose == CauseOf::Target ? DiversionReason::Deflection
                                            : DiversionReason::Unavailable;
        case 487:
            return DiversionReason::Deflection;
        case 503:
            return DiversionReason::Unavailable;
        default:
            return DiversionReason::Unknown;
    }
}

bool asks_for(std::string_view privacy, std::string_view what) {
    while (!privacy.empty()) {
        const std::size_t end = privacy.find(';');
        if (iequals(trim(privacy.substr(0, end)), what)) return true;
        if (end == std::string_view::npos) return false;
        privacy.remove_prefix(end + 1);
    }
    return false;
}

/// A header in a URI ("?Reason=SIP%3Bcause%3D302&Privacy=history"), unescaped; empty when absent.
std::string header_in(const Uri& uri, std::string_view name) {
    std::string_view rest = uri.headers;
    while (!rest.empty()) {
        const std::size_t end = rest.find('&');
        const std::string_view one = rest.substr(0, end);
        const std::size_t equals = one.find('=');
        if (equals != std::string_view::npos && iequals(one.substr(0, equals), name)) {
            return unescape_user(one.substr(equals + 1));
        }
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return {};
}

std::optional<int> status_in(std::string_view text) {
    const auto status = parse_number(text, kMaxStatus);
    return status ? std::optional{static_cast<int>(*status)} : std::nullopt;
}

template <typename Body>
void for_each_entry(const Message& request, HeaderId id, Body body) {
    std::size_t seen = 0;
    for (const Header& header : request.headers) {
        if (header.id != id) continue;
        std::string_view rest = header.value;
        std::string_view element;
        while (seen < kMaxDiversionEntries && next_element(rest, element)) {
            ++seen;
            if (const auto entry = parse_name_addr(element)) body(*entry);
        }
    }
}

// The first entry is the last that sent it on (RFC 5806 §3).
std::optional<Diversion> from_diversion(const Message& request) {
    std::optional<Diversion> found;
    for_each_entry(request, HeaderId::Diversion, [&](const NameAddr& entry) {
        const auto counter = find_param(entry.params, "counter");
        const auto times = counter ? parse_number(unquote(*counter), kMaxCounter) : std::nullopt;
        const auto count =
            static_cast<std::uint32_t>(std::max<std::uint64_t>(1, times.value_or(1)));
        if (found) {
            found->count = std::min(kMostDiversions, found->count + count);
            return;
        }
        const std::string privacy = unquote(find_param(entry.params, "privacy").value_or("off"));
        const bool is_shown = privacy.empty() || iequals(privacy, "off");
        found = Diversion{
            .from = is_shown ? number_of(entry.uri) : std::string{},
            .reason = reason_of(find_param(entry.params, "reason").value_or(std::string_view{})),
            .count = count};
    });
    return found;
}

struct History {
    std::string number;
    std::string index;
    std::string mapped_from;      ///< Of "mp": the index of who sent it here.
    std::optional<int> cause;     ///< Why it came here.
    std::optional<int> answered;  ///< How it was answered here.
};

std::vector<History> history_of(const Message& request) {
    std::vector<History> history;
    const bool is_all_private = asks_for(request.find(HeaderId::Privacy), "history");
    for_each_entry(request, HeaderId::HistoryInfo, [&](const NameAddr& entry) {
        const auto index = find_param(entry.params, "index");
        if (!index || index->size() > kMaxIndexBytes) return;
        History one;
        const bool is_private =
            is_all_private || asks_for(header_in(entry.uri, "Privacy"), "history");
        if (!is_private) one.number = number_of(entry.uri);
        one.index = unquote(*index);
        one.mapped_from = unquote(find_param(entry.params, "mp").value_or(std::string_view{}));
        one.cause = status_in(find_param(entry.uri.params, "cause").value_or(std::string_view{}));
        const std::string reason = header_in(entry.uri, "Reason");
        if (iequals(trim(std::string_view{reason}.substr(0, reason.find(';'))), "SIP")) {
            one.answered = status_in(find_param(reason, "cause").value_or(std::string_view{}));
        }
        history.push_back(std::move(one));
    });
    return history;
}

std::optional<Diversion> from_history(const Message& request) {
    const std::vector<History> history = history_of(request);
    std::optional<Diversion> found;
    std::uint32_t count = 0;
    for (std::size_t i = 1; i < history.size(); ++i) {
        const History& to = history[i];
        const History* from = &history[i - 1];
        // Ours only if it is a new target: a proxy that passes a call on adds entries, too.
        const bool is_sent_on = to.cause || !to.mapped_from.empty() || from->answered;
        if (!is_sent_on) continue;
        for (const History& one : history) {
            if (!to.mapped_from.empty() && one.index == to.mapped_from) from = &one;
        }
        count = std::min(kMostDiversions, count + 1);
        found = Diversion{.from = from->number, .reason = DiversionReason::Unknown, .count = count};
        if (to.cause) {
            found->reason = reason_of(*to.cause, CauseOf::Target);
        } else if (from->answered) {
            found->reason = reason_of(*from->answered, CauseOf::Answer);
        }
    }
    return found;
}

std::string_view token_of(DiversionReason reason) {
    switch (reason) {
        case DiversionReason::Unknown:
            return "unknown";
        case DiversionReason::Busy:
            return "user-busy";
        case DiversionReason::NoAnswer:
            return "no-answer";
        case DiversionReason::Unconditional:
            return "unconditional";
        case DiversionReason::Unavailable:
            return "unavailable";
        case DiversionReason::Deflection:
            return "deflection";
        case DiversionReason::DoNotDisturb:
            return "do-not-disturb";
    }
    return "unknown";
}

std::string_view cause_of(DiversionReason reason) {
    switch (reason) {
        case DiversionReason::Unknown:
            return "404";
        case DiversionReason::Busy:
            return "486";
        case DiversionReason::NoAnswer:
            return "408";
        case DiversionReason::Unconditional:
        case DiversionReason::DoNotDisturb:
            return "302";
        case DiversionReason::Unavailable:
            return "503";
        case DiversionReason::Deflection:
            return "480";
    }
    return "404";
}

std::string uri_of(std::string_view number, std::string_view domain) {
    return "sip:" + escape_user(number) + "@" + std::string{domain};
}

}  // namespace

std::optional<Diversion> diversion_of(const Message& request) {
    if (auto told = from_history(request)) return told;
    return from_diversion(request);
}

std::vector<std::pair<std::string, std::string>> diversion_headers(DiversionHeader kind,
                                                                   const OwnDiversion& own) {
    std::vector<std::pair<std::string, std::string>> headers;
    const bool has_before = own.before && !own.before->from.empty();
    if (kind == DiversionHeader::Diversion) {
        headers.emplace_back(
            "Diversion",
            "<" + uri_of(own.by, own.domain) +
                ">;reason=deflection;counter=1;privacy=" + (own.is_private ? "full" : "off"));
        if (has_before) {
            headers.emplace_back("Diversion",
                                 "<" + uri_of(own.before->from, own.domain) +
                                     ">;reason=" + std::string{token_of(own.before->reason)} +
                                     ";counter=" + std::to_string(own.before->count));
        }
    } else if (kind == DiversionHeader::HistoryInfo) {
        std::string index = "1";
        std::string value;
        std::string cause;
        if (has_before) {
            value = "<" + uri_of(own.before->from, own.domain) + ">;index=1, ";
            cause = ";cause=" + std::string{cause_of(own.before->reason)};
            index = "1.1";
        }
        value += "<" + uri_of(own.by, own.domain) + cause +
                 (own.is_private ? "?Privacy=history" : "") + ">;index=" + index;
        if (has_before) value += ";mp=1";
        value += ", <" + uri_of(own.target, own.domain) +
                 ";cause=" + std::string{cause_of(DiversionReason::Deflection)} +
                 ">;index=" + index + ".1;mp=" + index;
        headers.emplace_back("History-Info", std::move(value));
    }
    return headers;
}

}  // namespace escucha::sip::detail
