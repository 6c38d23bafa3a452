"""Files of at most 400 lines, functions of at most 70, Python lines of at most 140 columns. The counter of functions is tested too."""

import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "tidy"):
    sys.path.insert(0, str(TESTS / folder))
import lengths
import tap
import tree

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 140

SAMPLE = """\
namespace a {
struct Point { int x = 0; int y{1}; };
template <class T>
T twice(T value) {
    auto f = [&] { return value; };
    return f() + value;
}
Point::Point(int v) : x{v}, y(v) {
    if (v) { x = '{'; }
}
const char* kText = "}}}{";
constexpr int kTable[] = {1, 2, 3};
inline int one() { return 1; }
}
"""


class Lengths(unittest.TestCase):
    longMessage = False  # the list of places says it all

    def fail_for(self, wrong):
        self.assertFalse(wrong, "\n".join(wrong))

    def test_no_file_is_longer_than_400_lines(self):
        wrong = []
        for file in tree.sources() + tree.pythons():
            count = tree.read(file).count("\n")
            if count > FILE_LINES_MAX:
                wrong.append(f"{file}: {count} lines")
        self.fail_for(wrong)

    def test_no_function_is_longer_than_70_lines(self):
        wrong = []
        for file in tree.sources():
            wrong += self.too_long(file, lengths.cpp_functions(tree.read(file)))
        for file in tree.pythons():
            wrong += self.too_long(file, lengths.python_functions(tree.read(file)))
        self.fail_for(wrong)

    @staticmethod
    def too_long(file, functions):
        return [f"{file}:{line}: {name} has {count} lines" for name, line, count in functions if count > FUNCTION_LINES_MAX]

    def test_no_line_of_python_is_wider_than_140_columns(self):
        wrong = []
        for file in tree.pythons():  # clang-format keeps C++ within them
            lines = enumerate(tree.read(file).splitlines(), 1)
            wrong += [f"{file}:{number}: {len(line)} columns" for number, line in lines if len(line) > COLUMNS_MAX]
        self.fail_for(wrong)

    def test_the_counter_sees_functions_and_nothing_else(self):
        found = [(name, count) for name, _, count in lengths.cpp_functions(SAMPLE)]
        self.assertIn(("twice", 5), found)
        self.assertIn(("one", 1), found)
        self.assertNotIn("kTable", [name for name, _ in found])

    def test_the_counter_notices_a_long_function(self):
        body = "void long_one(int a) {\n" + "    ++a;\n" * 71 + "}\n"
        self.assertEqual(73, lengths.cpp_functions(f"namespace n {{\n{body}}}\n")[0][2])


if __name__ == "__main__":
    tap.main()
