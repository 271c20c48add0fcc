// The rows of one query as lines of NDJSON, in bounded memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/scope/schema.hpp"
#include "core/text/line_cutter.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/row_encoder.hpp"

namespace company_backup {

// What is to be read of a table.
struct TableQuery {
  std::string name;  // for messages: sales.invoice
  std::string sql;   // its result columns are `columns`, its order that of the lines
  std::vector<Arg> args;
  std::vector<Column> columns;
  std::vector<size_t> key;    // positions in `columns`; empty: whole lines are sorted
  std::vector<size_t> files;  // positions in `columns` of bytea written as their SHA-256
};

// Sees every line while it stands in the buffer: the spans of its columns and the buffer.
using LineObserver = std::function<void(const std::vector<Span>& spans, const std::string& buffer)>;

// Runs the query and appends its lines to `lines`, the contents of files to `files`. Error
// kRowTooLarge, by key, for a row that could not be loaded again.
void read_lines(const TableQuery& query, LineCutter& lines, const LineObserver& observer,
                const FileTaker& files = {});

// Error kRowTooLarge if the line that begins at `start` of the buffer, with `more` bytes of files
// beside it, could not be loaded again.
void require_loadable(const TableQuery& query, const std::vector<Span>& spans,
                      const std::string& buffer, size_t start, size_t more = 0);

// Error kTableChanged unless rows of this form have the columns of the query: the table may have
// been replaced by another one of its name.
void require_form(const TableQuery& query, TupleDesc form);

// The key of a line for messages: (12, north).
std::string row_key_text(const TableQuery& query, const std::vector<Span>& spans,
                         const std::string& buffer);

}  // namespace company_backup
