#include "pg/rows/mapped_row_writer.hpp"

#include <algorithm>
#include <set>

#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

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
                                 const std::vector<Replacement>& replacements, DoubtedRows* doubts,
                                 const std::string& row_check)
    : columns_(columns),
      loaded_(loaded_positions(loaded)),
      key_(key_positions(given_numbers(columns, loaded_, {}), key)),
      mapper_(std::move(mapper)),
      line_(row_columns(columns)),
      reader_(columns, loaded_, std::move(read_bytes)),
      replacements_(table, replacements),
      writer_(table.oid, display_table(table), given_numbers(columns, loaded_, replacements), key_,
              WriteAs::kCaller, doubts, row_check) {
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

void MappedRowWriter::write(std::string_view line, std::string_view tag) {
  line_.parse(line);
  values_ = line_.values();
  translate();
  const std::vector<LoadValue>& row = reader_.read(values_);
  if (replacements_.empty()) return writer_.add(row, tag);
  row_ = row;
  replacements_.append(row_);
  writer_.add(row_, tag);
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
}

void MappedRowWriter::write(TupleTableSlot* row) {
  if (!tuples_) open_tuples();
  values_ = tuples_->read(row);
  translate();
  const std::vector<LoadValue>& texts = reader_.read(values_);
  row_.resize(loaded_.size());
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
  replacements_.append(row_);
  writer_.add(row_);
}

uint64_t MappedRowWriter::finish(std::vector<ColumnSequence>& sequences) {
  if (tuples_) tuples_->close();
  writer_.finish();
  for (const SequenceColumn& column : sequence_columns_) sequences.push_back(column.sequence);
  return writer_.rows();
}

}  // namespace company_backup
