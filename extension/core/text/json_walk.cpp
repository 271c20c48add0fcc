#include "core/text/json_walk.hpp"

#include <algorithm>

#include "core/text/error.hpp"
#include "core/text/json_scanner.hpp"
#include "core/text/json_tester.hpp"
#include "core/text/json_text.hpp"
#include "core/text/steps.hpp"

namespace company_backup {
namespace {

class Walk {
 public:
  Walk(std::string_view json, const std::vector<const JsonPath*>& paths, JsonVisitor& visitor)
      : scanner_(json, json.size(), JsonScanner::Escapes::kAny),
        tester_(json),
        paths_(paths),
        visitor_(visitor) {
    for (size_t i = 0; i < paths.size(); ++i) states_.push_back(JsonPath::kStart);
  }

  void run() {
    for (;;) {
      note_step();
      if (enter()) {
        if (scanner_.peek() != open_.back().close) {
          begin_member();
          continue;
        }
        leave();
      }
      while (!open_.empty() && scanner_.peek() == open_.back().close) leave();
      if (open_.empty()) return;
      scanner_.expect(',');
      begin_member();
    }
  }

 private:
  struct Container {
    char close;
    const char* begin;
    bool named;    // a path leads to the names of its members
    bool reached;  // a path leads to itself
  };

  // The states of all paths at the value that is looked at: the last ones of states_.
  JsonPath::States* states() { return states_.data() + (states_.size() - paths_.size()); }

  bool select(bool (JsonPath::*at)(JsonPath::States) const) {
    found_.clear();
    for (size_t i = 0; i < paths_.size(); ++i) {
      if ((paths_[i]->*at)(states()[i])) found_.push_back(i);
    }
    return !found_.empty();
  }

  // Takes a scalar or what no path goes into; true: goes into a container.
  bool enter() {
    const char c = scanner_.peek();
    bool alive = false;
    for (size_t i = 0; i < paths_.size(); ++i) {
      states()[i] = paths_[i]->at_value(states()[i], c == '[', test_);
      alive |= states()[i] != 0;
    }
    if (alive && (c == '{' || c == '[')) {
      const char* begin = scanner_.position();
      scanner_.expect(c);
      const bool named = c == '{' && select(&JsonPath::leads_to_names);
      if (named) visitor_.begin_names();
      open_.push_back({c == '{' ? '}' : ']', begin, named, select(&JsonPath::leads_here)});
      return true;
    }
    take(c, alive && select(&JsonPath::leads_here));
    states_.resize(states_.size() - paths_.size());
    return false;
  }

  void take(char first, bool reached) {
    if (reached && first == '"') {
      bool readable = true;
      const JsonVisitor::Token text = string(readable);
      readable ? visitor_.string(text, found_) : visitor_.other(text.json);
      return;
    }
    const std::string_view json = scanner_.skip_value();
    if (!reached || first == 'n') return;
    if (first == 't' || first == 'f') {
      visitor_.other(json);
    } else {
      visitor_.number({json, json}, found_);
    }
  }

  JsonVisitor::Token string(bool& readable) {
    const JsonScanner::String text = scanner_.string();
    const std::string_view json(text.text.data() - 1, text.text.size() + 2);
    readable = !text.unreadable;
    if (!readable) return {json, {}};
    if (!text.escaped) return {json, text.text};
    unescaped_.resize(text.text.size());
    return {json, {unescaped_.data(), unescape_json(text.text, unescaped_.data())}};
  }

  // Steps to the next value of the innermost container.
  void begin_member() {
    const size_t count = paths_.size();
    JsonVisitor::Token name;
    if (open_.back().close == '}') {
      if (scanner_.peek() != '"') {
        throw Error(sqlstate::kBadArchive, "an object has a key that is not a string");
      }
      bool readable = true;
      name = string(readable);  // else empty: no key of a path is
      scanner_.expect(':');
      if (open_.back().named && select(&JsonPath::leads_to_names)) {
        readable ? visitor_.name(name, found_) : visitor_.other(name.json);
      }
    }
    states_.resize(states_.size() + count);
    const JsonPath::States* outside = states() - count;
    for (size_t i = 0; i < count; ++i) {
      states()[i] = open_.back().close == '}' ? paths_[i]->at_member(outside[i], name.text)
                                              : paths_[i]->at_element(outside[i]);
    }
  }

  void leave() {
    const Container& container = open_.back();
    scanner_.expect(container.close);
    if (container.named) visitor_.end_names();
    if (container.reached) visitor_.other({container.begin, scanner_.position()});
    open_.pop_back();
    states_.resize(states_.size() - paths_.size());
  }

  JsonScanner scanner_;
  JsonTester tester_;
  const JsonPath::Test test_ = [this](const JsonCondition& condition) {
    return tester_.holds(condition, scanner_.position());
  };
  const std::vector<const JsonPath*>& paths_;
  JsonVisitor& visitor_;
  std::vector<Container> open_;
  std::vector<JsonPath::States> states_;  // of every open container and the value, path by path
  JsonVisitor::Paths found_;
  std::string unescaped_;
};

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && (text[0] != '0' || text == "0") &&
         text.find_first_not_of("0123456789") == text.npos;
}

class Rewriter final : public JsonVisitor {
 public:
  Rewriter(std::string_view json, const JsonReplace& replace, std::string& out)
      : copied_(json.data()), end_(json.data() + json.size()), replace_(replace), out_(out) {
    out_.clear();
  }

  void finish() { out_.append(copied_, end_); }

  void string(const Token& value, const Paths& paths) override { take(value, paths, kString); }
  void number(const Token& value, const Paths& paths) override { take(value, paths, kNumber); }
  void other(std::string_view) override {}

  void begin_names() override { objects_.emplace_back(); }
  void name(const Token& name, const Paths& paths) override {
    const bool renamed = take(name, paths, kName);
    objects_.back().before.emplace_back(name.text);
    objects_.back().after.emplace_back(renamed ? std::string_view(new_id_) : name.text);
  }
  void end_names() override {
    if (distinct(objects_.back().after) < distinct(objects_.back().before)) {
      throw Error(sqlstate::kIntegrity, "two members of one object would have the same name")
          .detail("The names are IDs. They would become " + listed(objects_.back().after) + ".");
    }
    objects_.pop_back();
  }

 private:
  struct Names {
    std::vector<std::string> before, after;
  };

  static size_t distinct(std::vector<std::string>& names) {
    std::sort(names.begin(), names.end());
    size_t count = names.empty() ? 0 : 1;
    for (size_t i = 1; i < names.size(); ++i) count += names[i] != names[i - 1];
    return count;
  }

  static std::string listed(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    return list.substr(0, 200);
  }

  enum Place { kString, kNumber, kName };

  bool take(const Token& token, const Paths& paths, Place place) {
    if (!replace_(paths, token.text, new_id_) || new_id_ == token.text) return false;
    const bool none = new_id_ == kNoKey;
    if (none && place == kName) return false;
    out_.append(copied_, token.json.data());
    if (none) {
      out_ += "null";
    } else if (place == kNumber && is_integer(new_id_)) {
      out_ += new_id_;
    } else {
      append_json_string(out_, new_id_);
    }
    copied_ = token.json.data() + token.json.size();
    return true;
  }

  const char* copied_;  // up to here the document has been taken over
  const char* end_;
  const JsonReplace& replace_;
  std::string& out_;
  std::string new_id_;
  std::vector<Names> objects_;
};

class Collector final : public JsonVisitor {
 public:
  Collector(std::vector<std::string>& values, std::vector<std::string>& others)
      : values_(values), others_(others) {}

  void string(const Token& value, const Paths&) override { values_.emplace_back(value.text); }
  void number(const Token& value, const Paths&) override { values_.emplace_back(value.text); }
  void other(std::string_view json) override { others_.emplace_back(json); }
  void begin_names() override {}
  void name(const Token& name, const Paths&) override { values_.emplace_back(name.text); }
  void end_names() override {}

 private:
  std::vector<std::string>& values_;
  std::vector<std::string>& others_;
};

}  // namespace

void walk_json(std::string_view json, const std::vector<const JsonPath*>& paths,
               JsonVisitor& visitor) {
  Walk(json, paths, visitor).run();
}

void rewrite_json(std::string_view json, const std::vector<const JsonPath*>& paths,
                  const JsonReplace& replace, std::string& out) {
  Rewriter rewriter(json, replace, out);
  walk_json(json, paths, rewriter);
  rewriter.finish();
}

void collect_ids(const JsonPath& path, std::string_view json, std::vector<std::string>& values,
                 std::vector<std::string>& others) {
  Collector collector(values, others);
  walk_json(json, {&path}, collector);
}

}  // namespace company_backup
