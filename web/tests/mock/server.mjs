// Answers the pages as escuchad would, from fixtures: `npm run mock -- --port 8099`.
// POST /mock {"scene": "offered"} changes Ana's desk and tells the page; {"drop": true} cuts the
// WebSocket and refuses it until {"drop": false}. {"theirs": {"next_step": "…"}} is what somebody else
// saved in every case since it was read: the next change with the old version is refused.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import * as data from './fixtures.mjs';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
// What escuchad sends (src/api/detail/dispatcher.cpp).
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
  "connect-src 'self'; font-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export function startMock(port = 0) {
  const state = { scene: 'ready', seq: 100, dropped: false, theirs: undefined };
  const sockets = new Set();
  const server = createServer((request, response) => {
    handle(state, sockets, request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  const webSockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (state.dropped) return socket.destroy();
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      sockets.add(ws);
      ws.on('close', () => sockets.delete(ws));
      ws.send(JSON.stringify({ type: 'hello', seq: state.seq, at: new Date().toISOString() }));
    });
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        close: () => {
          for (const ws of sockets) ws.terminate();
          server.closeAllConnections();
          server.close();
        },
      });
    });
  });
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return text === '' ? {} : JSON.parse(text);
}

async function handle(state, sockets, request, response) {
  const url = new URL(request.url, 'http://mock');
  const send = (status, value, headers = {}) => {
    const type = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { 'Content-Type': type, ...headers });
    response.end(value === undefined ? '' : JSON.stringify(value));
  };
  if (url.pathname === '/mock') {
    change(state, sockets, await body(request));
    return send(200, { ok: true });
  }
  if (url.pathname.startsWith('/api/v1/')) {
    return answer(state, sockets, request, url, send, response);
  }
  const file = url.pathname === '/' || extname(url.pathname) === '' ? 'index.html' : url.pathname;
  const path = normalize(join(dist, file));
  try {
    const bytes = await readFile(path);
    response.writeHead(200, {
      'Content-Type': types[extname(path)] ?? 'application/octet-stream',
      'Content-Security-Policy': policy,
    });
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

function change(state, sockets, wanted) {
  if (wanted.scene) {
    state.scene = wanted.scene;
    event(state, sockets, 'agent_state_changed', { state: data.desk(wanted.scene, 0).agent.state });
  }
  if (wanted.longSound !== undefined) state.longSound = wanted.longSound;
  if (wanted.theirs !== undefined) state.theirs = wanted.theirs;
  if (wanted.drop !== undefined) {
    state.dropped = wanted.drop;
    if (wanted.drop) for (const ws of sockets) ws.terminate();
  }
}

function event(state, sockets, type, fields) {
  const prev = state.seq;
  state.seq += 1;
  const frame = {
    seq: state.seq,
    prev,
    type,
    at: new Date().toISOString(),
    contact_id: 't1',
    case_id: null,
    customer_id: null,
    agent_id: 'a1',
    queue_id: 'q1',
    data: fields,
  };
  for (const ws of sockets) ws.send(JSON.stringify(frame));
}

const problem = (status, code, detail) => ({
  type: 'about:blank',
  title: code,
  status,
  code,
  detail,
});
const commands = {
  'sign-in': 'not_ready',
  'sign-out': 'signed_out',
  answer: 'talking',
  decline: 'not_ready',
  'hang-up': 'wrap_up',
  hold: 'held',
  resume: 'talking',
  'wrap-up/finish': 'ready',
  transfer: 'wrap_up',
};

async function answer(state, sockets, request, url, send, response) {
  const path = url.pathname.slice('/api/v1'.length);
  const list = (items) => send(200, { items, next_cursor: null });
  const user = data.users.find((each) => request.headers.cookie?.includes(`mock=${each.login}`));
  if (path === '/session' && request.method === 'POST') {
    const { login, password } = await body(request);
    const found = data.users.find((each) => each.login === login && password !== 'wrong');
    if (!found)
      return send(
        401,
        problem(401, 'bad_credentials', 'El usuario o la contraseña no son correctos.'),
      );
    return send(200, session(found), { 'Set-Cookie': `mock=${found.login}; Path=/; HttpOnly` });
  }
  if (path === '/session' && request.method === 'DELETE') {
    response.writeHead(204, { 'Set-Cookie': 'mock=; Path=/; Max-Age=0' });
    return response.end();
  }
  if (!user) return send(401, problem(401, 'not_signed_in', 'No hay sesión.'));
  const command = /^\/agents\/[^/]+\/(.+)$/.exec(path)?.[1];
  if (command && request.method === 'POST') {
    const { state: next } = command === 'status' ? await body(request) : {};
    const scene = next ?? commands[command] ?? state.scene;
    change(state, sockets, { scene });
    return send(200, data.desk(scene, state.seq).agent);
  }
  if (path === `/customers/${data.customer.id}/reveal`) {
    // Long enough to be seen, short enough to be seen to end.
    const until = new Date(Date.now() + 2500).toISOString();
    state.revealed = { field: (await body(request)).fields[0], until };
    return send(200, { until, customer: customerOf(state) });
  }
  const note = /^\/notes\/(.+)$/.exec(path);
  if (note) {
    const input = await body(request);
    const at = new Date().toISOString();
    return send(200, {
      ...data.note,
      id: note[1],
      version: input.version,
      text: input.text,
      updated_at: at,
    });
  }
  if (request.method === 'PATCH' && state.theirs && request.headers['if-match'] !== '"v2"') {
    state.isTheirsSeen = true;
    return send(412, problem(412, 'version_conflict', ''));
  }
  if (path.startsWith('/exports')) {
    return answerExports(state, request, path, url, send);
  }
  const found = find(state, user, path, url);
  if (path.endsWith('/audio')) {
    if (/^\/(prompts|hold-music)\//.test(path)) {
      response.writeHead(200, { 'Content-Type': 'audio/wav', 'Accept-Ranges': 'bytes' });
      return response.end(hum(1));
    }
    return sendSound(request, response, state.longSound ? 7200 : 402);
  }
  if (Array.isArray(found)) return list(found);
  if (found === undefined) return send(404, problem(404, 'not_found', 'No existe.'));
  if (found.case && state.isTheirsSeen) {
    return send(200, { ...found, case: { ...found.case, ...state.theirs } }, { ETag: '"v2"' });
  }
  return send(200, found, { ETag: '"v1"' });
}

async function answerExports(state, request, path, url, send) {
  const [, , id, action] = path.split('/');
  state.exports ??= data.exported.map((each) => ({ ...each }));
  const view = url.searchParams.get('view');
  if (id === 'columns') return send(200, { items: data.exportColumns });
  if (!id && request.method === 'GET') {
    const shown = state.exports.filter(
      (each) =>
        view === 'all' ||
        (view === 'mine' ? each.is_mine : each.may_decide && each.state === 'asked'),
    );
    return send(200, { items: shown, next_cursor: null });
  }
  if (!id) {
    const asked = await body(request);
    const made = data.exportOf(`e${state.exports.length + 1}`, {
      ...asked,
      is_mine: true,
      may_decide: false,
    });
    state.exports.unshift(made);
    return send(201, made);
  }
  const one = state.exports.find((each) => each.id === id);
  if (action === 'file') {
    Object.assign(one, { state: 'making', progress: 10 });
    return send(202, { passphrase: 'K7QF-93MX-2BTR-HJ4W-Z8CD' });
  }
  const states = { approve: 'approved', refuse: 'refused' };
  const { reason } = action ? await body(request) : {};
  Object.assign(one, {
    state: states[action] ?? 'gone',
    may_decide: false,
    decision_reason: reason,
  });
  return send(200, one);
}

const session = (user) => ({
  must_change_password: false,
  user,
  company: data.company,
  // The supervisor works for two companies.
  companies: user.role === 'agent' ? data.companies.slice(0, 1) : data.companies,
  permissions: data.roles.find((role) => role.key === user.role)?.permissions ?? [],
  csrf_token: 'csrf',
  expires_at: new Date(Date.now() + 8 * 3600e3).toISOString(),
});

function find(state, user, path, url) {
  const text = (url.searchParams.get('text') ?? '').toLowerCase();
  const [, folder, id, rest] = path.split('/');
  switch (folder) {
    case 'session':
      return session(user);
    case 'companies':
      return data.companies;
    case 'lines':
      return data.lines;
    case 'desk':
      return data.desk(state.scene, state.seq);
    case 'floor':
      return {
        seq: state.seq,
        taken_at: new Date().toISOString(),
        queues: data.queues,
        agents: data.agents,
        contacts: data.contacts,
      };
    case 'agents':
      return data.agents;
    case 'reasons':
      return data.reasons;
    case 'topics':
      return data.topics;
    case 'queues':
      return data.queueSettings;
    case 'contacts':
      if (rest === 'journey') return journeyOf(state);
      if (rest === 'verification') return data.verification;
      return { contact: data.contactRow, live: null, events: data.contactEvents, recordings: [] };
    case 'cases':
      return findCase(id, rest, text);
    case 'customers':
      if (rest === 'timeline') return data.timeline;
      if (rest === 'accounts') return data.customerAccounts;
      if (id) return customerOf(state);
      return text && !data.customer.name.toLowerCase().includes(text) ? [] : [data.customer];
    case 'recordings':
      return id ? data.recordings.find((each) => each.id === id) : data.recordings;
    case 'prompts':
      return data.prompts;
    case 'audit':
      return id ? data.auditVerification : data.auditEntries;
    case 'me':
      return id === 'sessions' ? data.sessions : { since: null, recovery_codes_left: 0 };
    case 'users':
      if (rest === 'memberships') return id === 'u1' ? data.companies.slice(1) : [];
      return rest === 'sessions' ? data.sessions : data.accounts;
    case 'roles':
      return { items: data.roles };
    case 'api-keys':
      return { items: data.apiKeys, permissions: ['read_customers', 'read_figures'] };
    case 'alerts':
      if (id) return data.alerts.find((each) => each.id === id);
      return { items: data.alerts, next_cursor: null, open: 2 };
    case 'canaries':
      return { items: data.canaries };
    case 'flows':
      return id ? data.flowVersion : data.flows;
    default:
      return undefined;
  }
}

/** The customer as the session sees it: with the address for a while after a reveal. */
function customerOf(state) {
  const { customer } = data;
  if (state.revealed === undefined || Date.parse(state.revealed.until) <= Date.now()) {
    return customer;
  }
  return {
    ...customer,
    masked: customer.masked?.filter((field) => field !== state.revealed.field),
    revealed: [state.revealed],
    address: 'Calle de los Fresnos 18, Valle de Bravo',
  };
}

function findCase(id, rest, text) {
  if (!id) return data.cases.filter((each) => each.subject.toLowerCase().includes(text));
  if (rest === 'timeline') return data.timeline;
  const row = data.cases.find((each) => each.id === id || each.reference === rest);
  return (
    row && {
      case: row,
      data: data.caseData,
      notes: [data.note],
      contacts: [data.contactRow],
      recordings: [],
    }
  );
}

/** The last segment goes on to the second hour when a test asks for it. */
function journeyOf(state) {
  if (!state.longSound) return data.journey;
  const segments = data.journey.segments.map((each) => ({ ...each }));
  segments[2].to_ms = 7200000;
  return { ...data.journey, segments, duration_ms: 7200000 };
}

/** Seconds of silence as an 8 kHz stereo WAV, or the part of it that was asked for, made as it goes. */
function sendSound(request, response, seconds) {
  const samples = seconds * 32000;
  const size = 44 + samples;
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const from = asked ? Number(asked[1]) : 0;
  const to = asked?.[2] ? Math.min(Number(asked[2]), size - 1) : size - 1;
  response.writeHead(asked ? 206 : 200, {
    'Content-Type': 'audio/wav',
    'Accept-Ranges': 'bytes',
    'Content-Length': to - from + 1,
    ...(asked && { 'Content-Range': `bytes ${from}-${to}/${size}` }),
  });
  const head = wavHeader(samples);
  function* pieces() {
    let at = from;
    if (at < 44) {
      yield head.subarray(at, Math.min(44, to + 1));
      at = 44;
    }
    for (; at <= to; at += 65536) yield Buffer.alloc(Math.min(65536, to + 1 - at));
  }
  Readable.from(pieces()).pipe(response);
}

/** Seconds of a swelling tone as an 8 kHz mono WAV. */
function hum(seconds) {
  const count = seconds * 8000;
  const wav = Buffer.alloc(44 + 2 * count);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + 2 * count, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(16000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(2 * count, 40);
  for (let i = 0; i < count; i++) {
    const swell = Math.sin((Math.PI * 3 * i) / count) ** 2;
    wav.writeInt16LE(Math.round(12000 * swell * Math.sin(i / 3)), 44 + 2 * i);
  }
  return wav;
}

function wavHeader(samples) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(32000, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples, 40);
  return head;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const index = process.argv.indexOf('--port');
  const mock = await startMock(index > 0 ? Number(process.argv[index + 1]) : 8099);
  console.log(`Mock at ${mock.url}; sign in as ana or sofia with any password.`);
}
