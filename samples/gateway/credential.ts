import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal, unauthorized } from './refusal.js';

/** What a client shows: an API key or a JWT. Never logged, stored or sent on; what names it everywhere else is its {@link fingerprintOf}. */
export interface Credential {
  readonly kind: 'key' | 'token';
  readonly text: string;
}

/** Longer ones are not looked at. */
const MAXIMUM_LENGTH = 4_096;

/**
 * The name of a credential in databases, caches, messages and rooms: its SHA-256. A salt or a slow hash, which passwords need, would add nothing:
 * a key has 256 random bits and a token a signature, so that nobody finds either by trying.
 */
export const fingerprintOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** For logs: a text in which no credential can be used any more, should somebody have put one where it does not belong. */
export const redact = (text: string): string => text.replace(/(gw_[0-9a-f]{12}_|eyJ)[\w.-]+/g, '$1…');

/** The credential of an HTTP request: `x-api-key: …`, or `authorization: Bearer <JWT>`. @throws {Refusal} 401 for none, 400 for both. */
export function credentialOfRequest(headers: IncomingHttpHeaders): Credential {
  const { 'x-api-key': key, authorization } = headers;
  return choose(key, authorization === undefined ? undefined : (/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''));
}

/** The credential of a WebSocket handshake: `auth: { key }` or `auth: { token }`, which is in no URL and so in no log. @throws {Refusal} likewise. */
export function credentialOfHandshake({ key, token }: Readonly<Record<string, unknown>>): Credential {
  return choose(key, token);
}

function choose(key: unknown, token: unknown): Credential {
  if (key !== undefined && token !== undefined) throw new Refusal(400, 'two_credentials', 'Give an API key or a token, not both.');
  const text = key ?? token;
  if (text === undefined) throw unauthorized('missing_credential', 'Give an API key (x-api-key) or a token (authorization: Bearer).');
  if (typeof text !== 'string' || text === '' || text.length > MAXIMUM_LENGTH)
    throw unauthorized('malformed_credential', 'This is neither an API key nor a token.');
  return { kind: key === undefined ? 'token' : 'key', text };
}
