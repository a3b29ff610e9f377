#include <array>
#include <cstdio>
#include <optional>

#include "base/errc.h"
#include "calendar/zone.h"
#include "demo/detail/document.h"
#include "demo/detail/world.h"
#include "store/journal.h"

namespace escucha::demo::detail {
namespace {

constexpr int kNoBill = 9999;

struct Names {
    std::vector<std::string> given, surnames, streets, towns, products, orders;
};

struct Point {
    std::string kind, value, label, evidence;
};
struct Account {
    std::string number, product, status;
    std::int64_t balance_cents = 0;
    std::int64_t due_in_days = kNoBill;
};
struct Order {
    std::string number, description, status;
    std::int64_t ordered_days_ago = 0, expected_in_days = 0;
};
struct Person {
    std::string name, document_id, address, language, born_on, notes;
    std::vector<Point> points;
    std::vector<Account> accounts;
    std::vector<Order> orders;
};

const std::string& pick(Rng& rng, const std::vector<std::string>& from) {
    return from[rng.below(from.size())];
}

/// The Spanish identity document's letter is its number modulo 23.
std::string identity_document(std::uint64_t number) {
    constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
    std::array<char, 16> digits{};
    std::snprintf(digits.data(), digits.size(), "%08llu", static_cast<unsigned long long>(number));
    return std::string{digits.data()} + kLetters[number % kLetters.size()];
}

std::string iso_date(int year, unsigned month, unsigned day) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", year, month, day);
    return text.data();
}

Result<std::string> local_date(const World& world, std::int64_t days_from_now) {
    const auto at = world.options.now + std::chrono::hours{24} * days_from_now;
    ESC_TRY(const auto local, calendar::to_local_parts(at, world.zone));
    return iso_date(static_cast<int>(local.date.year()),
                    static_cast<unsigned>(local.date.month()),
                    static_cast<unsigned>(local.date.day()));
}

Result<Person> read_person(const Node& node) {
    Person person;
    ESC_TRY(person.name, node.text("name"));
    ESC_TRY(person.document_id, node.text("document_id"));
    ESC_TRY(person.address, node.text("address"));
    ESC_TRY(person.language, node.text("language"));
    ESC_TRY(person.born_on, node.text("born_on"));
    person.notes = node.text_or("notes", "");
    ESC_TRY(const auto points, node.list("points"));
    for (const Node& point : points) {
        Point read;
        ESC_TRY(read.kind, point.text("kind"));
        ESC_TRY(read.value, point.text("value"));
        ESC_TRY(read.label, point.text("label"));
        ESC_TRY(read.evidence, point.text("evidence"));
        person.points.push_back(std::move(read));
    }
    ESC_TRY(const auto accounts, node.list("accounts"));
    for (const Node& account : accounts) {
        Account read;
        ESC_TRY(read.number, account.text("number"));
        ESC_TRY(read.product, account.text("product"));
        ESC_TRY(read.status, account.text("status"));
        ESC_TRY(read.balance_cents, account.integer("balance_cents"));
        read.due_in_days = account.integer_or("due_in_days", kNoBill);
        person.accounts.push_back(std::move(read));
    }
    ESC_TRY(const auto orders, node.list("orders"));
    for (const Node& order : orders) {
        Order read;
        ESC_TRY(read.number, order.text("number"));
        ESC_TRY(read.description, order.text("description"));
        ESC_TRY(read.status, order.text("status"));
        ESC_TRY(read.ordered_days_ago, order.integer("ordered_days_ago"));
        ESC_TRY(read.expected_in_days, order.integer("expected_in_days"));
        person.orders.push_back(std::move(read));
    }
    return person;
}

Result<Names> read_names(const Node& file) {
    Names names;
    ESC_TRY(names.given, file.texts("given"));
    ESC_TRY(names.surnames, file.texts("surnames"));
    ESC_TRY(names.streets, file.texts("streets"));
    ESC_TRY(names.towns, file.texts("towns"));
    ESC_TRY(names.products, file.texts("products"));
    ESC_TRY(names.orders, file.texts("orders"));
    const bool is_empty = names.given.empty() || names.surnames.empty() || names.streets.empty() ||
                          names.towns.empty() || names.products.empty() || names.orders.empty();
    if (is_empty) return fail(Errc::InvalidArgument, "names.json: a list is empty");
    return names;
}

Account invent_account(Rng& rng, const Names& names, int index) {
    Account account{.number = std::to_string(51'000'000 + index),
                    .product = pick(rng, names.products),
                    .status = "active"};
    const bool owes = rng.below(3) != 0;
    if (!owes) return account;
    account.balance_cents = static_cast<std::int64_t>(1'500 + rng.below(16'000));
    account.due_in_days = static_cast<std::int64_t>(rng.below(25)) - 4;
    if (account.due_in_days < 0) account.status = "overdue";
    return account;
}

Order invent_order(Rng& rng, const Names& names, int index) {
    Order order{.number = std::to_string(71'000'000 + index),
                .description = pick(rng, names.orders),
                .status = "preparing"};
    order.ordered_days_ago = static_cast<std::int64_t>(2 + rng.below(30));
    order.expected_in_days = static_cast<std::int64_t>(rng.below(20)) - 6;
    if (order.expected_in_days < 0) order.status = "delivered";
    if (order.expected_in_days >= 0 && order.expected_in_days < 3) order.status = "in_transit";
    if (order.expected_in_days > 8) order.status = "scheduled";
    return order;
}

Person invent(Rng& rng, const Names& names, int index) {
    Person person;
    person.name =
        pick(rng, names.given) + " " + pick(rng, names.surnames) + " " + pick(rng, names.surnames);
    // Spread by index, so that no two are equal.
    const auto spread = static_cast<std::uint64_t>(index) * 173'501ULL;
    person.document_id = identity_document(20'000'000ULL + spread + rng.below(100'000));
    person.address = pick(rng, names.streets) + " " + std::to_string(1 + rng.below(120)) + ", " +
                     pick(rng, names.towns);
    person.language = rng.below(20) == 0 ? "en" : "es";
    person.born_on = iso_date(static_cast<int>(1938 + rng.below(68)),
                              static_cast<unsigned>(1 + rng.below(12)),
                              static_cast<unsigned>(1 + rng.below(28)));
    const auto digits = 600'300'000 + index * 97;
    person.points.push_back({"number", "+34" + std::to_string(digits), "móvil", "declared"});
    if (rng.below(4) == 0) {
        const auto fixed = 910'300'000 + index * 89;
        person.points.push_back({"number", "+34" + std::to_string(fixed), "casa", "declared"});
    }
    person.accounts.push_back(invent_account(rng, names, index));
    if (rng.below(3) == 0) person.orders.push_back(invent_order(rng, names, index));
    return person;
}

void add_events(World& world, const Person& person, CustomerId id, std::vector<Event>& events) {
    Event created;
    created.type = "customer_created";
    created.at = world.founded;
    created.company = world.company;
    created.customer = id;
    created.with("name", person.name).with("document_id", person.document_id);
    created.with("address", person.address).with("language", person.language);
    created.with("born_on", person.born_on).with("notes", person.notes);
    events.push_back(std::move(created));
    for (const Point& point : person.points) {
        Event added;
        added.type = "contact_point_added";
        added.at = world.founded;
        added.company = world.company;
        added.customer = id;
        added.with("point", Uuid::v7(world.founded, world.rng).to_string());
        added.with("kind", point.kind).with("value", point.value).with("label", point.label);
        added.with("evidence", point.evidence);
        events.push_back(std::move(added));
    }
}

Result<void> add_accounts(World& world, const Person& person, CustomerId id) {
    for (const Account& account : person.accounts) {
        std::optional<std::string> due;
        if (account.due_in_days != kNoBill) {
            ESC_TRY(due, local_date(world, account.due_in_days));
        }
        ESC_TRY(world.connection.execute(
            "INSERT INTO directory_account (company_id, customer_id, number, product,"
            " balance_cents, currency, due_on, status, as_of_us)"
            " VALUES (?, ?, ?, ?, ?, 'EUR', ?, ?, ?)",
            {world.company,
             id,
             account.number,
             account.product,
             account.balance_cents,
             due,
             account.status,
             world.options.now}));
    }
    return ok();
}

Result<void> add_orders(World& world, const Person& person, CustomerId id) {
    for (const Order& order : person.orders) {
        ESC_TRY(const auto ordered, local_date(world, -order.ordered_days_ago));
        ESC_TRY(const auto expected, local_date(world, order.expected_in_days));
        ESC_TRY(world.connection.execute(
            "INSERT INTO directory_order (company_id, customer_id, number, description, status,"
            " ordered_on, expected_on, as_of_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            {world.company,
             id,
             order.number,
             order.description,
             order.status,
             ordered,
             expected,
             world.options.now}));
    }
    return ok();
}

}  // namespace

Result<std::int64_t> load_customers(World& world, int count) {
    ESC_TRY(const auto file, Node::read(world.data_folder + "/customers.json"));
    ESC_TRY(const auto fixed, file.list("customers"));
    std::vector<Person> people;
    for (const Node& node : fixed) {
        ESC_TRY(auto person, read_person(node));
        people.push_back(std::move(person));
    }
    if (static_cast<int>(people.size()) < count) {
        ESC_TRY(const auto names_file, Node::read(world.data_folder + "/names.json"));
        ESC_TRY(const auto names, read_names(names_file));
        for (int i = static_cast<int>(people.size()); i < count; ++i) {
            people.push_back(invent(world.rng, names, i));
        }
    }
    std::vector<Event> events;
    for (const Person& person : people) {
        const auto id = CustomerId::make(world.founded, world.rng);
        add_events(world, person, id, events);
        ESC_TRY(add_accounts(world, person, id));
        ESC_TRY(add_orders(world, person, id));
        const bool is_family = person.accounts.empty();
        if (!person.points.empty()) {
            world.callers.push_back({id, person.points.front().value, is_family});
        }
    }
    ESC_TRY(store::import_events(world.connection, events));
    world.events += static_cast<std::int64_t>(events.size());
    return static_cast<std::int64_t>(people.size());
}

}  // namespace escucha::demo::detail
