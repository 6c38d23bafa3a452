// Values as bytes and back, member by member: the state of an agent in a recording. Integers are
// little-endian and as wide as they are in memory, so a recording is read by the build that wrote
// it, or by one with the same members. Reading never trusts: a count that the bytes cannot hold
// ends it, and everything that follows is left as it was.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "controlplane/agent/cluster_settings.hpp"
#include "controlplane/flight/fields.hpp"
#include "core/base/host_map.hpp"
#include "core/base/types.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;

class StateWriter {
public:
    template <class... Values>
    void operator()(const Values&... values) {
        (put(values), ...);
    }
    [[nodiscard]] std::vector<Byte> take() { return std::move(bytes_); }

private:
    template <Number T>
    void put(T value) {
        static_assert(std::endian::native == std::endian::little);
        const auto* const raw = reinterpret_cast<const Byte*>(&value);
        bytes_.insert(bytes_.end(), raw, raw + sizeof value);
    }
    void put(double value) { put(std::bit_cast<std::uint64_t>(value)); }
    void put(Duration value) { put(value.count()); }
    void put(Instant value) { put(value.time_since_epoch().count()); }
    void put(HostSet value) { put(value.bits()); }
    void put(const std::string& text) { put_all(text); }
    template <class T>
    void put(const std::vector<T>& values) {
        put_all(values);
    }
    template <class Key, class T>
    void put(const std::map<Key, T>& values) {
        put_all(values);
    }
    template <class T>
    void put(const HostMap<T>& values) {
        put_all(values);
    }
    template <class T, std::size_t kCount>
    void put(const std::array<T, kCount>& values) {
        for (const T& value : values) put(value);
    }
    template <class T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class A, class B>
    void put(const std::pair<A, B>& value) {
        put(value.first);
        put(value.second);
    }
    template <class... Parts>
    void put(const std::tuple<Parts...>& value) {
        std::apply([this](const auto&... parts) { (put(parts), ...); }, value);
    }
    template <class... Kinds>
    void put(const std::variant<Kinds...>& value) {
        put(static_cast<std::uint8_t>(value.index()));
        std::visit([this](const auto& kind) { put(kind); }, value);
    }
    // Neither the hash key nor the file's text: what follows from the key is its fingerprint.
    void put(const ClusterSettings& settings) {
        put(settings.cluster);
        put(settings.host);
        put(settings.key_fingerprint.empty() ? config::fingerprint_of(settings.hash_key)
                                             : settings.key_fingerprint);
        put(settings.versions);
    }
    // Of keys only the id.
    void put(const std::unique_ptr<const Authenticator>& keys) {
        put(keys != nullptr);
        if (keys) put(keys->sending_key());
    }
    template <class T>
    requires std::is_class_v<T>
    void put(const T& value) {
        with_fields(value, [this](const auto&... fields) { (put(fields), ...); });
    }
    template <class Values>
    void put_all(const Values& values) {
        put(static_cast<std::uint32_t>(values.size()));
        for (const auto& value : values) put(value);
    }

    std::vector<Byte> bytes_;
};

class StateReader {
public:
    // Keys that are only an id: what verifies frames in a replay.
    using MakeKeys = std::function<std::unique_ptr<const Authenticator>(std::uint16_t)>;

    StateReader(std::span<const Byte> bytes, MakeKeys make_keys)
        : bytes_(bytes), make_keys_(std::move(make_keys)) {}

    template <class... Values>
    void operator()(Values&... values) {
        (get(values), ...);
    }
    // Everything was there, and nothing is left.
    [[nodiscard]] bool is_whole() const { return ok_ && at_ == bytes_.size(); }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::span<const Byte> rest() const { return bytes_.subspan(at_); }

private:
    template <Number T>
    void get(T& value) {
        if (bytes_.size() - at_ < sizeof value) return fail();
        if constexpr (std::is_same_v<T, bool>)
            value = bytes_[at_] != 0;
        else
            std::memcpy(&value, bytes_.data() + at_, sizeof value);
        at_ += sizeof value;
    }
    void get(double& value) {
        std::uint64_t bits = 0;
        get(bits);
        value = std::bit_cast<double>(bits);
    }
    void get(Duration& value) {
        Duration::rep count = 0;
        get(count);
        value = Duration{count};
    }
    void get(Instant& value) {
        Duration since{};
        get(since);
        value = Instant{since};
    }
    void get(HostSet& value) {
        std::uint32_t bits = 0;
        get(bits);
        value = HostSet{bits};
    }
    void get(std::string& text) {
        text.clear();
        for (std::uint32_t left = count(); left != 0 && ok_; --left) {
            char one = 0;
            get(one);
            text.push_back(one);
        }
    }
    template <class T>
    void get(std::vector<T>& values) {
        values.clear();
        for (std::uint32_t left = count(); left != 0 && ok_; --left) {
            T value{};
            get(value);
            values.push_back(std::move(value));
        }
    }
    template <class Key, class T>
    void get(std::map<Key, T>& values) {
        values.clear();
        for (std::uint32_t left = count(); left != 0 && ok_; --left) {
            Key key{};
            get(key);
            get(values[key]);
        }
    }
    template <class T>
    void get(HostMap<T>& values) {
        values.clear();
        for (std::uint32_t left = count(); left != 0 && ok_; --left) {
            HostId id{};
            get(id);
            if (values.size() == kHostsMax && !values.contains(id)) return fail();
            get(values[id]);
        }
    }
    template <class T, std::size_t kCount>
    void get(std::array<T, kCount>& values) {
        for (T& value : values) get(value);
    }
    template <class T>
    void get(std::optional<T>& value) {
        bool there = false;
        get(there);
        value.reset();
        if (there && ok_) get(value.emplace(T{}));
    }
    template <class A, class B>
    void get(std::pair<A, B>& value) {
        get(value.first);
        get(value.second);
    }
    template <class... Parts>
    void get(std::tuple<Parts...>& value) {
        std::apply([this](auto&... parts) { (get(parts), ...); }, value);
    }
    template <class... Kinds>
    void get(std::variant<Kinds...>& value) {
        std::uint8_t index = 0;
        get(index);
        if (index >= sizeof...(Kinds)) return fail();
        std::uint8_t at = 0;
        (choose<Kinds>(value, index, at++), ...);
    }
    template <class Kind, class Variant>
    void choose(Variant& value, std::uint8_t wanted, std::uint8_t at) {
        if (wanted == at) get(value.template emplace<Kind>());
    }
    void get(ClusterSettings& settings) {
        get(settings.cluster);
        get(settings.host);
        get(settings.key_fingerprint);
        get(settings.versions);
    }
    void get(std::unique_ptr<const Authenticator>& keys) {
        bool there = false;
        std::uint16_t id = 0;
        get(there);
        if (there) get(id);
        keys = there && ok_ ? make_keys_(id) : nullptr;
    }
    template <class T>
    requires std::is_class_v<T>
    void get(T& value) {
        with_fields(value, [this](auto&... fields) { (get(fields), ...); });
    }
    // No element is smaller than nothing, but none is made that takes no byte: a count beyond what
    // is left is a lie.
    std::uint32_t count() {
        std::uint32_t count = 0;
        get(count);
        if (count > bytes_.size() - at_) fail();
        return count;
    }
    void fail() {
        ok_ = false;
        at_ = bytes_.size();
    }

    std::span<const Byte> bytes_;
    MakeKeys make_keys_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace nlb::controlplane
