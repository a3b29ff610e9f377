#pragma once

namespace escucha {

/// Builds a visitor from lambdas. Without an `auto` arm, a new alternative breaks the build.
template <typename... Fs>
struct overloaded : Fs... {
    using Fs::operator()...;
};
template <typename... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace escucha
