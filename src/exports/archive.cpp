#include "exports/archive.h"

#include <cerrno>
#include <system_error>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "base/errc.h"

namespace escucha::exports {

struct SealedArchive::Open {
    int file = -1;
    archive* zip = nullptr;
    int failure = 0;  ///< errno of the first write that failed.
    bool is_abandoned = false;

    Open() = default;
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    ~Open() {
        // Freeing ends what was begun; of an archive that was not closed nothing more is written.
        is_abandoned = true;
        if (zip != nullptr) archive_write_free(zip);
        if (file >= 0) ::close(file);
    }
    /// The library is never told of a failure: libarchive 3.6 forgets what compresses the entry it
    /// was in when it is. Whoever called the library asks `check`.
    static la_ssize_t put(archive*, void* client, const void* bytes, std::size_t count) {
        auto& open = *static_cast<Open*>(client);
        const auto* left = static_cast<const std::byte*>(bytes);
        std::size_t more = count;
        while (more > 0 && open.failure == 0 && !open.is_abandoned) {
            const ssize_t written = ::write(open.file, left, more);
            if (written < 0 && errno != EINTR) open.failure = errno;
            if (written <= 0) continue;
            left += written;
            more -= static_cast<std::size_t>(written);
        }
        return static_cast<la_ssize_t>(count);
    }
    [[nodiscard]] Result<void> check(bool has_succeeded) const {
        if (failure != 0) {
            return fail(escucha::Errc::Io,
                        std::error_code{failure, std::generic_category()}.message());
        }
        if (!has_succeeded) return trouble();
        return ok();
    }
    [[nodiscard]] Error trouble() const {
        const char* text = archive_error_string(zip);
        return fail(escucha::Errc::Io, text == nullptr ? "archive" : text);
    }
};

SealedArchive::SealedArchive(std::unique_ptr<Open> open) : open_{std::move(open)} {}
SealedArchive::SealedArchive(SealedArchive&&) noexcept = default;
SealedArchive::~SealedArchive() = default;

Result<SealedArchive> SealedArchive::create(const std::filesystem::path& path,
                                            const std::string& passphrase) {
    auto open = std::make_unique<Open>();
    open->file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (open->file < 0) {
        const std::error_code error{errno, std::generic_category()};
        return fail(errno == EEXIST ? escucha::Errc::Conflict : escucha::Errc::Io, error.message());
    }
    open->zip = archive_write_new();
    if (open->zip == nullptr) return fail(escucha::Errc::Io, "archive");
    if (archive_write_set_format_zip(open->zip) != ARCHIVE_OK ||
        archive_write_set_options(open->zip, "zip:encryption=aes256") != ARCHIVE_OK ||
        archive_write_set_passphrase(open->zip, passphrase.c_str()) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(open->zip, 1) != ARCHIVE_OK ||
        archive_write_open(open->zip, open.get(), nullptr, &Open::put, nullptr) != ARCHIVE_OK) {
        return open->trouble();
    }
    return SealedArchive{std::move(open)};
}

Result<void> SealedArchive::begin(const std::string& name) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry{archive_entry_new(),
                                                                              &archive_entry_free};
    archive_entry_set_pathname_utf8(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    return open_->check(archive_write_header(open_->zip, entry.get()) == ARCHIVE_OK);
}

Result<void> SealedArchive::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto written = archive_write_data(open_->zip, bytes.data(), bytes.size());
        ESC_TRY(open_->check(written > 0));
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return ok();
}

Result<void> SealedArchive::write(std::string_view text) {
    return write(std::as_bytes(std::span{text.data(), text.size()}));
}

Result<void> SealedArchive::close() {
    ESC_TRY(open_->check(archive_write_close(open_->zip) == ARCHIVE_OK));
    if (::fsync(open_->file) != 0) {
        return fail(escucha::Errc::Io, std::error_code{errno, std::generic_category()}.message());
    }
    return ok();
}

std::string make_passphrase() {
    // Crockford's base 32: without I, L, O and U.
    constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    constexpr std::size_t kCount = 20;
    constexpr std::size_t kGroup = 4;
    std::string passphrase;
    for (std::size_t i = 0; i < kCount; ++i) {
        if (i > 0 && i % kGroup == 0) passphrase.push_back('-');
        passphrase.push_back(kLetters[randombytes_uniform(kLetters.size())]);
    }
    return passphrase;
}

}  // namespace escucha::exports
