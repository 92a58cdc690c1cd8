"""networkx: graphs of every kind, with attributes, views and caches."""

import pytest
from comparisons import compare

nx = pytest.importorskip("networkx")


class Place:
    """A node that is an object, found by its value."""

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return isinstance(other, Place) and self.name == other.name

    def __hash__(self):
        return hash(self.name)


def attributed(kind):
    graph = kind(name="roads", owner={"name": "city"})
    graph.add_node("a", size=1, tags=["x", "y"])
    graph.add_node("b", size=2.5)
    graph.add_edge("a", "b", weight=1.5, kind="road")
    graph.add_edge("b", "c", weight=2)
    graph.add_edge("c", "a", of=graph.nodes["a"])
    graph.add_edge("a", "a", loop=True)
    return graph


def parallel(kind):
    graph = attributed(kind)
    graph.add_edge("a", "b", key="second", weight=3)
    graph.add_edge("a", "b", weight=4)
    return graph


def of_objects():
    graph = nx.Graph()
    places = [Place(name) for name in "abcd"]
    graph.add_edges_from(zip(places, places[1:], strict=False))
    graph.graph["start"] = places[0]
    return graph


def holding_itself():
    graph = nx.DiGraph()
    graph.add_node(1, graph=graph)
    graph.add_edge(1, 2, back=graph.nodes[1])
    return graph


def with_caches():
    graph = attributed(nx.DiGraph)
    _ = graph.adj, graph.nodes, graph.edges, graph.degree, graph.in_edges, graph.succ, graph.pred
    return graph


def coloured():
    graph = nx.petersen_graph()
    nx.set_node_attributes(graph, nx.coloring.greedy_color(graph), "colour")
    nx.set_edge_attributes(graph, 1, "weight")
    return graph


SPECIMENS = {
    "undirected": lambda: attributed(nx.Graph),
    "directed": lambda: attributed(nx.DiGraph),
    "multi": lambda: parallel(nx.MultiGraph),
    "directed multi": lambda: parallel(nx.MultiDiGraph),
    "empty": nx.Graph,
    "nodes that are objects": of_objects,
    "holding itself": holding_itself,
    "with caches": with_caches,
    "coloured": coloured,
    "complete": lambda: nx.complete_graph(12),
    "path": lambda: nx.path_graph(60),
    "tree": lambda: nx.balanced_tree(2, 4, create_using=nx.DiGraph),
    "grid of tuples": lambda: nx.grid_2d_graph(4, 5),
    "club": nx.karate_club_graph,
    "random": lambda: nx.gnp_random_graph(20, 0.2, seed=1, directed=True),
    "frozen": lambda: nx.freeze(attributed(nx.Graph)),
    "subgraph": lambda: attributed(nx.Graph).subgraph(["a", "b"]),
    "reversed view": lambda: attributed(nx.DiGraph).reverse(copy=False),
    "undirected view": lambda: attributed(nx.DiGraph).to_undirected(as_view=True),
    "views": lambda: (lambda graph: [graph, graph.nodes, graph.edges, graph.adj])(attributed(nx.Graph)),
    "views of nothing else": lambda: [attributed(nx.MultiGraph).edges, attributed(nx.DiGraph).degree],
    "shortest paths": lambda: dict(nx.all_pairs_shortest_path(nx.cycle_graph(5))),
    "planar embedding": lambda: nx.check_planarity(nx.cycle_graph(5))[1],
    "disjoint sets": lambda: nx.utils.UnionFind("abc"),
    "exceptions": lambda: [nx.NetworkXError("text"), nx.NodeNotFound("a"), nx.NetworkXNoPath()],
    "classes and functions": lambda: [nx.Graph, nx.shortest_path, nx.Graph.add_edge],
}


@pytest.mark.parametrize("name", SPECIMENS)
def test_networkx(name, face, protocol):
    compare(face, SPECIMENS[name], protocol)
