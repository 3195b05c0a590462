// SPDX-License-Identifier: MIT
// Graphs that are captured: looked at, instantiated, launched.
#include "graph.h"

#include <algorithm>
#include <set>

#include "api.h"
#include "counters.h"
#include "null_mode.h"

namespace cudasim {
namespace {

// The handles that are live.
template <class Handle>
std::set<Handle>& live() {
  static auto* const instance = new std::set<Handle>;
  return *instance;
}

// The nodes in an order drawn from those that are legal, each run once.
cudaError_t run_nodes(const std::vector<std::shared_ptr<CUgraphNode_st>>& nodes,
                      const Operation& operation) {
  std::vector<size_t> missing(nodes.size());
  std::vector<std::vector<size_t>> before(nodes.size());
  std::vector<size_t> ready;
  for (size_t i = 0; i < nodes.size(); ++i) {
    missing[i] = nodes[i]->after.size();
    for (const CUgraphNode_st* other : nodes[i]->after) before[other->index].push_back(i);
    if (missing[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    std::swap(ready[engine().random(ready.size())], ready.back());
    const size_t i = ready.back();
    ready.pop_back();
    if (nodes[i]->work.run) {
      if (const cudaError_t status = nodes[i]->work.run(operation); status != cudaSuccess) {
        return status;
      }
    }
    for (const size_t next : before[i]) {
      if (--missing[next] == 0) ready.push_back(next);
    }
  }
  return cudaSuccess;
}

Work launch_of(CUgraphExec_st& exec, const CUstream_st& stream, const void* caller) {
  Work work;
  work.type = Work::Type::graph;
  work.site = site_of("cudaGraphLaunch", caller, stream);
  if (exec.last.stamp.stream) work.after.push_back(exec.last);
  for (const auto& node : exec.nodes) {
    for (Use use : node->work.uses) {
      use.site.stream = stream.number;
      work.uses.push_back(use);
    }
  }
  work.run = [nodes = exec.nodes](const Operation& operation) {
    return run_nodes(nodes, operation);
  };
  return work;
}

cudaGraphNodeType node_type(Work::Type type) {
  switch (type) {
    case Work::Type::kernel:
      return cudaGraphNodeTypeKernel;
    case Work::Type::copy:
      return cudaGraphNodeTypeMemcpy;
    case Work::Type::set:
      return cudaGraphNodeTypeMemset;
    case Work::Type::host:
      return cudaGraphNodeTypeHost;
    case Work::Type::graph:
      return cudaGraphNodeTypeGraph;
    case Work::Type::marker:
      return cudaGraphNodeTypeEmpty;
  }
  return cudaGraphNodeTypeEmpty;
}

cudaError_t instantiate(const char* name, cudaGraphExec_t* exec, cudaGraph_t graph) {
  if (in_null_mode()) return null_mode::instantiate(exec);
  return api(name, kPlain, [&](Engine&) {
    if (!exec || !graph) return cudaErrorInvalidValue;
    check_races_between(graph->nodes);
    *exec = new CUgraphExec_st{graph->nodes, {}};
    live<cudaGraphExec_t>().insert(*exec);
    return cudaSuccess;
  });
}

}  // namespace

void check_races_between(const std::vector<std::shared_ptr<CUgraphNode_st>>& nodes) {
  // What comes before each node; indices grow along every path.
  std::vector<std::vector<bool>> past(nodes.size(), std::vector<bool>(nodes.size()));
  struct NodeUse {
    size_t node;
    const Use* use;
  };
  std::vector<NodeUse> uses;
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const CUgraphNode_st* before : nodes[i]->after) {
      past[i][before->index] = true;
      for (size_t j = 0; j < before->index; ++j) {
        if (past[before->index][j]) past[i][j] = true;
      }
    }
    for (const Use& use : nodes[i]->work.uses) uses.push_back({i, &use});
  }
  std::sort(uses.begin(), uses.end(), [](const NodeUse& a, const NodeUse& b) {
    return a.use->access.begin < b.use->access.begin;
  });
  std::set<std::pair<size_t, size_t>> reported;
  for (size_t i = 0; i < uses.size(); ++i) {
    const NodeUse& a = uses[i];
    for (size_t j = i + 1; j < uses.size(); ++j) {
      const NodeUse& b = uses[j];
      if (b.use->access.begin >= a.use->access.end) break;
      if (a.node == b.node || !conflict(a.use->access, b.use->access)) continue;
      const auto [first, second] = std::minmax(a.node, b.node);
      if (past[second][first] || !reported.insert({first, second}).second) continue;
      violation("race", "nodes of a graph: " + describe(a.use->site) + " and " +
                            describe(b.use->site) +
                            " access the same memory, and no path orders the two");
    }
  }
}

}  // namespace cudasim

using namespace cudasim;

cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned int) {
  return api("cudaGraphCreate", kPlain, [&](Engine&) {
    *graph = new CUgraph_st;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  if (in_null_mode()) return null_mode::destroy(graph);
  return api("cudaGraphDestroy", kPlain, [&](Engine&) {
    if (!graph) return cudaErrorInvalidValue;
    delete graph;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  return api("cudaGraphGetNodes", kPlain, [&](Engine&) {
    if (!graph || !count) return cudaErrorInvalidValue;
    if (nodes) {
      const size_t room = std::min(*count, graph->nodes.size());
      for (size_t i = 0; i < room; ++i) nodes[i] = graph->nodes[i].get();
      for (size_t i = room; i < *count; ++i) nodes[i] = nullptr;
      *count = room;
    } else {
      *count = graph->nodes.size();
    }
    return cudaSuccess;
  });
}

cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                              cudaGraphEdgeData* edge_data, size_t* count) {
  if (in_null_mode()) return null_mode::edges(graph, from, to, count);
  return api("cudaGraphGetEdges", kPlain, [&](Engine&) {
    if (!graph || !count || (from == nullptr) != (to == nullptr)) return cudaErrorInvalidValue;
    size_t edges = 0;
    for (const auto& node : graph->nodes) {
      for (CUgraphNode_st* before : node->after) {
        if (from && edges < *count) {
          from[edges] = before;
          to[edges] = node.get();
          if (edge_data) edge_data[edges] = {};
        }
        ++edges;
      }
    }
    *count = from ? std::min(edges, *count) : edges;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  return api("cudaGraphNodeGetType", kPlain, [&](Engine&) {
    if (!node || !type) return cudaErrorInvalidValue;
    *type = node_type(node->work.type);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node, cudaKernelNodeParams* params) {
  if (in_null_mode()) return cudaSuccess;
  return api("cudaGraphKernelNodeGetParams", kPlain, [&](Engine&) {
    if (!node || !params || node->work.type != Work::Type::kernel) return cudaErrorInvalidValue;
    *params = {};
    params->extra = reinterpret_cast<void**>(node);
    return cudaSuccess;
  });
}

// Launches that are under way hold the nodes that they were made with.
cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                             const cudaKernelNodeParams* params) {
  if (in_null_mode()) return cudaSuccess;
  return api("cudaGraphExecKernelNodeSetParams", kPlain, [&](Engine&) {
    if (!live<cudaGraphExec_t>().contains(exec) || !node || !params || !params->extra ||
        node->index >= exec->nodes.size()) {
      return cudaErrorInvalidValue;
    }
    auto& place = exec->nodes[node->index];
    const auto& original = place->original ? place->original : place;
    if (original.get() != node || node->work.type != Work::Type::kernel)
      return cudaErrorInvalidValue;
    auto fresh = std::make_shared<CUgraphNode_st>(*original);
    fresh->original = original;
    fresh->work = reinterpret_cast<const CUgraphNode_st*>(params->extra)->work;
    place = std::move(fresh);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  return instantiate("cudaGraphInstantiate", exec, graph);
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* exec, cudaGraph_t graph,
                                          unsigned long long) {
  return instantiate("cudaGraphInstantiateWithFlags", exec, graph);
}

cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t handle) {
  return api("cudaGraphUpload", kPlain, [&](Engine& e) {
    if (!live<cudaGraphExec_t>().contains(exec)) return cudaErrorInvalidValue;
    return e.stream_of(handle) ? cudaSuccess : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle) {
  if (in_null_mode()) return cudaSuccess;
  const void* caller = __builtin_return_address(0);
  return api("cudaGraphLaunch", kPlain, [&](Engine& e) {
    if (!live<cudaGraphExec_t>().contains(exec)) return cudaErrorInvalidValue;
    const auto stream = e.stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    const bool captured = stream->capture != nullptr;
    const cudaError_t status = e.submit(*stream, launch_of(*exec, *stream, caller));
    if (status != cudaSuccess || captured) return status;
    for (const auto& node : exec->nodes) count_work(node->work, true);
    exec->last = e.end_of(*stream);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  if (in_null_mode()) return cudaSuccess;
  return api("cudaGraphExecDestroy", kPlain, [&](Engine&) {
    if (live<cudaGraphExec_t>().erase(exec) == 0) return cudaErrorInvalidValue;
    delete exec;
    return cudaSuccess;
  });
}
