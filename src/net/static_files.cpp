#include "net/static_files.h"

#include <array>
#include <system_error>

#include "base/time.h"

namespace escucha::net {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".wav", "audio/wav"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".wasm", "application/wasm"},
}};

std::string_view type_of(const std::string& extension) {
    for (const auto& [known, type] : kTypes) {
        if (extension == known) return type;
    }
    return "application/octet-stream";
}

/// Segment by segment, so that "..", an absolute path or a hidden file is not even looked at.
bool is_plain(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment.starts_with('.') || segment.find('\\') != std::string_view::npos) return false;
        if (segment.empty() && !path.empty()) return false;
        path.remove_prefix(segment.size());
    }
    return true;
}

bool accepts(const Request& request, std::string_view coding) {
    return request.header("accept-encoding").find(coding) != std::string_view::npos;
}

Response not_found() {
    Response response{.status = 404, .headers = {}, .body = std::string{"Not found\n"}};
    return response.with("Content-Type", "text/plain; charset=utf-8");
}

struct Found {
    std::filesystem::path path;
    std::uint64_t size = 0;
    std::string tag;
};

std::optional<Found> find_file(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::symlink_status(path, error);
    if (error || !std::filesystem::is_regular_file(status)) return std::nullopt;
    const auto size = std::filesystem::file_size(path, error);
    if (error) return std::nullopt;
    const auto changed = std::filesystem::last_write_time(path, error);
    if (error) return std::nullopt;
    return Found{path,
                 size,
                 '"' + std::to_string(changed.time_since_epoch().count()) + '-' +
                     std::to_string(size) + '"'};
}

}  // namespace

Response StaticFiles::serve(const Request& request) const {
    const auto decoded = percent_decode(request.path);
    if (!decoded || !decoded->starts_with('/') || !is_plain(*decoded)) return not_found();
    const std::filesystem::path relative{decoded->substr(1)};
    const bool is_page = !relative.has_extension();
    const std::filesystem::path wanted = root_ / (is_page ? "index.html" : relative);
    auto found = find_file(wanted);
    if (!found) return not_found();

    Response response;
    response.with("Content-Type", std::string{type_of(wanted.extension().string())});
    response.with("Vary", "Accept-Encoding");
    for (const auto& [coding, suffix] : {std::pair{"br", ".br"}, std::pair{"gzip", ".gz"}}) {
        if (!accepts(request, coding)) continue;
        auto packed = find_file(wanted.string() + suffix);
        if (!packed) continue;
        response.with("Content-Encoding", coding);
        found = std::move(packed);
        break;
    }
    const bool is_hashed = decoded->starts_with("/assets/");
    response.with("Cache-Control", is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
    response.with("ETag", found->tag);
    if (request.header("if-none-match") == found->tag) {
        response.status = 304;
        return response;
    }
    response.body = FileBody{.path = found->path.string(), .offset = 0, .length = found->size};
    return response;
}

}  // namespace escucha::net
