#include "core/scope/load_order.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace company_backup {
namespace {

// Tables as nodes, references as edges to what they refer to. Tarjan's algorithm gives circles
// (strongly connected components) after all that they lead to.
class Order {
 public:
  Order(const Schema& schema, const Scope& scope, const std::vector<TableIndex>& tables)
      : nodes_(tables.size()) {
    std::map<TableIndex, size_t> position;
    for (size_t i = 0; i < tables.size(); ++i) position[tables[i]] = i;
    for (const Reference& reference : scope.references) {
      const auto from = position.find(reference.table);
      const auto to = position.find(reference.target);
      if (from == position.end() || to == position.end() || from == to) continue;
      Node& node = nodes_[from->second];
      node.targets.insert(to->second);
      const bool firm = reference.when_column.empty() && reference.json_path.empty() &&
                        all_not_null(schema.tables[reference.table], reference.columns);
      if (firm) node.firm.insert(to->second);
    }
  }

  std::vector<size_t> run() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].number == 0) visit(i);
    }
    return std::move(order_);
  }

 private:
  struct Node {
    std::set<size_t> targets, firm;
    size_t number = 0, lowest = 0;  // 0: not visited
    bool waiting = false;
  };

  // Not by recursion: a chain of references may be as long as there are tables.
  void visit(size_t root) {
    struct Frame {
      size_t node;
      std::set<size_t>::const_iterator next;
    };
    std::vector<Frame> frames;
    const auto enter = [&](size_t i) {
      Node& node = nodes_[i];
      node.number = node.lowest = ++visited_;
      node.waiting = true;
      waiting_.push_back(i);
      frames.push_back({i, node.targets.begin()});
    };
    enter(root);
    while (!frames.empty()) {
      Frame& frame = frames.back();
      Node& node = nodes_[frame.node];
      if (frame.next != node.targets.end()) {
        const size_t target = *frame.next++;
        if (nodes_[target].number == 0) {
          enter(target);
        } else if (nodes_[target].waiting) {
          node.lowest = std::min(node.lowest, nodes_[target].number);
        }
        continue;
      }
      const size_t done = frame.node;
      frames.pop_back();
      if (!frames.empty()) {
        Node& above = nodes_[frames.back().node];
        above.lowest = std::min(above.lowest, nodes_[done].lowest);
      }
      if (nodes_[done].lowest == nodes_[done].number) end_circle(done);
    }
  }

  void end_circle(size_t first) {
    std::set<size_t> circle;
    size_t last;
    do {
      last = waiting_.back();
      waiting_.pop_back();
      nodes_[last].waiting = false;
      circle.insert(last);
    } while (last != first);
    while (!circle.empty()) {
      const auto is_ready = [&](size_t i) {
        return std::none_of(nodes_[i].firm.begin(), nodes_[i].firm.end(),
                            [&](size_t target) { return circle.contains(target); });
      };
      auto next = std::find_if(circle.begin(), circle.end(), is_ready);
      if (next == circle.end()) next = circle.begin();
      order_.push_back(*next);
      circle.erase(next);
    }
  }

  std::vector<Node> nodes_;
  std::vector<size_t> waiting_;
  std::vector<size_t> order_;
  size_t visited_ = 0;
};

}  // namespace

std::vector<size_t> load_order(const Schema& schema, const Scope& scope,
                               const std::vector<TableIndex>& tables) {
  return Order(schema, scope, tables).run();
}

}  // namespace company_backup
