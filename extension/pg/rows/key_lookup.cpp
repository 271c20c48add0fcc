#include "pg/rows/key_lookup.hpp"

#include <algorithm>

#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/exact_type.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/mapped_row_writer.hpp"

namespace company_backup {

std::string key_line(const std::vector<std::string>& values) {
  std::string line;
  for (const std::string& value : values) {
    line += value;
    line += '\0';
  }
  return line;
}

namespace {

// With what `form` makes of the text of a column; nothing if one of them is missing.
template <class Form>
std::vector<std::string> key_of(const std::vector<int16_t>& numbers,
                                const std::vector<const Column*>& columns,
                                const std::vector<RowValue>& values, Form&& form) {
  std::vector<std::string> key;
  for (int16_t number : numbers) {
    const auto at = std::find_if(columns.begin(), columns.end(), [=](const Column* column) {
      return column != nullptr && column->number == number;
    });
    if (at == columns.end()) return {};
    const Text text = text_form(**at, values[static_cast<size_t>(at - columns.begin())]);
    if (!text) return {};
    key.emplace_back(form(**at, *text));
  }
  return key;
}

}  // namespace

std::optional<std::string> key_line_of(const std::vector<int16_t>& numbers,
                                       const std::vector<const Column*>& columns,
                                       const std::vector<RowValue>& values) {
  const std::vector<std::string> key =
      key_of(numbers, columns, values, [](const Column&, const std::string& text) { return text; });
  if (key.size() < numbers.size()) return std::nullopt;
  return key_line(key);
}

std::vector<std::string> comparable_key(const std::vector<int16_t>& numbers,
                                        const std::vector<const Column*>& columns,
                                        const std::vector<RowValue>& values) {
  return key_of(numbers, columns, values, [](const Column& column, const std::string& text) {
    return in_form(key_form(column), text);
  });
}

bool has_one_text(const Table& table, const Column& column) {
  if (key_form(column) != KeyForm::kAsPrinted)
    return column.is_padded() || column.type_oid == NUMERICOID;
  return guarded([&] {
    Oid type, collation;
    int32 modifier;
    get_atttypetypmodcoll(table.oid, column.number, &type, &modifier, &collation);
    return is_exact_type(column.type_oid, collation);
  });
}

std::vector<std::vector<int16_t>> exact_keys(const Table& table) {
  std::vector<std::vector<int16_t>> keys{pick_key(table)};
  for (const UniqueIndex& index : table.unique_indexes) {
    const bool exact = !index.partial &&
                       std::all_of(index.columns.begin(), index.columns.end(), [&](int16_t number) {
                         return number != 0 && has_one_text(table, column_of(table, number));
                       });
    if (exact && index.columns != keys[0]) keys.push_back(index.columns);
  }
  return keys;
}

std::string canonical_text(const Column& column, const std::string& text) {
  const Arg value = typed_value(column, text);
  const bool has_form = column.is_padded() || column.family == TypeFamily::kNumeric;
  const std::string cast =
      has_form && column.cast.empty() && is_own_type(column) ? "::" + column.type : "";
  const std::string printed = one_value(query("SELECT pg_catalog.concat($1" + cast + ")", {value}));
  if (column.type_oid != BOOLOID) return printed;
  return printed == "t" ? "true" : "false";
}

std::string_view take_value(std::string_view& line) {
  const std::string_view value = line.substr(0, line.find('\0'));
  line.remove_prefix(value.size() + 1);
  return value;
}

KeyBatch::KeyBatch(std::vector<const Column*> columns)
    : columns_(std::move(columns)), values_(columns_.size()) {}

void KeyBatch::add(std::string_view line) {
  for (std::vector<std::string>& values : values_) {
    const size_t end = line.find('\0');
    values.emplace_back(line.substr(0, end));
    line.remove_prefix(end + 1);
  }
}

void KeyBatch::clear() {
  for (std::vector<std::string>& values : values_) values.clear();
}

std::vector<std::string> KeyBatch::key(size_t n) const {
  std::vector<std::string> key;
  for (const std::vector<std::string>& values : values_) key.push_back(values[n]);
  return key;
}

std::string KeyBatch::line(size_t n) const {
  return key_line(key(n));
}

std::string shown_key(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "(" : ", ") + value;
  return text + ")";
}

std::string KeyBatch::text(size_t n) const {
  return shown_key(key(n));
}

std::vector<Arg> KeyBatch::arrays() const {
  std::vector<Arg> args;
  for (size_t i = 0; i < columns_.size(); ++i) {
    args.push_back(typed_array(*columns_[i], values_[i]));
  }
  return args;
}

std::string KeyBatch::unnested(size_t first) const {
  return company_backup::unnested(columns_, first);
}

std::string unnested(const std::vector<const Column*>& columns, size_t first) {
  std::string arrays, names;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string name = "k" + std::to_string(i);
    arrays += (i > 0 ? ", unnest($" : "unnest($") + std::to_string(i + first) + ")";
    names += name + ", ";
    if (!is_passed_in_rows(*columns[i])) continue;
    const Datum type = ObjectIdGetDatum(columns[i]->type_oid);
    arrays += " AS (" + name + " " +
              one_value(query("SELECT format_type($1, NULL)", {Arg::datum(OIDOID, type)})) + ")";
  }
  return "ROWS FROM (" + arrays + ") WITH ORDINALITY AS u(" + names + "n)";
}

namespace {

// `operators`: column OP value, one for each column.
std::string equals_key(const std::vector<const Column*>& columns,
                       const std::vector<std::string>& operators, const std::string& alias) {
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i) {
    text += (i > 0 ? " AND " : "") + column_sql(alias, *columns[i]) + " " + operators[i] + " u.k" +
            std::to_string(i);
  }
  return text;
}

}  // namespace

std::string equals_key(const std::vector<const Column*>& columns, const std::string& alias) {
  std::vector<std::string> operators;
  for (const Column* column : columns) operators.push_back(column->equality);
  return equals_key(columns, operators, alias);
}

std::string equals_one_of(const std::vector<const Column*>& columns, const std::string& alias,
                          size_t first) {
  return "EXISTS (SELECT FROM " + unnested(columns, first) + " WHERE " +
         equals_key(columns, alias) + ")";
}

std::string only_in(Oid partition, const std::string& alias) {
  if (partition == 0) return "";
  return " AND " + alias + ".tableoid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree('" +
         std::to_string(partition) + "') AS p)";
}

std::vector<bool> find_keys(const KeyColumns& columns, const KeyBatch& keys, RowLock lock) {
  const std::vector<const Column*> compared = columns_of(columns.table, columns.columns);
  std::string sql = "SELECT u.n FROM " + keys.unnested() + " JOIN " + from_table(columns.table) +
                    " AS x ON " + equals_key(compared, columns.operators, "x");
  sql += only_in(columns.only_partition, "x");
  if (lock == RowLock::kKeyShare) sql += " FOR KEY SHARE OF x";
  BatchMemory memory;
  const std::vector<Arg> arrays = keys.arrays();
  std::vector<bool> found(keys.size());
  {
    const AsOwnerOf owner(columns.table.oid);
    for (const Row& row :
         query(sql, arrays, lock == RowLock::kKeyShare ? Access::kWrite : Access::kRead)) {
      found[std::stoul(*row[0]) - 1] = true;
    }
  }
  memory.close();
  return found;
}

KeyBatch references_of(const Schema& schema, const ForeignKey& key) {
  return KeyBatch(columns_of(schema.tables[key.table], key.columns));
}

std::string from_places(const Table& table, size_t first) {
  return " FROM unnest($" + std::to_string(first) + "::pg_catalog.oid[], $" +
         std::to_string(first + 1) + "::pg_catalog.tid[]) AS v(relation, place) JOIN " +
         from_table(table) + " AS t ON t.ctid = v.place AND t.tableoid = v.relation";
}

std::vector<size_t> missing_references(const Schema& schema, const ForeignKey& key,
                                       const KeyBatch& references) {
  if (references.empty()) return {};
  std::vector<bool> fine =
      find_keys({schema.tables[key.target], key.target_columns, key.operators, key.only_target},
                references, RowLock::kKeyShare);
  if (key.only_partition != 0) {  // rows of other partitions may refer to anything
    const Table& source = schema.tables[key.table];
    std::vector<std::string> equal;
    for (int16_t number : key.columns) equal.push_back(column_of(source, number).equality);
    const std::vector<bool> there =
        find_keys({source, key.columns, equal, key.only_partition}, references, RowLock::kNone);
    for (size_t n = 0; n < there.size(); ++n) fine[n] = fine[n] || !there[n];
  }
  std::vector<size_t> positions;
  for (size_t n = 0; n < fine.size(); ++n) {
    if (!fine[n]) positions.push_back(n);
  }
  return positions;
}

BatchMemory::BatchMemory() {
  guarded([this] {
    memory_ = AllocSetContextCreate(CurrentMemoryContext, "company_backup batch of keys",
                                    ALLOCSET_DEFAULT_SIZES);
    before_ = MemoryContextSwitchTo(memory_);
  });
}

void BatchMemory::close() {
  guarded([this] {
    MemoryContextSwitchTo(before_);
    MemoryContextDelete(memory_);
  });
}

}  // namespace company_backup
