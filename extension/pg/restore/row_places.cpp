#include "pg/restore/row_places.hpp"

#include <cstring>

#include "pg/base/spi.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {

std::string place_text(const RowVersion& version) {
  std::string text(sizeof version.relation + sizeof version.block + sizeof version.offset, '\0');
  std::memcpy(text.data(), &version.relation, sizeof version.relation);
  std::memcpy(text.data() + 4, &version.block, sizeof version.block);
  std::memcpy(text.data() + 8, &version.offset, sizeof version.offset);
  return text;
}

RowVersion parse_place(std::string_view text) {
  RowVersion version;
  std::memcpy(&version.relation, text.data(), sizeof version.relation);
  std::memcpy(&version.block, text.data() + 4, sizeof version.block);
  std::memcpy(&version.offset, text.data() + 8, sizeof version.offset);
  return version;
}

void RowPlaces::put(const RowVersion& version) {
  places_.put(place_text(version));
}

NamedRows RowPlaces::look_up(const Table& table, const std::vector<int16_t>& key,
                             const std::string& condition) {
  NamedRows found;
  const std::string sql = "SELECT " + row_key_expression(table, key, "t") + from_places(table, 1) +
                          " WHERE true" + condition;
  std::vector<std::string> relations, places;
  const auto look_up_batch = [&] {
    if (relations.empty()) return;
    BatchMemory memory;
    for (const Row& row : query(sql, {text_array(relations), text_array(places)})) {
      if (++found.count <= kListedKeys) found.keys += (found.keys.empty() ? "" : ", ") + *row[0];
    }
    memory.close();
    relations.clear();
    places.clear();
  };
  std::string_view text;
  while (places_.next(text)) {
    const RowVersion version = parse_place(text);
    relations.push_back(std::to_string(version.relation));
    places.push_back("(" + std::to_string(version.block) + "," + std::to_string(version.offset) +
                     ")");
    if (relations.size() >= kKeysPerLookup) look_up_batch();
  }
  look_up_batch();
  if (found.count > kListedKeys) found.keys += ", ...";
  return found;
}

}  // namespace company_backup
