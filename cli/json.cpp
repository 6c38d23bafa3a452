// Reading JSON without trust. nlohmann's exceptions are never raised here: parsing is asked not to,
// and kinds are looked at first.
#include "cli/json.hpp"

namespace nlb::cli {
namespace {

const Json kNull = nullptr;
const Json kNoElements = Json::array();

// Copying and printing recurse: without a bound a hostile answer of 1 MiB of brackets would use up
// the stack.
constexpr std::size_t kNestingMax = 64;

bool nests_too_deep(std::string_view text) {
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\') ++i;
        if (quoted) continue;
        if ((c == '{' || c == '[') && ++depth > kNestingMax) return true;
        if ((c == '}' || c == ']') && depth > 0) --depth;
    }
    return false;
}

std::int64_t integer(const Json& value, std::int64_t otherwise) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        return number > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(number);
    }
    return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

}  // namespace

std::optional<Json> parse_json(std::string_view text) {
    if (nests_too_deep(text)) return std::nullopt;
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value;
}

std::string one_line(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json& member_of(const Json& object, std::string_view key) {
    if (!object.is_object()) return kNull;
    const auto found = object.find(std::string(key));
    return found == object.end() ? kNull : *found;
}

std::string text_of(const Json& object, std::string_view key, std::string_view otherwise) {
    const Json& value = member_of(object, key);
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
        return std::string(otherwise);
    return printable(value.get_ref<const std::string&>());
}

std::int64_t number_of(const Json& object, std::string_view key, std::int64_t otherwise) {
    return integer(member_of(object, key), otherwise);
}

bool flag_of(const Json& object, std::string_view key, bool otherwise) {
    const Json& value = member_of(object, key);
    return value.is_boolean() ? value.get<bool>() : otherwise;
}

const Json& list_of(const Json& object, std::string_view key) {
    const Json& value = member_of(object, key);
    return value.is_array() ? value : kNoElements;
}

std::string plain(const Json& value) {
    if (value.is_string()) return printable(value.get_ref<const std::string&>());
    if (value.is_null()) return "-";
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    return one_line(value);
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
    return out;
}

}  // namespace nlb::cli
