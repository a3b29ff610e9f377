#include "api/detail/sound_answer.h"

#include "api/detail/range.h"

namespace escucha::api {

Answer sound_answer(
    const Call& call,
    std::uint64_t size,
    const std::function<net::Body(std::uint64_t offset, std::uint64_t length)>& body) {
    const RangeAsked range = parse_range(call.request.header("range"), size);
    if (range.kind == RangeAsked::Kind::Unsatisfiable) {
        auto refusal = to_response(Problem{Code::RangeNotSatisfiable}, call.language);
        refusal.with("Content-Range", "bytes */" + std::to_string(size));
        return refusal;
    }
    const bool is_part = range.kind == RangeAsked::Kind::Part;
    net::Response response{is_part ? 206U : 200U,
                           {{"Content-Type", "audio/wav"}, {"Accept-Ranges", "bytes"}},
                           body(range.offset, range.length)};
    if (is_part) {
        response.with("Content-Range",
                      "bytes " + std::to_string(range.offset) + '-' +
                          std::to_string(range.offset + range.length - 1) + '/' +
                          std::to_string(size));
    }
    return response;
}

Answer sound_answer(const Call& call, const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return Problem{Code::NotFound};
    const std::uint64_t size = std::filesystem::file_size(path, error);
    if (error) return Problem{Code::NotFound};
    return sound_answer(call, size, [&](std::uint64_t offset, std::uint64_t length) {
        return net::FileBody{path.string(), offset, length};
    });
}

}  // namespace escucha::api
