#include <algorithm>

#include "store/detail/projection_step.h"

namespace escucha::store::projection {

Result<void> prompt_saved(Step& step) {
    return step.run(
        "INSERT INTO prompt (company_id, language, name, title, text, source, sha256, bytes,"
        " duration_ms, level_before_dbfs, level_after_dbfs, saved_by, saved_at_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (company_id, language, name) DO UPDATE SET title = excluded.title,"
        " text = excluded.text, source = excluded.source, sha256 = excluded.sha256,"
        " bytes = excluded.bytes, duration_ms = excluded.duration_ms,"
        " level_before_dbfs = excluded.level_before_dbfs,"
        " level_after_dbfs = excluded.level_after_dbfs, saved_by = excluded.saved_by,"
        " saved_at_us = excluded.saved_at_us",
        {step.event.company,
         step.text("language"),
         step.text("name"),
         step.text("title"),
         step.text("text"),
         step.text("source"),
         step.text("sha256"),
         step.integer("bytes"),
         step.integer("duration_ms"),
         step.integer("level_before_dbfs"),
         step.integer("level_after_dbfs"),
         step.text("user"),
         step.event.at});
}

Result<void> prompt_described(Step& step) {
    return step.run(
        "UPDATE prompt SET title = COALESCE(?, title), text = COALESCE(?, text)"
        " WHERE company_id = ? AND language = ? AND name = ?",
        {step.maybe_text("title"),
         step.maybe_text("text"),
         step.event.company,
         step.text("language"),
         step.text("name")});
}

Result<void> prompt_removed(Step& step) {
    return step.run("DELETE FROM prompt WHERE company_id = ? AND language = ? AND name = ?",
                    {step.event.company, step.text("language"), step.text("name")});
}

Result<void> queue_music_chosen(Step& step) {
    ESC_TRY(step.run("DELETE FROM queue_music WHERE queue_id = ? AND company_id = ?",
                     {step.event.queue, step.event.company}));
    const std::string names = step.text("prompts");
    std::int64_t position = 0;
    for (std::size_t from = 0; from < names.size();) {
        const std::size_t end = std::min(names.find(' ', from), names.size());
        ESC_TRY(step.run(
            "INSERT INTO queue_music (queue_id, position, company_id, name)"
            " VALUES (?, ?, ?, ?)",
            {step.event.queue, ++position, step.event.company, names.substr(from, end - from)}));
        from = end + 1;
    }
    return ok();
}

Result<void> queue_stopped(Step& step) {
    return step.run(
        "INSERT INTO queue_stop (queue_id, company_id, at_us, reason, user_id)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (queue_id) DO UPDATE SET at_us = excluded.at_us,"
        " reason = excluded.reason, user_id = excluded.user_id"
        " WHERE queue_stop.company_id = excluded.company_id",
        {step.event.queue,
         step.event.company,
         step.event.at,
         step.text("reason"),
         step.text("user")});
}

Result<void> queue_resumed(Step& step) {
    return step.run("DELETE FROM queue_stop WHERE queue_id = ? AND company_id = ?",
                    {step.event.queue, step.event.company});
}

}  // namespace escucha::store::projection
