#include "pg/load/kept_ids.hpp"

#include <cstring>
#include <utility>

#include "core/text/alphabets.hpp"
#include "core/text/digest.hpp"
#include "core/text/hex.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {
namespace {

constexpr char kRows[] = "";  // instead of a column
constexpr size_t kFullPiece = 65536;
constexpr size_t kDigestHex = 64;

// The alphabets that a form's view may be of.
std::string_view alphabet_of(std::string_view letters) {
  for (const std::string_view known :
       {kBase36, kBase62, kNanoidLetters, kCrockford, kCrockfordLower})
    if (known == letters) return known;
  return {};
}

std::string stored_form(const IdForm& form) {
  return static_cast<char>('0' + static_cast<int>(form.shape)) + form.prefix + '\n' +
         std::string(form.alphabet);
}

IdForm read_form(std::string_view text) {
  const size_t end = text.find('\n');
  if (text.empty() || end == std::string_view::npos)
    throw Error(sqlstate::kInternal,
                "the form of IDs that was kept of an earlier merge is damaged");
  return {static_cast<IdShape>(text[0] - '0'), std::string(text.substr(1, end - 1)),
          alphabet_of(text.substr(end + 1))};
}

std::string array_text(const std::vector<int64_t>& numbers) {
  std::string text = "{";
  for (const int64_t number : numbers)
    text += (text.size() == 1 ? "" : ",") + std::to_string(number);
  return text + "}";
}

}  // namespace

KeptIds::KeptIds(const LiveScope& live, const MergeSource& source, std::optional<int64_t> target,
                 const Manifest& manifest)
    : live_(live), source_(source), erased_(live, manifest) {
  const Rows rows = own_query(
      "SELECT restore, new_ids, pg_catalog.encode(id_key, 'hex'), "
      "pg_catalog.encode(contents, 'hex') FROM "
      "company_backup.id_map WHERE owner = $1 AND source_database = $2::uuid AND "
      "source_company = $3 AND source_owner IS NOT DISTINCT FROM $4 ORDER BY restore",
      {Arg::optional_number(target), source.database, source.company,
       Arg::optional_number(source.owner)});
  for (const Row& row : rows) {
    restores_.push_back(std::stoll(*row[0]));
    gave_new_ids_ = *row[1] == "t";
    for (size_t at = 0; at + kDigestHex <= row[3]->size(); at += kDigestHex)
      earlier_contents_.insert(row[3]->substr(at, kDigestHex));
  }
  if (rows.empty()) {
    if (!pg_strong_random(key_.data(), key_.size()))
      throw Error(sqlstate::kInternal, "could not generate random numbers");
    return;
  }
  const std::optional<Sha256Digest> key = parse_hex(*rows[0][2]);
  if (!key) throw Error(sqlstate::kInternal, "the key of an earlier merge is damaged");
  key_ = *key;
}

const std::string& KeptIds::name_of(const ColumnRoot& column) const {
  return column_of(live_.table(column.table), column.column).name;
}

std::vector<std::string> KeptIds::pieces(TableIndex table, const std::string& column) const {
  if (restores_.empty()) return {};
  return own_bytes(
      "SELECT p.data FROM company_backup.id_map_piece p JOIN company_backup.known_table k ON k.id "
      "= p.known_table WHERE p.restore = ANY ($1::bigint[]) AND k.relation = $2::oid AND "
      "p.column_name = $3::name ORDER BY p.restore, p.seq",
      {array_text(restores_), Arg::datum(OIDOID, ObjectIdGetDatum(live_.table(table).oid)), column},
      Access::kCall);
}

std::shared_ptr<KeptNumbers> KeptIds::numbers(const std::vector<ColumnRoot>& columns) const {
  std::shared_ptr<KeptNumbers> numbers;
  for (const ColumnRoot& column : columns) {
    for (const std::string& piece : pieces(column.table, name_of(column))) {
      if (!numbers) numbers = std::make_shared<KeptNumbers>();
      numbers->read(piece);
    }
  }
  if (numbers) numbers->seal();
  return numbers;
}

std::shared_ptr<ListedKeys> KeptIds::texts(const std::vector<ColumnRoot>& columns,
                                           KeyForm form) const {
  std::shared_ptr<ListedKeys> texts;
  for (const ColumnRoot& column : columns) {
    for (const std::string& piece : pieces(column.table, name_of(column))) {
      if (!texts) {
        texts = std::make_shared<ListedKeys>(1);
        texts->set_forms({form});
      }
      read_kept_texts(piece, *texts);
    }
  }
  return texts;
}

std::vector<IdForm> KeptIds::forms(const ColumnRoot& column) const {
  std::vector<IdForm> forms;
  for (const std::string& piece : pieces(column.table, name_of(column)))
    forms.push_back(read_form(piece));
  return forms;
}

void KeptIds::begin(int64_t restore, int64_t target, bool new_ids) {
  restore_ = restore;
  own_query(
      "INSERT INTO company_backup.id_map VALUES ($1, $2, $3::uuid, $4, $5, $6, $7)",
      {restore, target, source_.database, source_.company, Arg::optional_number(source_.owner),
       Arg::bytea({reinterpret_cast<const char*>(key_.data()), key_.size()}), new_ids},
      Access::kWrite);
}

KeptIds::Place KeptIds::place_of(TableIndex table, const std::string& column) const {
  return {remember_table(live_.table(table).oid), column};
}

void KeptIds::put(Place& place, std::string_view piece) const {
  own_query("INSERT INTO company_backup.id_map_piece VALUES ($1, $2, $3::name, $4, $5)",
            {*restore_, place.table, place.column, place.seq++, Arg::bytea(piece)}, Access::kWrite);
}

// Null: nothing is kept.
KeptPairWriter* KeptIds::writer(const ColumnRoot& column, KeptAs as) {
  if (!restore_) return nullptr;
  Pairs& pairs = pairs_[column];
  if (!pairs.writer) {
    pairs.place = place_of(column.table, name_of(column));
    pairs.writer = std::make_unique<KeptPairWriter>(
        as, [this, &pairs](std::string_view piece) { put(pairs.place, piece); });
  }
  return pairs.writer.get();
}

void KeptIds::note(const ColumnRoot& column, int64_t old_id, int64_t new_id) {
  if (KeptPairWriter* to = writer(column, KeptAs::kNumbers)) to->add(old_id, new_id);
}

void KeptIds::note(const ColumnRoot& column, std::string_view old_id, std::string_view new_id) {
  if (KeptPairWriter* to = writer(column, KeptAs::kTexts)) to->add(old_id, new_id);
}

void KeptIds::note(const ColumnRoot& column, const IdForm& form) {
  if (!restore_) return;
  Place place = place_of(column.table, name_of(column));
  put(place, stored_form(form));
}

void KeptIds::finish() {
  for (auto& [column, pairs] : pairs_) pairs.writer->finish();
  for (auto& [table, rows] : rows_)
    if (!rows.digests.empty()) put(rows.place, std::exchange(rows.digests, {}));
  if (contents_.empty()) return;
  own_query(
      "UPDATE company_backup.id_map SET contents = pg_catalog.decode($2, 'hex') "
      "WHERE restore = $1",
      {*restore_, contents_}, Access::kWrite);
}

void KeptIds::note_contents(std::string_view contents) {
  if (restore_) contents_ += hex(sha256(contents));
}

bool KeptIds::knows_contents(std::string_view contents) const {
  return earlier_contents_.contains(hex(sha256(contents)));
}

// Of so many bits that no two keys have the same by chance.
KeptIds::Digest KeptIds::digest_of(std::string_view key) {
  hash_.update(key);
  const Sha256Digest whole = hash_.finish();
  Digest digest{};
  std::memcpy(&digest, whole.data(), sizeof(digest));
  return digest;
}

void KeptIds::note_row(TableIndex table, std::string_view key) {
  if (!restore_) return;
  const auto [known, added] = rows_.try_emplace(table);
  CameRows& rows = known->second;
  if (added) rows.place = place_of(table, kRows);
  const Digest digest = digest_of(key);
  rows.digests.append(reinterpret_cast<const char*>(&digest), sizeof(digest));
  if (rows.digests.size() >= kFullPiece) put(rows.place, std::exchange(rows.digests, {}));
}

bool KeptIds::came_before(TableIndex table, std::string_view key) {
  if (restores_.empty()) return false;
  const auto [known, added] = earlier_rows_.try_emplace(table);
  if (added) {
    for (const std::string& piece : pieces(table, kRows)) {
      for (size_t at = 0; at + sizeof(Digest) <= piece.size(); at += sizeof(Digest)) {
        Digest digest{};
        std::memcpy(&digest, piece.data() + at, sizeof(digest));
        known->second.add(digest);
      }
    }
    known->second.seal();
  }
  return known->second.rank(digest_of(key)).has_value();
}

void forget_kept_ids(int64_t restore) {
  own_query("DELETE FROM company_backup.id_map WHERE restore = $1", {restore}, Access::kWrite);
}

ForgottenMerges forget_kept_ids(int64_t target, const std::optional<MergeSource>& source) {
  const Text database = source ? Text(source->database) : Text();
  const Text company = source ? Text(source->company) : Text();
  const Row row = one_row(own_query(
      "WITH asked AS (SELECT restore, EXISTS (SELECT FROM company_backup.id_map_piece p JOIN "
      "company_backup.tombstone t ON t.table_id = p.known_table AND t.company = $1 WHERE p.restore "
      "= m.restore) AS is_needed FROM company_backup.id_map m WHERE owner = $1 AND ($2 IS NULL OR "
      "(source_database = $2::uuid AND source_company = $3 AND source_owner IS NOT DISTINCT FROM "
      "$4))), forgotten AS (DELETE FROM company_backup.id_map WHERE restore IN (SELECT restore "
      "FROM asked WHERE NOT is_needed) RETURNING 1) SELECT (SELECT count(*) FROM forgotten), "
      "count(*) FILTER (WHERE is_needed) FROM asked",
      {target, database, company, Arg::optional_number(source ? source->owner : std::nullopt)},
      Access::kWrite));
  return {std::stoll(*row[0]), std::stoll(*row[1])};
}

}  // namespace company_backup
