#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/diversion.h"
#include "base/result.h"
#include "base/time.h"
#include "flow/context.h"
#include "flow/document.h"
#include "flow/effects.h"
#include "flow/reply.h"

namespace escucha::flow {

/// What the Run is told about the call it serves.
struct Environment {
    std::string company_name;
    std::string caller;  ///< E.164, or empty when withheld.
    std::optional<Diversion> diversion{};
    speech::Language language = speech::Language::Es;
    /// Of the company's place at the start of the call; local dates are computed with it.
    std::chrono::minutes utc_offset{0};
};

/// One caller's walk through one version of a flow (docs/glossary.md, "Run").
///
/// Pure and deterministic: events and the time come in, effects are appended to `out` in the order
/// they must be carried out. Lives on the control strand; moves, does not copy. Every event may
/// come at any moment: after the end, with an old id, twice. What does not fit is ignored.
///
/// Guarantees: every wait has a deadline; a caller who asks for a person, runs out of attempts or
/// goes round the same menu twice without progress is taken to the flow's human node; at most
/// `kMaxStepsPerEvent` nodes are walked for one event, and after `kMaxReroutes` ways to a person
/// that all led back into the flow the Run ends.
class Run {
public:
    static constexpr int kMaxStepsPerEvent = 64;
    static constexpr std::size_t kMaxTypedAhead = 32;
    static constexpr int kMaxReroutes = 10;

    /// The document must be free of validation errors; a caller finishes in the version in which
    /// the call started, hence shared.
    Run(std::shared_ptr<const Document> document, Environment environment);
    ~Run();
    Run(Run&&) noexcept;
    Run& operator=(Run&&) noexcept;

    /// Once, after the call is answered.
    void start(Now now, Effects& out);
    /// A key of the caller: 0-9, *, #, A-D.
    void digit(char key, Now now, Effects& out);
    void prompt_ended(PlayId id, Now now, Effects& out);
    void reply(AskId id, Reply reply, Now now, Effects& out);
    /// A timer. Early, late and repeated calls are harmless; at the exact deadline time has passed.
    void wake(Now now, Effects& out);
    /// The caller hung up. Yields the case that is pending `on_hangup`, then End.
    void caller_gone(Now now, Effects& out);

    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    [[nodiscard]] bool is_over() const;
    /// The question, or the place in a queue, whose reply is awaited.
    [[nodiscard]] std::optional<AskId> awaited() const;
    /// The node where the Run is; empty before the start.
    [[nodiscard]] const std::string& node() const;
    [[nodiscard]] speech::Language language() const;

    /// The call core adds what agents and systems learn later.
    [[nodiscard]] Context& context();
    [[nodiscard]] const Context& context() const;

    /// Everything needed to go on after a kill, at node granularity, as JSON.
    [[nodiscard]] std::string save() const;
    /// `document` must be the version the Run started in. Then call `resume`.
    static Result<Run> restore(std::shared_ptr<const Document> document,
                               Environment environment,
                               std::string_view saved);
    /// After `restore`: enters the saved node again, or rests when the caller was in a queue (the
    /// EnterQueue is not repeated; its AskId is still good) or the Run was over.
    void resume(Now now, Effects& out);

private:
    class Walk;
    std::unique_ptr<Walk> walk_;
};

}  // namespace escucha::flow
