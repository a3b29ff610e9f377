#include "api/detail/event_feed.h"

#include <boost/json/serialize.hpp>

#include "api/detail/json.h"
#include "api/detail/masking.h"
#include "base/log.h"

namespace escucha::api {

namespace json = boost::json;

EventFeed::EventFeed(store::Journal& journal, std::function<void()> on_news)
    : journal_{journal},
      on_news_{std::move(on_news)},
      subscription_{
          journal.subscribe([this](const store::CommittedEvents& events) { take(events); })} {}

EventFeed::~EventFeed() { journal_.unsubscribe(subscription_); }

void EventFeed::end_sessions() {
    ++endings_;
    on_news_();
}

void EventFeed::take(const store::CommittedEvents& events) {
    if (events->empty()) return;
    {
        const std::scoped_lock lock{mutex_};
        const std::int64_t first = events->front().seq;
        // The journal has no holes. Should there be one all the same, memory begins anew after it.
        if (kept_.empty() || first_ + static_cast<std::int64_t>(kept_.size()) != first) {
            kept_.clear();
            first_ = first;
        }
        for (const store::StoredEvent& event : *events) {
            kept_.push_back(std::shared_ptr<const store::StoredEvent>{events, &event});
        }
        while (kept_.size() > kKept) {
            kept_.pop_front();
            ++first_;
        }
    }
    on_news_();
}

bool EventFeed::read_memory(CompanyId company, std::int64_t after, std::size_t limit, Batch& out) {
    const std::scoped_lock lock{mutex_};
    if (kept_.empty() || after + 1 < first_) return false;
    out.scanned = after;
    auto at = static_cast<std::size_t>(after + 1 - first_);
    for (; at < kept_.size() && out.events.size() < limit; ++at) {
        out.scanned = kept_[at]->seq;
        if (kept_[at]->company == company) out.events.push_back(*kept_[at]);
    }
    out.has_more = at < kept_.size();
    return true;
}

Result<EventFeed::Batch> EventFeed::read(CompanyId company,
                                         std::int64_t after,
                                         std::size_t limit,
                                         Connections& connections) {
    Batch batch;
    if (read_memory(company, after, limit, batch)) return batch;
    // Asked before the query: what is committed after this may or may not be in its answer.
    const std::int64_t last = journal_.last_committed();
    batch.scanned = after;
    if (after >= last) return batch;
    ESC_TRY(auto lease, connections.take());
    ESC_TRY((*lease).see(company));
    ESC_TRY(batch.events,
            store::read_since(*lease, company, after, static_cast<std::int64_t>(limit)));
    batch.has_more = batch.events.size() == limit;
    batch.scanned = batch.has_more ? batch.events.back().seq : last;
    if (!batch.events.empty()) batch.scanned = std::max(batch.scanned, batch.events.back().seq);
    return batch;
}

bool may_hear_of(std::string_view type, const identity::Permissions& permissions) {
    if (type.starts_with("canary_")) {
        return permissions.has(identity::Permission::PlantCanaries);
    }
    if (type.starts_with("alert_") || type == "read_block_lifted") {
        return permissions.has(identity::Permission::HandleAlerts);
    }
    return true;
}

std::string encode_frame(const store::StoredEvent& event,
                         std::int64_t prev,
                         const Masking& masking) {
    json::object frame = encode(event);
    masking.strip(frame);
    frame["prev"] = prev;
    return json::serialize(frame);
}

namespace {

std::string control_frame(std::string_view type, std::optional<std::int64_t> seq) {
    json::object frame{{"type", type}, {"at", to_rfc3339(read_clocks().wall)}};
    if (seq) frame["seq"] = *seq;
    return json::serialize(frame);
}

}  // namespace

EventStream::EventStream(EventFeed& feed,
                         const Masking& masking,
                         Connections& connections,
                         CompanyId company,
                         std::optional<std::int64_t> since,
                         const identity::Permissions& permissions,
                         std::function<bool()> still_signed_in)
    : feed_{feed},
      masking_{masking},
      connections_{connections},
      company_{company},
      sent_{since.value_or(feed.last())},
      scanned_{sent_},
      permissions_{permissions},
      still_signed_in_{std::move(still_signed_in)},
      checked_at_{read_clocks().wall},
      endings_{feed.endings()} {
    const std::int64_t last = feed.last();
    is_too_old_ = sent_ > last || last - sent_ > kMaxReplay;
}

std::optional<net::Frames> EventStream::end_of_session() {
    const WallTime now = read_clocks().wall;
    const std::uint64_t endings = feed_.endings();
    if (endings == endings_ && now - checked_at_ < kSessionCheck) return std::nullopt;
    checked_at_ = now;
    endings_ = endings;
    if (still_signed_in_()) return std::nullopt;
    return net::Frames{{}, false, net::Frames::Close{kCloseSessionEnded, "session ended"}};
}

net::Frames EventStream::next() {
    if (auto end = end_of_session()) return std::move(*end);
    net::Frames frames;
    if (is_too_old_) {
        frames.texts.push_back(control_frame("snapshot_needed", std::nullopt));
        frames.close = net::Frames::Close{kCloseSnapshotNeeded, "snapshot needed"};
        return frames;
    }
    if (!has_greeted_) {
        has_greeted_ = true;
        frames.texts.push_back(control_frame("hello", sent_));
    }
    auto batch = feed_.read(company_, scanned_, kFramesAtOnce, connections_);
    if (!batch) {
        // The heartbeat comes back to it; the client sees the age of what it has.
        log::warn("event_stream_read_failed", {{"detail", batch.error().message()}});
        connections_.forget();
        return frames;
    }
    for (const store::StoredEvent& event : batch.value().events) {
        if (!may_hear_of(event.type, permissions_)) continue;
        frames.texts.push_back(encode_frame(event, sent_, masking_));
        sent_ = event.seq;
    }
    scanned_ = batch.value().scanned;
    frames.has_more = batch.value().has_more;
    return frames;
}

net::Frames EventStream::heartbeat() {
    if (auto end = end_of_session()) return std::move(*end);
    return {{control_frame("ping", sent_)}, false, {}};
}

}  // namespace escucha::api
