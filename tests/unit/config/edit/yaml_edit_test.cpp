// Texts before and after, byte for byte: what was not asked for stays as it is.
#include "config/edit/yaml_edit.hpp"

#include <gtest/gtest.h>

#include "config/edit/yaml_tree.hpp"

namespace nlb::config {
namespace {

constexpr const char* kBlock = R"(# the head
top:   # behind the key
  - name: one   # first
    size: 1
    # about one
  - name: "two"
    size: 2     # second

  # before the end
other: [1, 2]
)";

std::string done(const Result<std::string>& result) {
    return result ? result.value() : "error: " + result.error().message;
}

YamlPath path(std::initializer_list<YamlStep> steps) {
    return steps;
}
const std::string kTop = "top";
const std::string kOther = "other";
constexpr std::size_t kFirst = 0;
constexpr std::size_t kSecond = 1;

TEST(YamlEdit, AMemberIsAppendedInTheStyleOfTheOneBeforeIt) {
    EXPECT_EQ(R"(# the head
top:   # behind the key
  - name: one   # first
    size: 1
    # about one
  - name: "two"
    size: 2     # second
  - name: three
    size: [3, 4]

  # before the end
other: [1, 2]
)",
              done(yaml_append(kBlock, path({kTop}), "{name: three, size: [3, 4]}")));
    EXPECT_EQ("a:\n- {b: 1}\n- {b: 2}\n",
              done(yaml_append("a:\n- {b: 1}\n", {std::string("a")}, "{b: 2}")));
}

TEST(YamlEdit, AMemberIsTakenOutWithItsLinesAndTheCommentsOfOthersStay) {
    EXPECT_EQ(R"(# the head
top:   # behind the key
  - name: one   # first
    size: 1
    # about one

  # before the end
other: [1, 2]
)",
              done(yaml_remove(kBlock, path({kTop, kSecond}))));
}

TEST(YamlEdit, TheLastMemberOfABlockLeavesBrackets) {
    EXPECT_EQ("a: []\nb: 1\n",
              done(yaml_remove("a:\n  - x\nb: 1\n", path({std::string("a"), kFirst}))));
    EXPECT_EQ("a: {}\n",
              done(yaml_remove("a:\n  x: 1\n", path({std::string("a"), std::string("x")}))));
}

TEST(YamlEdit, BetweenBracketsCommasFollow) {
    const std::string text = "a: [1, 2, 3] # c\n";
    const YamlPath list{std::string("a")};
    EXPECT_EQ("a: [1, 2, 3, \"4:5\"] # c\n", done(yaml_append(text, list, yaml_scalar("4:5"))));
    EXPECT_EQ("a: [2, 3] # c\n", done(yaml_remove(text, path({std::string("a"), kFirst}))));
    EXPECT_EQ("a: [1, 3] # c\n", done(yaml_remove(text, path({std::string("a"), kSecond}))));
    EXPECT_EQ("a: [1, 2] # c\n", done(yaml_remove(text, path({std::string("a"), std::size_t{2}}))));
    EXPECT_EQ("a: [x]\n", done(yaml_append("a: []\n", list, "x")));
    EXPECT_EQ("a: [1, x,]\n", done(yaml_append("a: [1,]\n", list, "x")));
}

TEST(YamlEdit, AListOverSeveralLinesKeepsItsComments) {
    const std::string text = "a: [\n  1,   # one\n  2    # two\n]\n";
    EXPECT_EQ("a: [\n  1,   # one\n  2, 3    # two\n]\n",
              done(yaml_append(text, {std::string("a")}, "3")));
    const std::string left = done(yaml_remove(text, path({std::string("a"), kFirst})));
    EXPECT_NE(std::string::npos, left.find("# one")) << left;
    EXPECT_NE(std::string::npos, left.find("# two")) << left;
}

TEST(YamlEdit, AValueIsReplacedAndItsCommentStays) {
    EXPECT_NE(
        std::string::npos,
        done(yaml_set(kBlock, path({kTop, kSecond}), "size", "9")).find("size: 9     # second"));
    EXPECT_NE(std::string::npos,
              done(yaml_set(kBlock, path({kTop, kSecond}), "name", "\"x: y\"")).find("\"x: y\""));
}

TEST(YamlEdit, AKeyIsAddedWhereItIsAskedFor) {
    EXPECT_EQ("- name: a  # n\n  new: 1\n  rest: [1]\n",
              done(yaml_set("- name: a  # n\n  rest: [1]\n", path({kFirst}), "new", "1", "name")));
    EXPECT_EQ("- name: a\n  rest: [1]\n  new: 1\n",
              done(yaml_set("- name: a\n  rest: [1]\n", path({kFirst}), "new", "1")));
    EXPECT_EQ("- {name: a, new: 1}\n", done(yaml_set("- {name: a}\n", path({kFirst}), "new", "1")));
    EXPECT_EQ("a:\n  b: 1\n  c: 2\n", done(yaml_set("a:\n  b: 1", {std::string("a")}, "c", "2")));
}

TEST(YamlEdit, AKeyWithoutAValueAndAValueOfSeveralLinesAreReplaced) {
    EXPECT_EQ("a: 1\nb: 2\n", done(yaml_set("a:\nb: 2\n", {}, "a", "1")));
    EXPECT_EQ("a: 1\nb: 2\n", done(yaml_set("a:\n  x: 1\n  y: 2\nb: 2\n", {}, "a", "1")));
}

TEST(YamlEdit, TheFirstKeyOfAMemberGivesItsPlaceToTheNext) {
    EXPECT_EQ("- size: 1\n",
              done(yaml_remove("- name: one\n  size: 1\n", path({kFirst, std::string("name")}))));
}

TEST(YamlEdit, LineEndsOfWindowsStay) {
    EXPECT_EQ("a:\r\n  - x\r\n  - y\r\nb: 1\r\n",
              done(yaml_append("a:\r\n  - x\r\nb: 1\r\n", {std::string("a")}, "y")));
    EXPECT_EQ("a:\r\n  - y\r\n",
              done(yaml_remove("a:\r\n  - x\r\n  - y\r\n", path({std::string("a"), kFirst}))));
    EXPECT_EQ("a: 2 # c\r\n", done(yaml_set("a: 1 # c\r\n", {}, "a", "2")));
}

TEST(YamlEdit, AByteOrderMarkAndNamesInOtherScriptsMoveNothing) {
    EXPECT_EQ(
        "\xef\xbb\xbf"
        "a: 2\n",
        done(yaml_set("\xef\xbb\xbf"
                      "a: 1\n",
                      {}, "a", "2")));
    EXPECT_EQ("- {n: \"f\xc3\xbcr\", b: 2}\n",
              done(yaml_set("- {n: \"f\xc3\xbcr\", b: 1}\n", path({kFirst}), "b", "2")));
}

TEST(YamlEdit, WhatMayNotBeUnderstoodIsRefusedByLine) {
    for (const char* const text :
         {"a: &x 1\nb: 2\n", "a: 1\nb: !!str 2\n", "a: |\n  text\nb: 2\n", "a: one\n  two\nb: 2\n",
          "a: \"one\n  two\"\nb: 2\n", "a: [b: 1]\nb: 2\n"}) {
        const auto result = yaml_set(text, {}, "b", "3");
        ASSERT_FALSE(result) << text << result.value();
        EXPECT_EQ(0U, result.error().message.find("line ")) << result.error().message;
        EXPECT_NE(std::string::npos, result.error().message.find("by hand"));
    }
    EXPECT_FALSE(yaml_set("a: &x [1]\nb: *x\n", {}, "b", "3"));
}

TEST(YamlEdit, AValueThatIsMoreThanOneIsRefused) {
    EXPECT_FALSE(yaml_set("a: 1\n", {}, "a", "{b: 1"));
    EXPECT_FALSE(yaml_set("a: 1\n", {}, "a", "[1]\nb: 2"));
    EXPECT_FALSE(yaml_set("a: 1\n", {}, "a", "x # y"));
}

TEST(YamlEdit, AScalarIsQuotedWhenItWouldReadAsSomethingElse) {
    EXPECT_EQ("net_tap0", yaml_scalar("net_tap0"));
    EXPECT_EQ("\"0000:3b:00.0\"", yaml_scalar("0000:3b:00.0"));
    EXPECT_EQ("\"a\\\"b\\\\\"", yaml_scalar("a\"b\\"));
    EXPECT_EQ("\"\"", yaml_scalar(""));
    EXPECT_EQ("\"null\"", yaml_scalar("null"));
    EXPECT_EQ("\"-\"", yaml_scalar("-"));
}

}  // namespace
}  // namespace nlb::config
