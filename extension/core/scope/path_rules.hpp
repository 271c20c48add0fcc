// Columns whose texts are made of IDs, as the treatment "path" says: of the table's own rows, or of
// those that a reference rule names.
#pragma once

#include <optional>
#include <string>

#include "core/scope/scope.hpp"
#include "core/text/path_text.hpp"

namespace company_backup {

// ltree of contrib, or a domain over it.
bool is_label_tree(const Column& column);

// Can the type hold a path?
bool holds_text(const Column& column);

// How keys of this column stand in a path; nothing: they cannot.
std::optional<PathIds> path_ids(const Column& key);
// Of a reference by path.
PathIds path_ids(const Schema& schema, const Reference& reference);

// The one column that a path of the table's own IDs is made of: its key. Null: there is none that
// can stand in a path.
const Column* own_path_key(const Table& table);

// Why the column cannot be a path, whatever the IDs are, "its type is ..."; empty: it can be.
std::string why_no_path(const Schema& schema, TableIndex table, const Column& column);

// The same of a reference rule on such a column.
std::string why_no_path(const ReferenceRule& rule, const Column* key);

}  // namespace company_backup
