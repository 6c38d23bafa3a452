// The members of a value, one by one: of a class that says its `fields`, and of any aggregate
// without having to (structured bindings count them). What is not known here does not compile, so
// that no member is left out unseen.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace nlb::controlplane {

// Stands for a value of any type; nowhere evaluated.
struct AnyValue {
    template <class T>
    operator T() const noexcept;
};
struct NoEach {
    template <class... Fields>
    void operator()(Fields&&...) const {}
};

template <class T>
concept SaysItsFields = requires(T& value) {
    T::fields(value, NoEach{});
};

inline constexpr std::size_t kFieldsMax = 24;

template <class T, std::size_t... I>
[[nodiscard]] consteval bool takes_values(std::index_sequence<I...>) {
    return requires {
        T{(static_cast<void>(I), AnyValue{})...};
    };
}

// Of an aggregate: how many members it has. Requires: at most kFieldsMax.
template <class T, std::size_t kCount = kFieldsMax>
[[nodiscard]] consteval std::size_t field_count() {
    static_assert(std::is_aggregate_v<T>, "say its fields()");
    static_assert(!takes_values<T>(std::make_index_sequence<kFieldsMax + 1>{}), "too many members");
    if constexpr (takes_values<T>(std::make_index_sequence<kCount>{}))
        return kCount;
    else
        return field_count<T, kCount - 1>();
}

// Calls each(members...) once. `Value` may be const.
// clang-format off
#define NLB_WITH_FIELDS(count, ...)                 \
    if constexpr (kCount == count) {                \
        auto& [__VA_ARGS__] = value;                \
        each(__VA_ARGS__);                          \
    } else
template <class Value, class Each>
void with_fields(Value& value, Each&& each) {
    using T = std::remove_const_t<Value>;
    if constexpr (SaysItsFields<T>) {
        T::fields(value, each);
    } else {
        constexpr std::size_t kCount = field_count<T>();
        NLB_WITH_FIELDS(1, a)
        NLB_WITH_FIELDS(2, a, b)
        NLB_WITH_FIELDS(3, a, b, c)
        NLB_WITH_FIELDS(4, a, b, c, d)
        NLB_WITH_FIELDS(5, a, b, c, d, e)
        NLB_WITH_FIELDS(6, a, b, c, d, e, f)
        NLB_WITH_FIELDS(7, a, b, c, d, e, f, g)
        NLB_WITH_FIELDS(8, a, b, c, d, e, f, g, h)
        NLB_WITH_FIELDS(9, a, b, c, d, e, f, g, h, i)
        NLB_WITH_FIELDS(10, a, b, c, d, e, f, g, h, i, j)
        NLB_WITH_FIELDS(11, a, b, c, d, e, f, g, h, i, j, k)
        NLB_WITH_FIELDS(12, a, b, c, d, e, f, g, h, i, j, k, l)
        NLB_WITH_FIELDS(13, a, b, c, d, e, f, g, h, i, j, k, l, m)
        NLB_WITH_FIELDS(14, a, b, c, d, e, f, g, h, i, j, k, l, m, n)
        NLB_WITH_FIELDS(15, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
        NLB_WITH_FIELDS(16, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
        NLB_WITH_FIELDS(17, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)
        NLB_WITH_FIELDS(18, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)
        NLB_WITH_FIELDS(19, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s)
        NLB_WITH_FIELDS(20, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t)
        NLB_WITH_FIELDS(21, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u)
        NLB_WITH_FIELDS(22, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v)
        NLB_WITH_FIELDS(23, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w)
        NLB_WITH_FIELDS(24, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x)
        static_assert(kCount == 0);
    }
}
#undef NLB_WITH_FIELDS
// clang-format on

}  // namespace nlb::controlplane
