#include "api/detail/outside.h"

#include "control/outside_rules.h"

namespace escucha::api {

namespace {

using control::OutsideRefusal;

Text words_of(OutsideRefusal refusal) {
    switch (refusal) {
        case OutsideRefusal::NotConfigured:
            return {"Su empresa no tiene llamadas al exterior.",
                    "Your company does not call outside numbers."};
        case OutsideRefusal::NotANumber:
            return {"Eso no es un número de teléfono.", "That is not a telephone number."};
        case OutsideRefusal::Emergency:
            return {
                "A emergencias no se transfiere: llame desde un teléfono y dé usted la dirección.",
                "Calls are not passed to emergency services: ring them from a telephone and "
                "give the address yourself."};
        case OutsideRefusal::Denied:
            return {"Ese número está vetado.", "That number is barred."};
        case OutsideRefusal::NotAllowed:
            return {"Ese número no está entre los que se permite llamar.",
                    "That number is not among those that may be called."};
        case OutsideRefusal::Closed:
            return {"A esta hora no se llama al exterior.",
                    "Outside numbers are not called at this hour."};
        case OutsideRefusal::TooManyAtOnce:
            return {"Ya hay tantas llamadas al exterior como se permiten; inténtelo en un momento.",
                    "There are as many outside calls as may be at a time; try again in a moment."};
        case OutsideRefusal::TooManyToday:
            return {"Hoy ya se han hecho todas las llamadas al exterior que se permiten.",
                    "All outside calls that are allowed today have been made."};
        case OutsideRefusal::TooLongToday:
            return {"Hoy ya se han hablado todos los minutos al exterior que se permiten.",
                    "All outside minutes that are allowed today have been used."};
    }
    return {"Ese número no se puede llamar.", "That number cannot be called."};
}

}  // namespace

std::optional<Problem> outside_problem(const Error& error) {
    for (std::size_t i = 0; i < control::kOutsideRefusals; ++i) {
        const auto refusal = static_cast<OutsideRefusal>(i);
        if (error.detail != control::word(refusal)) continue;
        Problem problem{Code::OutsideRefused};
        problem.faults.push_back({.pointer = "/to_number", .detail = words_of(refusal)});
        return problem;
    }
    return std::nullopt;
}

}  // namespace escucha::api
