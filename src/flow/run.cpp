#include "flow/run.h"

#include "flow/detail/walk.h"

namespace escucha::flow {

Run::Run(std::shared_ptr<const Document> document, Environment environment)
    : walk_{std::make_unique<Walk>(std::move(document), std::move(environment))} {}
Run::~Run() = default;
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;

void Run::start(Now now, Effects& out) { walk_->start(now, out); }
void Run::resume(Now now, Effects& out) { walk_->resume(now, out); }
void Run::digit(char key, Now now, Effects& out) { walk_->digit(key, now, out); }
void Run::prompt_ended(PlayId id, Now now, Effects& out) { walk_->prompt_ended(id, now, out); }
void Run::reply(AskId id, Reply reply, Now now, Effects& out) {
    walk_->reply(id, std::move(reply), now, out);
}
void Run::wake(Now now, Effects& out) { walk_->wake(now, out); }
void Run::caller_gone(Now now, Effects& out) { walk_->caller_gone(now, out); }

std::optional<Instant> Run::next_wakeup() const { return walk_->next_wakeup(); }
std::optional<AskId> Run::awaited() const { return walk_->awaited(); }
bool Run::is_over() const { return std::holds_alternative<Walk::Over>(walk_->state); }
const std::string& Run::node() const { return walk_->node; }
speech::Language Run::language() const { return walk_->language; }
Context& Run::context() { return walk_->context; }
const Context& Run::context() const { return walk_->context; }

}  // namespace escucha::flow
