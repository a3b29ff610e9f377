#include "recording/sealed.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "recording/errc.h"

namespace escucha::recording {
namespace {

constexpr std::string_view kMagic = "ESCREC";
constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kBitsPerSample = 16;
constexpr std::size_t kNonceBytes = 12;
constexpr std::uint32_t kMaxChunks = 0x7FFF'FFFFU;
constexpr std::size_t kDigestRead = 256 * 1'024;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}
unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

std::array<unsigned char, kNonceBytes> nonce_of(const std::array<std::uint8_t, 8>& prefix,
                                                std::uint32_t number,
                                                Place place) {
    std::array<unsigned char, kNonceBytes> nonce{};
    std::copy(prefix.begin(), prefix.end(), nonce.begin());
    const std::uint32_t counter = number * 2 + (place == Place::Last ? 1U : 0U);
    for (std::size_t i = 0; i < 4; ++i) {
        nonce[prefix.size() + i] = static_cast<unsigned char>(counter >> (24 - 8 * i));
    }
    return nonce;
}

class FileSource final : public ByteSource {
public:
    FileSource(int fd, std::uint64_t size) : fd_{fd}, size_{size} {}
    ~FileSource() override { ::close(fd_); }
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;

    [[nodiscard]] std::uint64_t size() const override { return size_; }
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t count = ::pread(
                fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return fail(Errc::Io, "read");
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        return done;
    }

private:
    int fd_;
    std::uint64_t size_;
};

Result<std::unique_ptr<ByteSource>> take_over(int fd) {
    if (fd < 0) return fail(Errc::Io, std::generic_category().message(errno));
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        ::close(fd);
        return fail(Errc::Io, "stat");
    }
    return std::unique_ptr<ByteSource>{
        std::make_unique<FileSource>(fd, static_cast<std::uint64_t>(status.st_size))};
}

}  // namespace

DataKey::DataKey(std::span<const std::uint8_t, kBytes> bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

DataKey DataKey::random() {
    DataKey key;
    ESC_CHECK(RAND_bytes(key.bytes_.data(), static_cast<int>(kBytes)) == 1);
    return key;
}

DataKey::~DataKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Layout Layout::fresh(RecordingId recording, std::uint16_t channels) {
    Layout layout{.recording = recording, .channels = channels};
    layout.chunk_bytes = static_cast<std::uint32_t>(kChunkFrames * layout.frame_bytes());
    ESC_CHECK(
        RAND_bytes(layout.nonce_prefix.data(), static_cast<int>(layout.nonce_prefix.size())) == 1);
    return layout;
}

std::array<std::byte, kFixedHeaderBytes> Layout::encode() const {
    Bytes bytes;
    ByteWriter out{bytes};
    out.write_bytes(as_bytes(kMagic));
    out.write(kVersion);
    out.write(kSampleRateHz);
    out.write(channels);
    out.write(kBitsPerSample);
    out.write(chunk_bytes);
    out.write_bytes(std::as_bytes(std::span{nonce_prefix}));
    out.write(recording.value().high);
    out.write(recording.value().low);
    std::array<std::byte, kFixedHeaderBytes> header{};
    std::copy(bytes.begin(), bytes.end(), header.begin());
    return header;
}

Result<Layout> Layout::decode(ByteView header) {
    if (!is_sealed(header)) return fail(Errc::NotARecording, "no magic");
    if (header.size() < kFixedHeaderBytes) return fail(Errc::NotARecording, "header cut short");
    ByteCursor in{header.subspan(kMagic.size())};
    if (in.read<std::uint16_t>() != kVersion) return fail(Errc::NotARecording, "another version");
    if (in.read<std::uint32_t>() != kSampleRateHz) return fail(Errc::NotARecording, "sample rate");
    Layout layout;
    layout.channels = in.read<std::uint16_t>();
    if (layout.channels != 1 && layout.channels != 2) return fail(Errc::NotARecording, "channels");
    if (in.read<std::uint16_t>() != kBitsPerSample) return fail(Errc::NotARecording, "bits");
    layout.chunk_bytes = in.read<std::uint32_t>();
    if (layout.chunk_bytes == 0 || layout.chunk_bytes > kMaxChunkBytes ||
        layout.chunk_bytes % layout.frame_bytes() != 0) {
        return fail(Errc::NotARecording, "size of a chunk");
    }
    for (auto& byte : layout.nonce_prefix) byte = in.read<std::uint8_t>();
    const auto high = in.read<std::uint64_t>();
    layout.recording = RecordingId{Uuid{.high = high, .low = in.read<std::uint64_t>()}};
    const auto again = layout.encode();
    if (!std::equal(again.begin(), again.end(), header.begin())) {
        return fail(Errc::NotARecording, "reserved bytes");
    }
    return layout;
}

bool is_sealed(ByteView beginning) {
    return beginning.size() >= kMagic.size() && as_text(beginning.first(kMagic.size())) == kMagic;
}

struct ChunkCipher::Contexts {
    Context sealing{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    Context opening{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    std::array<std::byte, kFixedHeaderBytes> header{};
    std::array<std::uint8_t, 8> prefix{};
};

ChunkCipher::ChunkCipher(const DataKey& key, const Layout& layout)
    : contexts_{std::make_unique<Contexts>()} {
    Contexts& all = *contexts_;
    all.header = layout.encode();
    all.prefix = layout.nonce_prefix;
    const auto* secret = key.bytes().data();
    ESC_CHECK(all.sealing && all.opening);
    ESC_CHECK(EVP_EncryptInit_ex(all.sealing.get(), EVP_aes_256_gcm(), nullptr, secret, nullptr) ==
              1);
    ESC_CHECK(EVP_DecryptInit_ex(all.opening.get(), EVP_aes_256_gcm(), nullptr, secret, nullptr) ==
              1);
}

ChunkCipher::~ChunkCipher() = default;
ChunkCipher::ChunkCipher(ChunkCipher&&) noexcept = default;
ChunkCipher& ChunkCipher::operator=(ChunkCipher&&) noexcept = default;

void ChunkCipher::seal(std::uint32_t number, Place place, ByteView samples, Bytes& out) {
    ESC_CHECK(number <= kMaxChunks);
    const auto nonce = nonce_of(contexts_->prefix, number, place);
    EVP_CIPHER_CTX* context = contexts_->sealing.get();
    const auto& header = contexts_->header;
    const std::size_t at = out.size();
    out.resize(at + samples.size() + kTagBytes);
    int length = 0;
    const bool is_well =
        EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
        EVP_EncryptUpdate(context, nullptr, &length, raw(header.data()), kFixedHeaderBytes) == 1 &&
        EVP_EncryptUpdate(context,
                          raw(out.data() + at),
                          &length,
                          raw(samples.data()),
                          static_cast<int>(samples.size())) == 1 &&
        EVP_EncryptFinal_ex(context, raw(out.data() + at + samples.size()), &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(
            context, EVP_CTRL_GCM_GET_TAG, kTagBytes, out.data() + at + samples.size()) == 1;
    ESC_CHECK(is_well);
}

bool ChunkCipher::open(std::uint32_t number,
                       Place place,
                       ByteView sealed,
                       std::span<std::byte> out) {
    if (sealed.size() < kTagBytes || number > kMaxChunks) return false;
    const std::size_t size = sealed.size() - kTagBytes;
    ESC_CHECK(out.size() >= size);
    const auto nonce = nonce_of(contexts_->prefix, number, place);
    EVP_CIPHER_CTX* context = contexts_->opening.get();
    const auto& header = contexts_->header;
    std::array<std::byte, kTagBytes> tag{};
    std::copy(sealed.begin() + static_cast<std::ptrdiff_t>(size), sealed.end(), tag.begin());
    std::array<unsigned char, kTagBytes> rest{};
    int length = 0;
    return EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
           EVP_DecryptUpdate(context, nullptr, &length, raw(header.data()), kFixedHeaderBytes) ==
               1 &&
           EVP_DecryptUpdate(
               context, raw(out.data()), &length, raw(sealed.data()), static_cast<int>(size)) ==
               1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
           EVP_DecryptFinal_ex(context, rest.data(), &length) == 1;
}

Sealer::Sealer(const DataKey& key, const Layout& layout)
    : cipher_{key, layout}, chunk_bytes_{layout.chunk_bytes} {
    waiting_.reserve(chunk_bytes_);
}

void Sealer::begin(const Layout& layout, const KeySlot& slot, Bytes& out) {
    const auto header = layout.encode();
    const std::size_t at = out.size();
    out.insert(out.end(), header.begin(), header.end());
    const auto wrapped = std::as_bytes(std::span{slot});
    out.insert(out.end(), wrapped.begin(), wrapped.end());
    out.resize(at + kHeaderBytes);
}

void Sealer::append(ByteView samples, Bytes& out) {
    while (waiting_.size() + samples.size() >= chunk_bytes_) {
        const ByteView taken = samples.first(chunk_bytes_ - waiting_.size());
        if (waiting_.empty()) {
            cipher_.seal(next_++, Place::Within, taken, out);
        } else {
            waiting_.insert(waiting_.end(), taken.begin(), taken.end());
            cipher_.seal(next_++, Place::Within, waiting_, out);
            waiting_.clear();
        }
        samples = samples.subspan(taken.size());
    }
    waiting_.insert(waiting_.end(), samples.begin(), samples.end());
}

void Sealer::finish(Bytes& out) {
    cipher_.seal(next_++, Place::Last, waiting_, out);
    waiting_.clear();
}

Result<std::unique_ptr<ByteSource>> open_file(const std::string& path) {
    return take_over(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

Result<std::unique_ptr<ByteSource>> read_from(int fd) {
    return take_over(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

SealedReader::SealedReader(std::unique_ptr<ByteSource> source, ChunkCipher cipher, Layout layout)
    : source_{std::move(source)}, cipher_{std::move(cipher)}, layout_{layout} {
    sealed_.resize(layout_.sealed_chunk_bytes());
    opened_.resize(layout_.chunk_bytes);
}

Result<SealedReader> SealedReader::open(std::unique_ptr<ByteSource> source,
                                        const DataKey& key,
                                        const Layout& layout) {
    SealedReader reader{std::move(source), ChunkCipher{key, layout}, layout};
    ESC_TRY(reader.find_end());
    return reader;
}

// A finished file ends in a chunk that is shorter than the others, though it be empty. After a kill
// there are whole chunks and perhaps a torn one, which nothing vouches for and nobody hears.
Result<void> SealedReader::find_end() {
    const std::uint64_t size = source_->size();
    if (size < kHeaderBytes) return fail(Errc::NotARecording, "header cut short");
    const std::uint64_t body = size - kHeaderBytes;
    whole_chunks_ = body / layout_.sealed_chunk_bytes();
    const auto tail = static_cast<std::size_t>(body % layout_.sealed_chunk_bytes());
    if (whole_chunks_ > kMaxChunks) return fail(Errc::NotARecording, "too long");
    data_bytes_ = whole_chunks_ * layout_.chunk_bytes;
    if (tail < kTagBytes) return ok();
    const auto sealed = std::span{sealed_}.first(tail);
    ESC_TRY(const auto count, source_->read(size - tail, sealed));
    const auto last = static_cast<std::uint32_t>(whole_chunks_);
    is_finished_ = count == tail && cipher_.open(last, Place::Last, sealed, opened_);
    if (!is_finished_) return ok();
    opened_number_ = last;
    data_bytes_ += tail - kTagBytes;
    return ok();
}

Result<void> SealedReader::open_chunk(std::uint64_t number,
                                      std::span<std::byte> out,
                                      std::size_t size) {
    const auto sealed = std::span{sealed_}.first(size + kTagBytes);
    ESC_TRY(const auto count,
            source_->read(kHeaderBytes + number * layout_.sealed_chunk_bytes(), sealed));
    const Place place = number == whole_chunks_ ? Place::Last : Place::Within;
    if (count == sealed.size() &&
        cipher_.open(static_cast<std::uint32_t>(number), place, sealed, out)) {
        return ok();
    }
    const std::uint64_t second =
        number * layout_.chunk_bytes / layout_.frame_bytes() / kSampleRateHz;
    return fail(Errc::Damaged, "at second " + std::to_string(second));
}

Result<std::size_t> SealedReader::read(std::uint64_t offset, std::span<std::byte> out) {
    if (offset >= data_bytes_) return std::size_t{0};
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), data_bytes_ - offset));
    std::size_t done = 0;
    while (done < wanted) {
        const std::uint64_t number = (offset + done) / layout_.chunk_bytes;
        const auto from = static_cast<std::size_t>((offset + done) % layout_.chunk_bytes);
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(
            layout_.chunk_bytes, data_bytes_ - number * layout_.chunk_bytes));
        if (opened_number_ != number) {
            // What a broken seal let through must not be taken for the chunk.
            opened_number_ = ~std::uint64_t{0};
            ESC_TRY(open_chunk(number, opened_, size));
            opened_number_ = number;
        }
        const std::size_t take = std::min(wanted - done, size - from);
        std::memcpy(out.data() + done, opened_.data() + from, take);
        done += take;
    }
    return done;
}

Result<std::array<std::uint8_t, 32>> digest_of(ByteSource& source) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free};
    ESC_CHECK(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
    Bytes buffer(kDigestRead);
    ESC_TRY(auto count, source.read(0, std::span{buffer}.first(kHeaderBytes)));
    const bool leaves_slots = is_sealed(ByteView{buffer}.first(count));
    const std::size_t first = leaves_slots ? std::min(count, kFixedHeaderBytes) : count;
    EVP_DigestUpdate(context.get(), buffer.data(), first);
    for (std::uint64_t at = count; count > 0; at += count) {
        ESC_TRY(count, source.read(at, buffer));
        EVP_DigestUpdate(context.get(), buffer.data(), count);
    }
    std::array<std::uint8_t, 32> digest{};
    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
    return digest;
}

}  // namespace escucha::recording
