// A place in a YAML document: its value, its path ("clusters[0].port_rules[1].ports") and the
// diagnostics that its mistakes go to. A read that fails reports and leaves its target as it was,
// so that reading goes on and finds the next mistake.
#pragma once

#include <concepts>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>
#include <yaml-cpp/yaml.h>

#include "config/diagnostics.hpp"
#include "config/format.hpp"
#include "config/nearest.hpp"
#include "config/words.hpp"

namespace nlb::config {

// A scalar that is never a value: `nlb import` writes it for what Windows does not say.
inline constexpr std::string_view kToFillIn = "TODO";

class Cursor {
public:
    // The top of a document.
    Cursor(const YAML::Node& node, Diagnostics& diagnostics);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool is_mapping() const { return node_.IsMap(); }
    [[nodiscard]] bool is_list() const { return node_.IsSequence(); }
    [[nodiscard]] bool is_scalar() const { return node_.IsScalar(); }
    // It stands where somebody has to fill in a value; no read takes it.
    [[nodiscard]] bool is_to_fill_in() const { return is_scalar() && scalar() == kToFillIn; }
    // Requires: is_scalar().
    [[nodiscard]] const std::string& scalar() const { return node_.Scalar(); }

    // What `nlb import` could not know is told as such.
    void mistake(const std::string& sentence) const;
    // Of a key of this mapping: at the key, or at the mapping when it does not hold the key.
    void unknown_key(const std::string& key, Position position, const std::string& sentence) const;
    void missing_key(std::string_view key, std::string_view what) const;
    // "expected WHAT, got (this value)"
    void expected(std::string_view what) const;

    // The entries of a mapping whose keys are free. A key that comes twice is a mistake.
    struct Entry;
    [[nodiscard]] std::vector<Entry> entries(std::string_view what) const;
    // The members of a list of at least `least`; those beyond `most` are reported and left out.
    // "what" is plural: "port rules".
    [[nodiscard]] std::vector<Cursor> items(std::string_view what, std::size_t least,
                                            std::size_t most) const;

    // A scalar that is not empty.
    bool read_text(std::string& into, std::string_view what) const;
    void read_flag(bool& into) const;
    template <std::unsigned_integral Integer>
    void read_number(Integer& into, std::uint64_t least, std::uint64_t most) const;
    void read_duration(Duration& into, Duration least, Duration most) const;
    template <class Choice>
    void read_word(Choice& into) const;
    // With a parser of config/format.hpp, whose error is the sentence; `what` stands for it when
    // there is no text to parse.
    template <class Value>
    bool read(Value& into, Result<Value> (*parse)(std::string_view), std::string_view what) const;

private:
    Cursor(const YAML::Node& node, std::string path, Diagnostics& diagnostics);
    [[nodiscard]] std::string path_of(const std::string& key) const;
    // Puts the member's place into the diagnostics, where validation asks for it later.
    [[nodiscard]] Cursor child(const YAML::Node& node, const std::string& path,
                               Position position) const;
    [[nodiscard]] bool read_integer(std::uint64_t& into, std::uint64_t least,
                                    std::uint64_t most) const;

    YAML::Node node_;
    std::string path_;
    Diagnostics* diagnostics_;
};

struct Cursor::Entry {
    std::string key;
    Position key_position;
    Cursor value;
};

// A mapping whose keys are fixed: each is known, comes once, and is asked for by name.
class Mapping {
public:
    // Reports when the value is no mapping, and every key that is not in `known`.
    Mapping(const Cursor& at, std::string_view what, std::initializer_list<std::string_view> known);
    // nullptr: the operator did not write it.
    [[nodiscard]] const Cursor* find(std::string_view key) const;
    // As find(), but its absence is a mistake, unless a misspelt key was told already.
    [[nodiscard]] const Cursor* require(std::string_view key, std::string_view what) const;

private:
    Cursor at_;
    std::vector<Cursor::Entry> entries_;
    std::vector<std::string_view> misspelt_;
};

template <std::unsigned_integral Integer>
void Cursor::read_number(Integer& into, std::uint64_t least, std::uint64_t most) const {
    NLB_ASSERT(most <= std::numeric_limits<Integer>::max());
    std::uint64_t value = 0;
    if (read_integer(value, least, most)) into = static_cast<Integer>(value);
}

template <class Choice>
void Cursor::read_word(Choice& into) const {
    std::vector<std::string_view> texts;
    for (const Word<Choice>& word : words_of<Choice>()) {
        if (is_scalar() && scalar() == word.text) {
            into = word.value;
            return;
        }
        texts.push_back(word.text);
    }
    expected(one_of(texts));
}

template <class Value>
bool Cursor::read(Value& into, Result<Value> (*parse)(std::string_view),
                  std::string_view what) const {
    if (!is_scalar()) {
        expected(what);
        return false;
    }
    auto parsed = parse(scalar());
    if (!parsed) {
        mistake(parsed.error().message);
        return false;
    }
    into = parsed.value();
    return true;
}

}  // namespace nlb::config
