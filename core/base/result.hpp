// How everything outside the worker cores reports failure: a value, or one clear sentence for the
// operator.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "core/base/assert.hpp"

namespace nlb {

// One sentence that names the place and the remedy; it is printed as it is.
struct Error {
    std::string message;
};

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::move(value)) {}
    Result(Error error) : state_(std::move(error)) {}

    [[nodiscard]] bool ok() const { return std::holds_alternative<T>(state_); }
    explicit operator bool() const { return ok(); }

    // Requires: ok().
    [[nodiscard]] T& value() {
        NLB_ASSERT(ok());
        return *std::get_if<T>(&state_);
    }
    [[nodiscard]] const T& value() const {
        NLB_ASSERT(ok());
        return *std::get_if<T>(&state_);
    }
    // Requires: !ok().
    [[nodiscard]] const Error& error() const {
        NLB_ASSERT(!ok());
        return *std::get_if<Error>(&state_);
    }

private:
    std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace nlb
