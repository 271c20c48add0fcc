#include "core/merge/row_merge.hpp"

#include <gtest/gtest.h>

#include "core/archive/key_order.hpp"
#include "core/merge/change_log.hpp"
#include "core/text/digest.hpp"
#include "expect_error.hpp"

namespace company_backup {
namespace {

class Lines : public LineSource {
 public:
  explicit Lines(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  bool next(std::string_view& line) override {
    if (at_ == lines_.size()) return false;
    line = lines_[at_++];
    return true;
  }

 private:
  std::vector<std::string> lines_;
  size_t at_ = 0;
};

// Writes down what it is told.
class Notes : public MergeHandler {
 public:
  std::vector<std::string> notes;

  void added(std::string_view line) override { notes.push_back("added " + std::string(line)); }
  void removed(const CurrentRow&, const std::vector<RowValue>& values) override {
    notes.push_back("removed " + std::string(values[0].text));
  }
  void changed(const CurrentRow&, const std::vector<RowValue>& current,
               const std::vector<RowValue>& archived, const std::vector<size_t>& columns) override {
    std::string note = "changed " + std::string(current[0].text);
    for (size_t column : columns) {
      note += " " + std::to_string(column) + ":" + std::string(current[column].text) + ">" +
              std::string(archived[column].text);
    }
    notes.push_back(note);
  }
  void unchanged() override { notes.push_back("unchanged"); }
};

using Mode = MergeColumn::Mode;

std::vector<MergeColumn> columns(Mode mode) {
  MergeColumn value{{"v"}, mode, {}};
  value.wins = [](std::string_view archived, std::string_view current) {
    return compare_keys(KeyOrder::kInteger, archived, current) > 0;
  };
  return {{{"id"}, Mode::kCompared, {}}, value};
}

std::vector<std::string> merge(const std::vector<MergeColumn>& merged,
                               const std::vector<RowColumn>& others,
                               const std::vector<std::string>& current,
                               std::vector<std::string> archive,
                               const std::vector<MergeKeyPart>& key = {{0, KeyOrder::kInteger}}) {
  Lines lines(std::move(archive));
  Notes notes;
  RowMerge merge(merged, others, key, lines, notes);
  for (const std::string& line : current) merge.current({line, {}});
  merge.finish();
  return notes.notes;
}

using Expected = std::vector<std::string>;

TEST(RowMerge, tells_added_removed_changed_and_unchanged_rows_apart) {
  EXPECT_EQ(
      merge(columns(Mode::kCompared), {},
            {R"({"id":2,"v":1})", R"({"id":3,"v":1})", R"({"id":10,"v":1})"},
            {R"({"id":1,"v":1})", R"({"id":2,"v":1})", R"({"id":10,"v":2})", R"({"id":11,"v":2})"}),
      (Expected{R"(added {"id":1,"v":1})", "unchanged", "removed 3", "changed 10 1:1>2",
                R"(added {"id":11,"v":2})"}));
}

TEST(RowMerge, of_nothing_and_something) {
  EXPECT_EQ(merge(columns(Mode::kCompared), {}, {}, {}), Expected{});
  EXPECT_EQ(merge(columns(Mode::kCompared), {}, {R"({"id":1,"v":1})"}, {}), Expected{"removed 1"});
  EXPECT_EQ(merge(columns(Mode::kCompared), {}, {}, {R"({"id":1,"v":1})"}),
            Expected{R"(added {"id":1,"v":1})"});
}

TEST(RowMerge, a_value_that_begins_like_another_is_a_change) {
  EXPECT_EQ(merge(columns(Mode::kCompared), {}, {R"({"id":1,"v":12})"}, {R"({"id":1,"v":1})"}),
            Expected{"changed 1 1:12>1"});
  EXPECT_EQ(
      merge(columns(Mode::kCompared), {{"w"}}, {R"({"id":1,"v":12,"w":1})"}, {R"({"id":1,"v":1})"}),
      Expected{"changed 1 1:12>1"});
}

TEST(RowMerge, null_is_not_an_empty_text) {
  EXPECT_EQ(merge(columns(Mode::kCompared), {}, {R"({"id":1,"v":null})"}, {R"({"id":1,"v":""})"}),
            Expected{"changed 1 1:>"});
}

TEST(RowMerge, spelling_is_no_difference) {
  EXPECT_EQ(
      merge(columns(Mode::kCompared), {}, {R"({"id":1,"v":"A"})"}, {R"({ "id" : 1,"v":"\u0041"})"}),
      Expected{"unchanged"});
}

TEST(RowMerge, other_columns_do_not_count) {
  EXPECT_EQ(merge(columns(Mode::kCompared), {{"secret"}}, {R"({"id":1,"v":1,"secret":"x"})"},
                  {R"({"id":1,"v":1})"}),
            Expected{"unchanged"});
}

TEST(RowMerge, kept_columns_stay) {
  EXPECT_EQ(merge(columns(Mode::kKept), {}, {R"({"id":1,"v":1})"}, {R"({"id":1,"v":2})"}),
            Expected{"unchanged"});
}

TEST(RowMerge, counters_never_go_back) {
  EXPECT_EQ(merge(columns(Mode::kGreater), {}, {R"({"id":1,"v":7})"}, {R"({"id":1,"v":10})"}),
            Expected{"changed 1 1:7>10"});
  EXPECT_EQ(merge(columns(Mode::kGreater), {}, {R"({"id":1,"v":10})"}, {R"({"id":1,"v":7})"}),
            Expected{"unchanged"});
  EXPECT_EQ(merge(columns(Mode::kGreater), {}, {R"({"id":1,"v":10})"}, {R"({"id":1,"v":null})"}),
            Expected{"unchanged"});
  EXPECT_EQ(merge(columns(Mode::kGreater), {}, {R"({"id":1,"v":null})"}, {R"({"id":1,"v":7})"}),
            Expected{"changed 1 1:>7"});
}

TEST(RowMerge, texts_are_in_the_order_of_their_bytes) {
  EXPECT_EQ(merge(columns(Mode::kCompared), {}, {R"({"id":"10","v":1})", R"({"id":"2","v":1})"},
                  {R"({"id":"1","v":1})", R"({"id":"2","v":1})", R"({"id":"B","v":1})"},
                  {{0, KeyOrder::kText}}),
            (Expected{R"(added {"id":"1","v":1})", "removed 10", "unchanged",
                      R"(added {"id":"B","v":1})"}));
}

TEST(SortKey, compares_as_the_keys_do) {
  const std::vector<std::string> numbers = {
      "-9223372036854775808", "-100", "-99", "-10", "-9", "-1", "0", "1", "9", "10", "99", "100",
      "9223372036854775807"};
  const std::vector<std::string> texts = {"", "\x01", "a", "a\nb", "aa", "ab", "b", "\xc3\xa9"};
  const auto key = [](KeyOrder order, const std::string& first, const std::string& second) {
    std::string bytes;
    append_sort_key(order, first, bytes);
    append_sort_key(KeyOrder::kText, second, bytes);
    return bytes;
  };
  for (const auto& [order, values] :
       {std::pair(KeyOrder::kInteger, numbers), {KeyOrder::kText, texts}}) {
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_LT(key(order, values[i], "x"), key(order, values[i], "xy")) << values[i];
      if (i == 0) continue;
      EXPECT_LT(key(order, values[i - 1], "y"), key(order, values[i], "x")) << values[i];
    }
  }
  EXPECT_EQ(key(KeyOrder::kInteger, "-0", ""), key(KeyOrder::kInteger, "0", ""));
}

TEST(RowMerge, the_one_row_of_a_company_has_no_key_to_compare) {
  EXPECT_EQ(merge(columns(Mode::kCompared), {}, {R"({"id":1,"v":1})"}, {R"({"id":1,"v":2})"}, {}),
            Expected{"changed 1 1:1>2"});
}

TEST(RowMerge, refuses_a_line_of_other_columns) {
  expect_error(sqlstate::kBadArchive, "v", [] {
    merge(columns(Mode::kCompared), {}, {R"({"id":1,"v":1})"}, {R"({"id":1,"w":1})"});
  });
}

TEST(RowMerge, files_are_compared_by_their_digest) {
  std::vector<MergeColumn> files = columns(Mode::kCompared);
  files[1].is_file = true;
  // The SHA-256 of "abc", and abc itself.
  const std::string archived =
      R"({"id":1,"v":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})";
  EXPECT_EQ(merge(files, {}, {R"({"id":1,"v":"YWJj"})"}, {archived}), Expected{"unchanged"});
  EXPECT_EQ(merge(files, {}, {R"({"id":1,"v":null})"}, {R"({"id":1,"v":null})"}),
            Expected{"unchanged"});
  EXPECT_EQ(merge(files, {}, {R"({"id":1,"v":"YWJk"})"}, {archived}).at(0).substr(0, 10),
            "changed 1 ");
  EXPECT_EQ(merge(files, {}, {R"({"id":1,"v":null})"}, {archived}).at(0).substr(0, 10),
            "changed 1 ");
}

TEST(RowMerge, refuses_rows_out_of_order) {
  expect_error(sqlstate::kInternal, "order", [] {
    merge(columns(Mode::kCompared), {}, {R"({"id":2,"v":1})", R"({"id":1,"v":1})"}, {});
  });
}

TEST(Comparable, no_two_rows_are_taken_for_one) {
  const std::vector<MergeColumn> two = columns(Mode::kCompared);
  RowLine row(line_columns(two, {}));
  const auto text = [&](const char* line) {
    row.parse(line);
    return comparable(two, row.values(), true);
  };
  EXPECT_NE(text(R"({"id":"1","v":"11"})"), text(R"({"id":"11","v":"1"})"));
  EXPECT_NE(text(R"({"id":"","v":null})"), text(R"({"id":null,"v":""})"));
  EXPECT_NE(text(R"({"id":"n;","v":null})"), text(R"({"id":null,"v":"n;"})"));
  EXPECT_EQ(text(R"({"id":"1","v":"A"})"), text(R"({"id":1,"v":"\u0041"})"));
}

// Beside a row of nearly 1 GB there is no room for its values once more.
TEST(Comparable, is_short_however_long_the_values_are) {
  const std::vector<MergeColumn> two = columns(Mode::kCompared);
  RowLine row(line_columns(two, {}));
  const auto text = [&](const std::string& value) {
    const std::string line = R"({"id":1,"v":")" + value + "\"}";
    row.parse(line);
    return comparable(two, row.values(), true);
  };
  const std::string value(10 << 20, 'x');
  EXPECT_LT(text(value).size(), 200U);
  EXPECT_EQ(text(value), text("\\u0078" + value.substr(1)));
  EXPECT_NE(text(value), text("y" + value.substr(1)));
  EXPECT_NE(text(value), text(value + "x"));
  EXPECT_NE(text(value), text(hex(sha256(value))));
}

class ChangeLog : public testing::Test {
 protected:
  using State = ChangeLogReader::State;

  // What was logged, as a reader finds it.
  ChangeLogReader reader() {
    lines_.finish();
    source_.emplace(split_);
    return ChangeLogReader({{"id"}, {"v"}, {"secret"}}, {{0, KeyOrder::kInteger}}, *source_);
  }

  State state(ChangeLogReader& log, const char* line) {
    RowLine row({{"id"}, {"v"}, {"secret"}});
    row.parse(line);
    return log.state_of(row.values());
  }

  std::vector<std::string> split_;
  LineCutter lines_{[this](std::string_view piece) {
    LineSplitter splitter;
    std::string_view line;
    for (splitter.feed(piece); splitter.next(line);) split_.emplace_back(line);
  }};
  std::optional<Lines> source_;
};

TEST_F(ChangeLog, knows_what_a_restore_did) {
  ChangeLogWriter writer(lines_, 2, {0, 1});
  writer.added(R"({"id":1,"v":"a"})");
  writer.changed(R"({"id":3,"v":"c","secret":"s"})");
  writer.removed(R"({"id":5,"v":"e","secret":"s"})");
  writer.added(R"({"id":7,"v":"g"})");
  ChangeLogReader log = reader();
  EXPECT_EQ(state(log, R"({"id":1,"v":"a","secret":"default"})"), State::kWritten);
  EXPECT_EQ(state(log, R"({"id":2,"v":"b","secret":null})"), State::kUntouched);
  EXPECT_EQ(state(log, R"({"id":3,"v":"c","secret":"t"})"), State::kDifferent);
  EXPECT_EQ(state(log, R"({"id":5,"v":"e","secret":"s"})"), State::kRemoved);
  EXPECT_EQ(state(log, R"({"id":7,"v":"h","secret":null})"), State::kDifferent);
  EXPECT_EQ(state(log, R"({"id":8,"v":"h","secret":null})"), State::kUntouched);
}

TEST_F(ChangeLog, of_a_table_that_was_left_alone_is_empty) {
  ChangeLogReader log = reader();
  EXPECT_EQ(state(log, R"({"id":1,"v":"a","secret":null})"), State::kUntouched);
  EXPECT_TRUE(split_.empty());
}

TEST_F(ChangeLog, values_that_an_added_row_did_not_get_do_not_count) {
  ChangeLogWriter writer(lines_, 2, {0});
  writer.added(R"({"id":1,"v":"a"})");
  ChangeLogReader log = reader();
  EXPECT_EQ(state(log, R"({"id":1,"v":"kept","secret":null})"), State::kWritten);
}

}  // namespace
}  // namespace company_backup
