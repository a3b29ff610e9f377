#pragma once

#include <string>
#include <string_view>

namespace escucha::cases {

/// A note as it may be kept: numbers of payment cards (PCI DSS 4.0, requirement 3.4: the last four
/// digits may be shown) and of identity documents are dots but for their end. Case and everything
/// else stay as they are, so masking twice changes nothing.
///
/// A card is 13 to 19 digits, in groups parted by a space, a hyphen or a dot, of a length that its
/// first digits allow and with a right check digit (ISO/IEC 7812-1, Luhn). A document is one whose
/// own check character is right: NIF and NIE (Spain), RUT (Chile, with its hyphen), CUIT
/// (Argentina, with both hyphens) and CURP (Mexico). What has no check character, a Peruvian DNI or
/// a Colombian cédula, cannot be told from an amount or a telephone and stays.
std::string mask_sensitive(std::string_view text);

}  // namespace escucha::cases
