import { Container } from 'inversify';
import { KeyGenerator, NoOpCacheManager } from '../../../lib/index.js';

import type { Book as AnyBook } from './books.js';

export interface Book extends AnyBook {
  readonly authorId: number;
  readonly category: string;
}

export interface Author {
  readonly name: string;
}

export interface Draft {
  readonly title: string;
}

/** One that caching has not been enabled in. */
export const container = new Container();

export class IsbnKeys extends KeyGenerator {
  override generate(_target: object, _method: string | symbol, ...[isbn]: readonly unknown[]): string {
    return String(isbn).replaceAll('-', '');
  }
}

export const Archive = Symbol('Archive');
export const manager = new NoOpCacheManager();
export const books = new NoOpCacheManager();
export const authors = new NoOpCacheManager();

/** Of other people. */
export class GitHubClient {
  async getUser(login: string): Promise<{ readonly login: string }> {
    return { login };
  }
}
