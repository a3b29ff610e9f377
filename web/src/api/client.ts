import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema';

type Schemas = components['schemas'];
export type Account = Schemas['UserAccount'];
export type Agent = Schemas['Agent'];
export type AgentState = Schemas['AgentState'];
export type Alert = Schemas['Alert'];
export type AlertDetail = Schemas['AlertDetail'];
export type ApiKey = Schemas['ApiKey'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditVerification = Schemas['AuditVerification'];
export type Canary = Schemas['Canary'];
export type CaseBrief = Schemas['CaseBrief'];
export type CaseDatum = Schemas['CaseDatum'];
export type CaseDetail = Schemas['CaseDetail'];
export type CasePatch = Schemas['CasePatch'];
export type CaseRow = Schemas['Case'];
export type CaseStatus = Schemas['CaseStatus'];
export type Choice = Schemas['Choice'];
export type ContactLive = Schemas['ContactLive'];
export type ContactRow = Schemas['Contact'];
export type ContactState = Schemas['ContactState'];
export type CompanyOfSession = Schemas['CompanyOfSession'];
export type Customer = Schemas['Customer'];
export type CustomerAccount = Schemas['CustomerAccount'];
export type CustomerAccounts = Schemas['CustomerAccounts'];
export type Datum = Schemas['Datum'];
export type Desk = Schemas['Desk'];
export type Disposition = Schemas['DispositionInput'];
export type DispositionOutcome = Schemas['DispositionOutcome'];
export type EventFrame = Schemas['EventFrameEvent'];
export type Export = Schemas['Export'];
export type ExportFilter = Schemas['ExportInput']['filter'];
export type ExportWhat = Schemas['ExportWhat'];
export type Figures = Schemas['Figures'];
export type Floor = Schemas['Floor'];
export type Flow = Schemas['Flow'];
export type FlowVersion = Schemas['FlowVersion'];
export type IdentityQuestion = Schemas['IdentityQuestion'];
export type Journey = Schemas['Journey'];
export type JourneyGap = Schemas['JourneyGap'];
export type JourneySegment = Schemas['JourneySegment'];
export type KeyPermission = Schemas['KeyPermission'];
export type Line = Schemas['Line'];
export type Membership = Schemas['Membership'];
export type Named = Schemas['Named'];
export type Note = Schemas['Note'];
export type Problem = Schemas['Problem'];
export type Prompt = Schemas['Prompt'];
export type QueueLive = Schemas['QueueLive'];
export type QueueSettings = Schemas['QueueSettings'];
export type Recording = Schemas['Recording'];
export type RevealField = Schemas['RevealField'];
export type Role = Schemas['Role'];
export type SecureInput = Schemas['SecureInput'];
export type SecureInputKind = Schemas['SecureInputKind'];
export type Session = Schemas['Session'];
export type Permission = Schemas['Permission'];
export type RoleDetail = Schemas['RoleDetail'];
export type SupervisionMode = Schemas['SupervisionMode'];
export type StreamFrame = Schemas['EventFrame'];
export type TimelineEntry = Schemas['TimelineEntry'];
export type Verification = Schemas['Verification'];
export type UserSession = Schemas['UserSession'];

/** A refusal of the server, or `network` when no answer came at all. */
export class ApiError extends Error {
  readonly code: Problem['code'] | 'network';
  readonly status: number;
  readonly detail: string;
  readonly pointer: string | undefined;
  readonly stored: Note | undefined;

  constructor(problem: Partial<Problem>, status: number) {
    super(problem.title ?? problem.code ?? 'network');
    this.code = problem.code ?? (status === 0 ? 'network' : 'internal');
    this.status = status;
    this.detail = problem.detail ?? '';
    this.pointer = problem.pointer;
    this.stored = problem.stored;
  }
}

let csrfToken = '';
let language = 'es';
let onSessionLost: () => void = () => {};

export const setCsrfToken = (token: string) => {
  csrfToken = token;
};
/** What every request that changes something carries, for the few that are not fetched. */
export const unsafeHeaders = () => ({ 'Accept-Language': language, 'X-CSRF-Token': csrfToken });
export const setRequestLanguage = (chosen: string) => {
  language = chosen;
};
/** Called when the server says that the session has ended. */
export const setSessionLostHandler = (handler: () => void) => {
  onSessionLost = handler;
};

/** A random UUID also where `crypto.randomUUID` is missing: plain HTTP on a local network. */
export function newUuid(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const headers: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept-Language', language);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      request.headers.set('X-CSRF-Token', csrfToken);
    }
    // One press is one command, even when the network makes the browser send it twice.
    if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) {
      request.headers.set('Idempotency-Key', newUuid());
    }
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });
api.use(headers);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer, or an `ApiError`. Wraps every call: `await ask(api.GET(...))`. */
export async function ask<T>(pending: Promise<Answer<T>>): Promise<T> {
  const { data } = await askWithResponse(pending);
  return data;
}

/** As `ask`, for callers that need a header of the answer too. */
export async function askWithResponse<T>(
  pending: Promise<Answer<T>>,
): Promise<{ data: T; response: Response }> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch {
    throw new ApiError({}, 0);
  }
  if (answer.response.ok) return { data: answer.data as T, response: answer.response };
  const problem = (typeof answer.error === 'object' && answer.error ? answer.error : {}) as Problem;
  // Asking for the session itself is how the page learns that there is none yet.
  const isQuestion = new URL(answer.response.url, location.href).pathname === '/api/v1/session';
  if (problem.code === 'not_signed_in' && !isQuestion) onSessionLost();
  throw new ApiError(problem, answer.response.status);
}
