// What a file of an export holds, written line by line and second by second.

#include <algorithm>
#include <array>

#include "base/errc.h"
#include "exports/archive.h"
#include "exports/desk.h"
#include "exports/detail/seen_customers.h"
#include "exports/detail/visible_mark.h"
#include "exports/lines.h"
#include "recording/sound.h"
#include "recording/verify.h"

namespace escucha::exports {
namespace {

/// Writes lines with their marks; a block at a time, because a block has an order of its own.
class MarkedTable {
public:
    MarkedTable(SealedArchive& archive,
                const Request& request,
                const MarkKey& key,
                std::string mark)
        : archive_{archive}, request_{request}, marker_{key}, mark_{std::move(mark)} {
        for (std::size_t i = 0; i < request.columns.size(); ++i) {
            const Column* column = find_column(request.what, request.columns[i]);
            if (column != nullptr && column->is_anchor) anchors_.push_back(i);
        }
        if (anchors_.empty()) anchors_.push_back(0);
    }

    Result<void> begin() {
        ESC_TRY(archive_.write(kByteOrderMark));
        std::vector<std::string> headings;
        for (const std::string& key : request_.columns) {
            const Column* column = find_column(request_.what, key);
            if (column == nullptr) return fail(escucha::Errc::InvalidArgument, key);
            headings.emplace_back(detail::is_spanish(request_) ? column->es : column->en);
        }
        headings.emplace_back(detail::is_spanish(request_) ? "Exportado por" : "Exported by");
        return archive_.write(csv_line(headings));
    }
    Result<void> add(std::vector<std::string> cells) {
        block_.push_back(std::move(cells));
        return block_.size() < Marker::kBlock ? ok() : flush();
    }
    Result<void> flush() {
        const std::size_t anchor = anchors_[blocks_++ % anchors_.size()];
        std::ranges::stable_sort(block_, {}, [&](const std::vector<std::string>& cells) {
            return marker_.rank(meaning(cells.at(anchor)));
        });
        for (auto& cells : block_) {
            for (std::string& cell : cells) cell = neutralised(marker_.mark(cell));
            cells.push_back(mark_);
            ESC_TRY(archive_.write(csv_line(cells)));
        }
        block_.clear();
        return ok();
    }

private:
    SealedArchive& archive_;
    const Request& request_;
    Marker marker_;
    std::string mark_;
    std::vector<std::size_t> anchors_;
    std::vector<std::vector<std::string>> block_;
    std::size_t blocks_ = 0;
};

/// The file below the folder of recordings; what leads out of it is not there.
Result<std::string> path_below(const std::filesystem::path& root, const std::string& below) {
    std::error_code error;
    const auto canonical_root = std::filesystem::weakly_canonical(root, error);
    const auto path = std::filesystem::weakly_canonical(root / below, error);
    const auto relative = path.lexically_relative(canonical_root);
    if (error || relative.empty() || *relative.begin() == "..") {
        return fail(escucha::Errc::NotFound, "recording");
    }
    return path.string();
}

Result<void> copy_sound(recording::WavView& wav, SealedArchive& archive) {
    constexpr std::size_t kPiece = std::size_t{64} * 1'024;
    std::array<std::byte, kPiece> piece{};
    for (std::uint64_t at = 0; at < wav.size();) {
        ESC_TRY(const std::size_t count, wav.read(at, piece));
        // Shorter than it said: what follows would be silence that nobody recorded.
        if (count == 0) return fail(escucha::Errc::NotFound, "sound");
        ESC_TRY(archive.write(std::span<const std::byte>{piece}.first(count)));
        at += count;
    }
    return ok();
}

}  // namespace

Result<Made> Desk::write_file(const Job& job, const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::remove(path, error);
    Made made;
    ESC_TRY(auto archive, SealedArchive::create(path, job.passphrase));
    ESC_TRY(archive.begin(detail::is_spanish(job.request) ? "LEEME.txt" : "README.txt"));
    ESC_TRY(archive.write(detail::read_me(job.request, job.asker)));
    if (is_sound(job.request.what)) {
        ESC_TRY(write_sounds(job, archive, made));
    } else {
        ESC_TRY(write_lines(job, archive, made));
    }
    ESC_TRY(archive.close());
    made.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path, error));
    if (error) return fail(escucha::Errc::Io, error.message());
    return made;
}

Result<void> Desk::write_lines(const Job& job, SealedArchive& archive, Made& made) {
    ESC_TRY(auto connection, database_.connect(store::Access::ReadOnly));
    ESC_TRY(const auto key, mark_key_of(connection, job.request.id));
    ESC_TRY(archive.begin(file_name(job.request) + ".csv"));
    MarkedTable table{archive, job.request, key, detail::visible_mark(job.request, job.asker)};
    ESC_TRY(table.begin());
    detail::SeenCustomers seen{*options_.audit, job.request};
    LineReader reader{connection, job.request};
    while (made.rows < kMaxRows) {
        if (is_stopping()) return fail(escucha::Errc::Unavailable, "stopping");
        ESC_TRY(auto lines, reader.next());
        if (lines.empty()) break;
        for (DataLine& line : lines) {
            if (made.rows == kMaxRows) break;
            if (line.customer) {
                ESC_TRY(seen.add(*line.customer));
            }
            ESC_TRY(table.add(std::move(line.cells)));
            ++made.rows;
        }
        tell(made.rows);
    }
    ESC_TRY(table.flush());
    ESC_TRY(seen.finish());
    made.customers = seen.count();
    return ok();
}

Result<void> Desk::write_sounds(const Job& job, SealedArchive& archive, Made& made) {
    if (options_.recording_keys == nullptr) return fail(escucha::Errc::NotFound, "recording keys");
    ESC_TRY(auto connection, database_.connect(store::Access::ReadOnly));
    ESC_TRY(const auto files, recordings_of(connection, job.request));
    detail::SeenCustomers seen{*options_.audit, job.request};
    for (const RecordingFile& file : files) {
        if (is_stopping()) return fail(escucha::Errc::Unavailable, "stopping");
        if (file.customer) {
            ESC_TRY(seen.add(*file.customer));
        }
        ESC_TRY(const auto path, path_below(options_.recordings_dir, file.path));
        ESC_TRY(auto source, recording::open_file(path));
        ESC_TRY(auto sound,
                recording::open_sound(std::move(source),
                                      {.recording = file.id, .company = job.request.company},
                                      *options_.recording_keys));
        recording::WavView wav{std::move(sound)};
        ESC_TRY(archive.begin(file.id.to_string() + ".wav"));
        ESC_TRY(copy_sound(wav, archive));
        tell(++made.rows);
    }
    ESC_TRY(seen.finish());
    made.customers = seen.count();
    return ok();
}

}  // namespace escucha::exports
