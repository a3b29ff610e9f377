#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "server/detail/dns.h"

struct ares_channeldata;

namespace escucha::server {

/// Asks the machine's name servers (/etc/resolv.conf, and /etc/hosts for addresses) through c-ares;
/// each question blocks until its answer, at most some seconds. One thread at a time.
class AresDns final : public Dns {
public:
    static constexpr int kTimeoutMs = 2'000;  ///< Of the first try; the second has twice that.
    static constexpr int kTries = 2;
    static constexpr std::size_t kMaxRecords = 64;

    /// `servers` instead of the machine's: "127.0.0.1:5353", comma-separated; for tests. A question
    /// ends with an error soon after `is_stopping`, which must outlive this, becomes true.
    static Result<std::unique_ptr<AresDns>> open(const std::string& servers,
                                                 const std::atomic<bool>& is_stopping);
    ~AresDns() override;
    AresDns(const AresDns&) = delete;
    AresDns& operator=(const AresDns&) = delete;

    Result<DnsAnswer<NaptrRecord>> naptr(const std::string& name) override;
    Result<DnsAnswer<SrvRecord>> srv(const std::string& name) override;
    Result<DnsAnswer<sip::Address>> addresses(const std::string& name, sip::Family family) override;

private:
    AresDns(ares_channeldata* channel, const std::atomic<bool>& is_stopping)
        : channel_{channel}, is_stopping_{is_stopping} {}
    /// The raw answer; empty when the name has no such records.
    Result<std::string> ask(const std::string& name, int type);
    void run(const bool& is_done);

    ares_channeldata* channel_;
    const std::atomic<bool>& is_stopping_;
};

}  // namespace escucha::server
