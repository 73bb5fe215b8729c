"""Places for the nodes of a graph: layers, few crossings, straight paths.

The method of Sugiyama, Tagawa and Toda (1981, doi:10.1109/TSMC.1981.4308636): every node gets a
layer, long edges get a way through the layers between, the order within the layers is improved by
barycentres, and the coordinates by least squares under that order. There is no recursion, and the
number of rounds falls with the size, so that the time stays bounded.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

# A place: a node by its index, or the way of a node's edges through a layer, as (node, layer).
Place = int | tuple[int, int]

COLUMN_GAP = 44.0
ROW_GAP = 16.0
# How hard an edge pulls its ends to one height: a path of operations stays straight, and an input
# that joins it gives way.
STRAIGHT, LIGHT = 100.0, 1.0


class Layout:
    """Where everything is.

    Attributes
    ----------
    x, y : list of float
        Centre of each node.
    ways : dict
        Points between, for each edge (operand, consumer) that crosses layers.
    width : float
        Extent of the whole.
    """

    def __init__(
        self, operands: Sequence[Sequence[int]], sizes: Sequence[tuple[float, float]]
    ) -> None:
        """Lay out nodes given in topological order, the output last.

        Parameters
        ----------
        operands
            Indices of the operands of each node.
        sizes
            Half the width and half the height of each node.
        """
        self._sizes = sizes
        self._operands = operands
        self._layer = _layers(operands)
        self._columns = self._make_columns()
        self._left, self._right = self._make_links()
        self._reduce_crossings()
        heights = self._make_heights()
        columns = self._make_abscissas()
        top = min(heights[place] - self._half(place) for place in heights)
        self.x = [columns[layer] for layer in self._layer]
        self.y = [heights[node] - top for node in range(len(operands))]
        self.width = columns[-1] + max(sizes[node][0] for node in self._nodes_of(-1))
        self.ways = {
            (operand, node): [
                (columns[layer], heights[operand, layer] - top)
                for layer in range(self._layer[operand] + 1, self._layer[node])
            ]
            for node, its in enumerate(operands)
            for operand in its
        }

    def _nodes_of(self, layer: int) -> list[int]:
        return [place for place in self._columns[layer] if isinstance(place, int)]

    def _half(self, place: Place) -> float:
        return self._sizes[place][1] if isinstance(place, int) else 2.0

    def _pull(self, before: Place, after: Place) -> float:
        joins = (
            isinstance(before, int)
            and isinstance(after, int)
            and not self._operands[before]
            and any(self._operands[operand] for operand in self._operands[after])
        )
        return LIGHT if joins else STRAIGHT

    def _make_columns(self) -> list[list[Place]]:
        """Put nodes and ways into layers, in the order of a walk from the output."""
        columns: list[list[Place]] = [[] for _ in range(max(self._layer) + 1)]
        reach = list(self._layer)
        for node, its in enumerate(self._operands):
            for operand in its:
                reach[operand] = max(reach[operand], self._layer[node] - 1)
        seen = set()
        waiting = [len(self._operands) - 1]
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            columns[self._layer[node]].append(node)
            for layer in range(self._layer[node] + 1, reach[node] + 1):
                columns[layer].append((node, layer))
            waiting.extend(reversed(self._operands[node]))
        return columns

    def _make_links(self) -> tuple[dict[Place, list[Place]], dict[Place, list[Place]]]:
        """Neighbours of each place in the layers to its left and right."""
        left: dict[Place, list[Place]] = {place: [] for its in self._columns for place in its}
        right: dict[Place, list[Place]] = {place: [] for place in left}
        pairs: dict[tuple[Place, Place], None] = {}
        for node, its in enumerate(self._operands):
            for operand in its:
                pairs[self._place_at(operand, self._layer[node] - 1), node] = None
        for place in left:
            if isinstance(place, tuple):
                pairs[self._place_at(place[0], place[1] - 1), place] = None
        for before, after in pairs:
            left[after].append(before)
            right[before].append(after)
        return left, right

    def _place_at(self, node: int, layer: int) -> Place:
        return node if self._layer[node] == layer else (node, layer)

    def _reduce_crossings(self) -> None:
        size = len(self._left) + sum(map(len, self._left.values()))
        best = [list(column) for column in self._columns]
        fewest = self._crossings()
        for round_ in range(max(2, min(24, 60_000 // size))):
            if fewest == 0:
                break
            links = (self._left, self._right)[round_ % 2]
            columns = self._columns if links is self._left else self._columns[::-1]
            for before, column in pairwise(columns):
                rank = {place: position for position, place in enumerate(before)}
                own = {place: position for position, place in enumerate(column)}
                centre = {
                    place: _mean([rank[other] for other in links[place]], own[place])
                    for place in column
                }
                column.sort(key=lambda place: centre[place])
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(column) for column in self._columns], crossings
        self._columns = best

    def _crossings(self) -> int:
        total = 0
        for before, column in pairwise(self._columns):
            rank = {place: position for position, place in enumerate(column)}
            ends: list[int] = []
            for place in before:
                reached = sorted(rank[other] for other in self._right[place])
                total += sum(len(ends) - bisect_right(ends, end) for end in reached)
                for end in reached:
                    insort(ends, end)
        return total

    def _make_abscissas(self) -> list[float]:
        centres: list[float] = []
        edge = 0.0
        for layer in range(len(self._columns)):
            half = max(self._sizes[node][0] for node in self._nodes_of(layer))
            centres.append(edge + half)
            edge += 2 * half + COLUMN_GAP
        return centres

    def _make_heights(self) -> dict[Place, float]:
        """Minimise the pulls times the squares of the rises, a layer at a time, to and fro."""
        pulls = {
            place: [
                *((other, self._pull(other, place)) for other in self._left[place]),
                *((other, self._pull(place, other)) for other in self._right[place]),
            ]
            for place in self._left
        }
        weights = {place: sum(pull for _, pull in pulls[place]) or 1.0 for place in pulls}
        heights = dict.fromkeys(pulls, 0.0)
        for _ in range(max(4, min(60, 100_000 // len(heights)))):
            for column in (*self._columns, *reversed(self._columns)):
                wanted = [
                    sum(pull * heights[other] for other, pull in pulls[place]) / weights[place]
                    for place in column
                ]
                heights.update(zip(column, self._settle(column, wanted, weights)))
        return heights

    def _settle(
        self, column: list[Place], wanted: list[float], weights: dict[Place, float]
    ) -> list[float]:
        """Heights nearest to those wanted that keep the order and the distances.

        Less the distances this is a regression under an order, and pooling the neighbours that
        violate it is exact (Barlow, Bartholomew, Bremner and Brunk 1972, section 1.2).
        """
        shifts = [0.0]
        for above, below in pairwise(column):
            gap = ROW_GAP if isinstance(above, int) or isinstance(below, int) else ROW_GAP / 2
            shifts.append(shifts[-1] + self._half(above) + self._half(below) + gap)
        pools: list[tuple[float, float, int]] = []
        for place, height, shift in zip(column, wanted, shifts):
            weight = weights[place]
            moment, count = weight * (height - shift), 1
            while pools and pools[-1][0] / pools[-1][1] > moment / weight:
                above_moment, above_weight, above_count = pools.pop()
                moment += above_moment
                weight += above_weight
                count += above_count
            pools.append((moment, weight, count))
        levels = [moment / weight for moment, weight, count in pools for _ in range(count)]
        return [level + shift for level, shift in zip(levels, shifts)]


def _layers(operands: Sequence[Sequence[int]]) -> list[int]:
    """Layers by the longest path to the output, so that inputs stand beside their use."""
    depth = [0] * len(operands)
    for node in reversed(range(len(operands))):
        for operand in operands[node]:
            depth[operand] = max(depth[operand], depth[node] + 1)
    deepest = max(depth)
    return [deepest - each for each in depth]


def _mean(numbers: list[int], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise
