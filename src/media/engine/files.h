#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "base/result.h"

namespace escucha::media {

/// Owns a file descriptor.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_{fd} {}
    UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// A relative path of [A-Za-z0-9._/-], no part empty or beginning with a dot, at most
/// `kMaxPathBytes`.
bool is_safe_path(std::string_view path);

/// A folder that files are opened under and never outside of, links included.
class Folder {
public:
    /// Creates the folder (mode 0700) when it is missing.
    static Result<Folder> open(const std::string& path);

    /// `flags` as for open(2). `path` must be safe. `Errc::NotFound`, `Errc::Conflict` (exists),
    /// `Errc::Forbidden` (leads outside) or `Errc::Io`.
    [[nodiscard]] Result<UniqueFd> open_file(const std::string& path, int flags) const;
    /// Creates the folders above `path`.
    [[nodiscard]] Result<void> make_parents(const std::string& path) const;
    [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) const;
    void remove(const std::string& path) const;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    Folder(std::string path, UniqueFd fd) : path_{std::move(path)}, fd_{std::move(fd)} {}
    std::string path_;
    UniqueFd fd_;
};

/// Writes all of it. `Errc::Io`.
Result<void> write_all(int fd, const void* data, std::size_t size);

}  // namespace escucha::media
