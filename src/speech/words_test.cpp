#include "speech/words.h"

#include <map>
#include <optional>
#include <sstream>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "speech/prompt_plan.h"

namespace escucha::speech {
namespace {

std::string es(Spoken what) { return words({std::move(what), Privacy::Plain}, Language::Es); }
std::string en(Spoken what) { return words({std::move(what), Privacy::Plain}, Language::En); }

/// Reads Spanish number words back, with a grammar of its own: what adds, what multiplies.
std::optional<std::int64_t> spanish_back(const std::string& text) {
    static const std::map<std::string, std::int64_t> kAdds = {
        {"cero", 0},          {"un", 1},
        {"uno", 1},           {"una", 1},
        {"dos", 2},           {"tres", 3},
        {"cuatro", 4},        {"cinco", 5},
        {"seis", 6},          {"siete", 7},
        {"ocho", 8},          {"nueve", 9},
        {"diez", 10},         {"once", 11},
        {"doce", 12},         {"trece", 13},
        {"catorce", 14},      {"quince", 15},
        {"dieciséis", 16},    {"diecisiete", 17},
        {"dieciocho", 18},    {"diecinueve", 19},
        {"veinte", 20},       {"veintiún", 21},
        {"veintiuno", 21},    {"veintiuna", 21},
        {"veintidós", 22},    {"veintitrés", 23},
        {"veinticuatro", 24}, {"veinticinco", 25},
        {"veintiséis", 26},   {"veintisiete", 27},
        {"veintiocho", 28},   {"veintinueve", 29},
        {"treinta", 30},      {"cuarenta", 40},
        {"cincuenta", 50},    {"sesenta", 60},
        {"setenta", 70},      {"ochenta", 80},
        {"noventa", 90},      {"cien", 100},
        {"ciento", 100},      {"doscient", 200},
        {"trescient", 300},   {"cuatrocient", 400},
        {"quinient", 500},    {"seiscient", 600},
        {"setecient", 700},   {"ochocient", 800},
        {"novecient", 900}};
    std::int64_t total = 0;
    std::int64_t part = 0;
    std::istringstream in{text};
    for (std::string word; in >> word;) {
        if (word == "y") continue;
        if (word.ends_with("cientos") || word.ends_with("cientas") || word.ends_with("nientos") ||
            word.ends_with("nientas")) {
            word.resize(word.size() - 2);
        }
        if (word == "mil") {
            part = (part == 0 ? 1 : part) * 1000;
            // "dos mil tres": what follows adds to the thousands.
        } else if (word == "millón" || word == "millones") {
            total += part * 1'000'000;
            part = 0;
        } else if (const auto found = kAdds.find(word); found != kAdds.end()) {
            part += found->second;
        } else {
            return std::nullopt;
        }
    }
    return total + part;
}

std::optional<std::int64_t> english_back(std::string text) {
    static const std::map<std::string, std::int64_t> kAdds = {
        {"zero", 0},     {"one", 1},      {"two", 2},        {"three", 3},     {"four", 4},
        {"five", 5},     {"six", 6},      {"seven", 7},      {"eight", 8},     {"nine", 9},
        {"ten", 10},     {"eleven", 11},  {"twelve", 12},    {"thirteen", 13}, {"fourteen", 14},
        {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19},
        {"twenty", 20},  {"thirty", 30},  {"forty", 40},     {"fifty", 50},    {"sixty", 60},
        {"seventy", 70}, {"eighty", 80},  {"ninety", 90}};
    for (auto& c : text) c = c == '-' ? ' ' : c;
    std::int64_t total = 0;
    std::int64_t part = 0;
    std::istringstream in{text};
    for (std::string word; in >> word;) {
        const std::map<std::string, std::int64_t> scales = {
            {"thousand", 1000}, {"million", 1'000'000}, {"billion", 1'000'000'000}};
        if (word == "and") continue;
        if (word == "hundred") {
            part *= 100;
        } else if (const auto scale = scales.find(word); scale != scales.end()) {
            total += part * scale->second;
            part = 0;
        } else if (const auto found = kAdds.find(word); found != kAdds.end()) {
            part += found->second;
        } else {
            return std::nullopt;
        }
    }
    return total + part;
}

}  // namespace

TEST_CASE("numbers become words and back up to a thousand million") {
    CHECK(rc::check("Spanish", [] {
        const auto value = *rc::gen::inRange<std::int64_t>(0, 1'000'000'001);
        for (const auto use : {Use::Alone, Use::BeforeMasculine, Use::BeforeFeminine}) {
            RC_ASSERT(spanish_back(number_words(value, Language::Es, use)) == value);
        }
    }));
    CHECK(rc::check("English", [] {
        const auto value = *rc::gen::inRange<std::int64_t>(0, 1'000'000'001);
        RC_ASSERT(english_back(number_words(value, Language::En)) == value);
    }));
    for (std::int64_t value = 0; value <= 12'000; ++value) {
        REQUIRE(spanish_back(number_words(value, Language::Es)) == value);
        REQUIRE(english_back(number_words(value, Language::En)) == value);
    }
}

TEST_CASE("the hard numbers of Spanish") {
    struct Row {
        std::int64_t value;
        Use use;
        const char* words;
    };
    const Row rows[] = {
        {0, Use::Alone, "cero"},
        {1, Use::Alone, "uno"},
        {1, Use::BeforeMasculine, "un"},
        {1, Use::BeforeFeminine, "una"},
        {16, Use::Alone, "dieciséis"},
        {21, Use::Alone, "veintiuno"},
        {21, Use::BeforeMasculine, "veintiún"},
        {21, Use::BeforeFeminine, "veintiuna"},
        {31, Use::BeforeMasculine, "treinta y un"},
        {100, Use::Alone, "cien"},
        {101, Use::BeforeMasculine, "ciento un"},
        {101, Use::Alone, "ciento uno"},
        {200, Use::BeforeFeminine, "doscientas"},
        {500, Use::BeforeFeminine, "quinientas"},
        {715, Use::Alone, "setecientos quince"},
        {1000, Use::Alone, "mil"},
        {1001, Use::Alone, "mil uno"},
        {21'000, Use::Alone, "veintiún mil"},
        {21'000, Use::BeforeFeminine, "veintiuna mil"},
        {100'000, Use::Alone, "cien mil"},
        {101'000, Use::BeforeMasculine, "ciento un mil"},
        {1'000'000, Use::Alone, "un millón"},
        {21'000'000, Use::BeforeFeminine, "veintiún millones"},
        {1'200'000, Use::BeforeFeminine, "un millón doscientas mil"},
        {1'000'000'000, Use::Alone, "mil millones"},
        {1'000'000'000'000, Use::Alone, "un billón"},
        {-5, Use::Alone, "menos cinco"},
        {INT64_MIN,
         Use::Alone,
         "menos nueve trillones doscientos veintitrés mil trescientos setenta y dos billones "
         "treinta y seis mil ochocientos cincuenta y cuatro millones setecientos setenta y cinco "
         "mil ochocientos ocho"},
    };
    for (const auto& row : rows) CHECK(number_words(row.value, Language::Es, row.use) == row.words);
}

TEST_CASE("the hard numbers of English") {
    const std::pair<std::int64_t, const char*> rows[] = {
        {0, "zero"},
        {21, "twenty-one"},
        {100, "one hundred"},
        {101, "one hundred and one"},
        {1'001, "one thousand and one"},
        {1'100, "one thousand one hundred"},
        {999'999, "nine hundred and ninety-nine thousand nine hundred and ninety-nine"},
        {1'000'000, "one million"},
        {1'000'005, "one million and five"},
        {-40, "minus forty"}};
    for (const auto& [value, text] : rows) CHECK(number_words(value, Language::En) == text);
}

TEST_CASE("money is counted in its units, with the right gender and \"de\" after millions") {
    const auto eur = [](std::int64_t minor) {
        return Money{.minor_units = minor, .currency = "EUR"};
    };
    CHECK(es(eur(1205)) == "doce euros con cinco céntimos");
    CHECK(es(eur(100)) == "un euro");
    CHECK(es(eur(101)) == "un euro con un céntimo");
    CHECK(es(eur(2100)) == "veintiún euros");
    CHECK(es(eur(50)) == "cincuenta céntimos");
    CHECK(es(eur(0)) == "cero euros");
    CHECK(es(eur(-350)) == "menos tres euros con cincuenta céntimos");
    CHECK(es(eur(100'000'000)) == "un millón de euros");
    CHECK(es(eur(100'000'001)) == "un millón de euros con un céntimo");
    CHECK(es(eur(250'000'000)) == "dos millones quinientos mil euros");
    CHECK(es(Money{.minor_units = 100'000'000'000, .currency = "COP"}) == "mil millones de pesos");
    CHECK(es(Money{.minor_units = 2'000'050, .currency = "MXN"}) ==
          "veinte mil pesos con cincuenta centavos");
    CHECK(es(Money{.minor_units = 101, .currency = "CLP"}) == "ciento un pesos");
    CHECK(es(Money{.minor_units = 2'100, .currency = "GBP"}) == "veintiuna libras");
    CHECK(es(Money{.minor_units = 500, .currency = "USD"}) == "cinco dólares");
    CHECK(en(eur(1205)) == "twelve euros and five cents");
    CHECK(en(Money{.minor_units = 100, .currency = "USD"}) == "one dollar");
    CHECK(en(Money{.minor_units = 101, .currency = "GBP"}) == "one pound and one penny");
    CHECK(en(Money{.minor_units = 500, .currency = "XYZ"}) == "five XYZ");
}

TEST_CASE("dates have their weekday and the first of the month its own word") {
    CHECK(es(Date{2026, 11, 23}) == "lunes, veintitrés de noviembre de dos mil veintiséis");
    CHECK(es(Date{2027, 1, 1}) == "viernes, primero de enero de dos mil veintisiete");
    CHECK(es(Date{2028, 2, 29}) == "martes, veintinueve de febrero de dos mil veintiocho");
    CHECK(en(Date{2026, 11, 23}) == "Monday, the twenty-third of November twenty twenty-six");
    CHECK(en(Date{2005, 5, 1}) == "Sunday, the first of May two thousand and five");
    CHECK(en(Date{1905, 12, 30}) == "Saturday, the thirtieth of December nineteen oh five");
    CHECK(es(Date{2026, 2, 30}).empty());
    CHECK(!make_date(2026, 2, 29));
    CHECK(make_date(2028, 2, 29));
    CHECK(!make_date(1899, 12, 31));
    CHECK(make_date(1900, 1, 1));
    CHECK(make_date(2999, 12, 31));
    CHECK(!make_date(3000, 1, 1));
}

TEST_CASE("times are said as people say them") {
    CHECK(es(TimeOfDay{15, 15}) == "las tres y cuarto de la tarde");
    CHECK(es(TimeOfDay{15, 20}) == "las tres y veinte de la tarde");
    CHECK(es(TimeOfDay{13, 0}) == "la una de la tarde");
    CHECK(es(TimeOfDay{12, 45}) == "la una menos cuarto del mediodía");
    CHECK(es(TimeOfDay{9, 30}) == "las nueve y media de la mañana");
    CHECK(es(TimeOfDay{23, 50}) == "las doce menos diez de la noche");
    CHECK(es(TimeOfDay{23, 52}) == "las once y cincuenta y dos de la noche");
    CHECK(es(TimeOfDay{0, 0}) == "las doce de la noche");
    CHECK(es(TimeOfDay{5, 1}) == "las cinco y uno de la madrugada");
    CHECK(en(TimeOfDay{15, 20}) == "three twenty in the afternoon");
    CHECK(en(TimeOfDay{9, 5}) == "nine oh five in the morning");
    CHECK(en(TimeOfDay{0, 0}) == "twelve in the morning");
    CHECK(en(TimeOfDay{21, 0}) == "nine at night");
}

TEST_CASE("references are read in the groups in which they are printed") {
    CHECK(es(Reference{"48219053"}) == "cuatro ocho dos uno, nueve cero cinco tres");
    CHECK(es(Reference{"123456789"}) == "uno dos tres, cuatro cinco seis, siete ocho nueve");
    CHECK(en(Reference{"1234567890"}) == "one two three, four five six, seven eight nine zero");
    CHECK(es(Reference{""}).empty());
    CHECK(es(Digits{"+34 60"}) == "tres cuatro seis cero");
}

TEST_CASE("lengths of time are said in their two largest units") {
    using namespace std::chrono_literals;
    CHECK(es(Span{0s}) == "cero segundos");
    CHECK(es(Span{1s}) == "un segundo");
    CHECK(es(Span{61min}) == "una hora y un minuto");
    CHECK(es(Span{24h + 21h}) == "un día y veintiuna horas");
    CHECK(es(Span{90s}) == "un minuto y treinta segundos");
    CHECK(es(Span{49h}) == "dos días y una hora");
    CHECK(es(Span{-5s}) == "cero segundos");
    CHECK(en(Span{3600s}) == "one hour");
}

TEST_CASE("waits are ranges of whole minutes") {
    CHECK(es(WaitRange{2, 4}) == "entre dos y cuatro minutos");
    CHECK(es(WaitRange{1, 3}) == "entre un y tres minutos");
    CHECK(es(WaitRange{0, 1}) == "menos de un minuto");
    CHECK(es(WaitRange{0, 5}) == "menos de cinco minutos");
    CHECK(es(WaitRange{3, 3}) == "unos tres minutos");
    CHECK(es(WaitRange{20, 21}) == "entre veinte y veintiún minutos");
    CHECK(en(WaitRange{2, 4}) == "between two and four minutes");
    CHECK(en(WaitRange{5, 3}) == "about five minutes");
}

TEST_CASE("ordinals agree in gender") {
    CHECK(es(Ordinal{1, Gender::Feminine}) == "primera");
    CHECK(es(Ordinal{3}) == "tercero");
    CHECK(es(Ordinal{12}) == "duodécimo");
    CHECK(es(Ordinal{21, Gender::Feminine}) == "vigésima primera");
    CHECK(es(Ordinal{100}) == "cien");
    CHECK(en(Ordinal{22}) == "twenty-second");
    CHECK(en(Ordinal{90}) == "ninetieth");
    CHECK(en(Ordinal{12}) == "twelfth");
}

TEST_CASE("a transcript hides what is sensitive and the plan does not") {
    const std::vector<Utterance> said = {
        {Text{"Debe "}, Privacy::Plain},
        {Money{.minor_units = 1205, .currency = "EUR"}, Privacy::Sensitive},
        {Text{". Gracias."}, Privacy::Plain}};
    CHECK(transcript(said, Language::Es) == "Debe •••. Gracias.");
    const auto plan = join_plan(said, Language::Es);
    REQUIRE(plan.size() == 2);
    CHECK(plan[0].text == "Debe doce euros con cinco céntimos.");
    CHECK(plan[0].reuse == Reuse::Variable);
    CHECK(plan[1].text == "Gracias.");
    CHECK(plan[1].reuse == Reuse::Static);
}

TEST_CASE("the plan cuts at sentences, never inside a value, and keeps recordings whole") {
    const std::vector<Utterance> said = {
        {Text{"Hola. ¿Qué tal? Hoy es 3.5; vale… "}, Privacy::Plain},
        {Recorded{.file = "es/menu.wav", .text = "Pulse uno. O dos."}, Privacy::Plain},
        {Text{" El "}, Privacy::Plain},
        {Name{"Sr. Díaz"}, Privacy::Plain},
        {Text{" llama"}, Privacy::Plain},
        {Text{"   "}, Privacy::Plain}};
    const auto plan = join_plan(said, Language::Es);
    REQUIRE(plan.size() == 6);
    CHECK(plan[0].text == "Hola.");
    CHECK(plan[1].text == "¿Qué tal?");
    CHECK(plan[2].text == "Hoy es 3.5;");
    CHECK(plan[3].text == "vale…");
    CHECK(plan[4].file == "es/menu.wav");
    CHECK(plan[4].text == "Pulse uno. O dos.");
    CHECK(plan[5].text == "El Sr. Díaz llama");
    CHECK(plan[5].reuse == Reuse::Variable);
    CHECK(join_plan({}, Language::Es).empty());
}

TEST_CASE("a cached file's name changes with whatever changes its sound") {
    const Voice voice{.engine = "espeak-ng", .name = "es"};
    const auto key = prompt_key(voice, Language::Es, "Hola.");
    CHECK(key.size() == std::string{"es/ab/"}.size() + 64 + 4);
    CHECK(key.starts_with("es/" + key.substr(6, 2) + "/"));
    CHECK(key == prompt_key(voice, Language::Es, "Hola."));
    CHECK(key != prompt_key(voice, Language::Es, "Hola"));
    CHECK(key != prompt_key(voice, Language::En, "Hola."));
    CHECK(key != prompt_key({.engine = "espeak-ng", .name = "es-419"}, Language::Es, "Hola."));
    CHECK(key != prompt_key({.engine = "espeak-nges", .name = ""}, Language::Es, "Hola."));
    CHECK(prompt_key(voice, Language::Es, "Hola.", Reuse::Variable).starts_with("es/once/"));
}

}  // namespace escucha::speech
