#include "pg/member_file.hpp"

#include "pg/boundary.hpp"

namespace company_backup {

MemberFile::MemberFile() : file_(guarded([] { return BufFileCreateTemp(false); })) {}

void MemberFile::put(bool shared, int table_number, int, std::string_view member) {
  Place place{0, 0, member.size()};
  guarded([&] {
    BufFileTell(file_, &place.file, &place.offset);
    BufFileWrite(file_, const_cast<char*>(member.data()), member.size());
  });
  members_[{shared, table_number}].push_back(place);
}

void MemberFile::put_file(const FileEntry&, int, std::string_view) {
  throw Error(sqlstate::kInternal, "a copy of a company holds its files in its rows");
}

void MemberFile::open(bool shared, int table_number) {
  table_ = &members_[{shared, table_number}];
  next_ = 0;
}

bool MemberFile::next(std::string& member) {
  if (next_ == table_->size()) return false;
  const Place& place = (*table_)[next_++];
  member.resize(place.size);
  char* const data = member.data();
  const bool whole = guarded([&] {
    return BufFileSeek(file_, place.file, place.offset, SEEK_SET) == 0 &&
           BufFileRead(file_, data, place.size) == place.size;
  });
  if (!whole) throw Error(sqlstate::kInternal, "a temporary file lost what was written");
  return true;
}

void MemberFile::close() {
  guarded([this] { BufFileClose(file_); });
}

}  // namespace company_backup
