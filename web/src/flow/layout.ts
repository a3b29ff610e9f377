import { Graph, layout } from '@dagrejs/dagre';
import type { Drawing, DrawnEdge } from './drawing';

export const kNodeWidth = 250;
export const kNodeHeight = 118;

/** The edges that give the drawing its shape: the usual ways, and those of the others that are the
 * only way to a step. The rest, with a failure of each step leading to one end, would tear it apart. */
function shape(drawing: Drawing): DrawnEdge[] {
  const start = drawing.nodes.find((node) => node.isStart) ?? drawing.nodes[0];
  const reached = new Set(start ? [start.id] : []);
  const shaping: DrawnEdge[] = [];
  const isNew = (edge: DrawnEdge) => reached.has(edge.from) && !reached.has(edge.to);
  for (;;) {
    const edge =
      drawing.edges.find((each) => each.isMain && isNew(each)) ?? drawing.edges.find(isNew);
    if (!edge) break;
    reached.add(edge.to);
    shaping.push(edge);
  }
  return drawing.edges.filter((edge) => edge.isMain || shaping.includes(edge));
}

/** Left to right, as a call goes on: where the author gave no positions. */
export function place(drawing: Drawing): Record<string, { x: number; y: number }> {
  if (drawing.positions) return drawing.positions;
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 34, ranksep: 100 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of drawing.nodes) {
    graph.setNode(node.id, { width: kNodeWidth, height: kNodeHeight });
  }
  for (const edge of shape(drawing)) graph.setEdge(edge.from, edge.to, {}, edge.id);
  layout(graph);
  return Object.fromEntries(
    drawing.nodes.map((node) => {
      const at = graph.node(node.id) as { x: number; y: number };
      return [node.id, { x: at.x - kNodeWidth / 2, y: at.y - kNodeHeight / 2 }];
    }),
  );
}
