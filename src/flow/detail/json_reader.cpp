#include "flow/detail/json_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include <boost/json/error.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"

namespace escucha::flow::detail {

namespace json = boost::json;

namespace {

const json::object& empty_object() {
    static const json::object kEmpty;
    return kEmpty;
}

void print_value(const json::value& value, std::size_t indent, std::string& out);

void print_object(const json::object& object, std::size_t indent, std::string& out) {
    if (object.empty()) {
        out += "{}";
        return;
    }
    out += "{\n";
    bool is_first = true;
    for (const auto& [name, member] : object) {
        if (!is_first) out += ",\n";
        is_first = false;
        out.append(indent + 2, ' ');
        out += json::serialize(json::string(name));
        out += ": ";
        print_value(member, indent + 2, out);
    }
    out += '\n';
    out.append(indent, ' ');
    out += '}';
}

void print_array(const json::array& array, std::size_t indent, std::string& out) {
    const bool is_flat = std::all_of(
        array.begin(), array.end(), [](const json::value& item) { return item.is_primitive(); });
    out += '[';
    bool is_first = true;
    for (const auto& item : array) {
        if (!is_first) out += is_flat ? ", " : ",";
        is_first = false;
        if (!is_flat) {
            out += '\n';
            out.append(indent + 2, ' ');
        }
        print_value(item, indent + 2, out);
    }
    if (!is_flat && !array.empty()) {
        out += '\n';
        out.append(indent, ' ');
    }
    out += ']';
}

void print_value(const json::value& value, std::size_t indent, std::string& out) {
    if (const auto* object = value.if_object()) return print_object(*object, indent, out);
    if (const auto* array = value.if_array()) return print_array(*array, indent, out);
    if (const auto* number = value.if_double()) {
        // The library would write 450.0 as "4.5E2".
        char digits[32];
        const auto end = std::to_chars(std::begin(digits), std::end(digits), *number);
        out.append(digits, end.ptr);
        return;
    }
    out += json::serialize(value);
}

}  // namespace

JsonReader::JsonReader(const json::value& value, std::string pointer, std::optional<Error>& fault)
    : object_{value.if_object()}, pointer_{std::move(pointer)}, fault_{fault} {
    if (object_ != nullptr) return;
    object_ = &empty_object();
    if (!fault_) {
        fault_ = fail(Errc::InvalidArgument,
                      (pointer_.empty() ? "/" : pointer_) + ": an object is expected");
    }
}

bool JsonReader::has(std::string_view name) const { return object_->contains(name); }

const json::value* JsonReader::member(std::string_view name) {
    read_.push_back(name);
    return object_->if_contains(name);
}

std::string JsonReader::text(std::string_view name, std::size_t most_bytes) {
    if (!has(name)) {
        read_.push_back(name);
        fault(name, "is missing");
        return {};
    }
    auto value = text_or(name, {}, most_bytes);
    if (value.empty()) fault(name, "must not be empty");
    return value;
}

std::string JsonReader::text_or(std::string_view name,
                                std::string fallback,
                                std::size_t most_bytes) {
    const auto* value = member(name);
    if (value == nullptr) return fallback;
    const auto* text = value->if_string();
    if (text == nullptr) {
        fault(name, "a text is expected");
        return fallback;
    }
    if (text->size() > most_bytes) {
        fault(name, "is longer than " + std::to_string(most_bytes) + " bytes");
        return fallback;
    }
    return {text->data(), text->size()};
}

std::int64_t JsonReader::integer_or(std::string_view name,
                                    std::int64_t fallback,
                                    std::int64_t least,
                                    std::int64_t most) {
    const auto* value = member(name);
    if (value == nullptr) return fallback;
    const auto* number = value->if_int64();
    if (number == nullptr || *number < least || *number > most) {
        fault(name,
              "a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                  " is expected");
        return fallback;
    }
    return *number;
}

bool JsonReader::flag_or(std::string_view name, bool fallback) {
    const auto* value = member(name);
    if (value == nullptr) return fallback;
    if (const auto* flag = value->if_bool()) return *flag;
    fault(name, "true or false is expected");
    return fallback;
}

double JsonReader::number_or(std::string_view name, double fallback) {
    const auto* value = member(name);
    if (value == nullptr) return fallback;
    if (value->is_number()) {
        json::error_code error;
        const double number = value->to_number<double>(error);
        if (!error.failed() && std::isfinite(number)) return number;
    }
    fault(name, "a number is expected");
    return fallback;
}

std::chrono::milliseconds JsonReader::seconds_or(std::string_view name,
                                                 std::chrono::milliseconds fallback,
                                                 std::chrono::milliseconds least,
                                                 std::chrono::milliseconds most) {
    const double seconds = number_or(name, static_cast<double>(fallback.count()) / 1000.0);
    const double low = static_cast<double>(least.count()) / 1000.0;
    const double high = static_cast<double>(most.count()) / 1000.0;
    if (seconds < low || seconds > high) {
        fault(name, "is outside the allowed range of seconds");
        return fallback;
    }
    return std::chrono::milliseconds{std::llround(seconds * 1000.0)};
}

char JsonReader::key_or(std::string_view name, char fallback, std::string_view allowed) {
    if (!has(name)) {
        read_.push_back(name);
        return fallback;
    }
    const auto value = text_or(name, {}, 8);
    if (value.size() == 1 && allowed.find(value.front()) != std::string_view::npos) {
        return value.front();
    }
    fault(name, "one key out of \"" + std::string{allowed} + "\" is expected");
    return fallback;
}

std::vector<std::string> JsonReader::texts_or_none(std::string_view name, std::size_t most_bytes) {
    constexpr std::size_t kMostTexts = 50;
    const auto* value = member(name);
    if (value == nullptr) return {};
    if (value->is_string()) {
        auto one = text_or(name, {}, most_bytes);
        if (one.empty()) return {};
        return {std::move(one)};
    }
    const auto* array = value->if_array();
    if (array == nullptr || array->size() > kMostTexts) {
        fault(name, "a text or a list of at most 50 texts is expected");
        return {};
    }
    std::vector<std::string> texts;
    for (const auto& item : *array) {
        const auto* text = item.if_string();
        if (text == nullptr || text->empty() || text->size() > most_bytes) {
            fault(std::string{name} + "/" + std::to_string(texts.size()), "a text is expected");
            return {};
        }
        texts.emplace_back(text->data(), text->size());
    }
    return texts;
}

void JsonReader::finish() {
    for (const auto& [name, value] : *object_) {
        const std::string_view key{name.data(), name.size()};
        if (std::find(read_.begin(), read_.end(), key) != read_.end()) continue;
        fault(key, "is not known here");
    }
}

void JsonReader::fault(std::string_view name, std::string message) {
    if (fault_) return;
    fault_ = fail(Errc::InvalidArgument, pointer(name) + ": " + std::move(message));
}

std::string JsonReader::pointer(std::string_view name) const {
    return pointer_ + "/" +
           (name.find('/') == std::string_view::npos ? escape_pointer(name) : std::string{name});
}

std::string escape_pointer(std::string_view token) {
    std::string escaped;
    for (const char c : token) {
        if (c == '~') {
            escaped += "~0";
        } else if (c == '/') {
            escaped += "~1";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

Result<json::value> parse_json(std::string_view text,
                               std::size_t most_bytes,
                               std::size_t most_depth) {
    if (text.size() > most_bytes) {
        return fail(Errc::TooLarge, "more than " + std::to_string(most_bytes) + " bytes");
    }
    json::parse_options options;
    options.max_depth = most_depth;
    json::error_code error;
    json::parser parser{json::storage_ptr{}, options};
    const auto used = parser.write(json::string_view{text.data(), text.size()}, error);
    if (error == json::error::too_deep) {
        return fail(Errc::TooLarge, "nested deeper than " + std::to_string(most_depth));
    }
    if (error.failed()) {
        return fail(Errc::InvalidArgument,
                    "not JSON at byte " + std::to_string(used) + ": " + error.message());
    }
    return parser.release();
}

std::string print_json(const json::value& value) {
    std::string out;
    print_value(value, 0, out);
    out += '\n';
    return out;
}

}  // namespace escucha::flow::detail
