// SPDX-License-Identifier: MIT
// The graph as text and in Graphviz's language.
#include "core/autograd/anomaly.h"
#include "core/autograd/graph_walk.h"

namespace adjoint {
namespace {

class GraphWriter {
 public:
  GraphWriter(const char* function, const Tensor& tensor, const LeafNames& names)
      : root_(described_edge(function, tensor)), leaves_(names), nodes_(nodes_behind(root_)) {
    size_t num_operations = 0;
    for (const Node* node : nodes_) {
      if (!LeafTable::leaf_of(*node)) numbers_.emplace(node, num_operations++);
    }
  }

  std::string listing() {
    std::string out;
    for (const Node* node : nodes_) {
      // A leaf has a line of its own only where it is all there is.
      if (const Tensor* leaf = LeafTable::leaf_of(*node)) {
        if (nodes_.size() == 1) out += leaf_text(*leaf) + "\n";
        continue;
      }
      out += number(node) + " " + node->name() + " " + shapes(*node) + " <- " + inputs(*node);
      if (const std::string site = site_of_node(*node); !site.empty()) out += "  (" + site + ")";
      out += "\n";
    }
    return out;
  }

  std::string dot() {
    std::string out = "digraph {\n  node [fontname=\"monospace\"];\n";
    for (size_t i = 0; i < nodes_.size(); ++i) ids_.emplace(nodes_[i], "n" + std::to_string(i));
    for (const Node* node : nodes_) {
      const Tensor* leaf = LeafTable::leaf_of(*node);
      std::string label;
      if (leaf) {
        label = leaf_name(*leaf) + "\n" + detail::str(leaf->sizes());
      } else {
        label = std::string(node->name()) + "\n" + shapes(*node);
        if (const std::string site = site_of_node(*node); !site.empty()) label += "\n" + site;
      }
      out += "  " + ids_[node] + " [label=\"" + escaped(label) +
             (leaf ? "\", shape=box, style=filled, fillcolor=lightblue];\n" : "\"];\n");
    }
    for (const Node* node : nodes_) {
      for (const Edge& edge : node->next_edges()) {
        if (!edge.is_valid()) continue;
        out += "  " + ids_[edge.function.get()] + " -> " + ids_[node];
        if (edge.function->num_inputs() > 1) {
          out += " [label=\"" + std::to_string(edge.input_nr) + "\"]";
        }
        out += ";\n";
      }
    }
    return out + "}\n";
  }

 private:
  std::string number(const Node* node) const { return "#" + std::to_string(numbers_.at(node)); }

  std::string leaf_name(const Tensor& leaf) const {
    std::string name = leaves_.name_of(leaf);
    return name.empty() ? "leaf" : name;
  }
  std::string leaf_text(const Tensor& leaf) const {
    return detail::str(leaf_name(leaf), " ", leaf.sizes());
  }

  /// Of the operation's outputs.
  static std::string shapes(const Node& node) {
    std::string out;
    for (size_t i = 0; i < node.num_inputs(); ++i) {
      out += detail::str(i == 0 ? "" : ", ", IntArrayRef(node.input_metadata(i).sizes));
    }
    return out;
  }

  std::string inputs(const Node& node) const {
    std::string out;
    for (size_t i = 0; i < node.num_outputs(); ++i) {
      if (i != 0) out += ", ";
      const Edge& edge = node.next_edge(i);
      if (!edge.is_valid()) {
        out += "-";
      } else if (const Tensor* leaf = LeafTable::leaf_of(*edge.function)) {
        out += leaf_text(*leaf);
      } else {
        out += number(edge.function.get());
        if (edge.function->num_inputs() > 1) out += ":" + std::to_string(edge.input_nr);
      }
    }
    return out;
  }

  std::string site_of_node(const Node& node) {
    const NodeSite* site = site_of(node);
    return site ? site_text(*site, symbolizer_) : std::string();
  }

  static std::string escaped(const std::string& text) {
    std::string out;
    for (char c : text) {
      if (c == '\n') {
        out += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  }

  Edge root_;
  LeafTable leaves_;
  std::vector<Node*> nodes_;
  std::unordered_map<const Node*, size_t> numbers_;
  std::unordered_map<const Node*, std::string> ids_;
  Symbolizer symbolizer_;
};

}  // namespace

std::string to_dot(const Tensor& tensor, const LeafNames& names) {
  return GraphWriter("to_dot", tensor, names).dot();
}

std::string graph_to_string(const Tensor& tensor, const LeafNames& names) {
  return GraphWriter("graph_to_string", tensor, names).listing();
}

}  // namespace adjoint
