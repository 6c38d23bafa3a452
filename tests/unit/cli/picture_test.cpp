// Strips, tables and trees: what people see.
#include <gtest/gtest.h>

#include "cli/bucket_picture.hpp"
#include "cli/json_tree.hpp"
#include "cli/text_table.hpp"

namespace nlb::cli {
namespace {

BucketOwners halves(HostId first, HostId second) {
    BucketOwners owners{};
    for (std::size_t b = 0; b < kBuckets; ++b) owners[b] = b < 30 ? first : second;
    return owners;
}

TEST(BucketPicture, EachBucketIsOneCellWithItsOwnersDigit) {
    EXPECT_EQ(bucket_strip(halves(1, 12), false), std::string(30, '1') + std::string(30, 'c'));
    EXPECT_EQ(bucket_strip(halves(kNoHost, 32), false),
              std::string(30, '.') + std::string(30, 'w'));
}

TEST(BucketPicture, EveryHostHasADigitOfItsOwn) {
    std::string digits;
    for (HostId id = 0; id <= kHostsMax; ++id) {
        EXPECT_EQ(digits.find(host_digit(id)), std::string::npos);
        digits += host_digit(id);
    }
}

TEST(BucketPicture, ColourAddsOnlyEscapes) {
    const std::string strip = bucket_strip(halves(1, 2), true);
    std::string plain_text;
    for (std::size_t at = 0; at < strip.size(); ++at) {
        if (strip[at] == '\x1b')
            at = strip.find('m', at);
        else
            plain_text += strip[at];
    }
    EXPECT_NE(strip, plain_text);
    EXPECT_EQ(plain_text, bucket_strip(halves(1, 2), false));
}

TEST(BucketPicture, TheLegendCountsAndNamesOrphans) {
    EXPECT_EQ(bucket_legend(halves(2, kNoHost), {{1, "edge1"}, {2, "edge2"}}, false),
              "2 edge2 30 (50.0 %)  . nobody 30 (50.0 %)");
}

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCellAndLinesHaveNoTrailingBlanks) {
    TextTable table({{"name"}, {"count", Align::right}, {"note"}});
    table.add({"a", "1", ""});
    table.add({{"longer", Paint::good}, "100000", "é"});
    EXPECT_EQ(table.render(false), "name     count  note\na            1\nlonger  100000  é");
    EXPECT_NE(table.render(true), table.render(false));
}

TEST(JsonTree, ListsOfObjectsAreTablesAndScalarsAreLines) {
    const auto json = parse_json(
        R"({"name":"web","up":true,"vips":["a","b"],"rules":[{"name":"http","weights":{"x":1}},{"name":"dns","port":53}],"none":null})");
    EXPECT_EQ(tree_of(*json, false),
              "name   web\nup     yes\nvips   a, b\nrules\n    name  weights  port\n    http  x "
              "1\n    dns            53\nnone   -");
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
}

TEST(JsonTree, WhatIsNestedIsShownUpToABound) {
    for (const std::size_t depth : {1U, 5U, 64U})
        EXPECT_FALSE(tree_of(*parse_json(nested(depth, "{\"a\":", "}")), false).empty());
}

TEST(Json, NestingThatWouldUseUpTheStackIsNotJson) {
    for (const std::size_t depth : {65U, 250'000U}) {
        EXPECT_FALSE(parse_json(nested(depth, "{\"a\":", "}")).has_value());
        EXPECT_FALSE(parse_json(nested(depth, "[", "]")).has_value());
    }
    EXPECT_TRUE(parse_json("\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"")
                    .has_value())
        << "brackets in texts do not nest";
}

TEST(Json, WordsOfOthersCannotDriveTheTerminal) {
    const auto json = parse_json(R"({"name":"\u001b[2Jx\u0007"})");
    EXPECT_EQ(text_of(*json, "name"), "?[2Jx?");
}

TEST(Json, MissingAndMistypedMembersReadAsTheirDefaults) {
    const auto json = parse_json(R"({"a":"x","b":[1],"c":18446744073709551615,"d":1.5})");
    EXPECT_EQ(number_of(*json, "a", 7), 7);
    EXPECT_EQ(number_of(*json, "c"), INT64_MAX);
    EXPECT_EQ(number_of(*json, "d", 3), 3);
    EXPECT_EQ(text_of(*json, "b", "none"), "none");
    EXPECT_EQ(text_of(Json(5), "b", "none"), "none");
    EXPECT_TRUE(list_of(*json, "a").empty());
    EXPECT_TRUE(member_of(*json, "zz").is_null());
    EXPECT_FALSE(parse_json("{\"a\":").has_value());
}

TEST(Json, BytesThatAreNotTextAreReplaced) {
    EXPECT_EQ(one_line(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace nlb::cli
