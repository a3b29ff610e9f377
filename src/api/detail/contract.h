#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "api/detail/problem.h"

namespace escucha::api {

/// openapi.json's text, put into the program by the build.
std::string_view openapi_json();

/// The contract at work: request bodies and query parameters are checked against the document, so
/// handlers read fields without doubting them, and tests check every answer the same way.
///
/// Reads the part of JSON Schema 2020-12 the document uses: $ref, type, enum, const, required,
/// properties, additionalProperties, minProperties, items, minItems, maxItems, minLength, maxLength
/// (code points), minimum, maximum, format (date-time, date, uuid), anyOf, oneOf.
class Contract {
public:
    explicit Contract(std::string_view openapi);

    enum class Unknown {
        AsSchemaSays,
        Refused,  ///< A member the schema does not name is a fault, unless it says otherwise.
    };
    [[nodiscard]] std::vector<Fault> check(const boost::json::value& schema,
                                           const boost::json::value& instance,
                                           Unknown unknown = Unknown::AsSchemaSays) const;

    /// The operation at a path template ("/api/v1/cases/{case_id}") and method ("get"); or nullptr.
    [[nodiscard]] const boost::json::object* operation(std::string_view path,
                                                       std::string_view method) const;
    /// x-audit: what the operation reads or changes, as the audit log names it; empty for "none",
    /// and for what is not said.
    [[nodiscard]] static std::string_view audit_kind(const boost::json::object& operation);
    /// The body's schema; nullptr when the operation takes none.
    [[nodiscard]] const boost::json::value* body_schema(const boost::json::object& operation) const;
    /// The schema of an answer; nullptr when it has none. `is_declared` tells whether the status
    /// is.
    [[nodiscard]] const boost::json::value* answer_schema(const boost::json::object& operation,
                                                          unsigned status,
                                                          std::string_view content_type) const;
    [[nodiscard]] bool is_declared(const boost::json::object& operation, unsigned status) const;
    /// Query parameters of the operation, checked and with their defaults filled in.
    [[nodiscard]] std::vector<Fault> check_query(const boost::json::object& operation,
                                                 std::map<std::string, std::string>& query) const;
    [[nodiscard]] const boost::json::value& document() const { return document_; }
    /// Follows a $ref, if there is one.
    [[nodiscard]] const boost::json::value& resolve(const boost::json::value& schema) const;

private:
    boost::json::value document_;
};

}  // namespace escucha::api
