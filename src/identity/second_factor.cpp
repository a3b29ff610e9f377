#include "identity/second_factor.h"

#include <algorithm>

#include <sodium.h>

#include "base/check.h"
#include "base/errc.h"
#include "identity/errc.h"
#include "identity/passwords.h"
#include "identity/totp.h"

namespace escucha::identity {
namespace {

/// Without 0, O, 1 and I, which are read one for the other.
constexpr std::string_view kRecoveryLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
constexpr std::size_t kRecoveryLength = 16;
constexpr std::size_t kRecoveryGroup = 4;

std::string purpose_of(UserId user) { return "second_factor.sealed_secret " + user.to_string(); }

Result<TotpSecret> open_secret(const SecretKeys& keys, UserId user, ByteView sealed) {
    ESC_TRY(const auto opened, keys.unseal(sealed, purpose_of(user)));
    TotpSecret secret{};
    if (opened.size() != secret.size()) return fail(Errc::Damaged, "second factor");
    std::ranges::transform(
        opened, secret.begin(), [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    return secret;
}

/// "ABCD-EFGH-JKLM-NPQR"
std::string make_recovery_code() {
    std::string code;
    for (std::size_t i = 0; i < kRecoveryLength; ++i) {
        if (i > 0 && i % kRecoveryGroup == 0) code.push_back('-');
        code.push_back(kRecoveryLetters[randombytes_uniform(kRecoveryLetters.size())]);
    }
    return code;
}

/// However it was typed: small letters, without the dashes.
std::string recovery_hash(UserId user, std::string_view code) {
    std::string text = user.to_string() + ':';
    for (const char c : code) {
        if (c == '-' || c == ' ') continue;
        text.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
    return sha256_hex(text);
}

struct Stored {
    TotpSecret secret{};
    std::int64_t last_step = 0;
    bool is_confirmed = false;
};

Result<std::optional<Stored>> read(store::Connection& connection,
                                   const SecretKeys& keys,
                                   UserId user) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT sealed_secret, last_step, confirmed_at_us"
                                 " FROM second_factor WHERE user_id = ?",
                                 {user}));
    if (!row) return std::optional<Stored>{};
    ESC_TRY(const auto fields, (row->as<Bytes, std::int64_t, std::int64_t>()));
    const auto& [sealed, last_step, confirmed_at] = fields;
    Stored stored;
    ESC_TRY(stored.secret, open_secret(keys, user, sealed));
    stored.last_step = last_step;
    stored.is_confirmed = confirmed_at > 0;
    return std::optional{stored};
}

Result<std::vector<std::string>> new_recovery_codes(store::Connection& connection, UserId user) {
    ESC_CHECK(sodium_init() >= 0);
    ESC_TRY(connection.execute("DELETE FROM recovery_code WHERE user_id = ?", {user}));
    std::vector<std::string> codes;
    for (std::size_t i = 0; i < kRecoveryCodes; ++i) {
        codes.push_back(make_recovery_code());
        ESC_TRY(connection.execute("INSERT INTO recovery_code (user_id, code_hash) VALUES (?, ?)",
                                   {user, recovery_hash(user, codes.back())}));
    }
    return codes;
}

}  // namespace

Result<SecondFactorState> second_factor_of(store::Connection& connection, UserId user) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT f.confirmed_at_us, (SELECT COUNT(*) FROM recovery_code r"
                                 " WHERE r.user_id = f.user_id) FROM second_factor f"
                                 " WHERE f.user_id = ? AND f.confirmed_at_us > 0",
                                 {user}));
    if (!row) return SecondFactorState{};
    ESC_TRY(const auto fields, (row->as<WallTime, std::int64_t>()));
    return SecondFactorState{.since = std::get<0>(fields),
                             .recovery_codes_left = std::get<1>(fields)};
}

Result<Enrolment> begin_second_factor(store::Connection& connection,
                                      const SecretKeys& keys,
                                      UserId user,
                                      WallTime now) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT login, company_id FROM app_user WHERE id = ?", {user}));
    if (!row) return fail(escucha::Errc::NotFound, "user");
    ESC_TRY(const auto fields, (row->as<std::string, CompanyId>()));
    const auto& [login, company] = fields;
    const TotpSecret secret = make_totp_secret();
    // Only what is not confirmed is replaced; the same statement finds out.
    ESC_TRY(
        const auto written,
        connection.execute(
            "INSERT INTO second_factor (user_id, company_id, sealed_secret, created_at_us)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET"
            " sealed_secret = excluded.sealed_secret, last_step = 0,"
            " created_at_us = excluded.created_at_us WHERE second_factor.confirmed_at_us = 0",
            {user, company, keys.seal(std::as_bytes(std::span{secret}), purpose_of(user)), now}));
    if (written == 0) return fail(Errc::SecondFactorState);
    return Enrolment{.secret = to_base32(secret), .uri = totp_uri(login, secret)};
}

Result<std::vector<std::string>> confirm_second_factor(store::Connection& connection,
                                                       const SecretKeys& keys,
                                                       UserId user,
                                                       std::string_view code,
                                                       WallTime now) {
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto stored, read(connection, keys, user));
    if (!stored || stored->is_confirmed) return fail(Errc::SecondFactorState);
    const auto step = matching_step(stored->secret, code, now, stored->last_step);
    if (!step) return fail(Errc::WrongSecondFactor);
    ESC_TRY(
        connection.execute("UPDATE second_factor SET confirmed_at_us = ?, last_step = ?"
                           " WHERE user_id = ?",
                           {now, *step, user}));
    ESC_TRY(auto codes, new_recovery_codes(connection, user));
    ESC_TRY(tx.commit());
    return codes;
}

Result<void> spend_code(store::Connection& connection,
                        const SecretKeys& keys,
                        UserId user,
                        std::string_view code,
                        WallTime now) {
    if (code.size() != kTotpDigits) {
        ESC_TRY(const auto spent,
                connection.execute("DELETE FROM recovery_code WHERE user_id = ? AND code_hash = ?",
                                   {user, recovery_hash(user, code)}));
        if (spent == 0) return fail(Errc::WrongSecondFactor);
        return ok();
    }
    ESC_TRY(const auto stored, read(connection, keys, user));
    if (!stored || !stored->is_confirmed) return fail(Errc::WrongSecondFactor);
    const auto step = matching_step(stored->secret, code, now, stored->last_step);
    if (!step) return fail(Errc::WrongSecondFactor);
    // Of two who show the same code at once, the database lets one through.
    ESC_TRY(const auto spent,
            connection.execute("UPDATE second_factor SET last_step = ?"
                               " WHERE user_id = ? AND last_step < ?",
                               {*step, user, *step}));
    if (spent == 0) return fail(Errc::WrongSecondFactor);
    return ok();
}

Result<std::int64_t> reseal_second_factors(store::Connection& connection, const SecretKeys& keys) {
    ESC_TRY(const auto rows, connection.query("SELECT user_id, sealed_secret FROM second_factor"));
    std::int64_t resealed = 0;
    for (const store::Row& row : rows) {
        ESC_TRY(const auto fields, (row.as<UserId, Bytes>()));
        const auto& [user, sealed] = fields;
        if (keys.is_newest_of(sealed)) continue;
        ESC_TRY(const auto secret, open_secret(keys, user, sealed));
        const Bytes anew = keys.seal(std::as_bytes(std::span{secret}), purpose_of(user));
        ESC_TRY(connection.execute("UPDATE second_factor SET sealed_secret = ? WHERE user_id = ?",
                                   {anew, user}));
        ++resealed;
    }
    return resealed;
}

Result<void> drop_second_factor(store::Connection& connection, UserId user) {
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(connection.execute("DELETE FROM recovery_code WHERE user_id = ?", {user}));
    ESC_TRY(connection.execute("DELETE FROM second_factor WHERE user_id = ?", {user}));
    return tx.commit();
}

}  // namespace escucha::identity
