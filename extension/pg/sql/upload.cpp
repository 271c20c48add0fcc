// begin_upload, append_upload, finish_upload: an archive from outside, hostile until proved.
#include "pg/sql/upload.hpp"

#include "core/archive/archive_reader.hpp"
#include "core/archive/manifest.hpp"
#include "core/text/hex.hpp"
#include "pg/backup/limits.hpp"
#include "pg/base/act.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/module.hpp"
#include "pg/base/piece_pipeline.hpp"
#include "pg/base/progress.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/rules.hpp"
#include "pg/scope/stored_tables.hpp"
#include "pg/sql/authorize.hpp"

namespace company_backup {
namespace {

// For a company that had not been seen: does the one that had the key still have it?
bool is_same_holder(const std::string& key, const std::string& ends) {
  return KeyHolder::now(key).ends() == ends;
}

// Is this table still the company table, or one of its partitions?
bool has_companies(const std::string& place) {
  return !own_query(
              "SELECT FROM company_backup.settings s JOIN pg_class c ON c.oid = "
              "to_regclass(format('%I.%I', s.company_schema, s.company_table)) JOIN "
              "company_backup.known_table k ON k.relation = c.oid OR k.relation IN (SELECT relid "
              "FROM pg_partition_tree(c.oid)) WHERE k.id = $1::bigint",
              {place}, Access::kCall)
              .empty();
}

// The caller's own upload (the database owner's and superusers': any).
std::optional<Upload> look_for_upload(int64_t id) {
  const Rows rows = own_query(
      "SELECT u.owner, u.created_by = $2, coalesce(c.key, u.key), u.ends, u.place FROM "
      "company_backup.upload u LEFT JOIN "
      "company_backup.company c ON c.id = u.owner AND c.gone_at IS NULL WHERE u.id = $1",
      {id, caller_role()}, Access::kCall);
  if (rows.empty()) return std::nullopt;
  if (!caller_owns_database() && rows[0][1] != "t") return std::nullopt;
  if (rows[0][3] && !is_same_holder(*rows[0][2], *rows[0][3])) return std::nullopt;
  if (rows[0][4] && !has_companies(*rows[0][4])) return std::nullopt;
  Upload upload{id, std::nullopt, rows[0][2]};
  if (rows[0][0]) upload.owner = std::stoll(*rows[0][0]);
  return upload;
}

[[noreturn]] void refuse_upload(int64_t id) {
  throw Error(sqlstate::kUnknownBackup, "upload " + std::to_string(id) + " does not exist")
      .hint("begin_upload() begins one; it ends with finish_upload().");
}

// The company that a finished upload is for, which has an identity from now on. It still has its
// key.
std::optional<int64_t> owner_of(const Upload& upload) {
  if (upload.owner || !upload.company) return upload.owner;
  const LiveScope live = load_live_scope();
  const int64_t owner = make_identity(live, resolve_company(live, upload.company));
  if (!look_for_upload(upload.id)) refuse_upload(upload.id);
  return owner;
}

// Compresses checked lines again into chunks of our own cutting.
class UploadSink : public ArchiveSink {
 public:
  explicit UploadSink(int64_t backup) : store_(backup) {}

  void progress() override { check_for_interrupts(); }

  void manifest(const Manifest&) override {}

  void begin_table(Section section, std::size_t index) override {
    shared_ = section == Section::kShared;
    number_ = static_cast<int>(index);
    seq_ = 0;
  }

  void lines(std::string_view piece) override { pipeline_.push(piece, sink()); }

  void end_table() override { pipeline_.drain(sink()); }

  void begin_file(const FileEntry& file) override {
    file_ = file;
    seq_ = 0;
  }

  void file_data(std::string_view piece) override { pipeline_.push(piece, file_sink()); }

  void end_file() override { pipeline_.drain(file_sink()); }

 private:
  PiecePipeline::Sink sink() {
    return [this](std::string_view member) { store_.put(shared_, number_, seq_++, member); };
  }

  PiecePipeline::Sink file_sink() {
    return [this](std::string_view member) { store_.put_file(file_, seq_++, member); };
  }

  StoreSink store_;
  PiecePipeline pipeline_{compress_pieces()};
  bool shared_ = false;
  int number_ = 0;
  FileEntry file_;
  int seq_ = 0;
};

// Feeds one part in slices, since a part may be as large as its sender liked. False: there is none
// of that number.
bool read_part(int64_t upload, int seq, ArchiveReader& reader) {
  constexpr int kSlice = 1 << 20;
  for (int begin = 1;; begin += kSlice) {
    const std::vector<std::string> slice = own_bytes(
        "SELECT substring(data FROM $3 FOR $4) FROM company_backup.upload_part WHERE upload = $1 "
        "AND seq = $2",
        {upload, seq, begin, kSlice});
    if (slice.empty()) return false;
    reader.feed(slice[0]);
    check_for_interrupts();
    if (slice[0].size() < static_cast<size_t>(kSlice)) return true;
  }
}

// Feeds the parts, which must be numbered from 0 without a gap.
void read_parts(int64_t upload, ArchiveReader& reader) {
  int seq = 0;
  while (read_part(upload, seq, reader)) ++seq;
  const Row numbers = one_row(own_query(
      "SELECT count(*), coalesce(max(seq)::bigint + 1, 0) FROM company_backup.upload_part WHERE "
      "upload = $1",
      {upload}));
  if (*numbers[0] != *numbers[1]) {
    throw Error(sqlstate::kUploadSequence, "parts of the upload are missing")
        .detail(*numbers[0] + " parts have arrived; the last has number " +
                std::to_string(std::stoll(*numbers[1]) - 1) + ".")
        .hint("Append the missing parts and finish again.");
  }
}

void require_all_parts(int64_t upload) {
  const Rows first =
      own_query("SELECT FROM company_backup.upload_part WHERE upload = $1 AND seq = 0", {upload});
  if (first.empty()) {
    throw Error(sqlstate::kUploadSequence, "the upload has no first part")
        .hint("Parts are numbered from 0.");
  }
}

// A single row may be hundreds of megabytes of one letter; what expands so much for longer is a
// bomb.
ArchiveLimits upload_limits() {
  ArchiveLimits limits;
  limits.inflate.expansion_ratio = static_cast<uint64_t>(max_expansion);
  return limits;
}

bool is_signed_here(const ArchiveReader& reader) {
  return reader.check_signature(database_identity().key);
}

bool says_it_is_ours(const ArchiveReader& reader) {
  return reader.manifest().database_identity == database_identity().identity;
}

// Signed by this database and of this database: only then are its IDs and people those of here.
bool is_of_this_database(const ArchiveReader& reader) {
  return says_it_is_ours(reader) && is_signed_here(reader);
}

struct TrustedOrigin {
  std::string name;
  Text identity;  // of the database whose archives have come with this key
};

// Those whose key has signed the archive.
std::vector<TrustedOrigin> find_signers(const ArchiveReader& reader) {
  std::vector<TrustedOrigin> signers;
  for (const Row& row :
       own_query("SELECT name, identity, pg_catalog.encode(archive_key, 'hex') FROM "
                 "company_backup.trusted_origin ORDER BY name")) {
    check_for_interrupts();
    if (reader.check_signature(bytes_of_hex(*row[2]).value())) signers.push_back({*row[0], row[1]});
  }
  return signers;
}

[[noreturn]] void refuse_identity(const ArchiveReader& reader, const std::string& whose) {
  throw Error(sqlstate::kUntrustedArchive, "the archive is not from the database that signed it")
      .detail("It says it is from database " + reader.manifest().database_identity + " (\"" +
              reader.manifest().database_name + "\"); " + whose + ".")
      .hint(
          "A key is trusted for one database only, that of the first archive signed with it. If "
          "that database was created again, call trust_origin(name, key) again.");
}

// Trust goes with a name and an identity: the first archive with a key says whose key it is. False:
// no trusted key has signed it.
bool is_trusted_origin(const ArchiveReader& reader) {
  const std::vector<TrustedOrigin> signers = find_signers(reader);
  if (signers.empty()) return false;
  if (says_it_is_ours(reader)) {
    refuse_identity(reader, "that is this one, whose key has not signed it");
  }
  const std::string& identity = reader.manifest().database_identity;
  for (const TrustedOrigin& signer : signers) {
    if (signer.identity == identity) return true;
  }
  for (const TrustedOrigin& signer : signers) {
    if (signer.identity) continue;
    own_query("UPDATE company_backup.trusted_origin SET identity = $2::uuid WHERE name = $1",
              {signer.name, identity}, Access::kWrite);
    return true;
  }
  refuse_identity(reader, "the key of \"" + signers[0].name + "\" is trusted for database " +
                              *signers[0].identity);
}

void require_trusted(const ArchiveReader& reader) {
  if (!require_signature) return;
  if (!reader.signature()) {
    throw Error(sqlstate::kUntrustedArchive, "the archive is not signed")
        .detail("Nothing proves that its contents are what a database wrote.")
        .hint(
            "Export it again with company_backup, or let a superuser set "
            "company_backup.require_signature to off for this session.");
  }
  if (is_signed_here(reader)) {
    if (says_it_is_ours(reader)) return;
    refuse_identity(reader, "but it is signed with the key of this one");
  }
  if (is_trusted_origin(reader)) return;
  throw Error(sqlstate::kUntrustedArchive,
              "the archive is signed by a database that is not trusted")
      .detail("It says it is from database " + reader.signature()->identity + " (\"" +
              reader.manifest().database_name + "\").")
      .hint(
          "If you trust it, call archive_key() there and trust_origin(name, key) here. A changed "
          "archive looks the same: its signature does not fit any trusted key.");
}

}  // namespace

int64_t begin_upload_for(const Text& text, const Text& actor) {
  CompanyIdentity owner;
  Text key, ends;
  std::optional<int64_t> place;
  if (text) {
    const AskedCompany company =
        authorize_existing(load_live_scope(), text, Action::kUpload, actor);
    owner = company.identity();
    // No identity is made for one that has none: others would wait until this transaction ends.
    if (!owner) {
      key = company.key();
      ends = company.ends();
      place = remember_table(company.place());
    }
  } else {
    authorize({Action::kUpload, actor, named_company(text)}, text);
  }
  // Uploads that were never finished do not stay for ever. One that somebody has locked is at work:
  // nobody waits for it here.
  own_query(
      "DELETE FROM company_backup.upload WHERE id IN (SELECT id FROM company_backup.upload WHERE "
      "created_at < now() - interval '7 days' FOR UPDATE SKIP LOCKED)",
      {}, Access::kWrite);
  return std::stoll(one_value(own_query(
      "INSERT INTO company_backup.upload (owner, key, ends, place, created_by) "
      "VALUES ($1, $2, $3, $4, $5) RETURNING id",
      {Arg::optional_number(owner), key, ends, Arg::optional_number(place), caller_role()},
      Access::kWrite)));
}

Upload authorize_upload(int64_t id, const Text& actor) {
  const GuardQuestion question{Action::kUpload, actor, named("Upload", id)};
  const Detail detail = Detail().add("upload", id);
  std::optional<Upload> upload = look_for_upload(id);
  authorize_found(
      question, upload, detail,
      [&] {
        return is_allowed_of(question, upload->owner, key_of_owner(upload->owner, upload->company),
                             detail);
      },
      [id] { refuse_upload(id); });
  if (own_query("SELECT FROM company_backup.upload WHERE id = $1 FOR UPDATE", {id}, Access::kWrite)
          .empty()) {
    refuse_upload(id);
  }
  return std::move(*upload);
}

bool append_part(const Upload& upload, int seq, const std::string& data) {
  const Rows added = own_query(
      "INSERT INTO company_backup.upload_part VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING "
      "1",
      {upload.id, seq, Arg::bytea(data)}, Access::kWrite);
  if (!added.empty()) return true;
  if (own_query(
          "SELECT FROM company_backup.upload_part WHERE upload = $1 AND seq = $2 AND data = $3",
          {upload.id, seq, Arg::bytea(data)})
          .empty()) {
    throw Error(sqlstate::kUploadSequence,
                "part " + std::to_string(seq) + " was sent before with other bytes")
        .hint("Begin a new upload.");
  }
  return false;
}

int64_t finish_upload_of(const Upload& upload) {
  require_all_parts(upload.id);
  const Progress progress("upload", upload.company);
  const int64_t id = next_backup_id();
  UploadSink sink(id);
  ArchiveReader reader(sink, upload_limits());
  read_parts(upload.id, reader);
  reader.finish();
  require_trusted(reader);
  const std::optional<int64_t> owner = owner_of(upload);
  const Manifest& manifest = reader.manifest();
  complete_backup(id,
                  {.company = upload.company.value_or(manifest.company_key),
                   .identity = owner,
                   .origin = BackupOrigin::kUpload,
                   .of_this_database = is_of_this_database(reader)},
                  manifest, reader.manifest_text());
  if (owner)
    keep_within_limits({*owner, upload.company.value_or(manifest.company_key)}, id,
                       BackupMade::kUploaded);
  own_query("DELETE FROM company_backup.upload WHERE id = $1", {upload.id}, Access::kWrite);
  return id;
}

int required_part_number(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index) || PG_GETARG_INT32(index) < 0) {
    throw Error(sqlstate::kInvalidParameter, "seq must be 0 or greater");
  }
  return PG_GETARG_INT32(index);
}

COMPANY_BACKUP_FUNCTION(begin_upload) {
  require_writable("begin_upload()");
  require_guard_or_owner(Action::kUpload);
  PG_RETURN_INT64(begin_upload_for(optional_text(fcinfo, 0), std::nullopt));
}

COMPANY_BACKUP_FUNCTION(append_upload) {
  require_writable("append_upload()");
  note_trifle();
  require_guard_or_owner(Action::kUpload);
  const Upload upload = authorize_upload(required_int64(fcinfo, 0, "upload"), std::nullopt);
  const int seq = required_part_number(fcinfo, 1);
  append_part(upload, seq, required_bytes(fcinfo, 2, "data"));
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(finish_upload) {
  require_writable("finish_upload()");
  require_guard_or_owner(Action::kUpload);
  PG_RETURN_INT64(
      finish_upload_of(authorize_upload(required_int64(fcinfo, 0, "upload"), std::nullopt)));
}

}  // namespace company_backup
