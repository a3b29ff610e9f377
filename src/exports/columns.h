#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identity/roles.h"

namespace escucha::exports {

enum class What {
    Customers,
    Contacts,
    Cases,
    Audit,
    Recording,          ///< One.
    ContactRecordings,  ///< All of one contact.
};
std::string_view word(What what);
std::optional<What> parse_what(std::string_view word);
/// Sound, and no lines and columns.
inline bool is_sound(What what) {
    return what == What::Recording || what == What::ContactRecordings;
}

enum class Sensitivity { Public, Internal, Personal, Financial, Secret };
std::string_view word(Sensitivity sensitivity);

enum class Cell { Text, Number, Time };

/// A column that can be asked for. This table and nothing else says what a file can hold.
struct Column {
    What what;
    std::string_view key;
    std::string_view es, en;  ///< Its heading.
    std::string_view sql;     ///< An expression of `Source::from`.
    Cell cell = Cell::Text;
    Sensitivity sensitivity = Sensitivity::Internal;
    identity::Permission needs = identity::Permission::ReadCustomers;
    /// Tells one line from another and has no words: its order carries a hidden mark (marks.h).
    bool is_anchor = false;
};
std::span<const Column> columns();
/// Null when there is none.
const Column* find_column(What what, std::string_view key);
/// Those that somebody may have, in the order of the table.
std::vector<const Column*> columns_for(What what, const identity::Permissions& permissions);

/// What limits the lines: a word of the request's filter and its condition, with `?` for the value.
struct Condition {
    What what;
    std::string_view key;
    std::string_view sql;
    enum class Kind {
        Id,
        Word,
        Text,
        TextOrNumber,  ///< With two `?`: the words, and the digits when there are enough.
        Digits,        ///< Blanks and signs between them are left out.
        Time,
    } kind = Kind::Word;
};
std::span<const Condition> conditions();
const Condition* find_condition(What what, std::string_view key);

/// Where the lines are. `from` names the company with one `?`.
struct Source {
    std::string_view from;
    std::string_view key;       ///< In whose order the lines are read, page by page.
    std::string_view customer;  ///< Whose data a line is; an expression, or empty.
    identity::Permission needs = identity::Permission::ReadCustomers;
};
/// Not of sound.
const Source& source_of(What what);

}  // namespace escucha::exports
