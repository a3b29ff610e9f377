#include "store/detail/projection_step.h"

namespace escucha::store::projection {

Result<void> alert_raised(Step& step) {
    return step.run(
        "INSERT INTO alert (id, company_id, signal, severity, reader_kind, reader_id, other_id,"
        " at_us, counted, allowed, window_s, handled, blocks, customers, contact_id, number, how)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        {step.text("alert"),
         step.event.company,
         step.text("signal"),
         step.text("severity"),
         step.text("reader_kind"),
         step.text("reader"),
         step.text("other"),
         step.event.at,
         step.integer("count"),
         step.integer("allowed"),
         step.integer("window_s"),
         step.integer("handled"),
         std::int64_t{step.flag("blocks") ? 1 : 0},
         step.text("customers"),
         step.text("met_in"),
         step.text("number"),
         step.text("how")});
}

Result<void> alert_acknowledged(Step& step) {
    return step.run(
        "UPDATE alert SET acknowledged_at_us = ?, acknowledged_by = ?, acknowledged_why = ?"
        " WHERE company_id = ? AND id = ? AND acknowledged_at_us IS NULL",
        {step.event.at,
         step.text("user"),
         step.text("reason"),
         step.event.company,
         step.text("alert")});
}

// One read can begin a block for several causes: all of them are lifted, and need no second answer.
Result<void> read_block_lifted(Step& step) {
    ESC_TRY(step.run(
        "UPDATE alert SET acknowledged_at_us = ?, acknowledged_by = ?, acknowledged_why = ?"
        " WHERE company_id = ? AND reader_id = ? AND blocks = 1 AND lifted_at_us IS NULL"
        " AND acknowledged_at_us IS NULL",
        {step.event.at,
         step.text("user"),
         step.text("reason"),
         step.event.company,
         step.text("reader")}));
    return step.run(
        "UPDATE alert SET lifted_at_us = ?, lifted_by = ?, lifted_why = ?"
        " WHERE company_id = ? AND reader_id = ? AND blocks = 1 AND lifted_at_us IS NULL",
        {step.event.at,
         step.text("user"),
         step.text("reason"),
         step.event.company,
         step.text("reader")});
}

Result<void> canary_planted(Step& step) {
    return step.run(
        "INSERT INTO canary (id, company_id, customer_id, number, email, planted_at_us, planted_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        {step.text("canary"),
         step.event.company,
         step.text("planted"),
         step.text("number"),
         step.text("email"),
         step.event.at,
         step.text("user")});
}

Result<void> canary_removed(Step& step) {
    return step.run("DELETE FROM canary WHERE company_id = ? AND id = ?",
                    {step.event.company, step.text("canary")});
}

}  // namespace escucha::store::projection
