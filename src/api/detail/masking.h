#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "api/detail/contract.h"
#include "privacy/clearance.h"
#include "privacy/mask.h"

namespace escucha::api {

/// What one session may see, found out when the first field is met that not everybody may see.
class Viewer {
public:
    virtual ~Viewer() = default;
    /// Whether nothing of this class is kept from the session, whoever it is about.
    [[nodiscard]] virtual bool sees_all(Sensitivity sensitivity) const = 0;
    virtual const privacy::Clearance& clearance() = 0;
    /// Whom the request names in its path: of what an answer does not say itself whose it is.
    virtual privacy::Subject named() = 0;
};

/// Keeps from answers and frames what their reader may not see, by what openapi.yaml declares of
/// each field (docs/privacy.md). Handlers write values whole; this is the one place between them
/// and the wire.
///
/// Read when the server starts: of each answer only the ways that lead to declared fields are kept,
/// so that an answer without any costs nothing. A declaration that cannot be read, or a masked
/// field in an object that could not say so, is a mistake of ours: the server does not start.
class Masking {
public:
    explicit Masking(const Contract& contract);

    /// Masks an answer's body in place.
    void mask(const boost::json::object& operation,
              unsigned status,
              std::string& body,
              Viewer& viewer) const;

    /// Takes out of an event's frame what is not public, and names it in `masked`.
    void strip(boost::json::object& frame) const;

private:
    struct Declared {
        privacy::Field field;
        std::optional<privacy::Mask> mask;        ///< None: null.
        std::string sensitivity_from;             ///< The member beside it that says the class.
        std::vector<std::string> question_names;  ///< A question when the `name` beside it is one.
    };
    struct Shape;
    struct Member {
        std::string name;
        std::optional<Declared> declared;
        const Shape* inside = nullptr;
    };
    struct Shape {
        std::vector<Member> members;
        const Shape* items = nullptr;
        std::string customer_at, contact_at;  ///< JSON pointers to whose the object is.
        std::string fields_by;  ///< The member beside it that chooses among `events_`.
        bool tells_masked = false, tells_revealed = false;
        Sensitivity most = Sensitivity::Public;

        void add(Member member);
    };

    const Shape* shape_of(const boost::json::value& schema);
    void collect(const boost::json::object& schema, Shape& shape);
    void collect_member(std::string name, const boost::json::value& given, Shape& shape);
    static std::optional<Declared> declared_by(const boost::json::object& schema);
    [[nodiscard]] const Shape* inside_of(const Member& member,
                                         const boost::json::object& object) const;
    [[nodiscard]] static privacy::Field field_of(const Declared& declared,
                                                 const boost::json::object& beside);
    void apply(const Shape& shape,
               boost::json::value& value,
               privacy::Subject subject,
               Viewer& viewer) const;
    void apply_object(const Shape& shape,
                      boost::json::object& object,
                      const privacy::Subject& subject,
                      Viewer& viewer) const;

    const Contract& contract_;
    std::map<const boost::json::value*, std::unique_ptr<Shape>> shapes_;
    std::map<std::pair<const boost::json::object*, unsigned>, const Shape*> answers_;
    std::map<std::string, Shape, std::less<>> events_;  ///< By type, of an event's data.
};

}  // namespace escucha::api
