// Columns that a rule calls data because no value was the key of anything: asked about again when
// that is no longer so.
#include <algorithm>

#include "core/scope/document_values.hpp"
#include "core/scope/found_keys.hpp"
#include "core/scope/scope_meaning.hpp"
#include "core/scope/sql.hpp"
#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

class Doubts {
 public:
  explicit Doubts(Model& model)
      : model_(model), meaning_(model), names_(model.schema, meaning_.nouns(), model.company) {}

  void find() {
    for (TableIndex index = 0; index < static_cast<TableIndex>(model_.size()); ++index) {
      for (const auto& [name, rule] : model_.column_rules[index]) {
        if (!rule->on_evidence) continue;
        look_at(index, *find_column(model_.table(index), name));
      }
    }
  }

 private:
  void look_at(TableIndex index, const Column& column) {
    for (const PlaceEvidence& place : model_.evidence.of(index, column.number)) {
      if (is_answered(place.place)) continue;
      const Judgement judged = meaning_.judge(place);
      if (judged.kind == Judgement::Kind::kReference) {
        tell(column, place.place, judged, model_.statements.reference(reference(place, judged)));
        return;
      }
      // The same values in two places are no chance, however few they are.
      const bool proves = place.generated * 10 >= place.values * 9;
      if (judged.kind != Judgement::Kind::kUnknown || judged.evidence.empty() || !proves) continue;
      tell(column, place.place, judged, "");
      return;
    }
    if (const auto found = named_key(model_, names_, index, column))
      tell_key(index, column, *found);
  }

  // What it is named after, whatever the values look like.
  void tell_key(TableIndex index, const Column& column, const FoundKey& found) {
    const SamplePlace place{.table = index, .column = column.number};
    if (is_answered(place)) return;
    const Judgement judged{Judgement::Kind::kReference, found.key.table, found.key.column,
                           found.confidence, found.evidence};
    tell(column, place, judged, model_.statements.reference(meaning_.reference(place, judged)));
  }

  ReferenceRule reference(const PlaceEvidence& place, const Judgement& judged) const {
    return meaning_.reference(place.place, judged);
  }

  // Does another rule say what the values here refer to?
  bool is_answered(const SamplePlace& place) const {
    const auto& soft = model_.soft[place.table];
    return std::any_of(soft.begin(), soft.end(), [&](const SoftReference& other) {
      return other.columns == std::vector{place.column} &&
             covers_path(other.rule->json_path, place.json_path);
    });
  }

  void tell(const Column& column, const SamplePlace& place, const Judgement& judged,
            Statement settles) {
    const Table& table = model_.table(place.table);
    std::string where = place.json_path.empty() ? "" : " at " + place.json_path;
    if (place.when_column != 0) {
      where += " where " + display_name(column_of(table, place.when_column).name) + " is " +
               quote_literal(place.when_value);
    }
    std::string problem = "its rule says data, as none of its values was a key, but by now" +
                          where + " " + judged.evidence;
    if (settles.text.empty()) {
      problem +=
          "; say of which table with set_reference(), or that it is data all the same with "
          "set_column_rule(..., 'data')";
    }
    model_.warning(column_object(table, column.name), problem, std::move(settles));
    model_.support(judged.confidence, judged.evidence);
  }

  Model& model_;
  const ColumnMeaning meaning_;
  const KeyNames names_;
};

}  // namespace

void check_doubts(Model& model) {
  Doubts(model).find();
}

}  // namespace company_backup
