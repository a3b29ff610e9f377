import '@xyflow/react/dist/style.css';
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  type ReactFlowInstance,
} from '@xyflow/react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { FlowVersion } from '@/api/client';
import type { Language } from '@/base/format';
import { Pill } from '@/base/view/parts';
import { type DrawnNode, draw } from './drawing';
import css from './flow.module.css';
import { kNodeWidth, place } from './layout';

type Problem = FlowVersion['problems'][number];
type FlowNode = Node<{ node: DrawnNode; problems: Problem[] }, 'step'>;

const kNodeTypes = { step: Step };

export function FlowDrawing({ version, language }: { version: FlowVersion; language: Language }) {
  const { t } = useTranslation('flow');
  const drawing = useMemo(() => draw(version.document, language), [version, language]);
  const nodes = useMemo((): FlowNode[] => {
    const at = place(drawing);
    return drawing.nodes.map((node) => ({
      id: node.id,
      type: 'step',
      position: at[node.id] ?? { x: 0, y: 0 },
      width: kNodeWidth,
      data: { node, problems: version.problems.filter((each) => each.node === node.id) },
      ariaLabel: `${t(`kind.${node.kind}`, { defaultValue: node.kind })}: ${node.id}`,
    }));
  }, [drawing, version, t]);
  const edges = useMemo(
    (): Edge[] =>
      drawing.edges.map((edge) => ({
        id: edge.id,
        source: edge.from,
        target: edge.to,
        label: edge.labels
          .filter((label) => label !== 'next')
          .map((label) => t(`edge.${label}`, { defaultValue: label }))
          .join(', '),
        labelShowBg: true,
        className: edge.isMain ? '' : (css.sideEdge ?? ''),
        markerEnd: { type: MarkerType.ArrowClosed },
      })),
    [drawing, t],
  );
  return (
    <div className={css.canvas} data-testid="flow-drawing">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={kNodeTypes}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        onInit={(flow) => void lookAtStart(flow)}
        fitViewOptions={{ maxZoom: 1 }}
        minZoom={0.1}
        aria-label={t('drawing.label', { name: version.name })}
        ariaLabelConfig={{
          'controls.zoomIn.ariaLabel': t('drawing.zoom_in'),
          'controls.zoomOut.ariaLabel': t('drawing.zoom_out'),
          'controls.fitView.ariaLabel': t('drawing.fit'),
          'node.a11yDescription.default': t('drawing.node_hint'),
        }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

/** Big enough to read, with the beginning at the top; the whole is one press away. */
async function lookAtStart(flow: ReactFlowInstance<FlowNode>): Promise<void> {
  const start = flow.getNodes().find((node) => node.data.node.isStart) ?? flow.getNodes()[0];
  if (!start) return;
  const middle = { x: start.position.x + kNodeWidth / 2, y: start.position.y + 280 };
  await flow.setCenter(middle.x, middle.y, { zoom: 0.85 });
}

function Step({ data }: NodeProps<FlowNode>) {
  const { t } = useTranslation('flow');
  const { node, problems } = data;
  const worst = problems.some((each) => each.severity === 'error') ? 'error' : 'warning';
  return (
    <div
      className={css.node}
      data-kind={node.kind}
      data-testid="flow-step"
      data-problem={problems.length > 0 ? worst : undefined}
    >
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className={css.nodeTop}>
        <span className={css.kind}>{t(`kind.${node.kind}`, { defaultValue: node.kind })}</span>
        {node.isStart && (
          <Pill tone="good" dot={false}>
            {t('drawing.start')}
          </Pill>
        )}
        {node.isHuman && (
          <Pill tone="busy" dot={false}>
            {t('drawing.human')}
          </Pill>
        )}
      </div>
      <div className={css.nodeId}>{node.id.replaceAll('_', ' ')}</div>
      {node.text && <p className={css.nodeText}>{node.text}</p>}
      {!node.text && node.detail && <p className={css.nodeText}>{node.detail}</p>}
      {problems.map((problem) => (
        <p key={problem.code + problem.message} className={css.problem}>
          {problem.message}
        </p>
      ))}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}
