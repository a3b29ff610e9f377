#include "media/engine/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/errc.h"
#include "media/protocol.h"

namespace escucha::media {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

Error io_error(const char* what) {
    const std::string detail = std::string{what} + ": " + std::generic_category().message(errno);
    switch (errno) {
        case ENOENT:
            return fail(Errc::NotFound, detail);
        case EEXIST:
            return fail(Errc::Conflict, detail);
        case ELOOP:
        case EXDEV:
            return fail(Errc::Forbidden, detail);
        default:
            return fail(Errc::Io, detail);
    }
}

int open_beneath(int folder, const char* path, int flags) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
    how.mode = (flags & O_CREAT) != 0 ? kFileMode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const long fd = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
    // Old sandboxes refuse the call itself; the path was checked, and the last part may be no link.
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        return ::openat(folder, path, flags | O_CLOEXEC | O_NOFOLLOW, kFileMode);
    }
    return static_cast<int>(fd);
}

bool is_allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

}  // namespace

bool is_safe_path(std::string_view path) {
    if (path.empty() || path.size() > kMaxPathBytes) return false;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part.empty() || part.front() == '.') return false;
        if (!std::all_of(part.begin(), part.end(), is_allowed)) return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

Result<Folder> Folder::open(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        ::mkdir(path.substr(0, at).c_str(), kFolderMode);
    }
    ::mkdir(path.c_str(), kFolderMode);
    UniqueFd fd{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) return io_error("folder");
    return Folder{path, std::move(fd)};
}

Result<UniqueFd> Folder::open_file(const std::string& path, int flags) const {
    UniqueFd fd{open_beneath(fd_.get(), path.c_str(), flags)};
    if (!fd) return io_error("open");
    return fd;
}

Result<void> Folder::make_parents(const std::string& path) const {
    for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
        if (::mkdirat(fd_.get(), path.substr(0, at).c_str(), kFolderMode) != 0 && errno != EEXIST) {
            return io_error("mkdir");
        }
    }
    return ok();
}

Result<void> Folder::rename(const std::string& from, const std::string& to) const {
    if (::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) != 0) return io_error("rename");
    return ok();
}

void Folder::remove(const std::string& path) const { ::unlinkat(fd_.get(), path.c_str(), 0); }

Result<void> write_all(int fd, const void* data, std::size_t size) {
    const auto* at = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t written = ::write(fd, at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return io_error("write");
        at += written;
        size -= static_cast<std::size_t>(written);
    }
    return ok();
}

}  // namespace escucha::media
