// The stream of COPY (SELECT one bytea column) TO STDOUT (FORMAT binary).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace company_backup::client {

// Fed in any cutting; hands on the values, in pieces, without collecting them.
class BinaryCopyReader {
 public:
  using Sink = std::function<void(std::string_view)>;
  explicit BinaryCopyReader(const Sink& sink) : sink_(sink) {}

  // Throws Error (08P01) when the stream is not of that form.
  void feed(std::string_view bytes);
  // Throws Error (08P01) when the end mark has not come.
  void finish() const;

 private:
  enum class State { kHeader, kExtension, kRow, kLength, kValue, kEnd };
  bool take(std::string_view& bytes, size_t wanted);
  void next_state();

  const Sink& sink_;
  State state_ = State::kHeader;
  std::string part_;   // the fixed-size part being collected
  uint32_t left_ = 0;  // bytes left of the header extension or the value
};

}  // namespace company_backup::client
