#include "api/detail/contract.h"

#include <algorithm>
#include <charconv>

#include <boost/json/parse.hpp>

#include "base/check.h"
#include "base/ids.h"
#include "base/time.h"

namespace escucha::api {
namespace {

namespace json = boost::json;

constexpr int kMaxDepth = 32;

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_date(std::string_view text) {
    return text.size() == 10 && parse_rfc3339(std::string{text} + "T00:00:00Z").has_value();
}

bool has_type(const json::value& instance, std::string_view type) {
    if (type == "string") return instance.is_string();
    if (type == "object") return instance.is_object();
    if (type == "array") return instance.is_array();
    if (type == "boolean") return instance.is_bool();
    if (type == "null") return instance.is_null();
    if (type == "integer") return instance.is_int64() || instance.is_uint64();
    return instance.is_number();
}

bool has_format(std::string_view text, std::string_view format) {
    if (format == "date-time") return parse_rfc3339(text).has_value();
    if (format == "date") return is_date(text);
    if (format == "uuid") return Uuid::parse(text).has_value();
    return true;
}

Text expected(const std::string& es, const std::string& en) {
    return {"Este dato " + es + ".", "This field " + en + "."};
}

/// One walk over an instance, collecting what does not fit.
class Checker {
public:
    Checker(const Contract& contract, Contract::Unknown unknown)
        : contract_{contract}, unknown_{unknown} {}

    void check(const json::value& schema, const json::value& instance, const std::string& at);
    std::vector<Fault> faults;

private:
    void fault(const std::string& at, Text text) { faults.push_back({at, std::move(text)}); }
    void check_type(const json::object& schema, const json::value& instance, const std::string& at);
    void check_text(const json::object& schema, std::string_view text, const std::string& at);
    void check_number(const json::object& schema, const json::value& value, const std::string& at);
    void check_array(const json::object& schema, const json::array& array, const std::string& at);
    void check_object(const json::object& schema,
                      const json::object& object,
                      const std::string& at);
    void check_choice(const json::array& choices,
                      const json::value& instance,
                      const std::string& at);

    const Contract& contract_;
    Contract::Unknown unknown_;
    int depth_ = 0;
};

void Checker::check(const json::value& given, const json::value& instance, const std::string& at) {
    if (++depth_ > kMaxDepth) {
        fault(at, expected("tiene demasiados niveles", "is nested too deeply"));
        --depth_;
        return;
    }
    const json::object& schema = contract_.resolve(given).as_object();
    const std::size_t before = faults.size();
    check_type(schema, instance, at);
    if (faults.size() == before) {
        if (instance.is_string()) check_text(schema, instance.get_string(), at);
        if (instance.is_number()) check_number(schema, instance, at);
        if (instance.is_array()) check_array(schema, instance.get_array(), at);
        if (instance.is_object()) check_object(schema, instance.get_object(), at);
        for (const std::string_view key : {"anyOf", "oneOf"}) {
            if (const auto* choices = schema.if_contains(key)) {
                check_choice(choices->as_array(), instance, at);
            }
        }
    }
    --depth_;
}

void Checker::check_type(const json::object& schema,
                         const json::value& instance,
                         const std::string& at) {
    if (const auto* type = schema.if_contains("type")) {
        const bool fits = type->is_string()
                              ? has_type(instance, type->get_string())
                              : std::ranges::any_of(type->as_array(), [&](const json::value& one) {
                                    return has_type(instance, one.as_string());
                                });
        if (!fits)
            return fault(at, expected("no es del tipo esperado", "is not of the right type"));
    }
    if (const auto* value = schema.if_contains("const"); value != nullptr && *value != instance) {
        fault(at, expected("no tiene el valor esperado", "does not have the right value"));
    }
    if (const auto* values = schema.if_contains("enum")) {
        const auto& list = values->as_array();
        if (std::ranges::find(list, instance) == list.end()) {
            fault(at, expected("no es una de las opciones", "is not one of the choices"));
        }
    }
}

void Checker::check_text(const json::object& schema, std::string_view text, const std::string& at) {
    const std::size_t length = code_points(text);
    if (const auto* least = schema.if_contains("minLength");
        least != nullptr && length < least->to_number<std::size_t>()) {
        fault(at,
              length == 0 ? expected("no puede estar vacío", "must not be empty")
                          : expected("es demasiado corto", "is too short"));
    }
    if (const auto* most = schema.if_contains("maxLength");
        most != nullptr && length > most->to_number<std::size_t>()) {
        fault(at, expected("es demasiado largo", "is too long"));
    }
    if (const auto* format = schema.if_contains("format");
        format != nullptr && !has_format(text, format->as_string())) {
        fault(at, expected("no está bien escrito", "is not written correctly"));
    }
}

void Checker::check_number(const json::object& schema,
                           const json::value& value,
                           const std::string& at) {
    const auto number = value.to_number<double>();
    if (const auto* least = schema.if_contains("minimum");
        least != nullptr && number < least->to_number<double>()) {
        fault(at, expected("es demasiado pequeño", "is too small"));
    }
    if (const auto* most = schema.if_contains("maximum");
        most != nullptr && number > most->to_number<double>()) {
        fault(at, expected("es demasiado grande", "is too large"));
    }
}

void Checker::check_array(const json::object& schema,
                          const json::array& array,
                          const std::string& at) {
    const auto* least = schema.if_contains("minItems");
    const auto* most = schema.if_contains("maxItems");
    if ((least != nullptr && array.size() < least->to_number<std::size_t>()) ||
        (most != nullptr && array.size() > most->to_number<std::size_t>())) {
        return fault(at,
                     expected("no tiene un número válido de elementos",
                              "does not have a valid number of items"));
    }
    const auto* items = schema.if_contains("items");
    if (items == nullptr) return;
    for (std::size_t i = 0; i < array.size(); ++i) {
        check(*items, array[i], at + "/" + std::to_string(i));
    }
}

void Checker::check_object(const json::object& schema,
                           const json::object& object,
                           const std::string& at) {
    if (const auto* required = schema.if_contains("required")) {
        for (const json::value& name : required->as_array()) {
            if (object.contains(name.as_string())) continue;
            fault(at + "/" + std::string{name.get_string()}, expected("falta", "is missing"));
        }
    }
    if (const auto* least = schema.if_contains("minProperties");
        least != nullptr && object.size() < least->to_number<std::size_t>()) {
        fault(at, expected("está vacío", "is empty"));
    }
    const auto* properties = schema.if_contains("properties");
    const auto* others = schema.if_contains("additionalProperties");
    for (const auto& [key, value] : object) {
        const std::string pointer = at + "/" + std::string{key};
        const auto* known =
            properties == nullptr ? nullptr : properties->as_object().if_contains(key);
        if (known != nullptr) {
            check(*known, value, pointer);
        } else if (others != nullptr && others->is_object()) {
            check(*others, value, pointer);
        } else if (others != nullptr
                       ? !others->as_bool()
                       : unknown_ == Contract::Unknown::Refused && properties != nullptr) {
            fault(pointer, expected("no se conoce", "is not known"));
        }
    }
}

void Checker::check_choice(const json::array& choices,
                           const json::value& instance,
                           const std::string& at) {
    // The faults of the choice that fits best are the ones that help.
    std::vector<Fault> fewest;
    for (const json::value& choice : choices) {
        Checker one{contract_, unknown_};
        one.depth_ = depth_;
        one.check(choice, instance, at);
        if (one.faults.empty()) return;
        if (fewest.empty() || one.faults.size() < fewest.size()) fewest = std::move(one.faults);
    }
    faults.insert(faults.end(), fewest.begin(), fewest.end());
}

}  // namespace

Contract::Contract(std::string_view openapi)
    // Not braces: those would make a list of one.
    : document_(json::parse({openapi.data(), openapi.size()})) {}

std::vector<Fault> Contract::check(const json::value& schema,
                                   const json::value& instance,
                                   Unknown unknown) const {
    Checker checker{*this, unknown};
    checker.check(schema, instance, "");
    return std::move(checker.faults);
}

const json::value& Contract::resolve(const json::value& schema) const {
    const auto* reference = schema.as_object().if_contains("$ref");
    if (reference == nullptr) return schema;
    // "#/components/schemas/Case": the build has checked that it leads somewhere.
    const std::string_view pointer{reference->as_string().data(), reference->as_string().size()};
    return resolve(document_.at_pointer({pointer.data() + 1, pointer.size() - 1}));
}

const json::object* Contract::operation(std::string_view path, std::string_view method) const {
    const auto* item = document_.at("paths").as_object().if_contains({path.data(), path.size()});
    if (item == nullptr) return nullptr;
    const auto* found = item->as_object().if_contains({method.data(), method.size()});
    return found == nullptr ? nullptr : &found->as_object();
}

std::string_view Contract::audit_kind(const json::object& operation) {
    const auto* kind = operation.if_contains("x-audit");
    if (kind == nullptr || *kind == "none") return {};
    return {kind->as_string().data(), kind->as_string().size()};
}

const json::value* Contract::body_schema(const json::object& operation) const {
    const auto* body = operation.if_contains("requestBody");
    if (body == nullptr) return nullptr;
    boost::system::error_code other;
    return body->find_pointer("/content/application~1json/schema", other);
}

bool Contract::is_declared(const json::object& operation, unsigned status) const {
    const json::object& responses = operation.at("responses").as_object();
    return responses.contains(std::to_string(status)) ||
           (status >= 400 && responses.contains("default"));
}

const json::value* Contract::answer_schema(const json::object& operation,
                                           unsigned status,
                                           std::string_view content_type) const {
    const json::object& responses = operation.at("responses").as_object();
    const auto* response = responses.if_contains(std::to_string(status));
    if (response == nullptr && status >= 400) response = responses.if_contains("default");
    if (response == nullptr) return nullptr;
    const auto* content = resolve(*response).as_object().if_contains("content");
    if (content == nullptr) return nullptr;
    const auto* media =
        content->as_object().if_contains({content_type.data(), content_type.size()});
    return media == nullptr ? nullptr : media->as_object().if_contains("schema");
}

std::vector<Fault> Contract::check_query(const json::object& operation,
                                         std::map<std::string, std::string>& query) const {
    std::vector<Fault> faults;
    const auto* parameters = operation.if_contains("parameters");
    if (parameters == nullptr) return faults;
    for (const json::value& given : parameters->as_array()) {
        const json::object& parameter = resolve(given).as_object();
        if (parameter.at("in").as_string() != "query") continue;
        const std::string name{parameter.at("name").as_string()};
        const json::object& schema = resolve(parameter.at("schema")).as_object();
        const auto found = query.find(name);
        if (found == query.end()) {
            const auto* value = schema.if_contains("default");
            if (value != nullptr) query[name] = std::to_string(value->as_int64());
            continue;
        }
        json::value instance(found->second);
        const auto* type = schema.if_contains("type");
        const std::string& text = found->second;
        if (type != nullptr && *type == "integer") {
            std::int64_t number = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), number);
            if (error == std::errc{} && end == text.data() + text.size()) instance = number;
        } else if (type != nullptr && *type == "boolean" && (text == "true" || text == "false")) {
            instance = text == "true";
        }
        for (Fault& fault : check(parameter.at("schema"), instance)) {
            faults.push_back({"?" + name, std::move(fault.detail)});
        }
    }
    return faults;
}

}  // namespace escucha::api
