#include "api/detail/journey.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include <boost/json/parse.hpp>

namespace escucha::api {

namespace json = boost::json;

namespace {

/// Shorter ones are the time that the work takes; of what was lost none is too short to tell.
constexpr std::int64_t kShortestGapMs = 1'000;
constexpr std::int64_t kShortestLossMs = 100;

/// "1200-5400,60000-61000"
std::vector<Journey::Span> parse_spans(std::string_view text) {
    std::vector<Journey::Span> spans;
    const auto number = [&text](char end) {
        std::int64_t value = 0;
        const std::size_t stop = std::min(text.find(end), text.size());
        std::from_chars(text.data(), text.data() + stop, value);
        text.remove_prefix(std::min(stop + 1, text.size()));
        return value;
    };
    while (!text.empty()) {
        const std::int64_t from = number('-');
        spans.push_back({from, number(',')});
    }
    return spans;
}

class Composer {
public:
    void take(const store::StoredEvent& event) {
        json::error_code error;
        const json::value parsed = json::parse(event.data, error);
        data_ = error || !parsed.is_object() ? json::object{} : parsed.get_object();
        at_ms_ = (to_micros(event.at) - to_micros(out_.arrived)) / 1'000;
        if (event.type == "contact_arrived") return arrived(event);
        if (event.type == "contact_queued" && !is_for_agent_) queued_ = event.queue;
        if (event.type == "transfer_started") transferred();
        if (event.type == "contact_connected") {
            agent_ = event.agent;
            queue_ = event.queue;
        }
        if (event.type == "contact_disconnected") agent_.reset();
        if (event.type == "outside_answered") outside_ = text("number");
        if (event.type == "outside_ended") outside_.clear();
        if (event.type == "recording_started") return started();
        if (event.type == "recording_ended") return ended();
        if (event.type == "recording_paused") return paused();
        if (event.type == "recording_resumed") return resumed();
        if (event.type == "hold_started") return hold_started();
        if (event.type == "hold_ended") return hold_ended();
        if (event.type == "conference_joined") return came("with", "colleague");
        if (event.type == "conference_left") return went("with");
        if (event.type == "supervision_started") return came("supervisor", text("mode"));
        if (event.type == "supervision_changed") {
            went("supervisor");
            return came("supervisor", text("mode"));
        }
        if (event.type == "supervision_ended") return went("supervisor");
    }

    Journey finish() {
        std::ranges::stable_sort(out_.segments, {}, &Journey::Segment::from_ms);
        find_gaps();
        for (Journey::Segment& segment : out_.segments) {
            // What was still on when the recording ended went on to its end.
            for (Journey::Pause& pause : segment.pauses) close(pause, segment);
            for (Journey::Span& hold : segment.holds) close(hold, segment);
            for (Journey::Other& other : segment.others) close(other, segment);
        }
        return std::move(out_);
    }

private:
    static constexpr std::int64_t kOpen = -1;

    static void close(Journey::Span& span, const Journey::Segment& segment) {
        if (span.to_ms == kOpen || span.to_ms > segment.to_ms) span.to_ms = segment.to_ms;
        span.from_ms = std::min(span.from_ms, span.to_ms);
    }
    [[nodiscard]] std::string text(std::string_view name) const {
        const auto* value = data_.if_contains({name.data(), name.size()});
        return value != nullptr && value->is_string() ? value->get_string().c_str() : "";
    }
    [[nodiscard]] std::int64_t number(std::string_view name) const {
        const auto* value = data_.if_contains({name.data(), name.size()});
        return value != nullptr && value->is_int64() ? value->get_int64() : 0;
    }
    Journey::Segment* named() {
        const auto id = RecordingId::parse(text("recording"));
        const auto found = std::ranges::find_if(
            out_.segments, [&](const auto& segment) { return segment.recording == id; });
        return found == out_.segments.end() ? nullptr : &*found;
    }
    Journey::Segment* open() {
        if (out_.segments.empty() || out_.segments.back().is_over) return nullptr;
        return &out_.segments.back();
    }

    void arrived(const store::StoredEvent& event) {
        out_.arrived = event.at;
        out_.caller = text("caller");
    }
    /// The queue's event may come on either side of this one.
    void transferred() {
        is_for_agent_ = text("to_kind") == "agent";
        if (is_for_agent_) queued_.reset();
    }
    void started() {
        const auto id = RecordingId::parse(text("recording"));
        if (!id) return;
        Journey::Segment segment;
        segment.from_ms = segment.to_ms = at_ms_;
        segment.recording = *id;
        segment.is_voicemail = text("kind") == "voicemail";
        if (!segment.is_voicemail) {
            segment.agent = agent_;
            // An agent who asks it first is not recorded with it.
            if (!agent_) segment.outside = outside_;
            segment.queue = agent_ ? queue_ : std::nullopt;
        }
        // Who was in the conversation when another recording of it began is in this one too.
        for (const auto& [agent, as] : present_)
            segment.others.push_back({{at_ms_, kOpen}, agent, as});
        is_for_agent_ = false;
        out_.segments.push_back(std::move(segment));
        queued_before_.push_back(std::exchange(queued_, std::nullopt));
    }
    void ended() {
        Journey::Segment* segment = named();
        if (segment == nullptr) return;
        segment->is_over = true;
        segment->to_ms = segment->from_ms + number("duration_ms");
        segment->end = text("reason");
        const auto* complete = data_.if_contains("complete");
        segment->is_complete = complete != nullptr && complete->is_bool() && complete->get_bool();
        // What media masked, to the millisecond; the reasons are those that were given, in order.
        const auto masked = parse_spans(text("pauses"));
        if (masked.size() != segment->pauses.size()) return;
        for (std::size_t i = 0; i < masked.size(); ++i) {
            segment->pauses[i].from_ms = segment->from_ms + masked[i].from_ms;
            segment->pauses[i].to_ms = segment->from_ms + masked[i].to_ms;
        }
    }
    void paused() {
        if (Journey::Segment* segment = named()) {
            segment->pauses.push_back({{at_ms_, kOpen}, text("reason")});
            segment->to_ms = std::max(segment->to_ms, at_ms_);
        }
    }
    void resumed() {
        Journey::Segment* segment = named();
        if (segment == nullptr || segment->pauses.empty()) return;
        segment->pauses.back().to_ms = at_ms_;
        segment->to_ms = std::max(segment->to_ms, at_ms_);
    }
    void hold_started() {
        if (Journey::Segment* segment = open()) segment->holds.push_back({at_ms_, kOpen});
    }
    void hold_ended() {
        Journey::Segment* segment = open();
        if (segment == nullptr || segment->holds.empty()) return;
        segment->holds.back().to_ms = at_ms_;
        segment->to_ms = std::max(segment->to_ms, at_ms_);
    }
    void came(std::string_view who, std::string as) {
        const auto agent = AgentId::parse(text(who));
        if (!agent) return;
        if (Journey::Segment* segment = open()) {
            segment->others.push_back({{at_ms_, kOpen}, *agent, as});
            segment->to_ms = std::max(segment->to_ms, at_ms_);
        }
        present_.emplace_back(*agent, std::move(as));
    }
    void went(std::string_view who) {
        const auto agent = AgentId::parse(text(who));
        if (!agent ||
            std::erase_if(present_, [&](const auto& one) { return one.first == agent; }) == 0) {
            return;
        }
        Journey::Segment* segment = open();
        if (segment == nullptr) return;
        for (Journey::Other& other : segment->others) {
            if (other.agent == *agent && other.to_ms == kOpen) other.to_ms = at_ms_;
        }
        segment->to_ms = std::max(segment->to_ms, at_ms_);
    }
    void find_gaps() {
        std::int64_t heard_until = 0;
        for (std::size_t i = 0; i < out_.segments.size(); ++i) {
            const Journey::Segment& segment = out_.segments[i];
            const bool is_lost = i > 0 && out_.segments[i - 1].end == "interrupted";
            const std::int64_t least = is_lost ? kShortestLossMs : kShortestGapMs;
            if (segment.from_ms - heard_until >= least) {
                Journey::Gap gap;
                gap.from_ms = heard_until;
                gap.to_ms = segment.from_ms;
                gap.queue = queued_before_[i];
                if (is_lost) {
                    gap.what = Journey::Between::Lost;
                } else if (gap.queue) {
                    gap.what = Journey::Between::Queue;
                } else {
                    gap.what = i == 0 ? Journey::Between::Menu : Journey::Between::Transfer;
                }
                out_.gaps.push_back(gap);
            }
            heard_until = std::max(heard_until, segment.to_ms);
        }
    }

    Journey out_;
    json::object data_;
    std::int64_t at_ms_ = 0;
    std::optional<AgentId> agent_;
    std::string outside_;                                   ///< A number that has answered.
    std::vector<std::pair<AgentId, std::string>> present_;  ///< Beside the agent, as what.
    std::optional<QueueId> queue_;
    std::optional<QueueId> queued_;  ///< Since the last segment began.
    bool is_for_agent_ = false;      ///< Passed on to one agent: nobody waits in a queue.
    std::vector<std::optional<QueueId>> queued_before_;
};

}  // namespace

std::int64_t Journey::duration_ms() const {
    std::int64_t end = 0;
    for (const Segment& segment : segments) end = std::max(end, segment.to_ms);
    return end;
}

Journey journey_of(const std::vector<store::StoredEvent>& events) {
    Composer composer;
    for (const store::StoredEvent& event : events) composer.take(event);
    return composer.finish();
}

}  // namespace escucha::api
