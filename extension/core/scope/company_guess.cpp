#include "core/scope/company_guess.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/scope/scope_model.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/smell_words.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"
#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

constexpr size_t kMostCandidates = 4;
constexpr int kAlone = 4;     // a name of one word counts so many times: "account", "account_type"
constexpr int kSaysIt = 9;    // words that hardly mean anything else
constexpr int kFarAhead = 2;  // times its score, and another one is no rival
constexpr size_t kMostHeld = 4;  // columns with a foreign key for each one without

// How much a word sounds like "one row per company".
int weight_of(const std::string& word) {
  static const std::map<std::string, int> weights{
      {"company", 10}, {"tenant", 10},   {"organization", 9}, {"organisation", 9}, {"org", 8},
      {"realm", 8},    {"workspace", 8}, {"business", 6},     {"account", 6},      {"agency", 6},
      {"merchant", 6}, {"firm", 6},      {"enterprise", 6},   {"clinic", 5},       {"practice", 5},
      {"school", 5},   {"hotel", 5},     {"club", 5},         {"institution", 5},  {"franchise", 5},
      {"team", 5},     {"shop", 4},      {"store", 4},        {"site", 4},         {"brand", 4},
      {"instance", 4}, {"space", 4},     {"portal", 4},       {"community", 4},    {"namespace", 4},
      {"client", 3},   {"customer", 3},  {"project", 3},      {"property", 3}};
  for (const std::string& form : noun_forms(word)) {
    const auto found = weights.find(form);
    if (found != weights.end()) return found->second;
  }
  return 0;
}

std::string counted_tables(size_t count) {
  return std::to_string(count) + (count == 1 ? " table" : " tables");
}

class CompanyGuess {
 public:
  CompanyGuess(const Schema& schema, const std::string& functions_schema)
      : schema_(schema), statements_(functions_schema), ways_to_(schema.tables.size()) {
    find_prefixes();
    for (TableIndex index = 0; index < size(); ++index)
      for (const std::string& form : noun_forms(noun_of(index))) named_[form].push_back(index);
    find_foreign_keys();
    find_named_columns();
  }

  // The best first; nothing if no table could be it.
  std::vector<Proposal> propose() const {
    std::vector<Candidate> candidates;
    for (TableIndex index = 0; index < size(); ++index)
      if (auto candidate = candidate_of(index)) candidates.push_back(std::move(*candidate));
    put_outer_first(candidates);
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    keep_likely(candidates);
    std::vector<Proposal> proposals;
    for (const Candidate& candidate : candidates) {
      Settings settings;
      settings.key_column = candidate.key->name;
      settings.name_column = name_column(candidate.table, *candidate.key);
      add_scope_columns(candidate.table, *candidate.key, settings);
      proposals.push_back({statements_.company_table(schema_.tables[candidate.table], settings),
                           Confidence::kGuess, evidence(candidate, settings)});
    }
    if (proposals.empty()) return proposals;
    proposals[0].confidence = confidence(candidates);
    if (candidates.size() > 1) proposals[0].evidence += others(candidates);
    // There is one company table, and of several statements the last would win.
    for (size_t i = 1; i < proposals.size(); ++i)
      proposals[i].statement = "-- " + proposals[i].statement;
    return proposals;
  }

  // The company table is set, but nothing leads to it: what scope_columns would help?
  std::vector<Proposal> propose_scope_columns(TableIndex company, Settings settings) const {
    const Column* key = find_column(schema_.tables[company], settings.key_column);
    if (key == nullptr || !add_scope_columns(company, *key, settings)) return {};
    return {{statements_.company_table(schema_.tables[company], settings), Confidence::kLikely,
             columns_evidence(company, settings)}};
  }

 private:
  // How a table leads to another one.
  enum class Way { kNever, kMaybe, kByName, kAlways };  // the last two are never NULL

  struct Candidate {
    TableIndex table = kNoTable;
    const Column* key = nullptr;
    int weight = 0;
    std::vector<Way> ways;  // by table, over any number of others; the weakest on the way
    size_t always = 0, by_name = 0, maybe = 0;
    double score = 0;
    size_t sure() const { return always + by_name; }
    size_t tables() const { return sure() + maybe; }
  };

  TableIndex size() const { return static_cast<TableIndex>(schema_.tables.size()); }

  // "zerver_" before most tables of a schema says nothing of what each is.
  void find_prefixes() {
    std::map<std::string, size_t> tables;
    std::map<std::pair<std::string, std::string>, size_t> first_words;
    for (const Table& table : schema_.tables) {
      ++tables[table.schema];
      const Words words = words_of(table.name);
      if (words.size() > 1) ++first_words[{table.schema, words[0]}];
    }
    for (const auto& [prefix, count] : first_words)
      if (count >= 5 && count * 5 >= tables[prefix.first] * 2) prefixes_.insert(prefix);
  }

  Words own_words(TableIndex index) const {
    const Table& table = schema_.tables[index];
    Words words = words_of(table.name);
    if (words.size() > 1 && prefixes_.contains({table.schema, words[0]}))
      words.erase(words.begin());
    return words;
  }

  std::string noun_of(TableIndex index) const { return joined_words(own_words(index)); }

  void find_foreign_keys() {
    for (const ForeignKey& fk : schema_.foreign_keys) {
      if (fk.columns.size() == 1) target_of_[{fk.table, fk.columns[0]}] = fk.target;
      if (fk.table == fk.target) continue;
      const bool always = all_not_null(schema_.tables[fk.table], fk.columns);
      ways_to_[fk.target].push_back({fk.table, always ? Way::kAlways : Way::kMaybe});
      if (fk.columns.size() == 1) ++uses_[{fk.target, fk.target_columns[0]}];
    }
  }

  // Columns that no foreign key of their own is on, and those that are named after a table.
  void find_named_columns() {
    for (TableIndex index = 0; index < size(); ++index)
      for (const Column& column : schema_.tables[index].columns) {
        columns_named_[plain_name(column.name)].push_back({index, &column});
        const auto stem = id_stem(column.name);
        if (!stem || target_of_.contains({index, column.number})) continue;
        const TableIndex target = only_table_named(*stem, column);
        if (target == kNoTable || target == index) continue;
        ways_to_[target].push_back({index, column.not_null ? Way::kByName : Way::kMaybe});
      }
  }

  TableIndex only_table_named(const std::string& noun, const Column& column) const {
    std::set<TableIndex> found;
    for (const std::string& form : noun_forms(noun))
      if (const auto named = named_.find(form); named != named_.end())
        for (TableIndex index : named->second)
          if (const Column* key = key_of(index); key != nullptr && key->family == column.family)
            found.insert(index);
    return found.size() == 1 ? *found.begin() : kNoTable;
  }

  // The column that tells the rows apart, if one does: of several the one that others refer to
  // most.
  const Column* key_of(TableIndex index) const {
    const Table& table = schema_.tables[index];
    const Column* best = nullptr;
    size_t best_rank = 0;
    for (const UniqueIndex& unique : table.unique_indexes) {
      if (unique.partial || unique.columns.size() != 1 || unique.columns[0] == 0) continue;
      const auto uses = uses_.find({index, unique.columns[0]});
      const size_t rank = (uses == uses_.end() ? 0 : 2 * uses->second) + (unique.primary ? 1 : 0);
      if (rank <= best_rank) continue;
      best = &column_of(table, unique.columns[0]);
      best_rank = rank;
    }
    return best;
  }

  std::optional<Candidate> candidate_of(TableIndex index) const {
    const Table& table = schema_.tables[index];
    Candidate candidate;
    candidate.table = index;
    candidate.key = key_of(index);
    if (candidate.key == nullptr || table.of_extension || table.foreign) return std::nullopt;
    if (table_smell(table)) return std::nullopt;
    const Words words = own_words(index);
    if (words.empty()) return std::nullopt;
    candidate.weight = weight_of(words.back()) * (words.size() == 1 ? kAlone : 1);
    find_ways(candidate);
    if (candidate.tables() == 0) return std::nullopt;
    candidate.score =
        (static_cast<double>(candidate.sure()) + static_cast<double>(candidate.maybe) / 4) *
        std::max(candidate.weight, 1);
    return candidate;
  }

  void find_ways(Candidate& candidate) const {
    candidate.ways.assign(schema_.tables.size(), Way::kNever);
    std::vector<TableIndex> open;
    for (Way least : {Way::kAlways, Way::kByName, Way::kMaybe}) {
      open = {candidate.table};
      for (TableIndex index = 0; index < size(); ++index)
        if (candidate.ways[index] != Way::kNever) open.push_back(index);
      while (!open.empty()) {
        const TableIndex target = open.back();
        open.pop_back();
        for (const auto& [source, way] : ways_to_[target]) {
          if (way < least || source == candidate.table || candidate.ways[source] != Way::kNever)
            continue;
          candidate.ways[source] = least;
          ++(least == Way::kAlways   ? candidate.always
             : least == Way::kByName ? candidate.by_name
                                     : candidate.maybe);
          open.push_back(source);
        }
      }
    }
  }

  // Of two that both sound like it, one of which always belongs to the other, the inner one is a
  // workspace or a project of the company.
  static void put_outer_first(std::vector<Candidate>& candidates) {
    std::vector<double> scores;
    for (const Candidate& inner : candidates) {
      double score = inner.score;
      for (const Candidate& outer : candidates)
        if (outer.ways[inner.table] >= Way::kByName && inner.ways[outer.table] < Way::kByName &&
            outer.weight >= 3 * kAlone && outer.weight * 2 >= inner.weight)
          score = std::min(score, outer.score / 2);
      scores.push_back(score);
    }
    for (size_t i = 0; i < candidates.size(); ++i) candidates[i].score = scores[i];
  }

  // Of names that say nothing only the first, if more tables lead to it than to what sounds like a
  // company, and these are many: else it is a currency, or a country.
  void keep_likely(std::vector<Candidate>& candidates) const {
    const Candidate* best = candidates.data();
    std::vector<Candidate> kept;
    for (Candidate& candidate : candidates)
      if (candidate.weight > 0 ||
          (&candidate == best && candidate.sure() * 3 >= schema_.tables.size()))
        kept.push_back(std::move(candidate));
    candidates = std::move(kept);
    if (candidates.empty()) return;
    const double least = candidates[0].score / kFarAhead;
    candidates.erase(std::remove_if(candidates.begin() + 1, candidates.end(),
                                    [&](const Candidate& candidate) {
                                      return candidate.score < least || candidate.tables() < 2;
                                    }),
                     candidates.end());
    if (candidates.size() > kMostCandidates) candidates.resize(kMostCandidates);
  }

  Confidence confidence(const std::vector<Candidate>& candidates) const {
    const Candidate& first = candidates[0];
    if (first.weight < 3 * kAlone || first.sure() < 2) return Confidence::kGuess;
    const bool most = first.sure() * 3 >= schema_.tables.size() * 2;
    return first.weight >= kSaysIt * kAlone && candidates.size() == 1 && most
               ? Confidence::kConfident
               : Confidence::kLikely;
  }

  // "38 tables lead to it by foreign keys that are never NULL, 12 more by what can be NULL"
  static std::string evidence_of_ways(const Candidate& candidate) {
    std::string text;
    const auto add = [&](size_t count, const std::string& how) {
      if (count == 0) return;
      text += text.empty()
                  ? counted_tables(count) + (count == 1 ? " leads" : " lead") + " to it by "
                  : ", " + std::to_string(count) + " more by ";
      text += how;
    };
    add(candidate.always, "foreign keys that are never NULL");
    add(candidate.by_name, "columns without a foreign key that are named after tables");
    add(candidate.maybe, "what can be NULL");
    return text;
  }

  // "; less likely: sales.account"
  std::string others(const std::vector<Candidate>& candidates) const {
    std::string text = "; less likely: ";
    for (size_t i = 1; i < candidates.size(); ++i)
      text += (i == 1 ? "" : ", ") + display_table(schema_.tables[candidates[i].table]);
    return text;
  }

  std::string evidence(const Candidate& candidate, const Settings& settings) const {
    std::string text = evidence_of_ways(candidate);
    if (settings.scope_columns.empty()) return text;
    return text + "; " + columns_evidence(candidate.table, settings);
  }

  // "12 tables have a column company_id without a foreign key, 2 tables companyId"
  std::string columns_evidence(TableIndex company, const Settings& settings) const {
    const Column& key = *find_column(schema_.tables[company], settings.key_column);
    std::string text;
    for (const std::string& name : settings.scope_columns) {
      const size_t count = free_tables(company, key, name).size();
      if (count == 0) continue;
      const std::string tables = counted_tables(count);
      text += text.empty() ? tables + (count == 1 ? " has" : " have") + " a column " +
                                 display_name(name) + " without a foreign key"
                           : ", " + tables + " " + display_name(name);
    }
    return text;
  }

  struct NamedColumn {
    TableIndex table;
    const Column* column;
  };

  // Names as a column may have that holds the company's key, as plain_name() has them.
  std::set<std::string> plain_names(TableIndex company, const Column& key) const {
    std::set<std::string> names;
    std::set<std::string> nouns{plain_name(schema_.tables[company].name), noun_of(company)};
    if (weight_of(noun_of(company)) == weight_of("organization")) nouns.insert("org");
    for (const std::string& noun : nouns)
      for (const std::string& form : noun_forms(noun)) {
        names.insert({form + "_" + plain_name(key.name), form + "_id", form + "_uuid"});
        if (key.family == TypeFamily::kUuid || key.family == TypeFamily::kInteger)
          names.insert(form);
      }
    if (id_stem(key.name)) names.insert(plain_name(key.name));
    return names;
  }

  // Tables that have a column of this name which can hold the key, with no foreign key of its own.
  std::vector<TableIndex> free_tables(TableIndex company, const Column& key,
                                      const std::string& name) const {
    std::vector<TableIndex> tables;
    const auto found = columns_named_.find(plain_name(name));
    if (found == columns_named_.end()) return tables;
    for (const NamedColumn& named : found->second)
      if (named.table != company && named.column->name == name &&
          named.column->family == key.family &&
          !target_of_.contains({named.table, named.column->number}))
        tables.push_back(named.table);
    return tables;
  }

  // Does a column of this name say the company wherever no foreign key says it? Not if it refers to
  // another table somewhere, or if most such columns cannot hold the key; and where almost all have
  // a foreign key, those without one may be somebody else's, and are asked about one by one.
  bool says_company(TableIndex company, const Column& key, const std::string& name) const {
    size_t free = 0, held = 0, unfit = 0;
    for (const NamedColumn& named : columns_named_.at(plain_name(name))) {
      if (named.table == company || named.column->name != name) continue;
      const auto target = target_of_.find({named.table, named.column->number});
      if (target != target_of_.end() && target->second != company) return false;
      ++(target != target_of_.end() ? held : named.column->family == key.family ? free : unfit);
    }
    return free > unfit && free * kMostHeld >= held;
  }

  // The columns of other tables, with no foreign key on them, that are named after this one, or as
  // foreign keys to it are: "tenant_id" for "tenants". The most frequent first.
  std::vector<std::string> scope_columns(TableIndex company, const Column& key) const {
    std::set<std::string> plain = plain_names(company, key);
    for (const auto& [from, target] : target_of_) {
      const Column& column = column_of(schema_.tables[from.first], from.second);
      if (target == company && from.first != company && id_stem(column.name))
        plain.insert(plain_name(column.name));
    }
    std::map<std::string, size_t> counts;
    for (const std::string& name : plain) {
      const auto found = columns_named_.find(name);
      if (found == columns_named_.end()) continue;
      // An ID of whatever table another column says is no company's.
      if (std::any_of(found->second.begin(), found->second.end(), [&](const NamedColumn& named) {
            return type_column(schema_.tables[named.table], *named.column) != nullptr;
          }))
        continue;
      for (const NamedColumn& named : found->second) {
        const std::string& column = named.column->name;
        if (!counts.contains(column) && says_company(company, key, column))
          counts[column] = free_tables(company, key, column).size();
      }
    }
    std::vector<std::string> names;
    for (const auto& [name, count] : counts) names.push_back(name);
    std::stable_sort(names.begin(), names.end(),
                     [&](const auto& a, const auto& b) { return counts[a] > counts[b]; });
    return names;
  }

  bool add_scope_columns(TableIndex company, const Column& key, Settings& settings) const {
    const size_t before = settings.scope_columns.size();
    for (const std::string& name : scope_columns(company, key))
      if (std::find(settings.scope_columns.begin(), settings.scope_columns.end(), name) ==
          settings.scope_columns.end())
        settings.scope_columns.push_back(name);
    return settings.scope_columns.size() > before;
  }

  // What people call the company. Without any such column: what it is found by.
  std::string name_column(TableIndex index, const Column& key) const {
    const Table& table = schema_.tables[index];
    const auto fits = [&](const Column& column) {
      return column.family == TypeFamily::kText && column.number != key.number &&
             !looks_like_secret(table, column);
    };
    for (const std::string& wanted :
         {std::string("name"), noun_forms(noun_of(index)).back() + "_name",
          std::string("company_name"), std::string("legal_name"), std::string("display_name"),
          std::string("title"), std::string("label")})
      for (const Column& column : table.columns)
        if (plain_name(column.name) == wanted && fits(column)) return column.name;
    for (WordList wanted : {WordList{"name"}, WordList{"title", "label"},
                            WordList{"slug", "subdomain", "handle"}, WordList{"domain", "email"}})
      for (const Column& column : table.columns)
        if (ends_in(words_of(column.name), wanted) && fits(column) && !is_file_name(column))
          return column.name;
    return key.name;
  }

  static bool is_file_name(const Column& column) {
    return has_word(words_of(column.name),
                    {"file", "host", "domain", "user", "path", "db", "image"});
  }

  const Schema& schema_;
  Statements statements_;
  std::set<std::pair<std::string, std::string>> prefixes_;  // schema, first word
  std::map<std::string, std::vector<TableIndex>> named_;    // by noun_forms()
  std::vector<std::vector<std::pair<TableIndex, Way>>> ways_to_;
  std::map<std::pair<TableIndex, int16_t>, TableIndex> target_of_;  // of single columns
  std::map<std::pair<TableIndex, int16_t>, size_t> uses_;           // referred to by single columns
  std::map<std::string, std::vector<NamedColumn>> columns_named_;   // by plain_name()
};

}  // namespace

std::vector<Proposal> propose_company_table(const Schema& schema,
                                            const std::string& functions_schema) {
  return CompanyGuess(schema, functions_schema).propose();
}

std::vector<Proposal> propose_scope_columns(const Schema& schema, TableIndex company,
                                            const Settings& settings,
                                            const std::string& functions_schema) {
  return CompanyGuess(schema, functions_schema).propose_scope_columns(company, settings);
}

}  // namespace company_backup
