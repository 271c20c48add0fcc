#include "pg/rows/mapped_row_writer.hpp"

#include <algorithm>
#include <set>

#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

std::vector<size_t> loaded_positions(const std::vector<bool>& loaded) {
  std::vector<size_t> positions;
  for (size_t i = 0; i < loaded.size(); ++i) {
    if (loaded[i]) positions.push_back(i);
  }
  return positions;
}

std::vector<int16_t> numbers_of(const std::vector<const Column*>& columns,
                                const std::vector<size_t>& positions) {
  std::vector<int16_t> numbers;
  for (size_t position : positions) numbers.push_back(columns[position]->number);
  return numbers;
}

// The table's columns that are given: those of a line, then replaced ones.
std::vector<int16_t> given_numbers(const std::vector<const Column*>& columns,
                                   const std::vector<size_t>& positions,
                                   const std::vector<Replacement>& replacements) {
  std::vector<int16_t> numbers = numbers_of(columns, positions);
  for (const Replacement& replacement : replacements) numbers.push_back(replacement.column->number);
  return numbers;
}

std::vector<ReplacementValues> values_of(const Table& table,
                                         const std::vector<Replacement>& replacements) {
  std::vector<ReplacementValues> values;
  for (const Replacement& replacement : replacements) {
    values.emplace_back(table, *replacement.column, replacement.expression);
  }
  return values;
}

// Positions of the key among the loaded columns.
std::vector<size_t> key_positions(const std::vector<int16_t>& numbers,
                                  const std::vector<int16_t>& key) {
  std::vector<size_t> positions;
  for (int16_t number : key) {
    const auto at = std::find(numbers.begin(), numbers.end(), number);
    if (at != numbers.end()) positions.push_back(static_cast<size_t>(at - numbers.begin()));
  }
  return positions;
}

}  // namespace

MappedRowWriter::MappedRowWriter(const Table& table, const std::vector<const Column*>& columns,
                                 const std::vector<bool>& loaded, const std::vector<int16_t>& key,
                                 RowMapper mapper, ReadBytes read_bytes,
                                 const std::vector<Replacement>& replacements, DoubtedRows* doubts)
    : columns_(columns),
      loaded_(loaded_positions(loaded)),
      key_(key_positions(numbers_of(columns, loaded_), key)),
      mapper_(std::move(mapper)),
      line_(row_columns(columns)),
      reader_(columns, loaded_, std::move(read_bytes)),
      replacements_(values_of(table, replacements)),
      replaced_(replacements.size()),
      writer_(table.oid, display_table(table), given_numbers(columns, loaded_, replacements), key_,
              WriteAs::kCaller, doubts) {
  for (const ColumnSequence& sequence : sequences_of(table.oid)) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (loaded[i] && columns[i]->number == sequence.column)
        sequence_columns_.push_back({sequence, i});
    }
  }
}

void MappedRowWriter::set_observer(Observer observer, std::vector<size_t> positions) {
  observer_ = std::move(observer);
  observed_ = std::move(positions);
}

void MappedRowWriter::translate() {
  if (!mapper_.empty()) mapper_.apply(values_);
  if (observer_) observer_(values_);
  for (SequenceColumn& column : sequence_columns_)
    column.sequence.see(values_[column.position].text);
}

void MappedRowWriter::write(std::string_view line) {
  line_.parse(line);
  values_ = line_.values();
  translate();
  const std::vector<LoadValue>& row = reader_.read(values_);
  if (replacements_.empty()) return writer_.add(row);
  row_ = row;
  add_replacements();
  writer_.add(row_);
}

void MappedRowWriter::add_replacements() {
  row_.resize(loaded_.size());
  for (size_t i = 0; i < replacements_.size(); ++i) {
    replaced_[i] = replacements_[i].next();
    row_.push_back(replaced_[i] ? LoadValue{LoadValue::Kind::kText, *replaced_[i]} : LoadValue{});
  }
}

// Says which values have to be looked at. Those of the key as well: messages name them.
void MappedRowWriter::open_tuples() {
  std::set<size_t> wanted(observed_.begin(), observed_.end());
  for (const SequenceColumn& column : sequence_columns_) wanted.insert(column.position);
  as_text_.resize(columns_.size());
  for (const size_t position : mapper_.positions()) {
    wanted.insert(position);
    as_text_[position] = true;
  }
  for (const size_t position : key_) {
    wanted.insert(loaded_[position]);
    as_text_[loaded_[position]] = true;
  }
  std::vector<Oid> types;
  for (const size_t position : loaded_) types.push_back(columns_[position]->type_oid);
  writer_.require_types(types);  // as CopiedRows found them
  tuples_.emplace(columns_, std::vector<size_t>(wanted.begin(), wanted.end()));
  row_.resize(loaded_.size());
}

void MappedRowWriter::write(TupleTableSlot* row) {
  if (!tuples_) open_tuples();
  values_ = tuples_->read(row);
  translate();
  const std::vector<LoadValue>& texts = reader_.read(values_);
  for (size_t i = 0; i < loaded_.size(); ++i) {
    const size_t position = loaded_[i];
    if (as_text_[position]) {
      row_[i] = texts[i];
    } else if (row->tts_isnull[position]) {
      row_[i] = {};
    } else {
      row_[i] = {LoadValue::Kind::kDatum, {}, row->tts_values[position]};
    }
  }
  if (!replacements_.empty()) add_replacements();
  writer_.add(row_);
}

uint64_t MappedRowWriter::finish(std::vector<ColumnSequence>& sequences) {
  if (tuples_) tuples_->close();
  writer_.finish();
  for (const SequenceColumn& column : sequence_columns_) sequences.push_back(column.sequence);
  return writer_.rows();
}

}  // namespace company_backup
