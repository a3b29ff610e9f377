#pragma once

#include "audio/codec.h"
#include "base/time.h"

namespace escucha::audio {

/// What the E-model of ITU-T G.107 knows about a codec (G.113 appendix I).
struct Impairment {
    double equipment = 0;        ///< Ie: what the codec takes away without losses.
    double loss_robustness = 1;  ///< Bpl: the greater, the less a lost packet harms.
};
/// With our concealment. For G.722 and Opus, which the narrow-band model does not hold, the figures
/// are those of G.711: what their band adds is not counted. Opus conceals better.
Impairment impairment_of(Codec codec);

struct Connection {
    double loss_percent = 0;    ///< 0 to 100: what was not there when it was to be heard.
    Duration one_way_delay{0};  ///< From mouth to ear.
};

/// The transmission rating R, 0 to 93.2: G.107 with its default values, no echo and losses at
/// random.
double rating(const Impairment& impairment, const Connection& connection);
/// G.107 annex B: what people would say of it on average, 1 (bad) to 4.5.
double mos_of(double rating);

}  // namespace escucha::audio
