#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/errc.h"
#include "base/rng.h"
#include "control/centre.h"
#include "recording/keyring.h"
#include "server/detail/directory_loader.h"
#include "server/detail/look_up_desk.h"
#include "server/detail/media_link.h"
#include "server/detail/overload.h"
#include "server/detail/sip_transport.h"
#include "server/detail/speech_desk.h"
#include "server/detail/trunk_desk.h"
#include "server/detail/watchdog.h"
#include "server/shell.h"
#include "sip/stack.h"

namespace escucha::server {

/// The control strand: one thread that owns the SIP stack, the centre and their sockets. Whatever
/// happens becomes `control::Effects`; those are committed by the journal and then carried out, in
/// the order in which they were decided.
class Strand final : public SipTransport::Receiver, public MediaLink::Receiver {
public:
    Strand(const Config& config,
           const store::Database& database,
           store::Journal& journal,
           recording::Keyring& keys);
    ~Strand() override;

    Result<void> start();
    void stop(std::chrono::seconds deadline);

    /// Runs on the strand; from any other thread.
    void post(std::function<void()> work);
    /// Posts and waits. `Errc::Timeout` after kControlDeadline.
    template <typename T>
    Result<T> ask(std::function<Result<T>()> work);

    Result<void> command(CompanyId company, control::Command command);
    Result<void> reload();
    [[nodiscard]] control::Centre& centre() { return centre_; }
    [[nodiscard]] store::Journal& journal() { return journal_; }
    [[nodiscard]] bool is_media_ready() const { return is_media_ready_; }
    [[nodiscard]] std::string metrics();                  ///< On the strand.
    [[nodiscard]] std::vector<SipBan> sip_bans() const;   ///< On the strand.
    bool lift_sip_ban(const std::string& source);         ///< On the strand.
    [[nodiscard]] std::vector<TrunkView> trunks() const;  ///< There too.

private:
    struct Pending {
        control::Effects effects;
        bool is_committed = false;
        Instant since{};
    };

    // SipTransport::Receiver
    void on_sip_message(const sip::Flow& flow, ByteView message, Duration waited) override;
    void on_sip_closed(std::uint64_t connection) override;
    void on_sip_unreachable(const sip::Flow& flow) override;
    void on_sip_turn() override;
    // MediaLink::Receiver
    void on_media_event(const media::Event& event) override;
    void on_media_ready(const media::Listing& listing) override;
    void on_media_lost() override;
    void on_media_turn() override;

    [[nodiscard]] Backlog backlog(Duration waited, Instant now) const;

    Result<void> recover();
    using TlsContext = std::shared_ptr<boost::asio::ssl::context>;
    /// Reads files. Empty without a certificate.
    [[nodiscard]] Result<TlsContext> make_tls() const;
    using Passwords = std::map<std::string, std::string>;  ///< By section of the configuration.
    void apply(const Directory& directory, const Passwords& passwords);
    void set_route(TrunkId trunk, std::vector<sip::Flow> flows);
    void take(sip::Effects effects);
    void take(const sip::Effect& effect);
    void leg_event(const control::LegEvent& event);
    void phone_event(const std::string& username,
                     acd::Reachability reach,
                     control::Signalling signalling);
    void trace(const sip::Trace& trace);
    /// Hands what was decided to the journal, or carries it out when there is nothing to commit.
    void dispatch(control::Effects effects);
    void committed();
    void fall_through();
    void carry_out(control::Action& action);
    void carry_out(const control::LegAction& action);
    Result<void> call_outside(const control::CallOutside& wanted, Now now, sip::Effects& out);
    store::Batch batch_of(control::Effects& effects);
    void save_registrations();
    void start_recording(control::StartRecording& start);
    /// So that no recording waits for a key to be written.
    void make_keys(const Directory& directory);
    void want_references(const control::WantReferences& wanted);
    void prepare_speech(control::PrepareSpeech wanted);
    void arm_timer();
    void wake();
    void wait_until_quiet(Instant deadline, std::shared_ptr<std::promise<void>> done);

    const Config& config_;
    store::Database database_;
    store::Journal& journal_;
    recording::Keyring& keys_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer timer_;
    std::optional<Instant> armed_for_;
    Rng rng_;
    sip::Stack stack_;
    control::Centre centre_;
    SipTransport transport_;
    MediaLink media_;
    Overload overload_;
    Watchdog watchdog_;
    LookUpDesk look_ups_;
    SpeechDesk speech_;
    TrunkDesk trunks_;
    std::string hold_music_;
    std::unordered_map<std::string, AgentId> agent_by_phone_;
    std::unordered_map<LegId, std::vector<sip::Trace>> early_traces_;

    std::deque<Pending> pending_;
    /// Entries of `pending_` that wait for a commit, in order, and how many of them have it.
    std::deque<std::uint64_t> awaiting_;
    std::uint64_t next_pending_ = 0;
    std::uint64_t first_pending_ = 0;
    std::atomic<std::uint64_t> commits_{0};  ///< Written by the writer thread.
    std::uint64_t commits_seen_ = 0;
    std::atomic<std::uint64_t> commits_posted_{0};
    bool is_falling_ = false;
    std::unordered_map<control::CommandToken, std::promise<Result<void>>> commands_;
    std::uint64_t last_token_ = 0;
    std::atomic<bool> is_media_ready_{false};
    std::thread thread_;
    bool is_stopping_ = false;
    std::uint64_t journal_refusals_ = 0;
    std::uint64_t recordings_without_key_ = 0;
};

template <typename T>
Result<T> Strand::ask(std::function<Result<T>()> work) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    post([promise, work = std::move(work)] { promise->set_value(work()); });
    if (answer.wait_for(kControlDeadline) != std::future_status::ready) {
        return fail(Errc::Timeout, "the control strand is busy");
    }
    return answer.get();
}

}  // namespace escucha::server
