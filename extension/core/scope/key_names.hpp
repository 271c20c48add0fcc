// Names of columns that say which key of which table they hold, though they are not those of IDs:
// "customer_code" the code of customer, "customer" any of its keys, "tenant_slug" the slug of a
// company, "empno" the key of that name. Guesses: the values have to agree, as far as there are
// any.
#pragma once

#include <string>
#include <vector>

#include "core/scope/schema.hpp"
#include "core/scope/table_nouns.hpp"

namespace company_backup {

// A column that is unique, or part of what is.
struct NamedKey {
  enum class By {
    kKey,   // the whole name: table and column
    kRow,   // the name of the table alone
    kSame,  // the name of the column alone: "empno", "slug"
    kPart,  // the end of the name, or a word that companies go by
  };
  TableIndex table = kNoTable;
  int16_t column = 0;
  bool alone = false;  // unique
  By by = By::kPart;
};

class KeyNames {
 public:
  // `company`: the company table, or kNoTable. Both references have to live as long.
  KeyNames(const Schema& schema, const TableNouns& nouns, TableIndex company);

  // The keys that a column of the table is named after, and whose values it can hold; none of the
  // table itself. Nothing for what is named like an ID.
  std::vector<NamedKey> of(TableIndex table, const Column& column) const;

  // Is a number of this name called after a table, though not like an ID: {"warehouse": 7}?
  bool names_rows(const std::string& name) const;

  // The tables of which this one may keep what rows were, with their key in this column: product
  // for "id" of product_aud. `said`: its name says so; else only that it begins or ends like
  // theirs.
  struct KeptRow {
    TableIndex table;
    int16_t key;
    bool said;
  };
  std::vector<KeptRow> kept_by(TableIndex table, const Column& column) const;

  // The tables whose rows those of this one may complete, as its name begins or ends like theirs:
  // invoice for invoice_detail.
  std::vector<TableIndex> completed_by(TableIndex table) const;

 private:
  // Of a column's name: what may be a table, what follows it, and both.
  struct Parts {
    std::string noun, rest, whole;
    bool is_all;  // nothing stands before them
  };
  std::vector<TableIndex> tables_named(const std::string& noun) const;
  std::vector<TableIndex> whose_history(TableIndex table) const;
  void add_keys(const Column& column, const Parts& parts, TableIndex target,
                std::vector<NamedKey>& found) const;
  void add_namesakes(TableIndex table, const Column& column, std::vector<NamedKey>& found) const;

  const Schema& schema_;
  const TableNouns& nouns_;
  TableIndex company_;
};

}  // namespace company_backup
