#include "exports/detail/visible_mark.h"

namespace escucha::exports::detail {
namespace {

/// "2026-11-30 10:45 UTC".
std::string minute(WallTime time) {
    constexpr std::size_t kDay = 10;
    constexpr std::size_t kMinute = 16;
    const std::string text = to_rfc3339(time);
    return text.substr(0, kDay) + ' ' + text.substr(kDay + 1, kMinute - kDay - 1) + " UTC";
}

}  // namespace

std::string visible_mark(const Request& request, const std::string& asker) {
    return asker + ' ' + minute(request.asked_at) +
           (is_spanish(request) ? ", exportación " : ", export ") + request.id.to_string();
}

std::string read_me(const Request& request, const std::string& asker) {
    const std::string mark = visible_mark(request, asker);
    if (is_spanish(request)) {
        return "Escucha - " + mark + "\r\n\r\nMotivo: " + request.reason +
               "\r\n\r\nEstos datos se entregan a quien los pidió, para ese motivo y nada más."
               " El fichero\r\nlleva marcas visibles y ocultas que dicen de qué exportación"
               " sale. Bórrelo cuando\r\nno lo necesite.\r\n\r\nUn apóstrofo delante de una"
               " celda impide que la hoja de cálculo la tome por fórmula.\r\n";
    }
    return "Escucha - " + mark + "\r\n\r\nReason: " + request.reason +
           "\r\n\r\nThis data is handed to whoever asked for it, for that reason and nothing"
           " else. The file\r\ncarries visible and hidden marks that tell from which export it"
           " comes. Delete it when\r\nyou do not need it any more.\r\n\r\nAn apostrophe before a"
           " cell keeps the spreadsheet from taking it for a formula.\r\n";
}

}  // namespace escucha::exports::detail
