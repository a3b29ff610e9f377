#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/detail/call.h"
#include "api/detail/remembered.h"
#include "store/journal.h"

namespace escucha::api {

/// Watches the committed events for contact with a planted customer: somebody calls from its number
/// or to it, or calls it from here. Each contact raises one alarm. On the journal's writer thread.
class CanaryWatch {
public:
    /// Shorter numbers, extensions among them, are no end of a longer one.
    static constexpr std::size_t kLeastDigits = 7;

    CanaryWatch(store::Journal& journal, IdMaker& ids, const store::Database& database);
    CanaryWatch(const CanaryWatch&) = delete;
    CanaryWatch& operator=(const CanaryWatch&) = delete;
    ~CanaryWatch();

private:
    struct Canary {
        std::string id;
        CustomerId customer{};
        std::string number;  ///< Digits only.
    };
    Result<void> load(const store::Database& database);
    void take(const store::CommittedEvents& events);
    void look_at(const store::StoredEvent& event);
    void raise(const store::StoredEvent& event,
               const Canary& canary,
               std::string_view how,
               std::string_view other_number);

    store::Journal& journal_;
    IdMaker& ids_;
    std::mutex mutex_;  ///< Of the canaries: they are loaded on another thread.
    std::map<CompanyId, std::vector<Canary>> canaries_;
    Remembered<std::string> raised_{std::chrono::hours{24},
                                    Remembered<std::string>::Repeat::ChangesNothing};
    store::Journal::SubscriptionId subscription_;
};

}  // namespace escucha::api
