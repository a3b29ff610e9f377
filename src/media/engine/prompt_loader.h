#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "media/engine/files.h"
#include "media/engine/mailbox.h"
#include "media/engine/prompt.h"
#include "media/protocol.h"

namespace escucha::media {

/// Prompts kept in memory, the least recently used leaving first when `max_bytes` is passed. A file
/// that changed on disk is read again. Used by the loader thread only.
class PromptCache {
public:
    PromptCache(Folder folder, std::size_t max_bytes);

    struct Failure {
        FailureCode code = FailureCode::None;
    };
    /// The prompt, or why not.
    std::variant<PromptPtr, Failure> get(const std::string& name);
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    /// Inode, size and time of change: another value is another file.
    struct Version {
        std::uint64_t inode = 0;
        std::int64_t size = 0;
        std::int64_t changed_ns = 0;
        bool operator==(const Version&) const = default;
    };
    struct Entry {
        std::string name;
        Version version;
        PromptPtr prompt;
    };
    std::variant<PromptPtr, Failure> load(const std::string& name);
    PromptPtr keep(const std::string& name, Version version, Prompt prompt);
    void forget(const std::string& name);

    Folder folder_;
    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::list<Entry> entries_;  ///< Most recently used first.
    std::unordered_map<std::string, std::list<Entry>::iterator> by_name_;
};

/// The thread that reads prompts, so that neither packets nor commands wait for a disk.
class PromptLoader {
public:
    struct Request {
        std::uint64_t token = 0;
        std::vector<std::string> names;
    };
    /// All prompts, or the first failure and the name it is about.
    struct Loaded {
        std::uint64_t token = 0;
        std::vector<PromptPtr> prompts{};
        FailureCode error = FailureCode::None;
        std::string failed_name{};
    };

    /// `done` is called on the loader's thread.
    PromptLoader(Folder folder, std::size_t max_bytes, std::function<void(Loaded)> done);
    ~PromptLoader();
    PromptLoader(const PromptLoader&) = delete;
    PromptLoader& operator=(const PromptLoader&) = delete;

    /// False when too many requests wait.
    bool request(Request request) { return requests_.post(std::move(request)); }

private:
    void run();
    Loaded load(const Request& request);

    PromptCache cache_;
    std::function<void(Loaded)> done_;
    Mailbox<Request> requests_;
    std::thread thread_;
};

}  // namespace escucha::media
