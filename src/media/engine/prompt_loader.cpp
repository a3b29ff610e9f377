#include "media/engine/prompt_loader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/errc.h"
#include "base/thread_name.h"
#include "media/wav.h"

namespace escucha::media {
namespace {

constexpr std::size_t kMaxWaitingRequests = 4'096;

Result<Bytes> read_whole(int fd, std::size_t size) {
    Bytes content(size);
    std::size_t at = 0;
    while (at < size) {
        const ssize_t count = ::read(fd, content.data() + at, size - at);
        if (count < 0) return fail(Errc::Io, "read");
        if (count == 0) break;
        at += static_cast<std::size_t>(count);
    }
    content.resize(at);
    return content;
}

}  // namespace

PromptCache::PromptCache(Folder folder, std::size_t max_bytes)
    : folder_{std::move(folder)}, max_bytes_{max_bytes} {}

std::variant<PromptPtr, PromptCache::Failure> PromptCache::get(const std::string& name) {
    if (!Prompt::is_generated(name)) return load(name);
    const auto known = by_name_.find(name);
    if (known != by_name_.end()) {
        entries_.splice(entries_.begin(), entries_, known->second);
        return known->second->prompt;
    }
    const auto samples = Prompt::generate(name);
    if (samples.empty()) return Failure{FailureCode::PromptMissing};
    return keep(name, {}, Prompt::encode(samples));
}

std::variant<PromptPtr, PromptCache::Failure> PromptCache::load(const std::string& name) {
    const auto file = folder_.open_file(name, O_RDONLY);
    if (!file) {
        forget(name);
        const bool is_refused = file.error().code == Errc::Forbidden;
        return Failure{is_refused ? FailureCode::PathRefused : FailureCode::PromptMissing};
    }
    struct stat status {};
    if (::fstat(file.value().get(), &status) != 0) return Failure{FailureCode::Io};
    if (!S_ISREG(status.st_mode)) return Failure{FailureCode::PromptInvalid};
    const Version version{
        .inode = status.st_ino,
        .size = status.st_size,
        .changed_ns = status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec};
    const auto known = by_name_.find(name);
    if (known != by_name_.end() && known->second->version == version) {
        entries_.splice(entries_.begin(), entries_, known->second);
        return known->second->prompt;
    }
    forget(name);
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size > kMaxPromptFileBytes) return Failure{FailureCode::PromptInvalid};
    const auto content = read_whole(file.value().get(), size);
    if (!content) return Failure{FailureCode::Io};
    const auto samples = parse_prompt(content.value());
    if (!samples) return Failure{FailureCode::PromptInvalid};
    return keep(name, version, Prompt::encode(samples.value()));
}

PromptPtr PromptCache::keep(const std::string& name, Version version, Prompt prompt) {
    auto kept = std::make_shared<const Prompt>(std::move(prompt));
    bytes_ += kept->bytes();
    entries_.push_front({.name = name, .version = version, .prompt = kept});
    by_name_[name] = entries_.begin();
    while (bytes_ > max_bytes_ && entries_.size() > 1) forget(std::string{entries_.back().name});
    return kept;
}

void PromptCache::forget(const std::string& name) {
    const auto known = by_name_.find(name);
    if (known == by_name_.end()) return;
    bytes_ -= known->second->prompt->bytes();
    entries_.erase(known->second);
    by_name_.erase(known);
}

PromptLoader::PromptLoader(Folder folder, std::size_t max_bytes, std::function<void(Loaded)> done)
    : cache_{std::move(folder), max_bytes},
      done_{std::move(done)},
      requests_{kMaxWaitingRequests},
      thread_{[this] { run(); }} {}

PromptLoader::~PromptLoader() {
    requests_.close();
    thread_.join();
}

void PromptLoader::run() {
    name_this_thread("prompts");
    while (!requests_.is_closed()) {
        for (const Request& request : requests_.wait()) done_(load(request));
    }
}

PromptLoader::Loaded PromptLoader::load(const Request& request) {
    Loaded loaded{.token = request.token};
    for (const std::string& name : request.names) {
        auto found = cache_.get(name);
        if (const auto* failure = std::get_if<PromptCache::Failure>(&found)) {
            return {.token = request.token, .error = failure->code, .failed_name = name};
        }
        loaded.prompts.push_back(std::get<PromptPtr>(std::move(found)));
    }
    return loaded;
}

}  // namespace escucha::media
