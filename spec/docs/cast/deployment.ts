import { Container } from 'inversify';

export const container = new Container();

/** Stands for an identity service. */
export const tokens = { current: async (): Promise<string> => 'token' };
