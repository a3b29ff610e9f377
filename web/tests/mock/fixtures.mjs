// @ts-check
// A small company at work, as the API would tell it. Checked by tsc against the API's own types, so
// that the pages are never tried against answers the server cannot give.

/** @typedef {import('../../src/api/schema').components['schemas']} Schemas */

const start = Date.now();
/** @param {number} seconds */
export const ago = (seconds) => new Date(start - seconds * 1000).toISOString();
/** @param {number} days */
const dayIn = (days) => new Date(start + days * 86400e3).toISOString().slice(0, 10);

/** @type {Schemas['User'][]} */
export const users = [
  { id: 'u1', login: 'ana', name: 'Ana Robles', role: 'agent', language: 'es', agent_id: 'a1' },
  {
    id: 'u9',
    login: 'sofia',
    name: 'Sofía Ledesma',
    role: 'administrator',
    language: 'es',
    agent_id: null,
  },
];

/** @type {Schemas['RoleDetail'][]} */
export const roles = [
  {
    key: 'agent',
    name_es: null,
    name_en: null,
    is_built_in: true,
    permissions: ['take_contacts', 'read_customers', 'write_customers', 'listen_to_own', 'reveal'],
  },
  {
    key: 'administrator',
    name_es: null,
    name_en: null,
    is_built_in: true,
    permissions: [
      'read_customers',
      'write_customers',
      'see_personal',
      'watch_floor',
      'command_agents',
      'supervise',
      'listen_to_own',
      'listen_to_all',
      'read_figures',
      'read_flows',
      'write_flows',
      'read_traces',
      'manage_users',
      'manage_directory',
      'read_audit',
      'operate',
      'stop_queues',
      'ask_export',
      'approve_export',
      'handle_alerts',
      'plant_canaries',
    ],
  },
  {
    key: 'turno_de_tarde',
    name_es: 'Turno de tarde',
    name_en: 'Evening shift',
    is_built_in: false,
    permissions: ['watch_floor', 'read_figures'],
  },
];

/** @type {Schemas['UserAccount'][]} */
export const accounts = users.map((user, index) => ({
  ...user,
  is_active: true,
  has_second_factor: index === 0,
  must_change_password: false,
  locked_until: null,
  last_seen_at: ago(index * 3600),
  account_of: index === users.length - 1 ? { id: 'c2', name: 'Aguas de la Vega' } : null,
}));

/** @type {Schemas['UserSession'][]} */
export const sessions = [
  {
    id: 's1',
    browser: 'Firefox',
    system: 'Linux',
    address: '192.0.2.•',
    created_at: ago(7200),
    last_seen_at: ago(20),
    expires_at: ago(-7200),
    is_this: true,
  },
  {
    id: 's2',
    browser: null,
    system: null,
    address: null,
    created_at: ago(9000),
    last_seen_at: ago(3000),
    expires_at: ago(-9000),
    is_this: false,
  },
];

/** @type {Schemas['ApiKey'][]} */
export const apiKeys = [
  {
    id: 'k1',
    name: 'Cuadro de mando',
    permissions: ['read_figures'],
    created_by: 'Sofía Ledesma',
    created_at: ago(86400),
    expires_at: ago(3600),
    last_used_at: null,
    is_good: false,
  },
];

/** @type {Schemas['Named']} */
export const company = { id: 'c1', name: 'Luz del Valle' };

/** @type {Schemas['CompanyOfSession'][]} */
export const companies = [
  {
    ...company,
    key: 'luz-del-valle',
    role: 'supervisor',
    is_current: true,
    agent_state: null,
    live: { waiting: 3, talking: 2, ready: 2 },
  },
  {
    id: 'c2',
    name: 'Aguas de la Vega',
    key: 'aguas-de-la-vega',
    role: 'supervisor',
    is_current: false,
    agent_state: null,
    live: { waiting: 0, talking: 1, ready: 2 },
  },
];

/** @type {Schemas['Line'][]} */
export const lines = [
  {
    id: 'l1',
    name: 'Servicio al cliente',
    dialled: '100',
    language: 'es',
    is_recorded: true,
    flow: { id: 'f1', name: 'Servicio al cliente' },
  },
  {
    id: 'l2',
    name: 'Averías fuera de horario',
    dialled: '+34910000000',
    language: 'es',
    is_recorded: false,
    flow: { id: 'f1', name: 'Servicio al cliente' },
  },
];

const people = [
  'Ana Robles',
  'Bruno Ibarra',
  'Carla Núñez',
  'Diego Salas',
  'Elena Prieto',
  'Fabián Ortega',
  'Gloria Montes',
  'Hugo Cárdenas',
];
/** @type {Schemas['AgentState'][]} */
const states = [
  'ready',
  'talking',
  'wrap_up',
  'not_ready',
  'ready',
  'offered',
  'signed_out',
  'talking',
];

/** @type {Schemas['Agent'][]} */
export const agents = people.map((name, index) => {
  const state = states[index] ?? 'ready';
  return {
    id: `a${index + 1}`,
    user_id: `u${index + 1}`,
    name,
    state,
    reason: state === 'not_ready' ? 'lunch' : null,
    since: ago(40 + index * 137),
    until: state === 'wrap_up' ? new Date(start + 45e3).toISOString() : null,
    contact_id: state === 'talking' || state === 'wrap_up' ? `t${index + 1}` : null,
    next_state: null,
    is_phone_registered: index !== 4,
    queue_ids: index % 2 === 0 ? ['q1', 'q2'] : ['q1'],
  };
});

/** @type {Schemas['QueueLive'][]} */
export const queues = [
  {
    id: 'q1',
    name: 'Servicio al cliente',
    waiting: 3,
    longest_since: ago(94),
    ready: 2,
    talking: 2,
    wrap_up: 1,
    not_ready: 1,
    answered_today: 128,
    abandoned_today: 7,
    answered_within_20s_today: 101,
    is_stopped: false,
  },
  {
    id: 'q2',
    name: 'Averías',
    waiting: 0,
    longest_since: null,
    ready: 1,
    talking: 0,
    wrap_up: 1,
    not_ready: 0,
    answered_today: 31,
    abandoned_today: 0,
    answered_within_20s_today: 30,
    is_stopped: true,
  },
];

/** @type {Schemas['Customer']} */
export const customer = {
  id: 'k1',
  name: 'María Fernanda Quiroga Peña',
  masked: ['document', 'address'],
  revealed: [{ field: 'notes', until: new Date(Date.now() + 480_000).toISOString() }],
  document: '•••••• 4821',
  address: '•••',
  language: 'es',
  born_on: null,
  notes: 'Prefiere que la llamen por la tarde.',
  numbers: [
    { masked: ['number'], number: '+52 ••• 678', label: 'móvil' },
    { masked: ['number'], number: '+52 ••• 143', label: 'casa' },
  ],
  version: 'v3',
};

/** @type {Schemas['CustomerAccounts']} */
export const customerAccounts = {
  accounts: [
    {
      masked: ['number', 'balance', 'due_on', 'status'],
      number: '••••0003',
      product: 'Gas hogar',
      balance: null,
      due_on: null,
      status: '•••',
      as_of: ago(3600),
    },
    {
      number: '50010002',
      product: 'Luz hogar',
      balance: { amount_cents: 12150, currency: 'EUR' },
      due_on: '2026-12-04',
      status: 'overdue',
      as_of: ago(3600),
    },
  ],
  orders: [
    {
      number: '70010001',
      description: 'Cambio de contador',
      status: 'scheduled',
      ordered_on: '2026-11-20',
      expected_on: '2026-12-03',
      as_of: ago(3600),
    },
  ],
};

/** @type {Schemas['Verification']} */
export const verification = {
  state: 'unverified',
  customer: { id: customer.id, name: customer.name },
  questions: [
    { key: 'document', is_answered: true },
    { key: 'born_on', is_answered: false },
    { key: 'postcode', is_answered: false },
  ],
  right_needed: 2,
  wrong_left: 2,
  was_right: null,
};

/**
 * @param {number} index
 * @param {Partial<Schemas['Case']>} part
 * @returns {Schemas['Case']}
 */
const makeCase = (index, part) => ({
  id: `m${index}`,
  reference: String(48219053 + index * 1317),
  status: 'open',
  kind: 'claim',
  topic: 'billing',
  subject: 'Cobro duplicado en la factura de octubre',
  customer: { id: customer.id, name: customer.name },
  owner: null,
  next_step: null,
  due: null,
  outcome: null,
  opened_by: 'flow',
  opened_at: ago(3600 * 26 * index + 90),
  updated_at: ago(3600 * index + 60),
  closed_at: null,
  version: `v${index}`,
  ...part,
});

const subjects = [
  'Cobro duplicado en la factura de octubre',
  'Sin luz desde anoche en toda la calle',
  'Cambio de domicilio del contrato',
  'No llegó el técnico en la fecha acordada',
  'Consulta del saldo',
  'Baja del servicio',
];

/** @type {Schemas['Case'][]} */
export const cases = [
  makeCase(0, {}),
  makeCase(1, {
    subject: 'No llegó el técnico en la fecha acordada',
    topic: 'visit',
    status: 'in_progress',
    owner: { id: 'u1', name: 'Ana Robles' },
    next_step: 'Confirmar la nueva visita con la cuadrilla',
    due: dayIn(-1),
  }),
  makeCase(2, {
    subject: 'Falta el contrato firmado para el cambio de titular',
    topic: 'contract',
    status: 'waiting_customer',
    owner: { id: 'u2', name: 'Bruno Ibarra' },
    next_step: 'El cliente envía el contrato firmado',
    due: dayIn(4),
  }),
  makeCase(3, {
    status: 'closed',
    closed_at: ago(86400),
    outcome: 'Se devolvió el cobro',
    subject: subjects[4] ?? '',
  }),
];
for (let index = 4; index < 24; index += 1) {
  cases.push(
    makeCase(index, {
      subject: subjects[index % subjects.length] ?? '',
      status: index % 5 === 0 ? 'resolved' : 'open',
      customer: {
        id: `k${index}`,
        name: ['Luis Arce', 'Rosa Iturbe', 'Tomás Vidal'][index % 3] ?? '',
      },
    }),
  );
}

/** @type {Schemas['Datum'][]} */
const context = [
  {
    sensitivity: 'internal',
    name: 'document',
    value: '•••• 4821',
    given_by: 'caller',
    at: ago(170),
    verified: 'document',
  },
  {
    sensitivity: 'internal',
    name: 'order_number',
    value: '88213',
    given_by: 'caller',
    at: ago(150),
    verified: '',
  },
  {
    sensitivity: 'internal',
    name: 'balance',
    value: '1 284,50 MXN',
    given_by: 'system',
    at: ago(148),
    verified: 'look_up',
  },
];

/**
 * @param {Partial<Schemas['ContactLive']>} part
 * @returns {Schemas['ContactLive']}
 */
export const makeContact = (part) => ({
  id: 't1',
  line_id: 'l1',
  line_name: 'Servicio al cliente',
  caller: '+525512345678',
  diversion: null,
  language: 'es',
  state: 'waiting',
  menu_node: null,
  arrived_at: ago(94),
  since: ago(94),
  customer: { id: customer.id, name: customer.name },
  case: { id: 'm0', reference: '48219053', subject: subjects[0] ?? '' },
  queue_id: 'q1',
  position: 1,
  agent_id: null,
  outside: null,
  consultation: null,
  conference: [],
  supervised_by: [],
  secure_input: null,
  recording_id: null,
  is_recording_paused: false,
  reasks: 0,
  context,
  ...part,
});

export const contacts = [
  makeContact({ id: 'w1' }),
  makeContact({
    id: 'w2',
    caller: '+5215587654321',
    customer: null,
    case: null,
    position: 2,
    arrived_at: ago(41),
    since: ago(41),
    context: [],
  }),
  makeContact({
    id: 'w3',
    caller: null,
    customer: null,
    case: null,
    position: 3,
    arrived_at: ago(9),
    since: ago(9),
    context: [],
  }),
  makeContact({
    id: 't2',
    state: 'talking',
    position: null,
    agent_id: 'a2',
    customer: { id: 'k4', name: 'Luis Arce' },
    since: ago(177),
  }),
  makeContact({
    id: 't8',
    state: 'held',
    position: null,
    agent_id: 'a8',
    customer: { id: 'k5', name: 'Rosa Iturbe' },
    since: ago(55),
  }),
  makeContact({
    id: 'n1',
    state: 'menu',
    queue_id: null,
    position: null,
    customer: { id: 'k6', name: 'Tomás Vidal' },
    case: null,
    menu_node: 'menu_principal',
    since: ago(12),
  }),
];

/**
 * @param {number} index
 * @param {Schemas['TimelineEntry']['kind']} kind
 * @param {Record<string, unknown>} data
 * @returns {Schemas['TimelineEntry']}
 */
const entry = (index, kind, data) => ({
  seq: 1000 - index,
  at: ago(index * 4000 + 60),
  kind,
  contact_id: 't1',
  case_id: 'm0',
  case_reference: '48219053',
  agent: kind.startsWith('contact_a') ? null : { id: 'a2', name: 'Bruno Ibarra' },
  data,
});

export const timeline = [
  entry(0, 'contact_arrived', { caller: '+525512345678' }),
  entry(1, 'disposition_recorded', {
    topic: 'billing',
    outcome: 'follow_up',
    next_step: 'Pedir a facturación la devolución',
    due: dayIn(3),
  }),
  entry(2, 'note_saved', {
    text: 'Muestra el cargo dos veces en su estado de cuenta.\nPide que se le devuelva a la misma tarjeta.',
  }),
  entry(3, 'recording_ended', { recording: 'r1', duration_ms: 184000 }),
  entry(4, 'contact_ended', { outcome: 'served', duration_ms: 254000 }),
  entry(5, 'contact_connected', { wait_ms: 31000 }),
  entry(6, 'case_opened', { subject: subjects[0] }),
];

/** @type {Schemas['Contact']} */
/** @type {Schemas['CaseDatum'][]} */
export const caseData = [
  { name: 'fecha', type: 'date', value: '2026-11-29' },
  { name: 'comensales', type: 'number', value: '6' },
].map((datum) => ({
  .../** @type {Pick<Schemas['CaseDatum'], 'name' | 'type' | 'value'>} */ (datum),
  sensitivity: /** @type {const} */ ('internal'),
  given_by: 'caller',
  verified: '',
  contact_id: null,
  at: '2026-11-23T10:00:00Z',
}));

export const contactRow = {
  id: 't1',
  channel: 'call',
  direction: 'inbound',
  line_name: 'Servicio al cliente',
  caller: '+525512345678',
  language: 'es',
  arrived_at: ago(94),
  ended_at: null,
  outcome: null,
  ended_by: null,
  duration_ms: null,
  customer: { id: customer.id, name: customer.name },
  case: { id: 'm0', reference: '48219053', subject: subjects[0] ?? '' },
  agent: null,
  queue: { id: 'q1', name: 'Servicio al cliente' },
  wait_ms: null,
  talk_ms: null,
};

/**
 * @param {number} seq
 * @param {string} type
 * @param {number} secondsAgo
 * @param {Record<string, unknown>} data
 * @returns {Schemas['JournalEvent']}
 */
const journal = (seq, type, secondsAgo, data) => ({
  seq,
  type,
  at: ago(secondsAgo),
  contact_id: 't1',
  case_id: null,
  customer_id: null,
  agent_id: null,
  queue_id: null,
  data,
});

export const contactEvents = [
  journal(1, 'flow_node_entered', 180, { node: 'bienvenida', kind: 'say' }),
  journal(2, 'flow_node_entered', 178, { node: 'menu_principal', kind: 'menu' }),
  journal(3, 'flow_node_entered', 172, { node: 'identificar', kind: 'identify' }),
  journal(4, 'flow_node_entered', 150, { node: 'abrir_reclamacion', kind: 'open_case' }),
  journal(5, 'recording_started', 120, { recording: 'r1', kind: 'call' }),
  journal(6, 'recording_paused', 80, { recording: 'r1', reason: 'card_data' }),
  journal(7, 'recording_resumed', 55, { recording: 'r1', paused_ms: 25000 }),
  journal(8, 'sound_measured', 10, {
    leg: 'caller',
    mos: 4.37,
    received: 5800,
    lost: 12,
    jitter_us: 900,
    one_way_ms: 0,
  }),
  journal(9, 'sound_measured', 10, {
    leg: 'agent',
    mos: 3.42,
    received: 5400,
    lost: 380,
    jitter_us: 21000,
    one_way_ms: 6200,
    cipher: 'AEAD_AES_128_GCM',
    unauthentic: 0,
  }),
];

/** @type {Schemas['Journey']} */
export const journey = {
  contact_id: 't1',
  started_at: ago(460),
  duration_ms: 402000,
  caller: '+525512345678',
  customer: { id: customer.id, name: customer.name },
  segments: [
    {
      recording_id: 'r1',
      kind: 'call',
      from_ms: 62000,
      to_ms: 182000,
      is_over: true,
      is_complete: true,
      end: 'stopped',
      agent: { id: 'a2', name: 'Bruno Ibarra' },
      outside: null,
      queue: { id: 'q1', name: 'Facturación' },
      pauses: [{ from_ms: 102000, to_ms: 127000, reason: 'card_data' }],
      holds: [{ from_ms: 140000, to_ms: 152000 }],
      others: [],
    },
    {
      recording_id: 'r2',
      kind: 'call',
      from_ms: 201000,
      to_ms: 290500,
      is_over: true,
      is_complete: false,
      end: 'interrupted',
      agent: { id: 'a1', name: 'Ana Torres' },
      outside: null,
      queue: null,
      pauses: [],
      holds: [],
      others: [],
    },
    {
      recording_id: 'r3',
      kind: 'call',
      from_ms: 292000,
      to_ms: 402000,
      is_over: true,
      is_complete: true,
      end: 'stopped',
      agent: { id: 'a1', name: 'Ana Torres' },
      outside: null,
      queue: null,
      pauses: [],
      holds: [],
      others: [],
    },
  ],
  gaps: [
    { from_ms: 0, to_ms: 62000, what: 'queue', queue: { id: 'q1', name: 'Facturación' } },
    { from_ms: 182000, to_ms: 201000, what: 'transfer', queue: null },
    { from_ms: 290500, to_ms: 292000, what: 'lost', queue: null },
  ],
};

/** @type {Schemas['Recording'][]} */
export const recordings = Array.from({ length: 9 }, (_, index) => ({
  id: `r${index + 1}`,
  kind: index % 4 === 3 ? 'voicemail' : 'call',
  contact_id: 't1',
  case: { id: 'm0', reference: '48219053', subject: subjects[0] ?? '' },
  customer: { id: customer.id, name: customer.name },
  agent: index % 4 === 3 ? null : { id: 'a2', name: 'Bruno Ibarra' },
  started_at: ago(index * 5400 + 400),
  duration_ms: 120000 + index * 17000,
  bytes: 1920000,
  sha256: 'ab'.repeat(32),
  is_complete: index !== 5,
}));

/** @type {Schemas['Note']} */
export const note = {
  id: '0b9b7c1e-8f0a-4a1b-9a54-6a1d2f3c4b5a',
  case_id: 'm0',
  contact_id: 'tprev',
  author: { id: 'a2', name: 'Bruno Ibarra' },
  version: 2,
  text: 'Muestra el cargo dos veces en su estado de cuenta.',
  created_at: ago(9000),
  updated_at: ago(8000),
};

/** @type {Schemas['Flow'][]} */
export const flows = [
  {
    id: 'f1',
    name: 'Servicio al cliente',
    published_version: 2,
    versions: [
      { version: 1, created_at: ago(864000) },
      { version: 2, created_at: ago(86400) },
    ],
  },
  {
    id: 'f2',
    name: 'Los abuelos',
    published_version: null,
    versions: [{ version: 1, created_at: ago(864000) }],
  },
];

/** @type {Schemas['FlowVersion']} */
export const flowVersion = {
  flow_id: 'f1',
  name: 'Servicio al cliente',
  version: 2,
  document: {
    format: 1,
    name: 'Servicio al cliente',
    languages: ['es', 'en'],
    start: 'bienvenida',
    human: 'persona',
    nodes: {
      bienvenida: { type: 'say', prompt: 'hola', next: 'horario' },
      horario: {
        type: 'hours',
        calendar: 'oficina',
        open: 'menu_principal',
        closed: 'buzon',
        failed: 'menu_principal',
      },
      menu_principal: {
        type: 'menu',
        prompt: 'menu',
        options: { 1: 'identificar', 2: { next: 'buscar_caso' }, 9: 'persona' },
        no_input: 'persona',
        no_match: 'persona',
      },
      identificar: {
        type: 'identify',
        found: 'abrir_reclamacion',
        not_found: 'persona',
        failed: 'persona',
      },
      abrir_reclamacion: {
        type: 'open_case',
        kind: 'claim',
        subject: 'asunto',
        prompt: 'referencia',
        next: 'persona',
        failed: 'persona',
      },
      buscar_caso: {
        type: 'find_case',
        variable: 'case_reference',
        found: 'estado',
        not_found: 'persona',
        failed: 'persona',
      },
      estado: { type: 'tell_status', next: 'fin', none: 'persona' },
      persona: {
        type: 'queue',
        queue: 'servicio',
        prompt: 'espere',
        closed: 'buzon',
        full: 'buzon',
        no_agents: 'buzon',
      },
      buzon: { type: 'voicemail', prompt: 'mensaje', next: 'fin', empty: 'fin' },
      fin: { type: 'end', prompt: 'adios' },
    },
    prompts: {
      hola: { es: 'Bienvenido a Luz del Valle.', en: 'Welcome to Luz del Valle.' },
      menu: {
        es: 'Para una reclamación, marque uno. Para saber cómo va su caso, marque dos. Para hablar con una persona, marque cero.',
        en: 'For a claim press one. To hear how your case stands press two. For a person press zero.',
      },
      referencia: {
        es: 'Su referencia es {case.reference}.',
        en: 'Your reference is {case.reference}.',
      },
      espere: { es: 'Enseguida le atendemos.', en: 'We will be with you shortly.' },
      mensaje: {
        es: 'Deje su mensaje después del tono.',
        en: 'Leave your message after the tone.',
      },
      adios: { es: 'Gracias por llamar.', en: 'Thank you for calling.' },
    },
  },
  problems: [
    {
      code: 'missing_prompt',
      node: 'estado',
      severity: 'warning',
      message:
        'No dice nada cuando el caso está resuelto. Añada un mensaje para «resolved» en by_status.',
    },
  ],
};

/** @type {Schemas['Choice'][]} */
export const reasons = [
  { code: 'lunch', label: 'Comida' },
  { code: 'break', label: 'Descanso' },
  { code: 'training', label: 'Formación' },
  { code: 'back_office', label: 'Gestión de casos' },
];

/** @type {Schemas['Choice'][]} */
export const topics = [
  { code: 'billing', label: 'Facturación' },
  { code: 'visit', label: 'Visita técnica' },
  { code: 'contract', label: 'Contrato' },
  { code: 'outage', label: 'Avería' },
];

/**
 * @param {Schemas['PromptLanguage']} language
 * @param {string} name
 * @param {string} title
 * @param {string} text
 * @param {Schemas['PromptUse'][]} used_by
 * @returns {Schemas['Prompt']}
 */
const prompt = (language, name, title, text, used_by) => ({
  language,
  name,
  file: `${name}.wav`,
  title,
  text,
  source: text ? 'recorded' : 'uploaded',
  duration_ms: 1000,
  bytes: 16044,
  sha256: `${language}-${name}`,
  level_before_dbfs: -31,
  level_after_dbfs: language === 'none' ? -24 : -20,
  saved_at: '2026-11-20T09:30:00Z',
  saved_by: { id: 'u2', name: 'Sofía Ibáñez' },
  used_by,
});

/** @type {Schemas['Prompt'][]} */
export const prompts = [
  prompt('es', 'saludo', 'Bienvenida', 'Le damos la bienvenida. ¿En qué podemos ayudarle?', [
    { kind: 'flow', id: 'f1', name: 'Servicio al cliente' },
  ]),
  prompt('en', 'saludo', 'Welcome', 'Welcome. How can we help you?', []),
  prompt('es', 'cierre-de-navidad', 'Cierre de Navidad', 'Volvemos el lunes.', []),
  prompt('none', 'calma', 'Calma', '', [
    { kind: 'queue', id: queues[0]?.id ?? '', name: queues[0]?.name ?? '' },
  ]),
];

/**
 * @param {number} number
 * @param {Partial<Schemas['AuditEntry']>} given
 * @returns {Schemas['AuditEntry']}
 */
const auditEntry = (number, given) => ({
  number,
  at: `2026-11-20T09:${String(10 + number).padStart(2, '0')}:00Z`,
  actor: { kind: 'user', id: 'u1', name: 'Ana Pérez' },
  session: '0123456789abcdef',
  action: 'get_customer',
  outcome: 'allowed',
  object: { kind: 'customer', id: 'k1' },
  customers: [{ id: 'k1', name: 'José Núñez' }],
  customer_count: 1,
  contact_id: null,
  reason: null,
  details: { from: '192.0.2.7', status: 200 },
  ...given,
});

/** @type {Schemas['AuditEntry'][]} */
export const auditEntries = [
  auditEntry(4, { action: 'search_customers', customer_count: 27 }),
  auditEntry(3, { reason: 'Reclamación por la factura de octubre' }),
  auditEntry(2, { outcome: 'refused', action: 'get_case', customers: [], customer_count: 0 }),
  auditEntry(1, { actor: { kind: 'operator', id: null, name: null }, action: 'create_backup' }),
];

/**
 * @param {string} id
 * @param {Partial<Schemas['Export']>} given
 * @returns {Schemas['Export']}
 */
export const exportOf = (id, given) => ({
  id,
  what: 'customers',
  filter: { text: 'núñez' },
  columns: ['name', 'document', 'number'],
  reason: 'Aviso del cambio de tarifa, pedido por la dirección comercial',
  state: 'asked',
  asked_by: { id: 'u7', name: 'Marta Ríos' },
  asked_at: '2026-11-20T09:10:00Z',
  expected_rows: 1250,
  decided_by: null,
  decided_at: null,
  decision_reason: null,
  expires_at: '2026-11-27T09:10:00Z',
  failure: null,
  progress: null,
  rows: 0,
  customers: 0,
  bytes: 0,
  downloads: 0,
  downloads_left: 0,
  is_mine: false,
  may_decide: true,
  ...given,
});

const decided = {
  decided_by: { id: 'u7', name: 'Marta Ríos' },
  decided_at: '2026-11-20T10:00:00Z',
  decision_reason: 'Conforme',
  asked_by: { id: 'u9', name: 'Sofía Ledesma' },
  is_mine: true,
  may_decide: false,
};

export const exported = [
  exportOf('e1', {}),
  exportOf('e2', { what: 'audit', filter: {}, columns: ['number', 'at', 'actor', 'action'] }),
  exportOf('e3', { ...decided, state: 'approved', failure: 'interrupted' }),
  exportOf('e4', { ...decided, state: 'making', progress: 500 }),
  exportOf('e5', { ...decided, state: 'ready', rows: 1250, customers: 1250, downloads_left: 2 }),
  exportOf('e6', { ...decided, state: 'refused', what: 'recording', filter: {}, columns: [] }),
];

/** @type {Schemas['ExportColumn'][]} */
export const exportColumns = [
  { key: 'name', label: 'Nombre', sensitivity: 'personal' },
  { key: 'document', label: 'Documento', sensitivity: 'personal' },
  { key: 'language', label: 'Idioma', sensitivity: 'internal' },
];

/** @type {Schemas['AuditVerification']} */
export const auditVerification = {
  is_whole: false,
  entries: 1204,
  checkpoints: 1,
  unsealed: 204,
  head: 'ab'.repeat(32),
  fault: { kind: 'changed', number: 1205 },
};

/**
 * @param {string} id
 * @param {Partial<Schemas['AlertDetail']>} given
 * @returns {Schemas['AlertDetail']}
 */
const alert = (id, given) => ({
  id,
  signal: 'opened',
  severity: 'high',
  reader: { kind: 'user', id: 'u1', name: 'Ana Pérez' },
  other: null,
  at: '2026-11-20T09:14:00Z',
  count: 27,
  allowed: 16,
  window_s: 3600,
  handled: 8,
  blocks: true,
  is_blocking: true,
  contact_id: null,
  number: null,
  how: null,
  acknowledged: null,
  lifted: null,
  customers: [{ id: 'k1', name: 'José Núñez' }],
  readers: [],
  ...given,
});

/** @type {Schemas['AlertDetail'][]} */
export const alerts = [
  alert('w1', {}),
  alert('w2', {
    signal: 'canary_contacted',
    severity: 'critical',
    reader: { kind: 'nobody', id: null, name: null },
    count: 1,
    allowed: 0,
    window_s: 0,
    handled: 0,
    blocks: false,
    is_blocking: false,
    number: '+34***222',
    how: 'dialled',
    readers: [
      {
        reader: { kind: 'user', id: 'u1', name: 'Ana Pérez' },
        at: '2026-11-18T16:02:00Z',
        action: 'get_customer',
      },
    ],
  }),
  alert('w3', {
    signal: 'together',
    other: { id: 'u2', name: 'Sofía Gil' },
    window_s: 604_800,
    count: 14,
    severity: 'medium',
    is_blocking: false,
    lifted: {
      at: '2026-11-20T10:00:00Z',
      by: 'Marta Ruiz',
      reason: 'Repasaban juntos una campaña',
    },
  }),
];

/** @type {Schemas['Canary'][]} */
export const canaries = [
  {
    id: 'y1',
    customer: { id: 'k1', name: 'José Núñez' },
    number: '+34912000777',
    email: 'jose.nunez@correo.example',
    planted_at: '2026-10-01T08:00:00Z',
    planted_by: 'Marta Ruiz',
    contacts: 1,
    line: null,
  },
];

/** @type {Schemas['QueueSettings'][]} */
export const queueSettings = queues.map((queue) => ({
  id: queue.id,
  name: queue.name,
  ring_s: 20,
  wrap_up_s: 60,
  stopped: null,
  music: queue.id === queues[0]?.id ? ['calma'] : [],
  agents: agents
    .filter((agent) => agent.queue_ids.includes(queue.id))
    .map(({ id, name }) => ({ id, name })),
}));

/**
 * Ana's desk in one of her states.
 * @param {string} scene
 * @param {number} seq
 * @returns {Schemas['Desk']}
 */
export function desk(scene, seq) {
  const base = { seq, taken_at: new Date().toISOString(), queues };
  /** @type {Schemas['Agent']} */
  const ana = { .../** @type {Schemas['Agent']} */ (agents[0]), until: null };
  const idle = { contact: null, case: null, customer: null, open_cases: [] };
  const soon = new Date(Date.now() + 14e3).toISOString();
  switch (scene) {
    case 'signed_out':
      return {
        ...base,
        agent: { ...ana, state: 'signed_out', is_phone_registered: false },
        ...idle,
      };
    case 'not_ready':
      return { ...base, agent: { ...ana, state: 'not_ready', reason: 'no_answer' }, ...idle };
    case 'no_phone':
      return {
        ...base,
        agent: {
          ...ana,
          state: 'not_ready',
          reason: 'phone_unreachable',
          is_phone_registered: false,
        },
        ...idle,
      };
    case 'ready':
      return { ...base, agent: ana, ...idle };
  }
  /** @type {Record<string, Schemas['AgentState']>} */
  const stateOf = {
    offered: 'offered',
    talking: 'talking',
    held: 'talking',
    unknown: 'talking',
    wrap_up: 'wrap_up',
  };
  const state = stateOf[scene] ?? 'talking';
  const isUnknown = scene === 'unknown';
  /** @type {Record<string, Schemas['ContactState']>} */
  const contactState = { offered: 'offered', held: 'held', wrap_up: 'ended' };
  return {
    ...base,
    agent: {
      ...ana,
      state,
      contact_id: 't1',
      since: ago(35),
      until: state === 'talking' ? null : soon,
      next_state: scene === 'talking' ? { state: 'not_ready', reason: 'lunch' } : null,
    },
    contact: makeContact({
      state: contactState[scene] ?? 'talking',
      agent_id: 'a1',
      position: null,
      recording_id: state === 'talking' ? 'r1' : null,
      is_recording_paused: scene === 'held',
      reasks: isUnknown ? 1 : 0,
      ...(isUnknown && { customer: null, context: [] }),
    }),
    case: {
      case: /** @type {Schemas['Case']} */ (cases[0]),
      data: caseData,
      notes: [note],
      contacts: [contactRow],
      recordings: [],
    },
    customer: isUnknown ? null : customer,
    open_cases: isUnknown ? [] : cases.slice(0, 3),
  };
}
