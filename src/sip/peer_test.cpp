#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const LegId kLeg{Uuid{.high = 7, .low = 7}};

/// One leg between a peer that says anything at any time, from inside the right dialog, and an
/// owner that does anything at any time.
class Bedlam {
public:
    enum class Call { In, ToPeer, ByTrunk };

    Bedlam(std::uint64_t seed, Call kind) : rng_{seed} {
        if (kind != Call::In) {
            call(kind);
        } else {
            TestRequest request;
            request.extra = headers();
            if (rng_.below(4) != 0) request.body = kOffer;
            h_.receive(request.text());
            drain();
        }
    }

    void run(int steps) {
        for (int i = 0; i < steps && ends_ == 0; ++i) {
            switch (rng_.below(8)) {
                case 0:
                case 1:
                    ask();
                    break;
                case 2:
                case 3:
                    respond();
                    break;
                case 4:
                case 5:
                case 6:
                    command();
                    break;
                default:
                    h_.advance(Duration{1ms} * rng_.below(rng_.below(4) == 0 ? 60'000 : 800));
            }
            drain();
        }
        static_cast<void>(h_.stack.hang_up(leg_, "done", h_.now, h_.effects));
        h_.advance(700s);
        drain();
    }
    void check() const {
        CHECK(ends_ == (leg_.is_nil() ? 0 : 1));
        CHECK(h_.stack.gauges().legs == 0);
        CHECK(h_.stack.gauges().transactions == 0);
        for (const TrunkCalls& calls : h_.stack.trunk_calls()) {
            CHECK(calls.active == 0);
            std::uint64_t failed = 0;
            for (const std::uint64_t count : calls.failed) failed += count;
            CHECK(calls.answered + failed <= calls.tried);
        }
    }
    [[nodiscard]] const Counters& counters() const { return h_.stack.counters(); }
    /// Requests that went out with our password.
    [[nodiscard]] std::size_t authorised() const {
        return static_cast<std::size_t>(
            std::count_if(open_.begin(), open_.end(), [](const std::string& request) {
                return request.find("uthorization: Digest") != std::string::npos;
            }));
    }

private:
    template <std::size_t N>
    const char* any(const std::array<const char*, N>& of) {
        return of[rng_.below(N)];
    }
    std::string headers() {
        static constexpr std::array kExtras{"Supported: timer, 100rel\r\n",
                                            "Supported: timer\r\nSession-Expires: 90\r\n",
                                            "k: timer\r\nx: 100;refresher=uac\r\n",
                                            "Supported: timer\r\nSession-Expires: 60\r\n",
                                            "Session-Expires: 120;refresher=uas\r\n",
                                            "Require: 100rel\r\n",
                                            "Allow: INVITE, UPDATE\r\n",
                                            "Allow: INVITE\r\n"};
        std::string out;
        for (const char* extra : kExtras) {
            // Some of them may come once only.
            const bool is_double = out.find("Expires") != std::string::npos &&
                                   std::string_view{extra}.find(": timer") != std::string::npos;
            if (!is_double && rng_.below(5) == 0) out += extra;
        }
        return out;
    }

    void open_trunk() {
        h_.stack.set_trunk_accounts({{.trunk = h_.trunk,
                                      .domain = "carrier.example",
                                      .username = "400",
                                      .password = "sesame",
                                      .options_interval = 0s}},
                                    h_.now,
                                    h_.effects);
        const Flow second = udp_flow("198.51.100.8:5060");
        REQUIRE(
            h_.stack.set_trunk_route(h_.trunk, {h_.peer, second}, h_.now, h_.effects).has_value());
    }

    void call(Call kind) {
        leg_ = kLeg;
        InviteRequest request;
        request.leg = kLeg;
        request.target = UriTarget{.uri = "sip:bob@198.51.100.7:5060", .flow = h_.peer};
        if (kind == Call::ByTrunk) {
            open_trunk();
            request.target = TrunkTarget{.number = "+34600123456", .trunks = {h_.trunk}};
        }
        if (rng_.below(4) != 0) request.offer = kAnswer;
        REQUIRE(h_.stack.invite(request, h_.now, h_.effects).has_value());
        drain();
    }

    // An INVITE of ours that opens a dialog, the first or another one.
    void follow(const std::string& sent) {
        inside_.call_id = header(sent, "Call-ID");
        inside_.to = header(sent, "From");
        inside_.from = "<sip:bob@198.51.100.7:5060>;tag=callee";
    }

    // A request of the peer inside the dialog.
    void ask() {
        static constexpr std::array kMethods{"INVITE",
                                             "INVITE",
                                             "UPDATE",
                                             "UPDATE",
                                             "PRACK",
                                             "PRACK",
                                             "REFER",
                                             "OPTIONS",
                                             "ACK",
                                             "ACK",
                                             "ACK",
                                             "INFO",
                                             "BYE"};
        if (inside_.to.find(";tag=") == std::string::npos) return;
        TestRequest request = inside_;
        request.method = any(kMethods);
        if (request.method == "BYE" && rng_.below(4) != 0) request.method = "ACK";
        request.via =
            "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK" + std::to_string(++branch_) + ";rport";
        const bool is_ack = request.method == "ACK";
        request.cseq = is_ack ? invite_cseq_ : rng_.below(12) == 0 ? cseq_ : ++cseq_;
        if (request.method == "INVITE") invite_cseq_ = request.cseq;
        request.extra = headers();
        if (rng_.below(2) == 0) request.body = kOffer;
        if (request.method == "PRACK" && !rseq_.empty()) {
            request.extra += "RAck: " + rseq_ + " 1 INVITE\r\n";
        }
        if (request.method == "REFER") request.extra += "Refer-To: <sip:200@escucha>\r\n";
        h_.receive(request.text());
        if (rng_.below(8) == 0) h_.receive(request.text());
    }

    // The peer's answer to one of our requests, perhaps not the first.
    void respond() {
        if (open_.empty()) return;
        static constexpr std::array kStatuses{100, 180, 183, 200, 200, 200, 302, 401, 401, 401, 405,
                                              407, 408, 422, 481, 486, 488, 491, 491, 500, 503};
        const std::string request = open_[rng_.below(open_.size())];
        int status = kStatuses[rng_.below(kStatuses.size())];
        const bool is_end = status == 408 || status == 481;
        if (is_end && rng_.below(4) != 0) status = 200;
        std::string extra = "Contact: <sip:bob@198.51.100.7:5060>\r\n" + headers();
        if (status < 200 && rng_.below(2) == 0) {
            extra += "RSeq: " + std::to_string(1 + rng_.below(3)) + "\r\n";
        }
        if (status == 422) extra += "Min-SE: " + std::to_string(rng_.below(4) * 1000) + "\r\n";
        if (status == 401 || status == 407) {
            extra += status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate";
            extra += ": Digest realm=\"r\", nonce=\"" + std::to_string(rng_.below(9)) + "\"";
            extra += rng_.below(2) == 0 ? "\r\n" : ", qop=\"auth\", stale=true\r\n";
        }
        const std::string body = rng_.below(2) == 0 ? kOffer : std::string{};
        h_.receive(response_to(request, status, "callee", extra, body));
    }

    void command() {
        Stack& s = h_.stack;
        const Now now = h_.now;
        Effects& out = h_.effects;
        switch (rng_.below(13)) {
            case 0:
                return static_cast<void>(s.ring(leg_, 180, std::nullopt, now, out));
            case 1:
                return static_cast<void>(s.ring(leg_, 183, kAnswer, now, out));
            case 2:
            case 3:
                return static_cast<void>(s.answer(leg_, kAnswer, now, out));
            case 4:
                return static_cast<void>(s.ack_with_answer(leg_, kAnswer, now, out));
            case 5:
                return static_cast<void>(s.reinvite(leg_, kAnswer, now, out));
            case 6:
            case 7:
                return static_cast<void>(s.accept_reinvite(leg_, kAnswer, now, out));
            case 8:
                return static_cast<void>(s.reject_reinvite(leg_, 488, now, out));
            case 9:
                return static_cast<void>(s.accept_transfer(leg_, now, out));
            case 10:
                return static_cast<void>(s.refuse_transfer(leg_, 603, now, out));
            case 11:
                return static_cast<void>(s.finish_transfer(leg_, 200, now, out));
            default:
                return save();
        }
    }

    // What can be saved can be restored, and says the same again.
    void save() {
        const auto saved = h_.stack.save_leg(leg_);
        if (!saved) return;
        Harness after;
        REQUIRE(after.stack.restore_leg(leg_, saved.value(), h_.now).has_value());
        CHECK(after.stack.save_leg(leg_).value() == saved.value());
    }

    void drain() {
        for (const Incoming& incoming : h_.take<Incoming>()) {
            leg_ = incoming.leg;
            cseq_ = invite_cseq_ = 1;
        }
        for (const Send& send : h_.take<Send>()) {
            if (!send.bytes.starts_with("SIP/2.0 ")) {
                if (!send.bytes.starts_with("ACK ")) open_.push_back(send.bytes);
                const bool is_opening = send.bytes.starts_with("INVITE ") &&
                                        header(send.bytes, "To").find(";tag=") == std::string::npos;
                if (is_opening) follow(send.bytes);
                continue;
            }
            if (!header(send.bytes, "RSeq").empty()) rseq_ = header(send.bytes, "RSeq");
            if (inside_.to.find(";tag=") == std::string::npos &&
                !send.bytes.starts_with("SIP/2.0 100")) {
                inside_.to = header(send.bytes, "To");
            }
        }
        ends_ += h_.take<Ended>().size() + h_.take<Failed>().size();
        h_.effects.clear();
    }

    Rng rng_;
    Harness h_;
    LegId leg_;
    TestRequest inside_;  ///< What the peer's requests have in common.
    std::vector<std::string> open_;
    std::string rseq_;
    unsigned cseq_ = 1;
    unsigned invite_cseq_ = 1;
    unsigned branch_ = 0;
    std::size_t ends_ = 0;
};

}  // namespace

TEST_CASE("whatever peer and owner do in whatever order, a leg ends once and leaves nothing") {
    Counters sum;
    std::size_t authorised = 0;
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        CAPTURE(seed);
        Bedlam bedlam{seed, static_cast<Bedlam::Call>(seed % 3)};
        bedlam.run(60);
        bedlam.check();
        for (std::size_t method = 0; method < sum.requests_out.size(); ++method) {
            sum.requests_out[method] += bedlam.counters().requests_out[method];
        }
        authorised += bedlam.authorised();
        sum.sessions_refreshed += bedlam.counters().sessions_refreshed;
        sum.sessions_expired += bedlam.counters().sessions_expired;
    }
    // It got everywhere.
    CHECK(authorised > 100);
    CHECK(sum.requests_out[Counters::Prack] > 10);
    CHECK(sum.requests_out[Counters::Update] > 10);
    CHECK(sum.requests_out[Counters::Notify] > 10);
    CHECK(sum.sessions_refreshed > 100);
    CHECK(sum.sessions_expired > 10);
}
