#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace escucha::identity {

/// Why a password that somebody chose is not taken.
enum class PasswordFault {
    TooShort,   ///< Fewer than `PasswordRules::kLeast` characters.
    TooLong,    ///< More than `kMaxPasswordLength` bytes.
    NotText,    ///< Not UTF-8.
    Guessable,  ///< One of the commonest, or made of the person's or the company's name.
    Unchanged,  ///< The one that was to be replaced.
};
std::string_view word_of(PasswordFault fault);
std::optional<PasswordFault> parse_password_fault(std::string_view word);

/// What must not be most of a password, because whoever guesses knows it.
struct PasswordContext {
    std::string_view login, name, company;
};

/// What a password that a person chooses must be: NIST SP 800-63B-4 §3.1.1.2. Length and a list of
/// what is guessed first; no rules of composition ("SHALL NOT impose other composition rules"), no
/// change after a time ("SHALL NOT require subscribers to change passwords periodically").
///
/// Passwords that the installation sets (the demo's, an import's) and those made up by us are not
/// asked: nobody chose them. Immutable once made; any thread.
class PasswordRules {
public:
    /// "Verifiers and CSPs SHALL require passwords that are used as a single-factor authentication
    /// mechanism to be a minimum of 15 characters in length." Those beside a second factor MAY be 8
    /// long; ours may not, because the second factor can be taken off later and the password stays.
    static constexpr std::size_t kLeast = 15;

    /// The commonest passwords that come with the program.
    PasswordRules();
    /// And those of a file of the operator's, one a line. Errors: `Io`, `TooLarge`.
    static Result<PasswordRules> with_file(const std::filesystem::path& path);

    /// Characters are code points, as the standard counts them. Not normalised: nothing linked here
    /// knows Unicode's compositions. The pages send NFC, which is also what keyboards give.
    [[nodiscard]] std::optional<PasswordFault> fault(std::string_view password,
                                                     const PasswordContext& context) const;

private:
    using Words = std::set<std::string, std::less<>>;

    void add(std::string_view lines);
    [[nodiscard]] bool is_guessable(std::string_view password,
                                    const PasswordContext& context) const;

    Words common_;
};

}  // namespace escucha::identity
