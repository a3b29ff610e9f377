#include "base/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/errc.h"

namespace escucha {
namespace {

class Fd {
public:
    explicit Fd(int fd) : fd_{fd} {}
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

Error io_error(const std::filesystem::path& path) {
    return fail(Errc::Io, path.string() + ": " + std::generic_category().message(errno));
}

Result<void> write_aside(const std::string& aside, std::string_view text) {
    const Fd file{::open(aside.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)};
    if (file.get() < 0 || ::fchmod(file.get(), 0600) != 0 ||
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
        return io_error(aside);
    }
    return ok();
}

}  // namespace

Result<std::string> read_key_file(const std::filesystem::path& path, std::size_t most_bytes) {
    const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) {
        return errno == ENOENT ? fail(Errc::NotFound, path.string()) : io_error(path);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return io_error(path);
    if ((status.st_mode & 077U) != 0) return fail(Errc::Forbidden, path.string());
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    if (text.size() > most_bytes) return fail(Errc::TooLarge, path.string());
    if (::read(file.get(), text.data(), text.size()) != status.st_size) return io_error(path);
    return text;
}

Result<void> write_key_file(const std::filesystem::path& path,
                            std::string_view text,
                            WhenThere there) {
    const std::string aside = path.string() + ".new." + std::to_string(::getpid());
    const auto placed = [&]() -> Result<void> {
        ESC_TRY(write_aside(aside, text));
        const bool is_placed = there == WhenThere::Replace
                                   ? ::rename(aside.c_str(), path.c_str()) == 0
                                   : ::link(aside.c_str(), path.c_str()) == 0 || errno == EEXIST;
        if (!is_placed) return io_error(path);
        const Fd folder{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (folder.get() < 0 || ::fsync(folder.get()) != 0) return io_error(path.parent_path());
        return ok();
    }();
    ::unlink(aside.c_str());
    return placed;
}

Result<void> parse_key_file(std::string_view text,
                            std::string_view first_line,
                            const TakeKeyLine& take) {
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const bool is_comment = line.empty() || line.starts_with('#');
        const bool is_right = number == 1 ? line == first_line : is_comment || take(line);
        if (!is_right) return fail(Errc::InvalidArgument, "line " + std::to_string(number));
    }
    return ok();
}

std::string_view take_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view first = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return first;
}

}  // namespace escucha
