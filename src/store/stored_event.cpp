#include "store/stored_event.h"

#include <cmath>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/overloaded.h"
#include "store/value.h"

namespace escucha::store {
namespace {

boost::json::value to_json(const Event::Value& value) {
    return std::visit(overloaded{
                          [](const std::string& text) {
                              return boost::json::value(std::string_view{clean_text(text)});
                          },
                          [](std::int64_t number) { return boost::json::value(number); },
                          [](double number) {
                              // JSON has no infinity; a figure that is none is left out.
                              if (!std::isfinite(number)) return boost::json::value(nullptr);
                              return boost::json::value(number);
                          },
                          [](bool flag) { return boost::json::value(flag); },
                      },
                      value);
}

}  // namespace

boost::json::object fields_of(const Event& event) {
    boost::json::object fields;
    fields.reserve(event.data.size());
    for (const auto& [name, value] : event.data) fields[name] = to_json(value);
    return fields;
}

StoredEvent encode(const Event& event, std::int64_t seq, const boost::json::object& fields) {
    return StoredEvent{.seq = seq,
                       .at = event.at,
                       .company = event.company,
                       .type = std::string{event.type},
                       .contact = event.contact,
                       .case_id = event.case_id,
                       .customer = event.customer,
                       .agent = event.agent,
                       .queue = event.queue,
                       .data = boost::json::serialize(fields)};
}

}  // namespace escucha::store
