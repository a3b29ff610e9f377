#include "sip/detail/record.h"

#include "sip/detail/text.h"

namespace escucha::sip::detail {

namespace {

constexpr std::size_t kMaxFieldBytes = 16 * 1024;

}  // namespace

void RecordWriter::add_flow(const Flow& flow) {
    switch (flow.transport) {
        case Transport::Udp:
            add("udp");
            break;
        case Transport::Tcp:
            add("tcp");
            break;
        case Transport::Tls:
            add("tls");
            break;
    }
    add(flow.remote.to_string());
    add(flow.local.to_string());
}

RecordReader::RecordReader(std::string_view saved, std::string_view version) {
    if (saved.size() <= version.size() || saved.substr(0, version.size()) != version ||
        saved[version.size()] != ' ') {
        failed_ = true;
        return;
    }
    rest_ = saved.substr(version.size() + 1);
}

std::string_view RecordReader::field() {
    const std::size_t colon = rest_.find(':');
    if (failed_ || colon == std::string_view::npos) {
        failed_ = true;
        return {};
    }
    const auto length = parse_number(rest_.substr(0, colon), kMaxFieldBytes);
    if (!length || *length > rest_.size() - colon - 1) {
        failed_ = true;
        return {};
    }
    const std::string_view value = rest_.substr(colon + 1, static_cast<std::size_t>(*length));
    rest_.remove_prefix(colon + 1 + value.size());
    return value;
}

std::string_view RecordReader::text() {
    // What is saved ends up in messages again: a line break here would be somebody's header there.
    const std::string_view line = field();
    if (!is_line(line)) failed_ = true;
    return line;
}

std::string_view RecordReader::body() { return field(); }

std::uint64_t RecordReader::number(std::uint64_t max) {
    const auto value = parse_number(text(), max);
    if (!value) failed_ = true;
    return value.value_or(0);
}

Flow RecordReader::flow() {
    Flow flow;
    const std::string_view transport = text();
    if (transport == "tcp") {
        flow.transport = Transport::Tcp;
    } else if (transport == "tls") {
        flow.transport = Transport::Tls;
    } else if (transport != "udp") {
        failed_ = true;
    }
    const auto remote = Address::parse(text());
    const auto local = Address::parse(text());
    if (!remote || !local) {
        failed_ = true;
        return flow;
    }
    flow.remote = *remote;
    flow.local = *local;
    return flow;
}

}  // namespace escucha::sip::detail
