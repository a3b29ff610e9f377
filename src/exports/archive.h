#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace escucha::exports {

/// A file of files, encrypted as it is written: a ZIP of WinZip's AES-256 (AE-2), which 7-Zip, the
/// archive managers of Linux and Keka open. Not a byte of what goes in reaches the disk in clear;
/// only the names do.
///
/// Of one thread.
class SealedArchive {
public:
    /// Makes the file, mode 0600. Errors: `Conflict` when it is there already, `Io`.
    static Result<SealedArchive> create(const std::filesystem::path& path,
                                        const std::string& passphrase);
    SealedArchive(SealedArchive&&) noexcept;
    SealedArchive& operator=(SealedArchive&&) = delete;
    /// What was not closed is no archive, and whoever made it removes it.
    ~SealedArchive();

    /// What is written from now on is in this file. Error: `Io`, also of a full disk.
    Result<void> begin(const std::string& name);
    Result<void> write(std::span<const std::byte> bytes);
    Result<void> write(std::string_view text);
    /// Whole and on disk.
    Result<void> close();

private:
    struct Open;
    explicit SealedArchive(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};

/// A hundred random bits in letters and digits that are not taken for one another, in groups of
/// four. PBKDF2 with the 1,000 rounds of the format would be too few for what people make up; for
/// this it does not matter.
std::string make_passphrase();

}  // namespace escucha::exports
