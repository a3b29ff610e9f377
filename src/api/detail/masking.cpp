#include "api/detail/masking.h"

#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/detail/json.h"
#include "base/check.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr const char* kMasked = "masked";
constexpr const char* kRevealed = "revealed";

std::string_view json_text(const json::value& text) {
    return {text.as_string().data(), text.as_string().size()};
}
std::string_view declared_word(const json::object& schema, const char* name) {
    const auto* word = schema.if_contains(name);
    return word == nullptr ? std::string_view{} : json_text(*word);
}

privacy::InHand in_hand_of(std::string_view word) {
    if (word == "always") return privacy::InHand::Always;
    if (word == "verified") return privacy::InHand::Verified;
    ESC_CHECK(word.empty());
    return privacy::InHand::Never;
}

/// The id at a pointer as x-subject writes them: "/customer/id".
template <typename AnyId>
std::optional<AnyId> id_at(const json::object& object, std::string_view pointer) {
    const json::object* inner = &object;
    for (;;) {
        pointer.remove_prefix(1);
        const std::string_view name = pointer.substr(0, pointer.find('/'));
        const auto* value = inner->if_contains({name.data(), name.size()});
        pointer.remove_prefix(name.size());
        if (value == nullptr) return std::nullopt;
        if (pointer.empty()) {
            return value->is_string() ? AnyId::parse(std::string{json_text(*value)}) : std::nullopt;
        }
        inner = value->if_object();
        if (inner == nullptr) return std::nullopt;
    }
}

/// The masked form of a value that may not be seen.
json::value masked_form(const json::value& value,
                        std::optional<privacy::Mask> mask,
                        privacy::Sight sight) {
    if (!mask || !value.is_string()) return nullptr;
    const auto form = sight == privacy::Sight::Hidden ? privacy::Mask::Whole : *mask;
    return json::string{privacy::masked(form, json_text(value))};
}

bool says_nothing(const json::value& value) {
    return value.is_null() || (value.is_string() && value.get_string().empty());
}

}  // namespace

void Masking::Shape::add(Member member) {
    if (member.declared) most = std::max(most, member.declared->field.sensitivity);
    if (member.inside != nullptr) most = std::max(most, member.inside->most);
    members.push_back(std::move(member));
}

Masking::Masking(const Contract& contract) : contract_{contract} {
    const json::object& components = contract.document().at("components").as_object();
    for (const auto& [type, fields] : components.at("x-event-fields").as_object()) {
        Shape& shape = events_[std::string{type}];
        for (const auto& [name, schema] : fields.as_object()) {
            auto declared = declared_by(schema.as_object());
            ESC_CHECK(declared.has_value());
            shape.add({std::string{name}, std::move(declared), nullptr});
        }
    }
    for (const auto& path : contract.document().at("paths").as_object()) {
        for (const auto& method : path.value().as_object()) {
            const auto* operation = method.value().if_object();
            if (operation == nullptr || !operation->contains("responses")) continue;
            for (const auto& answer : operation->at("responses").as_object()) {
                unsigned status = 0;
                const std::string_view text{answer.key().data(), answer.key().size()};
                std::from_chars(text.data(), text.data() + text.size(), status);
                const auto* schema = contract.answer_schema(*operation, status, "application/json");
                if (status < 200 || status >= 300 || schema == nullptr) continue;
                const Shape* shape = shape_of(*schema);
                if (shape->most >= Sensitivity::Personal) {
                    answers_.emplace(std::pair{operation, status}, shape);
                }
            }
        }
    }
}

std::optional<Masking::Declared> Masking::declared_by(const json::object& schema) {
    const bool is_told = schema.contains("x-sensitivity");
    Declared declared;
    declared.sensitivity_from = declared_word(schema, "x-sensitivity-from");
    if (!is_told && declared.sensitivity_from.empty()) return std::nullopt;
    const auto sensitivity =
        is_told ? parse_sensitivity(declared_word(schema, "x-sensitivity")) : Sensitivity::Secret;
    ESC_CHECK(sensitivity.has_value());
    declared.field.sensitivity = *sensitivity;
    declared.field.in_hand = in_hand_of(declared_word(schema, "x-in-hand"));
    declared.field.revealed_by = declared_word(schema, "x-reveal");
    declared.field.is_question = schema.contains("x-question");
    if (const auto* mask = schema.if_contains("x-mask")) {
        declared.mask = privacy::parse_mask(json_text(*mask));
        ESC_CHECK(declared.mask.has_value());
    }
    if (const auto* names = schema.if_contains("x-question-names")) {
        for (const json::value& name : names->as_array()) {
            declared.question_names.emplace_back(json_text(name));
        }
    }
    return declared;
}

const Masking::Shape* Masking::shape_of(const json::value& schema) {
    const json::value& resolved = contract_.resolve(schema);
    const auto known = shapes_.find(&resolved);
    if (known != shapes_.end()) {
        // One that is still being read would be within itself, and its class not known.
        ESC_CHECK(known->second != nullptr);
        return known->second.get();
    }
    shapes_[&resolved] = nullptr;
    auto shape = std::make_unique<Shape>();
    collect(resolved.as_object(), *shape);
    if (shape->items != nullptr) shape->most = std::max(shape->most, shape->items->most);
    return (shapes_[&resolved] = std::move(shape)).get();
}

void Masking::collect(const json::object& schema, Shape& shape) {
    if (const auto* subject = schema.if_contains("x-subject")) {
        shape.customer_at = declared_word(subject->as_object(), "customer");
        shape.contact_at = declared_word(subject->as_object(), "contact");
    }
    if (const auto by = declared_word(schema, "x-fields-by"); !by.empty()) {
        shape.fields_by = by;
        for (const auto& [type, fields] : events_) shape.most = std::max(shape.most, fields.most);
    }
    if (const auto* items = schema.if_contains("items")) shape.items = shape_of(*items);
    for (const char* key : {"anyOf", "oneOf"}) {
        const auto* choices = schema.if_contains(key);
        if (choices == nullptr) continue;
        for (const json::value& choice : choices->as_array()) {
            collect(contract_.resolve(choice).as_object(), shape);
        }
    }
    if (const auto* others = schema.if_contains("additionalProperties");
        others != nullptr && others->is_object()) {
        ESC_CHECK(shape_of(*others)->most == Sensitivity::Public);
    }
    const auto* properties = schema.if_contains("properties");
    if (properties == nullptr) return;
    shape.tells_masked |= properties->as_object().contains(kMasked);
    shape.tells_revealed |= properties->as_object().contains(kRevealed);
    for (const auto& [name, given] : properties->as_object()) {
        collect_member(std::string{name}, given, shape);
    }
}

void Masking::collect_member(std::string name, const json::value& given, Shape& shape) {
    auto declared = declared_by(given.as_object());
    if (!declared) declared = declared_by(contract_.resolve(given).as_object());
    // What everybody sees needs no look at each answer.
    if (declared && declared->field.sensitivity < Sensitivity::Personal) declared.reset();
    ESC_CHECK(!declared || shape.tells_masked);
    const Shape* inside = shape_of(given);
    if (inside->most < Sensitivity::Personal) inside = nullptr;
    if (!declared && inside == nullptr) return;
    shape.add({std::move(name), std::move(declared), inside});
}

void Masking::mask(const json::object& operation,
                   unsigned status,
                   std::string& body,
                   Viewer& viewer) const {
    const auto found = answers_.find(std::pair{&operation, status});
    if (found == answers_.end() || viewer.sees_all(found->second->most)) return;
    json::value value = json::parse(json::string_view{body.data(), body.size()});
    apply(*found->second, value, viewer.named(), viewer);
    body = json::serialize(value);
}

void Masking::apply(const Shape& shape,
                    json::value& value,
                    privacy::Subject subject,
                    Viewer& viewer) const {
    if (auto* array = value.if_array(); array != nullptr && shape.items != nullptr) {
        for (json::value& item : *array) apply(*shape.items, item, subject, viewer);
    }
    auto* object = value.if_object();
    if (object == nullptr) return;
    if (!shape.customer_at.empty()) {
        // It is about this customer, and about no contact but one that it names.
        subject = {.customer = id_at<CustomerId>(*object, shape.customer_at)};
    }
    if (!shape.contact_at.empty()) subject.contact = id_at<ContactId>(*object, shape.contact_at);
    apply_object(shape, *object, subject, viewer);
}

privacy::Field Masking::field_of(const Declared& declared, const json::object& beside) {
    privacy::Field field = declared.field;
    if (!declared.sensitivity_from.empty()) {
        const auto* told = beside.if_contains(declared.sensitivity_from);
        const bool is_word = told != nullptr && told->is_string();
        field.sensitivity =
            is_word ? parse_sensitivity(json_text(*told)).value_or(Sensitivity::Personal)
                    : Sensitivity::Personal;
    }
    const auto* name = declared.question_names.empty() ? nullptr : beside.if_contains("name");
    if (name != nullptr && name->is_string() &&
        std::ranges::find(declared.question_names, json_text(*name)) !=
            declared.question_names.end()) {
        field.is_question = true;
        field.sensitivity = std::max(field.sensitivity, Sensitivity::Personal);
    }
    return field;
}

const Masking::Shape* Masking::inside_of(const Member& member, const json::object& object) const {
    if (member.inside == nullptr || member.inside->fields_by.empty()) return member.inside;
    const auto* type = object.if_contains(member.inside->fields_by);
    if (type == nullptr || !type->is_string()) return nullptr;
    const auto found = events_.find(json_text(*type));
    return found == events_.end() ? nullptr : &found->second;
}

void Masking::apply_object(const Shape& shape,
                           json::object& object,
                           const privacy::Subject& subject,
                           Viewer& viewer) const {
    json::array masked;
    for (const Member& member : shape.members) {
        auto* value = object.if_contains(member.name);
        if (value == nullptr || says_nothing(*value)) continue;
        if (member.declared) {
            const auto sight = viewer.clearance().of(field_of(*member.declared, object), subject);
            if (sight != privacy::Sight::Whole) {
                *value = masked_form(*value, member.declared->mask, sight);
                masked.push_back(json::string{member.name});
                continue;
            }
        }
        const Shape* inside = inside_of(member, object);
        if (inside != nullptr) apply(*inside, *value, subject, viewer);
    }
    if (!masked.empty()) object[kMasked] = std::move(masked);
    if (!shape.tells_revealed) return;
    json::array revealed;
    for (const privacy::Reveal& reveal : viewer.clearance().reveals) {
        if (reveal.customer != subject.customer) continue;
        revealed.push_back(
            json::object{{"field", reveal.field}, {"until", to_rfc3339(reveal.until)}});
    }
    if (!revealed.empty()) object[kRevealed] = std::move(revealed);
}

void Masking::strip(json::object& frame) const {
    const auto found = events_.find(json_text(frame.at("type")));
    if (found == events_.end()) return;
    json::object& data = frame.at("data").as_object();
    json::array masked;
    for (const Member& member : found->second.members) {
        if (data.erase(member.name) > 0) masked.push_back(json::string{member.name});
    }
    if (!masked.empty()) data[kMasked] = std::move(masked);
}

}  // namespace escucha::api
