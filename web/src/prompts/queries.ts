import { queryOptions } from '@tanstack/react-query';
import { ApiError, api, ask, type Prompt, unsafeHeaders } from '@/api/client';

export const promptsQuery = queryOptions({
  queryKey: ['prompts'],
  queryFn: async () => (await ask(api.GET('/api/v1/prompts'))).items,
});

export const queuesQuery = queryOptions({
  queryKey: ['queues'],
  queryFn: async () => (await ask(api.GET('/api/v1/queues'))).items,
});

export const kHoldMusic = '/api/v1/hold-music/audio';

export const keyOf = (prompt: Pick<Prompt, 'language' | 'name'>) =>
  `${prompt.language}/${prompt.name}`;

export const audioOf = (prompt: Pick<Prompt, 'language' | 'name'>) =>
  `/api/v1/prompts/${prompt.language}/${encodeURIComponent(prompt.name)}/audio`;

export interface NewSound {
  language: Prompt['language'];
  name: string;
  title?: string;
  text?: string;
  source: Prompt['source'];
  sound: Blob;
  /** Refuses to replace one that is there. */
  isNew: boolean;
}

/** Sends a sound; tells which part of it has gone. Fetch cannot tell that, hence XMLHttpRequest. */
export function sendSound(
  wanted: NewSound,
  onProgress: (share: number) => void,
): { done: Promise<Prompt>; abort: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise<Prompt>((resolve, reject) => {
    const query = new URLSearchParams({ source: wanted.source });
    if (wanted.title) query.set('title', wanted.title);
    if (wanted.text) query.set('text', wanted.text);
    const path = `${wanted.language}/${encodeURIComponent(wanted.name)}`;
    request.open('PUT', `/api/v1/prompts/${path}?${query}`);
    for (const [name, value] of Object.entries(unsafeHeaders())) {
      request.setRequestHeader(name, value);
    }
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    if (wanted.isNew) request.setRequestHeader('If-None-Match', '*');
    request.responseType = 'json';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status < 300) resolve(request.response as Prompt);
      else reject(new ApiError(request.response ?? {}, request.status));
    };
    request.onerror = () => reject(new ApiError({}, 0));
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    request.send(wanted.sound);
  });
  return { done, abort: () => request.abort() };
}
