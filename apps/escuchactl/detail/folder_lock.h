#pragma once

#include <filesystem>

namespace escucha::ctl {

/// The lock escuchad holds on its data folder while it runs.
class FolderLock {
public:
    explicit FolderLock(const std::filesystem::path& data_dir);
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;
    ~FolderLock();
    /// False when a server runs on the folder, or the folder cannot be written.
    [[nodiscard]] bool is_held() const { return is_held_; }

private:
    int file_;
    bool is_held_ = false;
};

}  // namespace escucha::ctl
