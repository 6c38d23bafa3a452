// The registry as reg.exe and regedit export it: [KEY] lines, "NAME"=VALUE lines, hexadecimal
// values that go on behind a backslash. Keys that say nothing of NLB are passed over. The binary
// port rules of Windows 2000 are named, not guessed: their layout is not public.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "cli/windows/reading.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

constexpr std::size_t kValueBytesMax = 64 * 1024;

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// What stands behind `marker` in the key, in lower case; nothing: it is another key.
std::optional<std::string> behind(const std::string& key, std::string_view marker) {
    const std::size_t at = key.find(marker);
    if (at == std::string::npos) return std::nullopt;
    return key.substr(at + marker.size());
}

enum class Kind { text, number, strings, binary };

struct Value {
    Kind kind = Kind::text;
    std::string text;                  // of strings: the first one
    std::vector<std::string> strings;  // REG_MULTI_SZ
};

struct Entry {
    std::string name;
    Value value;
    Place place;
};

struct Key {
    std::string path;  // lower case
    Place place;
    std::vector<Entry> entries;
};

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// "01,00,ff"; nothing: it is not that.
std::optional<std::string> bytes_of(std::string_view text) {
    std::string bytes;
    while (!trimmed(text).empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view pair = trimmed(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (pair.size() != 2 || hex_digit(pair[0]) < 0 || hex_digit(pair[1]) < 0)
            return std::nullopt;
        if (bytes.size() == kValueBytesMax) return std::nullopt;
        bytes += static_cast<char>(hex_digit(pair[0]) << 4 | hex_digit(pair[1]));
    }
    return bytes;
}

// Strings between zeros; of version 5 in UTF-16.
std::vector<std::string> strings_of(const std::string& bytes, bool wide) {
    std::vector<std::string> strings;
    std::string one;
    for (std::size_t at = 0; at + (wide ? 1 : 0) < bytes.size(); at += wide ? 2 : 1) {
        const bool plain = !wide || bytes[at + 1] == 0;
        const char c = plain ? bytes[at] : '?';
        if (c != 0) {
            one += c;
        } else if (!one.empty()) {
            strings.push_back(std::move(one));
            one.clear();
        }
    }
    if (!one.empty()) strings.push_back(one);
    return strings;
}

// `"a\\b\"c"` without its quotes; nothing: it has no end.
std::optional<std::string> unquoted(std::string_view text, std::size_t& used) {
    std::string out;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '"') {
            used = at + 1;
            return out;
        }
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        out += text[at];
    }
    return std::nullopt;
}

std::optional<Value> hexadecimal(std::string_view text, bool wide) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto bytes = bytes_of(text.substr(colon + 1));
    if (!bytes) return std::nullopt;
    const std::string_view type = text.substr(0, colon);
    Value value{Kind::binary, "", {}};
    if (type == "hex(7)" || type == "hex(2)" || type == "hex(1)") {
        value.kind = type == "hex(7)" ? Kind::strings : Kind::text;
        value.strings = strings_of(*bytes, wide);
        if (!value.strings.empty()) value.text = value.strings.front();
    } else if (type == "hex(4)" && bytes->size() == 4) {
        std::uint32_t number = 0;
        for (std::size_t i = 4; i-- > 0;)
            number = number << 8 | static_cast<unsigned char>((*bytes)[i]);
        value = {Kind::number, std::to_string(number), {}};
    }
    return value;
}

std::optional<Value> value_of(std::string_view text, bool wide) {
    std::size_t used = 0;
    if (!text.empty() && text.front() == '"') {
        auto words = unquoted(text, used);
        if (!words || !trimmed(text.substr(used)).empty()) return std::nullopt;
        return Value{Kind::text, std::move(*words), {}};
    }
    if (text.rfind("hex", 0) == 0) return hexadecimal(text, wide);
    if (text.rfind("dword:", 0) != 0) return std::nullopt;
    const std::string_view digits = text.substr(6);
    std::uint32_t number = 0;
    if (digits.empty() || digits.size() > 8) return std::nullopt;
    for (const char c : digits) {
        if (hex_digit(c) < 0) return std::nullopt;
        number = number << 4 | static_cast<std::uint32_t>(hex_digit(c));
    }
    return Value{Kind::number, std::to_string(number), {}};
}

class ExportReader {
public:
    ExportReader(const SourceText& text, Mistakes& mistakes) : text_(text), mistakes_(mistakes) {}

    std::vector<Key> read() {
        bool titled = false;
        for (at_ = 0; at_ < text_.lines.size(); ++at_) {
            const std::string_view line = trimmed(text_.lines[at_]);
            if (line.empty() || line.front() == ';') continue;
            if (line.front() == '[')
                begin_key(line);
            else if (line.front() == '"' || line.front() == '@')
                take_value(line);
            else if (!titled)
                wide_ = line != "REGEDIT4";
            else
                complain(line);
            titled = true;
        }
        return std::move(keys_);
    }

private:
    void complain(std::string_view line) {
        mistakes_.add(text_.at(at_),
                      "expected [KEY] or \"NAME\"=VALUE, got " + config::in_quotes(line));
    }

    void begin_key(std::string_view line) {
        if (line.back() != ']') return complain(line);
        const std::string_view path = line.substr(1, line.size() - 2);
        keep_ = path.empty() || path.front() != '-';  // "[-KEY]" removes it
        if (keep_) keys_.push_back({lower(path), text_.at(at_), {}});
    }

    // A value in hexadecimal goes on in the next line when this one ends with a backslash.
    std::string whole_line(std::string_view line) {
        std::string whole(line);
        while (!whole.empty() && whole.back() == '\\' && whole.size() < 4 * kValueBytesMax &&
               at_ + 1 < text_.lines.size()) {
            whole.pop_back();
            whole += trimmed(text_.lines[++at_]);
        }
        return whole;
    }

    void take_value(std::string_view first_line) {
        const Place place = text_.at(at_);
        const std::string line = whole_line(first_line);
        std::size_t used = 1;
        std::string name;
        if (line.front() == '"') {
            auto quoted = unquoted(line, used);
            if (!quoted) return complain(first_line);
            name = std::move(*quoted);
        }
        const std::string_view rest = trimmed(std::string_view(line).substr(used));
        if (rest.empty() || rest.front() != '=') return complain(first_line);
        if (!keep_ || keys_.empty() || rest == "=-") return;
        auto value = value_of(trimmed(rest.substr(1)), wide_);
        if (!value)
            return mistakes_.add(
                place, fmt::format("{}: expected \"TEXT\", dword:HEX or hex:HEX, "
                                   "got {}",
                                   config::in_quotes(name), config::in_quotes(rest.substr(1))));
        if (keys_.back().entries.size() < kStatementsMax)
            keys_.back().entries.push_back({std::move(name), std::move(*value), place});
    }

    const SourceText& text_;
    Mistakes& mistakes_;
    std::size_t at_ = 0;
    bool wide_ = true;
    bool keep_ = false;
    std::vector<Key> keys_;
};

std::string joined(const std::vector<std::string>& strings) {
    std::string text;
    for (const std::string& one : strings) text += (text.empty() ? "" : " ") + one;
    return text;
}

class Assembly {
public:
    std::vector<Reading> assemble(const std::vector<Key>& keys) {
        for (const Key& key : keys) take(key);
        std::vector<Reading> readings;
        for (const std::string& id : order_) {
            Reading& reading = by_adapter_[id];
            if (find(reading.said, "ClusterIPAddress") == nullptr) continue;
            reading.said.insert(reading.said.end(), global_.begin(), global_.end());
            if (const auto bound = bound_.find(id); bound != bound_.end())
                reading.virtual_addresses = bound->second;
            readings.push_back(std::move(reading));
        }
        return readings;
    }

private:
    void take(const Key& key) {
        if (const auto adapter = behind(key.path, "\\services\\tcpip\\parameters\\interfaces\\"))
            return take_bound(*adapter, key);
        const bool names = behind(key.path, "\\control\\computername\\computername").has_value() ||
                           key.path.ends_with("\\services\\tcpip\\parameters");
        if (names) return take_names(key);
        const auto rest = behind(key.path, "\\services\\wlbs\\parameters");
        if (!rest) return;
        const auto adapter = behind(*rest, "\\interface\\");
        const std::string inner = adapter ? *adapter : "\\" + *rest;
        const std::size_t slash = inner.find('\\');
        const std::string id = adapter ? inner.substr(0, slash) : "";
        const std::string below =
            slash == std::string::npos ? "" : inner.substr(std::min(slash + 1, inner.size()));
        if (adapter || find_entry(key, "ClusterIPAddress") != nullptr || !below_is_empty(below))
            take_parameters(id, below, key);
        else
            for (const Entry& entry : key.entries) add(global_, entry);
    }

    static bool below_is_empty(const std::string& below) {
        return below.find_first_not_of('\\') == std::string::npos;
    }

    static const Entry* find_entry(const Key& key, std::string_view name) {
        const auto found =
            std::find_if(key.entries.begin(), key.entries.end(),
                         [name](const Entry& entry) { return same_name(entry.name, name); });
        return found == key.entries.end() ? nullptr : &*found;
    }

    void take_parameters(const std::string& id, const std::string& below, const Key& key) {
        if (by_adapter_.size() == kReadingsMax && by_adapter_.count(id) == 0) return;
        if (by_adapter_.emplace(id, Reading{}).second) {
            order_.push_back(id);
            by_adapter_[id].place = key.place;
        }
        Reading& reading = by_adapter_[id];
        if (below.find("portrules") != std::string::npos) return take_rule(reading, key);
        for (const Entry& entry : key.entries) {
            if (same_name(entry.name, "PortRules") && entry.value.kind == Kind::binary)
                reading.rules_unreadable = entry.place;
            else if (entry.value.kind != Kind::binary && reading.said.size() < kStatementsMax)
                add(reading.said, entry);
        }
    }

    static void take_rule(Reading& reading, const Key& key) {
        reading.rules_said = true;
        RuleReading rule{{}, key.place};
        for (const Entry& entry : key.entries) add(rule.said, entry);
        if (!rule.said.empty() && reading.rules.size() < kRuleStatementsMax)
            reading.rules.push_back(std::move(rule));
    }

    // The addresses of the adapter: what is not dedicated is balanced.
    void take_bound(const std::string& adapter, const Key& key) {
        const Entry* addresses = find_entry(key, "IPAddress");
        const Entry* masks = find_entry(key, "SubnetMask");
        if (addresses == nullptr || bound_.size() == kReadingsMax) return;
        for (std::size_t i = 0; i < std::min<std::size_t>(addresses->value.strings.size(), 64);
             ++i) {
            const bool masked = masks != nullptr && i < masks->value.strings.size();
            bound_[adapter].push_back({addresses->value.strings[i],
                                       masked ? masks->value.strings[i] : "", addresses->place});
        }
    }

    void take_names(const Key& key) {
        for (const char* name : {"ComputerName", "Hostname"})
            if (const Entry* entry = find_entry(key, name);
                entry != nullptr && find(global_, "HostName") == nullptr)
                global_.push_back({"HostName", entry->value.text, entry->place});
    }

    static void add(std::vector<Statement>& into, const Entry& entry) {
        const bool several = entry.value.kind == Kind::strings;
        into.push_back(
            {entry.name, several ? joined(entry.value.strings) : entry.value.text, entry.place});
    }

    std::map<std::string, Reading> by_adapter_;  // by GUID; "" of Windows NT 4, which has one
    std::vector<std::string> order_;
    std::vector<Statement> global_;
    std::map<std::string, std::vector<AddressStatement>> bound_;
};

}  // namespace

std::vector<Reading> read_registry(const SourceText& text, Mistakes& mistakes) {
    const std::vector<Key> keys = ExportReader(text, mistakes).read();
    std::vector<Reading> readings = Assembly().assemble(keys);
    if (readings.empty() && !mistakes.any())
        mistakes.add({text.file, 1},
                     "expected the key HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
                     "WLBS\\Parameters with a ClusterIPAddress, got none");
    return readings;
}

}  // namespace nlb::cli::windows
